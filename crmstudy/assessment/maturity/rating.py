"""Top-down maturity: raters place each leaf on the scale; profiles, agreement, gaps, roadmap and change follow."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from crmstudy.assessment.catalogue import language
from crmstudy.assessment.maturity import rating_figures, rating_prose
from crmstudy.assessment.maturity.change import changes
from crmstudy.assessment.maturity.panel import panel_agreement
from crmstudy.assessment.maturity.profile import (
    block_profile,
    distribution,
    lacking_evidence,
    leaf_profile,
    lens_profile,
    overall_profile,
    profile_notes,
    to_discuss,
)
from crmstudy.assessment.maturity.ratings import RatingTable, read_ratings
from crmstudy.assessment.maturity.roadmap import in_words, plan
from crmstudy.assessment.maturity.target import targets_of, weights_of
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.drawing import Drawing
from crmstudy.errors import DataError, Fault, ModelError
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import coverage_faults, is_whole


@dataclass(frozen=True, eq=False, repr=False)
class RatingResult(AssessmentResult):
    """An organisation on the maturity scale, as its raters see it.

    ``estimates`` has the agreement of the raters for each unit and wave with two or more: ``kappa_linear``,
    ``kappa_quadratic``, ``icc_single``, ``icc_average``; last columns ``unit``, ``wave``, ``raters``, ``leaves`` (how
    many the coefficient rests on). ``n`` counts the ratings.

    Tables: ``overall`` (unit, wave, blocks_rated, mean, lowest_block, lowest_mean, level, level_name, weakest_leaf,
    strong), ``blocks`` (unit, wave, block, n_leaves, rated, mean, minimum, maximum, weakest, strong, target, gap),
    ``lenses`` (unit, wave, lens, n_leaves, rated, mean, minimum, maximum, weakest), ``leaves`` (unit, wave, block,
    leaf, lenses, n_raters, level, reached, lowest, highest, discuss, without_evidence, target, gap), ``distribution``
    (unit, wave, level, level_name, leaves, percent), ``discuss`` (unit, wave, block, leaf, lowest, highest, level,
    ratings), ``without_evidence`` (unit, wave, leaf, rater, level), ``pairs`` (unit, wave, rater_1, rater_2, leaves,
    equal_percent, within_one_percent, mean_difference), ``roadmap`` (unit, wave, step, block, leaf, lenses, reached,
    next_level, target, gap, weight, priority, ready, waits_for, label, now, next), ``change`` (unit, wave_before,
    wave_after, of, name, before, after, change), ``change_tests`` (unit, wave_before, wave_after, leaves, up, same,
    down, mean_change, median_change, v, p_value, exact, rank_biserial), ``ratings`` (unit, wave, rater, leaf, level,
    evidence).
    """

    kind: ClassVar[str] = "maturity_rating"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "overall",
            "Overall Maturity",
            (
                ("unit", "Unit", "text"),
                ("wave", "Wave", "text"),
                ("mean", "Mean of the blocks", "estimate"),
                ("lowest_block", "Lowest block", "text"),
                ("lowest_mean", "Its mean", "estimate"),
                ("level", "Level", "n"),
                ("level_name", "Name", "text"),
                ("strong", "Strong blocks", "text"),
            ),
            "The level is the highest whole level not above the mean of the lowest block; a block is strong when each "
            "of its leaves has level 3 at least. Scale from 0 (none) to 6 (maximum).",
        ),
        Shown(
            "blocks",
            "Maturity by Block",
            (
                ("unit", "Unit", "text"),
                ("wave", "Wave", "text"),
                ("block", "Block", "text"),
                ("rated", "Leaves rated", "n"),
                ("mean", "Mean", "estimate"),
                ("minimum", "Weakest", "estimate"),
                ("weakest", "Weakest leaves", "text"),
                ("target", "Target", "estimate"),
                ("gap", "Gap", "estimate"),
            ),
            "Mean and minimum of the leaves' levels, which are medians over raters. Gap: target less level.",
        ),
        Shown(
            "lenses",
            "Maturity by Lens",
            (
                ("unit", "Unit", "text"),
                ("wave", "Wave", "text"),
                ("lens", "Lens", "text"),
                ("rated", "Leaves rated", "n"),
                ("mean", "Mean", "estimate"),
                ("minimum", "Weakest", "estimate"),
                ("weakest", "Weakest leaves", "text"),
            ),
            "Which leaf is seen through which lens is our assignment; a leaf with two lenses counts in both.",
        ),
        Shown(
            "discuss",
            "Leaves on Which the Raters Differ",
            (
                ("unit", "Unit", "text"),
                ("wave", "Wave", "text"),
                ("leaf", "Leaf", "text"),
                ("lowest", "Lowest", "n"),
                ("highest", "Highest", "n"),
                ("ratings", "Ratings", "text"),
            ),
            "More than one level apart: to be discussed before the median is taken for the level.",
        ),
        Shown(
            "roadmap",
            "Roadmap",
            (
                ("unit", "Unit", "text"),
                ("step", "Step", "n"),
                ("label", "What", "text"),
                ("reached", "Now", "n"),
                ("next_level", "Next", "n"),
                ("next", "The next level as described", "text"),
                ("priority", "Weighted gap", "estimate"),
                ("waits_for", "Waits for", "text"),
            ),
            "Steps whose foundations are laid first, then by weighted gap. Which block rests on which is ours.",
            rows=12,
        ),
        Shown(
            "change_tests",
            "Change Between Waves",
            (
                ("unit", "Unit", "text"),
                ("wave_before", "From", "text"),
                ("wave_after", "To", "text"),
                ("leaves", "Leaves", "n"),
                ("up", "Up", "n"),
                ("same", "Same", "n"),
                ("down", "Down", "n"),
                ("mean_change", "Mean change", "estimate"),
                ("v", "V", "statistic"),
                ("p_value", "p", "p"),
            ),
            "V and p of Wilcoxon's signed ranks over the leaves, which are no sample.",
        ),
    )

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """What was found, in sentences; of each unit in its last wave."""
        return rating_prose.sentences(self, lang)

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """The first steps of the roadmap."""
        return rating_prose.next_steps(self, lang)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of blocks, leaves and lenses."""
        return rating_prose.labels(lang)

    def drawings(self) -> tuple[Drawing, ...]:
        """A radar of the blocks, a grid of blocks by unit and wave, grids of leaves by rater."""
        return rating_figures.drawings(self)

    def roadmap(self, lang: str = "en") -> pd.DataFrame:
        """The steps, with what stands now and what comes next in a language (columns ``label``, ``now``, ``next``).

        Raises
        ------
        UnsupportedError
            For another language.
        """
        return in_words(self.tables["roadmap"].drop(columns=["label", "now", "next"]), language(lang))


