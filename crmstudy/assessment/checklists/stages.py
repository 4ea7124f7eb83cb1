"""How far a ladder is climbed: stages of loyalty, the chain from technology to key customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from crmstudy.assessment.answered import COMMAS, within
from crmstudy.assessment.checklists.checklist import (
    BLOCKS_SHOWN,
    OPEN_SHOWN,
    ROOM,
    blocks_of,
    labels_of,
    notes_of,
    of_unit,
    points_of,
    points_to_settle,
)
from crmstudy.assessment.checklists.entries import ALONE, block_labels, checklist_of, given_to
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import ModelError
from crmstudy.notes import Note
from crmstudy.results import sample_table


@dataclass(frozen=True, eq=False, repr=False)
class Stages(AssessmentResult):
    """How far the stages of a checklist are reached, each resting on those before it.

    Tables: ``reached`` (unit, stage: the highest one reached, empty for none; place, of, next), ``stages`` (unit,
    stage, place, percent_met, complete: whether all its entries are answered, fulfilled, reached), and ``blocks``,
    ``entries``, ``open``, ``without_evidence`` of the checklist.
    """

    kind: ClassVar[str] = "stages"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "reached", "Stage Reached",
            (
                ("unit", "Unit", "text"), ("stage", "Stage", "text"), ("place", "Place", "n"), ("of", "Of", "n"),
                ("next", "Next", "text"),
            ),
            "A stage is reached when it and all before it are fulfilled.",
        ),
        BLOCKS_SHOWN,
        OPEN_SHOWN,
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The stage reached and the next one; stages fulfilled out of order; what the documents say of sufficiency."""
        name = self.call["list"]
        labels, stages, said = block_labels(name, lang), self.tables["stages"], []
        for row in self.tables["reached"].to_dict("records"):
            place = {"place": (row["place"], "n"), "of": (row["of"], "n")}
            key = "stage_reached" if row["place"] else "stage_none"
            reached = say(ROOM, key, lang, stage=labels.get(row["stage"], ""), **place)  # type: ignore[arg-type]
            said.append(of_unit(str(row["unit"]), reached, lang))
            if row["next"]:
                said.append(say(ROOM, "stage_next", lang, stage=labels[row["next"]]))
            there = stages[stages["unit"] == row["unit"]]
            early = there.loc[there["fulfilled"] & ~there["reached"] & there["percent_met"].notna(), "stage"]
            if len(early):
                said.append(say(ROOM, "stage_early", lang, stages=COMMAS[lang].join(labels[one] for one in early)))
        said.append(say(ROOM, f"stage_limit_{name}", lang))
        return tuple(said)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The first open points, with what would be evidence."""
        return points_to_settle(self.call["list"], self.tables["open"], lang)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of stages and words for the status."""
        return labels_of(self.call["list"], lang)

    def drawings(self) -> tuple[Drawing, ...]:
        """Percent met by stage, with the threshold."""
        labels = block_labels(self.call["list"], "en")
        series = tuple(
            (str(unit), tuple(None if value != value else float(value) for value in rows["percent_met"]))
            for unit, rows in self.tables["stages"].groupby("unit", sort=False)
        )
        title, alt = checklist_of(self.call["list"])["label"]["en"], f"Percent met of each stage. {self.prose()[0]}"
        return (
            Bars(
                title, alt, tuple(labels.values()), series, x_label="Percent met", reference=self.call["threshold"]
            ),
        )  # fmt: skip


def loyalty_stage(answers: object, *, threshold: float = 75.0) -> Stages:
    """Find the stage of loyalty that an organisation has reached.

    Parameters
    ----------
    answers : DataFrame or path
        As of :func:`checklist`, to the list ``loyalty_stages``.
    threshold : float
        Percent of a stage that must be met, above 0.

    Returns
    -------
    Stages

    Raises
    ------
    DataError, ModelError
        With all faults of the answers; for a faulty threshold.
    AnalysisError
        When nothing is answered.

    Notes
    -----
    Source documents 2.8 (adaptation to needs, differentiated products, lasting relationships) and 2.9 (differentiated
    products are necessary, not sufficient: attachment to the relationship is). The threshold is ours. A stage is
    fulfilled when the percent met reaches it even if all entries not answered were unfavourable; a stage of which
    nothing applies holds up no later one, but is not reached by itself. A later stage without the earlier ones is not
    reached and is told. Attachment and the ease of switching among customers are measured by the instruments
    ``relationship-attachment`` and ``switching-ease``; whether attachment carries loyalty is a mediation
    (``cs.process``).

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"entry": ["needs_asked", "offer_follows_needs", "fit_watched"], "answer": "yes"})
    >>> loyalty_stage(answers).tables["reached"]["stage"][0]
    'adaptation'
    """
    return _ladder("loyalty_stages", answers, threshold)


