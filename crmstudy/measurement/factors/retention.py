"""How many factors there are: what every rule says, side by side; which to follow is the researcher's decision."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmstudy.drawing import ScreeLine, ScreePlot
from crmstudy.errors import DataError, ModelError, did_you_mean
from crmstudy.kernels.factors.extraction import degrees_of_freedom
from crmstudy.kernels.factors.retention import descending, eigenvalue_errors
from crmstudy.kernels.moments import Array
from crmstudy.kernels.ordinal.polychoric import PolychoricMoments, polychoric_influence
from crmstudy.measurement.factors import counting
from crmstudy.measurement.factors.association import MISSING, MOST_CATEGORIES, Association, associate
from crmstudy.measurement.factors.counting import METHODS
from crmstudy.measurement.factors.pooled_retention import finish_retention
from crmstudy.notes import Note
from crmstudy.numerals import p_phrase, write_number
from crmstudy.pooled import JointTest, pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.selection import coverage_faults, is_whole, item_sets, left_out, named_columns, numeric_values

PARALLEL = ("both", "components", "factors")
RANDOM = ("normal", "permutation")
COMMUNALITIES = ("smc", "minres")
#: Below this the correlations have hardly anything in common (Kaiser, 1974: "unacceptable").
UNACCEPTABLE = 0.5


@dataclass(frozen=True, eq=False, repr=False)
class RetentionResult(Result):
    """What every rule says about the number of factors.

    ``estimates`` has the eigenvalues of the correlation matrix (``eigenvalue 1``, ...), with asymptotic standard errors
    and intervals; they are not tested. ``fit`` holds ``kmo``, ``bartlett_chisq``, ``bartlett_df``,
    ``bartlett_p_value``.

    Tables: ``suggested`` (method, number, advised, source), ``kmo`` (item, msa; ``overall`` first), ``bartlett`` (n,
    chisq, df, p_value, determinant), ``eigenvalues`` (number, component, component_mean, component_percentile, factor,
    factor_mean, factor_percentile), ``map`` (number, squared, fourth), ``ekc`` (number, eigenvalue, reference),
    ``hull`` (index, number, df, fit, on_hull, scree_value), ``scree`` (number, eigenvalue, acceleration,
    optimal_coordinate).
    """

    kind: ClassVar[str] = "retention"

    @property
    def text(self) -> str:
        """How many factors each rule that is advised suggests, and whether the items are fit for it."""
        by_number: dict[int, list[str]] = {}
        suggested = self.tables["suggested"]
        for row in suggested[suggested["advised"]].to_dict("records"):
            by_number.setdefault(int(row["number"]), []).append(METHODS[str(row["method"])][0])
        said = "; ".join(f"{number} by {_listed(names)}" for number, names in sorted(by_number.items()))
        matrix = "polychoric" if self.call["ordinal"] else "Pearson"
        items, n = len(self.call["items"]), write_number(self.n, "n")
        words = f"Number of factors of {items} items ({matrix} correlations, N = {n}): {said}."
        words += f" KMO = {write_number(self.fit['kmo'], 'r')}"
        if np.isfinite(self.fit["bartlett_chisq"]):
            df, chisq = (
                write_number(self.fit["bartlett_df"], "df"),
                write_number(self.fit["bartlett_chisq"], "statistic"),
            )
            words += f", Bartlett's χ²({df}) = {chisq}, {p_phrase(self.fit['bartlett_p_value'])}"
        return words + "."

    def plot(self) -> ScreePlot:
        """Eigenvalues and those of data without factors."""
        table = self.tables["eigenvalues"]
        percentile = f"{self.call['percentile']:g}th percentile"
        lines = []
        for name, kind in (("component", "components"), ("factor", "factors")):
            if name in table:
                lines += [
                    ScreeLine(f"{kind}, observed", kind, "observed", tuple(map(float, table[name]))),  # type: ignore[arg-type]
                    ScreeLine(f"{kind}, random ({percentile})", kind, "random",  # type: ignore[arg-type]
                              tuple(map(float, table[f"{name}_percentile"]))),
                ]  # fmt: skip
        numbers = self.tables["suggested"].set_index("method")["number"]
        told = " and ".join(
            f"{int(numbers[f'parallel_{kind}'])} {kind}"
            for kind in ("components", "factors")
            if f"parallel_{kind}" in numbers
        )
        return ScreePlot(
            title="Scree plot with parallel analysis",
            alt=f"Eigenvalues of {len(table)} items beside those of random data; {told} lie above the {percentile}.",
            lines=tuple(lines),
            x_label="Number",
            y_label="Eigenvalue",
        )


@dataclass(frozen=True, slots=True)
class _Options:
    ordinal: bool
    missing: str
    draws: int
    percentile: float
    parallel: str
    random: str
    communalities: str
    max_factors: int | None
    level: float
    seed: int


@pools(
    finish=finish_retention,
    skip=("suggested",),
    tests=(
        JointTest("fit", "bartlett_chisq", "bartlett_df", "bartlett_p_value"),
        JointTest("bartlett", "chisq", "df", "p_value"),
    ),
)
def retention(
    data: object,
    *,
    items: Sequence[str] | None = None,
    scale: str | Sequence[str] | None = None,
    ordinal: bool = False,
    missing: str = "listwise",
    draws: int = 500,
    percentile: float = 95.0,
    parallel: str = "both",
    random: str | None = None,
    communalities: str = "smc",
    max_factors: int | None = None,
    level: float = 0.95,
    seed: int | None = None,
) -> RetentionResult:
    r"""What sampling adequacy, parallel analysis, MAP, EKC, Hull and the scree say about the number of factors.

    Parameters
    ----------
    data : DataFrame or Responses
        Responses are analysed reversed and in range. The columns of a DataFrame are taken as they are.
    items : sequence of str, optional
        Columns. Without it: the items of all scales of the responses together, or all numeric columns of a DataFrame.
    scale : str or sequence of str, optional
        Scales of the responses whose items are analysed together.
    ordinal : bool
        Polychoric correlations in place of Pearson's.
    missing : {"listwise", "pairwise", "em"}
        Rows without a missing answer; each correlation from the rows that have both items, as psych does, with n the
        number of rows; or covariances by maximum likelihood from all answers (not for ordinal ones).
    draws : int
        Random data sets of the parallel analysis, 20 at least.
    percentile : float
        Percentile of the random eigenvalues that an eigenvalue must exceed, from 50 to below 100.
    parallel : {"both", "components", "factors"}
        Parallel analysis of the correlation matrix, or of the one with communalities in its diagonal.
    random : {"normal", "permutation"}, optional
        Random data are normal, or the answers with every column shuffled, which keeps their distributions. Left out:
        normal, and for ordinal answers (where nothing else is possible) permutation.
    communalities : {"smc", "minres"}
        Diagonal of the matrix of factors: squared multiple correlations, or those of one minres factor as in psych's
        ``fa.parallel``.
    max_factors : int, optional
        Most factors the Hull method tries, 2 at least for it to have an elbow; one more than the parallel analysis
        finds, and not below 2, when left out.
    level : float
        Coverage of the intervals of the eigenvalues.
    seed : int, optional
        Seed of the random data; without it one is drawn and kept in ``.call``.

    Returns
    -------
    RetentionResult

    Raises
    ------
    DataError
        For unknown scales or columns, columns that are not numbers, and more than 20 categories with ``ordinal``.
    ModelError
        For options that cannot be used, all at once.
    AnalysisError
        With fewer than three items, hardly more rows than items, or items that do not vary; each is named.

    Notes
    -----
    KMO and the MSA of each item: Kaiser (1974). Bartlett's test: :math:`\chi^2 = -(n-1-(2k+5)/6)\ln|R|` on
    k(k - 1)/2 degrees of freedom (Bartlett, 1951). Parallel analysis: Horn (1965) with a percentile (Glorfeld, 1995),
    of factors Humphreys and Montanelli (1975), by permutation Buja and Eyuboglu (1992). MAP: Velicer (1976) and, with
    fourth powers, Velicer, Eaton and Fava (2000). EKC: Braeken and van Assen (2017). Hull: Lorenzo-Seva, Timmerman and
    Kiers (2011), with factors by maximum likelihood and :math:`\chi^2 = (n-1)F`; for polychoric and smoothed
    correlations by minimum residuals and with CAF alone. Three rules are shown and not ``advised``: eigenvalues above 1
    (Kaiser, 1960), which find too many (Zwick & Velicer, 1986), and the two readings of the scree by Raîche et al.
    (2013), which miss factors of nearly equal strength.

    Normal random data are drawn as correlation matrices (Bartlett's decomposition of a Wishart matrix), which has the
    distribution of whole samples. The standard errors of the eigenvalues assume normal variables (Girshick, 1939), with
    polychoric correlations they come from the asymptotic covariances of these (Muthén, 1984).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> scores = np.repeat(rng.normal(size=(200, 2)), 3, axis=1) + rng.normal(size=(200, 6))
    >>> found = retention(pd.DataFrame(scores, columns=list("abcdef")), seed=1)
    >>> int(found.tables["suggested"].set_index("method")["number"]["parallel_components"])
    2
    """
    options = _resolved(
        ordinal, missing, draws, percentile, parallel, random, communalities, max_factors, level, seed
    )  # fmt: skip
    frame, notes = frame_of(data)
    frame = frame.rename(columns=str)
    names = _chosen(data, frame, items, scale)
    values = numeric_values(frame, names)
    if options.ordinal:
        _refuse_many_categories(names, values)
    association, found_notes = associate(names, values, ordinal=options.ordinal, missing=options.missing)
    tables, numbers, more_notes = _apply_rules(association, options)
    bartlett = tables["bartlett"].iloc[0]
    fit = pd.Series({
        "kmo": tables["kmo"]["msa"].iloc[0], "bartlett_chisq": bartlett["chisq"], "bartlett_df": bartlett["df"],
        "bartlett_p_value": bartlett["p_value"],
    }, dtype=float)  # fmt: skip
    if items is None and not isinstance(data, Responses):
        notes = (*notes, _all_columns(frame, names))
    return RetentionResult(
        estimates=_estimates(association, options.level),
        fit=fit,
        n=association.n,
        tables={"suggested": _suggested(numbers), **tables},
        notes=(*notes, *found_notes, *more_notes, *_fitness_notes(association, tables, options.level)),
        samples=sample_table(association.n, association.dropped),
        call={
            "items": list(names),
            "ordinal": options.ordinal,
            "missing": options.missing,
            "draws": options.draws,
            "percentile": options.percentile,
            "parallel": options.parallel,
            "random": options.random,
            "communalities": options.communalities,
            "max_factors": options.max_factors,
            "level": options.level,
            "seed": options.seed,
        },
    )


def _resolved(
    ordinal: object, missing: object, draws: object, percentile: object, parallel: object, random: object,
    communalities: object, max_factors: object, level: object, seed: object,
) -> _Options:  # fmt: skip
    faults = [] if isinstance(ordinal, bool) else [f"`ordinal` is True or False, not {ordinal!r}."]
    faults += _choice_faults("missing", missing, MISSING) + _choice_faults("parallel", parallel, PARALLEL)
    faults += _choice_faults("communalities", communalities, COMMUNALITIES)
    if random is not None:
        faults += _choice_faults("random", random, RANDOM)
    if ordinal is True and random == "normal":
        faults.append("Random data for polychoric correlations are the answers shuffled: leave `random` out.")
    if ordinal is True and missing == "em":
        faults.append("missing='em' is likelihood under normality: with `ordinal` use 'listwise' or 'pairwise'.")
    if random == "permutation" and missing != "listwise" and ordinal is not True:
        faults.append("random='permutation' shuffles complete rows: use missing='listwise', or random='normal'.")
    if not is_whole(draws) or draws < 20:
        faults.append(f"`draws` is a number of random data sets from 20 (500 for a report), not {draws!r}.")
    if isinstance(percentile, bool) or not isinstance(percentile, Real) or not 50.0 <= float(percentile) < 100.0:
        faults.append(f"`percentile` is a number such as 95, from 50 to below 100, not {percentile!r}.")
    if max_factors is not None and not (is_whole(max_factors) and max_factors >= 1):
        faults.append(f"`max_factors` is a whole number from 1, not {max_factors!r}.")
    if seed is not None and not (is_whole(seed) and seed >= 0):
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    faults += coverage_faults(level)
    if faults:
        raise ModelError(faults)
    kind = random or ("permutation" if ordinal else "normal")
    drawn = int(seed) if is_whole(seed) else secrets.randbits(32)
    most = None if max_factors is None else int(max_factors)  # type: ignore[call-overload]
    return _Options(
        bool(ordinal), str(missing), int(draws), float(percentile), str(parallel), str(kind),  # type: ignore[call-overload, arg-type]
        str(communalities), most, float(level), drawn,  # type: ignore[arg-type]
    )  # fmt: skip


def _choice_faults(name: str, value: object, choices: tuple[str, ...]) -> list[str]:
    if isinstance(value, str) and value in choices:
        return []
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    return [f"`{name}` is one of {', '.join(choices)}, not {value!r}.{hint}"]


def _chosen(data: object, frame: pd.DataFrame, items: Any, scale: Any) -> tuple[str, ...]:
    """The items asked for, those of several scales together and each once."""
    sets = item_sets(data, frame, items, scale)
    return named_columns(frame, tuple(dict.fromkeys(item for chosen in sets for item in chosen.items)))


def _refuse_many_categories(names: Iterable[str], values: Array) -> None:
    faults = []
    for name, column in zip(names, values.T, strict=True):
        count = len(np.unique(column[~np.isnan(column)]))
        if count > MOST_CATEGORIES:
            faults.append(
                f"'{name}' has {count} different values: polychoric correlations are for answers in categories "
                f"({MOST_CATEGORIES} at most). Leave it out, or use ordinal=False."
            )
    if faults:
        raise DataError(faults)


def _apply_rules(
    association: Association, options: _Options
) -> tuple[dict[str, pd.DataFrame], dict[str, int], list[Note]]:
    """Every table and every number."""
    eigenvalues = descending(association.corr)
    communalities = None if options.parallel == "components" else options.communalities
    drawn = counting.parallel_eigenvalues(
        association, random=options.random, communalities=communalities, draws=options.draws, seed=options.seed
    )
    spectrum, numbers = counting.eigenvalue_table(association, drawn, options.percentile, communalities)
    found = dict(numbers)
    if options.parallel == "factors":
        spectrum = spectrum.drop(columns=["component_mean", "component_percentile"])
        del found["parallel_components"]
    maps, by_map = counting.map_table(association.corr)
    ekc, by_ekc = counting.ekc_table(eigenvalues, association.n)
    scree, by_scree = counting.scree_table(eigenvalues)
    most = max(*numbers.values(), 1) + 1 if options.max_factors is None else options.max_factors
    hulls, by_hull, straight = counting.hull_table(association, most)
    found |= by_map | by_ekc | by_scree | by_hull
    notes = []
    roomy = degrees_of_freedom(len(association.items), counting.FEWEST_FOR_HULL - 1) > 0
    if straight and int(hulls["number"].max()) + 1 < counting.FEWEST_FOR_HULL:
        message = "The Hull method gives no number: an elbow takes solutions with 0, 1 and 2 factors at least, and " + (
            "`max_factors` allows fewer." if roomy else f"{len(association.items)} items do not allow them."
        )
        notes.append(Note("RETENTION_NO_ELBOW", message))
    elif straight:
        message = (
            f"{_listed([METHODS[name][0] for name in straight])}: fewer than three of the solutions with 0 to "
            f"{int(hulls['number'].max())} factors lie on the hull, so there is no elbow; the best-fitting of them is "
            "taken. A larger `max_factors` may show one."
        )
        notes.append(Note("RETENTION_NO_ELBOW", message))
    unsettled = hulls.loc[hulls["fit"].isna(), "number"].unique()
    if len(unsettled):
        listed = _listed([str(number) for number in unsettled])
        message = f"The extraction of {listed} factors did not converge; the Hull method does without them."
        notes.append(Note("RETENTION_HULL_UNCONVERGED", message))
    tables = {
        "kmo": counting.adequacy_table(association), "bartlett": counting.sphericity_table(association),
        "eigenvalues": spectrum, "map": maps, "ekc": ekc, "hull": hulls, "scree": scree,
    }  # fmt: skip
    return tables, found, notes


def _suggested(numbers: dict[str, int]) -> pd.DataFrame:
    rows = [(name, numbers[name], METHODS[name][2], METHODS[name][1]) for name in METHODS if name in numbers]
    return pd.DataFrame(rows, columns=["method", "number", "advised", "source"])


def _estimates(association: Association, level: float) -> pd.DataFrame:
    """Eigenvalues with their standard errors; none where the matrix was smoothed."""
    values, nan = descending(association.corr), np.nan
    if association.changed:
        errors = np.full(len(values), nan)
    elif association.ordinal is None:
        errors = eigenvalue_errors(association.corr, association.n)
    else:
        errors = _ordinal_errors(association.corr, association.ordinal)
    half = float(ndtri(0.5 + level / 2.0)) * errors
    rows = pd.DataFrame({
        "term": [f"eigenvalue {i}" for i in range(1, len(values) + 1)], "estimate": values, "std_error": errors,
        "statistic": nan, "df": nan, "p_value": nan, "ci_low": values - half, "ci_high": values + half,
    })  # fmt: skip
    return rows[list(ESTIMATE_COLUMNS)]


def _ordinal_errors(corr: Array, moments: PolychoricMoments) -> Array:
    """Standard errors of eigenvalues from the asymptotic covariances of the polychoric correlations."""
    first, second = moments.pairs
    _, vectors = np.linalg.eigh(corr)
    weights = 2.0 * (vectors[first] * vectors[second])[:, ::-1]
    variances = np.zeros(vectors.shape[1])
    for part in polychoric_influence(moments):
        moved = part[:, -len(first) :] @ weights
        variances += (moved**2).sum(axis=0)
    return np.sqrt(variances)


def _all_columns(frame: pd.DataFrame, names: tuple[str, ...]) -> Note:
    message = f"No items are named, so all numeric columns are analysed together: {', '.join(names)}."
    if others := left_out(frame, names):
        message += f" Left out, not numbers: {', '.join(others)}."
    return Note("RETENTION_ALL_COLUMNS", message)


def _fitness_notes(association: Association, tables: dict[str, pd.DataFrame], level: float) -> list[Note]:
    """Whether these correlations are worth a factor analysis at all."""
    kmo, notes = tables["kmo"], []
    low = kmo[(kmo["msa"] < UNACCEPTABLE) & (kmo["item"] != "overall")]
    if kmo["msa"].iloc[0] < UNACCEPTABLE:
        value = write_number(kmo["msa"].iloc[0], "r")
        message = f"KMO is {value}: the items have hardly more in common than pairs of them have alone (Kaiser, 1974)."
        if association.changed:
            message = (
                f"KMO is {value}, which here says nothing of the items: the smoothed matrix is nearly singular, and "
                "its partial correlations are large whatever the items share. So it is with the MSA of each item."
            )
        notes.append(Note("RETENTION_LOW_KMO", message, "warning"))
    if len(low) and not association.changed:
        listed = ", ".join(f"{row.item} ({write_number(row.msa, 'r')})" for row in low.itertuples())
        message = f"Sampling adequacy below {write_number(UNACCEPTABLE, 'r')}: {listed}. These items share little."
        notes.append(Note("RETENTION_LOW_MSA", message, "warning"))
    if association.ordinal is not None and not association.changed:
        message = (
            "Bartlett's test is about Pearson correlations of normal variables; with polychoric ones its chi-square is "
            "too large, and is printed for comparison alone."
        )
        notes.append(Note("RETENTION_BARTLETT_POLYCHORIC", message))
    p_value = float(tables["bartlett"]["p_value"].iloc[0])
    if np.isfinite(p_value) and p_value >= 1.0 - level:
        message = (
            f"Bartlett's test does not reject that all correlations are zero ({p_phrase(p_value)}): there is nothing "
            "for factors to explain."
        )
        notes.append(Note("RETENTION_NO_CORRELATION", message, "warning"))
    return notes


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