def rate(
    ratings: object,
    *,
    rater: str | None = None,
    wave: str | None = None,
    unit: str | None = None,
    target: Mapping[str, float] | float | None = None,
    weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    bootstrap: int | None = 1000,
    seed: int | None = None,
) -> RatingResult:
    r"""Rate an organisation on the maturity scale, leaf by leaf (top-down).

    Serves source documents 4.4 (three lenses), 4.5 (levels first, then what is seen at them), 4.6 (the scale), 4.8
    (strong blocks), 4.9.1–4.9.8 (blocks and leaves), 4.19 (levels beside what is said of most firms) and 4.20
    (assessment first, then the roadmap).

    Parameters
    ----------
    ratings : DataFrame, Responses or path, or a list of these
        One row a rating: ``leaf`` (name, or its label in English, Persian or Russian), ``level`` (0 to 6 or the
        level's name; empty where the rater could not judge), and where there are any ``rater``, ``wave``, ``unit`` and
        ``evidence``. Forms of :func:`rating_form` that were filled in, too; of several files one without raters stands
        for a rater of the file's name.
    rater, wave, unit : str, optional
        The columns of these, when they are called otherwise. A column left out, or empty, stands for one and the same.
    target : float or mapping of str to float, optional
        The whole level wanted: of all leaves, or by block and leaf; a leaf's own number counts before its block's.
    weights : mapping of str to float, optional
        How much a step counts in the roadmap, by block and leaf; 1 where nothing is said.
    level : float
        Coverage of the intervals of agreement.
    bootstrap : int, optional
        Samples of the leaves for the interval of the mean kappa of three raters and more; None for no interval.
    seed : int, optional
        Of the bootstrap; without it one is drawn and kept in ``.call``.

    Returns
    -------
    RatingResult

    Raises
    ------
    DataError
        For columns that are not there, leaves and levels that are not on the scale, a leaf that one rater rated twice
        in a unit and wave, and for faulty ``target`` and ``weights``; all at once.
    ModelError
        For a ``level``, ``bootstrap`` or ``seed`` that cannot be used.

    Notes
    -----
    *Consensus.* The level of a leaf is the median over raters; where they are more than one level apart the leaf stands
    in ``tables["discuss"]`` with who gave what. With an even number of raters the median may lie between two levels;
    the level *reached* is then the lower one. *Blocks and lenses* have the mean and the minimum of their leaves.
    *Overall.* The conservative rule: :math:`\lfloor \min_b \bar x_b \rfloor`, the whole level that the lowest block
    mean reaches; beside it the mean of the block means, in which every block counts alike, and the weakest leaf. It is
    not given when a block has no rating. *Strong* is a block all of whose leaves are rated 3 (practising) at least;
    this threshold is ours. *Agreement* as :func:`crmstudy.raters` (weighted kappa over the seven levels; Cohen, 1968;
    of more than two raters Light's mean) and :func:`crmstudy.icc` (absolute agreement, McGraw & Wong, 1996). *Gap* is
    target less level, *priority* in the roadmap gap times weight. *Change* between waves is tested by Wilcoxon's signed
    ranks over the leaves rated in both, which describes one organisation and is no inference to others.

    Examples
    --------
    >>> rows = [("leadership", "A", 3), ("leadership", "B", 5), ("data", "A", 2), ("data", "B", 2)]
    >>> found = rate(pd.DataFrame(rows, columns=["leaf", "rater", "level"]), target=4)
    >>> leaves = found.tables["leaves"].set_index("leaf")
    >>> leaves.loc[["leadership", "data"], ["level", "gap", "discuss"]].to_numpy().tolist()
    [[4.0, 0.0, True], [2.0, 2.0, False]]
    """
    _check_options(level, bootstrap, seed)
    faults: list[str | Fault] = []
    told: list[str] = []
    targets, counts = targets_of(target, told), weights_of(weights, told)
    faults += told
    table: RatingTable | None = None
    try:
        table = read_ratings(ratings, {"rater": rater, "wave": wave, "unit": unit})
    except DataError as error:
        faults += error.faults
    if faults or table is None:
        raise DataError([fault if isinstance(fault, Fault) else Fault(fault) for fault in faults])
    drawn = secrets.randbits(32) if seed is None else seed
    notes = [*table.notes]
    profile = leaf_profile(table, targets)
    found = block_profile(profile)
    notes += profile_notes(profile, found)
    estimates, pairs = panel_agreement(table, level, bootstrap, drawn, notes)
    discuss, bare = to_discuss(table, profile), lacking_evidence(table)
    steps = plan(table, profile, found, targets, counts)
    change, tests = changes(table, profile, notes)
    notes += _findings(table, discuss, bare, target, targets)
    resampled = bootstrap is not None and bool(len(estimates)) and bool((estimates["raters"] > 2).any())
    return RatingResult(
        estimates=estimates,
        n=len(table.rows),
        tables={
            "overall": overall_profile(found), "blocks": found, "lenses": lens_profile(profile), "leaves": profile,
            "distribution": distribution(profile), "discuss": discuss, "without_evidence": bare, "pairs": pairs,
            "roadmap": in_words(steps, "en"), "change": change, "change_tests": tests, "ratings": table.rows,
        },
        notes=tuple(notes),
        samples=sample_table(len(table.rows), table.empty),
        call={
            "rater": rater, "wave": wave, "unit": unit,
            "target": dict(target) if isinstance(target, Mapping) else target,
            "weights": dict(weights) if weights is not None else None, "level": level,
            "bootstrap": bootstrap if resampled else None, "seed": drawn if resampled else None,
        },
    )  # fmt: skip


