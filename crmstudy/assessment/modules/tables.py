"""The tables of module adoption, made of the figures of people; what may not be shown is withheld on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.modules.answers import Answers
from crmstudy.assessment.modules.curve import (
    adopted_figures,
    adopters_table,
    curve_table,
    for_readers,
    shown_share,
)
from crmstudy.assessment.modules.figures import (
    OF_FUNCTIONS,
    OF_MODULES,
    SHARES,
    Floats,
    person_functions,
    person_modules,
    summarised,
    with_index,
)
from crmstudy.assessment.modules.hiding import hide, verdicts
from crmstudy.assessment.modules.listed import ALL, words_for
from crmstudy.disclosure import Ledger, Rules
from crmstudy.results import ESTIMATE_COLUMNS

#: A function counts as available when at least so many percent of those who know say so.
MAJORITY = 50.0
_OWN = "people who use any function"
#: The lines of the benefit-use map: half of those who have it, and the middle of the scale of usefulness.
USE_LINE, USEFUL_LINE = 50.0, 3.0
QUADRANTS = ("useful, little used", "useful and used", "little useful, little used", "used, little useful")


@dataclass
class Gathered:
    """Tables under way: what is shown by which rules, how many figures were withheld, whether it is known how often.

    ``top`` is the frequency that counts as daily use, ``tops`` are the largest values of the means.
    """

    rules: Rules
    level: float
    weights: Mapping[str, float]
    top: float
    tops: Mapping[str, float]
    ledger: Ledger | None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    withheld: int = 0
    often: bool = True

    def table(
        self, coded: pd.DataFrame, figures: Sequence[str], by: str, prefix: str, items: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Figures by item, and group of ``by``; items that nobody answered have empty rows."""
        found, after = verdicts(coded, figures, self.rules, self.ledger, prefix)
        self.ledger = None if self.ledger is None else after
        return self.told(coded, figures, by, found, items)

    def told(
        self, coded: pd.DataFrame, figures: Sequence[str], by: str, found: Mapping[Any, str], items: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Figures of which it is decided already what may be shown."""
        table = summarised(coded, [by] if by else [], figures, self.level)
        if items and not by:
            table = table.set_index("item").reindex(list(items)).reset_index()
            counts = ["n", *(f"n_{figure}" for figure in figures)]
            table[counts] = table[counts].fillna(0)
        made, hidden = hide(table, by, figures, found, self.rules, self.tops)
        self.withheld += hidden
        return with_index(made, self.weights, self.top, often=self.often) if "coverage" in figures else made


def fill(answers: Answers, listed: pd.DataFrame, areas: Sequence[str], gathered: Gathered, unused_below: float) -> None:
    """Make the tables of the only or the last wave."""
    frame, last = answers.frame, answers.waves[-1] if answers.waves else ""
    now = frame[frame["wave"] == last].drop(columns="wave") if last else frame
    gathered.often = bool(now["frequency"].notna().any())
    modules, functions = person_modules(now), person_functions(now)
    names = [ALL, *dict.fromkeys(listed["module"])]
    prefix = f"{last}:" if last else ""
    for coded, figures, items, key, of_all in (
        (modules, OF_MODULES, names, "module", "modules"),
        (functions, OF_FUNCTIONS, list(listed["function"]), "function", "functions"),
    ):
        found, after = verdicts(coded, figures, gathered.rules, gathered.ledger, prefix)
        gathered.ledger = None if gathered.ledger is None else after
        gathered.tables[of_all] = gathered.told(coded, figures, "", found, items).rename(columns={"item": key})
        for by in ("role", "unit"):
            if by in coded:
                table = gathered.told(coded, figures, by, found).rename(columns={"item": key})
                name = f"{by}s" if key == "module" else f"{by}_functions"
                gathered.tables[name] = _in_order(table, by, key, items)
    tables = gathered.tables
    tables["modules"] = _described(tables["modules"], listed, now)
    tables["functions"] = listed[["module", "function", "label", "lineage", "source"]].merge(tables["functions"])
    for column, only in (("areas", areas), ("lineage", list(catalogue("modules")["lineage"]))):
        tables[column] = _regrouped(now, listed, column, only, gathered, prefix)
    tables["unused"] = unused_table(tables["functions"], unused_below)
    tables["map"] = map_table(tables["modules"], tables["functions"])
    tables["benchmark"] = benchmark_table(tables["modules"])
    enough = now["respondent"].nunique() >= gathered.rules.k("distribution")
    odd = answers.contradictions if enough else answers.contradictions.iloc[:0]
    tables["contradictions"] = odd.assign(n=[gathered.rules.n_shown(int(n)) for n in odd["n"]])


def fill_waves(answers: Answers, names: Sequence[str], gathered: Gathered) -> int:
    """Make the tables over waves; how many people were left out of the curve, or -1 where there is none."""
    frame = answers.frame.drop(columns=["role", "unit"], errors="ignore")
    gathered.often = bool(frame["frequency"].notna().any())
    parts = []
    for wave in answers.waves:
        coded = person_modules(frame[frame["wave"] == wave])
        parts.append(gathered.table(coded, OF_MODULES, "", f"{wave}:").assign(wave=wave))
    table = pd.concat(parts, ignore_index=True).rename(columns={"item": "module"})
    gathered.tables["waves"] = _in_order(table, "wave", "module", names, answers.waves)
    least, curves, known_of = gathered.rules.k("distribution"), [], {}
    for item, rows in person_modules(frame).groupby("item", sort=False):
        wide = rows.pivot_table(index="respondent", columns="wave", values="adopted")
        everybody = wide.reindex(columns=list(answers.waves)).to_numpy(float)
        states = everybody[~np.isnan(everybody).any(axis=1)]
        known_of[item] = at = first_waves(states)
        if len(at) >= least:
            using = shown_share(states.sum(axis=0), float(len(at)))
            curve = curve_table(at, answers.waves, gathered.level).assign(module=item, using=using)
            others = np.isfinite(everybody).sum(axis=0) - len(at)
            curves.append(_apart(curve, (others > 0) & (others < least), gathered))
    if len(known_of[ALL]) < least:
        return -1
    rules = gathered.rules
    curve = for_readers(_in_order(pd.concat(curves, ignore_index=True), "module", "module", names), rules)
    gathered.tables["curve"] = curve
    gathered.tables["adopters"] = adopters_table(curve[curve["module"] == ALL])
    figures = pd.DataFrame([adopted_figures(known_of[ALL], gathered.level)])
    gathered.tables["not_adopted"] = for_readers(figures, rules)
    return int(frame["respondent"].nunique()) - len(known_of[ALL])


def _apart(curve: pd.DataFrame, few: np.ndarray[Any, np.dtype[np.bool_]], gathered: Gathered) -> pd.DataFrame:
    """A curve without what would tell, beside the figures of a wave, what the few who are not in the curve do in it.

    That is the present use, and of the first wave also the first use, with the new users of the second.
    """
    made = curve.assign(using=curve["using"].where(~few))
    if few[0]:
        made.loc[made.index[0], ["new", "cumulative", "low", "high"]] = np.nan
        made.loc[made.index[1], "new"] = np.nan
    gathered.withheld += int(few.sum()) + int(few[0])
    return made


def first_waves(used: Floats) -> Floats:
    """The place of the first wave (n, waves) in which each person uses; NaN for none."""
    return np.where((used == 1.0).any(axis=1), np.argmax(used == 1.0, axis=1).astype(float), np.nan)


def _in_order(table: pd.DataFrame, by: str, key: str, items: Sequence[str], groups: Sequence[str] = ()) -> pd.DataFrame:
    """Rows by group, then in the order of the catalogue; the group and the item first."""
    order = {name: place for place, name in enumerate(items)}
    listed = list(groups) or sorted(table[by].dropna().unique(), key=str)
    at = order if by == key else {name: place for place, name in enumerate(listed)}
    places = np.lexsort((table[key].map(order).to_numpy(), table[by].map(at).to_numpy()))
    front = list(dict.fromkeys([by, key]))
    return table[[*front, *(name for name in table if name not in front)]].iloc[places].reset_index(drop=True)


def _described(modules: pd.DataFrame, listed: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Labels, how many functions a module has and how many of them were asked for."""
    in_all, asked = listed.groupby("module").size(), now.groupby("module")["function"].nunique()
    made = modules.copy()
    made.insert(1, "label", [words_for(name, "en") if name != ALL else "All modules" for name in made["module"]])
    for place, (column, counts) in enumerate((("functions", in_all), ("asked", asked)), start=2):
        of_each = [int(counts.sum() if name == ALL else counts.get(name, 0)) for name in made["module"]]
        made.insert(place, column, of_each)
    return made


def _regrouped(
    now: pd.DataFrame, listed: pd.DataFrame, column: str, only: Sequence[str], gathered: Gathered, prefix: str
) -> pd.DataFrame:
    """Figures by service area or lineage; a function of several areas counts in each."""
    parts = listed[["function", column]].assign(part=listed[column].str.split()).explode("part")
    parts = parts[parts["part"].isin(only)]
    joined = now.drop(columns=["module", "role", "unit"], errors="ignore").merge(parts[["function", "part"]])
    coded = person_modules(joined.rename(columns={"part": "module"}), whole=False)
    known = catalogue("modules")[column]
    items = [name for name in known if name in set(parts["part"])]
    table = gathered.table(coded, OF_MODULES, "", f"{prefix}{column}.", items)
    made = table.rename(columns={"item": column[:-1] if column == "areas" else column})
    made.insert(1, "label", [known[name]["label"]["en"] for name in items])
    made.insert(2, "functions", [int((parts["part"] == name).sum()) for name in items])
    return made


def unused_table(functions: pd.DataFrame, below: float) -> pd.DataFrame:
    """Functions that most have, but few of them use, the most useful first; ``clear``: the interval says so too."""
    found = functions[(functions["available"] >= MAJORITY) & _low_use(functions, below)]
    table = found[["module", "function", "label", "available", "n_used", "used", "used_low", "used_high", "usefulness"]]
    return table.assign(clear=table["used_high"] < below).sort_values(
        ["usefulness", "used"], ascending=[False, True], kind="stable"
    ).reset_index(drop=True)  # fmt: skip


def _low_use(functions: pd.DataFrame, below: float) -> pd.Series:
    """Use below a percentage; a band counts by its upper end."""
    banded = functions["used"].isna() & (functions["used_high"] <= below)
    return (functions["used"] < below) | banded


def map_table(modules: pd.DataFrame, functions: pd.DataFrame) -> pd.DataFrame:
    """Use and usefulness of modules and functions, with the quadrant of the map; what is not known is left out."""
    rows = []
    for key, table in (("module", modules[modules["module"] != ALL]), ("function", functions)):
        middle = {name: (table[f"{name}_low"] + table[f"{name}_high"]) / 2.0 for name in ("used", "usefulness")}
        places = [table[name].fillna(middle[name]) for name in middle]
        banded = table[list(middle)].isna().any(axis=1)
        for name, label, x, y, band in zip(table[key], table["label"], *places, banded, strict=True):
            if np.isfinite(x) and np.isfinite(y):
                place = (0 if y >= USEFUL_LINE else 2) + (1 if x >= USE_LINE else 0)
                rows.append((key, name, label, x, y, QUADRANTS[place], bool(band)))
    return pd.DataFrame(rows, columns=["level", "name", "label", "used", "usefulness", "quadrant", "band"])


def benchmark_table(modules: pd.DataFrame) -> pd.DataFrame:
    """One's own adoption beside the one firm the documents name."""
    own = modules[modules["module"] == ALL].iloc[0]
    case = catalogue("modules")["benchmark"]
    return pd.DataFrame(
        [
            ("own", *(own[name] for name in ("n_adopted", "adopted", "adopted_low", "adopted_high")), _OWN),
            (case["firm"], np.nan, 100.0 * case["share"], np.nan, np.nan, case["label"]["en"]),
        ],
        columns=["case", "n", "adopted", "low", "high", "what"],
    )


def estimates_of(modules: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The figures of modules as estimates; ``term`` is module and figure, shares are percents.

    Where numbers of people are rounded there are no errors, which would be those of other numbers.
    """
    rows = []
    for row in modules.to_dict("records"):
        for figure in OF_MODULES:
            value, n = row[figure], row[f"n_{figure}"] if rules.round_to == 1 else np.nan
            if not np.isfinite(value):
                continue
            share = figure in SHARES
            error = np.sqrt(value * (100.0 - value) / n) if share else row[f"{figure}_sd"] / np.sqrt(n)
            rows.append(
                (f"{row['module']}.{figure}", value, error, np.nan, np.nan if share else n - 1.0, np.nan,
                 row[f"{figure}_low"], row[f"{figure}_high"])
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(ESTIMATE_COLUMNS))
