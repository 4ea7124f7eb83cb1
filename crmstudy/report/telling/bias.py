"""What is said about common-method bias: models, marker, collinearity, and a test nobody should rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmstudy.report.document import (
    DAGGER,
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
from crmstudy.report.tables import build_table, column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

_MODELS = {
    "hypothesised": "Hypothesised model", "single factor": "Single factor",
    "method factor, equal": "Method factor, equal loadings", "method factor, free": "Method factor, free loadings",
    "CFA": "Marker: CFA", "Baseline": "Marker: Baseline", "Method-C": "Marker: Method-C",
    "Method-U": "Marker: Method-U", "Method-R": "Marker: Method-R", "Method-S": "Marker: Method-S",
}  # fmt: skip
_ADMISSION = (
    "No one technique proves or excludes common-method bias {}: they are read together, and beside what was done about "
    "it when the survey was designed."
)
Row = Mapping[Any, Any]


def bias_section(told: Told) -> Section:
    """Sentences, then the models, the method factor, the marker, collinearity and, on request, Harman's test."""
    tables = told.result.tables
    elements: list[Element] = []
    said = [*_single_sentences(told), *_method_sentences(told), *_marker_sentences(told), *_vif_sentences(told)]
    if said:
        elements.append(told.listing(said))
    elements.append(told.sentences(phrase(_ADMISSION, Citation("podsakoff_2003"))))
    makers = (
        (("single_factor", "ulmc", "marker_models"), _models), (("ulmc",), _method_factor), (("marker",), _marker),
        (("marker_reliability",), _reliability), (("collinearity",), _collinearity), (("harman",), _harman),
    )  # fmt: skip
    for names, make in makers:
        if any(name in tables and not tables[name].empty for name in names):
            elements.append(make(told))
    return told.section(elements)


# --- sentences -------------------------------------------------------------------------------------------------------


def _rows(told: Told, name: str) -> list[dict[Any, Any]]:
    frame = told.result.tables.get(name)
    return [] if frame is None else frame.to_dict("records")


def _difference(row: Row) -> Inline:
    return phrase(
        "Δχ²({}) = {}, {}", Number(row["df_diff"], "df"), Number(row["chisq_diff"], "statistic"),
        (PValue(row["p_value_diff"]),),
    )  # fmt: skip


def _single_sentences(told: Told) -> list[Inline]:
    rows = _rows(told, "single_factor")
    if not rows:
        return []
    row = rows[-1]
    if row["verdict"] == "not judged":
        return [phrase("A single factor behind all items could not be compared with the model.")]
    reading = {
        "fits worse": "which shows that the items have more than one source, not that there is no method variance",
        "does not fit worse": "so that one source, the method or a general construct, may be behind all items",
    }[row["verdict"]]
    return [
        phrase(
            "A single factor behind all items {} than the model with {} factors ({}; CFI {} against {}), {}.",
            row["verdict"], prose.counted(_n_factors(told)), _difference(row), Number(row["cfi"], "index"),
            Number(rows[0]["cfi"], "index"), reading,
        )
    ]  # fmt: skip


def _n_factors(told: Told) -> int:
    from crmstudy.grammar.spec import parse_model

    return len(parse_model(str(told.result.call["model"])).latent)


def _method_sentences(told: Told) -> list[Inline]:
    said = []
    for row in _rows(told, "ulmc")[1:]:
        kind = str(row["model"]).split(", ")[-1]
        if not row["admissible"]:
            said.append(phrase("The model with a method factor of {} loadings has no proper solution.", kind))
            continue
        tested = phrase(" ({})", _difference(row)) if not is_absent(row["p_value_diff"]) else ()
        said.append(phrase(
            "A method factor with {} loadings{} takes {} of the items' variance, the constructs {}; the factor "
            "correlation that changes most changes by {}.", kind, tested,
            Number(100.0 * row["method_variance"], "percent"), Number(100.0 * row["substantive_variance"], "percent"),
            Number(row["largest_correlation_change"], "r"),
        ))  # fmt: skip
    return said


