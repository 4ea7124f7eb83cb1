"""What is said about regressions, measurement models and structural models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmstudy.report import prose
from crmstudy.report.document import (
    Cell,
    Citation,
    CodeBlock,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    Pointer,
    Section,
    Table,
    TableNotes,
    Words,
    phrase,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent, lower_triangle
from crmstudy.report.told import Told

#: Residual correlations that are listed, largest first.
_WORST = 10
_CHECKS = {
    "breusch_pagan": "Breusch–Pagan (equal variances)", "jarque_bera": "Jarque–Bera (normal residuals)",
    "residual_skewness": "Skewness of the residuals", "residual_kurtosis": "Kurtosis of the residuals",
    "max_cooks_distance": "Largest Cook's distance",
}  # fmt: skip


def regression_section(told: Told) -> Section:
    """Fit, coefficients, blocks and diagnostics of a linear regression."""
    result = told.result
    formula = str(told.block.options.get("formula") or result.call.get("formula", ""))
    slopes = [row for row in result.estimates.to_dict("records") if row["term"] not in ("Intercept", "(Intercept)")]
    elements: list[Element] = [
        told.sentences(prose.regression_sentence(result.fit, formula, result.n)),
        told.listing([prose.coefficient_sentence(row, told.level) for row in slopes]),
        _regression_table(told),
    ]
    elements += [table for name in ("blocks", "diagnostics") if (table := _regression_part(told, name))]
    if (drawing := result.plot()) is not None:
        note = phrase(
            "Dots are estimates, bars their {}; an open dot: the interval holds 0.", prose.percent_ci(told.level)
        )
        elements.append(FigureBlock(told.table_id("plot"), told.title("Coefficients"), drawing, (note,), told.mark))
    return told.section(elements)


def _regression_table(told: Told) -> Table:
    errors = str(told.result.call.get("se") or told.block.options.get("se") or "HC3")
    columns = [
        column("term", "Term"), column("estimate", kind="estimate"), column("std_error", kind="estimate"),
        column("statistic", "*t*", "statistic"), column("df", kind="df"), column("p_value", kind="p"),
        Column("ci", prose.percent_ci(told.level), "interval"), column("beta", kind="r"),
        column("vif", kind="statistic"),
    ]  # fmt: skip
    cites = (Citation("mackinnon_white_1985"),) if errors == "HC3" else ()
    note = phrase("Standard errors: {}{}{}; ", errors, Words(" ") if cites else None, cites or None)
    note += phrase("β: standardised coefficient; VIF: variance inflation factor.")
    return from_frame(
        told.table_id("coefficients"), told.title("Regression Coefficients"), columns, told.result.estimates,
        usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def _regression_part(told: Told, name: str) -> Table | None:
    frame = told.result.tables.get(name)
    if frame is None or frame.empty or (name == "blocks" and len(frame) < 2):
        return None
    titles = {"blocks": told.title("Blocks of Predictors"), "diagnostics": told.title("Diagnostics of the Regression")}
    if "check" in frame.columns:
        frame = frame.assign(check=[_CHECKS.get(str(name), str(name)) for name in frame["check"]])
    columns = [
        column("block", "Block"), column("check", "Check"), Column("r_squared", phrase("*R*²"), "r"),
        Column("adj_r_squared", phrase("Adjusted *R*²"), "r"), Column("delta_r_squared", phrase("Δ*R*²"), "r"),
        Column("f", phrase("*F*"), "statistic"), Column("df1", phrase("*df*1"), "df"),
        Column("df2", phrase("*df*2"), "df"), Column("statistic", phrase("Statistic"), "statistic"),
        Column("df", phrase("*df*"), "df"), column("p_value", kind="p"),
    ]  # fmt: skip
    note = phrase("A small *p* says that these data would be unusual if the assumption held; it does not say how much "
                  "the violation matters.")  # fmt: skip
    notes = TableNotes((note,)) if name == "diagnostics" else TableNotes()
    return from_frame(
        told.table_id(name), titles[name], columns, frame, usage=told.usage(), notes=notes, mark=told.mark
    )


def structural_section(told: Told) -> Section:
    """A measurement model or a structural model, from its fit to its local fit."""
    result = told.result
    paths = result.estimates[result.estimates["op"] == "~"].to_dict("records")
    defined = result.estimates[result.estimates["op"] == ":="].to_dict("records")
    elements: list[Element] = []
    if not is_absent(result.fit.get("chisq")):
        said = [prose.path_sentence(row, told.level) for row in paths]
        said += [prose.defined_sentence(row, told.level, _simulated(told, row)) for row in defined]
        elements += [told.sentences(prose.fit_sentence(result.fit)), *([told.listing(said)] if said else [])]
        elements.append(_fit_table(told))
    elements += _diagram(told)
    elements += _estimates(told)
    elements += _validity(told)
    elements += _local_fit(told)
    model = str(told.block.options.get("model") or result.call.get("model", ""))
    elements.append(CodeBlock(model.strip(), "The model as declared, in lavaan syntax"))
    return told.section([*told.absences("validity", "monte_carlo"), *elements])


def _simulated(told: Told, row: Mapping[Any, Any]) -> Mapping[Any, Any] | None:
    table = told.extra("monte_carlo")
    if table is None:
        return None
    return next((found for found in table.to_dict("records") if found["label"] in (row["label"], row["lhs"])), None)


def _fit_table(told: Told) -> Table:
    fit = told.result.fit
    whole: list[tuple[Column, object, int | None]] = [
        (Column("chisq", phrase("χ²"), "statistic"), fit.get("chisq"), None),
        (column("df", kind="df"), fit.get("df"), None),
        (Column("pvalue", phrase("*p*"), "p"), fit.get("pvalue"), None),
        (Column("cfi", phrase("CFI"), "index"), fit.get("cfi"), None),
        (Column("tli", phrase("TLI"), "index"), fit.get("tli"), None),
        (Column("rmsea", phrase("RMSEA"), "index"), fit.get("rmsea"), None),
        (Column("rmsea_ci", phrase("90% CI"), "interval_r"), (fit.get("rmsea_ci_lower"), fit.get("rmsea_ci_upper")), 3),
        (Column("rmsea_pvalue", phrase("*p* close"), "p"), fit.get("rmsea_pvalue"), None),
        (Column("srmr", phrase("SRMR"), "index"), fit.get("srmr"), None),
        (Column("aic", phrase("AIC"), "statistic"), fit.get("aic"), 1),
        (Column("bic", phrase("BIC"), "statistic"), fit.get("bic"), 1),
    ]
    general = (
        _method(told),
        phrase(
            "CFI {}, TLI {}; RMSEA {} with *p* of close fit {}.",
            Citation("bentler_1990"), Citation("tucker_lewis_1973"), Citation("steiger_1990"),
            Citation("browne_cudeck_1992"),
        ),
        _reading(told),
    )  # fmt: skip
    row = [Cell(value, col.kind, places) for col, value, places in whole]
    return build_table(
        told.table_id("fit"), told.title("Fit of the Model"), [col for col, _, _ in whole], [row], usage=told.usage(),
        notes=TableNotes(general), mark=told.mark,
    )  # fmt: skip


def _reading(told: Told) -> Inline:
    """How fit indices are read: said once, under the first table of fit indices."""
    first = next(
        block.id
        for block in told.record.blocks
        if block.kind in ("cfa", "sem") and block.result is not None and not is_absent(block.result.fit.get("chisq"))
    )
    if first == told.block.id:
        return prose.FIT_CONVENTION
    return phrase("How the indices are read: see the note of {}.", Pointer(f"{first}_fit"))


def _method(told: Told) -> Inline:
    call = told.result.call
    words = {"estimator": "Estimator", "se": "standard errors", "information": "information", "missing": "missing data"}
    parts = [phrase("{}: {}", label, str(call[key])) for key, label in words.items() if call.get(key)]
    said = prose.joined(parts, "; ") if parts else phrase("Estimator: ML")
    return said + phrase(". Options resolve as in lavaan {}.", Citation("rosseel_2012"))


def _diagram(told: Told) -> list[Element]:
    drawing = told.result.plot()
    if drawing is None:
        return []
    notes: list[Inline] = [phrase(
        "Ellipses are latent variables, boxes observed ones; residual variances are not drawn. Values are standardised "
        "coefficients; a broken line: *p* is {} or more.", Number(0.05, "p", 2),
    )]  # fmt: skip
    if any(node.r_squared is not None for node in getattr(drawing, "nodes", ())):
        notes.append(phrase("*R*² is the explained share of a variable's variance."))
    return [FigureBlock(told.table_id("diagram"), told.title("Path Diagram"), drawing, tuple(notes), told.mark)]


def _parameter_columns(told: Told) -> list[Column]:
    return [
        column("estimate", kind="estimate"), column("std_error", kind="estimate"),
        Column("ci", prose.percent_ci(told.level), "interval"), Column("statistic", phrase("*z*"), "statistic"),
        column("p_value", kind="p"), column("std_all", kind="r"),
    ]  # fmt: skip


def _parameter_cells(row: Mapping[Any, Any]) -> list[Cell]:
    """b, SE, interval, z, p and β; a fixed parameter has neither standard error nor test."""
    fixed = not is_absent(row["std_error"]) and row["std_error"] == 0 and row["op"] != ":="
    error = None if fixed else row["std_error"]
    ends = (None, None) if fixed else (row["ci_low"], row["ci_high"])
    return [
        Cell(row["estimate"], "estimate", mark="a" if fixed else ""), Cell(error, "estimate"), Cell(ends, "interval"),
        Cell(row["statistic"], "statistic"), Cell(row["p_value"], "p"), Cell(row["std_all"], "r"),
    ]  # fmt: skip


def _estimates(told: Told) -> list[Element]:
    frame = told.result.estimates
    made = [
        _parameters(told, "paths", "Structural Paths", frame[frame["op"] == "~"], ("Outcome", "Predictor")),
        _defined(told, frame[frame["op"] == ":="]),
        _explained(told),
        _parameters(told, "loadings", "Factor Loadings", frame[frame["op"] == "=~"], ("Factor", "Indicator")),
        _parameters(told, "covariances", "Variances and Covariances", frame[frame["op"] == "~~"], ("Variable", "With")),
        _parameters(told, "intercepts", "Intercepts", frame[frame["op"] == "~1"], ("Variable", "")),
    ]
    return [table for table in made if table is not None]


def _parameters(told: Told, name: str, title: str, frame: pd.DataFrame, labels: tuple[str, str]) -> Table | None:
    if frame.empty:
        return None
    shares = _shares(told) if name == "loadings" else {}
    columns = [column("lhs", labels[0])]
    columns += [column("rhs", labels[1])] if labels[1] else []
    columns += [*_parameter_columns(told), *([Column("r_squared", phrase("*R*²"), "r")] if shares else [])]
    rows, fixed = [], False
    for row in frame.to_dict("records"):
        cells = _parameter_cells(row)
        fixed = fixed or bool(cells[0].mark)
        names = [Cell(str(row["lhs"])), Cell(str(row["rhs"]))]
        share = [Cell(shares.get(str(row["rhs"])), "r")] if shares else []
        rows.append([*(names if labels[1] else names[:1]), *cells, *share])
    specific = (("a", phrase("Fixed, to give the latent variable its scale or by the model.")),) if fixed else ()
    note = phrase("*b*: unstandardised with its interval; β: standardised on all variables.")
    return build_table(
        told.table_id(name), told.title(title), columns, rows, usage=told.usage(),
        notes=TableNotes((note,), specific), group="lhs" if name == "loadings" else "", mark=told.mark,
    )  # fmt: skip


def _shares(told: Told) -> dict[str, float]:
    """R² by variable."""
    frame = told.result.tables.get("r_squared")
    return {} if frame is None else dict(zip(frame["variable"].astype(str), frame["r_squared"], strict=True))


def _defined(told: Told, frame: pd.DataFrame) -> Table | None:
    if frame.empty:
        return None
    rows = []
    for row in frame.to_dict("records"):
        drawn = _simulated(told, row)
        ends = (drawn["ci_low"], drawn["ci_high"]) if drawn is not None else (None, None)
        b, error, ci, z, p, beta = _parameter_cells(row)
        rows.append([
            Cell(str(row["lhs"])), Cell((Words(str(row["rhs"]), code=True),)), b, error, ci, Cell(ends, "interval"), z,
            p, beta,
        ])  # fmt: skip
    label = prose.percent_ci(told.level)
    estimate, error_column, _, z_column, p_column, beta_column = _parameter_columns(told)
    columns = [
        column("lhs", "Parameter"), column("expression", "Definition"), estimate, error_column,
        Column("ci", phrase("Delta {}", label), "interval"),
        Column("monte_carlo", phrase("Monte Carlo {}", label), "interval"), z_column, p_column, beta_column,
    ]  # fmt: skip
    note = phrase(
        "The delta-method interval {} takes the estimate for normally distributed; the Monte Carlo interval {} does "
        "not, and is the one to report for products of coefficients.",
        Citation("sobel_1982"), Citation("preacher_selig_2012"),
    )  # fmt: skip
    return build_table(
        told.table_id("defined"), told.title("Defined Parameters: Indirect and Total Effects"), columns, rows,
        usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def _explained(told: Told) -> Table | None:
    """R² of the outcomes of the structural part; that of indicators stands with their loadings."""
    frame = told.result.tables.get("r_squared")
    if frame is None or frame.empty:
        return None
    outcomes = set(told.result.estimates.loc[told.result.estimates["op"] == "~", "lhs"])
    frame = frame[frame["variable"].isin(outcomes)]
    if frame.empty:
        return None
    columns = [column("variable", "Variable"), Column("r_squared", phrase("*R*²"), "r")]
    return from_frame(
        told.table_id("r_squared"), told.title("Explained Variance"), columns, frame, usage=told.usage(), mark=told.mark
    )


def _validity(told: Told) -> list[Element]:
    result = told.extra("validity")
    if result is None:
        return []
    elements: list[Element] = []
    convergent = result.tables.get("convergent")
    if convergent is not None and not convergent.empty:
        columns = [
            column("factor", "Factor"), Column("items", phrase("Items"), "n"), column("cr", kind="r"),
            column("ave", kind="r"), Column("sqrt_ave", phrase("√AVE"), "r"),
        ]  # fmt: skip
        note = phrase("CR: composite reliability {}; AVE: average variance extracted {}.", Citation("joreskog_1971"),
                      Citation("fornell_larcker_1981"))  # fmt: skip
        elements.append(from_frame(
            told.table_id("convergent"), told.title("Composite Reliability and Average Variance Extracted"), columns,
            convergent, usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
        ))  # fmt: skip
    table = _fornell_larcker(told, result.tables.get("fornell_larcker"))
    return [*elements, table] if table is not None else elements


def _fornell_larcker(told: Told, square: pd.DataFrame | None) -> Table | None:
    if square is None or len(square) < 2:
        return None
    square = square.set_index("factor") if "factor" in square.columns else square
    names = [str(name) for name in square.columns]
    square.index = pd.Index(names)
    diagonal: dict[str, float | None] = dict(
        zip(names, map(float, square.to_numpy(dtype=float).diagonal()), strict=True)
    )
    columns, cells = lower_triangle(names, square, diagonal, wrap="{}")
    rows = [
        [Cell(phrase("{}. {}", Number(i, "n"), name)), *row]
        for i, (name, row) in enumerate(zip(names, cells, strict=True), start=1)
    ]
    note = phrase(
        "√AVE on the diagonal, correlations of the factors below it. {} ask that a factor's √AVE be larger than its "
        "correlations with the others.", Citation("fornell_larcker_1981", narrative=True),
    )  # fmt: skip
    return build_table(
        told.table_id("fornell_larcker"), told.title("Factor Correlations and √AVE (Fornell–Larcker)"),
        [column("factor", "Factor"), *columns], rows, usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def _local_fit(told: Told) -> list[Element]:
    frame = told.result.tables.get("local_fit")
    if frame is None or frame.empty or is_absent(told.result.fit.get("chisq")):
        return []
    columns = [column("lhs", "Variable"), column("rhs", "With"), Column("residual", phrase("Residual *r*"), "r")]
    worst = frame.head(_WORST)
    note = phrase(
        "Sample minus model-implied correlation; the {} largest of {} in size. A change of the model made after "
        "looking at them is exploratory.", Number(len(worst), "n"), Number(len(frame), "n"),
    )  # fmt: skip
    table = from_frame(
        told.table_id("local_fit"), told.title("Local Fit: Largest Residual Correlations"), columns, worst,
        usage=told.usage(), notes=TableNotes((note,)), mark=told.mark, decimals={"residual": 3},
    )  # fmt: skip
    return [told.sentences(prose.local_fit_sentence(frame)), table]
