"""The tables behind a scale's reliability: bounds, group factors, split halves, precision, ordinal coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from crmstudy.report.document import Cell, Citation, Column, Inline, Number, Table, TableNotes, phrase
from crmstudy.report.tables import Usage, build_table, column, from_frame
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_SYMBOLS = {"alpha": "α", "omega": "ω", "spearman_brown": "SB"}
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def bounds_table(told: Told) -> Table | None:
    """Guttman's bounds, and omega total and hierarchical where scales have group factors."""
    found = told.result.estimates
    if not (found["term"] == "lambda_2").any():
        return None
    grouped = _general(told, "correlations")
    columns = [
        column("scale", "Scale"), *(Column(f"lambda_{j}", phrase("λ{}", sub), "r") for j, sub in _LAMBDAS),
    ]  # fmt: skip
    if not grouped.empty:
        columns += _omega_columns(told)
    rows = []
    for scale, own in _by_scale(found):
        if "lambda_2" not in own:
            continue
        cells = [_name(told, scale), *(_value(own.get(f"lambda_{j}")) for j, _ in _LAMBDAS)]
        if not grouped.empty:
            cells += _omega_cells(own, grouped, scale, "")
        rows.append(cells)
    title = "Guttman's Bounds" if grouped.empty else "Guttman's Bounds, Omega Total and Omega Hierarchical"
    notes = [
        phrase("λ: lower bounds of the reliability of the sum of the items {}, from covariances; λ₄ is the largest "
               "coefficient of all splits into halves and capitalises on chance in small samples.",
               Citation("guttman_1945")),
    ]  # fmt: skip
    if not grouped.empty:
        notes += _omega_notes(told)
    return _table(told, "bounds", title, columns, rows, notes)


_LAMBDAS = ((2, "₂"), (4, "₄"), (6, "₆"))


def _omega_columns(told: Told) -> list[Column]:
    label = prose.percent_ci(told.level)
    return [
        Column("omega_t", phrase("ω total"), "r"), Column("omega_t_ci", label, "interval_r"),
        Column("omega_h", phrase("ω hier."), "r"), Column("omega_h_ci", label, "interval_r"),
        Column("ecv", phrase("ECV"), "r"),
    ]  # fmt: skip


def _omega_cells(own: Mapping[str, Mapping[Any, Any]], grouped: pd.DataFrame, scale: str, end: str) -> list[Cell]:
    ecv = grouped["ecv"].get(scale)
    cells = []
    for term in (f"omega_t{end}", f"omega_h{end}"):
        row = own.get(term)
        ends = (row["ci_low"], row["ci_high"]) if row is not None else None
        cells += [_value(row), Cell(ends, "interval_r")]
    return [*cells, Cell(None if ecv is None else float(ecv), "r")]


def _omega_notes(told: Told) -> list[Inline]:
    number = int(told.result.call["group_factors"])
    factors = phrase("{} group factor{}", prose.counted(number), "s" if number > 1 else "")
    return [
        phrase(
            "ω total and ω hier. (hierarchical): shares of the variance of the sum of standardised items that all "
            "factors, and the general factor alone, explain {}, for scales of six items or more; {} by minimum "
            "residuals and oblimin, turned into a general and uncorrelated group factors {}.",
            Citation("zinbarg_2005"), factors, Citation("schmid_leiman_1957"),
        ),
        phrase("ECV: share of the common variance that is the general factor's."),
    ]  # fmt: skip


