"""What is said about the validity of factors: reliability, AVE, and whether they can be told apart."""

from __future__ import annotations

import itertools
import math

import pandas as pd

from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Number,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent, lower_triangle
from crmstudy.report.telling import prose
from crmstudy.report.telling.discriminant import cross_loading_table, decision_sentences, decision_table
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.results import Result

_CONVERGENT = phrase("CR: composite reliability {}; AVE: average variance extracted {}; α: alpha of the sum of the "
                     "items {}.", Citation("joreskog_1971"), Citation("fornell_larcker_1981"),
                     Citation("cronbach_1951"))  # fmt: skip
#: Notes of a validity result that give the reason for an absent number.
_UNDEFINED, _UNTESTED = "VALIDITY_HTMT_UNDEFINED", "VALIDITY_TEST_NOT_MADE"


def validity_elements(model: FittedModel) -> list[Element]:
    """CR and AVE of the factors, then Fornell–Larcker, HTMT and the tests of each pair; reliability by group."""
    if model.groups and model.has_fit and model.told.block.kind == "cfa":
        return _by_group(model)
    result = model.told.extra("validity")
    if result is None:
        return []
    elements: list[Element] = []
    convergent = result.tables.get("convergent")
    if convergent is not None and not convergent.empty:
        elements.append(_convergent(model, convergent))
    square = result.tables.get("fornell_larcker")
    if square is None or len(square) < 2:
        return elements
    square = square.set_index("factor") if "factor" in square.columns else square
    square = square.set_axis([str(name) for name in square.columns], axis="index")
    said = discriminant_sentence(square)
    elements += [_fornell_larcker(model, square), *([model.told.sentences(said)] if said else [])]
    decided = decision_sentences(model, result)
    elements += [model.told.listing(decided)] if decided else []
    made = [
        decision_table(model, result), _ratios(model, result), _ratio_intervals(model, result),
        _discriminant(model, result), cross_loading_table(model, result),
    ]  # fmt: skip
    return elements + [table for table in made if table is not None]


def _convergent(model: FittedModel, frame: pd.DataFrame) -> Table:
    columns = [
        column("factor", "Factor"), Column("items", phrase("Items"), "n"), Column("alpha", phrase("α"), "r"),
        column("cr", kind="r"), column("ave", kind="r"), Column("sqrt_ave", phrase("√AVE"), "r"),
    ]  # fmt: skip
    return from_frame(
        model.told.table_id("convergent"), model.told.title("Composite Reliability and Average Variance Extracted"),
        columns, frame, usage=model.usage, notes=TableNotes((_CONVERGENT, *_from_pooled(model))), mark=model.mark,
    )  # fmt: skip


def _from_pooled(model: FittedModel) -> list[Inline]:
    """What figures of a pooled model are computed from; nothing where the model is not pooled."""
    return [] if model.pooled is None else [plain("Made of the pooled parameters and the mean moments of the imputed "
                                                  "data sets; so are correlations and ratios below.")]  # fmt: skip


def _by_group(model: FittedModel) -> list[Element]:
    """Reliability and AVE of each factor in each group."""
    frame = (model.result if model.pooled is None else model.pooled.face).reliability()
    if frame.empty:
        return []
    columns = [
        column("group", "Group"), column("factor", "Factor"), Column("items", phrase("Items"), "n"),
        Column("alpha", phrase("α"), "r"), Column("omega", phrase("CR"), "r"), column("ave", kind="r"),
    ]  # fmt: skip
    said = [plain(str(note["message"])) for note in frame.attrs.get("notes", ())]
    more = plain("Whether factors can be told apart is asked of a model of one group.")
    return [from_frame(
        model.told.table_id("convergent"), model.told.title("Composite Reliability and Average Variance Extracted"),
        columns, frame, usage=model.usage, notes=TableNotes((_CONVERGENT, *said, more)), group="group", mark=model.mark,
    )]  # fmt: skip


