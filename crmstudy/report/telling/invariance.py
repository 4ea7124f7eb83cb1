"""What is said about measurement invariance: the ladder, what each rule says, and what may be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmstudy.report.document import (
    DAGGER,
    Cell,
    Citation,
    CodeBlock,
    Column,
    Element,
    Inline,
    Number,
    Pointer,
    PValue,
    Section,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import build_table, column, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.invariance_effects import (
    candidate_elements,
    item_effect_elements,
    latent_mean_elements,
    level_name,
    level_word,
    over_waves,
)
from crmstudy.report.telling.told import Told

_EQUAL = {
    "loadings": "loadings", "intercepts": "intercepts", "residuals": "residual variances",
    "residual.covariances": "residual covariances", "lv.variances": "factor variances",
    "lv.covariances": "factor covariances", "regressions": "regressions", "means": "latent means",
}  # fmt: skip
_DECISIONS = {
    "starting point": "–", "held": "held", "not held": "not held", "not judged": "not judged",
}  # fmt: skip
_RULES: Mapping[str, Inline] = {
    "chen": phrase("Chen"), "cheung_rensvold": phrase("ΔCFI"), "p": phrase("*p*"), "": plain("–"),
}  # fmt: skip
_JUDGED: Mapping[str, Inline] = {
    "chen": phrase("the changes of fit indices of {}", Citation("chen_2007", narrative=True)),
    "cheung_rensvold": phrase("the change of the CFI of {}", Citation("cheung_rensvold_2002", narrative=True)),
    "p": phrase("the test of the difference"),
}
_VERDICTS = {True: "held", False: "not held"}


def invariance_section(told: Told) -> Section:
    """The ladder in one table, the rules in another, then candidates, latent means and effect sizes of the items."""
    ladder = told.result.tables["ladder"]
    elements: list[Element] = [
        told.sentences(*_sentences(told, ladder)),
        _ladder_table(told, ladder),
        _rules_table(told, ladder),
        *candidate_elements(told),
        *latent_mean_elements(told),
        *item_effect_elements(told),
    ]
    label = "The model as declared, in lavaan syntax, the same for all"
    elements.append(CodeBlock(str(told.result.call.get("model", "")).strip(), label))
    return told.section(elements)


def _compared(told: Told) -> Inline:
    """What is compared, with the size of each group."""
    call, samples = told.result.call, told.result.samples
    if over_waves(told):
        return phrase("Over the waves (*N* = {})", Number(told.result.n, "n"))
    sizes = [phrase("{} {}", str(row["group"]), Number(row["n"], "n")) for row in samples.to_dict("records")]
    column = str(call.get("group") or "groups")
    return phrase("Over the groups of {} (*N* = {}: {})", column, Number(told.result.n, "n"), prose.joined(sizes))


def _sentences(told: Told, ladder: pd.DataFrame) -> list[Inline]:
    """The highest level that is held, the first that is not, each with the figures that decided."""
    rows = ladder.to_dict("records")
    held = [row for row in rows if row["supported"]]
    if not held:
        return [_compared(told) + phrase(" the configural model has no proper solution: nothing is decided from it.")]
    top = held[-1]
    if len(held) == 1:
        said = _compared(told) + phrase(" no level beyond the configural model is supported.")
    else:
        said = _compared(told) + phrase(" the {} level is supported ({}).", _word(top, told), _figures(top))
    found = [said]
    failing = rows[len(held)] if len(held) < len(rows) else None
    if failing is not None and failing["decision"] == "not held":
        found.append(phrase("The {} level is not ({}).", _word(failing, told), _figures(failing)))
    elif failing is not None:
        found.append(phrase("The {} level could not be judged, for want of a proper solution.", _word(failing, told)))
    judged = [row for row in (top, failing) if row is not None and row["decision"] in ("held", "not held")]
    rules = dict.fromkeys(row["rule"] for row in judged)
    if rules:
        found.append(phrase("Judged by {}.", prose.joined([_JUDGED[rule] for rule in rules], " and ")))
    return found


def _word(row: Mapping[Any, Any], told: Told) -> str:
    name = level_word(row["level"])
    partial = told.result.call.get("group_partial") and row["level"] != "configural"
    return f"partial {name}" if partial else name


def _figures(row: Mapping[Any, Any]) -> Inline:
    ending = _ending(row)
    parts = []
    if not is_absent(row["delta_p"]):
        parts.append(phrase(
            "Δχ²({}) = {}, {}", Number(row["delta_df"], "df"), Number(row["delta_chisq"], "statistic"),
            (PValue(row["delta_p"]),),
        ))  # fmt: skip
    for label, name in (("ΔCFI", f"delta_cfi{ending}"), ("ΔRMSEA", f"delta_rmsea{ending}"), ("ΔSRMR", "delta_srmr")):
        if not is_absent(row[name]):
            sign = "=" if row[name] == 0 or abs(row[name]) >= 0.0005 else ""  # else it is written as < .001
            parts.append(phrase("{} {}{}", label, sign and f"{sign} ", Number(row[name], "index")))
    return prose.joined(parts)


def _ending(row: Mapping[Any, Any]) -> str:
    return "" if row["indices"] == "plain" else f"_{row['indices']}"


def _ladder_table(told: Told, ladder: pd.DataFrame) -> Table:
    ending = _ending(ladder.iloc[0].to_dict())
    scaled = "_scaled" if "chisq_scaled" in ladder.columns else ""
    columns = [
        column("level", "Level"), column("equal", "Equal", shown=False),
        Column(f"chisq{scaled}", phrase("χ²"), "statistic"), Column(f"df{scaled}", phrase("*df*"), "df"),
        Column(f"p_value{scaled}", phrase("*p*"), "p", shown=False), Column(f"cfi{ending}", phrase("CFI"), "index"),
        Column(f"tli{ending}", phrase("TLI"), "index", shown=False),
        Column(f"rmsea{ending}", phrase("RMSEA"), "index"), Column("srmr", phrase("SRMR"), "index"),
        Column("aic", phrase("AIC"), "statistic", shown=False), Column("bic", phrase("BIC"), "statistic", shown=False),
        Column("delta_chisq", phrase("Δχ²"), "statistic"), Column("delta_df", phrase("Δ*df*"), "df"),
        Column("delta_p", phrase("*p*"), "p"), Column(f"delta_cfi{ending}", phrase("ΔCFI"), "index"),
        Column(f"delta_rmsea{ending}", phrase("ΔRMSEA"), "index"), Column("delta_srmr", phrase("ΔSRMR"), "index"),
        column("decision", "Decision"),
    ]  # fmt: skip
    present = [col for col in columns if col.key in ladder.columns]
    rows = []
    for row in ladder.to_dict("records"):
        cells = []
        for col in present:
            value = row[col.key]
            if col.key == "level":
                mark = "" if row["admissible"] else DAGGER
                cells.append(Cell(str(value), mark=mark, label=level_name(value)))
            elif col.key == "decision":
                apart = value == "held" and not row["supported"]
                cells.append(Cell(_DECISIONS.get(str(value), str(value)), mark="a" if apart else ""))
            elif col.kind == "text":
                cells.append(Cell(str(value)))
            else:
                cells.append(Cell(None if is_absent(value) else value, col.kind))
        rows.append(cells)
    specific: tuple[tuple[str, Inline], ...] = ()
    if not ladder["admissible"].all():
        specific += ((DAGGER, phrase("No proper solution: must not be interpreted, and nothing is decided from it.")),)
    if ((ladder["decision"] == "held") & ~ladder["supported"]).any():
        specific += (("a", phrase("The step by itself; it is not supported, because a level before it is not held.")),)
    return build_table(
        told.table_id("ladder"), told.title("Measurement Invariance: Fit and Change of Fit by Level"), present, rows,
        usage=told.usage(), notes=TableNotes(_ladder_notes(told, ladder, bool(scaled)), specific), mark=told.mark,
    )  # fmt: skip


def _ladder_notes(told: Told, ladder: pd.DataFrame, scaled: bool) -> tuple[Inline, ...]:
    notes = [phrase(
        "Each level holds equal what it adds and all before it, and is compared with the row above {}. Added are {}.",
        Citation("vandenberg_lance_2000"), prose.joined(_added(ladder)),
    )]  # fmt: skip
    if scaled:
        notes.append(phrase("χ² is scaled; Δχ² is the scaled difference {}.", Citation("satorra_bentler_2001")))
    word = str(ladder["indices"].iloc[0])
    if word != "plain":
        notes.append(phrase("CFI and RMSEA are the {} ones, also in the changes that are judged.", word))
    if over_waves(told):
        apart = "" if told.result.call.get("like_items", True) else "do not "
        notes.append(phrase("The factors of all waves covary; residuals of an item {}covary between waves.", apart))
    if free := told.result.call.get("group_partial"):
        notes.append(phrase("Left free at every level: {} {}.", ", ".join(map(str, free)), Citation("byrne_1989")))
    return tuple(notes)


def _added(ladder: pd.DataFrame) -> list[Inline]:
    """What each level adds: ``loadings (metric)``."""
    found: list[Inline] = []
    before: set[str] = set()
    for row in ladder.to_dict("records"):
        words = [word for word in str(row["equal"]).split(", ") if word]
        new = [_EQUAL[word] for word in words if word not in before]
        before |= set(words)
        if new:
            found.append(phrase("{} ({})", " and ".join(new), level_word(row["level"])))
    return found


def _rules_table(told: Told, ladder: pd.DataFrame) -> Table:
    columns = [
        column("level", "Level"), Column("held_by_p", phrase("*p* of Δχ²")),
        Column("held_by_cheung_rensvold", phrase("ΔCFI")), Column("held_by_chen", phrase("Chen's changes")),
        column("rule", "Decided by"), column("decision", "Decision"), column("supported", "Supported so far"),
    ]  # fmt: skip
    rows = []
    for row in ladder.to_dict("records")[1:]:
        verdicts = [Cell(_VERDICTS.get(row[col.key], "–")) for col in columns[1:4]]
        rule = str(row["rule"])
        mark = "" if row["admissible"] else DAGGER
        rows.append([
            Cell(str(row["level"]), mark=mark, label=level_name(row["level"])), *verdicts,
            Cell(rule, label=_RULES[rule]), Cell(str(row["decision"])), Cell("yes" if row["supported"] else "no"),
        ])  # fmt: skip
    specific: tuple[tuple[str, Inline], ...] = ()
    if not ladder["admissible"].iloc[1:].all():
        specific = ((DAGGER, phrase("No proper solution: nothing is decided from it.")),)
    return build_table(
        told.table_id("rules"), told.title("Measurement Invariance: What Each Rule Says"), columns, rows,
        usage=told.usage(), notes=TableNotes((_rules_note(told),), specific), mark=told.mark,
    )  # fmt: skip


def _rules_note(told: Told) -> Inline:
    """What the rules are: said once, under the first table of them."""
    blocks = told.record.blocks
    first = next(block.id for block in blocks if block.kind == "invariance" and block.result is not None)
    if first != told.block.id:
        return phrase("What the rules are: see the note of {}.", Pointer(f"{first}_rules"))
    return phrase(
        "*p* of Δχ²: held when *p* is {} or more. ΔCFI: held when the CFI falls by less than .01 {}. Chen's changes "
        "{}: not held when the CFI falls by .010 or more and the RMSEA rises by .015 or the SRMR by .030 (loadings) or "
        ".010 (intercepts, residuals) or more; with *N* up to 300 .005, .010 and .025 or .005. Other levels have no "
        "such values. The cut-offs come from simulations of particular models, and the rules need not agree {}.",
        prose.below(told.level), Citation("cheung_rensvold_2002"), Citation("chen_2007"),
        Citation("putnick_bornstein_2016"),
    )  # fmt: skip
