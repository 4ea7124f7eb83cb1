"""The study card: what was studied, with which instruments, data and software."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crmstudy.report.document import Callout, Cell, Citation, Element, Inline, Section, Words, phrase, plain
from crmstudy.report.record import StudyRecord
from crmstudy.report.references import load_references
from crmstudy.report.tables import build_table, column
from crmstudy.report.telling import prose
from crmstudy.report.telling.naming import in_language

if TYPE_CHECKING:
    from crmstudy.instrument import Instrument

_WORDING = {
    "paraphrase": "paraphrase – not the validated wording",
    "published": "published wording",
    "none": "no wording in the file",
}


def card_section(record: StudyRecord) -> Section:
    """The study card and what must be known about the wording."""
    rows = [(label, value if isinstance(value, tuple) else phrase("{}", str(value))) for label, value in _card(record)]
    rows += [("sha256 of the data", _hash(name, value)) for name, value in _data_hashes(record)]
    table = build_table(
        "study_card", phrase("Study, Samples, Instruments and Software"),
        [column("entry", "Entry"), column("value", "Value")],
        [[Cell(label), Cell(value)] for label, value in rows],
    )  # fmt: skip
    elements: list[Element] = [table]
    elements += [paraphrase_callout(each, record.lang) for each in instruments(record) if each.wording == "paraphrase"]
    return Section("card", phrase("Study card"), tuple(elements))


def _hash(name: str, value: str) -> Inline:
    """A name and a hash."""
    return phrase("{}: {}", name, Words(value, code=True))


def _sources(instrument: Instrument) -> list[Inline]:
    """The works that its structure, key and scoring are taken from; those this software knows are cited."""
    keys = dict.fromkeys(origin.source for origin in instrument.provenance.values())
    used = [(key, instrument.sources[key]) for key in keys if key is not None and key in instrument.sources]
    known = load_references()
    return [
        (Citation(key, narrative=True),) if key in known else plain(source.reference.strip().removesuffix("."))
        for key, source in used
    ]


def instruments(record: StudyRecord) -> list[Instrument]:
    """The instruments of all samples, each once."""
    found = {(i.id, i.version): i for sample in record.samples for i in sample.responses.instruments}
    return list(found.values())


def _card(record: StudyRecord) -> Iterable[tuple[str, object]]:
    yield "Title", record.title
    yield from record.card.items()
    records = [sample for sample in record.samples if sample.rows == "records"]
    for sample in record.samples:
        if sample in records:
            continue
        used = f"{sample.n_used} of {sample.n_read} respondents used"
        if sample.rows == "items":
            used = f"a form of {sample.n_read} items"
        yield "Sample", f"{sample.name} ({sample.population}), {used}"
    if records:
        yield "Tables of the organisation", f"{len(records)}, listed below with their files"
    for instrument in instruments(record):
        wording = _WORDING.get(instrument.wording, instrument.wording)
        yield (
            "Instrument",
            f"{in_language(instrument.name, record.lang) or instrument.id} ({instrument.id} {instrument.version}); "
            f"wording: {wording}; fingerprint {instrument.fingerprint[:12]}",
        )
        if sources := _sources(instrument):
            yield "Source of the instrument", prose.joined(sources, "; ")
    yield "Confidence level", f"{100 * record.level:g}%"
    yield "Seed", "none" if record.seed is None else record.seed
    versions = record.provenance.versions
    if "crmstudy" in versions:
        yield "Software", f"crmstudy {versions['crmstudy']}, Python {versions.get('python', 'unknown')}"


def _data_hashes(record: StudyRecord) -> list[tuple[str, str]]:
    """Of the files with answers; those of all inputs stand under Provenance."""
    files = {sample.file for sample in record.samples if sample.rows != "records"}
    return [(name, value) for name, value in sorted(record.provenance.inputs.items())
            if name in files or any(name.endswith(f.rsplit("/", 1)[-1]) for f in files)]  # fmt: skip


def paraphrase_callout(instrument: Instrument, lang: str) -> Callout:
    """That a paraphrase is not the validated wording."""
    return Callout(
        "warning",
        phrase("A paraphrase is not the validated wording"),
        phrase(
            "The item texts shipped with {} ({} {}) are a paraphrase made for this software, not the wording that was "
            "validated. No published norm, band or cut-off is applied to scores from it, and results need not carry "
            "over to the published questionnaire. State the wording that respondents actually saw.",
            in_language(instrument.name, lang) or instrument.id, instrument.id, instrument.version,
        ),
        "INSTRUMENT_PARAPHRASE",
    )  # fmt: skip
