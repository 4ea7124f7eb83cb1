"""What invariance allows to be compared: candidates for partial invariance, latent means, effect sizes of items."""

from __future__ import annotations

import pandas as pd

from crmstudy.drawing import CoefficientPlot
from crmstudy.report.document import (
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    PValue,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import column, from_frame
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_LEVELS = {
    "configural": "Configural", "metric": "Metric", "scalar": "Scalar", "strict": "Strict",
    "residual.covariances": "Residual covariances", "lv.variances": "Factor variances",
    "lv.covariances": "Factor covariances", "regressions": "Regressions", "means": "Latent means",
}  # fmt: skip
#: Candidates that are listed, largest first.
_MOST_CANDIDATES = 12


def level_name(name: object) -> Inline:
    """A level as a table names it."""
    return plain(_LEVELS.get(str(name), str(name)))


def level_word(name: object) -> str:
    """A level as a sentence names it."""
    return _LEVELS.get(str(name), str(name)).lower()


def over_waves(told: Told) -> bool:
    """Whether waves are compared, not groups."""
    return told.result.call.get("waves") is not None


def place_word(told: Told, label: object) -> str:
    """A group or wave as a sentence names it."""
    return f"wave {label}" if over_waves(told) else str(label)


def candidate_elements(told: Told) -> list[Element]:
    """Score tests of the first level that is not held."""
    frame = told.result.tables["candidates"]
    if frame.empty:
        return []
    columns = [
        column("level", "Level", shown=False), column("parameter", "Parameter"),
        Column("statistic", phrase("χ²"), "statistic"), column("df", kind="df"), column("p_value", kind="p"),
        Column("p_adjusted", phrase("*p* adjusted"), "p"), Column("epc", phrase("Expected difference"), "estimate"),
        column("epc_group", "Wave" if over_waves(told) else "Group", shown=len(frame["epc_group"].unique()) > 1),
    ]  # fmt: skip
    shown = frame.head(_MOST_CANDIDATES)
    note = phrase(
        "Score tests of leaving one equality of the {} level free {}, the {} largest of {}; *p* adjusted by {}. The "
        "expected difference is that from {} once released, the largest where there are several.",
        level_word(frame["level"].iloc[0]), Citation("sorbom_1989"), Number(len(shown), "n"), Number(len(frame), "n"),
        Citation("holm_1979", narrative=True), place_word(told, frame["reference"].iloc[0]),
    )  # fmt: skip
    looked = phrase(
        "Exploratory: equalities released after looking at this table fit this sample by chance as well; they need a "
        "reason in the content of the item, and another sample {}.", Citation("byrne_1989"),
    )  # fmt: skip
    table = from_frame(
        told.table_id("candidates"), told.title("Candidates for Partial Invariance"), columns, shown,
        usage=told.usage(), notes=TableNotes((note, looked)), mark=told.mark,
    )  # fmt: skip
    return [told.sentences(_strongest(frame)), table]


def _strongest(frame: pd.DataFrame) -> Inline:
    row = frame.iloc[0]
    return phrase(
        "Exploratory: of the equalities of the {} level, {} strains the model most (χ²({}) = {}, adjusted {}).",
        level_word(row["level"]), str(row["parameter"]), Number(row["df"], "df"),
        Number(row["statistic"], "statistic"), (PValue(row["p_adjusted"]),),
    )  # fmt: skip


def latent_mean_elements(told: Told) -> list[Element]:
    """Latent mean differences in a table, and in a figure where the level supports them."""
    frame = told.result.tables["latent_means"]
    if frame.empty:
        return []
    level, supported = str(frame["level"].iloc[0]), _is_supported(told, str(frame["level"].iloc[0]))
    several = len(frame["group"].drop_duplicates()) > 1
    label = prose.percent_ci(told.level)
    columns = [
        column("factor", "Factor"), column("group", "Wave" if over_waves(told) else "Group", shown=several),
        column("reference", "Reference", shown=False), Column("estimate", phrase("Difference"), "estimate"),
        column("std_error", kind="estimate"), Column("statistic", phrase("*z*"), "statistic"),
        column("p_value", kind="p"), Column("ci", label, "interval"), Column("effect_size", phrase("*d*"), "estimate"),
        Column("effect_ci", label, "interval"),
    ]  # fmt: skip
    reference, group = str(frame["reference"].iloc[0]), str(frame["group"].iloc[0])
    reference = place_word(told, reference)
    what = phrase("minus {}", reference) if several else phrase("{} minus {}", place_word(told, group), reference)
    notes = [phrase(
        "Differences of latent means ({}) in the {} model, in units of the factor's first item (or of its standard "
        "deviation, where that scales it). *d*: over the pooled standard deviation of the factor {}, interval by the "
        "delta method.", what, level_word(level), Citation("hancock_2001"),
    )]  # fmt: skip
    if not supported:
        words = "The {} level is not supported, so these differences also hold what differs in the measurement."
        notes.append(phrase(words, level_word(level)))
    table = from_frame(
        told.table_id("latent_means"), told.title("Latent Mean Differences"), columns, frame, usage=told.usage(),
        notes=TableNotes(tuple(notes)), mark=told.mark,
    )  # fmt: skip
    drawing = told.result.plot()
    if not supported or not isinstance(drawing, CoefficientPlot):
        return [table]
    reading = phrase("Dots are differences from {}, bars their {}.", reference, label)
    title = told.title("Latent Mean Differences")
    return [table, FigureBlock(told.table_id("latent_means_figure"), title, drawing, (reading,), told.mark)]


def _is_supported(told: Told, level: str) -> bool:
    ladder = told.result.tables["ladder"].set_index("level")
    return bool(ladder.loc[level, "supported"])


def item_effect_elements(told: Told) -> list[Element]:
    """How much each item differs at equal standing on its factor."""
    frame = told.result.tables["dmacs"]
    if frame.empty:
        return []
    several = len(frame["group"].drop_duplicates()) > 1
    columns = [
        column("factor", "Factor"), column("item", "Item"),
        column("group", "Wave" if over_waves(told) else "Group", shown=several),
        column("reference", "Reference", shown=False), Column("dmacs", phrase("*d*MACS"), "estimate"),
        Column("signed", phrase("Signed"), "estimate"),
        Column("mean_difference", phrase("Expected difference"), "estimate"),
        Column("referent", phrase("Referent"), shown=False),
    ]  # fmt: skip
    reference = place_word(told, frame["reference"].iloc[0])
    note = phrase(
        "How far the expected answers of people of equal standing on the factor differ, in standard deviations of the "
        "item {}, from the configural model; signed and expected difference (in units of the item): {} minus the "
        "other, positive where {} answers higher. The first item of each factor is taken for invariant, so its values "
        "are 0.",
        Citation("nye_drasgow_2011"), reference, reference,
    )  # fmt: skip
    table = from_frame(
        told.table_id("dmacs"), told.title("Effect Sizes of Non-Invariance by Item"), columns, frame,
        usage=told.usage(), notes=TableNotes((note,)), group="factor", mark=told.mark,
    )  # fmt: skip
    return [table]
