"""The staff profile in sentences."""

from __future__ import annotations

from collections.abc import Mapping
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

    def name(facet: object) -> str:
        texts = names[str(facet)]
        return texts.get(lang) or texts["en"]

    found = [say("staff", "who", lang, n=(fit["people"], "n"), roles=(fit["roles"], "n"))]
    means = tables["everybody"].dropna(subset=["mean"]).sort_values("mean", ascending=False, kind="stable")
    if len(means) > 1:
        top, last = means.iloc[0], means.iloc[-1]
        found.append(
            say(
                "staff", "ends", lang, top=name(top["facet"]), high=(top["mean"], "estimate"),
                last=name(last["facet"]), low=(last["mean"], "estimate"),
            )
        )  # fmt: skip
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
    found += _priorities(tables["priorities"], name, lang)
    if fit["small"]:
        found.append(say("staff", "small", lang, n=(fit["small"], "n"), k=(fit["k"], "n"), kk=(fit["k_crossing"], "n")))
    if fit["secondary"]:
        found.append(say("staff", "secondary", lang, n=(fit["secondary"], "n")))
    if fit["banded"]:
        found.append(say("staff", "banded", lang, n=(fit["banded"], "n")))
    return (*found, say("staff", "limits", lang))


def _priorities(table: pd.DataFrame, name: Any, lang: str) -> list[str]:
    if not len(table):
        return []
    first = table[table["rank"] <= _NAMED].to_dict("records")
    listed = [say("staff", "entry", lang, role=str(row["role"]), facet=name(row["facet"])) for row in first[:6]]
    found = [say("staff", "priorities", lang, list=COMMAS[lang].join(listed))]
    if any(row["tied"] for row in first):
        found.append(say("staff", "tied", lang))
    return found
