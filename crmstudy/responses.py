"""Answers together with the instruments they answer, and the one door through which data reach an analysis.

Reversal, response range and missing codes come from the instrument. ``.frame`` holds what was answered;
``.values`` what may be computed with: reversed items mirrored, out-of-range answers set to missing, each with
a note.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from crmstudy.errors import DataError, Fault, UnsupportedError, did_you_mean
from crmstudy.imputed import Imputed
from crmstudy.instrument import HigherOrder, Instrument, Item, Scale
from crmstudy.notes import Note, Provenance

MissingCode = int | float | str
_NUMBER = re.compile(r"[+-]?(?!0\d)\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a data file says about a column: its label, the labels of its values, and which of these mean no answer."""

    label: str = ""
    labels: Mapping[MissingCode, str] = field(default_factory=dict)
    missing: frozenset[MissingCode] = frozenset()


@dataclass(frozen=True, eq=False, repr=False)
class Responses:
    """The answers of a sample.

    Built by :func:`crmstudy.read_responses` from a file, or by :meth:`from_frame`; not by hand.

    Attributes
    ----------
    frame : DataFrame, one row a respondent
        All columns as answered: items are numbers, not reversed; missing codes are NaN.
    instruments : tuple of Instrument
        What the item columns answer.
    file_notes : tuple of Note
        What was found while reading.
    provenance : Provenance
        sha256 of the file's bytes and fingerprints of the instruments.
    id : str or None
        The column that identifies the respondent.
    rows : tuple of int
        The number of each respondent's row in the file, from 1; it stays when others are removed.
    codes : mapping of column name to Series
        The missing codes that were answered, for the columns that had any: indexed by the place of the row in
        ``.frame`` (from 0), only rows with a code. ``.frame`` has NaN there, so that nobody computes with them.
    meanings : mapping of column name to Meaning
        The labels that the file gives its columns and their values (.sav, .dta, Parquet), where it gives any.
    not_shown : frozenset of missing codes
        Those that stand for an item which the questionnaire's conditions passed over; whoever was not shown an item
        has not left it out. Known of a hand-over folder.
    """

    frame: pd.DataFrame
    instruments: tuple[Instrument, ...] = ()
    file_notes: tuple[Note, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    id: str | None = None
    rows: tuple[int, ...] = ()
    codes: Mapping[str, pd.Series] = field(default_factory=dict)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    not_shown: frozenset[MissingCode] = frozenset()

    def __post_init__(self) -> None:
        if not self.rows:
            object.__setattr__(self, "rows", tuple(range(1, len(self.frame) + 1)))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        instruments: Iterable[Instrument] = (),
        *,
        missing_codes: Iterable[MissingCode] = (),
        id: str | None = None,
        file_notes: Iterable[Note] = (),
        provenance: Provenance | None = None,
    ) -> Responses:
        """Take a DataFrame of answers whose item columns are numbers.

        Parameters
        ----------
        frame : DataFrame
            One row a respondent; it is copied, never changed.
        instruments : iterable of Instrument
            Every item of each must be a column.
        missing_codes : iterable of numbers or texts
            Values that stand for "no answer", beside the instruments' own; they apply to every column but
            ``id``. A number also stands for the text that shows it: -99 for "-99" in a column of words.
        id : str, optional
            The column that identifies the respondent.

        Raises
        ------
        DataError
            With all faults: missing columns, columns that are not numbers, names that clash, codes inside a
            range.
        """
        instruments = tuple(instruments)
        codes = tuple(missing_codes)
        faults = column_faults(list(frame.columns), instruments, id) + code_faults(codes, instruments)
        kinds = dict(zip(frame.columns, frame.dtypes, strict=True))
        for item in _items(instruments):
            if item in kinds and not pd.api.types.is_numeric_dtype(kinds[item]):
                faults.append(Fault(f"the item '{item}' must be numbers; the column holds {kinds[item]}."))
        if frame.empty:
            faults.append(Fault("the data have no rows; at least one respondent is needed."))
        if faults:
            raise DataError(faults)
        clean, given, notes = _without_codes(frame, instruments, codes, id)
        again = 0 if id is None else int(clean[id].dropna().duplicated().sum())
        if again:
            message = f"The column '{id}' repeats the id of an earlier respondent {again} times."
            notes.append(Note("RESPONSES_ID_REPEATED", message, "warning", id))
        provenance = provenance or Provenance()
        marks = {f"instrument {i.id} {i.version}": i.fingerprint for i in instruments}
        provenance = replace(provenance, inputs={**provenance.inputs, **marks})
        return cls(clean, instruments, (*file_notes, *notes), provenance, id, codes=given)

    @property
    def n(self) -> int:
        """Number of respondents."""
        return len(self.frame)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Items by id, in the order of the instruments, without those that are not to be scored."""
        return {id: item for id, item in _items(self.instruments).items() if _is_scored(item)}

    @cached_property
    def unscored(self) -> Mapping[str, Item]:
        """Closed items that are variables: what instruments mark as unscored, and checks of attention."""
        asked = _items(self.instruments).items()
        return {id: item for id, item in asked if not _is_scored(item) and id in self.frame.columns}

    @cached_property
    def scales(self) -> Mapping[str, Scale]:
        """Scales by id, in the order of the instruments."""
        return {scale.id: scale for instrument in self.instruments for scale in instrument.scales}

    @cached_property
    def higher_order(self) -> Mapping[str, HigherOrder]:
        """Scores made of scale scores, by id, in the order of the instruments."""
        return {score.id: score for instrument in self.instruments for score in instrument.higher_order}

    @cached_property
    def scores(self) -> Mapping[str, Scale | HigherOrder]:
        """Everything that is scored, by id: the scales, then what is made of them."""
        return {**self.scales, **self.higher_order}

    def scale_items(self, scale_id: str) -> tuple[str, ...]:
        """Give the item ids of a scale or total; raises DataError with the near miss when there is none."""
        if scale_id not in self.scores:
            hint = did_you_mean(scale_id, self.scores) or f" There is: {', '.join(self.scores) or 'none'}."
            raise DataError(f"there is no scale '{scale_id}' in these responses.{hint}")
        return self.scores[scale_id].item_ids

    @cached_property
    def file_order(self) -> tuple[str, ...]:
        """The item ids in the order of the file's columns."""
        return tuple(str(column) for column in self.frame.columns if column in self.items)

    @cached_property
    def out_of_range(self) -> pd.DataFrame:
        """Which answers lie outside the response range (rows × items in instrument order, bool)."""
        lows = np.array([item.response.low for item in self.items.values()], dtype=float)
        highs = np.array([item.response.high for item in self.items.values()], dtype=float)
        answers = self._answers
        outside = (answers < lows) | (answers > highs)
        return pd.DataFrame(outside, index=self.frame.index, columns=list(self.items))

    @property
    def values(self) -> pd.DataFrame:
        """Item columns ready for analysis: mirrored where reversed, missing where out of range."""
        return self._keyed.copy(deep=False)  # pandas copies on write, so nobody can change what is kept here

    @cached_property
    def _keyed(self) -> pd.DataFrame:
        answers = np.where(self.out_of_range.to_numpy(), np.nan, self._answers)
        reverse = np.array([item.reverse for item in self.items.values()], dtype=bool)
        ends = np.array([item.response.low + item.response.high for item in self.items.values()], dtype=float)
        keyed = np.where(reverse, ends - answers, answers)
        return pd.DataFrame(keyed, index=self.frame.index, columns=list(self.items))

    @cached_property
    def variables(self) -> pd.DataFrame:
        """Every column that is not scored; answers to closed questions out of their range are missing."""
        found = self.frame[[column for column in self.frame.columns if column not in self.items]]
        for id in self.unscored:
            found = found.assign(**{id: found[id].mask(self._outside(id))})
        return found

    def _outside(self, id: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which answers to an item lie outside its response range."""
        item = self.items.get(id) or self.unscored[id]
        answers = self.frame[id].to_numpy(dtype=float, na_value=np.nan)
        return np.asarray((answers < item.response.low) | (answers > item.response.high))

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What was found while reading, then what the answers themselves show (range, fractions)."""
        return (*self.file_notes, *_range_notes(self), *_fraction_notes(self))

    def hidden(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whom the questionnaire's conditions did not show a column (rows, bool)."""
        rows = np.zeros(self.n, dtype=bool)
        asked = self.items.get(name) or self.unscored.get(name)
        codes = self.not_shown.difference(asked.response.missing_codes if asked is not None else ())
        if name in self.codes and codes:
            given = self.codes[name]
            rows[given.index[given.isin(list(codes))]] = True
        return rows

    @cached_property
    def shown(self) -> pd.DataFrame:
        """Which items were put to whom (rows × items in instrument order, bool)."""
        seen = {item: ~self.hidden(item) for item in self.items}
        return pd.DataFrame(seen, index=self.frame.index, columns=list(self.items))

    def keep(self, rows: pd.Series[bool]) -> Responses:
        """Keep the respondents for whom ``rows`` (a bool Series with the frame's index) is true."""
        if not isinstance(rows, pd.Series) or not rows.index.equals(self.frame.index):
            raise DataError("keep() wants a true/false Series with the index of .frame, such as screen(...).kept.")
        stay = rows.to_numpy(dtype=bool)
        numbers = tuple(number for number, there in zip(self.rows, stay, strict=True) if there)
        places = np.cumsum(stay) - 1
        codes = {}
        for name, given in self.codes.items():
            left = given[stay[given.index]]
            if len(left):
                codes[name] = left.set_axis(places[left.index])
        return replace(self, frame=self.frame.loc[stay], rows=numbers, codes=codes)

    @property
    def _answers(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return self.frame[list(self.items)].to_numpy(dtype=float, na_value=np.nan)

    def __repr__(self) -> str:
        names = ", ".join(instrument.id for instrument in self.instruments) or "no instrument"
        others = len(self.frame.columns) - len(self.items)
        return f"<Responses N={self.n}, {len(self.items)} items ({names}), {others} variables>"


def frame_of(data: object) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Turn what an analysis was given into the frame it computes with: the one door.

    Parameters
    ----------
    data : DataFrame or Responses
        A DataFrame is used as it is. Responses give their ``.values`` (reversed, in range) and
        ``.variables``.

    Returns
    -------
    DataFrame, tuple of Note
        The frame, and the notes that belong to it.

    Raises
    ------
    DataError
        For anything else, for a frame without rows, for names on several levels, and for names that stand twice.
    UnsupportedError
        For a path, and for multiply imputed data.
    """
    if isinstance(data, Responses):
        return pd.concat([data.values, data.variables], axis=1), data.notes
    if isinstance(data, Imputed):
        raise UnsupportedError(
            f"this analysis takes one data set and cannot pool; found {data.m} completed ones. Give one of them "
            "(imputed.sets[0]) and say so, or the data before imputation."
        )
    if isinstance(data, str) or hasattr(data, "__fspath__"):
        raise UnsupportedError(f"data as a path ({data}) is not supported; read it first with read_responses(path).")
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"data must be a DataFrame or Responses; found {type(data).__name__}.")
    if data.columns.nlevels > 1:
        raise DataError(
            f"the columns have names on {data.columns.nlevels} levels; give each one name, such as "
            "frame.columns = ['_'.join(map(str, names)) for names in frame.columns]."
        )
    faults = [f"the column '{name}' stands twice; rename one." for name in _repeated(map(str, data.columns))]
    if data.empty:
        faults.append("the data have no rows; at least one is needed.")
    if faults:
        raise DataError(faults)
    return data, ()


def column_faults(columns: list[str], instruments: tuple[Instrument, ...], id: str | None = None) -> list[Fault]:
    """Find names that stand twice, are missing (with the near miss), or clash with another name."""
    faults = [Fault(f"the column '{name}' stands twice; rename one.") for name in _repeated(columns)]
    owner: dict[str, str] = {}
    for instrument in instruments:
        scores = tuple(score.id for score in instrument.scores)
        for name in (*instrument.item_ids, *scores):
            if name in owner:
                faults.append(
                    Fault(f"'{name}' belongs to both '{owner[name]}' and '{instrument.id}'; use one of them.")
                )
            owner.setdefault(name, instrument.id)
    free = [name for name in columns if name not in owner]
    for instrument in instruments:
        faults += _missing_items(columns, free, instrument)
        for scale in (score.id for score in instrument.scores):
            if scale in columns:
                message = (
                    f"the column '{scale}' has the name of a scale of '{instrument.id}', whose scores are computed "
                    "from the answers; rename the column, or take it out."
                )
                faults.append(Fault(message))
    if id is not None and id not in columns:
        hint = did_you_mean(id, columns) or f" The columns are: {', '.join(columns)}."
        faults.append(Fault(f"there is no id column '{id}'.{hint}"))
    if id is not None and id in owner:
        faults.append(Fault(f"the id column '{id}' is an item or scale of '{owner[id]}'; name another column."))
    return faults


def code_faults(codes: tuple[MissingCode, ...], instruments: tuple[Instrument, ...]) -> list[Fault]:
    """Missing codes that are real answers of an item."""
    faults = []
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, int | float | str):
            faults.append(Fault(f"a missing code is a number or a text; found {code!r}."))
        elif not isinstance(code, str):
            inside = [id for id, item in _items(instruments).items() if item.response.holds(code)]
            if inside:
                response = _items(instruments)[inside[0]].response
                span = f"{response.low} to {response.high}"
                message = (
                    f"the missing code {code} is a valid answer to {len(inside)} items ('{inside[0]}': {span}); "
                    "take it off missing_codes, or declare it in the instrument that uses it."
                )
                faults.append(Fault(message))
    return faults


def _missing_items(columns: list[str], free: list[str], instrument: Instrument) -> list[Fault]:
    wanted = [item.id for item in instrument.items if _is_scored(item)]
    missing = [id for id in wanted if id not in columns]
    if len(missing) == len(wanted) > 1 and not any(did_you_mean(id, free) for id in missing):
        said = ", ".join(columns[:8]) + (" ..." if len(columns) > 8 else "")
        return [Fault(f"none of the {len(missing)} items of '{instrument.id}' is a column; the columns are: {said}.")]
    return [
        Fault(
            f"the instrument '{instrument.id}' wants the column '{id}', which the data do not have."
            f"{did_you_mean(id, free) or ' Add it, or rename the column that holds it.'}"
        )
        for id in missing
    ]


def _without_codes(
    frame: pd.DataFrame, instruments: tuple[Instrument, ...], codes: tuple[MissingCode, ...], id: str | None
) -> tuple[pd.DataFrame, dict[str, pd.Series], list[Note]]:
    """Set missing codes to NaN: the frame, the codes by column and place, and a note that counts them."""
    items = _items(instruments)
    columns: dict[str, pd.Series] = {}
    given: dict[str, pd.Series] = {}
    counts: Counter[str] = Counter()
    for name in frame.columns:
        column = frame[name]
        own = items[name].response.missing_codes if name in items else ()
        wanted = [code for code in (*own, *codes) if name != id]
        if name in items:
            column = column.astype(float)
        if wanted:
            shown = {value: code for value in column.dropna().unique() if (code := _code_shown(value, wanted))}
            found = column.isin(list(shown))
            counts.update(shown[value] for value in column[found])
            if shown:
                places = np.flatnonzero(found.to_numpy())
                given[str(name)] = pd.Series(column.to_numpy()[places], index=places)
                column = column.mask(found)
        columns[name] = column
    notes = []
    if counts:
        said = ", ".join(f"{code} ({times} time{'' if times == 1 else 's'})" for code, times in sorted(counts.items()))
        notes.append(Note("RESPONSES_MISSING_CODES", f"Missing codes were read as no answer: {said}."))
    return pd.DataFrame(columns, index=frame.index), given, notes


def _code_shown(value: object, codes: list[MissingCode]) -> str:
    """The missing code that a value is, in words; empty when it is none. A text may show a number, never ``007``."""
    number = value
    if isinstance(value, str):
        if value in codes:
            return value
        number = float(value) if _NUMBER.fullmatch(value) else None
    if not isinstance(number, int | float | np.number) or isinstance(number, bool):
        return ""
    return next((f"{code:g}" for code in codes if not isinstance(code, str) and code == number), "")


def _range_notes(responses: Responses) -> list[Note]:
    notes = []
    for id, item in {**responses.items, **responses.unscored}.items():
        places = np.flatnonzero(responses._outside(id))
        if not len(places):
            continue
        response, count = item.response, len(places)
        rows = [str(responses.rows[place]) if len(responses.rows) else str(place + 1) for place in places[:5]]
        message = (
            f"{count} {'answer' if count == 1 else 'answers'} to '{id}' outside {response.low} to {response.high} "
            f"(row{'' if count == 1 else 's'} {', '.join(rows)}{' ...' if count > 5 else ''}): missing in every "
            "analysis; '.frame' still holds what the file says."
        )
        notes.append(Note("RESPONSES_OUT_OF_RANGE", message, "warning", id))
    return notes


def _fraction_notes(responses: Responses) -> list[Note]:
    answers = responses._answers
    counts = (np.isfinite(answers) & (answers != np.floor(answers))).sum(axis=0)
    found = {id: int(count) for id, count in zip(responses.items, counts, strict=True) if count}
    if not found:
        return []
    said = ", ".join(f"{id} ({count})" for id, count in found.items())
    message = f"Answers that are not whole numbers, used as they are: {said}."
    return [Note("RESPONSES_FRACTIONS", message, "warning")]


def _is_scored(item: Item) -> bool:
    return not item.unscored and item.expected is None


def _items(instruments: Iterable[Instrument]) -> dict[str, Item]:
    return {item.id: item for instrument in instruments for item in instrument.items}


def _repeated(names: Iterable[object]) -> list[str]:
    return [str(name) for name, times in Counter(names).items() if times > 1]