def key_customer_chain(answers: object, *, threshold: float = 75.0) -> Stages:
    """Find where the chain from technology to key customers breaks.

    Parameters
    ----------
    answers : DataFrame or path
        As of :func:`checklist`, to the list ``key_customer_chain``.
    threshold : float
        Percent of a link that must be met, above 0.

    Returns
    -------
    Stages

    Raises
    ------
    DataError, ModelError
        With all faults of the answers; for a faulty threshold.
    AnalysisError
        When nothing is answered.

    Notes
    -----
    Source document 2.6: serving key customers asks for an organisation that mobilises its resources, this for knowledge
    of customers, and none of it is possible without technology. The rule is that of :func:`loyalty_stage`. Among
    members of an organisation the four elements are measured by the instrument ``crm-sty``, and the chain is a model of
    paths between its scales.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = pd.DataFrame({"entry": ["technology_in_place", "technology_used", "knowledge_recorded"],
    ...                         "answer": ["no", "no", "yes"]})
    >>> key_customer_chain(answers).tables["reached"]["next"][0]
    'technology'
    """
    return _ladder("key_customer_chain", answers, threshold)


def _ladder(name: str, answers: object, threshold: float) -> Stages:
    if not within(threshold, 0.0, 100.0) or threshold == 0:
        raise ModelError(f"`threshold` is a percent above 0, up to 100, not {threshold!r}.")
    given = given_to(name, answers)
    blocks = blocks_of(name, given)
    stages = blocks[["unit", "block", "percent_met"]].rename(columns={"block": "stage"})
    stages.insert(2, "place", blocks.groupby("unit", sort=False).cumcount() + 1)
    stages["complete"] = blocks["answered"] == blocks["applicable"]
    stages["fulfilled"] = (blocks["applicable"] == 0) | (blocks["lowest"] >= threshold)
    stages["reached"] = stages.groupby("unit", sort=False)["fulfilled"].cummin()
    empty = blocks["applicable"] == 0
    # a stage of which nothing applies is passed on the way to a later one, and only so
    later = (stages["reached"] & ~empty)[::-1].groupby(stages["unit"][::-1], sort=False).cummax()[::-1]
    stages["reached"] &= later
    reached = pd.DataFrame([_reached(str(unit), rows) for unit, rows in stages.groupby("unit", sort=False)])
    notes = [*given.notes, *notes_of(blocks)]
    for row in blocks[empty].to_dict("records"):
        message = f"Nothing of the stage '{row['block']}'{_where(row)} is said to apply; it holds up no later stage."
        notes.append(Note("STAGE_EXEMPT", message, "warning", row["block"]))
    doubtful = stages[~stages["fulfilled"] & ~(blocks["highest"].fillna(100.0) < threshold)]
    for row in doubtful.to_dict("records"):
        message = f"Entries of the stage '{row['stage']}'{_where(row)} that are not answered could still fulfil it."
        notes.append(Note("STAGE_UNDECIDED", message, "warning", row["stage"]))
    return Stages(
        estimates=no_estimates(),
        n=given.n,
        tables={"reached": reached, "stages": stages, "blocks": blocks, "entries": given.rows, **points_of(given)},
        notes=tuple(notes),
        samples=sample_table(given.n, given.dropped),
        call={"list": name, "threshold": float(threshold), "instruments": [*checklist_of(name)["instruments"]]},
    )


def _where(row: dict[Any, Any]) -> str:
    return "" if row["unit"] == ALONE else f" of unit {row['unit']}"


def _reached(unit: str, stages: pd.DataFrame) -> dict[str, object]:
    names = list(stages["stage"])
    place = int(stages["reached"].sum())
    following = names[place] if place < len(names) else ""
    return {
        "unit": unit,
        "stage": names[place - 1] if place else "",
        "place": place,
        "of": len(names),
        "next": following,
    }
