"""Syntax for SPSS and PSPP: reads the .sav file beside it, labels it, declares missing values, scores every scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.stamps import write_stamp
from crmstudy.exchange.writing.cells import number_text
from crmstudy.exchange.writing.gathering import score_variable
from crmstudy.exchange.writing.naming import SPSS, legal_names, shortened
from crmstudy.exchange.writing.spss import LONGEST_LABEL, Labelled, label_for_spss
from crmstudy.exchange.writing.variables import Table, one_line, said
from crmstudy.instrument import Instrument, Item
from crmstudy.instrument.model import HigherOrder, Scale

#: Letters of a text in one line of syntax; what is longer goes on in the next line.
_LINE = 60


def sps_text(table: Table, data: Path, log: ExportLog, *, lang: str) -> str:
    """The syntax for a .sav file that stands beside it, as text (UTF-8).

    Scores follow the rules of the instruments: answers out of range are left out, reversed items mirrored, the mean of
    the answered items (for a sum: times the number of items) where enough were answered, higher-order scores from
    scale scores.
    """
    labelled = label_for_spss(table, log, lang=lang)
    names = {one.variable.name: one.name for one in labelled}
    made = [score.id for one in table.instruments for score in one.scores if score.id not in names]
    names |= legal_names(made, SPSS, log, beside=list(names.values()))
    lines = ["* Encoding: UTF-8.", *_head(table, data, lang)]
    lines += _variable_labels(labelled)
    lines += _value_labels(labelled)
    lines += _missing_values(labelled)
    for instrument in table.instruments:
        lines += _scoring(table, instrument, names, log, lang)
    return "\n".join([*lines, "EXECUTE.", ""])


def _is_new(table: Table, id: str) -> bool:
    return all(variable.name != id for variable in table.variables)


def _head(table: Table, data: Path, lang: str) -> Iterator[str]:
    for one in table.instruments:
        yield _comment(f"{said(one.name, lang, one.id)} ({one.id} {one.version}; wording: {one.wording})")
    for stamp in write_stamp(table.instruments).split("\n"):
        if stamp:
            yield _comment(stamp)
    yield _comment("Set the folder of the data first where it is not the current one: CD 'folder'")
    yield f"GET FILE={quoted(data.name)}."
    yield ""


def _variable_labels(labelled: Sequence[Labelled]) -> Iterator[str]:
    for one in labelled:
        if one.label != one.variable.name:
            yield f"VARIABLE LABELS {one.name}"
            yield f"  {quoted(one.label)}."
    yield ""


def _value_labels(labelled: Sequence[Labelled]) -> Iterator[str]:
    """One command for all variables that share their labels."""
    alike: dict[tuple[tuple[int | float, str], ...], list[str]] = {}
    for one in labelled:
        if one.values:
            alike.setdefault(tuple(one.values.items()), []).append(one.name)
    for values, names in alike.items():
        yield "VALUE LABELS"
        yield from _listed(names)
        for value, text in values[:-1]:
            yield f"  {number_text(value)} {quoted(text)}"
        yield f"  {number_text(values[-1][0])} {quoted(values[-1][1])}."
    yield ""


def _missing_values(labelled: Sequence[Labelled]) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for one in labelled:
        if one.missing:
            said_so = ", ".join(
                f"{number_text(code['lo'])} THRU {number_text(code['hi'])}" if isinstance(code, dict)
                else number_text(code)
                for code in one.missing
            )  # fmt: skip
            alike.setdefault(said_so, []).append(one.name)
    for codes, names in alike.items():
        yield "MISSING VALUES"
        yield from _listed(names)
        yield f"  ({codes})."
    yield ""


def _scoring(table: Table, instrument: Instrument, names: dict[str, str], log: ExportLog, lang: str) -> Iterator[str]:
    if not instrument.scores:
        return
    keyed = _keyed_names(instrument, names)
    yield _comment(f"Scores of {instrument.id} {instrument.version}")
    used = {item.id: item for scale in instrument.scales for item in scale.items}
    for item in used.values():
        yield from _keying(item, names[item.id], keyed[item.id])
    for scale in instrument.scales:
        yield from _scale(scale, names[scale.id], [keyed[id] for id in scale.item_ids])
    for score in instrument.higher_order:
        yield from _higher_order(score, names)
    for one in instrument.scores:
        label = said(score_variable(instrument, one).label, lang, one.id)
        yield f"VARIABLE LABELS {names[one.id]}"
        yield f"  {quoted(shortened(label, LONGEST_LABEL, one.id, 'the label', log))}."
        if _is_new(table, one.id):
            yield f"FORMATS {names[one.id]} (F8.2)."
    yield ""


def _keyed_names(instrument: Instrument, names: dict[str, str]) -> dict[str, str]:
    """Scratch variables (which SPSS forgets again) for the keyed answers: ``#`` and the name, or a number."""
    made: dict[str, str] = {}
    for number, item in enumerate(instrument.items, start=1):
        name = f"#{names[item.id]}"
        made[item.id] = name if SPSS.fits(name) and "#" not in name[1:] else f"#item_{number}"
    return made


