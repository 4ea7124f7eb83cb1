"""The first page, the study card, the samples and what screening found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crmstudy.report import prose
from crmstudy.report.document import (
    Callout,
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Listing,
    Mark,
    Number,
    Paragraph,
    Section,
    Table,
    TableNotes,
    Words,
    phrase,
)
from crmstudy.report.record import Block, SampleRecord, StudyRecord
from crmstudy.report.tables import Usage, build_table, column, from_frame
from crmstudy.report.told import note_callout
from crmstudy.results import HypothesisTest

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.instrument import Instrument

_WORDING = {
    "paraphrase": "paraphrase – not the validated wording",
    "published": "published wording",
    "none": "no wording in the file",
}


def block_mark(block: Block | None) -> Mark:
    """The mark of whatever uses a block's numbers."""
    return "" if block is None or block.status == "fine" else block.status


def findings_section(record: StudyRecord) -> Section:
    """Each hypothesis answered in a sentence, and what became of each analysis."""
    blocks = {block.id: block for block in record.blocks}
    elements: list[Element] = []
    if record.hypotheses:
        answers = tuple((prose.hypothesis_answer(test), hypothesis_mark(test, blocks)) for test in record.hypotheses)
        elements += [Paragraph((prose.verdict_count(record.hypotheses),)), Listing(answers)]
    else:
        elements.append(Paragraph((phrase("The study declares no hypotheses; the analyses below describe."),)))
    states = tuple((prose.state_of(block), block_mark(block)) for block in record.blocks)
    state = Section("state", phrase("State of the analyses"), (Listing(states),))
    return Section("findings", phrase("What was found"), tuple(elements), (state,) if states else ())


def hypothesis_mark(test: HypothesisTest, blocks: dict[str, Block]) -> Mark:
    """The mark of the analysis a hypothesis was tested with."""
    return block_mark(blocks.get(test.analysis))


def card_section(record: StudyRecord) -> Section:
    """The study card and what must be known about the wording."""
    rows = [(label, phrase("{}", str(value))) for label, value in _card(record)]
    rows += [("sha256 of the data", joined_code(name, value)) for name, value in _data_hashes(record)]
    table = build_table(
        "study_card", phrase("Study, Samples, Instruments and Software"),
        [column("entry", "Entry"), column("value", "Value")],
        [[Cell(label), Cell(value)] for label, value in rows],
    )  # fmt: skip
    elements: list[Element] = [table]
    elements += [paraphrase_callout(each, record.lang) for each in instruments(record) if each.wording == "paraphrase"]
    return Section("card", phrase("Study card"), tuple(elements))


def joined_code(name: str, value: str) -> Inline:
    """A name and a hash."""
    return phrase("{}: {}", name, Words(value, code=True))


def instruments(record: StudyRecord) -> list[Instrument]:
    """The instruments of all samples, each once."""
    found = {(i.id, i.version): i for sample in record.samples for i in sample.responses.instruments}
    return list(found.values())


def _card(record: StudyRecord) -> Iterable[tuple[str, object]]:
    yield "Title", record.title
    yield from record.card.items()
    for sample in record.samples:
        yield "Sample", f"{sample.name} ({sample.population}), {sample.n_used} of {sample.n_read} respondents used"
    for instrument in instruments(record):
        wording = _WORDING.get(instrument.wording, instrument.wording)
        yield (
            "Instrument",
            f"{_named(instrument, record.lang)} ({instrument.id} {instrument.version}); wording: {wording}; "
            f"fingerprint {instrument.fingerprint[:12]}",
        )
    yield "Confidence level", f"{100 * record.level:g}%"
    yield "Seed", "none" if record.seed is None else record.seed
    versions = record.provenance.versions
    if "crmstudy" in versions:
        yield "Software", f"crmstudy {versions['crmstudy']}, Python {versions.get('python', 'unknown')}"


def _data_hashes(record: StudyRecord) -> list[tuple[str, str]]:
    files = {sample.file for sample in record.samples}
    return [(name, value) for name, value in sorted(record.provenance.inputs.items())
            if name in files or any(name.endswith(f.rsplit("/", 1)[-1]) for f in files)]  # fmt: skip


def _named(instrument: Instrument, lang: str) -> str:
    return instrument.name.get(lang) or instrument.name.get("en") or instrument.id


def paraphrase_callout(instrument: Instrument, lang: str) -> Callout:
    """That a paraphrase is not the validated wording."""
    return Callout(
        "warning",
        phrase("A paraphrase is not the validated wording"),
        phrase(
            "The item texts shipped with {} ({} {}) are a paraphrase made for this software, not the wording that was "
            "validated. No published norm, band or cut-off is applied to scores from it, and results need not carry "
            "over to the published questionnaire. State the wording that respondents actually saw.",
            _named(instrument, lang), instrument.id, instrument.version,
        ),
        "INSTRUMENT_PARAPHRASE",
    )  # fmt: skip


