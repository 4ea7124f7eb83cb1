"""What is said about a model that is pooled over imputed data sets: the sets, the pooled tests, what there is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmstudy.report.document import (
    DAGGER,
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Mark,
    Number,
    Pointer,
    PValue,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import build_table, column, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.fitted_model import FittedModel

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.fitted.pooledresult import PooledSemResult

#: How a chi-square is pooled, and where that comes from.
_METHODS: Mapping[str, tuple[str, str]] = {
    "D3": ("D3, from the likelihoods at the pooled parameters", "meng_rubin_1992"),
    "D2": ("D2, from the χ² of the data sets", "li_1991"),
}


def pooled_sentences(model: FittedModel) -> list[Inline]:
    """Over how many sets what was pooled, the pooled test, the information that is missing; nothing where none is."""
    pooled = model.pooled
    if pooled is None:
        return []
    said = [_sets(model, pooled)]
    test = _test_sentence(model, pooled)
    said += [test] if test else []
    shares = pooled.estimates.loc[pooled.estimates["op"] != ":=", "fmi"].dropna()
    if len(shares):
        said.append(phrase(
            "The share of missing information of the parameters is {} to {}.", Number(float(shares.min()), "r"),
            Number(float(shares.max()), "r"),
        ))  # fmt: skip
    return [*said, plain(_absent(pooled))]


def _sets(model: FittedModel, pooled: PooledSemResult) -> Inline:
    """How many sets were used, and whether the model could be used and is admissible in all of them."""
    sets = pooled.tables["imputations"]
    used = sets[sets["used"].astype(bool)]
    improper = int((~used["admissible"].astype(bool)).sum())
    said = phrase("The model was fitted to each of {} imputed data sets", Number(len(sets), "n"))
    if len(used) < len(sets):
        table = Pointer(model.told.table_id("imputations"))
        said += phrase(", of which *m* = {} could be used ({}),", Number(len(used), "n"), table)
    said += phrase(" and the results pooled by Rubin’s rules {}; ", Citation("rubin_1987"))
    if improper:
        return said + phrase("in {} of those pooled the solution is improper ({}).", prose.counted(improper),
                             Pointer(model.told.table_id("imputations")))  # fmt: skip
    return said + plain("it converged to a proper solution in each that was pooled.")


def _test_sentence(model: FittedModel, pooled: PooledSemResult) -> Inline | None:
    """The pooled F test and whether it rejects exact fit; the scaled test has a sentence of its own."""
    tests = pooled.tables["pooled_tests"]
    if tests.empty or model.scaled or is_absent(pooled.fit.get("pvalue")):
        return None
    row = tests.iloc[0]
    level = model.told.record.level
    verdict = "is rejected" if float(row["p_value"]) < 1 - level else "is not rejected"
    return phrase(
        "By the pooled test ({}), *F*({}, {}) = {}, {}, the hypothesis of exact fit {} at {}.", str(row["method"]),
        Number(row["df1"], "df"), Number(row["df2"], "df"), Number(row["statistic"], "statistic"),
        (PValue(row["p_value"]),), verdict, prose.below(level),
    )  # fmt: skip


def _absent(pooled: PooledSemResult) -> str:
    """Which tables a model of one data set has and a pooled one has not."""
    tested = pooled.solution.df > 0
    lacking = ["GFI and AGFI", "modification indices"] if tested else []
    if (pooled.estimates["op"] == "~").any():
        lacking.append("indirect and total effects beyond those the model defines")
    lacking.append("bootstrap")
    listed = f"no {', no '.join(lacking[:-1])} and no {lacking[-1]}" if len(lacking) > 1 else f"no {lacking[0]}"
    return f"A pooled model has {listed}."


def pooled_elements(model: FittedModel) -> list[Element]:
    """The pooled tests, and the data sets one by one where any was left out or gave an improper solution."""
    pooled = model.pooled
    if pooled is None:
        return []
    tests, sets = pooled.tables["pooled_tests"], pooled.tables["imputations"]
    found: list[Element] = [] if tests.empty else [_tests_table(model, pooled, tests)]
    sound = sets["used"].astype(bool) & sets["admissible"].astype(bool)
    return found if sound.all() else [*found, _sets_table(model, sets)]


def _tests_table(model: FittedModel, pooled: PooledSemResult, tests: pd.DataFrame) -> Table:
    columns = [
        column("method", "Pooled by"), Column("statistic", phrase("*F*"), "statistic"),
        Column("df1", phrase("*df*₁"), "df"), Column("df2", phrase("*df*₂"), "df"), column("p_value", kind="p"),
        Column("ariv", phrase("ARIV"), "estimate"), Column("fmi", phrase("FMI"), "r"),
        Column("chisq", phrase("χ²"), "statistic"), Column("chisq_p_value", phrase("*p* of χ²"), "p"),
        Column("scaling_factor", phrase("*c*"), "index"),
    ]  # fmt: skip
    columns = columns if model.scaled else columns[:-1]
    rows = [[Cell(row[col.key], col.kind) for col in columns] for row in tests.to_dict("records")]
    used = [name for name in _METHODS if any(str(method).startswith(name) for method in tests["method"])]
    how = prose.joined([phrase("{} {}", _METHODS[name][0], Citation(_METHODS[name][1])) for name in used], "; ")
    notes = [
        how + plain("."),
        phrase("The fit indices are made of the χ² by {}: *F* times *df*₁, as of a large sample. ARIV: average "
               "relative increase in variance; FMI: share of the information that is missing.",
               pooled.solution.tests.method),
    ]  # fmt: skip
    if model.scaled:
        notes.append(phrase("Scaled: the pooled χ² over *c*, the mean scaling factor of the data sets{}.",
                            "; D2 in the first row pools their scaled χ²" if tests["method"].iloc[0] == "D2" else None,
                            ))  # fmt: skip
    return build_table(
        model.told.table_id("pooled_tests"), model.told.title("Pooled Tests of the Model"), columns, rows,
        usage=model.usage, notes=TableNotes(tuple(notes)), mark=model.mark,
    )  # fmt: skip


def _sets_table(model: FittedModel, sets: pd.DataFrame) -> Table:
    """Every data set; an improper solution in the pool is marked."""
    columns = [
        column("imputation", "Data set", "n"), column("used", "Pooled"), column("converged", "Converged"),
        column("admissible", "Proper solution"), Column("n", phrase("*n*"), "n"),
        Column("chisq", phrase("χ²"), "statistic"), column("reason", "Why left out"),
    ]  # fmt: skip
    rows = [_set_row(row) for row in sets.to_dict("records")]
    improper = any(row[5].mark for row in rows)
    mark: Mark = model.mark or ("partial" if improper else "")
    notes = [plain("An improper solution has a negative variance or a correlation beyond 1. It stays in the pool: to "
                   "leave it out would be to select data sets by their result.")] if improper else []  # fmt: skip
    specific = ((DAGGER, plain("The solution in this data set is inadmissible.")),) if improper else ()
    return build_table(
        model.told.table_id("imputations"), model.told.title("The Model in Each Imputed Data Set"), columns, rows,
        usage=model.usage, notes=TableNotes(tuple(notes), specific), mark=mark,
    )  # fmt: skip


def _set_row(row: Mapping[Any, Any]) -> list[Cell]:
    said = [Cell("yes" if row[name] else "no") for name in ("used", "converged", "admissible")]
    sign = DAGGER if row["used"] and not row["admissible"] else ""
    return [
        Cell(row["imputation"], "n"), *said, Cell(row["n"] or None, "n"), Cell(row["chisq"], "statistic", mark=sign),
        Cell(prose.capital(str(row["reason"])) if row["reason"] else ""),
    ]  # fmt: skip


def pooled_fit_notes(model: FittedModel) -> list[Inline]:
    """What the χ² and the criteria in the table of fit are; nothing where the model is not pooled."""
    pooled = model.pooled
    if pooled is None or pooled.solution.df <= 0:
        return []
    method = pooled.solution.tests.method
    said = phrase("χ² is pooled by {} {}, that of the baseline model too", method, Citation(_METHODS[method][1]))
    if not is_absent(pooled.fit.get("aic")):
        said += phrase("; AIC and BIC are made of the mean log-likelihood at the pooled parameters")
    else:
        said += phrase("; without D3 there are no AIC and BIC")
    return [said + phrase(". Further tests: {}.", Pointer(model.told.table_id("pooled_tests")))]
