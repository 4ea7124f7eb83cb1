"""Filling gaps several times: proper multiple imputation by chained equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from crmstudy.errors import DataError
from crmstudy.imputed import Imputed
from crmstudy.imputing.planning import Planned, make_plan
from crmstudy.imputing.request import LEAST_OBSERVED, Options, Request, Variable, request, resolved
from crmstudy.kernels.incomplete.imputing import Imputations, impute_chains, scale_reduction
from crmstudy.kernels.moments import Array
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.responses import Responses
from crmstudy.selection import declared_items

#: Groups are imputed apart when each has so many observed rows for every predictor, and so many in all.
_APART_A_PREDICTOR, _APART_ROWS = 5, 50
#: R-hat above which chains are said not to have settled (Gelman & Rubin, 1992; van Buuren, 2018, ch. 6).
CONVERGED = 1.1
_NAMES_SHOWN = 8
_DONOR_FACTOR = 4
#: With so many rounds the first half is left out of R-hat, with fewer only the first round.
_MANY_ROUNDS = 20


def impute(
    data: object,
    *,
    m: int = 20,
    seed: int | None = None,
    items: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    group: str | None = None,
    cluster: str | None = None,
    auxiliary: Sequence[str] = (),
    method: str | Mapping[str, str] = "pmm",
    iterations: int = 10,
    donors: int = 5,
) -> Imputed:
    r"""Fill every gap m times by chained equations, so that what was missing shows in the standard errors.

    Each variable with gaps is predicted by the others, in turn, for some rounds; regression parameters are drawn from
    their posterior and answers are taken from similar respondents. Give the result to any analysis in place of the
    data: it analyses every set and pools by Rubin's rules.

    Parameters
    ----------
    data : DataFrame or Responses
        Of Responses all items and variables but the id are used, reversed items after reversal; answers out of range
        are gaps; what the questionnaire's conditions passed over is none, and stays empty. Numbers are taken as
        quantities, unless an instrument declares the question nominal: give other codes of groups as words or as a
        categorical column.
    m : int
        Number of completed data sets; at least the percentage of missing information (White, Royston & Wood, 2011).
    seed : int, optional
        Seed; without it one is drawn and kept in ``.call``. The same seed gives the same sets, whatever the order of
        the columns, and the first sets are the same for any m.
    items : sequence of str, or mapping of str to sequence of str, optional
        Columns to use in place of all; as a mapping, the items of each scale.
    group : str, optional
        Column of groups that will be compared. They are imputed apart where each is large enough (5 rows a predictor
        and at least 50), else their indicators are among the predictors.
    cluster : str, optional
        Column of branches, teams, schools ... Every regression then has a random intercept, and cluster means of the
        predictors among its predictors, which keeps the intraclass correlation.
    auxiliary : sequence of str
        Further columns that say something about the gaps, used beside ``items``.
    method : {"pmm", "norm"}, or mapping of str to these
        Predictive mean matching, or normal draws (numbers that are no items). Columns of words are always drawn from a
        logit model.
    iterations : int
        Rounds.
    donors : int
        Number of nearest respondents one of whom gives the answer.

    Returns
    -------
    Imputed
        Of Responses where Responses were given, else of DataFrames. ``.traces`` and ``.models`` tell how it went.

    Raises
    ------
    ModelError, UnsupportedError, DataError
        Options and columns that cannot be used, with all faults.
    AnalysisError
        When there is no column that could be imputed.

    Notes
    -----
    Parameters are drawn from :math:`\sigma^{*2} = \mathrm{SSR}/\chi^2_{n-q}` and
    :math:`\beta^* \sim N(\hat\beta, \sigma^{*2}(X'X)^{-1})` (Rubin, 1987, ch. 5), with a ridge of :math:`10^{-5}` on
    the diagonal; donors are matched between :math:`x\hat\beta` of those who answered and :math:`x\beta^*` of those who
    did not (type 1; van Buuren, 2018, sec. 3.4). An item is predicted by the other items of its scales, the mean scores
    of the other scales, and all other variables. Where rows are fewer than 3 a predictor, the weakest are left out.

    Examples
    --------
    >>> import pandas as pd, crmstudy as cs
    >>> gaps = pd.DataFrame({"x": [1, 2, 3, 4, 5, 6, 7, 8.0], "y": [1, 2, None, 4, 6, None, 7, 8.0]})
    >>> cs.impute(gaps, m=5, seed=1)
    <Imputed m=5, N=8, 2 columns, 1 of them imputed>
    """
    options = resolved(m, seed, method, iterations, donors, declared_items(data))
    asked = request(data, items, group, cluster, auxiliary, options)
    gaps = [one for one in asked.variables.values() if one.missing.any()]
    call = _call(asked, items)
    if not gaps:
        message = "No answer is missing in the columns used: the sets are copies, and pooling changes nothing."
        return Imputed(
            (_copy(data),) * options.m, (*asked.notes, Note("IMPUTE_NOTHING_MISSING", message)), call=call
        )  # fmt: skip
    plans, apart = _plans(asked)
    made = [_run(planned, options, label) for label, planned in plans.items()]
    filled = _together(asked, list(plans.values()), made)
    sets = tuple(_completed(data, asked, filled, k) for k in range(options.m))
    models = _models(asked, plans, made)
    notes = (*asked.notes, *_notes(asked, plans, apart, models, call), *_passed_over_notes(data, sorted(filled)))
    return Imputed(sets, notes, traces=_traces(asked, plans, made), models=models, call=call)


def _call(asked: Request, items: object) -> dict[str, Any]:
    options = asked.options
    return {
        "m": options.m, "seed": options.seed, "iterations": options.iterations, "donors": options.donors,
        "method": dict(options.method) or options.otherwise, "group": asked.group, "cluster": asked.cluster,
        "auxiliary": list(asked.auxiliary), "items": None if items is None else list(asked.variables),
    }  # fmt: skip


def _plans(asked: Request) -> tuple[dict[str, Planned], bool]:
    """One plan for all, or one for each group; and whether groups are imputed apart."""
    every = np.arange(len(asked.frame), dtype=np.intp)
    if asked.group is None:
        return {"": make_plan(asked, every, {})}, False
    column = asked.frame[asked.group]
    values = sorted(column.unique(), key=str)
    rows = {str(value): np.flatnonzero((column == value).to_numpy()) for value in values}
    if all(_has_enough(asked, own) for own in rows.values()):
        plans = {label: make_plan(asked, own, {}) for label, own in rows.items()}
        widest = max((len(names) for planned in plans.values() for names in planned.predictors.values()), default=0)
        least = max(_APART_ROWS, _APART_A_PREDICTOR * (widest + 1))
        if min(_observed(asked, own) for own in rows.values()) >= least:
            return plans, True
    indicators = {
        f"{asked.group} = {value}": (column == value).to_numpy(dtype=np.float64) for value in values[1:]
    }  # fmt: skip
    return {"": make_plan(asked, every, indicators)}, False


def _observed(asked: Request, rows: np.ndarray) -> int:
    """The fewest answers to any variable with gaps among some rows."""
    return min(int((~one.missing[rows]).sum()) for one in asked.variables.values() if one.missing.any())


def _has_enough(asked: Request, rows: np.ndarray) -> bool:
    """Whether some rows can have models of their own: enough answers, and every category among them."""
    if _observed(asked, rows) < max(_APART_ROWS, LEAST_OBSERVED):
        return False
    return all(
        len(np.unique(one.values[rows][~one.missing[rows]])) == len(one.categories)
        for one in asked.variables.values()
        if one.categories
    )


def _run(planned: Planned, options: Options, label: str) -> Imputations:
    return impute_chains(
        planned.plan, options.m, options.iterations,
        lambda name, chain: generator(options.seed, "impute", label, name, str(chain)), donors=options.donors,
    )  # fmt: skip


def _together(asked: Request, plans: Sequence[Planned], made: Sequence[Imputations]) -> dict[str, Array]:
    """What goes into the gaps of each variable, (m, rows), in its own units; NaN where nothing was imputed."""
    found: dict[str, Array] = {}
    for planned, one in zip(plans, made, strict=True):
        for target, values in zip(planned.plan.targets, one.values, strict=True):
            variable = asked.variables[target.name]
            whole = found.setdefault(target.name, np.full((asked.options.m, len(asked.frame)), np.nan))
            whole[:, planned.rows[target.missing]] = _in_units(values, variable, planned, target.method)
    return found


def _in_units(values: Array, variable: Variable, planned: Planned, method: str) -> Array:
    """Standardised values as they were measured; those of donors to the last bit."""
    if variable.categories:
        return values
    mean, spread = planned.shift[variable.name]
    back: Array = values * spread + mean
    if method == "norm":
        return back
    given = np.unique(variable.values[~variable.missing])
    above = np.clip(np.searchsorted(given, back), 1, max(len(given) - 1, 1))
    if len(given) == 1:
        return np.full_like(back, given[0])
    nearest: Array = np.where(back - given[above - 1] <= given[above] - back, given[above - 1], given[above])
    return nearest


def _completed(data: object, asked: Request, filled: Mapping[str, Array], k: int) -> object:
    """One data set with its gaps filled; everything else as it was."""
    frame = data.frame if isinstance(data, Responses) else data
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"data must be a DataFrame or Responses; found {type(data).__name__}.")
    items = data.items if isinstance(data, Responses) else {}
    places = {str(name): name for name in frame.columns}
    new = frame.copy()
    for name, values in filled.items():
        rows = np.flatnonzero(~np.isnan(values[k]) & ~_passed_over(data, name))
        variable = asked.variables[name]
        given: Any = values[k][rows]
        if variable.categories:
            given = [variable.categories[int(code)] for code in given]
        elif name in items and items[name].reverse:
            given = items[name].response.low + items[name].response.high - given
        new[places[name]] = _filled(frame[places[name]], rows, given)
    return replace(data, frame=new) if isinstance(data, Responses) else new


def _passed_over_notes(data: object, names: Sequence[str]) -> list[Note]:
    found = {name: int(np.sum(_passed_over(data, name))) for name in names}
    found = {name: count for name, count in found.items() if count}
    if not found:
        return []
    message = (
        f"{sum(found.values())} gaps in {_named(list(found))} are of respondents whom the questionnaire's conditions "
        "did not ask; they stay empty in every set."
    )
    return [Note("IMPUTE_NOT_SHOWN", message, "info")]


def _passed_over(data: object, name: str) -> np.ndarray[Any, np.dtype[np.bool_]] | Literal[False]:
    """Whom the questionnaire's conditions did not ask: there is no answer of theirs that could be missing."""
    return data.hidden(name) if isinstance(data, Responses) else False


