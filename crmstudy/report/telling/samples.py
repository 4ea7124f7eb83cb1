"""Who took part, and what is missing."""

from __future__ import annotations

from crmstudy.drawing import ParticipantFlow
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    FigureBlock,
    Number,
    Paragraph,
    Section,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.record import SampleRecord, StudyRecord
from crmstudy.report.tables import Usage, build_table, column, from_frame
from crmstudy.report.telling.missing import missing_elements
from crmstudy.report.telling.told import note_callout
from crmstudy.screening.nonresponse import FLOW, response_rates

#: What a stage of the flow is called, and those who were lost on the way to it.
_STAGES = {
    "invited": ("Invited", ""),
    "opened": ("Opened the questionnaire", "Did not open it"),
    "started": ("Started", "Did not start"),
    "completed": ("Completed", "Did not complete"),
}
#: What people read for a rate.
_RATES = {
    "contact": "Contact (opened of invited)",
    "participation": "Participation (started of opened)",
    "completion": "Completion (completed of started)",
    "response": "Response (completed of invited)",
}


def samples_section(record: StudyRecord) -> Section:
    """From those invited and the rows of each file to the rows used, then what is missing."""
    people = [sample for sample in record.samples if sample.rows == "respondents"]
    columns = [
        column("sample", "Sample"), column("population", "Population"), column("file", "File"),
        Column("read", phrase("Rows read"), "n"), Column("excluded", phrase("Excluded"), "n"),
        Column("used", phrase("Used"), "n"),
    ]  # fmt: skip
    rows = [
        [Cell(s.name), Cell(s.population), Cell(s.file), Cell(s.n_read, "n"), Cell(s.n_read - s.n_used, "n"),
         Cell(s.n_used, "n")]
        for s in people
    ]  # fmt: skip
    used, read = sum(s.n_used for s in people), sum(s.n_read for s in people)
    flow = build_table(
        "participants", phrase("Participants"), columns, rows,
        usage=Usage(used, read - used, "excluded by the declared screening rules" if read > used else ""),
        notes=TableNotes((phrase("Rows that an analysis drops for missing values are counted with that analysis."),)),
    )  # fmt: skip
    elements: list[Element] = [flow] if people else []
    for sample in record.samples:
        if sample.rows == "items":
            elements.append(Paragraph((phrase(
                "Sample {}: a form of {} items judged by experts, who are counted with the analysis.", sample.name,
                Number(sample.n_read, "n"),
            ),)))  # fmt: skip
        if sample.rows == "records":
            continue
        elements += _flow(sample, record)
        elements += missing_elements(sample, record.lang)
        elements += [note_callout(note) for note in dict.fromkeys(sample.responses.notes) if note.level != "info"]
    records = [sample for sample in record.samples if sample.rows == "records"]
    elements += [_records(records)] if records else []
    title = "Participants and missing data" if people or not records else "The tables of the organisation"
    return Section("samples", phrase(title), tuple(elements))


def _records(samples: list[SampleRecord]) -> Table:
    """The tables whose rows are not people: ratings, audits, transactions."""
    columns = [
        column("sample", "Table"), column("population", "About"), column("file", "File"),
        Column("read", phrase("Records"), "n"),
    ]  # fmt: skip
    rows = [[Cell(s.name), Cell(s.population), Cell(s.file), Cell(s.n_read, "n")] for s in samples]
    return build_table("records", phrase("Tables of the Organisation"), columns, rows)


def _flow(sample: SampleRecord, record: StudyRecord) -> list[Element]:
    """The flow of participants as a figure, their rates as a table; nothing where nobody was lost or counted."""
    if not sample.flow and sample.n_read == sample.n_used:
        return []
    elements: list[Element] = []
    rates = response_rates(sample.flow, level=record.level)
    if not rates.empty:
        final = rates.iloc[-1]
        if final["rate"] == "response":
            said = phrase("Sample {}: {} of {} people who were invited completed the questionnaire ({}).", sample.name,
                          Number(int(final["number"]), "n"), Number(int(final["base"]), "n"),
                          Number(float(final["percent"]), "percent"))  # fmt: skip
            elements.append(Paragraph((said,)))
    note = phrase("A reason counts the respondents it removes beyond those removed by a reason above it.")
    more = phrase("The rows of the file are counted as they were read; they can hold incomplete questionnaires.")
    several = len(record.samples) > 1
    title = phrase("Flow of Participants ({})", sample.name) if several else phrase("Flow of Participants")
    elements.append(FigureBlock(f"{sample.name}_flow", title, participant_flow(sample), (note, more)))
    if not rates.empty:
        elements.append(_rates(sample, record))
    return elements


def participant_flow(sample: SampleRecord) -> ParticipantFlow:
    """From those invited over the rows of the file to the rows used."""
    stages: list[tuple[str, int]] = []
    losses: list[tuple[tuple[str, int], ...]] = []
    for name in FLOW:
        if name in sample.flow:
            if stages:
                losses.append(_lost(_STAGES[name][1], stages[-1][1] - sample.flow[name]))
            stages.append((_STAGES[name][0], sample.flow[name]))
    if stages:
        losses.append(_lost("Not in the data file", stages[-1][1] - sample.n_read))
    stages.append(("Rows in the data file", sample.n_read))
    excluded: list[tuple[str, int]] = []
    if sample.screening is not None and "exclusions" in sample.screening.tables:
        for row in sample.screening.tables["exclusions"].to_dict("records"):
            excluded += [(f"Excluded ({row['rule']})", int(row["n"]))] if row["n"] else []
    losses.append(tuple(excluded))
    stages.append(("Used in the analyses", sample.n_used))
    told = ", ".join(f"{label.lower()} {count}" for label, count in stages)
    return ParticipantFlow("Flow of participants", f"Flow of participants: {told}.", tuple(stages), tuple(losses))


def _lost(label: str, count: int) -> tuple[tuple[str, int], ...]:
    return ((label, count),) if count > 0 else ()


def _rates(sample: SampleRecord, record: StudyRecord) -> Table:
    columns = [
        column("rate", "Rate"), Column("number", phrase("People"), "n"), Column("base", phrase("Of"), "n"),
        Column("percent", phrase("Percent"), "percent"), Column("ci_low", phrase("CI, lower"), "percent"),
        Column("ci_high", phrase("upper"), "percent"),
    ]  # fmt: skip
    note = phrase("Numbers as declared in the study; CI: {} score interval {}.", f"{100 * record.level:g}%",
                  Citation("wilson_1927"))  # fmt: skip
    return from_frame(
        f"{sample.name}_rates", phrase("Response Rates ({})", sample.name), columns,
        response_rates(sample.flow, level=record.level), notes=TableNotes((note,)),
        labels={"rate": lambda rate: phrase("{}", _RATES.get(rate, rate))},
    )  # fmt: skip
