"""What is said about the fit of a model: the sentences, the tests and indices in tables, and the groups."""

from __future__ import annotations

from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Number,
    Pointer,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.tables import build_table, column, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.fitted_model import FittedModel
from crmstudy.report.telling.method import (
    assumption_note,
    correction_note,
    incomplete_rows,
    method_note,
    missing_note,
    sample_sentences,
)
from crmstudy.report.telling.pooled_model import pooled_elements, pooled_fit_notes, pooled_sentences

_MODELS = ("cfa", "sem")
_KINDS = {"": "Standard", "_scaled": "Scaled", "_robust": "Robust"}


def fit_sentences(model: FittedModel) -> Element:
    """The fit in APA form, whether exact fit is rejected, and who stands behind the figures."""
    fit = model.result.fit
    said = [prose.fit_sentence(fit)]
    exact = prose.exact_fit_sentence(fit, model.told.record.level)
    said += [exact] if exact and (model.pooled is None or model.scaled) else []
    said += pooled_sentences(model)
    replicates = model.result.solution.replicates
    if replicates is not None and "pvalue_bollen_stine" in fit:
        said.append(prose.bollen_stine_sentence(float(fit["pvalue_bollen_stine"]), replicates.n - replicates.failed))
    return model.told.sentences(*said, *sample_sentences(model))


def fit_elements(model: FittedModel) -> list[Element]:
    """Tests and indices, the further indices, and the groups where there are several."""
    found: list[Element] = [_fit_table(model), *pooled_elements(model)]
    if model.result.solution.df > 0:
        found.append(_further_table(model))
    return found + ([_groups_table(model)] if model.groups else [])


def _rows(model: FittedModel) -> list[str]:
    """The endings of the rows of the fit table."""
    fit = model.result.fit
    there = [end for end in ("_scaled", "_robust") if not is_absent(fit.get(f"cfi{end}"))]
    return ["", *(there if model.result.solution.df > 0 else [])]


def _fit_table(model: FittedModel) -> Table:
    fit, told, endings = model.result.fit, model.told, _rows(model)
    several = len(endings) > 1
    columns = [
        column("kind", "Kind"), Column("chisq", phrase("χ²"), "statistic"), column("df", kind="df"),
        Column("pvalue", phrase("*p*"), "p"), Column("scaling", phrase("*c*"), "index"),
        Column("pvalue_bollen_stine", phrase("*p* B–S"), "p"), Column("cfi", phrase("CFI"), "index"),
        Column("tli", phrase("TLI"), "index"), Column("rmsea", phrase("RMSEA"), "index"),
        Column("rmsea_ci", phrase("90% CI"), "interval_r"), Column("rmsea_pvalue", phrase("*p* close"), "p"),
        Column("srmr", phrase("SRMR"), "index"), Column("aic", phrase("AIC"), "statistic", shown=not several),
        Column("bic", phrase("BIC"), "statistic", shown=not several),
    ]  # fmt: skip
    has_likelihood = not is_absent(fit.get("aic"))
    absent = [] if has_likelihood else ["aic", "bic"]
    absent += [] if several else ["kind"]
    absent += [] if model.scaled else ["scaling"]
    absent += [] if "pvalue_bollen_stine" in fit else ["pvalue_bollen_stine"]
    present = [col for col in columns if col.key not in absent]
    rows = [[_fit_cell(model, col, end) for col in present] for end in endings]
    general = (
        method_note(model), *pooled_fit_notes(model), correction_note(model), assumption_note(model),
        missing_note(model),
        plain("The model has no degrees of freedom, so there is no test.") if model.result.solution.df == 0 else None,
        None if has_likelihood or model.pooled is not None
        else plain("AIC and BIC need a likelihood, which this estimator does not have."),
        phrase("*p* B–S: *p* of χ² by the Bollen–Stine bootstrap.") if "pvalue_bollen_stine" in fit else None,
        phrase(
            "CFI {}, TLI {}; RMSEA {} with *p* of close fit {}.",
            Citation("bentler_1990"), Citation("tucker_lewis_1973"), Citation("steiger_1990"),
            Citation("browne_cudeck_1992"),
        ),
        _explained_once(model, "fit", prose.FIT_CONVENTION, "How the indices are read"),
    )  # fmt: skip
    return build_table(
        told.table_id("fit"), told.title("Fit of the Model"), present, rows, usage=model.usage,
        notes=TableNotes(tuple(note for note in general if note is not None)), mark=model.mark,
    )  # fmt: skip


def _fit_cell(model: FittedModel, col: Column, end: str) -> Cell:
    fit = model.result.fit
    if col.key == "kind":
        return Cell(_KINDS[end].lower(), label=plain(_KINDS[end]))
    if col.key == "scaling":
        return Cell(fit.get("chisq_scaling_factor") if end == "_scaled" else None, "index")
    if col.key == "rmsea_ci":
        return Cell((fit.get(f"rmsea_ci_lower{end}"), fit.get(f"rmsea_ci_upper{end}")), col.kind, 3)
    if col.key in ("srmr", "aic", "bic", "pvalue_bollen_stine"):
        return Cell(None if end else fit.get(col.key), col.kind, 1 if col.key in ("aic", "bic") else None)
    return Cell(fit.get(f"{col.key}{end}"), col.kind)