def _filled(column: pd.Series[Any], rows: np.ndarray, given: Any) -> pd.Series[Any]:
    """A column with values put into some rows; its type stays unless the values do not fit it."""
    new = column.copy()
    if pd.api.types.is_integer_dtype(column) and (np.asarray(given) != np.floor(given)).any():
        new = new.astype("Float64")
    new.iloc[rows] = given
    return new


def _copy(data: object) -> object:
    return data.copy() if isinstance(data, pd.DataFrame) else data


def _traces(asked: Request, plans: Mapping[str, Planned], made: Sequence[Imputations]) -> pd.DataFrame:
    """Mean and standard deviation of what was filled in, by round, set and variable (and group)."""
    parts = []
    for (label, planned), one in zip(plans.items(), made, strict=True):
        rounds, m, _ = one.means.shape
        for place, target in enumerate(planned.plan.targets):
            mean, spread = planned.shift.get(target.name, (0.0, 1.0))
            parts.append(pd.DataFrame({
                "iteration": np.repeat(np.arange(1, rounds + 1), m),
                "set": np.tile(np.arange(1, m + 1), rounds),
                "variable": target.name,
                "group": label,
                "mean": one.means[:, :, place].ravel() * spread + mean,
                "sd": one.deviations[:, :, place].ravel() * spread,
            }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _models(asked: Request, plans: Mapping[str, Planned], made: Sequence[Imputations]) -> pd.DataFrame:
    """How each variable was imputed in each group, and whether its chains have settled."""
    rows = []
    for (label, planned), one in zip(plans.items(), made, strict=True):
        rounds = len(one.means)
        late = slice(rounds // 2 if rounds >= _MANY_ROUNDS else min(1, rounds - 2), None) if rounds > 2 else slice(None)
        of_means, of_deviations = scale_reduction(one.means[late]), scale_reduction(one.deviations[late])
        for place, target in enumerate(planned.plan.targets):
            n = len(target.missing) + len(target.observed)
            worst = np.fmax(of_means[place], of_deviations[place] if len(target.missing) > 1 else np.nan)
            rows.append((
                target.name, label, len(target.missing), 100.0 * len(target.missing) / n, target.method,
                len(planned.predictors[target.name]), float(worst),
                ", ".join(planned.predictors[target.name]),
            ))  # fmt: skip
    names = ["variable", "group", "missing", "percent", "method", "n_predictors", "rhat", "predictors"]
    return pd.DataFrame(rows, columns=names)


def _notes(
    asked: Request, plans: Mapping[str, Planned], apart: bool, models: pd.DataFrame, call: Mapping[str, Any]
) -> list[Note]:
    counted = models.groupby("variable", sort=False)["missing"].sum()
    message = (
        f"{int(counted.sum())} gaps of {len(counted)} variables were filled {call['m']} times by chained equations "
        f"({call['iterations']} rounds, seed {call['seed']})."
    )
    notes = [Note("IMPUTE_DONE", message)]
    notes += _group_notes(asked, plans, apart)
    notes += _predictor_notes(plans)
    gaps = np.array([one.missing for one in asked.variables.values()])
    empty = int(gaps.all(axis=0).sum())
    if empty:
        message = f"{empty} rows have no answer at all, and all of theirs are invented: leave them out before imputing."
        notes.append(Note("IMPUTE_EMPTY_ROWS", message, "warning"))
    flat = [name for name in counted.index if asked.variables[name].constant]
    if flat:
        message = f"Everybody who answered {_named(flat)} gave the same answer; the gaps got it too."
        notes.append(Note("IMPUTE_CONSTANT", message, "warning", flat[0]))
    n = len(asked.frame)
    much = [f"{name} ({100 * count / n:.0f}%)" for name, count in counted.items() if 2 * count > n]
    if much:
        message = f"More than half is missing in {_named(much)}: what is filled in rests on few answers."
        notes.append(Note("IMPUTE_MOSTLY_MISSING", message, "warning"))
    few = models[(models["method"] == "pmm") & (_given(asked, models) < _DONOR_FACTOR * call["donors"])]
    if len(few):
        message = (
            f"Fewer than {_DONOR_FACTOR * call['donors']} respondents answered {_named(list(few['variable']))}: the "
            "same donors give again and again. Use fewer donors, or method 'norm' for numbers that are no items."
        )
        notes.append(Note("IMPUTE_FEW_DONORS", message, "warning", str(few["variable"].iloc[0])))
    unsettled = models[models["rhat"] > CONVERGED]
    if len(unsettled):
        worst = unsettled.sort_values("rhat", ascending=False)
        told = [
            f"{name} ({write_number(value, 'statistic')})"
            for name, value in zip(worst["variable"], worst["rhat"], strict=True)
        ]
        message = f"The chains had not settled for {_named(told)} (R-hat above {CONVERGED}): use more iterations."
        notes.append(Note("IMPUTE_NOT_CONVERGED", message, "warning", str(worst["variable"].iloc[0])))
    return notes


def _given(asked: Request, models: pd.DataFrame) -> pd.Series[Any]:
    """How many answered, by row of the table of models."""
    return models["missing"] * (100.0 / models["percent"] - 1.0)


def _group_notes(asked: Request, plans: Mapping[str, Planned], apart: bool) -> list[Note]:
    notes = []
    if asked.group is not None and apart:
        message = f"The {len(plans)} groups of '{asked.group}' were imputed apart, each by models of its own."
        notes.append(Note("IMPUTE_GROUPS", message))
    elif asked.group is not None:
        message = (
            f"'{asked.group}' entered the models by its indicators, because a group is too small for models of its "
            "own: differences of means are kept, differences of relations between the groups are drawn together."
        )
        notes.append(Note("IMPUTE_GROUPS", message, "warning"))
    if asked.cluster is not None:
        count = asked.frame[asked.cluster].nunique()
        message = f"Models have random intercepts of the {count} clusters of '{asked.cluster}' and cluster means."
        words = [target.name for planned in plans.values() for target in planned.plan.targets if target.levels]
        if words:
            message += f" Categories ({_named(list(dict.fromkeys(words)))}) have cluster means only."
        notes.append(Note("IMPUTE_CLUSTERS", message))
        flat = list(dict.fromkeys(name for planned in plans.values() for name in planned.level_two))
        if flat:
            message = (
                f"{_named(flat)} do not vary within clusters of '{asked.cluster}'; their gaps stay, and they predict "
                "nothing."
            )
            notes.append(Note("IMPUTE_CLUSTER_LEVEL", message, "warning", flat[0]))
    return notes


def _predictor_notes(plans: Mapping[str, Planned]) -> list[Note]:
    notes = []
    dropped = {name: len(weak) for planned in plans.values() for name, weak in planned.dropped.items() if weak}
    if dropped:
        message = (
            f"Rows were too few for all predictors of {_named(list(dropped))}: up to {max(dropped.values())} of the "
            "weakest were left out. Name scales, or fewer items, to choose yourself."
        )
        notes.append(Note("IMPUTE_PREDICTORS_DROPPED", message, "warning", next(iter(dropped))))
    bound = list(dict.fromkeys(
        other for planned in plans.values() for names in planned.dependent.values() for other in names
    ))  # fmt: skip
    if bound:
        message = f"Computed exactly from other predictors, and therefore left out of some models: {_named(bound)}."
        notes.append(Note("IMPUTE_COLLINEAR", message, "warning", bound[0]))
    return notes


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(map(str, names[:_NAMES_SHOWN])) + (f" and {more} more" if more > 0 else "")