def _marker_sentences(told: Told) -> list[Inline]:
    frame = told.result.tables.get("marker")
    if frame is None or frame.empty:
        return []
    before = int((frame["p_value_r"] < 1.0 - told.level).sum())
    named = "the marker's smallest positive correlation" if told.result.call.get("marker") else (
        "the smallest positive correlation among the constructs, as no marker was planned"
    )  # fmt: skip
    said = [
        phrase(
            "With {} ({}) taken out, {} of {} significant correlations stay significant; at the upper limit of its "
            "interval ({}) {} of them.",
            named, Number(frame["r_marker"].iloc[0], "r"), Number(int(frame["survives"].sum()), "n"),
            Number(before, "n"), Number(frame["r_marker_upper"].iloc[0], "r"),
            Number(int(frame["survives_upper"].sum()), "n"),
        )
    ]  # fmt: skip
    return said + _technique_sentences(told)


def _technique_sentences(told: Told) -> list[Inline]:
    """What the confirmatory marker technique says of loadings and of correlations."""
    rows = {str(row["model"]): row for row in _rows(told, "marker_models")}
    said = []
    present, changed = rows.get("Method-C"), rows.get("Method-R")
    if present is not None and present["admissible"] and not is_absent(present["p_value_diff"]):
        verb = "carry" if present["p_value_diff"] < 1.0 - told.level else "do not carry"
        said.append(phrase("The items {} method variance that the marker measures ({}).", verb, _difference(present)))
    if changed is not None and changed["admissible"] and not is_absent(changed["p_value_diff"]):
        verb = "changes" if changed["p_value_diff"] < 1.0 - told.level else "does not change"
        said.append(phrase("It {} the correlations of the constructs significantly ({}).", verb, _difference(changed)))
    return said


def _vif_sentences(told: Told) -> list[Inline]:
    rows = _rows(told, "collinearity")
    if not rows:
        return []
    top = max(rows, key=lambda row: float(row["vif"]))
    side = "above" if top["above"] else "not above"
    return [
        phrase(
            "The largest full-collinearity VIF is {} ({}), {} the {} that {} names.", Number(top["vif"], "estimate"),
            str(top["construct"]), side, Number(top["threshold"], "estimate", 1), Citation("kock_2015", narrative=True),
        )
    ]  # fmt: skip


# --- tables ----------------------------------------------------------------------------------------------------------


def _models(told: Told) -> Table:
    """Every model once, with the difference from the one it is compared with."""
    columns = [
        column("model", "Model"), Column("n", phrase("*n*"), "n", shown=False),
        Column("chisq", phrase("χ²"), "statistic"), column("df", kind="df"), Column("p_value", phrase("*p*"), "p"),
        Column("cfi", phrase("CFI"), "index"), Column("rmsea", phrase("RMSEA"), "index"),
        Column("srmr", phrase("SRMR"), "index"), Column("chisq_diff", phrase("Δχ²"), "statistic"),
        Column("df_diff", phrase("Δ*df*"), "df"), Column("p_value_diff", phrase("*p*"), "p"),
        column("compared_with", "Compared with"),
    ]  # fmt: skip
    found: dict[str, Row] = {}
    for name in ("single_factor", "ulmc", "marker_models"):
        for row in _rows(told, name):
            found.setdefault(str(row["model"]), row)
    rows = [_model_cells(row, columns) for row in found.values()]
    specific: tuple[tuple[str, Inline], ...] = ()
    if not all(row["admissible"] for row in found.values()):
        specific = ((DAGGER, phrase("No proper solution: must not be interpreted.")),)
    return build_table(
        told.table_id("models"), told.title("Models of Common-Method Bias"), columns, rows, usage=told.usage(),
        notes=TableNotes(tuple(_model_notes(told)), specific), mark=told.mark,
    )  # fmt: skip