def _keying(item: Item, name: str, keyed: str) -> Iterator[str]:
    """The keyed answer: missing outside the range, mirrored where the item is reversed."""
    low, high = item.response.low, item.response.high
    value = f"{low + high} - {name}" if item.reverse else name
    yield f"COMPUTE {keyed} = $SYSMIS."
    yield f"IF (RANGE({name}, {low}, {high})) {keyed} = {value}."


def _scale(scale: Scale, name: str, keyed: Sequence[str]) -> Iterator[str]:
    mean = f"MEAN.{scale.min_answered}("
    yield f"COMPUTE {name} ="
    if scale.method == "sum":
        yield f"  {len(scale.items)} * {mean}"
        yield from _arguments(keyed, ").")
    elif scale.rescale is None:
        yield f"  {mean}"
        yield from _arguments(keyed, ").")
    else:
        (low, high), (start, end) = scale.raw_range, scale.rescale
        yield f"  {number_text(start)} + ({mean}"
        yield from _arguments(keyed, ")")
        yield f"  - {_number(low)}) * {_number(end - start)} / {_number(high - low)}."


def _higher_order(score: HigherOrder, names: dict[str, str]) -> Iterator[str]:
    parts = [
        f"{_number(sum(part.range))} - {names[part.id]}" if part.id in score.reversed_parts else names[part.id]
        for part in score.parts
    ]
    times = f"{len(score.parts)} * " if score.method == "sum" else ""
    yield f"COMPUTE {names[score.id]} ="
    yield f"  {times}MEAN.{score.min_answered}("
    yield from _arguments(parts, ").")


def _number(value: float) -> str:
    """A number inside a formula, in brackets where it is negative."""
    text = number_text(float(value))
    return f"({text})" if text.startswith("-") else text


def _listed(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield f"  {name}"


def _arguments(parts: Sequence[str], end: str) -> Iterator[str]:
    for part in parts[:-1]:
        yield f"    {part},"
    yield f"    {parts[-1]}{end}"


def _comment(text: str) -> str:
    """A comment: one line, which must not begin like a command and ends at its full stop."""
    return f"* {one_line(text).rstrip('.')}."


def quoted(text: str) -> str:
    """A text as a literal of SPSS syntax, over several lines where it is long.

    Examples
    --------
    >>> quoted("don't know")
    "'don''t know'"
    """
    pieces, left = [], text
    while len(left) > _LINE:
        end = left.rfind(" ", 1, _LINE) + 1 or _LINE
        pieces.append(left[:end])
        left = left[end:]
    return " +\n    ".join("'" + piece.replace("'", "''") + "'" for piece in [*pieces, left])
