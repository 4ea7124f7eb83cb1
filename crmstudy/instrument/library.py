"""The library that ships: where it lies, its shared answer sets, its glossary."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from crmstudy.declared import Declared, read_declared
from crmstudy.errors import InstrumentError

SHARED = Path("shared") / "responses.yaml"
GLOSSARY = "glossary"


@dataclass(frozen=True, slots=True)
class Term:
    """The one name of a construct in each language, and the area of study it belongs to."""

    key: str
    area: str
    names: Mapping[str, str]
    note: Mapping[str, str] = field(default_factory=dict)


def library_folders() -> list[Path]:
    """Where the library lies: in the installed package, then in the checkout the package is imported from."""
    folders = [Path(str(resources.files("crmstudy") / "_instruments"))]
    root = Path(__file__).resolve().parents[2]
    if _is_checkout(root):
        folders.append(root / "instruments")
    return [folder for folder in folders if folder.is_dir()]


@lru_cache(maxsize=1)
def shared_sets() -> Mapping[str, Mapping[str, object]]:
    """The declarations of the shared answer sets, by name."""
    for folder in library_folders():
        if (folder / SHARED).is_file():
            doc = read_declared(folder / SHARED, InstrumentError)
            doc.raise_faults()
            return MappingProxyType(dict(doc.data["sets"]))
    return MappingProxyType({})


@lru_cache(maxsize=1)
def glossary() -> Mapping[str, Term]:
    """Every term of the library's glossary, by key.

    Raises
    ------
    InstrumentError
        With every fault of its files, among them a key that stands in two of them.
    """
    terms: dict[str, Term] = {}
    for folder in library_folders():
        for path in sorted((folder / GLOSSARY).glob("*.yaml")):
            doc = read_declared(path, InstrumentError)
            _read_terms(doc, terms)
            doc.raise_faults()
        if terms:
            break
    return MappingProxyType(terms)


def _read_terms(doc: Declared, terms: dict[str, Term]) -> None:
    if not doc.check_keys((), required=["terms"]) or not doc.check_type(("terms",), dict, "a mapping of terms"):
        return
    for key, declared in doc.data["terms"].items():
        where = ("terms", key)
        if not doc.check_keys(where, required=["field", "en", "fa", "ru"], optional=["note"]):
            continue
        if key in terms:
            doc.refuse(f"the term '{key}' stands in two glossary files; keep one.", where)
            continue
        names = {tag: declared[tag] for tag in ("en", "fa", "ru") if isinstance(declared.get(tag), str)}
        note = declared.get("note", {})
        terms[key] = Term(key, str(declared.get("field", "")), names, note if isinstance(note, dict) else {"en": note})


def _is_checkout(root: Path) -> bool:
    """Whether a folder holds a pyproject.toml that names crmstudy."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return False
    return isinstance(project, dict) and project.get("name") == "crmstudy"