def _model_cells(row: Row, columns: Sequence[Column]) -> list[Cell]:
    cells = []
    for col in columns:
        value = row[col.key]
        if col.key == "model":
            mark = "" if row["admissible"] else DAGGER
            cells.append(Cell(str(value), mark=mark, label=plain(_MODELS.get(str(value), str(value)))))
        elif col.key == "compared_with":
            shown = str(value) if value else ""
            cells.append(Cell(shown, label=plain(_MODELS.get(shown, shown).removeprefix("Marker: ")) if shown else ()))
        else:
            cells.append(Cell(None if is_absent(value) else value, col.kind))
    return cells


def _model_notes(told: Told) -> list[Inline]:
    tables = told.result.tables
    notes = []
    if told.result.call.get("estimator", "ML") not in ("ML", "GLS", "ULS", "WLS"):
        notes.append(phrase("χ² is scaled; Δχ² is the scaled difference {}.", Citation("satorra_bentler_2001")))
    if "ulmc" in tables:
        notes.append(phrase(
            "Method factor: uncorrelated with the others, every item loads on it, equally in the items' own units or "
            "freely {}. Such models are often hardly identified {}.", Citation("podsakoff_2003"),
            Citation("richardson_2009"),
        ))  # fmt: skip
    if "marker_models" in tables:
        notes.append(phrase(
            "Marker models after {}: Baseline holds the marker's items at the values of the CFA and the marker apart "
            "from the constructs; Method-C and Method-U let all items load on it equally and freely; Method-R holds "
            "the constructs' correlations at those of the Baseline; Method-S holds the method loadings at the far ends "
            "of their intervals.", Citation("williams_2010", narrative=True),
        ))  # fmt: skip
    return notes


def _method_factor(told: Told) -> Table:
    """Loadings without and with the method factor."""
    models = {str(row["model"]): row for row in _rows(told, "ulmc")}
    columns = [column("factor", "Factor"), column("item", "Item"), Column("loading", phrase("Model"), "r")]
    kinds = []
    for kind in ("equal", "free"):
        if models[f"method factor, {kind}"]["converged"]:
            kinds.append(kind)
            columns += [Column(f"loading_{kind}", phrase("Factor ({})", kind), "r"),
                        Column(f"method_{kind}", phrase("Method ({})", kind), "r")]  # fmt: skip
    notes = [phrase(
        "Standardised loadings in the model as declared, and with a method factor: on the item's own factor and on the "
        "method factor.",
    )]  # fmt: skip
    improper = [kind for kind in kinds if not models[f"method factor, {kind}"]["admissible"]]
    if improper:
        notes.append(phrase("No proper solution, not to be interpreted: {} loadings.", " and ".join(improper)))
    return from_frame(
        told.table_id("ulmc"), told.title("Loadings Without and With a Method Factor"), columns,
        told.result.tables["ulmc_loadings"], usage=told.usage(), notes=TableNotes(tuple(notes)), group="factor",
        mark=told.mark,
    )  # fmt: skip


