"""What administration takes from ``study.yaml``: the title, the language, and who is asked which instruments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crmstudy.declared import Declared, Where, read_declared
from crmstudy.errors import Fault, InputError, StudyError, did_you_mean
from crmstudy.instrument import Instrument, load_instrument
from crmstudy.instrument.catalog import SUFFIXES
from crmstudy.quoting import shown

STUDY = "study.yaml"
_READ = ("population", "instruments")
POPULATIONS = ("staff", "customer", "expert", "unit")
#: The id of a sample stands in the address of its pages.
_SAMPLE_ID = re.compile(r"\w[\w-]{0,63}")


@dataclass(frozen=True, slots=True)
class Declaration:
    """A sample as study.yaml has it; ``instruments`` is None where one of them is refused."""

    id: str
    population: str
    instruments: tuple[Instrument, ...] | None
    simulated: bool
    place: Where


@dataclass(slots=True)
class Study:
    """The part of study.yaml that is read here, and the faults found in it and in its instruments."""

    path: Path
    title: dict[str, str] = field(default_factory=dict)
    lang: str = "en"
    samples: dict[str, Declaration] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    errors: set[type[InputError]] = field(default_factory=set)
    lines: dict[Where, int | None] = field(default_factory=dict)

    def refuse(self, fault: Fault | str, where: Where = (), error: type[InputError] = StudyError) -> None:
        """Note a fault; one that names no file stands at a place of study.yaml."""
        given = Fault(fault) if isinstance(fault, str) else fault
        if given.file is None:
            given = Fault(given.message, str(self.path), self.lines.get(where))
        if given not in self.faults:
            self.faults.append(given)
            self.errors.add(error)


def read_study(folder: Path) -> Study:
    """Read study.yaml and load its instruments; only a file that cannot be read at all is raised (StudyError)."""
    doc = read_declared(folder / STUDY, StudyError)
    study = Study(doc.path)
    for fault in doc.faults:
        study.refuse(fault)
    if not isinstance(doc.data, Mapping):
        study.refuse("the file must be a mapping of keys to values; crmstudy init writes an example.")
        return study
    title = doc.data.get("title")
    if isinstance(title, Mapping):
        study.title = {str(tag): " ".join(one.split()) for tag, one in title.items() if isinstance(one, str)}
    if isinstance(doc.data.get("lang"), str):
        study.lang = doc.data["lang"]
    samples = doc.data.get("samples")
    if not isinstance(samples, Mapping) or not samples:
        study.lines[()] = doc.line(("samples",))
        study.refuse("samples must name who is asked, as {staff: {population: staff, instruments: [...]}}.")
        return study
    shelf: dict[str, Instrument | None] = {}
    for id, declared in samples.items():
        _read_sample(study, doc, str(id), declared, shelf)
    return study


def _read_sample(study: Study, doc: Declared, id: str, declared: Any, shelf: dict[str, Instrument | None]) -> None:
    where: Where = ("samples", id)
    study.lines |= {place: doc.line(place) for place in (where, *((*where, key) for key in _READ))}
    if not _SAMPLE_ID.fullmatch(id):
        message = f"the sample '{shown(id)}' stands in an address; name it with letters, digits, _ and -, at most 64."
        study.refuse(message, where)
        return
    if not isinstance(declared, Mapping):
        study.refuse(f"samples.{id} must be a mapping of keys to values.", where)
        return
    population = declared.get("population")
    if population not in POPULATIONS:
        hint = did_you_mean(str(population), POPULATIONS) if population is not None else ""
        said = f"samples.{id}.population must be one of {', '.join(POPULATIONS)}; found {shown(repr(population))}."
        study.refuse(said + hint, (*where, "population"))
        population = "staff"
    names, place = declared.get("instruments") or [], (*where, "instruments")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        study.refuse(f"samples.{id}.instruments must be a list of ids or paths of instruments.", place)
        return
    loaded = [_load(study, name, shelf, place) for name in dict.fromkeys(names)]
    whole = tuple(one for one in loaded if one is not None)
    simulated = declared.get("simulated") is True
    study.samples[id] = Declaration(id, population, whole if len(whole) == len(loaded) else None, simulated, place)


def _load(study: Study, name: str, shelf: dict[str, Instrument | None], where: Where) -> Instrument | None:
    """An instrument by its id or path, loaded once; a faulty one is refused once."""
    if name not in shelf:
        folder = study.path.parent
        asked: str | Path = folder / name.replace("\\", "/") if name.lower().endswith(SUFFIXES) else name
        try:
            shelf[name] = load_instrument(asked, search=(folder / "instruments",))
        except InputError as error:
            shelf[name] = None
            for fault in error.faults:
                study.refuse(fault, where, type(error))
    return shelf[name]