def _fornell_larcker(model: FittedModel, square: pd.DataFrame) -> Table:
    names = list(square.index)
    roots = square.to_numpy(dtype=float).diagonal()
    diagonal: dict[str, float | None] = dict(zip(names, map(float, roots), strict=True))
    columns, cells = lower_triangle(names, square, diagonal, wrap="{}")
    rows = [[_numbered(i, name), *row] for i, (name, row) in enumerate(zip(names, cells, strict=True), start=1)]
    notes = [phrase(
        "√AVE on the diagonal, correlations of the factors below it. {} ask that a factor's √AVE be larger than its "
        "correlations with the others.", Citation("fornell_larcker_1981", narrative=True),
    )]  # fmt: skip
    if any(map(math.isnan, roots)):
        notes.append(plain("A factor without two indicators of its own has no AVE."))
    return build_table(
        model.told.table_id("fornell_larcker"), model.told.title("Fornell–Larcker: Factor Correlations and √AVE"),
        [column("factor", "Factor"), *columns], rows, usage=model.usage, notes=TableNotes(tuple(notes)),
        mark=model.mark,
    )  # fmt: skip


def _numbered(place: int, name: str) -> Cell:
    """A factor as the head of its row, with the number that its column has."""
    return Cell(name, label=phrase("{}. {}", Number(place, "n"), name))


def _ratios(model: FittedModel, result: Result) -> Table | None:
    """HTMT below the diagonal, HTMT2 above it."""
    below, above = result.tables.get("htmt"), result.tables.get("htmt2")
    if below is None or above is None or len(below) < 2:
        return None
    names = [str(name) for name in below.index]
    lower, upper = below.to_numpy(dtype=float), above.to_numpy(dtype=float)
    columns = [Column(name, phrase("{}", str(i)), "r") for i, name in enumerate(names, start=1)]
    rows = []
    for i, name in enumerate(names):
        cells = [
            Cell(float(lower[i, j]), "r") if j < i else Cell(float(upper[j, i]), "r") if j > i else Cell("")
            for j in range(len(names))
        ]
        rows.append([_numbered(i + 1, name), *cells])
    note = phrase(
        "HTMT, the heterotrait–monotrait ratio of correlations {}, below the diagonal; HTMT2, with geometric means {}, "
        "above it. Values near 1 say that two factors cannot be told apart; .85 and .90 are often named as limits.",
        Citation("henseler_2015"), Citation("roemer_2021"),
    )  # fmt: skip
    return build_table(
        model.told.table_id("htmt"), model.told.title("Heterotrait–Monotrait Ratios"),
        [column("factor", "Factor"), *columns], rows, usage=model.usage,
        notes=TableNotes((note, *_reasons(result, _UNDEFINED))), mark=model.mark,
    )  # fmt: skip


def _ratio_intervals(model: FittedModel, result: Result) -> Table | None:
    """Bootstrap intervals of the ratios, where they were asked for."""
    frame = result.tables.get("htmt_intervals")
    if frame is None or frame.empty:
        return None
    names = {"htmt": "HTMT", "htmt2": "HTMT2"}
    columns = [
        column("lhs", "Factor"), column("rhs", "With"), column("coefficient", "Ratio"),
        Column("estimate", phrase("Value"), "r"),
        Column("ci", prose.percent_ci(model.told.level, "bootstrap"), "interval_r"),
        Column("undefined", phrase("Without value"), "n", shown=bool(frame["undefined"].any())),
    ]  # fmt: skip
    note = phrase("Percentile intervals over {} samples of the rows.", Number(result.call.get("bootstrap"), "n"))
    return from_frame(
        model.told.table_id("htmt_intervals"), model.told.title("Heterotrait–Monotrait Ratios: Bootstrap Intervals"),
        columns, frame, usage=model.usage, notes=TableNotes((note,)), mark=model.mark,
        labels={"coefficient": lambda name: plain(names.get(name, name))},
    )  # fmt: skip


