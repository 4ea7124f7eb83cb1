"""What a study shows about people: by which rules, and beside what it has shown before.

What was shown is kept in the folder ``disclosure`` of the study, sealed (:mod:`crmstudy.disclosure.sealing`) with a key
that lies beside it. It is read when a study is run and written with the output: what is not written was not shown.
Simulated samples have people to protect in their own run only, and leave nothing there.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from inspect import signature
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from crmstudy.declared import read_declared
from crmstudy.disclosure import Ledger, Rules
from crmstudy.disclosure.sealing import KEY, Shown, sealed, unsealed
from crmstudy.errors import AnalysisError, DataError, Fault, InputError, ModelError, OutputError
from crmstudy.files import put_new
from crmstudy.notes import Note
from crmstudy.results import plain
from crmstudy.study.assessments import ASSESSMENTS
from crmstudy.study.assessments.keys import DISCLOSURE
from crmstudy.study.door import at
from crmstudy.study.parts import AnalysisPlan, Place

if TYPE_CHECKING:
    from crmstudy.study.analysing.tasks import Task
    from crmstudy.study.plan import Study

FOLDER, LEDGER, KEY_FILE = "disclosure", "ledger", "key"
_ADMINISTRATION = "administration.yaml"
_EARLIER = (
    "Figures that could be shown for the first time are withheld: with what this study has shown before of nearly the "
    "same people, figures of too few of them could be computed."
)


def rules_of(study: Study, plan: AnalysisPlan | None = None) -> Rules:
    """The rules of a study, or of one of its analyses; ModelError where they protect nobody.

    Where the study collects its answers itself, its ``k`` is what respondents were promised, and the least there is.
    """
    declared = dict(study.disclosure) | _own(plan)
    promised = _promised(study)
    means = declared.setdefault("k_means", max(promised, Rules().k_means))
    if isinstance(means, int):
        declared.setdefault("k_distributions", max(means, Rules().k_distributions))
    rules = Rules(**declared)
    whole = None if plan is None else rules_of(study)
    least = max(promised, 0 if whole is None else whole.k_means)
    said = f"the study's {least}" if least > promised else f"the k of {least} that {_ADMINISTRATION} promises"
    faults = [
        f"`{name}` is {getattr(rules, name)}, below {said}; write {least} or more, or leave it out."
        for name in ("k_means", "k_distributions")
        if getattr(rules, name) < least
    ]
    if whole is not None and rules.k_distributions < whole.k_distributions and not faults:
        least = whole.k_distributions
        faults.append(f"`k_distributions` is {rules.k_distributions}, below the study's {least}; leave it out.")
    if faults:
        raise ModelError(faults)
    return rules


def disclosure_faults(study: Study) -> list[Fault]:
    """Rules that protect nobody, or fewer than was promised, and a ledger that cannot be read."""
    faults = _rule_faults(study, None, Place(str(study.file)))
    if not faults:
        for plan in _about_people(study):
            if "disclosure" in plan.options:
                faults += _rule_faults(study, plan, plan.places.get("disclosure", plan.place))
    try:
        Disclosing.open(study)
    except DataError as error:
        faults += error.faults
    return faults


@dataclass(eq=False, slots=True)
class Disclosing:
    """What a run shows about people, from what was shown before; :meth:`keep` writes it down.

    ``stored`` are the bytes of the ledger as they were read, empty where there were none. ``shown`` grows with each
    analysis; ``made_up`` is the same of simulated samples, of which nothing is kept.
    """

    study: Study
    key: bytes
    stored: bytes
    shown: Shown
    read: Shown
    made_up: Ledger = field(default_factory=Ledger)

    @classmethod
    def open(cls, study: Study) -> Disclosing:
        """What the study has shown so far; DataError when it cannot be read."""
        folder = study.folder / FOLDER
        stored, key = _bytes(folder / LEDGER), _bytes(folder / KEY_FILE)
        name, key_name = f"{FOLDER}/{LEDGER}", f"{FOLDER}/{KEY_FILE}"
        advice = (
            "Put back what belongs there; or move the folder away: the study then begins anew, and what it shows next "
            "is not held against what it has shown before."
        )
        if stored and len(key) != KEY:
            raise DataError(
                f"'{name}', which knows what was shown, needs its key '{key_name}' of {KEY} bytes. {advice}"
            )
        key = key if len(key) == KEY else token_bytes(KEY)
        try:
            shown = unsealed(stored, key) if stored else Shown()
        except DataError as error:
            raise DataError(f"'{name}', which knows what was shown, cannot be read: {error} {advice}") from None
        return cls(study, key, stored, shown, shown)

    def result(self, task: Task, function: Callable[..., Any], given: list[Any], asked: Mapping[str, Any]) -> Any:
        """What a function gives by the rules of the study and beside what was shown before."""
        rules = rules_of(self.study, task.plan)
        ask = partial(function, *given, **asked, rules=rules)
        if "ledger" not in signature(function).parameters:
            return ask()
        if task.sample is not None and task.sample.simulated:
            result = ask(ledger=self.made_up)
            self.made_up = result.ledger
            return result
        question = self._question(task, given, asked, rules)
        releases = self.shown.ledger.releases
        if question in self.shown.answered:
            before, after = self.shown.answered[question]
            result = ask(ledger=Ledger(releases[:before]))
            if result.ledger.releases == releases[:after]:
                return result
        result = _beside(self.shown.ledger, ask)
        answer = len(releases), len(result.ledger.releases)
        self.shown = Shown(result.ledger, dict(self.shown.answered) | {question: answer})
        return result

    def _question(self, task: Task, given: list[Any], asked: Mapping[str, Any], rules: Rules) -> str:
        """What is asked of which rows, as a digest that only the key can make."""
        import pandas as pd

        frame = getattr(given[0], "frame", given[0])
        rows = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy()
        numbers = [int(row) for row in getattr(given[0], "rows", ())]
        said = [task.plan.kind, plain(asked), list(map(str, frame.columns)), numbers, str(rules)]
        content = json.dumps(said, sort_keys=True, default=str).encode() + rows.tobytes()
        return hmac.new(self.key, content, sha256).hexdigest()[:32]

    def keep(self) -> None:
        """Write down what is shown now; OutputError when that cannot be, or another run was quicker."""
        if self.shown == self.read:
            return
        folder = self.study.folder / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            with _locked(folder / "lock"):
                if _bytes(folder / LEDGER) != self.stored:
                    raise OutputError("another run of this study has shown figures in the meantime; run it again.")
                self._write(folder)
        except OSError as error:
            message = (
                f"what is shown about people cannot be written down in '{folder}': {error.strerror or error}; so "
                "nothing was shown. Give the study a folder that can be written."
            )
            raise OutputError(message) from error

    def _write(self, folder: Path) -> None:
        if _bytes(folder / KEY_FILE) != self.key:
            put_new(folder / KEY_FILE, self.key, private=True)
        if not (folder / ".gitignore").exists():
            put_new(folder / ".gitignore", b"*\n")
        content, fresh = sealed(self.shown, self.key), folder / f"{LEDGER}.new"
        fresh.unlink(missing_ok=True)
        put_new(fresh, content, private=True)
        os.replace(fresh, folder / LEDGER)
        self.stored, self.read = content, self.shown


def _beside(ledger: Ledger, ask: Callable[..., Any]) -> Any:
    """The result beside what was shown before, with a note where that withholds anything."""
    if not ledger.releases:
        return ask(ledger=ledger)
    first = ask(ledger=Ledger())
    try:
        result = ask(ledger=ledger)
    except AnalysisError as error:
        raise AnalysisError(
            f"nothing may be shown. {_EARLIER} A study that names its people from the first run on (`id` of the "
            "sample) withholds only what differs in few of them.",
            "DISCLOSURE_EARLIER",
        ) from error
    if all(table.equals(first.tables[name]) for name, table in result.tables.items()):
        return result
    return replace(result, notes=(*result.notes, Note("DISCLOSURE_EARLIER", _EARLIER, "warning")))


def _about_people(study: Study) -> Iterator[AnalysisPlan]:
    for plan in study.analyses:
        if plan.kind in ASSESSMENTS and DISCLOSURE in ASSESSMENTS[plan.kind].keys:
            yield plan


def _rule_faults(study: Study, plan: AnalysisPlan | None, place: Place) -> list[Fault]:
    try:
        rules_of(study, plan)
    except ModelError as error:
        name = "disclosure" if plan is None else f"the analysis '{plan.id}', disclosure"
        return [at(place, f"{name}: {fault.message}") for fault in error.faults]
    return []


def _own(plan: AnalysisPlan | None) -> dict[str, Any]:
    own = {} if plan is None else plan.options.get("disclosure") or {}
    return {name: value for name, value in own.items() if value is not None}


def _promised(study: Study) -> int:
    """The ``k`` of the study's administration; 0 where it collects no answers, or its file is faulty."""
    file = study.folder / _ADMINISTRATION
    if not file.is_file():
        return 0
    try:
        told = read_declared(file).data
    except InputError:
        return 0
    k = told.get("k") if isinstance(told, Mapping) else None
    return k if isinstance(k, int) and not isinstance(k, bool) else 0


def _bytes(path: Path) -> bytes:
    """What a file holds, nothing where there is none; DataError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise DataError(f"'{FOLDER}/{path.name}' cannot be read: {error.strerror}.") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """While it lasts no other run writes; a lock that was left behind is removed by hand."""
    try:
        put_new(path, b"")
    except FileExistsError:
        raise OutputError(
            f"another run of this study is writing. If none is, one was broken off: remove '{path}', and run it again."
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
