"""What is said about pairs of factors by every rule of discriminant validity, and about cross-loadings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmstudy.report.document import Cell, Citation, Column, Inline, Number, Table, TableNotes, phrase, plain
from crmstudy.report.tables import build_table, column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.results import Result

#: Rules of discriminant validity as a table heads them.
_RULES: Mapping[str, Inline] = {
    "fornell_larcker": phrase("√AVE"), "htmt_85": phrase("HTMT < .85"), "htmt_90": phrase("HTMT < .90"),
    "htmt_interval": phrase("HTMT interval"), "correlation_interval": phrase("Interval of *r*"),
    "correlation_test": phrase("Test of *r*"),
}  # fmt: skip


def decision_sentences(model: FittedModel, result: Result) -> list[Inline]:
    """Each pair that no rule tells apart with its correlation, then the pairs about which the rules differ."""
    if "decisions" not in result.tables:
        return []
    rows = {(str(row["lhs"]), str(row["rhs"])): row for row in result.tables["discriminant"].to_dict("records")}
    said, disputed = [], []
    for pair, decided in _pairs_decided(result).items():
        judged = [decision for decision in decided.values() if decision != "not judged"]
        if judged and all(decision == "fails" for decision in judged):
            said.append(phrase(
                "Discriminant validity fails for {} and {} by every rule: they correlate {} ({}).", *pair,
                Number(rows[pair]["correlation"], "r", 3), _certainty(model, rows[pair]),
            ))  # fmt: skip
        elif "fails" in judged:
            rules = [_RULES[rule] for rule, decision in decided.items() if decision == "fails"]
            disputed.append(phrase("{} and {} ({})", *pair, prose.joined(rules)))
    if disputed:
        pairs = prose.joined(disputed, "; ")
        said.append(phrase("The rules differ about {}; in parentheses those by which it fails.", pairs))
    if not said and rows:
        said.append(plain("Discriminant validity holds for every pair of factors by every rule that could be judged."))
    return said


def _pairs_decided(result: Result) -> dict[tuple[str, str], dict[str, str]]:
    """For every pair of factors what each rule says: holds, fails or not judged."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in result.tables["decisions"].to_dict("records") if "decisions" in result.tables else ():
        found.setdefault((str(row["lhs"]), str(row["rhs"])), {})[str(row["rule"])] = str(row["decision"])
    return found


def _certainty(model: FittedModel, row: Mapping[Any, Any]) -> Inline:
    """The interval of a correlation, or why there is none."""
    if is_absent(row["ci_low"]) or is_absent(row["ci_high"]):
        return plain("no interval, as the model has no standard errors")
    ends = prose.interval(model.told.level, row["ci_low"], row["ci_high"], bounded=True)
    if max(abs(row["ci_low"]), abs(row["ci_high"])) > 1:
        return ends + plain(", which reaches beyond 1")
    return ends


def decision_table(model: FittedModel, result: Result) -> Table | None:
    """What each rule says of each pair; None where no pair was compared."""
    pairs = _pairs_decided(result)
    if not pairs:
        return None
    rules = list(next(iter(pairs.values())))
    columns = [column("lhs", "Factor"), column("rhs", "With"), *(Column(rule, _RULES[rule]) for rule in rules)]
    rows = [
        [Cell(a), Cell(b), *(Cell("–" if decided[rule] == "not judged" else decided[rule]) for rule in rules)]
        for (a, b), decided in pairs.items()
    ]
    cutoff = Number(float(result.tables["discriminant"]["cutoff"].iloc[0]), "r")
    notes = [phrase(
        "Holds: by √AVE the correlation is below both √AVE {}; by HTMT the ratio is below the limit {}; by interval "
        "and test the correlation is below {} {}. A dash: not judged. None of the limits is a law.",
        Citation("fornell_larcker_1981"), Citation("henseler_2015"), cutoff, Citation("ronkko_cho_2022"),
    )]  # fmt: skip
    if "htmt_interval" in rules:
        notes.append(phrase("HTMT interval: its upper end is below {} {}.", cutoff, Citation("franke_sarstedt_2019")))
    return build_table(
        model.told.table_id("decisions"), model.told.title("Discriminant Validity by Rule"), columns, rows,
        usage=model.usage, notes=TableNotes(tuple(notes)), mark=model.mark,
    )  # fmt: skip


def cross_loading_table(model: FittedModel, result: Result) -> Table | None:
    """Implied correlations of the items with every factor; None where there is one factor."""
    frame = result.tables.get("cross_loadings")
    if frame is None or frame.empty:
        return None
    frame = frame.reset_index() if frame.index.name == "item" else frame
    names = [str(name) for name in frame.columns if name not in ("item", "factor", "highest")]
    if len(names) < 2:
        return None
    columns = [column("factor", "Factor"), column("item", "Item"), *(Column(name, plain(name), "r") for name in names)]
    against = frame.loc[~frame["highest"].astype(bool), "item"]
    notes = [plain("Correlations of the items with all factors that the model implies (structure coefficients).")]
    if len(against):
        notes.append(phrase("Higher with another factor than with its own: {}.", ", ".join(map(str, against))))
    return from_frame(
        model.told.table_id("cross_loadings"), model.told.title("Cross-Loadings"), columns, frame, usage=model.usage,
        notes=TableNotes(tuple(notes)), group="factor", mark=model.mark,
    )  # fmt: skip
