"""A script for R that reads the CSV file beside it, labels the answers, and scores every scale; base R is enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.cells import number_text
from crmstudy.exchange.writing.variables import Table, Variable, one_line, said
from crmstudy.instrument import Instrument
from crmstudy.instrument.model import HigherOrder, Scale

_WIDTH = 110
#: Letters of a text with escapes in a line: the parser of R holds 4,096 signs of it, and one letter takes up to ten.
_PIECE = 300
#: The ' in front of a text, for regular expressions of R.
_GUARDED = "^'(?='*[=+@\\t\\r\\n\uff1d\uff0b\uff0d\uff20-])"
#: The rules of scoring, in R.
_RULES = """\
# An answer that counts: in the range of the item, mirrored where the item is reversed.
keyed <- function(name, low, high, reversed) {
  x <- answers[[name]]
  x[!is.na(x) & (x < low | x > high)] <- NA
  if (reversed) low + high - x else x
}
# The mean of what was answered, for a sum times the number of items; NA where too little was answered.
put_together <- function(parts, min_answered, method) {
  parts <- as.matrix(parts)
  answered <- rowSums(!is.na(parts))
  score <- rowSums(parts, na.rm = TRUE) / answered
  if (method == "sum") score <- score * ncol(parts)
  score[answered < min_answered] <- NA
  score
}
rescaled <- function(score, low, high, start, end) start + (score - low) * (end - start) / (high - low)
"""


def r_text(table: Table, data: Path, *, lang: str, raw: bool = False) -> str:
    """The script for a CSV file that stands beside it, as text. Letters beyond ASCII are escaped in code.

    It leaves ``answers`` (numbers), ``labelled`` (factors) and ``scores``, and writes the scores into
    ``NAME-scores.csv``, beside the id column or the number of the row.
    """
    lines = [*_head(table, data, lang), *_reading(table, data, raw)]
    lines += _missing(table)
    lines += _labels(table, lang)
    if any(one.scores for one in table.instruments):
        lines += ["", *_RULES.splitlines(), "scores <- data.frame(row.names = seq_len(nrow(answers)))"]
        for instrument in table.instruments:
            lines += _scoring(instrument, lang)
        out = literal(f"{data.stem}-scores.csv")
        whose = next((variable.name for variable in table.variables if variable.kind == "id"), None)
        first = "row = seq_len(nrow(scores))" if whose is None else f"answers[{literal(whose)}]"
        lines += ["", f"told <- cbind({first}, scores)"]
        lines += [f'write.csv(told, file.path(here, {out}), row.names = FALSE, na = "")', "print(summary(scores))"]
    return "\n".join([*lines, ""])


def _head(table: Table, data: Path, lang: str) -> Iterator[str]:
    yield f"# Reads {one_line(data.name)}, labels the answers{' and scores the scales' if table.instruments else ''}."
    for one in table.instruments:
        yield f"# {said(one.name, lang, one.id)} ({one.id} {one.version}; wording: {one.wording})"
    for stamp in write_stamp(table.instruments).split("\n"):
        if stamp:
            yield f"# {stamp}"


def _reading(table: Table, data: Path, raw: bool) -> Iterator[str]:
    """Read every column as text first, so that nothing is guessed, then make numbers of those that are."""
    yield ""
    yield 'here <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))'
    yield 'here <- if (length(here)) dirname(gsub("~+~", " ", here[1], fixed = TRUE)) else "."'
    yield f'answers <- read.csv(file.path(here, {literal(data.name)}), colClasses = "character", check.names = FALSE,'
    yield '                    encoding = "UTF-8", na.strings = "", strip.white = FALSE, blank.lines.skip = FALSE)'
    yield from _assigned("names(answers)", [literal(variable.name) for variable in table.variables])
    numbers = [literal(variable.name) for variable in table.variables if variable.type == "number"]
    if numbers:
        yield from _assigned("numbers", numbers)
        yield "answers[numbers] <- lapply(answers[numbers], as.numeric)"
    texts = [literal(variable.name) for variable in table.variables if variable.type != "number"]
    if texts and not raw:
        yield "# texts that a spreadsheet would take for a formula have a ' in front in the file"
        yield from _assigned("texts", texts)
        yield f'answers[texts] <- lapply(answers[texts], function(x) sub({literal(_GUARDED)}, "", x, perl = TRUE))'


def _missing(table: Table) -> Iterator[str]:
    """Missing codes become NA, each group of items with the same codes at once."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for variable in table.variables:
        if variable.missing and variable.type == "number":
            alike.setdefault(variable.missing, []).append(variable.name)
    if alike:
        yield ""
        yield "# codes that mean no answer"
    for codes, names in alike.items():
        yield from _assigned("concerned", [literal(name) for name in names])
        said_so = ", ".join(number_text(code) for code in codes)
        yield f"answers[concerned] <- lapply(answers[concerned], function(x) replace(x, x %in% c({said_so}), NA))"


