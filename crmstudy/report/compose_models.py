"""What is said about measurement models and structural models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmstudy.report import prose
from crmstudy.report.absent_paths import absent_paths_sentences
from crmstudy.report.compose_validity import local_fit_elements, validity_elements
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
    plain,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent
from crmstudy.report.told import Told

_FIXED = ("a", phrase("Fixed, to give the latent variable its scale or by the model."))
#: Draws of the Monte Carlo intervals where their table does not say how many it has.
_DRAWS = 20_000


def structural_section(told: Told) -> Section:
    """A measurement model or a structural model, from its fit to its local fit."""
    result = told.result
    paths = result.estimates[result.estimates["op"] == "~"].to_dict("records")
    defined = result.estimates[result.estimates["op"] == ":="].to_dict("records")
    elements: list[Element] = []
    if not is_absent(result.fit.get("chisq")):
        said = [prose.path_sentence(row, told.level) for row in paths]
        said += [prose.defined_sentence(row, told.level, _simulated(told, row)) for row in defined]
        exact = prose.exact_fit_sentence(result.fit, told.record.level)
        elements.append(told.sentences(prose.fit_sentence(result.fit), *([exact] if exact else [])))
        elements += [told.listing(said)] if said else []
        absent = absent_paths_sentences(result.estimates)
        elements += [told.sentences(*absent)] if absent else []
        elements.append(_fit_table(told))
    elements += _diagram(told)
    elements += _estimates(told)
    elements += validity_elements(told)
    elements += local_fit_elements(told)
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
        phrase("χ², standard errors and intervals assume multivariate normal answers."),
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
        column("p_value", kind="p"), column("std_all", kind="estimate"),
    ]  # fmt: skip


def _parameter_cells(row: Mapping[Any, Any]) -> list[Cell]:
    """b, SE, interval, z, p and β; a fixed parameter has neither standard error nor test.

    The standardised coefficient of a path can exceed 1; a loading or a correlation cannot.
    """
    fixed = not is_absent(row["std_error"]) and row["std_error"] == 0 and row["op"] != ":="
    error = None if fixed else row["std_error"]
    ends = (None, None) if fixed else (row["ci_low"], row["ci_high"])
    return [
        Cell(row["estimate"], "estimate", mark="a" if fixed else ""), Cell(error, "estimate"), Cell(ends, "interval"),
        Cell(row["statistic"], "statistic"), Cell(row["p_value"], "p"),
        Cell(row["std_all"], "r" if row["op"] in ("=~", "~~") else "estimate"),
    ]  # fmt: skip


def _estimates(told: Told) -> list[Element]:
    frame = told.result.estimates
    made = [
        _parameters(told, "paths", "Structural Paths", frame[frame["op"] == "~"], ("Outcome", "Predictor")),
        _defined(told, frame[frame["op"] == ":="]),
        _explained(told),
        _parameters(told, "loadings", "Factor Loadings", frame[frame["op"] == "=~"], ("Factor", "Indicator")),
        _covariances(told, frame[frame["op"] == "~~"]),
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
    note = phrase("*b*: unstandardised with its interval; β: standardised on all variables.")
    return build_table(
        told.table_id(name), told.title(title), columns, rows, usage=told.usage(),
        notes=TableNotes((note,), (_FIXED,) if fixed else ()), group="lhs" if name == "loadings" else "",
        mark=told.mark,
    )  # fmt: skip


def _covariances(told: Told, frame: pd.DataFrame) -> Table | None:
    """Covariances first, then variances, which are not tested against 0."""
    if frame.empty:
        return None
    own = frame["lhs"] == frame["rhs"]
    several = not own.all()
    columns = [
        column("kind", "Kind", shown=several), column("lhs", "Variable"), column("rhs", "With", shown=several),
        *(_parameter_columns(told)[:3]), Column("statistic", phrase("*z*"), "statistic", shown=several),
        Column("p_value", phrase("*p*"), "p", shown=several), Column("std_all", phrase("Std. all"), "r"),
    ]  # fmt: skip
    rows, fixed = [], False
    for kind, part in (("Covariances", frame[~own]), ("Variances", frame[own])):
        for row in part.to_dict("records"):
            cells = _parameter_cells(row)
            fixed = fixed or bool(cells[0].mark)
            if kind == "Variances":
                cells[3:5] = [Cell(None, "statistic"), Cell(None, "p")]
            other = plain("") if kind == "Variances" else ()
            rows.append([Cell(kind), Cell(str(row["lhs"])), Cell(str(row["rhs"]), label=other), *cells])
    return build_table(
        told.table_id("covariances"), told.title("Covariances and Variances" if several else "Variances"), columns,
        rows, usage=told.usage(), notes=TableNotes((_covariance_note(several),), (_FIXED,) if fixed else ()),
        group="kind" if several else "", mark=told.mark,
    )  # fmt: skip


def _covariance_note(several: bool) -> Inline:
    said = phrase("*b*: unstandardised with its interval; Std. all: standardised on all variables")
    said += phrase(", a correlation for a covariance. " if several else ". ")
    return said + phrase("Variances of explained variables are residual; a variance cannot be below 0, so no test "
                         "against 0 is given.")  # fmt: skip


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
    note = phrase("The delta-method interval {} takes the estimate for normally distributed.", Citation("sobel_1982"))
    return build_table(
        told.table_id("defined"), told.title("Defined Parameters"), columns, rows, usage=told.usage(),
        notes=TableNotes((note, *_draws_note(told))), mark=told.mark,
    )  # fmt: skip


def _draws_note(told: Told) -> tuple[Inline, ...]:
    """How the Monte Carlo interval was made."""
    drawn = told.extra("monte_carlo")
    if drawn is None:
        return ()
    return (phrase(
        "Monte Carlo {}: {} draws; percentile interval of draws of the coefficients from their estimated normal "
        "distribution; it lets a product be skewed, the delta method forces a symmetric interval.",
        Citation("preacher_selig_2012"), Number(drawn.attrs.get("draws", _DRAWS), "n"),
    ),)  # fmt: skip


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
