"""What is said about the respondents' characteristics and about two categorical variables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Number,
    PValue,
    Section,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import NOT_COUNTED, Usage, build_table, column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_TESTS = {
    "pearson": "Pearson χ²", "pearson_yates": "χ² with Yates' correction", "likelihood_ratio": "Likelihood ratio *G*²",
    "fisher_exact": "Fisher's exact test", "fisher_simulated": "Fisher's test, simulated",
    "linear_by_linear": "Linear-by-linear association", "rao_scott": "Rao–Scott *F*",
}  # fmt: skip
_MEASURES = {
    "cramers_v": "Cramér's *V*", "cramers_v_corrected": "Cramér's *V*, bias-corrected",
    "contingency": "Contingency coefficient", "phi": "φ", "odds_ratio": "Odds ratio", "gamma": "Goodman–Kruskal γ",
    "tau_b": "Kendall's τ-*b*", "tau_c": "Stuart's τ-*c*", "somers_d_columns": "Somers' *d*, columns dependent",
    "somers_d_rows": "Somers' *d*, rows dependent",
}  # fmt: skip


def variable_names(told: Told) -> dict[str, str]:
    """What the declared variables of the sample are called, by column."""
    found = told.extra("variable_labels")
    if not isinstance(found, pd.DataFrame):
        return {}
    return {str(row["variable"]): str(row["label"]) for row in found.to_dict("records")}


def frequencies_section(told: Told) -> Section:
    """Characteristics of the respondents, category by category."""
    tables = told.result.tables
    elements: list[Element] = []
    if len(tables["frequencies"]):
        elements.append(_frequencies(told))
    if len(tables["numeric"]):
        elements.append(_numbers(told))
    return told.section(elements)


def _frequencies(told: Told) -> Table:
    table, names = told.result.tables["frequencies"], variable_names(told)
    weighted = told.result.call.get("weights")
    columns = [
        column("variable", "Characteristic"), column("value", "Value", shown=False), column("label", "Category"),
        Column("n", phrase("*n*"), "n"), Column("percent", phrase("%"), "estimate"),
        Column("valid_percent", phrase("Valid %"), "estimate"),
        Column("cumulative_percent", phrase("Cumulative %"), "estimate"),
    ]  # fmt: skip
    shown = [str(label or value) for label, value in zip(table["label"], table["value"], strict=True)]
    frame = table.assign(label=shown, value=table["value"].map(lambda value: "" if is_absent(value) else str(value)))
    notes = [phrase("Valid percent and cumulative percent leave out missing answers.")]
    if weighted:
        notes.append(phrase("Percents are weighted by {}; *n* are respondents.", str(weighted)))
    if "Missing" in set(table["label"]):
        usage = Usage(told.result.n, None, "missing answers stand in the table")
    else:
        usage = told.usage()
    return from_frame(
        told.table_id("frequencies"), told.title("Characteristics of the Respondents"), columns, frame, usage=usage,
        notes=TableNotes(tuple(notes)), group="variable", mark=told.mark,
        decimals={"percent": 1, "valid_percent": 1, "cumulative_percent": 1},
        labels={"variable": lambda id: plain(names.get(id, told.name(id)))},
    )  # fmt: skip


def _numbers(told: Told) -> Table:
    names = variable_names(told)
    columns = [
        column("variable", "Characteristic"), column("n", kind="n"), column("missing", kind="n"),
        column("mean", kind="estimate"), column("sd", kind="estimate"), Column("median", phrase("*Mdn*"), "estimate"),
        Column("min", phrase("Min"), "estimate"), Column("max", phrase("Max"), "estimate"),
    ]  # fmt: skip
    table = told.result.tables["numeric"]
    return from_frame(
        told.table_id("numbers"), told.title("Measured Characteristics of the Respondents"), columns, table,
        usage=told.usage_by_row(table["n"], "missing answers"), mark=told.mark,
        labels={"variable": lambda id: plain(names.get(id, told.name(id)))},
    )  # fmt: skip


def crosstab_section(told: Told) -> Section:
    """The table, the tests and how strong the association is."""
    weighted = told.result.call.get("weights") is not None
    elements: list[Element] = [told.sentences(_crosstab_sentence(told)), _counts(told, weighted)]
    elements += [_tests(told), _measures(told)]
    return told.section(elements)


def _crosstab_sentence(told: Told) -> Inline:
    result, fit = told.result, told.result.fit
    v = next(row for row in result.estimates.to_dict("records") if row["term"] == "cramers_v")
    names = variable_names(told)
    rows, cols = (names.get(result.call[side], result.call[side]) for side in ("rows", "cols"))
    strength = phrase("Cramér's *V* = {}", Number(v["estimate"], "r"))
    if not is_absent(v["ci_low"]):
        strength = phrase("{}, {}", strength, prose.interval(told.level, v["ci_low"], v["ci_high"], bounded=True))
    tests = result.tables["tests"].to_dict("records")
    if tests[0]["test"] == "rao_scott":
        test = phrase("*F*({}, {}) = {}", Number(tests[0]["df"], "df"), Number(tests[0]["df_error"], "df"),
                      Number(tests[0]["statistic"], "statistic"))  # fmt: skip
        return phrase("{} by {}, weighted: {}, {}; {}.", rows, cols, test, (PValue(tests[0]["p_value"]),), strength)
    test = phrase("χ²({}, *N* = {}) = {}", Number(fit["df"], "df"), Number(result.n, "n"),
                  Number(fit["chisq"], "statistic"))  # fmt: skip
    exact = next((row for row in tests if str(row["test"]).startswith("fisher")), None)
    more = () if exact is None or is_absent(exact["p_value"]) else phrase(
        " (Fisher's {} test {})", "exact" if exact["test"] == "fisher_exact" else "simulated",
        (PValue(exact["p_value"]),),
    )  # fmt: skip
    return phrase("{} by {}: {}, {}{}; {}.", rows, cols, test, (PValue(fit["pvalue"]),), more, strength)


def _counts(told: Told, weighted: bool) -> Table:
    """Counts with the percent of the row, and the adjusted residual below where it is large."""
    cells, call = told.result.tables["cells"], told.result.call
    across = list(dict.fromkeys(map(str, cells["column"])))
    names = variable_names(told)
    columns = [Column("row", plain(names.get(call["rows"], str(call["rows"]))))]
    for place, name in enumerate(across):
        columns.append(Column(f"n_{place + 1}", plain(name), "n"))
        columns.append(Column(f"percent_{place + 1}", phrase("%"), "estimate"))
        columns.append(Column(f"residual_{place + 1}", phrase("Residual {}", name), "estimate", shown=False))
    columns.append(Column("total", phrase("Total"), "n"))
    rows = []
    for label, part in cells.groupby("row", sort=False):
        line = [Cell(str(label))]
        for row in part.to_dict("records"):
            mark = "" if is_absent(row["adjusted_residual"]) or abs(row["adjusted_residual"]) < 1.96 else (
                "+" if row["adjusted_residual"] > 0 else "−"
            )  # fmt: skip
            line += [Cell(row["n"], "n", mark=mark), Cell(row["row_percent"], "estimate", 1)]
            line.append(Cell(row["adjusted_residual"], "estimate"))
        rows.append([*line, Cell(int(part["n"].sum()), "n")])
    notes = [phrase("Columns: {}. % is the percent of the row.", names.get(call["cols"], str(call["cols"])))]
    if weighted:
        notes.append(phrase("Percents are weighted by {}; counts are respondents.", str(call["weights"])))
    else:
        notes.append(phrase(
            "+ and −: adjusted residual {} beyond ±1.96, more or fewer respondents than under independence (not "
            "adjusted for the number of cells).", Citation("haberman_1973"),
        ))  # fmt: skip
        smallest = Number(told.result.fit["smallest_expected"], "estimate")
        notes.append(phrase("The smallest expected count is {}.", smallest))
    return build_table(
        told.table_id("counts"), told.title("Counts and Row Percents"), columns, rows, usage=told.usage(),
        notes=TableNotes(tuple(notes)), mark=told.mark,
    )  # fmt: skip


def _tests(told: Told) -> Table:
    table = told.result.tables["tests"]
    columns = [
        column("test", "Test"), Column("statistic", phrase("Statistic"), "statistic"), column("df", kind="df"),
        Column("df_error", phrase("*df* error"), "df", shown=bool(table["df_error"].notna().any())),
        column("p_value", kind="p"),
    ]  # fmt: skip
    found = set(table["test"])
    notes = []
    if "fisher_exact" in found or "fisher_simulated" in found:
        notes.append(phrase(
            "Fisher's test adds the probabilities of all tables with these margins that are not more probable than "
            "this one {}; it needs no large counts.", Citation("freeman_halton_1951"),
        ))  # fmt: skip
    if "fisher_simulated" in found:
        notes.append(phrase("{} simulated tables.", Number(told.result.call["draws"], "n")))
    if "rao_scott" in found:
        notes.append(phrase("With weights: the correction of {}.", Citation("rao_scott_1984", narrative=True)))
    return from_frame(
        told.table_id("tests"), told.title("Tests of Independence"), columns, table, usage=told.usage(),
        notes=TableNotes(tuple(notes)), mark=told.mark, labels={"test": lambda name: phrase(_TESTS.get(name, name))},
    )  # fmt: skip


def _measures(told: Told) -> Table:
    frame = told.result.estimates
    columns = [
        column("term", "Measure"), Column("estimate", phrase("Estimate"), "estimate"),
        column("std_error", kind="estimate"), Column("ci", prose.percent_ci(told.level), "interval"),
        Column("statistic", phrase("*z*"), "statistic", shown=bool(frame["statistic"].notna().any())),
        Column("p_value", phrase("*p*"), "p", shown=bool(frame["p_value"].notna().any())),
    ]  # fmt: skip
    notes = [phrase(
        "The interval of *V* has the noncentralities of χ² as its ends {}; the bias-corrected *V* is that of {}.",
        Citation("steiger_fouladi_1997"), Citation("bergsma_2013", narrative=True),
    )]  # fmt: skip
    if "gamma" in set(frame["term"]):
        notes.append(phrase(
            "Ordered measures: asymptotic standard errors, tests with those under independence {}.",
            Citation("brown_benedetti_1977"),
        ))  # fmt: skip
    if "odds_ratio" in set(frame["term"]):
        notes.append(phrase("Odds ratio with the interval of {}.", Citation("woolf_1955", narrative=True)))
    return from_frame(
        told.table_id("association"), told.title("Strength of the Association"), columns, frame, usage=NOT_COUNTED,
        notes=TableNotes(tuple(notes)), mark=told.mark, labels={"term": lambda name: phrase(_MEASURES.get(name, name))},
    )  # fmt: skip


def check_table_section(told: Told) -> Section:
    """What of a printed table disagrees, check by check."""
    checks = told.result.tables["checks"]
    made = checks[checks["verdict"] != "cannot be checked"]
    wrong = checks[checks["verdict"] == "inconsistent"]
    said = phrase(
        "Of {} {} of the printed figures {}.", prose.counted(len(made)), "check" if len(made) == 1 else "checks",
        "none finds a contradiction" if wrong.empty else
        phrase("{} {} a contradiction", prose.counted(len(wrong)), "finds" if len(wrong) == 1 else "find"),
    )  # fmt: skip
    columns = [
        column("label", "Row"), column("check", "Check"), column("printed", "Printed", align="right"),
        Column("implied", phrase("Follows"), "estimate"), column("verdict", "Verdict"), column("message", "Why"),
    ]  # fmt: skip
    notes = TableNotes((
        phrase("A printed figure stands for all numbers that are rounded to it; a check fails only when no such "
               "numbers agree. A contradiction is most often a slip, or a figure of another analysis."),
        phrase("GRIM: {}; GRIMMER: {}; p-values as {}.", Citation("brown_heathers_2017", narrative=True),
               Citation("allard_2018", narrative=True), Citation("nuijten_2016", narrative=True)),
    ))  # fmt: skip
    table = _checks_table(told, checks, columns, notes)
    return told.section([told.sentences(said), table])


def _checks_table(told: Told, checks: pd.DataFrame, columns: list[Column], notes: TableNotes) -> Table:
    several = len(told.result.tables["rows"]) > 1
    group: dict[str, Any] = {"group": "label"} if several else {}
    shown = columns if several else [col for col in columns if col.key != "label"]
    return from_frame(
        told.table_id("checks"), told.title("Printed Figures and What Follows From Them"), shown,
        checks.assign(check=checks["check"].map(_CHECKS).fillna(checks["check"])), notes=notes, mark=told.mark,
        decimals={"implied": 3}, **group,
    )  # fmt: skip


_CHECKS = {
    "se": "SE", "se2": "SE, group 2", "grim": "mean (GRIM)", "grim2": "mean, group 2 (GRIM)", "grimmer": "SD (GRIMMER)",
    "grimmer2": "SD, group 2 (GRIMMER)", "range": "range", "range2": "range, group 2", "largest_sd": "largest SD",
    "largest_sd2": "largest SD, group 2", "diff": "difference", "t": "t from SD and n", "t_from_se": "t from SE",
    "df": "df", "p": "p", "ci_middle": "middle of the CI", "ci": "length of the CI", "d": "Cohen's d",
    "percent": "percent", "chisq_df": "χ²/df",
}  # fmt: skip
