"""What module adoption says in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.modules.curve import curve_prose
from crmstudy.assessment.modules.listed import ALL, words_for
from crmstudy.assessment.modules.quantities import number, percent, points
from crmstudy.assessment.wording import COMMAS, say

_ROOM = "modules"
#: So many functions are named in a sentence.
_NAMED = 3


def adoption_prose(tables: Mapping[str, pd.DataFrame], n: int, call: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """The sentences, in the order in which a steering committee asks."""
    rows = {row["module"]: row for row in tables["modules"].to_dict("records")}
    whole = rows.pop(ALL)
    said = [
        _overall(whole, lang),
        say(_ROOM, "asked", lang, n=number(n), asked=number(whole["asked"]), functions=number(whole["functions"])),
        *_adopted(whole, lang),
        *_ends(rows, lang),
        *_unused(tables["unused"], call, lang),
        *_stands(tables["architecture"], lang),
    ]
    if "curve" in tables:
        curve = tables["curve"]
        figures = {str(name): float(value) for name, value in tables["not_adopted"].iloc[0].items()}
        said += curve_prose(curve[curve["module"] == ALL], tables["adopters"], figures, lang)
    wrong = int(tables["contradictions"]["n"].sum())
    if wrong:
        said.append(say(_ROOM, "contradictions", lang, n=number(wrong)))
    if call["withheld"]:
        said.append(say(_ROOM, "withheld", lang, n=number(call["withheld"]), means=number(call["k_means"]),
                        shares=number(call["k_distributions"])))  # fmt: skip
    return tuple(said)


def unused_named(unused: pd.DataFrame, call: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """The functions that are there and hardly used, if there are any."""
    return () if unused.empty else _unused(unused, call, lang)


def _overall(whole: Mapping[Any, Any], lang: str) -> str:
    if whole["n_coverage"] == 0:
        return say(_ROOM, "nothing_known", lang)
    if not np.isfinite(whole["coverage"]):
        return say(_ROOM, "nothing_shown", lang)
    if not np.isfinite(whole["index"]) or not np.isfinite(whole["depth"]):
        return say(_ROOM, "coverage_only", lang, coverage=percent(whole["coverage"]))
    return say(_ROOM, "overall", lang, coverage=percent(whole["coverage"]), depth=percent(whole["depth"]),
               index=points(whole["index"]))  # fmt: skip


def _adopted(whole: Mapping[Any, Any], lang: str) -> tuple[str, ...]:
    ends = {"low": percent(whole["adopted_low"]), "high": percent(whole["adopted_high"])}
    case = catalogue("modules")["benchmark"]
    beside = say(_ROOM, "benchmark", lang, firm=case["firm"], share=percent(100.0 * case["share"]))
    if np.isfinite(whole["adopted"]):
        return say(_ROOM, "adopted", lang, share=percent(whole["adopted"]), **ends), beside
    if np.isfinite(whole["adopted_low"]):
        return say(_ROOM, "adopted_band", lang, **ends), beside
    return ()


def _ends(rows: Mapping[str, Mapping[Any, Any]], lang: str) -> tuple[str, ...]:
    known = {name: row["index"] for name, row in rows.items() if np.isfinite(row["index"])}
    if len(set(known.values())) < 2:  # none is ahead of another
        return ()
    top, low = max(known, key=lambda name: known[name]), min(known, key=lambda name: known[name])
    return (
        say(_ROOM, "ends", lang, top=words_for(top, lang), high=points(known[top]), bottom=words_for(low, lang),
            low=points(known[low])),
    )  # fmt: skip


def _unused(unused: pd.DataFrame, call: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    below = percent(call["unused_below"])
    if unused.empty:
        return (say(_ROOM, "none_unused", lang, below=below),)
    names = COMMAS[lang].join(words_for(name, lang) for name in unused["function"].head(_NAMED))
    return (
        say(
            _ROOM, "unused", lang, n=number(len(unused)), below=below, names=names, clear=number(unused["clear"].sum())
        ),
    )


def _stands(architecture: pd.DataFrame, lang: str) -> tuple[str, ...]:
    answers = catalogue("modules")["architecture"]["answers"]
    return tuple(
        say(_ROOM, "stands", lang, how=answers[row["answer"]]["label"][lang], n=number(len(row["modules"].split(", "))))
        for row in architecture.to_dict("records")
    )
