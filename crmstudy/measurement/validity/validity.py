"""Convergent and discriminant validity from a fitted measurement model."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy.drawing import HeatMap
from crmstudy.errors import ModelError, UnsupportedError
from crmstudy.fitted.measured import Measurement, measurement
from crmstudy.fitted.semresult import SemResult
from crmstudy.kernels.covariance import validity as kernel
from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.polychoric import polychoric
from crmstudy.kernels.reliability.coefficients import alpha
from crmstudy.kernels.resample import generator
from crmstudy.measurement.validity.discriminant import discriminant_table
from crmstudy.measurement.validity.discriminant_rules import (
    FAILS,
    WORDS,
    cross_loadings,
    decision_table,
    item_score_correlations,
)
from crmstudy.measurement.validity.general_factor import general_factor_tables
from crmstudy.measurement.validity.pooled import takes_pooled
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.results import ESTIMATE_COLUMNS, Result, records
from crmstudy.selection import is_whole

_RATIOS = {"htmt": kernel.htmt, "htmt2": kernel.htmt2}
_NAMES = {"htmt": "HTMT", "htmt2": "HTMT2"}
_INTERVAL_COLUMNS = ("lhs", "rhs", "coefficient", "estimate", "ci_low", "ci_high", "undefined")
#: More different answers than this are no ordered categories.
_MOST_CATEGORIES = 20
_WHY = {
    kernel.ONE_ITEM: "one of the factors has a single indicator of its own",
    kernel.NO_WITHIN: "the indicators of one of the factors do not correlate positively on average",
    kernel.ZERO_CORRELATION: "two of the indicators correlate exactly 0, which a geometric mean does not allow",
    kernel.NO_VARIANCE: "an indicator does not vary",
}


@dataclass(frozen=True, eq=False, repr=False)
class ValidityResult(Result):
    """Convergent and discriminant validity of the factors of a model.

    ``.tables``:

    - ``convergent``: factor, items, cr, ave, sqrt_ave, alpha;
    - ``fornell_larcker``: square root of AVE on the diagonal, factor correlations below it; factors are the index;
    - ``htmt``, ``htmt2``: heterotrait-monotrait ratios, lower triangle, factors are the index;
    - ``discriminant``: one row a pair of factors: lhs, rhs, correlation, std_error, ci_low, ci_high, ave_check (both
      AVE exceed the squared correlation), htmt, htmt2, cutoff, chisq_diff, df_diff, p_value (test that the correlation
      is the cutoff);
    - ``decisions``: one row a pair and rule: lhs, rhs, rule (fornell_larcker, htmt_85, htmt_90, correlation_interval,
      correlation_test; with ``bootstrap`` htmt_interval), value, limit, decision (holds, fails, not judged), source;
    - ``cross_loadings``: implied correlations of items (index) with all factors, ``item_score_correlations`` those in
      the sample with the sum of each factor's own items without the item; both with factor (its own) and highest;
    - with ``bootstrap``, ``htmt_intervals``: lhs, rhs, coefficient, estimate, ci_low, ci_high, undefined (replicates
      without a value);
    - of a bifactor or second-order model ``bifactor``, ``bifactor_items`` and ``second_order``, see
      :func:`crmstudy.measurement.validity.general_factor.general_factor_tables`.
    """

    kind: ClassVar[str] = "validity"

    @property
    def text(self) -> str:
        """The lowest composite reliability and AVE, or what stands in their place."""
        mark = "" if self.admissible else " The solution is INADMISSIBLE and must not be interpreted."
        if "bifactor" in self.tables:
            general = records(self.tables["bifactor"])[0]
            omega_h, omega, ecv = (write_number(general[name], "r") for name in ("omega_h", "omega", "ecv"))
            return (
                f"The general factor ({general['factor']}) has a hierarchical omega of {omega_h} (omega {omega}) and "
                f"an explained common variance of {ecv}.{mark}"
            )
        table = self.tables["convergent"]
        if table.empty:
            return "No factor has two or more indicators of its own; CR and AVE do not apply."
        rows = records(table)
        cr, ave = min(rows, key=lambda row: float(row["cr"])), min(rows, key=lambda row: float(row["ave"]))
        return (
            f"The lowest composite reliability is {write_number(cr['cr'], 'r')} ({cr['factor']}) and the lowest "
            f"average variance extracted {write_number(ave['ave'], 'r')} ({ave['factor']}).{mark}"
        )

    def plot(self) -> HeatMap | None:
        """Factor correlations with the square roots of AVE on the diagonal; None for fewer than two factors."""
        square = self.tables["fornell_larcker"]
        if len(square) < 2:
            return None
        values = square.to_numpy(dtype=float).copy()
        diagonal = tuple(None if np.isnan(x) else float(x) for x in np.diagonal(values))
        np.fill_diagonal(values, 1.0)
        full = np.where(np.isnan(values), values.T, values)
        return HeatMap(
            "Factor correlations and √AVE",
            f"Correlations of {len(square)} factors, with the square root of each one's AVE on the diagonal.",
            tuple(map(str, square.columns)),
            tuple(tuple(map(float, row)) for row in full),
            diagonal,
        )


@takes_pooled
def validity(
    sem_result: SemResult, *, bootstrap: int | None = None, seed: int | None = None, cutoff: float = 0.9,
    ordinal: bool = False,
) -> ValidityResult:  # fmt: skip
    r"""Convergent and discriminant validity of a fitted model: CR, AVE, Fornell-Larcker, HTMT, tests of correlations.

    Parameters
    ----------
    sem_result : SemResult
        A model of one group with factors measured by observed indicators.
    bootstrap : int, optional
        Number of bootstrap samples of the rows for percentile intervals of HTMT and HTMT2, at least 100.
    seed : int, optional
        Seed of the bootstrap; without it one is drawn and kept in ``.call``.
    cutoff : float
        The size of correlation, above 0 and at most 1, that the correlation of each pair of factors is tested against.
    ordinal : bool
        HTMT and HTMT2 of polychoric correlations, for answers in a few ordered categories; needs the complete rows.

    Returns
    -------
    ValidityResult

    Raises
    ------
    ModelError
        When the argument is not a fitted model with factors, or ``cutoff``, ``bootstrap`` or ``seed`` is out of range.
    UnsupportedError
        For a model of several groups and a ``bootstrap`` that is not a number.

    Notes
    -----
    For factor :math:`j` with loadings :math:`\lambda`, factor variance :math:`\psi` and residual covariance matrix
    :math:`\Theta` of its indicators: :math:`CR = (\sum\lambda)^2\psi / ((\sum\lambda)^2\psi + 1'\Theta 1)`
    (Jöreskog, 1971; Bollen, 1980) and :math:`AVE` the mean of the squared standardised loadings (Fornell & Larcker,
    1981, eq. 12). An indicator of two factors counts in neither. HTMT is the mean correlation between the indicators of
    two factors over the geometric mean of the mean correlations within them, from absolute sample correlations
    (Henseler, Ringle & Sarstedt, 2015); HTMT2 takes geometric means throughout (Roemer, Schuberth & Henseler, 2021).
    Each correlation is tested against plus or minus ``cutoff`` by the likelihood ratio of a model in which it is fixed
    there (Rönkkö & Cho, 2022), scaled where the model's own test is; one beyond the cutoff has p = 1. Which cutoff is
    right is a matter of judgement: .85 and .90 are named for HTMT (Henseler et al., 2015), and ``decisions`` tells what
    each rule says, with its source. A rule fails where its value is not below its limit.

    Examples
    --------
    >>> import numpy as np, pandas as pd, crmstudy as cs
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=300)
    >>> data = pd.DataFrame({f"x{i}": factor + rng.normal(size=300) for i in range(1, 5)})
    >>> found = cs.validity(cs.cfa("f =~ x1 + x2 + x3 + x4", data))
    >>> list(found.tables["convergent"].columns)
    ['factor', 'items', 'cr', 'ave', 'sqrt_ave', 'alpha']
    """
    if not isinstance(sem_result, SemResult) or not sem_result.latent:
        raise ModelError("validity() takes a fitted model with factors, as sem() or cfa() give it.")
    drawn = _checked(bootstrap, seed, cutoff, ordinal)
    part = measurement(sem_result)
    tables = general_factor_tables(part)
    notes = [*sem_result.notes, *_measured_notes(part, bifactor="bifactor" in tables)]
    convergent = _convergent(part)
    measured = [name for name in part.latent if part.own(name)]
    ratios, undefined = _ratios(part, measured, _polychoric(sem_result, part) if ordinal else part.sample)
    compared = [] if "bifactor" in tables and "second_order" not in tables else measured
    roots = {row["factor"]: row["sqrt_ave"] for row in records(convergent) if row["sqrt_ave"] is not None}
    discriminant, untested = discriminant_table(sem_result, part, compared, roots, ratios, cutoff)
    intervals, skipped = _intervals(sem_result, part, ratios, bootstrap, drawn)
    decisions = decision_table(discriminant, roots, intervals, float(sem_result.call.get("level", 0.95)))
    estimates = [_of_factors(convergent), _of_pairs(discriminant, intervals)]
    return ValidityResult(
        estimates=pd.concat([frame for frame in estimates if len(frame)] or estimates, ignore_index=True),
        n=sem_result.n,
        tables={
            "convergent": convergent,
            "fornell_larcker": _fornell_larcker(part, roots),
            **ratios,
            "discriminant": discriminant,
            "decisions": decisions,
            "cross_loadings": cross_loadings(part),
            "item_score_correlations": item_score_correlations(part),
            **({} if intervals is None else {"htmt_intervals": intervals}),
            **tables,
        },
        notes=(*notes, *undefined, *untested, *skipped, *_failing_notes(decisions)),
        samples=sem_result.samples,
        call={
            "function": "validity", "model": sem_result.call["model"], "cutoff": float(cutoff), "bootstrap": bootstrap,
            "seed": drawn if bootstrap is not None else None, "ordinal": ordinal,
            "level": float(sem_result.call.get("level", 0.95)),
        },
    )  # fmt: skip


def _checked(bootstrap: object, seed: object, cutoff: object, ordinal: object) -> int:
    """Refuse options out of range; the seed, drawn when none is given."""
    if ordinal is True and bootstrap is not None:
        raise UnsupportedError("Ordinal HTMT has no bootstrap in this version; leave `bootstrap` or `ordinal` out.")
    if bootstrap is not None and not is_whole(bootstrap):
        raise UnsupportedError(f"`bootstrap` is a number of samples such as 2000 in this version, not {bootstrap!r}.")
    faults = []
    if isinstance(cutoff, bool) or not isinstance(cutoff, float | int) or not 0 < cutoff <= 1:
        faults.append(f"`cutoff` is a correlation above 0 and at most 1, such as 0.9, not {cutoff!r}.")
    if is_whole(bootstrap) and bootstrap < 100:
        faults.append(f"`bootstrap` is at least 100 samples (2000 or more for a report), not {bootstrap}.")
    if not isinstance(ordinal, bool):
        faults.append(f"`ordinal` is True or False, not {ordinal!r}.")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)
    return int(seed) if is_whole(seed) else secrets.randbits(32)


def _measured_notes(part: Measurement, *, bifactor: bool) -> list[Note]:
    """Factors that CR and AVE do not apply to, and factors whose indicators run in opposite directions."""
    notes = []
    for j, factor in enumerate(part.latent):
        own = part.own(factor)
        if part.upper[:, j].any() or (bifactor and len(own) < 2):
            continue
        if len(own) < 2:
            message = (
                f"CR and AVE do not apply to '{factor}': it has {len(own)} indicator(s) of its own, and they need two."
            )
            notes.append(Note("VALIDITY_FEW_INDICATORS", message, "info", factor))
            continue
        loadings = part.loadings[part.at(own), j]
        if (loadings > 0).any() and (loadings < 0).any():
            against = [name for name, value in zip(own, loadings, strict=True) if value < 0]
            message = (
                f"Indicators of '{factor}' run in opposite directions (negative: {', '.join(against)}); CR and alpha "
                "are those of a plain sum, in which they cancel. Reverse them first."
            )
            notes.append(Note("VALIDITY_MIXED_SIGNS", message, "warning", factor))
    if bifactor:
        message = "The model has a general factor: its tables say how reliable the general and the group factors are."
        notes.append(Note("VALIDITY_GENERAL_FACTOR", message))
    return notes


def _convergent(part: Measurement) -> pd.DataFrame:
    rows = []
    for j, factor in enumerate(part.latent):
        at = part.at(part.own(factor))
        if len(at) < 2:
            continue
        square = np.ix_(at, at)
        implied, variance = part.implied[square], float(part.phi[j, j])
        common = float(part.loadings[at, j].sum()) ** 2 * variance
        cr = common / (common + float(part.residual[square].sum()))
        ave = kernel.average_variance_extracted(part.loadings[at, j], variance, implied)
        root = float(np.sqrt(ave)) if ave >= 0 else np.nan  # below 0 only in an inadmissible solution
        rows.append((factor, len(at), cr, ave, root, alpha(part.sample[square])))
    return pd.DataFrame(rows, columns=["factor", "items", "cr", "ave", "sqrt_ave", "alpha"])


def _fornell_larcker(part: Measurement, roots: dict[str, float]) -> pd.DataFrame:
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.sqrt(np.diagonal(part.phi))
        values = part.phi / np.multiply.outer(deviation, deviation)
    values[np.triu_indices(len(values))] = np.nan
    for j, factor in enumerate(part.latent):
        values[j, j] = roots.get(factor, np.nan)
    return pd.DataFrame(values, index=pd.Index(part.latent, name="factor"), columns=list(part.latent))


def _blocks(part: Measurement, factors: list[str]) -> list[kernel.Indices]:
    return [np.array(part.at(part.own(name)), dtype=np.intp) for name in factors]


def _polychoric(fit: SemResult, part: Measurement) -> Array:
    """Polychoric correlations of the model's complete rows.

    Raises
    ------
    ModelError
        When the rows are not at hand, or an item has too many different answers to be ordinal.
    """
    rows = getattr(fit, "rows", None)
    if rows is None:
        raise ModelError("ordinal=True needs the complete rows of the model: fit it to data, with missing='listwise'.")
    values: Array = np.asarray(rows, dtype=np.float64)
    many = [
        f"{name} ({count})"
        for name, column in zip(part.observed, values.T, strict=True)
        if (count := len(np.unique(column))) > _MOST_CATEGORIES
    ]
    if many:
        raise ModelError(
            f"ordinal=True is for answers in a few ordered categories, at most {_MOST_CATEGORIES}; more have: "
            f"{', '.join(many)}. Leave `ordinal` out."
        )
    return polychoric(values).correlation


def _failing_notes(decisions: pd.DataFrame) -> list[Note]:
    """Pairs that no rule can tell apart, and pairs about which the rules differ."""
    judged = decisions[decisions["decision"] != "not judged"]
    notes = []
    for (lhs, rhs), rows in judged.groupby(["lhs", "rhs"], sort=False):
        failing = rows.loc[rows["decision"] == FAILS, "rule"].tolist()
        if failing and len(failing) == len(rows):
            message = f"Discriminant validity of {lhs} and {rhs} fails by every rule: they cannot be told apart."
            notes.append(Note("VALIDITY_NOT_DISCRIMINANT", message, "warning", f"{lhs} ~~ {rhs}"))
        elif failing:
            said = ", ".join(WORDS[rule] for rule in failing)
            message = f"Discriminant validity of {lhs} and {rhs} fails by {said}, and holds by the others."
            notes.append(Note("VALIDITY_RULES_DIFFER", message, "info", f"{lhs} ~~ {rhs}"))
    return notes


def _ratios(part: Measurement, factors: list[str], matrix: Array) -> tuple[dict[str, pd.DataFrame], list[Note]]:
    """Lower triangles of HTMT and HTMT2, and why a pair has none."""
    tables, notes = {}, []
    for name, ratio in _RATIOS.items():
        if factors:
            found = ratio(matrix, _blocks(part, factors))
            values, reasons = found.values.copy(), found.reasons
        else:
            values, reasons = np.empty((0, 0)), np.empty((0, 0), dtype=np.int8)
        values[np.triu_indices(len(values), 1)] = np.nan
        tables[name] = pd.DataFrame(values, index=pd.Index(factors, name="factor"), columns=factors)
        for code, reason in _WHY.items():
            pairs = [
                f"{factors[j]} with {factors[i]}" for i, j in zip(*np.nonzero(np.tril(reasons == code)), strict=True)
            ]
            if pairs:
                message = f"{_NAMES[name]} has no value for {', '.join(pairs)}: {reason}."
                notes.append(Note("VALIDITY_HTMT_UNDEFINED", message))
    return tables, notes


def _intervals(
    fit: SemResult, part: Measurement, ratios: dict[str, pd.DataFrame], bootstrap: int | None, seed: int
) -> tuple[pd.DataFrame | None, list[Note]]:
    """Percentile intervals of HTMT and HTMT2 over bootstrap samples of the rows; None when not asked for."""
    if bootstrap is None:
        return None, []
    factors = list(ratios["htmt"].index)
    rows = getattr(fit, "rows", None)
    drawn_apart = fit.call.get("weights") is None and fit.call.get("cluster") is None
    if rows is None or len(factors) < 2 or not drawn_apart:
        reason = (
            "there are no two factors to compare" if len(factors) < 2
            else "the complete rows of the model are not at hand" if rows is None
            else "its rows are weighted or clustered, and this bootstrap draws single rows alike"
        )  # fmt: skip
        return pd.DataFrame(columns=list(_INTERVAL_COLUMNS)), [
            Note("VALIDITY_NO_BOOTSTRAP", f"HTMT has no bootstrap intervals: {reason}.", "warning")
        ]
    values: Array = np.asarray(rows, dtype=np.float64)
    drawn = kernel.bootstrap_ratios(values, _blocks(part, factors), bootstrap, generator(seed, "validity", "htmt"))
    tail = (1.0 - float(fit.call.get("level", 0.95))) / 2.0
    listed: list[tuple[Any, ...]] = []
    for (i, a), (j, b) in itertools.combinations(enumerate(factors), 2):
        for name, draws in zip(_RATIOS, drawn, strict=True):
            estimate = float(ratios[name][a][b])
            usable = draws[:, j, i][np.isfinite(draws[:, j, i])]
            ends = np.quantile(usable, [tail, 1.0 - tail]) if len(usable) and np.isfinite(estimate) else [np.nan] * 2
            listed.append((a, b, name, estimate, float(ends[0]), float(ends[1]), bootstrap - len(usable)))
    table = pd.DataFrame(listed, columns=list(_INTERVAL_COLUMNS))
    some = table[(table["undefined"] > 0) & table["estimate"].notna()]
    notes = []
    if len(some):
        pairs = ", ".join(f"{_NAMES[row['coefficient']]} of {row['lhs']} with {row['rhs']}" for row in records(some))
        message = (
            f"Up to {some['undefined'].max()} of {bootstrap} bootstrap samples gave no value ({pairs}); the intervals "
            "rest on the others."
        )
        notes.append(Note("VALIDITY_BOOTSTRAP_SKIPPED", message, "warning"))
    return table, notes


def _of_factors(convergent: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {"term": f"{row['factor']} {name}", "estimate": row[name]}
        for row in records(convergent)
        for name in ("cr", "ave")
    ]
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))


def _of_pairs(discriminant: pd.DataFrame, intervals: pd.DataFrame | None) -> pd.DataFrame:
    """Correlations with their standard errors, then the ratios with their intervals where there are any."""
    ends = {} if intervals is None else {
        (row["lhs"], row["rhs"], row["coefficient"]): (row["ci_low"], row["ci_high"]) for row in records(intervals)
    }  # fmt: skip
    rows = []
    for row in records(discriminant):
        pair = f"{row['lhs']} ~~ {row['rhs']}"
        shared = {name: row[name] for name in ("std_error", "ci_low", "ci_high")}
        rows.append({"term": f"{pair} correlation", "estimate": row["correlation"], **shared})
        for name in _RATIOS:
            low, high = ends.get((row["lhs"], row["rhs"], name), (None, None))
            rows.append({"term": f"{pair} {name}", "estimate": row[name], "ci_low": low, "ci_high": high})
    frame = pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
    return frame.astype(dict.fromkeys(ESTIMATE_COLUMNS[1:], float))
