"""What is said about the distributions of the answers: normality, outliers, doubtful codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Number,
    Paragraph,
    Section,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.record import SampleRecord, StudyRecord
from crmstudy.report.tables import Usage, build_table, column, from_frame
from crmstudy.report.telling.naming import scale_names

if TYPE_CHECKING:
    import pandas as pd

#: More outliers than this are counted, not listed.
MOST_OUTLIERS = 25


def distributions_section(record: StudyRecord) -> Section | None:
    """Normality of items and scale scores, and what lies far out; None where nothing was looked at."""
    elements: list[Element] = []
    for sample in record.samples:
        if sample.screening is not None and "normality" in sample.screening.tables:
            elements += _elements(sample, record.lang)
    if not elements:
        return None
    return Section("distributions", phrase("Distributions of the answers"), tuple(elements))


def _elements(sample: SampleRecord, lang: str) -> list[Element]:
    if sample.screening is None:
        return []
    names = scale_names(sample.responses, lang)
    tables = sample.screening.tables
    elements: list[Element] = []
    if not tables["normality"].empty:
        elements += [_said(sample, tables["normality"]), _normality(sample, tables["normality"], names)]
    if not tables["multivariate"].empty:
        elements.append(_multivariate(sample, tables["multivariate"], names))
    if not tables["outliers"].empty:
        elements += _outliers(sample, tables["outliers"], names)
    if not tables["codes"].empty:
        elements.append(_codes(sample, tables["codes"]))
    return elements


def _said(sample: SampleRecord, table: pd.DataFrame) -> Paragraph:
    """How many variables depart from the normal distribution, by shape and by test."""
    tested = table.dropna(subset=["skew", "kurtosis"])
    if tested.empty:
        return Paragraph((phrase("Sample {}: no variable has enough different answers to be tested.", sample.name),))
    shaped = tested[(tested["skew"].abs() > 2.0) | (tested["kurtosis"].abs() > 7.0)]
    far_off = (
        phrase("none is far off")
        if shaped.empty
        else phrase("{} {} far off", Number(len(shaped), "n"), "is" if len(shaped) == 1 else "are")
    )
    rejected = int((tested["lilliefors_p"] < 0.05).sum())
    words = phrase(
        "Sample {}: skewness lies between {} and {}, kurtosis between {} and {}. Lilliefors' test rejects normality at "
        ".05 for {} of {} variables; {} by the size of skewness (above 2) or kurtosis (above 7) that {} found to "
        "harm maximum likelihood.",
        sample.name, Number(tested["skew"].min(), "estimate"), Number(tested["skew"].max(), "estimate"),
        Number(tested["kurtosis"].min(), "estimate"), Number(tested["kurtosis"].max(), "estimate"),
        Number(rejected, "n"), Number(len(tested), "n"),
        far_off,
        Citation("curran_1996", narrative=True),
    )  # fmt: skip
    return Paragraph((words,))


def _normality(sample: SampleRecord, table: pd.DataFrame, names: dict[str, str]) -> Table:
    columns = [
        column("variable", "Variable"), Column("n", phrase("*n*"), "n"), Column("skew", phrase("Skewness"), "estimate"),
        Column("kurtosis", phrase("Kurtosis"), "estimate"), Column("shapiro_w", phrase("*W*"), "index"),
        Column("shapiro_p", phrase("*p*"), "p"), Column("ks_d", phrase("*D*"), "index"),
        Column("lilliefors_p", phrase("*p* (Lilliefors)"), "p"), Column("ks_z", phrase("*Z*"), "estimate"),
        Column("ks_p", phrase("*p* (SPSS)"), "p"),
    ]  # fmt: skip
    notes = TableNotes((
        phrase(
            "Skewness and kurtosis are *G*₁ and *G*₂, 0 for a normal distribution; their standard errors at *n* = {} "
            "are {} and {}. *W*: {}. *D*: largest distance to the normal distribution with the same mean and *SD*, "
            "*Z* = *D*√*n*.", Number(_usual(table, "n"), "n"), Number(_usual(table, "skew_se"), "estimate"),
            Number(_usual(table, "kurtosis_se"), "estimate"), Citation("shapiro_wilk_1965", narrative=True),
        ),
        phrase(
            "*p* (SPSS) is the Kolmogorov–Smirnov *p* that SPSS prints for its one-sample test. It takes mean and *SD* "
            "for known and is too large; *p* (Lilliefors) {} allows for their having been estimated. Answers in a few "
            "categories are never normal, whatever a test says.", Citation("lilliefors_1967"),
        ),
    ))  # fmt: skip
    return from_frame(
        f"{sample.name}_normality", phrase("Normality of Items and Scale Scores"), columns, table,
        usage=Usage(sample.n_read, 0), notes=notes,
        labels={"variable": lambda name: plain(names.get(name, name))},
    )  # fmt: skip


def _usual(table: pd.DataFrame, name: str) -> float:
    """The value of the variable with the most answers."""
    return float(table[name].to_numpy(dtype=float)[int(table["n"].to_numpy().argmax())])


def _multivariate(sample: SampleRecord, table: pd.DataFrame, names: dict[str, str]) -> Table:
    columns = [
        column("set", "Items of"), Column("variables", phrase("Items"), "n"), Column("n", phrase("*n*"), "n"),
        Column("skewness", phrase("*b*₁"), "estimate"), Column("chisq", phrase("χ²"), "statistic"),
        Column("df", phrase("*df*"), "df"), Column("p_skewness", phrase("*p*"), "p"),
        Column("kurtosis", phrase("*b*₂"), "estimate"), Column("z", phrase("*z*"), "estimate"),
        Column("p_kurtosis", phrase("*p*"), "p"), Column("hz", phrase("HZ"), "estimate"),
        Column("p_hz", phrase("*p*"), "p"),
    ]  # fmt: skip
    rows = []
    for name, part in table[table["divisor"] == "n"].groupby("set", sort=False):
        found = part.set_index("test")
        skew, excess = found.loc["mardia_skewness_small"], found.loc["mardia_kurtosis"]
        hz = found.loc["henze_zirkler"] if "henze_zirkler" in found.index else None
        label = "all scales" if name == "all" else names.get(str(name), str(name))
        rows.append([
            Cell(str(name), label=plain(label)), Cell(skew["variables"], "n"), Cell(skew["n"], "n"),
            Cell(skew["estimate"], "estimate"), Cell(skew["statistic"], "statistic"), Cell(skew["df"], "df"),
            Cell(skew["p_value"], "p"), Cell(excess["estimate"], "estimate"), Cell(excess["statistic"], "estimate"),
            Cell(excess["p_value"], "p"), Cell(None if hz is None else hz["statistic"], "estimate"),
            Cell(None if hz is None else hz["p_value"], "p"),
        ])  # fmt: skip
    notes = TableNotes((
        phrase(
            "Complete rows. *b*₁ and *b*₂ are the multivariate skewness (χ² with the factor for small samples) and "
            "kurtosis of {}, covariances with divisor *n*; of *k* normal items *b*₂ is near *k*(*k* + 2). HZ: {}.",
            Citation("mardia_1970", narrative=True), Citation("henze_zirkler_1990", narrative=True),
        ),
        phrase("Where normality fails, robust estimators (MLR, MLM) and bootstrap intervals do not rest on it."),
    ))  # fmt: skip
    return build_table(
        f"{sample.name}_multivariate", phrase("Multivariate Normality"), columns, rows, usage=Usage(sample.n_read, 0),
        notes=notes,
    )  # fmt: skip


def _outliers(sample: SampleRecord, table: pd.DataFrame, names: dict[str, str]) -> list[Element]:
    said = phrase(
        "Sample {}: {} values of {} respondents lie far from the others (|*z*| > 3.29, or more than 3 normalised "
        "median absolute deviations from the median). They are kept.",
        sample.name, Number(len(table), "n"), Number(table["row"].nunique(), "n"),
    )  # fmt: skip
    far = table.reindex(table["robust_z"].abs().fillna(table["z"].abs()).sort_values(ascending=False).index)
    columns = [
        Column("row", phrase("Row"), "n"), column("variable", "Variable"), Column("value", phrase("Value"), "estimate"),
        Column("z", phrase("*z*"), "estimate"), Column("robust_z", phrase("Robust *z*"), "estimate"),
    ]  # fmt: skip
    more = len(table) - MOST_OUTLIERS
    listed = [
        phrase("Rows are counted as in the file. Robust *z*: distance from the median {}.", Citation("leys_2013"))
    ]
    if more > 0:
        listed.append(phrase("The {} farthest are shown; {} more are in the results.", Number(MOST_OUTLIERS, "n"),
                             Number(more, "n")))  # fmt: skip
    shown = from_frame(
        f"{sample.name}_outliers", phrase("Outlying Values"), columns, far.head(MOST_OUTLIERS),
        usage=Usage(sample.n_read, 0), notes=TableNotes(tuple(listed)),
        labels={"variable": lambda name: plain(names.get(name, name))},
    )  # fmt: skip
    return [Paragraph((said,)), shown]


def _codes(sample: SampleRecord, table: pd.DataFrame) -> Table:
    columns = [
        column("item", "Column"), Column("value", phrase("Value"), "estimate"), Column("n", phrase("Times"), "n"),
        column("reason", "Why"),
    ]  # fmt: skip
    note = phrase(
        "Answers outside the response range count as missing in every analysis; the others are used as they are."
    )
    return from_frame(
        f"{sample.name}_codes", phrase("Doubtful Codes"), columns, table, usage=Usage(sample.n_read, 0),
        notes=TableNotes((note,)),
    )  # fmt: skip