def ordinal_table(told: Told) -> Table | None:
    """Coefficients from polychoric correlations."""
    found = told.result.estimates
    if not (found["term"] == "alpha_ordinal").any():
        return None
    grouped = _general(told, "polychoric")
    columns = [
        column("scale", "Scale"), Column("alpha_ordinal", phrase("Ordinal α"), "r"),
        Column("alpha_ordinal_ci", prose.percent_ci(told.level), "interval_r"),
        Column("lambda_2_ordinal", phrase("λ₂"), "r"), Column("lambda_6_ordinal", phrase("λ₆"), "r"),
        *([] if grouped.empty else _omega_columns(told)),
    ]  # fmt: skip
    rows = []
    for scale, own in _by_scale(found):
        if (alpha := own.get("alpha_ordinal")) is None:
            continue
        cells = [_name(told, scale), _value(alpha), Cell((alpha["ci_low"], alpha["ci_high"]), "interval_r")]
        cells += [_value(own.get(f"lambda_{j}_ordinal")) for j in (2, 6)]
        rows.append(cells + ([] if grouped.empty else _omega_cells(own, grouped, scale, "_ordinal")))
    notes = [
        phrase(
            "From polychoric correlations {}, intervals by the delta method. They are of continuous variables supposed "
            "behind the answers, not of the score that is used, and as a rule larger than its reliability {}.",
            Citation("zumbo_2007"), Citation("chalmers_2018"),
        )
    ]  # fmt: skip
    return _table(told, "ordinal", "Ordinal Reliability of the Scales", columns, rows, notes)


def precision_table(told: Told) -> Table | None:
    """What the reliability means for one person's score."""
    found = told.result.tables.get("precision")
    if found is None or found.empty:
        return None
    columns = [
        column("scale", "Scale"), column("score", "Score"), column("coefficient", "By"),
        Column("reliability", phrase("Reliability"), "r"), Column("sd", phrase("*SD*"), "estimate"),
        Column("sem", phrase("*SEM*"), "estimate"), Column("half_width", phrase("± of a score"), "estimate"),
        Column("minimal_change", phrase("Smallest change"), "estimate"),
    ]  # fmt: skip
    note = phrase(
        "*SEM* = *SD* √(1 − reliability): standard error of measurement of one person's score. ± is half the width of "
        "its {} interval; a change below the smallest one, *z* √2 *SEM*, may be error of measurement alone {}.",
        f"{told.level:.0%}", Citation("jacobson_truax_1991"),
    )  # fmt: skip
    return from_frame(
        told.table_id("precision"), told.title("Precision of Scale Scores"), columns,
        found.assign(coefficient=found["coefficient"].map(_SYMBOLS)), usage=_usage(told), notes=TableNotes((note,)),
        mark=told.mark, labels={"scale": told.label},
    )  # fmt: skip


def split_table(told: Told) -> Table | None:
    """Two splits by the order of the items, and all of them."""
    halves, splits = told.result.tables.get("split_halves"), told.result.tables.get("splits")
    if halves is None or splits is None or halves.empty or splits.empty:
        return None
    columns = [
        column("scale", "Scale"),
        Column("odd_even", phrase("Odd–even SB"), "r"), Column("odd_even_g", phrase("*G*"), "r"),
        Column("first_second", phrase("1st–2nd SB"), "r"), Column("first_second_g", phrase("*G*"), "r"),
        Column("splits", phrase("Splits"), "n"),
        Column("mean", phrase("Mean *G*"), "r"), Column("middle", phrase("Middle 95%"), "interval_r"),
        Column("min", phrase("Lowest"), "r"), Column("max", phrase("Highest"), "r"),
    ]  # fmt: skip
    rows = []
    for scale, two in halves.groupby("scale", sort=False):
        spread = splits[(splits["scale"] == scale) & (splits["matrix"] == "covariances")].iloc[0]
        by_order = [Cell(row[name], "r") for row in two.to_dict("records") for name in ("spearman_brown", "guttman")]
        rows.append([
            _name(told, str(scale)), *by_order, Cell(int(spread["splits"]), "n"), Cell(float(spread["mean"]), "r"),
            Cell((spread["q_025"], spread["q_975"]), "interval_r"), Cell(float(spread["min"]), "r"),
            Cell(float(spread["max"]), "r"),
        ])  # fmt: skip
    note = phrase(
        "Odd–even: items 1, 3, 5 ... against the others; 1st–2nd: the first half of the items against the second. SB: "
        "Spearman–Brown, 2*r* / (1 + *r*). *G*: Guttman's coefficient, four times the covariance of the halves "
        "over the variance of the whole. Mean, middle, lowest and highest *G* are over all splits into halves of equal "
        "size, or over random ones where a scale has more than 20 items; the highest is λ₄."
    )
    return _table(told, "splits", "Split-Half Reliability", columns, rows, [note])