def _check_options(level: float, bootstrap: object, seed: object) -> None:
    faults = coverage_faults(level)
    if bootstrap is not None and not (is_whole(bootstrap) and bootstrap >= 100):
        faults.append(f"`bootstrap` is a number of samples from 100, or None, not {bootstrap!r}.")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)


def _findings(
    table: RatingTable, discuss: pd.DataFrame, bare: pd.DataFrame, asked: object, target: Mapping[str, float]
) -> list[Note]:
    """What the committee has to settle, and what is ours in the numbers."""
    notes = []
    if table.empty:
        message = f"{table.empty} rows have no level: not rated is not level 0, and they are left out."
        notes.append(Note("MATURITY_EMPTY_RATINGS", message))
    if len(discuss):
        named = ", ".join(dict.fromkeys(discuss["leaf"]))
        message = (
            f"Raters are more than one level apart in {len(discuss)} cases ({named}); "
            "their medians stand for now, and are to be discussed before they are used."
        )
        notes.append(Note("MATURITY_DISCUSS", message, "warning"))
    if len(bare):
        above = int((table.rows["level"] > 0).sum())
        said = "" if table.has_evidence else "There is no column 'evidence'. "
        message = f"{said}{len(bare)} of {above} ratings above 0 name no evidence; they are opinions until they do."
        notes.append(Note("MATURITY_NO_EVIDENCE", message, "warning"))
    if asked is None:
        message = "No `target` is given: there are no gaps, and the roadmap starts with the lowest leaves."
        notes.append(Note("MATURITY_NO_TARGET", message))
    elif len(target) < len(set(table.rows["leaf"]) | set(target)):
        without = [leaf for leaf in dict.fromkeys(table.rows["leaf"]) if leaf not in target]
        message = f"`target` says nothing of {', '.join(without)}: these have no gap and are not in the roadmap."
        notes.append(Note("MATURITY_TARGET_PARTLY", message))
    message = "The anchors, the lenses of each leaf, the rule of a strong block and the order of the roadmap are ours."
    notes.append(Note("MATURITY_OWN_WORDING", message))
    return notes
