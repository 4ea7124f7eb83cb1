"""Units grouped by their maturity: the exact partition of one score, k-means or Ward, with the groups' stability."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmstudy.assessment.maturity.companies import last_waves
from crmstudy.assessment.maturity.items import BottomUpResult
from crmstudy.assessment.maturity.rating import RatingResult
from crmstudy.assessment.options import name_faults, names_of
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.tables import Type, table_of
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.exchange.read import read_responses
from crmstudy.kernels import partition as kernel
from crmstudy.kernels.moments import Array
from crmstudy.kernels.resample import generator, replicate
from crmstudy.notes import Note
from crmstudy.results import sample_table
from crmstudy.selection import is_whole

#: Beyond so many units all distances between them no longer fit into memory.
MOST_UNITS = 5000
#: A cluster is dissolved in a sample below the first, recovered from the second on (Hennig, 2007).
DISSOLVED, RECOVERED = 0.5, 0.75
#: Random starts of k-means; in bootstrap samples fewer do.
STARTS = 100
_STABLE, _CHOICE = 0.6, ("k", "within", "explained", "silhouette", "calinski_harabasz", "chosen")


@dataclass(frozen=True, eq=False, repr=False)
class ClusterResult(AssessmentResult):
    """Units in groups, numbered from the least to the most mature.

    ``fit``: ``k``, ``within`` (sum of squares), ``explained`` (share of the sum of squares between the groups),
    ``silhouette``, and with a bootstrap ``adjusted_rand``, ``adjusted_rand_low``, ``adjusted_rand_high`` (mean and the
    middle 95 percent). Tables: ``clusters`` (cluster, n, percent, mean, low, high, silhouette, jaccard, dissolved,
    recovered, replicates), ``centres`` (cluster, column, mean), ``choice`` (k, within, explained, silhouette,
    calinski_harabasz, chosen), ``units`` (unit, cluster, mean, silhouette).
    """

    kind: ClassVar[str] = "maturity_clusters"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "clusters", "Groups of Units by Maturity",
            (
                ("cluster", "Group", "n"), ("n", "Units", "n"), ("percent", "Percent", "percent"),
                ("mean", "M", "estimate"), ("low", "Lowest", "estimate"), ("high", "Highest", "estimate"),
                ("silhouette", "Silhouette", "r"), ("jaccard", "Jaccard", "index"),
                ("dissolved", "Dissolved", "percent"), ("recovered", "Recovered", "percent"),
            ),
            "Jaccard: mean similarity with the nearest group of a bootstrap sample; dissolved below .5, recovered "
            "from .75 on, in percent of the samples.",
        ),
        Shown(
            "choice", "Numbers of Groups Compared",
            (
                ("k", "Groups", "n"), ("within", "Sum of squares within", "estimate"),
                ("explained", "Explained", "index"), ("silhouette", "Silhouette", "r"),
                ("calinski_harabasz", "Calinski–Harabasz", "estimate"),
            ),
            "The number with the largest mean silhouette is taken unless one is asked for.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """How many groups, how well parted and how stable."""
        fit, clusters = self.fit, self.tables["clusters"]
        how = "asked" if self.call["k"] is not None else "chosen"
        told = [
            say(
                "maturity_clusters", how, lang, n=(self.n, "n"), k=(fit["k"], "n"),
                method=say("maturity_clusters", f"method_{self.call['method']}", lang),
                silhouette=(fit["silhouette"], "r"), explained=(100.0 * fit["explained"], "percent"),
            )
        ]  # fmt: skip
        if "adjusted_rand" in fit:
            worst = clusters.sort_values("jaccard", kind="stable").iloc[0]
            key = "unstable" if worst["jaccard"] < _STABLE else "stable"
            told.append(
                say(
                    "maturity_clusters", key, lang, cluster=(worst["cluster"], "n"),
                    jaccard=(worst["jaccard"], "index"), rand=(fit["adjusted_rand"], "index"),
                    samples=(self.call["bootstrap"], "n"),
                )
            )  # fmt: skip
        else:
            told.append(say("maturity_clusters", "untested", lang))
        return (*told, say("maturity_clusters", "limits", lang))

    def drawings(self) -> tuple[Drawing, ...]:
        """The mean of every column, group by group."""
        centres = self.tables["centres"]
        names = tuple(dict.fromkeys(centres["column"]))
        series = tuple(
            (f"Group {cluster}", tuple(map(float, own["mean"])))
            for cluster, own in centres.groupby("cluster", sort=True)
        )
        alt = f"Means of {len(names)} scores in {len(series)} groups. {self.prose()[0]}"
        return (Bars("Groups of units by maturity", alt, names, series, x_label="Mean"),)


def cluster_levels(
    data: object,
    *,
    columns: Sequence[str] | str | None = None,
    unit: str | None = None,
    method: str = "optimal",
    k: int | None = None,
    largest: int = 6,
    bootstrap: int = 200,
    seed: int = 0,
) -> ClusterResult:
    r"""Group units by their maturity, and say how stable the groups are.

    Serves source documents 4.5 (bottom-up: items are grouped into levels afterwards).

    Parameters
    ----------
    data : BottomUpResult, RatingResult, DataFrame or path
        Blocks scored from items or by raters (0 to 6; the last wave of each unit), or a table with a row a unit.
    columns : str or sequence of str, optional
        Scores, of a result blocks; when left out all of them, or all columns of numbers. All on one scale: nothing is
        standardised.
    unit : str, optional
        Column with the names of the units.
    method : {"optimal", "kmeans", "ward"}
        ``optimal`` parts the mean of the columns, exactly (Fisher, 1958; Wang & Song, 2011); ``kmeans`` (Hartigan &
        Wong, 1979; 101 starts) and ``ward`` (1963) part the columns side by side.
    k : int, optional
        Number of groups; without it the one from 2 to ``largest`` with the largest mean silhouette (Rousseeuw, 1987),
        the smaller of equals.
    largest : int
        Largest number of groups looked at.
    bootstrap : int
        Bootstrap samples for the stability; 0 for none.
    seed : int
        Seed of k-means and of the bootstrap.

    Returns
    -------
    ClusterResult

    Raises
    ------
    DataError, ModelError, UnsupportedError
        For columns that are not there or no numbers, units that stand twice, faulty options, more than 5,000 units.
    AnalysisError
        When fewer than 3 units, or fewer different ones than groups, have a value in every column.

    Notes
    -----
    A stable group is one that comes back: for every group the largest Jaccard similarity
    :math:`|A\cap B|/|A\cup B|` with a group of a bootstrap sample is taken over the units drawn, each once, and
    averaged (Hennig, 2007). Below .6 he advises against reading anything into a group; .75 and more is stable, .85
    highly so. Whole partitions are compared by the adjusted Rand index (Hubert & Arabie, 1985). The groups are numbered
    by their mean; they are not the levels 0 to 6. The silhouette cannot speak for a single group: that there are groups
    at all is not shown by finding some.

    Examples
    --------
    >>> import pandas as pd
    >>> units = pd.DataFrame({"vision": [0.5, 0.7, 0.6, 3.9, 4.1, 4.0], "data": [1.0, 1.2, 0.9, 3.0, 3.3, 3.1]})
    >>> found = cluster_levels(units, bootstrap=50, seed=1)
    >>> found.tables["units"]["cluster"].tolist()
    [1, 1, 1, 2, 2, 2]
    """
    _check(method, k, largest, bootstrap, seed)
    names, frame = _scores(data, columns, unit)
    complete = frame.notna().all(axis=1).to_numpy()
    own = frame.to_numpy(dtype=float)[complete]
    labels = [name for name, there in zip(names, complete, strict=True) if there]
    notes = _left_out(complete)
    values = kernel.without_rounding(own.mean(axis=1, keepdims=True)) if method == "optimal" else own
    different = len(np.unique(kernel.without_rounding(values), axis=0))
    _refuse(len(values), different, k)
    rng = generator(seed, "maturity", "clusters", method)
    tried = {
        count: kernel.part(values, count, method, rng, STARTS)
        for count in _candidates(k, largest, different, len(values))
    }
    choice = _choice(values, tried, k)
    taken = int(choice.loc[choice["chosen"], "k"].iloc[0])
    partition = tried[taken]
    alike, rand = _stability(values, partition, taken, method, bootstrap, seed)
    row = choice[choice["chosen"]].iloc[0]
    fit = {"k": taken, "within": row["within"], "explained": row["explained"], "silhouette": row["silhouette"]}
    if bootstrap:
        low, high = np.quantile(rand, [0.025, 0.975])
        fit |= {"adjusted_rand": rand.mean(), "adjusted_rand_low": low, "adjusted_rand_high": high}
    widths = kernel.silhouettes(values, partition)
    clusters = _clusters(own, partition, widths, alike)
    notes += _stability_notes(clusters, bootstrap)
    return ClusterResult(
        estimates=no_estimates(),
        n=len(values),
        fit=pd.Series(fit, dtype=float),
        tables={
            "clusters": clusters,
            "centres": _centres(own, partition, list(map(str, frame))),
            "choice": choice,
            "units": pd.DataFrame(
                {"unit": labels, "cluster": partition + 1, "mean": own.mean(axis=1), "silhouette": widths}
            ),
        },
        notes=tuple(notes),
        samples=sample_table(len(values), int((~complete).sum())),
        call={
            "columns": list(frame), "unit": unit, "method": method, "k": k, "largest": largest, "bootstrap": bootstrap,
            "seed": seed,
        },
    )  # fmt: skip


def _check(method: object, k: object, largest: object, bootstrap: object, seed: object) -> None:
    if method not in kernel.METHODS:
        known = ", ".join(kernel.METHODS)
        hint = did_you_mean(str(method), kernel.METHODS)
        raise UnsupportedError(f"`method` is one of {known}, not {method!r:.200}.{hint}")
    faults = []
    if k is not None and (not is_whole(k) or k < 2):
        faults.append(f"`k` is a number of groups from 2 on, not {k!r:.200}.")
    if not is_whole(largest) or largest < 2:
        faults.append(f"`largest` is a number of groups from 2 on, not {largest!r:.200}.")
    for name, value in (("bootstrap", bootstrap), ("seed", seed)):
        if not is_whole(value) or value < 0:
            faults.append(f"`{name}` is a whole number from 0 on, not {value!r:.200}.")
    if faults:
        raise ModelError(faults)


def _scores(data: object, columns: Sequence[str] | str | None, unit: str | None) -> tuple[list[str], pd.DataFrame]:
    """Names of the units and their scores."""
    listed, wrong = names_of(columns, "columns")
    if wrong := wrong + name_faults({"unit": unit}, optional=["unit"]):
        raise ModelError(wrong)
    if isinstance(data, BottomUpResult | RatingResult):
        data, unit = _by_block(data, columns is None), "unit"
    elif isinstance(data, str | os.PathLike):
        data = read_responses(Path(data), instruments=[]).frame
    if isinstance(data, pd.DataFrame):
        data = data.rename(columns=str)
        if columns is None:
            listed = [str(name) for name in data.select_dtypes("number", exclude="timedelta") if name != unit]
    if not listed or len({*listed, unit}) <= len(listed):
        raise ModelError(f"`columns` names the scores, each once and none of them the `unit`; found {listed!r:.200}.")
    wanted: dict[str, Type] = {} if unit is None else {unit: "text"}
    table = table_of(data, wanted | dict.fromkeys(listed, "number"), what="units")
    if len(table) > MOST_UNITS:
        raise DataError(f"Up to {MOST_UNITS:,} units are grouped, and there are {len(table):,}; group means of them.")
    names = [str(row) for row in range(1, len(table) + 1)] if unit is None else table[unit].astype("object").tolist()
    faults = ["Every row needs the name of its unit; some have none."] if any(name is None for name in names) else []
    twice = sorted({str(name) for name in names if name is not None and names.count(name) > 1})
    faults += [f"The unit '{name}' stands in {names.count(name)} rows; keep one row a unit." for name in twice]
    if faults:
        raise DataError(faults)
    return names, table[listed]


def _by_block(data: BottomUpResult | RatingResult, drop_empty: bool) -> pd.DataFrame:
    """A row a unit, a column a block; of raters the last wave of each unit."""
    scored = isinstance(data, BottomUpResult)
    table, values = (data.tables["units"], "maturity") if scored else (last_waves(data.tables["blocks"]), "mean")
    wide = table.pivot_table(index="unit", columns="block", values=values, dropna=False, sort=False)
    wide = wide.reindex(index=list(dict.fromkeys(table["unit"])), columns=list(dict.fromkeys(table["block"])))
    wide = wide.dropna(axis=1, how="all") if drop_empty else wide
    return wide.reset_index()


def _left_out(complete: NDArray[np.bool_]) -> list[Note]:
    count = int((~complete).sum())
    message = f"{count} of {len(complete)} units lack a score and are in no group."
    return [Note("MATURITY_UNITS_UNSCORED", message)] if count else []


def _refuse(n: int, different: int, k: int | None) -> None:
    if n < 3 or different < max(k or 2, 2):
        raise AnalysisError(
            f"{n} units with every score, {different} of them different, cannot be parted into {k or 2} groups; "
            "at least 3 units and as many different ones as groups are needed.",
            "MATURITY_TOO_FEW_UNITS",
        )


def _candidates(k: int | None, largest: int, different: int, n: int) -> list[int]:
    """The numbers of groups looked at; with one for each unit there is nothing to compare."""
    most = max(2, min(largest, different, n - 1))
    return sorted({*range(2, most + 1), *([k] if k is not None else [])})


def _choice(values: Array, tried: dict[int, kernel.Partition], k: int | None) -> pd.DataFrame:
    total, n = float(((values - values.mean(axis=0)) ** 2).sum()), len(values)
    rows: list[tuple[Any, ...]] = []
    for count, partition in tried.items():
        within = kernel.within(values, partition)
        free = within / (n - count) if n > count else 0.0
        ratio = (total - within) / (count - 1) / free if free > 1e-14 * total else float("inf")
        rows.append(
            (count, within, 1.0 - within / total, float(kernel.silhouettes(values, partition).mean()), ratio, False)
        )
    table = pd.DataFrame(rows, columns=list(_CHOICE))
    best = int(table["silhouette"].round(10).argmax()) if k is None else list(tried).index(k)
    return table.assign(chosen=np.arange(len(table)) == best)


def _stability(
    values: Array, partition: kernel.Partition, k: int, method: str, bootstrap: int, seed: int
) -> tuple[Array, Array]:
    if not bootstrap:
        return np.full((1, k), np.nan), np.empty(0)
    work = partial(kernel.stability, values=values, original=partition, k=k, method=method)
    parts = replicate(work, bootstrap, seed, "maturity", "clusters", "stability", method)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _clusters(own: Array, partition: kernel.Partition, widths: Array, alike: Array) -> pd.DataFrame:
    rows = []
    for cluster in range(alike.shape[1]):
        mine = partition == cluster
        means, seen = own[mine].mean(axis=1), alike[:, cluster][~np.isnan(alike[:, cluster])]
        rows.append(
            {
                "cluster": cluster + 1, "n": int(mine.sum()), "percent": 100.0 * float(mine.mean()),
                "mean": float(means.mean()), "low": float(means.min()), "high": float(means.max()),
                "silhouette": float(widths[mine].mean()),
                "jaccard": float(seen.mean()) if len(seen) else np.nan,
                "dissolved": 100.0 * float((seen < DISSOLVED).mean()) if len(seen) else np.nan,
                "recovered": 100.0 * float((seen >= RECOVERED).mean()) if len(seen) else np.nan,
                "replicates": len(seen),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _centres(own: Array, partition: kernel.Partition, columns: list[str]) -> pd.DataFrame:
    rows = [
        (cluster + 1, name, float(own[partition == cluster, place].mean()))
        for cluster in range(int(partition.max()) + 1)
        for place, name in enumerate(columns)
    ]
    return pd.DataFrame(rows, columns=["cluster", "column", "mean"])


def _stability_notes(clusters: pd.DataFrame, bootstrap: int) -> list[Note]:
    if not bootstrap:
        return [Note("CLUSTERS_UNTESTED", "Without a bootstrap nothing is known of the groups' stability.")]
    return [
        Note(
            "CLUSTERS_UNSTABLE",
            f"Group {row['cluster']} comes back in bootstrap samples with a mean Jaccard similarity of "
            f"{row['jaccard']:.2f} only: it should not be read as a stage.",
            "warning",
            str(row["cluster"]),
        )
        for row in clusters.to_dict("records")
        if row["jaccard"] < _STABLE
    ]