def _explained_once(model: FittedModel, table: str, note: Inline, what: str) -> Inline:
    """A note that is said once, under the first table of its kind, and pointed to under the others."""
    first = next(
        block.id
        for block in model.told.record.blocks
        if block.kind in _MODELS and block.result is not None and _has_table(block.result, table)
    )
    if first == model.told.block.id:
        return note
    return phrase("{}: see the note of {}.", what, Pointer(f"{first}_{table}"))


def _has_table(result: object, table: str) -> bool:
    fit = getattr(result, "fit", {})
    has_rest = float(fit.get("df", 0)) > 0 and not is_absent(fit.get("gfi"))
    return not is_absent(fit.get("chisq")) and (table == "fit" or has_rest)


def _further_table(model: FittedModel) -> Table:
    """Indices that committees ask for beside the usual ones."""
    fit, told = model.result.fit, model.told
    several = len(_rows(model)) > 1
    columns: list[tuple[Column, int | None]] = [
        (Column("chisq_df", phrase("χ²/*df*"), "statistic"), None), (Column("gfi", phrase("GFI"), "index"), None),
        (Column("agfi", phrase("AGFI"), "index"), None), (Column("nfi", phrase("NFI"), "index"), None),
        (Column("ifi", phrase("IFI"), "index"), None), (Column("rmr", phrase("RMR"), "estimate"), 3),
    ]  # fmt: skip
    if several and not is_absent(fit.get("aic")):
        columns += [(Column("aic", phrase("AIC"), "statistic"), 1), (Column("bic", phrase("BIC"), "statistic"), 1)]
    if model.pooled is not None:
        columns = [(col, places) for col, places in columns if not is_absent(fit.get(col.key))]
        notes = [_FURTHER_POOLED]
    else:
        notes = [_explained_once(model, "further_fit", _FURTHER, "What the indices are")]
    if several:
        made = "NFI and IFI" if model.pooled is not None else "χ²/*df*, NFI and IFI"
        notes.insert(0, phrase(f"{made} are made of the standard χ²."))
    return build_table(
        told.table_id("further_fit"), told.title("Further Fit Indices"), [col for col, _ in columns],
        [[Cell(fit.get(col.key), col.kind, places) for col, places in columns]], usage=model.usage,
        notes=TableNotes(tuple(notes)), mark=model.mark,
    )  # fmt: skip


_FURTHER = phrase(
    "χ²/*df* {}; GFI and AGFI {}; NFI {}; IFI {}; RMR: root mean square residual in units of the data. χ²/*df*, GFI, "
    "AGFI and NFI depend on *N* as well as on the model {}; none of these is a test.",
    Citation("wheaton_1977"), Citation("joreskog_sorbom_1982"), Citation("bentler_bonett_1980"),
    Citation("bollen_1989"), Citation("marsh_1988"),
)  # fmt: skip

_FURTHER_POOLED = phrase(
    "NFI {}; IFI {}; RMR: root mean square residual in units of the data. NFI depends on *N* as well as on the model "
    "{}; none of these is a test.", Citation("bentler_bonett_1980"), Citation("bollen_1989"), Citation("marsh_1988"),
)  # fmt: skip


def _groups_table(model: FittedModel) -> Table:
    """Rows used and dropped in each group, and what it brings to the chi-square."""
    told, samples = model.told, model.result.samples
    parts = [0.0] * len(samples) if model.pooled is not None else model.result.solution.inference.group_chisqs
    incomplete = incomplete_rows(model) if model.fiml else [0] * len(samples)
    columns = [
        column("group", "Group"), column("n", kind="n"), Column("dropped", phrase("Dropped"), "n"),
        Column("clusters", phrase("Clusters"), "n"), Column("incomplete", phrase("Incomplete rows"), "n"),
        Column("patterns", phrase("Patterns"), "n"), Column("chisq", phrase("Part of χ²"), "statistic"),
    ]  # fmt: skip
    lacking = {col.key for col in columns if col.key in ("clusters", "patterns") and col.key not in samples.columns}
    lacking |= set() if model.fiml else {"incomplete", "patterns"}
    lacking |= set() if model.pooled is None else {"chisq"}
    present = [col for col in columns if col.key not in lacking]
    rows = []
    for row, part, lack in zip(samples.to_dict("records"), parts, incomplete, strict=True):
        whole = {**row, "chisq": float(part), "incomplete": lack}
        rows.append([Cell(whole[col.key], col.kind) for col in present])
    note = phrase("The parts add up to the {}χ² of {}.", "standard " if model.scaled else None,
                  Number(model.result.fit["chisq"], "statistic"))  # fmt: skip
    notes = (_equal_note(model), note) if model.pooled is None else (_equal_note(model),)
    return build_table(
        told.table_id("groups"), told.title("Groups of the Model"), present, rows, usage=model.usage,
        notes=TableNotes(notes), mark=model.mark,
    )  # fmt: skip


def _equal_note(model: FittedModel) -> Inline:
    """What is held equal across the groups, and what of it stays free."""
    equal, free = model.call.get("group_equal") or (), model.call.get("group_partial") or ()
    if not equal:
        return phrase("Groups of {}; no kind of parameter is held equal across them.", str(model.call.get("group")))
    said = phrase("Groups of {}; equal across them: {}", str(model.call.get("group")), ", ".join(map(str, equal)))
    return said + phrase("{}.", f", but for {', '.join(map(str, free))}" if free else None)
