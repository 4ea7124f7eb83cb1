"""How the change to CRM is led: six steps and two conditions, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.answered import answered, choices, text_column
from crmstudy.assessment.catalogue import catalogue, common_words, language
from crmstudy.assessment.form import Field, write_form
from crmstudy.assessment.modules.quantities import number
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars
from crmstudy.errors import DataError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import sample_table

_ROOM, _WHAT = "modules", "steps"
#: What an answer counts towards the steps done.
_DONE = {"no": 0.0, "planned": 0.0, "partly": 0.5, "yes": 1.0}


def form_fields() -> tuple[Field, ...]:
    """The columns of the form."""
    return (
        Field("step", {"en": "step", "fa": "گام", "ru": "шаг"}, width=16),
        Field("label", {"en": "what it is", "fa": "شرح", "ru": "описание"}, required=False, width=44),
        Field("done", {"en": "is it done?", "fa": "انجام شده است؟", "ru": "выполнено?"},
              answers=catalogue("modules")["change"]["answers"], filled=True),
        Field("evidence", {"en": "evidence", "fa": "مدرک", "ru": "подтверждение"}, filled=True, required=False,
              width=50),
        Field("wanted", {"en": "evidence would be", "fa": "مدرک مناسب", "ru": "подошло бы"}, required=False, width=50),
    )  # fmt: skip


def change_form(path: str | Path, lang: str = "en") -> Path:
    """Write the checklist of the change to fill in (``.xlsx`` or ``.csv``), never over a file.

    Raises
    ------
    OutputError, UnsupportedError
        As :func:`crmstudy.assessment.form.write_form`.
    """
    rows = [
        {"step": one["id"], "label": one["label"][language(lang)], "wanted": one["evidence"][lang]}
        for one in catalogue("modules")["change"]["steps"]
    ]
    return write_form(path, rows, lang, fields=form_fields(), name="change")


@dataclass(frozen=True, eq=False, repr=False)
class ChangeResult(AssessmentResult):
    """The steps of the change.

    Tables: ``steps`` (step, label, kind, origin, source, done, evidence, wanted, status; kind is ``step`` or
    ``condition``, origin ``document`` where the source names it and ``own`` otherwise; status is ``met``, ``stated``
    for what is at least partly done without evidence, ``partly``, ``open`` or ``not answered``), ``summary`` (kind, n,
    answered, done, partly, planned, percent; partly counts as one half), ``open`` (step, label, done, wanted).
    """

    kind: ClassVar[str] = "change-checklist"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown("steps", "Steps of the Change",
              (("label", "Step", "text"), ("kind", "Kind", "text"), ("origin", "Named by", "text"),
               ("done", "Done", "text"), ("evidence", "Evidence", "text"), ("status", "Status", "text")),
              "The source speaks of six key steps and names one, and two conditions; the other steps are our own."),
        Shown("summary", "Steps Done",
              (("kind", "Kind", "text"), ("n", "n", "n"), ("answered", "Answered", "n"), ("done", "Done", "n"),
               ("partly", "Partly", "n"), ("planned", "Planned", "n"), ("percent", "%", "percent")),
              "Partly counts as one half, what was not answered as not done."),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """What is done, what comes next, what has no evidence, and whose steps they are."""
        language(lang)
        summary = {row["kind"]: row for row in self.tables["summary"].to_dict("records")}
        step, held = summary["step"], summary["condition"]
        said = [
            say(_ROOM, "change", lang, steps=number(step["n"]), done=number(step["done"]),
                partly=number(step["partly"]), conditions=number(held["n"]), held=number(held["done"])),
        ]  # fmt: skip
        said += self.next_steps(lang) or [say(_ROOM, "change_all", lang)]
        bare = int((self.tables["steps"]["status"] == "stated").sum())
        if bare:
            said.append(say(_ROOM, "change_bare", lang, n=number(bare)))
        return (*said, say(_ROOM, "change_origin", lang))

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The first step that is open."""
        entries = {one["id"]: one for one in catalogue("modules")["change"]["steps"]}
        return tuple(
            say(_ROOM, "change_next", lang, step=entries[one]["label"][lang], evidence=entries[one]["evidence"][lang])
            for one in self.tables["open"]["step"].head(1)
        )

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Words for who named a step, how far it is done and its status."""
        entries = {one["label"]["en"]: one["label"][lang] for one in catalogue("modules")["change"]["steps"]}
        return {**dict.fromkeys(("kind", "origin", "done", "status"), common_words(lang)), "label": entries}

    def drawings(self) -> tuple[Bars, ...]:
        """How far each step and condition is."""
        table = self.tables["steps"]
        return (
            Bars(
                title="Steps of the change",
                alt=f"How far each step and condition is done, in percent. {self.text}",
                names=tuple(map(str, table["label"])),
                series=(("done", tuple(100.0 * _DONE[done] if done else None for done in table["done"])),),
                x_label="Done (%)",
            ),
        )


def change_checklist(marks: object) -> ChangeResult:
    """Go through the steps by which people come to accept new behaviour and technology.

    Parameters
    ----------
    marks : DataFrame or path
        A row a step: ``step`` (purpose, strategy, involve, pilot, train, measure; conditions: project, executives),
        ``done`` (no, planned, partly, yes; in any of the three languages), and where known ``evidence``. The file may
        be one that :func:`change_form` wrote.

    Returns
    -------
    ChangeResult

    Raises
    ------
    DataError
        For missing columns, unknown steps, answers that are none, and two answers on one step.

    Notes
    -----
    The source document (4.13) reports that BMC Software laid down six key steps, and names one of them, a change
    management strategy, beside strong project management and the commitment of the executives. It does not list the
    other five: these are our own, as the column ``origin`` says. What is at least partly done without evidence is
    ``stated``, not met.

    Examples
    --------
    >>> found = change_checklist(pd.DataFrame({"step": ["purpose", "strategy"], "done": ["yes", "partly"],
    ...                                        "evidence": ["memo of 3 May", None]}))
    >>> found.tables["steps"]["status"].tolist()[:3]
    ['met', 'stated', 'not answered']
    """
    entries: list[Mapping[str, Any]] = catalogue("modules")["change"]["steps"]
    given = _marks(marks, entries)
    rows, lacking = [], []
    for entry in entries:
        done, evidence = given.get(entry["id"], (None, None))
        if done is None:
            lacking.append(entry["id"])
        rows.append((entry["id"], entry["label"]["en"], entry["kind"], entry["origin"], entry["source"], done, evidence,
                     entry["evidence"]["en"], _status(done, evidence)))  # fmt: skip
    steps = pd.DataFrame(
        rows,
        columns=["step", "label", "kind", "origin", "source", "done", "evidence", "wanted", "status"],
        dtype=object,
    )
    notes: tuple[Note, ...] = ()
    if lacking:
        message = f"{len(lacking)} steps or conditions have no answer and count as not done: {', '.join(lacking)}."
        notes = (Note("CHANGE_NOT_ANSWERED", message, "warning", "steps"),)
    n = len(entries) - len(lacking)
    open_ = steps[steps["done"] != "yes"]
    return ChangeResult(
        estimates=no_estimates(), n=n, samples=sample_table(n), notes=notes, call={},
        tables={"steps": steps, "summary": _summary(steps),
                "open": open_[["step", "label", "done", "wanted"]].reset_index(drop=True)},
    )  # fmt: skip


def _marks(marks: object, entries: list[Mapping[str, Any]]) -> dict[str, tuple[str | None, str | None]]:
    """The answer and the evidence of each step."""
    frame = answered(marks, form_fields(), _WHAT)
    words = {letters.key(word): one["id"] for one in entries for word in (one["id"], *one["label"].values())}
    names = frame["step"].map(lambda word: words.get(letters.key(str(word))), na_action="ignore")
    done, faults = choices(frame["done"], catalogue("modules")["change"]["answers"], "done", _WHAT)
    if frame["step"].isna().any():
        faults.append(f"{int(frame['step'].isna().sum())} rows do not name their step; fill it in or leave them out.")
    ids = [one["id"] for one in entries]
    for word in frame["step"][frame["step"].notna() & names.isna()].unique():
        faults.append(f"'{shown(str(word))}' is no step ({', '.join(ids)}).{did_you_mean(str(word), ids)}")
    made = pd.DataFrame({"step": names, "done": done, "evidence": text_column(frame, "evidence")}).drop_duplicates()
    twice = made["step"][made["step"].duplicated(keep=False) & made["step"].notna()].unique()
    if len(twice):
        faults.append(f"These steps have two different answers: {', '.join(map(str, twice))}. Keep one of each.")
    if faults:
        raise DataError(faults)
    made = made.astype(object).where(made.notna(), None)
    return {row["step"]: (row["done"], row["evidence"]) for row in made.to_dict("records")}


def _status(done: str | None, evidence: str | None) -> str:
    if done is None:
        return "not answered"
    if done in ("no", "planned"):
        return "open"
    if evidence is None:
        return "stated"
    return "met" if done == "yes" else "partly"


def _summary(steps: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for kind, mine in steps.groupby("kind", sort=False):
        counts = [int((mine["done"] == answer).sum()) for answer in ("yes", "partly", "planned")]
        share = 100.0 * sum(_DONE.get(done, 0.0) for done in mine["done"]) / len(mine)
        rows.append((kind, len(mine), int(mine["done"].notna().sum()), *counts, share))
    return pd.DataFrame(rows, columns=["kind", "n", "answered", "done", "partly", "planned", "percent"])
