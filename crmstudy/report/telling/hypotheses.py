"""What became of the hypotheses, and how far a second engine agrees with the models they rest on."""

from __future__ import annotations

import pandas as pd

from crmstudy.notes import Note
from crmstudy.report.document import (
    DAGGER,
    Cell,
    Citation,
    Column,
    Inline,
    Mark,
    Paragraph,
    Section,
    TableNotes,
    Words,
    phrase,
)
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.tables import build_table, column
from crmstudy.report.telling import prose
from crmstudy.report.telling.front import block_mark, hypothesis_mark, interval_method
from crmstudy.results import HypothesisTest, Result


def hypotheses_section(record: StudyRecord) -> Section | None:
    """Every hypothesis with its claim, its figures and its verdict, and what a verdict means."""
    if not record.hypotheses:
        return None
    blocks = {block.id: block for block in record.blocks}
    levels = sorted({test.level for test in record.hypotheses})
    methods = [interval_method(test, blocks) for test in record.hypotheses]
    letters = dict(zip(dict.fromkeys(method for method in methods if method), "abc", strict=False))
    columns = [
        column("id", "H"), column("statement", "Statement and claim"), column("claim", "Claim", shown=False),
        column("analysis", "Analysis", shown=len({test.analysis for test in record.hypotheses}) > 1),
        column("estimate", kind="estimate"),
        Column("ci", prose.percent_ci(levels[0]) if len(levels) == 1 else phrase("CI"), "interval"),
        column("p_value", kind="p"), column("std_all", kind="estimate"), column("verdict", "Verdict"),
    ]  # fmt: skip
    rows, marked = [], False
    for test, method in zip(record.hypotheses, methods, strict=True):
        mark = hypothesis_mark(test, blocks)
        marked = marked or mark == "inadmissible"
        rows.append(_row(test, mark, letters.get(method, "")))
    specific = [(letter, phrase("{} {}.", method.capitalize() if method[0].islower() else method, _level(levels)))
                for method, letter in letters.items()]  # fmt: skip
    if marked:
        specific.append((DAGGER, phrase("The analysis is inadmissible: its figures are withheld.")))
    several = f"CI: {', '.join(f'{100 * level:g}%' for level in levels)} confidence interval, by analysis."
    general = (phrase("{}", several),) if len(levels) > 1 else ()
    table = build_table("hypotheses", phrase("Hypotheses and Verdicts"), columns, rows,
                        notes=TableNotes(general, tuple(specific)), mark="partial" if marked else "")  # fmt: skip
    defined = {
        method for test, method in zip(record.hypotheses, methods, strict=True) if test.p_value is None and method
    }
    meaning = Paragraph(_meaning(levels, sorted(defined)))
    return Section("hypothesis-tests", phrase("Hypotheses"), (table, meaning))


def _level(levels: list[float]) -> Inline:
    return prose.percent_ci(levels[0]) if len(levels) == 1 else phrase("CI")


def _row(test: HypothesisTest, mark: Mark, letter: str) -> list[Cell]:
    sign = DAGGER if mark == "inadmissible" else ""
    figures = [
        Cell(test.estimate, "estimate"), Cell((test.ci_low, test.ci_high), "interval", mark=letter),
        Cell(test.p_value, "p"), Cell(test.std_all, "estimate"),
    ]  # fmt: skip
    if test.verdict == "not testable":
        figures = [Cell(None, cell.kind, mark=sign) for cell in figures]
    verdict = phrase("{}{}", test.verdict, f" – analysis {mark}".upper() if mark else None)
    claim = Words(test.claim, code=True)
    statement = Cell(test.statement, label=phrase("{} {}", prose.isolated(test.statement), claim))
    return [Cell(test.id), statement, Cell((claim,)), Cell(test.analysis), *figures, Cell(verdict)]


def _meaning(levels: list[float], methods: list[str]) -> tuple[Inline, ...]:
    """What the verdicts say and what they do not say."""
    alpha: Inline = (prose.below(levels[0]),) if len(levels) == 1 else phrase("1 minus the confidence level")
    one_sided = phrase(" (stricter than a one-sided test at {})", alpha) if len(levels) == 1 else None
    said = [
        phrase("Supported means that the estimate has the claimed sign and differs from the number."),
        phrase("Unless the design is experimental or longitudinal, the direction of a path is an assumption of the "
               "model."),
        phrase("A directed claim is supported when the estimate lies on the claimed side and the two-sided *p* is "
               "below {}{}{}.", alpha, one_sided, _by_interval(methods)),
        phrase("*p* values are not adjusted for the number of hypotheses."),
    ]  # fmt: skip
    return tuple(said)


def _by_interval(methods: list[str]) -> Inline | None:
    if not methods:
        return None
    return phrase("; a claim about a defined parameter, when its {} interval lies wholly on that side",
                  " or ".join(sorted(methods)))  # fmt: skip


def engine_section(record: StudyRecord) -> Section | None:
    """How far a second, independent engine agrees."""
    rows, marks = [], []
    for block in record.blocks:
        found = block.extras.get("second_engine")
        if found is None or isinstance(found, pd.DataFrame):
            continue
        rows.append(_engine_row(block, found))
        marks.append(block_mark(block))
    if not rows:
        return None
    columns = [
        column("analysis", "Analysis"), column("engine", "Second engine"),
        Column("compared", phrase("Values compared"), "n"),
        Column("largest", phrase("Largest |difference|"), "small"), Column("in_se", phrase("… in *SE*"), "small"),
        column("parameter", "At parameter"), column("remark", "Remark"),
    ]  # fmt: skip
    if not any(row[-1].value for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    mark: Mark = "partial" if "inadmissible" in marks else ""
    notes = (
        phrase(
            "Each analysis is done again by software written by others: semopy {} for structural models, pingouin {} "
            "for alpha, statsmodels {} for regressions. The difference is that of the unstandardised estimates; *SE*: "
            "in standard errors of the estimate.",
            *map(Citation, ("igolkina_meshcheryakov_2020", "vallat_2018", "seabold_perktold_2010")),
        ),
        phrase("Agreement shows that the arithmetic is right, not that the model is."),
    )
    specific = ((DAGGER, phrase("The analysis is inadmissible.")),) if mark else ()
    table = build_table("second_engine", phrase("Check by a Second Engine"), columns, rows,
                        notes=TableNotes(notes, specific), mark=mark)  # fmt: skip
    return Section("second-engine", phrase("Check by a second engine"), (table,))


def _engine_row(block: Block, found: Result | Note) -> list[Cell]:
    sign = DAGGER if block.status == "inadmissible" else ""
    name = Cell(block.id, mark=sign)
    nothing = (Cell(None, "small"), Cell(None, "small"), Cell(""))
    if isinstance(found, Note):
        return [name, Cell(""), Cell(None, "n"), *nothing, Cell(found.message)]
    table = found.tables["differences"]
    engine = str(found.call.get("engine", "semopy"))
    if table.empty:
        return [name, Cell(engine), Cell(0, "n"), *nothing, Cell(_said(found))]
    worst = table.iloc[int(table["difference"].abs().to_numpy().argmax())]
    return [
        name, Cell(engine), Cell(len(table), "n"), Cell(abs(float(worst["difference"])), "small", mark=sign),
        Cell(abs(float(worst["in_se"])), "small", mark=sign), Cell(str(worst["parameter"])), Cell(_said(found)),
    ]  # fmt: skip


def _said(found: Result) -> str:
    return " ".join(prose.capital(note.message) for note in found.notes if note.level != "info")
