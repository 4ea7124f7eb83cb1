"""Measurement invariance over groups or waves: a ladder of nested models, and what it allows to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.errors import AnalysisError, ModelError
from crmstudy.estimating.auxiliary import auxiliary_names
from crmstudy.estimating.options import with_sem_keywords
from crmstudy.fitted.pooledresult import PooledSemResult
from crmstudy.measurement.invariance.candidates import empty_candidates, release_candidates
from crmstudy.measurement.invariance.groups import Fitted, Models, face_of
from crmstudy.measurement.invariance.ladder import Ladder, climb, ladder_table
from crmstudy.measurement.invariance.latent_means import MEAN_COLUMNS, latent_mean_differences
from crmstudy.measurement.invariance.levels import Step
from crmstudy.measurement.invariance.non_equivalence import non_equivalence
from crmstudy.measurement.invariance.request import read_request
from crmstudy.measurement.invariance.text import disagreement, ladder_text, level_words
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result, records

#: Rows a free parameter below which the estimates of a group are hard to trust (Bentler & Chou, 1987).
_ROWS_A_PARAMETER = 5
_UNEQUAL = 2.0


@dataclass(frozen=True, eq=False, repr=False)
class InvarianceResult(Result):
    """A ladder of invariance.

    ``.fits`` maps each level to its :class:`~crmstudy.fitted.semresult.SemResult`; ``.fit`` has the indices of the
    highest level that is held. ``.tables``:

    - ``ladder``: one row a level: ``level, equal, npar, chisq, df, p_value``, scaled ones where there are
      (``chisq_scaled, df_scaled, p_value_scaled``), ``cfi, tli, rmsea, srmr``, scaled and robust ones where there are
      (``cfi_robust`` ...), ``aic, bic``; against the level before ``delta_chisq, delta_df, delta_p`` (scaled where the
      tests are), ``rmsea_diff`` (RMSEA of the difference), ``delta_cfi, delta_rmsea, delta_srmr`` and those of scaled
      and robust indices; ``held_by_p, held_by_cheung_rensvold, held_by_chen``, ``indices`` (``plain``, ``scaled`` or
      ``robust``: which ones were judged), ``rule`` (which rule decided), ``decision`` (``starting point``, ``held``,
      ``not held``, ``not judged``), ``supported`` (held, like all before it) and ``admissible``;
    - ``candidates``: for the first level that is not held, see
      :func:`~crmstudy.measurement.invariance.candidates.release_candidates`; exploratory;
    - ``latent_means``: of the highest supported level with equal intercepts and free means, see
      :func:`~crmstudy.measurement.invariance.latent_means.latent_mean_differences`; where none is supported, of the
      first such level, with a warning; empty where there is no such level;
    - ``dmacs``: of the configural model, see :func:`~crmstudy.measurement.invariance.non_equivalence.non_equivalence`.

    ``.estimates``: one row a step ("metric vs configural") with the difference of the chi-squares.
    """

    fits: Mapping[str, Fitted] = field(default_factory=dict)
    ladder: Ladder | None = None
    models: Models | None = None

    kind: ClassVar[str] = "invariance"

    @property
    def highest(self) -> str | None:
        """The highest level that is held; None when the configural model is inadmissible."""
        held = () if self.ladder is None else self.ladder.held
        return held[-1].step.level if held else None

    @property
    def text(self) -> str:
        """Which level is held, by which figures, in one sentence."""
        if self.ladder is None or self.models is None:
            return super().text
        return ladder_text(self.ladder, self.models.over, self.n, self.models.partial)

    def latent_means(self, level: str) -> pd.DataFrame:
        """Latent mean differences of any fitted level, whether it is supported or not.

        Raises
        ------
        ModelError
            When there is no such level, or means are not free at it.
        """
        free = [rung.step.level for rung in self.ladder.rungs if has_means(rung.step)] if self.ladder else []
        if level not in free or self.models is None:
            able = ", ".join(free) or "none of this ladder"
            raise ModelError(f"latent means can be compared at the level {able}; found {level!r}.")
        fit = self.fits[level]
        return latent_mean_differences(face_of(fit), self.models.occasions(fit))

    def partial(self, *names: str) -> InvarianceResult:
        """The ladder again with more parameters left free at every level: ``result.partial("visual =~ x3", "x3 ~1")``.

        Raises
        ------
        ModelError
            When a name is no parameter of the model.
        """
        if self.models is None or not names:
            raise ModelError("partial() takes parameters to leave free, such as 'visual =~ x3' or 'x3 ~1'.")
        steps = tuple(rung.step for rung in self.ladder.rungs) if self.ladder else ()
        return _run(self.models.freeing(self.models.plain.spelled(names)), steps, self.call)

    def plot(self) -> CoefficientPlot | None:
        """Latent mean differences with their intervals; None where there are none, or no level supports them."""
        table = self.tables["latent_means"]
        usable = table[np.isfinite(table["ci_low"])] if len(table) else table
        if usable.empty or any(note.code == "INVARIANCE_MEANS_UNSUPPORTED" for note in self.notes):
            return None
        reference, others = usable["reference"].iloc[0], list(dict.fromkeys(usable["group"]))
        several = len(others) > 1
        terms = [f"{row['factor']}: {row['group']}" if several else str(row["factor"]) for row in records(usable)]
        return CoefficientPlot(
            "Latent mean differences",
            f"Differences of {len(usable)} latent means from {reference}, with their intervals.",
            tuple(terms), tuple(usable["estimate"]), tuple(usable["ci_low"]), tuple(usable["ci_high"]),
            x_label=f"Difference from {reference}" if several else f"{others[0]} minus {reference}",
            admissible=self.admissible,
        )  # fmt: skip


@with_sem_keywords
def invariance(
    model: str,
    data: Any = None,
    *,
    group: str | None = None,
    waves: Any = None,
    id: str | None = None,
    levels: Sequence[str] | str | None = None,
    criteria: str = "chen",
    like_items: bool = True,
    **keywords: Any,
) -> InvarianceResult:
    r"""Test whether a measurement model is the same in several groups, or at several times.

    Parameters
    ----------
    model : str
        The model in lavaan syntax, written once: without ``c()``, labels, definitions and constraints.
    data : DataFrame, Responses or Imputed
        One row a respondent. Over completed data sets every level is pooled: differences of chi-squares by D3 (D2
        where there is no likelihood), indices from the pooled chi-squares, latent means and dMACS from the pooled
        parameters with Rubin's covariances; parameters to release are not named.
    group : str, optional
        The column of the groups; the first that appears is the reference.
    waves : list, mapping or str, optional
        Instead of groups, waves of a panel. A list of what stands behind the variables' names (``["_1", "_2"]``), or a
        mapping of each wave to its columns (``{"t1": {"y1": "y1_t1", ...}, ...}``): the columns of all waves stand side
        by side. The name of a column: the file is stacked, one row a respondent and wave, and ``id`` names the
        respondent. The first wave is the reference.
    id : str, optional
        The column of the respondent in a stacked file.
    levels : list of str, optional
        Levels in the order of testing; by default ``configural, metric, scalar, strict``. Each holds equal what it
        adds and all before it: ``metric`` loadings, ``scalar`` intercepts, ``strict`` residual variances,
        ``residual.covariances``, ``lv.variances``, ``lv.covariances``, ``regressions`` and ``means`` (of factors).
    criteria : {"chen", "cheung_rensvold", "p"}
        The rule that decides whether a level is held; the others are shown beside it.
    like_items : bool
        With waves: let the residuals of an item covary between waves.
    group_partial : list of str, optional
        Parameters left free at every level, such as ``"visual =~ x3"`` or ``"x3 ~1"`` (also with waves).
    **keywords
        See :func:`crmstudy.sem`; ``group_equal`` follows from ``levels``.

    Returns
    -------
    InvarianceResult

    Raises
    ------
    ModelError, DataError, UnsupportedError
        Input that is refused, with all its faults.
    AnalysisError
        A group with too few rows, or variables that do not vary in it.

    Notes
    -----
    The models are those of lavaan 0.6-14: once intercepts are equal, latent means of later groups are free; with
    ``std_lv``, their latent variances are free once loadings are equal. Over waves, a set of factors a wave covaries
    freely and equalities are labels (Meredith, 1993; Vandenberg & Lance, 2000). A model with factors of factors needs
    ``f ~ 0*1`` for the first-order factors to be identified at ``scalar``.

    ``chen`` (Chen, 2007): a level is not held when the CFI falls by .010 or more and RMSEA rises by .015 or more or
    SRMR by .030 (loadings) or .010 (intercepts, residuals) or more; with up to 300 rows in all .005, .010 and .025 or
    .005. (She asks for these when few rows, unequal groups and differences that all go one way come together; here N
    alone decides.) She studied two groups; over waves her values are borrowed. She gives none for the levels after
    ``strict``: there the p of the difference decides. ``cheung_rensvold`` (2002): not held when the CFI falls by .01
    or more. ``p``: not held when the chi-square difference has p below 1 - ``level``. Robust indices are judged where
    there are any.

    Examples
    --------
    >>> import numpy as np, pandas as pd, crmstudy as cs
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=400)
    >>> data = pd.DataFrame({f"x{i}": factor + rng.normal(size=400) for i in range(1, 5)})
    >>> data["branch"] = np.repeat(["north", "south"], 200)
    >>> cs.invariance("f =~ x1 + x2 + x3 + x4", data, group="branch").highest
    'strict'
    """
    asked = read_request(model, data, group, waves, id, levels, criteria, like_items, keywords)
    return _run(asked.models, asked.steps, asked.call)


def _run(models: Models, steps: Sequence[Step], call: Mapping[str, Any]) -> InvarianceResult:
    """Fit every level, climb the ladder, and look at what it allows to be compared."""
    fits, notes = _fits(models, steps)
    levels = list(fits)
    first = fits[levels[0]]
    ladder = climb(steps, list(fits.values()), str(call["criteria"]), 1.0 - float(call["level"]))
    notes += [*models.notes, *_fit_notes(fits), *ladder.notes, *_group_notes(models, first)]
    notes += [
        Note("INVARIANCE_RULES_DISAGREE", message, "info", rung.step.level)
        for rung in ladder.decisive
        if (message := disagreement(rung))
    ]
    candidates, said = _candidates(models, ladder)
    means, more = _latent_means(models, ladder)
    effects, others = non_equivalence(face_of(first), models.plain, models.occasions(first))
    held = ladder.held or ladder.rungs[:1]
    return InvarianceResult(
        estimates=_estimates(ladder),
        n=first.n,
        fit=held[-1].fit.fit,
        tables={
            "ladder": ladder_table(ladder), "candidates": candidates, "latent_means": means, "dmacs": effects,
        },
        notes=tuple(dict.fromkeys([*notes, *said, *more, *others])),
        samples=first.samples,
        call={**call, "group_partial": list(models.partial)},
        fits=fits,
        ladder=ladder,
        models=models,
    )  # fmt: skip


def _fits(models: Models, steps: Sequence[Step]) -> tuple[dict[str, Fitted], list[Note]]:
    """The fits of the levels; what cannot be fitted ends the ladder, the first level the whole analysis."""
    fits: dict[str, Fitted] = {}
    for step in steps:
        try:
            fits[step.level] = models.fit(step.equal)
        except AnalysisError as error:
            if not fits:
                raise
            message = f"The {step.level} model could not be fitted, so the ladder ends before it: {error}"
            return fits, [Note("INVARIANCE_LEVEL_FAILED", message, "warning", step.level)]
    return fits, []


def _fit_notes(fits: Mapping[str, Fitted]) -> list[Note]:
    """What is said of the sample once, and which levels must not be interpreted."""
    notes = [note for fit in fits.values() for note in fit.notes if note.level != "inadmissible"]
    for number, (level, fit) in enumerate(fits.items()):
        reasons = [note.message for note in fit.notes if note.level == "inadmissible"]
        if reasons:
            message = f"The {level} model must not be interpreted, and nothing is decided from it: {' '.join(reasons)}"
            notes.append(Note("INVARIANCE_LEVEL_INADMISSIBLE", message, "warning" if number else "inadmissible", level))
    return notes


def _group_notes(models: Models, fit: Fitted) -> list[Note]:
    """Groups with few rows for their parameters, and groups of very different size."""
    notes = []
    table = fit.solution.table
    beside = set(auxiliary_names(table))
    sizes = [round(group.n) for group in fit.solution.sample.groups]
    few = []
    for number, (label, n) in enumerate(zip(fit.solution.sample.labels, sizes, strict=True), start=1):
        own = (row for row in table.rows if row.group == number and row.free and not {row.lhs, row.rhs} & beside)
        free = len({row.free for row in own})
        if n < _ROWS_A_PARAMETER * free:
            where = f"group '{label}'" if label else "the sample"
            few.append(f"{where} has {n} rows for {free} free parameters of the configural model")
    if few:
        asked = f"fewer than the {_ROWS_A_PARAMETER} each that Bentler and Chou (1987) ask for at least"
        message = f"{'; '.join(few)}: {asked}."
        notes.append(Note("INVARIANCE_FEW_ROWS", message[:1].upper() + message[1:], "warning"))
    if len(sizes) > 1 and max(sizes) >= _UNEQUAL * min(sizes):
        told = ", ".join(f"{label} {write_number(n, 'n')}" for label, n in zip(fit.groups, sizes, strict=True))
        message = (
            f"The groups differ much in size ({told}): the larger ones dominate the equal parameters, and differences "
            "of the smaller ones show less in the fit."
        )
        notes.append(Note("INVARIANCE_UNEQUAL_GROUPS", message))
    return notes


def _candidates(models: Models, ladder: Ladder) -> tuple[pd.DataFrame, list[Note]]:
    """Score tests for the first level that is not held, where it has a proper solution."""
    rung = ladder.failing
    if rung is None or rung is ladder.rungs[0] or not rung.is_sound:
        return empty_candidates(), []
    if isinstance(rung.fit, PooledSemResult):
        message = "Score tests are not pooled over completed data sets, so no parameter to release is named."
        return empty_candidates(), [Note("INVARIANCE_NO_CANDIDATES", message, "info", rung.step.level)]
    return release_candidates(models, rung.step, rung.fit)


def _latent_means(models: Models, ladder: Ladder) -> tuple[pd.DataFrame, list[Note]]:
    """Differences at the highest supported level that allows them, else at the first one, with a warning."""
    able = [rung for rung in ladder.rungs if has_means(rung.step) and rung.is_sound]
    if not able:
        return pd.DataFrame(columns=list(MEAN_COLUMNS)), []
    supported = [rung for rung in able if rung in ladder.held]
    chosen = supported[-1] if supported else able[0]
    table = latent_mean_differences(face_of(chosen.fit), models.occasions(chosen.fit))
    table.insert(3, "level", chosen.step.level)
    if supported:
        return table, []
    level = chosen.step.level
    message = (
        f"Latent means are those of the {level} model, but {level_words(level)} is not supported: their differences "
        "also hold what differs in the measurement. Free what differs (partial invariance) before they are interpreted."
    )
    return table, [Note("INVARIANCE_MEANS_UNSUPPORTED", message, "warning", level)]


def has_means(step: Step) -> bool:
    """Whether latent means are free beyond the reference at a level."""
    return "intercepts" in step.equal and "means" not in step.equal


def _estimates(ladder: Ladder) -> pd.DataFrame:
    rows = [
        {
            "term": f"{rung.step.level} vs {before.step.level}", "statistic": rung.delta_chisq, "df": rung.change.df,
            "p_value": rung.change.p_value,
        }
        for before, rung in zip(ladder.rungs, ladder.rungs[1:], strict=False)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS)).astype(dict.fromkeys(ESTIMATE_COLUMNS[1:], float))