def groups_table(told: Told) -> Table | None:
    """How much of each group of items is the general factor's, and how much its own."""
    found = _of(told, "group_omegas", "correlations")
    if found.empty or int(told.result.call["group_factors"]) < 2 or "m" in told.result.call:
        return None
    columns = [
        column("scale", "Scale"), column("factor", "Group factor"), Column("items", phrase("Items"), "n"),
        Column("total", phrase("ω total"), "r"), Column("by_general", phrase("General"), "r"),
        Column("by_group", phrase("Own"), "r"), Column("second_order", phrase("Loading on general"), "r"),
    ]  # fmt: skip
    note = phrase(
        "Items of a group are those that load on it most. Shares of the variance of their sum: of both factors (ω "
        "total), of the general factor, of the group factor beyond it. The last column holds the group factors' own "
        "loadings on the general factor."
    )
    return from_frame(
        told.table_id("groups"), told.title("Omega of the Groups of Items"), columns,
        found.assign(factor=found["factor"].map(_roman)), group="scale", usage=_usage(told), notes=TableNotes((note,)),
        mark=told.mark, labels={"scale": told.label},
    )  # fmt: skip


def loadings_table(told: Told) -> Table | None:
    """The general and group loadings that omega hierarchical rests on."""
    found = _of(told, "group_factors", "correlations")
    number = int(told.result.call.get("group_factors", 0))
    if found.empty or number < 2 or "m" in told.result.call:
        return None
    columns = [
        column("scale", "Scale"), column("item", "Item"), Column("general", phrase("General"), "r"),
        *(Column(f"group_{j}", phrase("Group {}", _roman(f"group_{j}")), "r") for j in range(1, number + 1)),
        Column("h2", phrase("*h*²"), "r"), Column("u2", phrase("*u*²"), "r"), Column("p2", phrase("*p*²"), "r"),
    ]  # fmt: skip
    note = phrase(
        "Loadings of standardised items on the general factor and on {} uncorrelated group factors {}. *h*²: share of "
        "variance that all explain; *u*²: the rest; *p*²: share of *h*² that is the general factor's.",
        Number(number, "n"), Citation("schmid_leiman_1957"),
    )  # fmt: skip
    return from_frame(
        told.table_id("loadings"), told.title("General and Group Factors Behind Omega Hierarchical"), columns, found,
        group="scale", usage=_usage(told), notes=TableNotes((note,)), mark=told.mark, labels={"scale": told.label},
    )  # fmt: skip


def _by_scale(estimates: pd.DataFrame) -> list[tuple[str, dict[str, Mapping[Any, Any]]]]:
    """The rows of every scale by their term."""
    return [
        (str(scale), {str(row["term"]): row for row in own.to_dict("records")})
        for scale, own in estimates.groupby("scale", sort=False)
    ]


def _of(told: Told, name: str, matrix: str) -> pd.DataFrame:
    found = told.result.tables.get(name, pd.DataFrame({"matrix": []}))
    return found[found["matrix"] == matrix]


def _general(told: Told, matrix: str) -> pd.DataFrame:
    """The table of general factors, by scale."""
    found = _of(told, "general_factor", matrix)
    return found.set_index("scale") if "scale" in found else found


def _value(row: Mapping[Any, Any] | None) -> Cell:
    return Cell(None if row is None else row["estimate"], "r")


def _name(told: Told, scale: str) -> Cell:
    return Cell(scale or "all items", label=told.label(scale))


def _roman(factor: str) -> str:
    j = int(factor.rsplit("_", 1)[1])
    return _ROMAN[j - 1] if j <= len(_ROMAN) else str(j)


def why_dropped(told: Told) -> str:
    """Which rows an analysis leaves out, scale by scale."""
    if told.result.call.get("missing") == "fiml":
        return "rows without any answer to the scale"
    return "rows with a missing answer to an item of the scale"


def _usage(told: Told) -> Usage:
    return told.usage_by_row(told.result.tables["scales"]["n"], why_dropped(told))


def _table(
    told: Told, name: str, title: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], notes: list[Inline]
) -> Table:
    return build_table(
        told.table_id(name), told.title(title), columns, rows, usage=_usage(told), notes=TableNotes(tuple(notes)),
        mark=told.mark,
    )  # fmt: skip
