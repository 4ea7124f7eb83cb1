"""The door of the agreement coefficients: a table of units × raters as codes of ordered categories, or as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError
from crmstudy.kernels.agreement.kappa import Codes
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.responses import Responses, frame_of
from crmstudy.selection import left_out, named_columns, numeric_values

#: Categories without order, categories whose order must be known, or numbers.
Need = Literal["nominal", "ordered", "numbers"]


@dataclass(frozen=True, eq=False, slots=True)
class Ratings:
    """Ratings of n units by m raters.

    ``codes`` (n, m) are places among ``categories``, -1 where a rating is missing; ``values`` (c,) are the categories
    as numbers, None where they are words.
    """

    raters: tuple[str, ...]
    codes: Codes
    categories: tuple[str, ...]
    values: Array | None
    notes: tuple[Note, ...]

    @property
    def n_rows(self) -> int:
        """Units in the data, complete or not."""
        return len(self.codes)

    def complete(self, what: str) -> tuple[Codes, Note | None]:
        """The units that every rater rated, and a note about the others; an AnalysisError when fewer than two are."""
        keep = (self.codes >= 0).all(axis=1)
        codes, lost = self.codes[keep], int((~keep).sum())
        if len(codes) < 2:
            gaps = (self.codes < 0).sum(axis=0)
            worst = int(gaps.argmax())
            message = (
                f"{len(codes)} of {self.n_rows} units are rated by all {len(self.raters)} raters; {what} needs at "
                f"least 2. '{self.raters[worst]}' lacks {int(gaps[worst])}: leave it out, or use kind='krippendorff', "
                "which takes incomplete ratings."
            )
            raise AnalysisError(message, "RATERS_TOO_FEW")
        if not lost:
            return codes, None
        message = f"{lost} of {self.n_rows} units are left out because a rating is missing."
        return codes, Note("RATERS_UNITS_DROPPED", message)


def read_ratings(
    data: object, items: Sequence[str] | str | None, categories: Iterable[object] | None, *, need: Need,
    steps: bool = False,
) -> Ratings:  # fmt: skip
    """Take the raters' columns.

    ``need`` says what the coefficient wants; with ``steps`` it counts the steps between categories, so that one nobody
    used matters.

    Raises
    ------
    DataError
        For unknown columns, values that are none of ``categories``, words without an order where one is needed,
        and infinite values.
    AnalysisError
        With fewer than two raters, or no rating at all.
    """
    frame, found = frame_of(data)
    frame = frame.rename(columns=str)
    notes = list(found)
    names = _raters(data, frame, items, notes)
    if len(names) < 2:
        message = f"Agreement is between two raters or more; found {', '.join(names)} only."
        raise AnalysisError(message, "RATERS_TOO_FEW")
    frame = frame.assign(**{name: _unpadded(frame[name]) for name in names})
    columns = [frame[name] for name in names]
    empty = [name for name, column in zip(names, columns, strict=True) if column.isna().all()]
    if len(empty) == len(names):
        raise AnalysisError(f"{', '.join(names)} hold no rating at all.", "RATERS_TOO_FEW")
    numbers = all(pd.api.types.is_numeric_dtype(c) and not pd.api.types.is_bool_dtype(c) for c in columns)
    if numbers:
        table = numeric_values(frame, names)
        order, labels, values = _number_order(table, categories, notes, steps=steps)
        codes = np.where(np.isnan(table), -1, np.searchsorted(order, np.nan_to_num(table, nan=order[0])))
        return Ratings(names, codes.astype(np.int64), labels, values, tuple(notes))
    if need == "numbers":
        numeric_values(frame, names)  # names every column that holds none
        raise DataError("Yes and no are no numbers: recode them as 0 and 1, or use a coefficient for categories.")
    figures = [n for n, c in zip(names, columns, strict=True) if pd.api.types.is_numeric_dtype(c) and n not in empty]
    if figures and not all(pd.api.types.is_bool_dtype(frame[name]) for name in figures):
        switches = [name for name in figures if pd.api.types.is_bool_dtype(frame[name])]
        kinds = {
            "numbers": [name for name in figures if name not in switches],
            "true and false": switches,
            "words": [name for name in names if name not in figures and name not in empty],
        }
        held = " and ".join(f"{kind} in {', '.join(found)}" for kind, found in kinds.items() if found)
        raise DataError(f"The ratings are {held}: code them in one way.")
    words = _word_order(names, columns, categories, need)
    places = {word: place for place, word in enumerate(words)}
    codes = np.column_stack([[-1 if pd.isna(cell) else places[str(cell)] for cell in column] for column in columns])
    return Ratings(names, codes.astype(np.int64), words, None, tuple(notes))


def _unpadded(column: pd.Series) -> pd.Series:
    """Words without blanks around them; a cell of blanks is no rating."""
    if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
        column = column.map(lambda cell: (cell.strip() or None) if isinstance(cell, str) else cell).infer_objects()
    return column


def _raters(data: object, frame: pd.DataFrame, items: Sequence[str] | str | None, notes: list[Note]) -> tuple[str, ...]:
    if items is not None:
        return named_columns(frame, items)
    if isinstance(data, Responses):
        raise DataError("Responses hold many columns: name those of the raters with `items`.")
    names = list(frame.select_dtypes("number").columns)
    names = names if len(names) >= 2 else list(frame.columns)
    message = f"No raters are named, so these columns are taken: {', '.join(names)}."
    if others := left_out(frame, names):
        message += f" Left out, not numbers: {', '.join(others)}."
    notes.append(Note("RATERS_ALL_COLUMNS", message))
    return named_columns(frame, names)


def _number_order(
    table: Array, categories: Iterable[object] | None, notes: list[Note], *, steps: bool
) -> tuple[Array, tuple[str, ...], Array]:
    """The categories as ascending numbers: those that occur, or those declared."""
    used = np.unique(table[~np.isnan(table)])
    if categories is not None:
        try:
            declared = np.unique(np.asarray(list(categories), dtype=np.float64))
        except (TypeError, ValueError):
            raise DataError(
                "The ratings are numbers, so `categories` is a list of numbers such as [1, 2, 3]."
            ) from None
        strange = [f"{value:g}" for value in used if value not in declared]
        if strange:
            raise DataError(f"Ratings of {', '.join(strange)} are none of the `categories`: add them or correct them.")
        used = declared
    elif steps and (used == np.round(used)).all() and len(used) > 1:
        unused = int(used[-1]) - int(used[0]) + 1 - len(used)
        if 0 < unused <= 10:
            gaps = sorted(set(range(int(used[0]), int(used[-1]) + 1)) - set(map(int, used)))
            message = (
                f"Nobody used {', '.join(map(str, gaps))}, so the weights count {len(used)} neighbouring categories. "
                "Name all with `categories` for the steps between them to count."
            )
            notes.append(Note("RATERS_UNUSED_CATEGORY", message, "warning"))
    return used, tuple(f"{value:.15g}" for value in used), used


def _word_order(
    names: Sequence[str], columns: Sequence[pd.Series], categories: Iterable[object] | None, need: Need
) -> tuple[str, ...]:
    """The categories as words: declared, or the order of categorical columns, or the alphabet where none is needed."""
    used = sorted({str(value) for column in columns for value in column.dropna().unique()})
    if categories is not None:
        words = tuple(map(str, categories))
        strange = [word for word in used if word not in words]
        faults = [f"Ratings of {', '.join(map(repr, strange))} are none of the `categories`."] if strange else []
        if len(set(words)) < len(words):
            faults.append("`categories` names a category twice.")
        if faults:
            raise DataError(faults)
        return words
    orders = [tuple(map(str, c.cat.categories)) for c in columns if isinstance(c.dtype, pd.CategoricalDtype)]
    ordered = all(isinstance(c.dtype, pd.CategoricalDtype) and c.cat.ordered for c in columns)
    if ordered and len(set(orders)) == 1:
        return orders[0]
    if need == "ordered":
        raise DataError(
            f"{', '.join(names)} hold words ({', '.join(used[:6])}), whose order is not known: name them from low to "
            "high with `categories`, or recode them as numbers."
        )
    return tuple(used)