def samples_section(record: StudyRecord) -> Section:
    """From the rows of each file to the rows used, then what is missing."""
    columns = [
        column("sample", "Sample"), column("population", "Population"), column("file", "File"),
        Column("read", phrase("Rows read"), "n"), Column("excluded", phrase("Excluded"), "n"),
        Column("used", phrase("Used"), "n"),
    ]  # fmt: skip
    rows = [
        [Cell(s.name), Cell(s.population), Cell(s.file), Cell(s.n_read, "n"), Cell(s.n_read - s.n_used, "n"),
         Cell(s.n_used, "n")]
        for s in record.samples
    ]  # fmt: skip
    used, read = sum(s.n_used for s in record.samples), sum(s.n_read for s in record.samples)
    flow = build_table(
        "participants", phrase("Participants"), columns, rows,
        usage=Usage(used, read - used, "excluded by the declared screening rules" if read > used else ""),
        notes=TableNotes((phrase("Rows that an analysis drops for missing values are counted with that analysis."),)),
    )  # fmt: skip
    elements: list[Element] = [flow]
    for sample in record.samples:
        elements += _missing(sample)
        elements += [note_callout(note) for note in dict.fromkeys(sample.responses.notes) if note.level != "info"]
    return Section("samples", phrase("Participants and missing data"), tuple(elements))


def _missing(sample: SampleRecord) -> list[Element]:
    if sample.screening is None or "missing" not in sample.screening.tables:
        return []
    table = sample.screening.tables["missing"]
    some = table[table["missing"] > 0]
    counted = table.drop_duplicates("item")
    total, answers = int(counted["missing"].sum()), int((counted["missing"] + counted["n"]).sum())
    said = phrase("Sample {}: none of its {} answers is missing.", sample.name, Number(answers, "n"))
    if total:
        said = phrase(
            "Sample {}: {} of {} answers ({}) are missing, in {} of {} items.",
            sample.name, Number(total, "n"), Number(answers, "n"), Number(100 * total / answers, "percent"),
            Number(some["item"].nunique(), "n"), Number(len(counted), "n"),
        )  # fmt: skip
    columns = [
        column("scale", "Scale"), Column("items", phrase("Items"), "n"), Column("n", phrase("Answered"), "n"),
        Column("missing", phrase("Missing"), "n"), Column("percent", phrase("Percent missing"), "percent"),
    ]  # fmt: skip
    note = phrase("All rows of the file, before exclusions; answers out of range count as missing.")
    usage, notes = Usage(sample.n_read, 0), TableNotes((note,))
    elements: list[Element] = [Paragraph((said,))]
    elements.append(build_table(
        f"{sample.name}_missing", phrase("Missing Answers by Scale"), columns, _missing_by_scale(table), usage=usage,
        notes=notes,
    ))  # fmt: skip
    if not some.empty:
        columns = [column("item", "Item"), column("scale", "Scale"), *columns[2:]]
        title = phrase("Items With Missing Answers")
        elements.append(from_frame(f"{sample.name}_missing_items", title, columns, some, usage=usage, notes=notes))
    return elements


def _missing_by_scale(table: pd.DataFrame) -> list[list[Cell]]:
    rows = []
    for scale, part in table.groupby("scale", sort=False):
        missing, answered = int(part["missing"].sum()), int(part["n"].sum())
        share = 100 * missing / (missing + answered) if missing + answered else None
        rows.append([
            Cell(str(scale)), Cell(part["item"].nunique(), "n"), Cell(answered, "n"), Cell(missing, "n"),
            Cell(share, "percent"),
        ])  # fmt: skip
    return rows


def screening_section(record: StudyRecord) -> Section:
    """What every rule flagged, and what was excluded."""
    elements: list[Element] = []
    for sample in record.samples:
        screening = sample.screening
        if screening is None or "rules" not in screening.tables:
            elements.append(Paragraph((phrase("Sample {} was not screened.", sample.name),)))
            continue
        flagged = int(screening.flags.any(axis=1).sum())
        said = phrase(
            "Sample {}: {} of {} respondents were flagged by at least one rule and {} excluded. Every rule flags; only "
            "rules that the study names under exclude remove.",
            sample.name, Number(flagged, "n"), Number(sample.n_read, "n"),
            Number(sample.n_read - sample.n_used, "n"),
        )  # fmt: skip
        elements += [Paragraph((said,)), _rules(sample)]
        elements += [note_callout(note) for note in dict.fromkeys(screening.notes) if note.code.startswith("SCREENING_")
                     and note.level != "info"]  # fmt: skip
    return Section("screening", phrase("Screening of the answers"), tuple(elements))


def _rules(sample: SampleRecord) -> Table:
    if sample.screening is None:
        raise ValueError("a sample that was not screened has no rules")
    columns = [
        column("rule", "Rule"), column("setting", "Setting"), Column("flagged", phrase("Flagged"), "n"),
        Column("excluded", phrase("Excluded"), "n"),
    ]  # fmt: skip
    note = phrase(
        "Longstring: equal answers in a row {}; mahalanobis: distance from the centre of all answers {}, *p* below the "
        "setting. A respondent can be flagged by several rules; careless answers are discussed by {}.",
        Citation("johnson_2005"), Citation("mahalanobis_1936"), Citation("meade_craig_2012", narrative=True),
    )  # fmt: skip
    rules = sample.screening.tables["rules"]
    rules = rules.assign(setting=["on" if setting is True else str(setting) for setting in rules["setting"]])
    return from_frame(
        f"{sample.name}_screening", phrase("Screening Rules"), columns, rules,
        usage=Usage(sample.n_read, sample.n_read - sample.n_used, "excluded by the rules named in the study"
                    if sample.n_read > sample.n_used else ""),
        notes=TableNotes((note,)),
    )  # fmt: skip
