"""What the rules of screening flagged, how they overlap, and what was excluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    Inline,
    Number,
    Paragraph,
    Pointer,
    Section,
    Table,
    TableNotes,
    phrase,
    plain,
)
from crmstudy.report.record import SampleRecord, StudyRecord
from crmstudy.report.tables import Usage, build_table, column, from_frame
from crmstudy.report.telling.told import note_callout
from crmstudy.screening.settings import written

if TYPE_CHECKING:
    from crmstudy.screening import Screening

#: What each rule compares with its setting.
_RULES = {
    "missing": phrase("missing: share of items unanswered at or above"),
    "range": phrase("range: an answer outside the response range"),
    "duplicates": phrase("duplicates: the same answers as an earlier row"),
    "longstring": phrase("longstring: equal answers in a row, at least"),
    "mahalanobis": phrase("mahalanobis: *p* of *D*² (χ², *df* = number of items) below"),
    "longstring_mean": phrase("longstring_mean: mean length of runs of equal answers"),
    "irv": phrase("irv: standard deviation of a respondent's answers"),
    "even_odd": phrase("even_odd: consistency of odd and even items over scales, 2*r*/(1 + *r*)"),
    "psychsyn": phrase("psychsyn: correlation over psychometric synonyms"),
    "psychant": phrase("psychant: correlation over psychometric antonyms"),
    "person_total": phrase("person_total: correlation with the items' means"),
    "response_time": phrase("response_time: time needed"),
    "attention": phrase("attention: answers to attention checks"),
}
#: The works that describe the rules that are off unless asked for.
_SOURCES = {
    "longstring": "johnson_2005",
    "longstring_mean": "johnson_2005",
    "mahalanobis": "mahalanobis_1936",
    "irv": "dunn_2018",
    "even_odd": "johnson_2005",
    "psychsyn": "meade_craig_2012",
    "psychant": "meade_craig_2012",
    "person_total": "curran_2016",
    "response_time": "huang_2012",
    "attention": "meade_craig_2012",
}
#: The indices that are told with their distribution, and what they are called.
_INDICES = {
    "longstring": ("Longest run of equal answers", "estimate"),
    "longstring_mean": ("Mean run of equal answers", "estimate"),
    "irv": ("Standard deviation of the answers", "estimate"),
    "even_odd": ("Even–odd consistency", "r"),
    "psychsyn": ("Psychometric synonyms", "r"),
    "psychant": ("Psychometric antonyms", "r"),
    "person_total": ("Person–total correlation", "r"),
    "mahalanobis": ("Mahalanobis *D*²", "estimate"),
    "seconds": ("Response time", "estimate"),
    "attention_wrong": ("Attention checks wrong", "estimate"),
}


def screening_section(record: StudyRecord) -> Section | None:
    """What every rule flagged, how the rules overlap, and what was excluded; None where nobody is a respondent."""
    elements: list[Element] = []
    for sample in record.samples:
        if sample.rows != "respondents":
            continue
        screening = sample.screening
        if screening is None or "rules" not in screening.tables:
            elements.append(Paragraph((phrase("Sample {} was not screened.", sample.name),)))
            continue
        elements += [Paragraph(tuple(_how_many(sample, screening, record))), _rules(sample, screening)]
        elements += _overlap(sample, screening)
        elements += _indices(sample, screening)
        elements += [note_callout(note) for note in dict.fromkeys(screening.notes) if note.code.startswith("SCREENING_")
                     and note.level != "info" and note.code not in _ELSEWHERE]  # fmt: skip
    if not elements:
        return None
    return Section("screening", phrase("Screening of the answers"), tuple(elements))


#: Notes that stand with the missing answers or with the distributions.
_ELSEWHERE = frozenset({
    "SCREENING_MCAR_NOT_COMPUTED", "SCREENING_MCAR_NOT_CONVERGED", "SCREENING_CONSTANT", "SCREENING_CODES",
    "SCREENING_REVERSED", "SCREENING_NO_MULTIVARIATE",
})  # fmt: skip


def _how_many(sample: SampleRecord, screening: Screening, record: StudyRecord) -> list[Inline]:
    flagged = int(screening.flags.any(axis=1).sum())
    said = [phrase(
        "Sample {}: {} of {} respondents were flagged by at least one rule and {} excluded. Every rule flags; only "
        "rules that the study names under exclude remove.",
        sample.name, Number(flagged, "n"), Number(sample.n_read, "n"),
        Number(sample.n_read - sample.n_used, "n"),
    )]  # fmt: skip
    if "flag_counts" in screening.tables and flagged:
        counts = screening.tables["flag_counts"].set_index("rules")["n"]
        twice = int(counts.get(2, 0))
        if twice:
            said.append(phrase("{} were flagged by two rules or more.", Number(twice, "n")))
        else:
            said.append(phrase("Nobody was flagged by more than one rule."))
    if record.sensitivity is not None and (record.sensitivity["sample"] == sample.name).any():
        said.append(phrase("{} shows what they do to the results.", Pointer("sensitivity")))
    return said


def _rules(sample: SampleRecord, screening: Screening) -> Table:
    columns = [
        column("rule", "Rule"), column("setting", "Setting"), Column("flagged", phrase("Flagged"), "n"),
        Column("excluded", phrase("Excluded"), "n"),
    ]  # fmt: skip
    rules = screening.tables["rules"]
    texts = [written(str(row["rule"]), row["setting"]) if row["applied"] else "not applied"
             for row in rules.to_dict("records")]  # fmt: skip
    keys = list(dict.fromkeys(_SOURCES[rule] for rule in rules["rule"] if rule in _SOURCES))
    note = phrase(
        "The rules are described by {}. A respondent can be flagged by several rules; careless answers are discussed "
        "by {}.", _joined(keys), Citation("meade_craig_2012", narrative=True),
    )  # fmt: skip
    if not keys:
        note = phrase("A respondent can be flagged by several rules; careless answers are discussed by {}.",
                      Citation("meade_craig_2012", narrative=True))  # fmt: skip
    return from_frame(
        f"{sample.name}_screening", phrase("Screening Rules"), columns, rules.assign(setting=texts),
        usage=Usage(sample.n_read, sample.n_read - sample.n_used, "excluded by the rules named in the study"
                    if sample.n_read > sample.n_used else ""),
        notes=TableNotes((note,)), labels={"rule": lambda rule: _RULES.get(rule, plain(rule))},
    )  # fmt: skip


def _joined(keys: list[str]) -> Inline:
    """Works as parts of a sentence."""
    cited: list[Inline] = [(Citation(key, narrative=True),) for key in keys]
    if len(cited) < 2:
        return cited[0] if cited else ()
    said: Inline = cited[0]
    for one in cited[1:-1]:
        said = (*said, *plain(", "), *one)
    return (*said, *plain(" and "), *cited[-1])


def _overlap(sample: SampleRecord, screening: Screening) -> list[Element]:
    """How many respondents both of two rules flagged, for rules that flagged anybody."""
    if "overlap" not in screening.tables:
        return []
    table = screening.tables["overlap"].set_index("rule").astype(int)
    rules = [str(rule) for rule, count in zip(table.index, table.to_numpy().diagonal(), strict=True) if count]
    if len(rules) < 2:
        return []
    both = table.loc[rules, rules].to_numpy()
    columns = [column("rule", "Rule"), *(Column(rule, plain(str(place)), "n") for place, rule in enumerate(rules, 1))]
    rows = [
        [Cell(rule, label=phrase("{}. {}", str(place + 1), rule)),
         *(Cell(int(both[place, other]), "n") if other <= place else Cell("") for other in range(len(rules)))]
        for place, rule in enumerate(rules)
    ]  # fmt: skip
    note = phrase("On the diagonal: respondents the rule flagged; below it: those both rules flagged.")
    return [build_table(f"{sample.name}_overlap", phrase("Overlap of the Rules"), columns, rows,
                        usage=Usage(sample.n_read, 0), notes=TableNotes((note,)))]  # fmt: skip


def _indices(sample: SampleRecord, screening: Screening) -> list[Element]:
    """How the indices are distributed, so that a reader sees where the cut-offs lie."""
    if "careless" not in screening.tables:
        return []
    careless = screening.tables["careless"]
    rows = []
    for name, (label, kind) in _INDICES.items():
        values = careless[name].dropna() if name in careless else pd.Series(dtype=float)
        if values.empty:
            continue
        shares = [float(values.quantile(share)) for share in (0.05, 0.5, 0.95)]
        figures = [float(values.mean()), float(values.std()), float(values.min()), *shares, float(values.max())]
        numbers = [Cell(None if value != value else value, kind) for value in figures]  # type: ignore[arg-type]
        rows.append([Cell(name, label=phrase(label)), Cell(len(values), "n"), *numbers])
    if not rows:
        return []
    columns = [
        column("index", "Index"), column("n", kind="n"), column("mean", kind="estimate"), column("sd", kind="estimate"),
        Column("min", phrase("Min"), "estimate"), Column("p5", phrase("5%"), "estimate"),
        Column("median", phrase("Median"), "estimate"), Column("p95", phrase("95%"), "estimate"),
        Column("max", phrase("Max"), "estimate"),
    ]  # fmt: skip
    note = phrase("Computed for every respondent whose answers allow it, whether or not a rule uses it; see {}.",
                  Citation("curran_2016", narrative=True))  # fmt: skip
    return [build_table(f"{sample.name}_indices", phrase("Indices of Careless Answering"), columns, rows,
                        usage=Usage(sample.n_read, None, "n stands in each row"),
                        notes=TableNotes((note,)))]  # fmt: skip
