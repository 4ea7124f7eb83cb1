"""What of a checklist is met, what is open, and what is claimed without evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from crmstudy.assessment.answered import COMMAS
from crmstudy.assessment.catalogue import common_words
from crmstudy.assessment.checklists.entries import ALONE, Given, block_labels, checklist_of, entries_of, given_to
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing, Grid
from crmstudy.notes import Note
from crmstudy.results import sample_table

ROOM = "checklists"
BLOCKS_SHOWN = Shown(
    "blocks", "Checklist by Block",
    (
        ("unit", "Unit", "text"), ("block", "Block", "text"), ("applicable", "Entries", "n"),
        ("answered", "Answered", "n"), ("met", "Met", "n"), ("partly", "Partly", "n"), ("open", "Open", "n"),
        ("percent_met", "Met, %", "percent"),
        ("lowest", "At least, %", "percent"), ("highest", "At most, %", "percent"),
        ("without_evidence", "No evidence", "n"),
    ),
    "Met counts an entry met in part as one half, over the entries answered; at least and at most: if all entries not "
    "answered were open, or met.",
)  # fmt: skip
OPEN_SHOWN = Shown(
    "open", "Open Points",
    (
        ("unit", "Unit", "text"), ("block", "Block", "text"), ("question", "Question", "text"),
        ("status", "Status", "text"), ("wanted", "Evidence would be", "text"),
    ),
)  # fmt: skip


#: So many open points are named as next.
_SETTLED = 2


@dataclass(frozen=True, eq=False, repr=False)
class Checklist(AssessmentResult):
    """Answers to a checklist by block.

    Tables: ``blocks`` (unit, block, source, applicable, answered, met, partly, open, percent_met, lowest, highest,
    percent_evidenced, without_evidence), ``entries`` (unit, block, entry, question, source, necessary, answer, score,
    evidence, wanted, status), ``open`` (those not met, the necessary ones first), ``without_evidence`` (those met or
    met in part on which nothing is shown). ``call["instruments"]`` are the questionnaires that measure the same
    constructs among people.
    """

    kind: ClassVar[str] = "checklist"
    shown: ClassVar[tuple[Shown, ...]] = (BLOCKS_SHOWN, OPEN_SHOWN)

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """What is met over all, the weakest block, what was not answered, and what has no evidence."""
        name = self.call["list"]
        said: list[str] = []
        for unit, blocks in self.tables["blocks"].groupby("unit", sort=False):
            said += _told(str(unit), blocks, block_labels(name, lang), lang)
        lacking = len(self.tables["without_evidence"])
        if lacking:
            said.append(say(ROOM, "list_evidence", lang, n=(lacking, "n")))
        return tuple(said)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The first open points, with what would be evidence."""
        return points_to_settle(self.call["list"], self.tables["open"], lang)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of blocks and words for the status."""
        return labels_of(self.call["list"], lang)

    def drawings(self) -> tuple[Drawing, ...]:
        """Percent met by block; with several units a grid."""
        blocks, labels = self.tables["blocks"], block_labels(self.call["list"], "en")
        by_unit = {
            str(unit): tuple(_known(value) for value in rows["percent_met"])
            for unit, rows in blocks.groupby("unit", sort=False)
        }
        title, alt = checklist_of(self.call["list"])["label"]["en"], f"Percent met in each block. {self.text}"
        if len(by_unit) > 1:
            return (Grid(title, alt, tuple(by_unit), tuple(labels.values()), tuple(by_unit.values()), 0.0, 100.0, 0),)
        return (Bars(title, alt, tuple(labels.values()), tuple(by_unit.items()), x_label="Percent met"),)


def checklist(answers: object, *, list: str) -> Checklist:
    r"""Go through a checklist.

    Parameters
    ----------
    answers : DataFrame or path
        A row an answer: ``entry``, ``answer`` (yes, partly, no, does not apply; in any of the three languages), where
        known ``evidence`` and ``unit``. The file may be one written by :func:`checklist_form`.
    list : str
        ``success`` (source documents 0.8, 0.9, 1.8, 1.9, 1.12, 4.13), ``failure`` (0.6 to 0.9; yes is unfavourable),
        ``readiness`` (1.4, 1.8 to 1.10, 1.12, 1.13, 4.20; see :func:`readiness`), ``loyalty_stages`` (2.8, 2.9; see
        :func:`loyalty_stage`), ``loyalty_programmes`` (2.3, 4.16), ``personalisation`` (1.11, 3.1), ``employer_brand``
        (4.14), ``goals`` (0.1, 1.6, 1.7, 3.1, 3.6), ``key_customer_chain`` (2.5, 2.6; see :func:`key_customer_chain`).

    Returns
    -------
    Checklist

    Raises
    ------
    UnsupportedError
        For another list.
    DataError
        With all faults of the answers.
    AnalysisError
        When nothing is answered.

    Notes
    -----
    The entries are our own wording of what the documents name. With m entries met, p met in part and a answered (those
    that do not apply left out), :math:`100\,(m+p/2)/a` percent are met. Entries nobody answered are never taken for
    "no": ``lowest`` and ``highest`` say what would come of it if all of them were unfavourable, or favourable. A block
    without answers has no figure. A unit with two different answers to an entry has none. ``percent_evidenced`` counts
    only what has evidence. A checklist is a protocol of judgements, no measurement: it has no intervals, and its share
    is not comparable with the score of an instrument.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"entry": ["promise_stated", "promise_kept"], "answer": ["yes", "partly"]})
    >>> found = checklist(answers, list="employer_brand")
    >>> found.tables["blocks"].set_index("block").loc["promise", ["percent_met", "without_evidence"]].tolist()
    [75.0, 2.0]
    """
    return _finished(list, given_to(list, answers))


def _finished(name: str, given: Given) -> Checklist:
    blocks = blocks_of(name, given)
    return Checklist(
        estimates=no_estimates(),
        n=given.n,
        tables={"blocks": blocks, "entries": given.rows, **points_of(given)},
        notes=(*given.notes, *notes_of(blocks)),
        samples=sample_table(given.n, given.dropped),
        call={"list": name, "instruments": [*checklist_of(name)["instruments"]]},
    )


def points_to_settle(name: str, open_: pd.DataFrame, lang: str) -> tuple[str, ...]:
    """The first open points of a checklist as sentences."""
    entries = {entry["id"]: entry for _, entry in entries_of(name)}
    first = open_.drop_duplicates("entry").head(_SETTLED)["entry"]
    return tuple(
        say(ROOM, "list_settle", lang, question=entries[one]["question"][lang], evidence=entries[one]["evidence"][lang])
        for one in first
    )


def labels_of(name: str, lang: str) -> dict[str, dict[str, str]]:
    """What people read for the ids in the tables of a checklist."""
    blocks, said = block_labels(name, lang), common_words(lang)
    return {
        "unit": said, "block": blocks, "stage": blocks, "next": blocks, "status": said, "gate": said, "question": {
            entry["question"]["en"]: entry["question"][lang] for _, entry in entries_of(name)
        },
    }  # fmt: skip


def points_of(given: Given) -> dict[str, pd.DataFrame]:
    """Entries that are not met, and those that are claimed without evidence."""
    rows = given.rows
    open_ = rows[rows["status"].isin(["open", "partly"])]
    open_ = open_.sort_values(["necessary", "score"], ascending=[False, True], kind="stable", ignore_index=True)
    return {"open": open_, "without_evidence": rows[_bare(rows)].reset_index(drop=True)}


def _bare(rows: pd.DataFrame) -> pd.Series[bool]:
    return (rows["score"] > 0) & (rows["evidence"] == "")


def blocks_of(name: str, given: Given) -> pd.DataFrame:
    """Counts and shares by unit and block."""
    return pd.DataFrame(_blocks(name, given.rows))


def _blocks(name: str, rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    sources = {block["id"]: block["source"] for block in checklist_of(name)["blocks"]}
    for (unit, block), there in rows.groupby(["unit", "block"], sort=False):
        status = there["status"].value_counts()
        applicable = len(there) - int(status.get("does not apply", 0))
        score = there["score"].dropna()
        shown_ = there["score"].where(there["evidence"] != "", 0.0)[there["score"].notna()]
        answered, whole = len(score), float(score.sum())
        unanswered, nan = applicable - answered, float("nan")
        yield {
            "unit": unit, "block": block, "source": sources[str(block)], "applicable": applicable, "answered": answered,
            "met": int(status.get("met", 0)), "partly": int(status.get("partly", 0)),
            "open": int(status.get("open", 0)),
            "percent_met": 100.0 * whole / answered if answered else nan,
            "lowest": 100.0 * whole / applicable if answered else nan,
            "highest": 100.0 * (whole + unanswered) / applicable if answered else nan,
            "percent_evidenced": 100.0 * float(shown_.sum()) / answered if answered else nan,
            "without_evidence": int(_bare(there).sum()),
        }  # fmt: skip


def notes_of(blocks: pd.DataFrame) -> list[Note]:
    """What the blocks lack."""
    notes = []
    silent = blocks[(blocks["answered"] == 0) & (blocks["applicable"] > 0)]
    if len(silent):
        told = ", ".join(_where(row) for row in silent.to_dict("records"))
        message = f"Nobody answered any entry of {told}: there is no figure."
        notes.append(Note("CHECKLIST_BLOCK_NOT_ANSWERED", message, "warning"))
    without = int((blocks["applicable"] - blocks["answered"]).sum())
    if without:
        message = (
            f"Entries not answered: {without}. Shares leave them out, and their bounds say what they could change."
        )
        notes.append(Note("CHECKLIST_NOT_ANSWERED", message))
    bare = int(blocks["without_evidence"].sum())
    if bare:
        message = f"Entries claimed to be met, wholly or in part, without evidence: {bare}."
        notes.append(Note("CHECKLIST_WITHOUT_EVIDENCE", message))
    return notes


def _where(row: dict[Any, Any]) -> str:
    return str(row["block"]) if row["unit"] == ALONE else f"{row['block']} ({row['unit']})"


def _told(unit: str, blocks: pd.DataFrame, labels: dict[str, str], lang: str) -> Iterator[str]:
    rated = blocks[blocks["answered"] > 0]
    counts = {name: int(blocks[name].sum()) for name in ("met", "partly", "open", "applicable", "answered")}
    said = say(
        ROOM, "list_counts" if counts["applicable"] else "list_none", lang, met=(counts["met"], "n"),
        partly=(counts["partly"], "n"), open=(counts["open"], "n"), applicable=(counts["applicable"], "n"),
        silent=(counts["applicable"] - counts["answered"], "n"),
    )  # fmt: skip
    yield of_unit(unit, said, lang)
    low = rated["percent_met"].min()
    if low < 100.0 and len(rated) > 1:
        weakest = COMMAS[lang].join(labels[block] for block in rated.loc[rated["percent_met"] == low, "block"])
        yield say(ROOM, "list_weakest", lang, block=weakest, share=(low, "percent"))
    silent = blocks.loc[(blocks["answered"] == 0) & (blocks["applicable"] > 0), "block"]
    if len(silent):
        yield say(ROOM, "list_silent", lang, block=COMMAS[lang].join(labels[block] for block in silent))


def of_unit(unit: str, sentence: str, lang: str) -> str:
    """A sentence about a unit, which it names unless there is only one."""
    return sentence if unit == ALONE else f"{say(ROOM, 'list_unit', lang, unit=unit)} {sentence}"


def _known(value: float) -> float | None:
    return None if value != value else float(value)
