"""The entries of the checklists, and what was answered to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.answered import answered, choices, recognised, text_column
from crmstudy.assessment.catalogue import catalogue, language
from crmstudy.assessment.form import Field, write_form
from crmstudy.assessment.spelling import spelled_alike
from crmstudy.errors import AnalysisError, DataError, UnsupportedError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown

#: The checklists that ship.
LISTS = (
    "success", "failure", "readiness", "loyalty_stages", "loyalty_programmes", "personalisation", "employer_brand",
    "goals", "key_customer_chain",
)  # fmt: skip
#: Where a table names no unit.
ALONE = "all"
_WHAT = "checklist answers"
_COLUMNS = (
    "unit", "block", "entry", "question", "source", "necessary", "answer", "score", "evidence", "wanted", "status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """Every entry of a checklist with its answer, for each unit.

    ``rows`` has unit, block, entry, question, source, necessary, answer (yes, partly, no, does_not_apply or missing),
    score (1 favourable, 0.5 partly, 0 unfavourable; NaN without one), evidence, wanted (what would be evidence) and
    status: ``met``, ``partly``, ``open``, ``does not apply`` or ``not answered``.
    """

    rows: pd.DataFrame
    notes: tuple[Note, ...]
    n: int
    dropped: int


def checklist_of(name: str) -> Mapping[str, Any]:
    """A checklist; raises UnsupportedError for one that does not ship."""
    if name not in LISTS:
        hint = did_you_mean(str(name), LISTS)
        raise UnsupportedError(f"`list` is one of {', '.join(LISTS)}, not {shown(name)}.{hint}")
    return catalogue(f"checklists/{name}")


def entries_of(name: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each block with each of its entries."""
    for block in checklist_of(name)["blocks"]:
        for entry in block["entries"]:
            yield block, entry


def block_labels(name: str, lang: str) -> dict[str, str]:
    """What the blocks of a checklist are called."""
    return {block["id"]: block["label"][lang] for block in checklist_of(name)["blocks"]}


def answer_words() -> dict[str, Mapping[str, str]]:
    """The answers of a checklist in three languages."""
    return {one["id"]: one["label"] for one in catalogue("checklists/common")["answers"]}


def form_fields() -> tuple[Field, ...]:
    """The columns of the form."""
    return (
        Field("entry", {"en": "Entry", "fa": "شناسهٔ مورد", "ru": "Пункт"}),
        Field("question", {"en": "Question", "fa": "پرسش", "ru": "Вопрос"}, required=False, width=60),
        Field("answer", {"en": "Answer", "fa": "پاسخ", "ru": "Ответ"}, answers=answer_words(), filled=True),
        Field(
            "evidence", {"en": "Evidence", "fa": "مدرک", "ru": "Подтверждение"}, filled=True, required=False, width=40
        ),
        Field("wanted", {"en": "Such as", "fa": "برای نمونه", "ru": "Например"}, required=False, width=40),
        Field("unit", {"en": "Unit", "fa": "واحد", "ru": "Подразделение"}, filled=True, required=False),
    )


def checklist_form(path: str | Path, lang: str = "en", *, list: str) -> Path:
    """Write a checklist to be filled in.

    Parameters
    ----------
    path : path
        ``.xlsx`` or ``.csv``; never over a file.
    lang : {"en", "fa", "ru"}
    list : str
        One of :data:`LISTS`.

    Returns
    -------
    Path

    Raises
    ------
    OutputError, UnsupportedError
        When the file exists; for another list, language or kind of file.
    """
    language(lang)
    rows = [
        {"entry": entry["id"], "question": entry["question"][lang], "wanted": entry["evidence"][lang]}
        for _, entry in entries_of(list)
    ]
    return write_form(path, rows, lang, fields=form_fields(), name="checklist")


def given_to(name: str, answers: object) -> Given:
    """Recognise the answers to a checklist.

    Raises
    ------
    DataError
        With all faults: unknown entries, words that are no answers.
    AnalysisError
        When nothing is answered.
    """
    frame = answered(answers, form_fields(), _WHAT)
    known = recognised({entry["id"]: entry["question"].values() for _, entry in entries_of(name)})
    found = frame["entry"].map(lambda text: known.get(letters.key(str(text))), na_action="ignore")
    faults = []
    for row, (text, one) in enumerate(zip(frame["entry"], found, strict=True), start=1):
        if text is None or text != text:
            faults.append(f"Row {row} of the {_WHAT} names no entry; name one or delete the row.")
        elif one is None or one != one:
            hint = did_you_mean(str(text), known.values())
            faults.append(f"'{shown(text)}' (row {row}) is no entry of the checklist '{name}'.{hint}")
    answer, wrong = choices(frame["answer"], answer_words(), "answer", _WHAT)
    if faults or wrong:
        raise DataError([*faults, *wrong])
    made = pd.DataFrame({"entry": found, "answer": answer})
    evidence = text_column(frame, "evidence")
    made["evidence"] = evidence.where(evidence.notna(), "")
    made["unit"], notes = spelled_alike(text_column(frame, "unit"), "units", ALONE)
    units = tuple(dict.fromkeys(made["unit"]))
    once, found_notes = _once(made[made["answer"].notna()])
    notes += found_notes
    if not len(once):
        why = [f"Nothing is answered in the checklist '{name}': no row has an answer that counts."]
        raise AnalysisError(" ".join([*why, *(note.message for note in notes)]), "CHECKLIST_EMPTY")
    rows = pd.DataFrame(_rows(name, once, units), columns=list(_COLUMNS))
    return Given(rows, tuple(notes), len(once), len(frame) - len(once))


def _once(made: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """One answer of a unit to an entry; where it gave two, none."""
    notes, key = [], ["unit", "entry"]
    different = made.groupby(key)["answer"].transform("nunique") > 1
    for unit, entry in made.loc[different, key].drop_duplicates().itertuples(index=False):
        where = "" if unit == ALONE else f" of unit {unit}"
        message = f"'{entry}' has two different answers{where}; it counts as not answered. Keep the right one."
        notes.append(Note("CHECKLIST_TWO_ANSWERS", message, "warning", entry))
    kept = made[~different]
    once = kept.sort_values("evidence", key=lambda text: text == "", kind="stable").drop_duplicates(key).sort_index()
    if len(once) < len(kept):
        notes.append(Note("AUDIT_ROWS_REPEATED", f"Answers given twice, which count once: {len(kept) - len(once)}."))
    return once, notes


def _rows(name: str, once: pd.DataFrame, units: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    values = {one["id"]: one["value"] for one in catalogue("checklists/common")["answers"]}
    turned = checklist_of(name)["favourable"] == "no"
    told = {(row["unit"], row["entry"]): row for row in once.to_dict("records")}
    for unit in units:
        for block, entry in entries_of(name):
            row = told.get((unit, entry["id"]), {"answer": None, "evidence": ""})
            value = values.get(row["answer"])
            score = float("nan") if value is None else float(1 - value if turned else value)
            yield (
                unit, block["id"], entry["id"], entry["question"]["en"], entry["source"],
                bool(entry.get("necessary", False)), row["answer"], score, row["evidence"], entry["evidence"]["en"],
                _status(row["answer"], score),
            )  # fmt: skip


def _status(answer: str | None, score: float) -> str:
    if answer is None:
        return "not answered"
    if answer == "does_not_apply":
        return "does not apply"
    return {1.0: "met", 0.5: "partly"}.get(score, "open")