def _labels(table: Table, lang: str) -> Iterator[str]:
    yield ""
    yield "# what was asked, and what the answers mean; 'answers' stays as numbers, 'labelled' has factors"
    yield "labelled <- answers"
    sets: dict[tuple[str, ...], str] = {}
    for variable in table.variables:
        name = literal(variable.name)
        if variable.values and variable.type == "number" and variable.low is not None and variable.high is not None:
            words = _words(variable, lang)
            if words not in sets:
                sets[words] = f"words_{len(sets) + 1}"
                if not all(word.isascii() for word in words):
                    low = int(variable.low)
                    yield f"# {' | '.join(f'{value} = {word}' for value, word in enumerate(words, start=low))}"
                yield from _assigned(sets[words], [literal(word) for word in words])
            yield from _factor(variable, name, sets[words])
        label = said(variable.label, lang)
        if label:
            if not label.isascii():
                yield f"# {one_line(variable.name)}: {label}"
            yield f'attr(answers[[{name}]], "label") <- {literal(label)}'
    yield 'for (name in names(answers)) attr(labelled[[name]], "label") <- attr(answers[[name]], "label")'


def _words(variable: Variable, lang: str) -> tuple[str, ...]:
    """A word for each answer, all different; an answer without a label is called by its number."""
    words: list[str] = []
    for value in range(int(variable.low or 0), int(variable.high or 0) + 1):
        text = said(variable.values.get(value, {}), lang) or str(value)
        words.append(f"{text} ({value})" if text in words else text)
    return tuple(words)


def _factor(variable: Variable, name: str, words: str) -> Iterator[str]:
    low, high = int(variable.low or 0), int(variable.high or 0)
    ordered = "TRUE" if variable.measure == "ordinal" else "FALSE"
    yield f"labelled[[{name}]] <- factor(answers[[{name}]], levels = {low}:{_end(high)}, labels = {words},"
    yield f"  ordered = {ordered})"


def _end(value: int) -> str:
    return f"({value})" if value < 0 else str(value)


def _scoring(instrument: Instrument, lang: str) -> Iterator[str]:
    yield ""
    yield f"# {instrument.id} {instrument.version}"
    for scale in instrument.scales:
        yield f"# {said(scale.name, lang, scale.id)}"
        yield from _scale(scale)
    for score in instrument.higher_order:
        yield f"# {said(score.name, lang, score.id)}"
        yield from _higher_order(score)


def _scale(scale: Scale) -> Iterator[str]:
    yield "parts <- cbind("
    calls = [
        f"  keyed({literal(item.id)}, {item.response.low}, {item.response.high}, {'TRUE' if item.reverse else 'FALSE'})"
        for item in scale.items
    ]
    yield ",\n".join(calls)
    yield ")"
    made = f'put_together(parts, {scale.min_answered}, "{scale.method}")'
    if scale.rescale is not None:
        ends = ", ".join(number_text(float(end)) for end in (*scale.raw_range, *scale.rescale))
        made = f"rescaled({made}, {ends})"
    yield f"scores[[{literal(scale.id)}]] <- {made}"


def _higher_order(score: HigherOrder) -> Iterator[str]:
    yield "parts <- cbind("
    parts = []
    for part in score.parts:
        one = f"scores[[{literal(part.id)}]]"
        parts.append(
            f"  {number_text(float(sum(part.range)))} - {one}" if part.id in score.reversed_parts else f"  {one}"
        )
    yield ",\n".join(parts)
    yield ")"
    yield f'scores[[{literal(score.id)}]] <- put_together(parts, {score.min_answered}, "{score.method}")'


def _assigned(target: str, values: Sequence[str]) -> Iterator[str]:
    """A vector over as many lines as it needs."""
    line = f"{target} <- c("
    for number, value in enumerate(values):
        piece = value + (", " if number < len(values) - 1 else ")")
        if len(line) + len(piece) > _WIDTH and not line.endswith("c("):
            yield line.rstrip()
            line = "  "
        line += piece
    yield line.rstrip()


def literal(text: str) -> str:
    r"""A text as R reads it in any locale; a long one with escapes in pieces, as R's parser wants them.

    Examples
    --------
    >>> print(literal('say "no"'), literal("ы"))
    "say \"no\"" "\u044b"
    """
    if len(text) > _PIECE and not text.isascii():
        pieces = [literal(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE)]
        return "paste0(\n  " + ",\n  ".join(pieces) + "\n)"
    made = []
    for letter in text:
        code = ord(letter) or 0xFFFD  # R has no NUL
        if letter in '"\\':
            made.append(f"\\{letter}")
        elif 32 <= code < 127:
            made.append(letter)
        else:
            made.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(made) + '"'