def _discriminant(model: FittedModel, result: Result) -> Table | None:
    """Each pair of factors: its correlation with interval, the AVE check and the test against a cutoff."""
    frame = result.tables.get("discriminant")
    if frame is None or frame.empty:
        return None
    columns = [
        column("lhs", "Factor"), column("rhs", "With"), Column("correlation", phrase("*r*"), "r"),
        Column("std_error", phrase("*SE*"), "r"), Column("ci", prose.percent_ci(model.told.level), "interval_r"),
        column("ave_check", "AVE above *r*²", align="right"), Column("htmt", phrase("HTMT"), "r", shown=False),
        Column("htmt2", phrase("HTMT2"), "r", shown=False), Column("cutoff", phrase("Cutoff"), "r", shown=False),
        Column("chisq_diff", phrase("Δχ²"), "statistic"), Column("df_diff", phrase("Δ*df*"), "df"),
        Column("p_value", phrase("*p*"), "p"),
    ]  # fmt: skip
    checks = {True: "yes", False: "no"}
    frame = frame.assign(ave_check=[checks.get(value, "–") for value in frame["ave_check"]])
    notes = [phrase(
        "Interval of the correlation by the delta method. Δχ² (scaled where the test of the model is): test that the "
        "correlation is {}; a small *p* says that it is below {}. Which cutoff is right is a matter of judgement.",
        Number(float(frame["cutoff"].iloc[0]), "r"), Citation("ronkko_cho_2022"),
    )]  # fmt: skip
    if model.pooled is not None:
        notes.append(phrase("Δχ² is that of the imputed data sets, pooled by D2 {}.", Citation("li_1991")))
    if (frame["correlation"].abs() > frame["cutoff"]).any():
        notes.append(plain("A correlation beyond the cutoff is not below it: its Δχ² is 0."))
    if (frame["ave_check"] == "–").any():
        notes.append(plain("No AVE check where a factor has no AVE."))
    if is_absent(frame["std_error"].iloc[0]):
        notes.append(plain("The model has no standard errors, so the correlations have no intervals."))
    return from_frame(
        model.told.table_id("discriminant"), model.told.title("Correlations of Factors and Tests Against a Cutoff"),
        columns, frame, usage=model.usage, notes=TableNotes((*notes, *_reasons(result, _UNTESTED))), mark=model.mark,
    )  # fmt: skip


def _reasons(result: Result, code: str) -> list[Inline]:
    """Why numbers of a table are absent: the messages of these notes."""
    return [plain(prose.capital(note.message)) for note in result.notes if note.code == code]


def discriminant_sentence(square: pd.DataFrame) -> Inline | None:
    """Which pairs of factors correlate higher than the smaller of their √AVE; None where no pair has both.

    Parameters
    ----------
    square : DataFrame
        √AVE on the diagonal, correlations below it, factors as index.
    """
    names, values = [str(name) for name in square.index], square.to_numpy(dtype=float)
    failing, compared = [], 0
    for i, j in itertools.combinations(range(len(names)), 2):
        r, first, second = float(values[j, i]), float(values[i, i]), float(values[j, j])
        if any(map(math.isnan, (r, first, second))):
            continue
        compared += 1
        if abs(r) > min(first, second):
            failing.append(phrase(
                "{} and {} ({} against √AVE of {} and {})", names[i], names[j], Number(r, "r"), Number(first, "r"),
                Number(second, "r"),
            ))  # fmt: skip
    if not compared:
        return None
    every = compared == math.comb(len(names), 2)
    if not failing:
        pairs = "all pairs of factors" if every else "all pairs of factors that have an AVE"
        return phrase("The criterion is met for {}.", pairs)
    effects = phrase(": their separate effects are hard to tell apart.")
    return phrase("The criterion is not met for {}", prose.joined(failing, "; ")) + effects
