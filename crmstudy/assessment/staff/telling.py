"""The staff profile in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from crmstudy.assessment.answered import COMMAS
from crmstudy.assessment.catalogue import language
from crmstudy.assessment.wording import say

#: So many priorities are named.
_NAMED = 3


def sentences(
    tables: Mapping[str, pd.DataFrame], fit: pd.Series[Any], names: Mapping[str, Mapping[str, str]], lang: str
) -> tuple[str, ...]:
    """What was found, in a language; ``names`` are those of the characteristics."""
    language(lang)

    name = _naming(names, lang)
    found: list[str] = []
    means = tables["everybody"].dropna(subset=["mean"]).sort_values("mean", ascending=False, kind="stable")
    if len(means) and means["mean"].min() < means["mean"].max():
        top, last = means.iloc[0], means.iloc[-1]
        found.append(
            say(
                "staff", "ends", lang, top=name(top["facet"]), high=(top["mean"], "estimate"),
                last=name(last["facet"]), low=(last["mean"], "estimate"),
            )
        )  # fmt: skip
    found.append(say("staff", "who", lang, n=(fit["people"], "n"), roles=(fit["roles"], "n")))
    gaps = tables["gaps"]
    called = gaps[gaps["verdict"] == "below"]
    if not len(gaps):
        found.append(say("staff", "no_targets", lang))
    elif not len(called):
        found.append(say("staff", "none_below", lang, gaps=(fit["gaps"], "n")))
    else:
        worst = called.iloc[int(called["gap"].to_numpy(dtype=float).argmin())]
        found.append(
            say(
                "staff", "below", lang, below=(fit["below"], "n"), gaps=(fit["gaps"], "n"), role=str(worst["role"]),
                facet=name(worst["facet"]), gap=(worst["gap"], "estimate"),
                interval=((worst["ci_low"], worst["ci_high"]), "interval"),
            )
        )  # fmt: skip
    found += priorities(tables["priorities"], names, lang)
    if fit["withheld"]:
        n, k, kk = fit["withheld"], fit["k"], fit["k_crossing"]
        found.append(say("staff", "withheld", lang, n=(n, "n"), k=(k, "n"), kk=(kk, "n")))
    if fit["banded"]:
        found.append(say("staff", "banded", lang, n=(fit["banded"], "n")))
    return (*found, say("staff", "limits", lang))


def priorities(table: pd.DataFrame, names: Mapping[str, Mapping[str, str]], lang: str) -> tuple[str, ...]:
    """What to train first, and that first places may be shared."""
    if not len(table):
        return ()
    name = _naming(names, lang)
    first = table[table["rank"] <= _NAMED].to_dict("records")
    listed = [say("staff", "entry", lang, role=str(row["role"]), facet=name(row["facet"])) for row in first[:6]]
    found = [say("staff", "priorities", lang, list=COMMAS[lang].join(listed))]
    if any(row["tied"] for row in first):
        found.append(say("staff", "tied", lang))
    return tuple(found)


def _naming(names: Mapping[str, Mapping[str, str]], lang: str) -> Callable[[object], str]:
    """From a characteristic to its name in a language, in English where it has none there."""
    return lambda facet: names[str(facet)].get(lang) or names[str(facet)]["en"]
