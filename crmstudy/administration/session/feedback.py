"""The scores a respondent is shown at the end: their own, from their own answers, without a judgement.

Neither published bands nor norms are applied: they hold for a published wording in the population they were found in,
and a respondent could only take them for a diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crmstudy.administration.fieldwork import Sample
from crmstudy.errors import Fault, StudyError, did_you_mean
from crmstudy.instrument.model import HigherOrder, Instrument, Scale
from crmstudy.quoting import shown


@dataclass(frozen=True, slots=True)
class OwnScore:
    """One score of one respondent.

    Attributes
    ----------
    id, name, meaning : str
        The scale, what it is called in the language, and what a higher score means (may be empty).
    value : float or None
        The score; None where too little was answered.
    low, high : float
        The lowest and the highest score there can be.
    answered, asked, needed : int
        Items with an answer, all items, and the fewest that give a score; of a score made of scores: its parts.
    """

    id: str
    name: str
    meaning: str
    value: float | None
    low: float
    high: float
    answered: int
    asked: int
    needed: int

    @property
    def incomplete(self) -> bool:
        """Whether too little was answered for a score."""
        return self.value is None


def scores(sample: Sample, answers: Mapping[str, object], lang: str) -> tuple[OwnScore, ...]:
    """The scores of ``sample.feedback``, in that order.

    Parameters
    ----------
    sample : Sample
        Its feedback names scales, or scores made of scales.
    answers : mapping of str to answer
        As they are handed over (:attr:`.route.Filled.answers`): without those of hidden items.
    lang : str
        The language of the names.

    Returns
    -------
    tuple of OwnScore
        What was answered too incompletely for a score is among them, and says so.

    Raises
    ------
    StudyError
        For a scale that no instrument of the sample has, or that several have.
    """
    numbers = {id: answer for id, answer in answers.items() if isinstance(answer, int | float)}
    found, faults = [], []
    for name in sample.feedback:
        named = list(_named(sample, name))
        if len(named) == 1:
            found.append(_scored(*named[0], numbers, lang))
        elif named:
            faults.append(Fault(f"feedback: several instruments have a scale '{shown(name)}'; name only one of them."))
        else:
            hint = did_you_mean(name, (score.id for one in sample.instruments for score in one.scores))
            faults.append(Fault(f"feedback: no instrument of the sample has a scale '{shown(name)}'.{hint}"))
    if faults:
        raise StudyError(faults)
    return tuple(found)


def _named(sample: Sample, name: str) -> Iterator[tuple[Instrument, Scale | HigherOrder]]:
    return ((one, score) for one in sample.instruments for score in one.scores if score.id == name)


def _scored(instrument: Instrument, score: Scale | HigherOrder, answers: Mapping[str, float], lang: str) -> OwnScore:
    if isinstance(score, Scale):
        given = [item.usable(answers.get(item.id)) for item in score.items]
    else:
        given = [part.score(answers) for part in score.parts]
    low, high = score.range
    return OwnScore(
        score.id, instrument.text(score.name, lang) or score.id, instrument.text(score.higher_means, lang),
        score.score(answers), low, high, sum(one is not None for one in given), len(given), score.min_answered,
    )  # fmt: skip