def _marker(told: Told) -> Table:
    frame = told.result.tables["marker"]
    answers = {True: "yes", False: "no"}
    frame = frame.assign(**{name: [answers[bool(x)] for x in frame[name]] for name in ("survives", "survives_upper")})
    columns = [
        column("lhs", "Construct"), column("rhs", "With"), Column("r", phrase("*r*"), "r"),
        Column("p_value_r", phrase("*p*"), "p"), Column("r_adjusted", phrase("*r* adjusted"), "r"),
        Column("statistic", phrase("*t*"), "statistic"), Column("df", phrase("*df*"), "df", shown=False),
        column("p_value", kind="p"), column("survives", "Survives", align="right"),
        Column("r_adjusted_upper", phrase("*r* at limit"), "r"), Column("p_value_upper", phrase("*p*"), "p"),
        column("survives_upper", "Survives", align="right"),
    ]  # fmt: skip
    note = phrase(
        "Correlations of the means of each construct's own items (*n* = {}); adjusted: (*r* − *m*) / (1 − *m*) with "
        "the method correlation *m* = {} {}, *t* on {} degrees of freedom; at limit: with the upper end of its {} "
        "interval, {}. Survives: significant with the same sign.",
        Number(int(frame["n"].iloc[0]), "n"), Number(frame["r_marker"].iloc[0], "r"), Citation("lindell_whitney_2001"),
        Number(frame["df"].iloc[0], "df"), f"{told.level:.0%}", Number(frame["r_marker_upper"].iloc[0], "r"),
    )  # fmt: skip
    return from_frame(
        told.table_id("marker"), told.title("Correlations Corrected for a Method Correlation"), columns, frame,
        usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def _reliability(told: Told) -> Table:
    columns = [
        column("factor", "Factor"), Column("baseline", phrase("Baseline"), "r"), Column("total", phrase("Total"), "r"),
        Column("substantive", phrase("Substantive"), "r"), Column("method", phrase("Method"), "r"),
        Column("method_percent", phrase("Method in % of total"), "percent"),
    ]  # fmt: skip
    kept = [row["model"] for row in _rows(told, "marker_models") if row["retained"]]
    note = phrase(
        "Reliability of the sum of each factor's items, and the parts of it due to the construct and to the marker, "
        "from the model {} {}.", str(kept[0]) if kept else "–", Citation("williams_2010"),
    )  # fmt: skip
    return from_frame(
        told.table_id("marker_reliability"), told.title("Reliability by Source"), columns,
        told.result.tables["marker_reliability"], usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip


def _collinearity(told: Told) -> Table:
    frame = told.result.tables["collinearity"]
    columns = [
        column("construct", "Construct"), Column("vif", phrase("VIF"), "estimate"),
        Column("tolerance", phrase("Tolerance"), "r"), Column("vif_latent", phrase("VIF of factors"), "estimate"),
    ]  # fmt: skip
    notes = [phrase(
        "VIF of each construct's mean score on those of all others {}; {} names {} as the limit. VIF of factors: the "
        "same of the model's factor correlations, which measurement error does not attenuate.",
        Citation("kock_lynn_2012"), Citation("kock_2015", narrative=True),
        Number(frame["threshold"].iloc[0], "estimate", 1),
    )]  # fmt: skip
    notes += _reasons(told, "BIAS_NO_LATENT_VIF")
    return from_frame(
        told.table_id("collinearity"), told.title("Full Collinearity of the Constructs"), columns, frame,
        usage=told.usage(), notes=TableNotes(tuple(notes)), mark=told.mark,
    )  # fmt: skip


def _reasons(told: Told, code: str) -> list[Inline]:
    return [plain(prose.capital(note.message)) for note in told.result.notes if note.code == code]


def _harman(told: Told) -> Table:
    row = _rows(told, "harman")[0]
    columns = [
        Column("items", phrase("Items"), "n"), Column("first_share", phrase("First component"), "percent"),
        Column("components_above_one", phrase("Eigenvalues above 1"), "n"), column("verdict", "Worth"),
    ]  # fmt: skip
    cells = [
        Cell(row["items"], "n"), Cell(100.0 * row["first_share"], "percent"), Cell(row["components_above_one"], "n"),
        Cell("discredited"),
    ]  # fmt: skip
    note = phrase(
        "Given on request. **The test is discredited** {}: a share below 50% does not show that there is no method "
        "bias, nor a share above it that there is. No claim should rest on it.", Citation("howard_2024"),
    )  # fmt: skip
    return build_table(
        told.table_id("harman"), told.title("Harman's Single-Factor Test (Discredited)"), columns, [cells],
        usage=told.usage(), notes=TableNotes((note,)), mark=told.mark,
    )  # fmt: skip
