"""A rating told in sentences of three languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from crmstudy.assessment.catalogue import language
from crmstudy.assessment.maturity.ratings import ALL
from crmstudy.assessment.maturity.roadmap import in_words
from crmstudy.assessment.maturity.scale import blocks, label_of, leaves, lenses, level_name
from crmstudy.assessment.wording import COMMAS, Value, say
from crmstudy.numerals import LANGUAGE_STYLES, p_phrase
from crmstudy.quoting import shown

if TYPE_CHECKING:
    from crmstudy.assessment.maturity.rating import RatingResult

#: So many units are told in full; of more only the overall level.
_IN_FULL = 3
#: So many steps and leaves are told.
_STEPS, _LEAVES = 3, 6
_EARLY = (1, 2)


def sentences(result: RatingResult, lang: str) -> tuple[str, ...]:
    """All sentences: how it was rated, each unit in its last wave, what comes next."""
    language(lang)
    tables = result.tables
    rows = tables["ratings"]
    counted = rows[["unit", "wave", "rater"]].drop_duplicates()["rater"].nunique()
    told: list[str] = []
    overall = tables["overall"].drop_duplicates("unit", keep="last")
    for place, row in enumerate(overall.to_dict("records")):
        unit = _Unit(result, str(row["unit"]), str(row["wave"]), lang)
        mine = [unit.overall(row)]
        if len(overall) <= _IN_FULL or place == 0:
            mine = unit.all(row)
        if row["unit"] != ALL and len(overall) > 1:
            mine = [say("maturity_rating", "of_unit", lang, unit=shown(row["unit"]), sentence=mine[0]), *mine[1:]]
        told += mine
    told.append(say("maturity_rating", "how", lang, n=(result.n, "n"), raters=(counted, "n")))
    told.append(say("maturity_rating", "first_assess", lang))
    return tuple(told)


def next_steps(result: RatingResult, lang: str) -> tuple[str, ...]:
    """The first steps of the roadmap; of several units the first step of each."""
    overall = result.tables["overall"].drop_duplicates("unit", keep="last")
    units = [_Unit(result, str(row["unit"]), str(row["wave"]), lang) for row in overall.to_dict("records")]
    if len(units) == 1:
        return tuple(units[0].steps())
    return tuple(
        say("maturity_rating", "of_unit", lang, unit=shown(unit.unit), sentence=unit.steps()[0])
        for unit in units
        if unit.steps()
    )


def labels(lang: str) -> dict[str, dict[str, str]]:
    """Names of blocks, leaves and lenses in place of their ids."""
    named = {name: label_of(name, lang) for name in [*(block.id for block in blocks()), *leaves()]}
    columns = ("block", "lowest_block", "strong", "weakest", "waits_for")
    return {**dict.fromkeys(columns, named), "lens": {name: text[lang] for name, text in lenses().items()}}


class _Unit:
    """The sentences about one unit in its last wave."""

    def __init__(self, result: RatingResult, unit: str, wave: str, lang: str) -> None:
        self.lang = lang
        self.unit = unit
        self.wave = wave
        self.tables = result.tables
        self.estimates = result.estimates
        self.asked = result.call["target"] is not None

    def _mine(self, table: pd.DataFrame) -> pd.DataFrame:
        return table[(table["unit"] == self.unit) & (table["wave"] == self.wave)]

    def _say(self, key: str, **values: Value) -> str:
        return say("maturity_rating", key, self.lang, **values)

    def _list(self, names: Iterable[str], most: int | None = None) -> str:
        listed = [label_of(name, self.lang) for name in names]
        cut = listed if most is None or len(listed) <= most else [*listed[:most], "…"]
        return COMMAS[self.lang].join(cut)

    def all(self, row: Mapping[Any, Any]) -> list[str]:
        """Everything about the unit."""
        return [
            self.overall(row), *self._strength(row), self._by_lens(), *self._leaves(), *self._panel(), *self._gaps(),
            *self._change(), *self.steps(),
        ]  # fmt: skip

    def overall(self, row: Mapping[Any, Any]) -> str:
        """The overall level, or why there is none."""
        mean: Value = (row["mean"], "estimate")
        if row["level"] != row["level"]:
            found = self._mine(self.tables["blocks"])
            return self._say("no_overall", blocks=self._list(found.loc[found["rated"] == 0, "block"]), mean=mean)
        lowest = self._list(str(row["lowest_block"]).split(", "))
        return self._say(
            "overall", mean=mean, block=lowest, low=(row["lowest_mean"], "estimate"), level=(row["level"], "n"),
            name=level_name(row["level"], self.lang),
        )  # fmt: skip

    def _strength(self, row: Mapping[Any, Any]) -> list[str]:
        if row["strong"]:
            return [self._say("strong", blocks=self._list(str(row["strong"]).split(", ")))]
        found = self._mine(self.tables["blocks"])
        top = found.nlargest(1, "mean").iloc[0]
        return [self._say("no_strong", block=label_of(str(top["block"]), self.lang), mean=(top["mean"], "estimate"))]

    def _by_lens(self) -> str:
        found = self._mine(self.tables["lenses"])
        parts = [
            self._say("lens", lens=lenses()[str(lens)][self.lang], mean=(mean, "estimate"))
            for lens, mean in zip(found["lens"], found["mean"], strict=True)
            if mean == mean
        ]
        return self._say("lenses", lenses=COMMAS[self.lang].join(parts))

    def _leaves(self) -> list[str]:
        found = self._mine(self.tables["leaves"])
        rated = found[found["level"].notna()]
        low = rated["level"].min()
        early = int(rated["reached"].isin(_EARLY).sum())
        return [
            self._say(
                "weakest",
                level=(low, "n" if low == int(low) else "estimate"),
                leaves=self._list(rated.loc[rated["level"] == low, "leaf"], _LEAVES),
            ),
            self._say(
                "distribution", percent=(100.0 * early / len(rated), "percent"), n=(early, "n"), of=(len(rated), "n")
            ),
        ]

    def _panel(self) -> list[str]:
        found = self._mine(self.estimates).set_index("term")["estimate"]
        told = []
        if {"kappa_linear", "kappa_quadratic"} <= set(found.index):
            kappas: dict[str, Value] = {name: (found[f"kappa_{name}"], "r") for name in ("linear", "quadratic")}
            told.append(self._say("agreement", **kappas))
        if {"icc_single", "icc_average"} <= set(found.index):
            iccs: dict[str, Value] = {name: (found[f"icc_{name}"], "r") for name in ("single", "average")}
            told.append(self._say("icc", **iccs))
        if self._mine(self.tables["leaves"])["n_raters"].max() < 2:
            told.append(self._say("one_rater"))
        apart = self._mine(self.tables["discuss"])
        if len(apart):
            told.append(self._say("discuss", n=(len(apart), "n"), leaves=self._list(apart["leaf"], _LEAVES)))
        bare = self._mine(self.tables["without_evidence"])
        if len(bare):
            above = int((self._mine(self.tables["ratings"])["level"] > 0).sum())
            told.append(self._say("evidence", n=(len(bare), "n"), of=(above, "n")))
        return told

    def _gaps(self) -> list[str]:
        if not self.asked:
            return []
        found = self._mine(self.tables["leaves"])
        known = found[found["gap"].notna()]
        below = known[known["gap"] > 0]
        if below.empty:
            return [self._say("no_gaps")] if len(known) else []
        widest = below.nlargest(1, "gap").iloc[0]
        return [
            self._say(
                "gaps", n=(len(below), "n"), of=(len(known), "n"), gap=(widest["gap"], "estimate"),
                leaf=label_of(str(widest["leaf"]), self.lang),
            )
        ]  # fmt: skip

    def _change(self) -> list[str]:
        tests = self.tables["change_tests"]
        told = []
        for row in tests[(tests["unit"] == self.unit) & (tests["wave_after"] == self.wave)].to_dict("records"):
            counts: dict[str, Value] = {name: (row[name], "n") for name in ("up", "same", "down")}
            before, after = shown(row["wave_before"]), shown(row["wave_after"])
            told.append(
                self._say("change", before=before, after=after, mean=(row["mean_change"], "estimate"), **counts)
            )
            if row["p_value"] == row["p_value"]:
                p = p_phrase(row["p_value"], LANGUAGE_STYLES[self.lang])
                told.append(self._say("signed_ranks", v=(row["v"], "df"), p=p))
        return told

    def steps(self) -> list[str]:
        """The first steps of its roadmap."""
        steps = self._mine(self.tables["roadmap"]).drop(columns=["label", "now", "next"]).head(_STEPS)
        return [
            self._say(
                "step", number=(row["step"], "n"), leaf=row["label"], reached=(row["reached"], "n"),
                next=(row["next_level"], "n"), anchor=row["next"],
            )
            for row in in_words(steps, self.lang).to_dict("records")
        ]  # fmt: skip
