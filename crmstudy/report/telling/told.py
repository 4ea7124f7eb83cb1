"""One block of a study together with what its tables and sentences need to know about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crmstudy.notes import Note
from crmstudy.report.document import Callout, Element, Inline, Listing, Mark, Paragraph, Section, phrase, plain
from crmstudy.report.record import Block, SampleRecord, StudyRecord
from crmstudy.report.tables import Usage
from crmstudy.report.telling.naming import scale_names
from crmstudy.report.telling.prose import capital
from crmstudy.results import Result

if TYPE_CHECKING:
    import pandas as pd


#: Kinds that are told in the same way, so that their tables need their analysis in the title.
_FAMILY = {"cfa": "model", "sem": "model", "invariance": "invariance"}


@dataclass(frozen=True, eq=False, slots=True)
class Told:
    """A block that has a result, on its way into the report."""

    record: StudyRecord
    block: Block
    result: Result

    @property
    def mark(self) -> Mark:
        """The mark that everything about the block carries."""
        return "inadmissible" if self.block.status == "inadmissible" else ""

    @property
    def sample(self) -> SampleRecord | None:
        """The sample of the block."""
        return next((sample for sample in self.record.samples if sample.name == self.block.sample), None)

    @property
    def level(self) -> float:
        """Confidence level of the block's intervals."""
        return float(self.result.call.get("level") or self.record.level)

    def table_id(self, name: str) -> str:
        """The id of one of the block's tables or figures."""
        return f"{self.block.id}_{name}"

    def title(self, words: str) -> Inline:
        """The title of one of its tables or figures; says which analysis it belongs to where two are told alike."""
        family = _FAMILY.get(self.block.kind, self.block.kind)
        alike = sum(_FAMILY.get(block.kind, block.kind) == family for block in self.record.blocks)
        return phrase("{} ({})", words, self.block.id) if alike > 1 else phrase("{}", words)

    @property
    def names(self) -> Mapping[str, str]:
        """The names of the scales of its sample in the language of the report, by id."""
        return {} if self.sample is None else scale_names(self.sample.responses, self.record.lang)

    def name(self, id: str) -> str:
        """The name of a scale; any other variable has its id."""
        return self.names.get(id, id)

    def label(self, id: str) -> Inline:
        """The same as inline text, for the cells of a table."""
        return plain(self.name(id))

    def term(self, term: str) -> str:
        """A term of a formula with the names of its scales; ``a:b`` is written a × b."""
        names, parts = self.names, term.split(":")
        if not all(part.isidentifier() for part in parts):
            return term
        return " × ".join(names.get(part, part) for part in parts)

    def term_label(self, term: str) -> Inline:
        """The same as inline text, for the cells of a table."""
        return plain(self.term(term))

    def speaking(self, message: str) -> str:
        """A message of a note with the names of scales in place of their quoted ids; a model keeps those of factors."""
        if self.block.kind in _FAMILY:
            return message
        for id, name in self.names.items():
            message = message.replace(f"'{id}'", f"'{name}'")
        return message

    def usage(self, why: str = "rows with a missing value in a variable of this analysis") -> Usage:
        """Rows used and dropped by this analysis, and why; rows that screening took out before are named too."""
        samples = self.result.samples
        dropped = int(samples["dropped"].sum()) if "dropped" in samples else None
        reasons = [why] if dropped else []
        if excluded := self.excluded:
            reasons.append(f"{excluded} more excluded by screening before")
        return Usage(self.result.n, dropped, "; ".join(reasons))

    def usage_by_row(self, sizes: pd.Series[Any], why: str) -> Usage:
        """The size of a table whose rows have an n of their own."""
        if (sizes == self.result.n).all():
            return replace(self.usage(why), dropped=0)
        excluded = f"; {self.excluded} excluded by screening before" if self.excluded else ""
        return Usage(self.result.n, None, f"n stands in each row; left out there: {why}{excluded}")

    @property
    def excluded(self) -> int:
        """Rows that screening took out."""
        return self.sample.n_read - self.sample.n_used if self.sample else 0

    def extra(self, name: str) -> Any:
        """What stands beside the result under this name, or None; a Note there is told by :meth:`absences`."""
        found = self.block.extras.get(name)
        return None if isinstance(found, Note) else found

    def absences(self, *names: str) -> list[Element]:
        """A callout for everything that should stand beside the result and could not be made."""
        found = [self.block.extras.get(name) for name in names]
        return [note_callout(note) for note in found if isinstance(note, Note)]

    def sentences(self, *sentences: Inline) -> Paragraph:
        """Sentences that carry the mark of the block."""
        return Paragraph(tuple(sentences), self.mark)

    def listing(self, sentences: list[Inline]) -> Listing:
        """Sentences one below the other, each with the mark of the block."""
        return Listing(tuple((sentence, self.mark) for sentence in sentences))

    def opening(self) -> list[Element]:
        """What must be read before the numbers: what failed, why they are inadmissible, and the warnings."""
        serious: list[Note] = [note for note in self.result.notes if note.level == "inadmissible"]
        warnings = [note for note in self.result.notes if note.level == "warning" and self._own(note)]
        failures = self.block.failures
        others = [note for note in [*serious, *warnings] if note not in failures]
        return [*map(failure_callout, self._spoken(failures)), *map(note_callout, self._spoken(others))]

    def _spoken(self, notes: Iterable[Note]) -> list[Note]:
        """Each note once, with the names of scales in its message."""
        return list(dict.fromkeys(replace(note, message=self.speaking(note.message)) for note in notes))

    def _own(self, note: Note) -> bool:
        """False for notes about the answers or their imputation, which stand with the sample."""
        return not note.code.startswith(("RESPONSES_", "SCORING_", "SCREENING_", "IMPUTE_"))

    def section(self, elements: list[Element]) -> Section:
        """The section of the block."""
        title = phrase("{}", self.block.title)
        return Section(f"analysis-{self.block.id}", title, (*self.opening(), *elements), (), self.mark)


def failure_callout(note: Note) -> Callout:
    """A part of an analysis that could not be done, as a box."""
    heading = phrase("FAILED: this part of the analysis has no result")
    return Callout("danger", heading, phrase("{}", capital(note.message)), note.code)


def note_callout(note: Note) -> Callout:
    """A note as a box."""
    headings = {
        "inadmissible": phrase("INADMISSIBLE: these numbers must not be interpreted"),
        "warning": phrase("Warning"),
        "info": phrase("Note"),
    }
    level = {"inadmissible": "danger", "warning": "warning", "info": "info"}[note.level]
    return Callout(level, headings[note.level], phrase("{}", capital(note.message)), note.code)  # type: ignore[arg-type]
