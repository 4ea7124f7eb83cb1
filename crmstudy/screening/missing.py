"""What is missing: by item, by scale, by respondent, by pattern; and whether it is missing at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmstudy.drawing import MissingnessMap
from crmstudy.kernels.incomplete.mcar import littles_test
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.screening.answers import Answers
from crmstudy.screening.findings import write_p

Mask = NDArray[np.bool_]
MCAR_COLUMNS = ("d2", "df", "p_value", "patterns", "n", "dropped", "iterations", "converged")
#: With fewer rows than this to a pattern, or with more patterns, the chi-square distribution is a poor approximation.
ROWS_TO_A_PATTERN = 5
MANY_PATTERNS = 100
#: Patterns shown by the map.
MOST_PATTERNS = 100


def missing_tables(answers: Answers) -> dict[str, pd.DataFrame]:
    """The tables ``missing``, ``missing_scales``, ``missing_counts`` and ``missing_patterns``."""
    return {
        "missing": _by_item(answers),
        "missing_scales": _by_scale(answers),
        "missing_counts": _by_respondent(answers.gone),
        "missing_patterns": _by_pattern(answers, answers.gone),
    }


def _by_item(answers: Answers) -> pd.DataFrame:
    shown = answers.shown.sum(axis=0)
    outside = answers.outside.sum().to_numpy()
    missing = answers.gone.sum(axis=0)
    return pd.DataFrame(
        {
            "item": list(answers.items),
            "scale": [answers.scale_of.get(name, "") for name in answers.items],
            "n": shown - missing,
            "missing": missing,
            "percent": 100 * missing / np.maximum(shown, 1),
            "out_of_range": outside,
            "unanswered": missing - outside,
            "not_shown": len(answers.raw) - shown,
        }
    )


def _by_scale(answers: Answers) -> pd.DataFrame:
    """One row a scale, then the items in none; respondents by how much they answered of what they were shown of it."""
    place = {item: number for number, item in enumerate(answers.items)}
    loose = [item for item in answers.items if item not in answers.scale_of]
    sets = {scale: items for scale, items in answers.scales.items() if items} | ({"": tuple(loose)} if loose else {})
    rows = []
    for scale, items in sets.items():
        own = [place[item] for item in items]
        shown, missing = answers.shown[:, own].sum(axis=1), answers.gone[:, own].sum(axis=1)
        shown_some = shown > 0
        people, cells, gone = int(shown_some.sum()), int(shown.sum()), int(missing.sum())
        whole = int((shown_some & (missing == 0)).sum())
        none = int((shown_some & (missing == shown)).sum())
        rows.append({
            "scale": scale, "items": len(items), "answers": cells - gone, "missing": gone,
            "percent": 100 * gone / max(cells, 1), "out_of_range": int(answers.outside.to_numpy()[:, own].sum()),
            "complete": whole, "partly": people - whole - none, "none": none,
            "percent_complete": 100 * whole / max(people, 1), "not_shown": len(items) * len(shown) - cells,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _by_respondent(gone: Mask) -> pd.DataFrame:
    """How many respondents lack how many items; ``cumulative`` is the percent with at most so many."""
    values, counts = np.unique(gone.sum(axis=1), return_counts=True)
    percent = 100 * counts / len(gone)
    return pd.DataFrame({"missing": values, "n": counts, "percent": percent, "cumulative": percent.cumsum()})


def patterns_of(gone: Mask) -> tuple[Mask, NDArray[np.int64]]:
    """The patterns of missing answers, the most frequent first, and the rows of each."""
    packed = np.packbits(np.ascontiguousarray(gone), axis=1)
    _, first, counts = np.unique(packed, axis=0, return_index=True, return_counts=True)
    kinds = gone[first]
    order = np.lexsort((*(~kinds).T[::-1], kinds.sum(axis=1), -counts))
    return kinds[order], counts[order]


def _by_pattern(answers: Answers, gone: Mask) -> pd.DataFrame:
    kinds, counts = patterns_of(gone)
    names = np.array(answers.items)
    return pd.DataFrame(
        {
            "pattern": range(1, len(kinds) + 1),
            "n": counts,
            "percent": 100 * counts / len(gone),
            "missing": kinds.sum(axis=1),
            "items": [", ".join(names[kind]) for kind in kinds],
        }
    )


def missingness_map(answers: Answers) -> MissingnessMap | None:
    """The map of the patterns, or None where nothing is missing."""
    gone = answers.gone
    if not gone.any():
        return None
    kinds, counts = patterns_of(gone)
    shown = min(len(kinds), MOST_PATTERNS)
    return MissingnessMap(
        title="Patterns of missing answers",
        alt=(
            f"Map of {shown} patterns of missing answers over {len(answers.items)} items: rows are patterns, the most "
            f"frequent above, {counts[0]} of {len(gone)} respondents with the first; dark cells are missing."
        ),
        items=answers.items,
        percents=tuple(100 * gone.sum(axis=0) / np.maximum(answers.shown.sum(axis=0), 1)),
        patterns=tuple(tuple(bool(cell) for cell in kind) for kind in kinds[:shown]),
        counts=tuple(int(count) for count in counts[:shown]),
        others=len(kinds) - shown,
        other_rows=int(counts[shown:].sum()),
    )


def mcar_table(answers: Answers) -> tuple[pd.DataFrame, list[Note]]:
    """Little's test of the items, as a table of one row; empty figures and a note where it cannot be computed."""
    everyone = np.asarray(answers.shown.all(axis=0))
    names = tuple(np.array(answers.items, dtype=object)[everyone])
    usable = answers.usable[:, everyone]
    some = ~np.isnan(usable).all(axis=1)
    dropped = int((~some).sum())
    values = usable[some]
    kinds = patterns_of(np.isnan(values))[0] if len(values) else np.empty((0, 0), dtype=bool)
    row = {
        "d2": np.nan, "df": np.nan, "p_value": np.nan, "patterns": len(kinds), "n": len(values), "dropped": dropped,
        "iterations": 0, "converged": False,
    }  # fmt: skip
    notes = []
    if hidden := len(answers.items) - len(names):
        left = f"{hidden} of {len(answers.items)} items were not shown to everyone"
        message = f"{left} and play no part in Little's test."
        notes.append(Note("SCREENING_MCAR_NOT_SHOWN", message, subject="mcar"))
    if dropped and names:
        message = f"{dropped} of {len(usable)} rows have no answer at all and play no part in Little's test."
        notes.append(Note("SCREENING_MCAR_EMPTY_ROWS", message, subject="mcar"))
    why, found = _why_no_test(values, names, len(kinds)), None
    if not why:
        found = littles_test(values)
        why = "" if found else _singular(values, names)
    if found is None:
        complete = not answers.gone.any()
        message = f"Little's test of data missing completely at random was not computed: {why}"
        notes.append(Note("SCREENING_MCAR_NOT_COMPUTED", message, "info" if complete else "warning", "mcar"))
        return pd.DataFrame([row], columns=list(MCAR_COLUMNS)), notes
    row |= {
        "d2": found.d2, "df": found.df, "p_value": found.p_value, "iterations": found.iterations,
        "converged": found.converged,
    }  # fmt: skip
    return pd.DataFrame([row], columns=list(MCAR_COLUMNS)), [*notes, *_mcar_notes(row)]


def _why_no_test(values: Array, names: tuple[str, ...], patterns: int) -> str:
    """Why Little's test has no answer, in words; empty when it has."""
    rows, items = values.shape
    if not np.isnan(values).any():
        return "no answer is missing." if rows else "there is no answer."
    empty = [name for name, column in zip(names, values.T, strict=True) if np.isnan(column).all()]
    if empty:
        return f"nobody answered {', '.join(empty)}; leave the item out."
    flat = [name for name, column in zip(names, values.T, strict=True) if np.nanmin(column) == np.nanmax(column)]
    if flat:
        return f"everyone gave the same answer to {', '.join(flat)}; leave the item out."
    if patterns < 2:
        return "all rows lack the same items, so there are no patterns to compare."
    if rows <= items:
        return f"{rows} rows are too few for {items} items; more rows than items are needed."
    return ""


def _singular(values: Array, names: tuple[str, ...]) -> str:
    """Why the moments cannot be estimated: pairs that are never answered together, or items that depend on others."""
    there = (~np.isnan(values)).astype(int)
    together = there.T @ there
    apart = [f"{names[i]} and {names[j]}" for i, j in zip(*np.nonzero(np.triu(together < 3, k=1)), strict=True)]
    if apart:
        more = f" (and {len(apart) - 3} pairs more)" if len(apart) > 3 else ""
        return f"{'; '.join(apart[:3])}{more} are answered together by fewer than three respondents."
    return "the covariance matrix of the items is singular: some of them follow from others."


def _mcar_notes(row: dict[str, float]) -> list[Note]:
    notes = []
    patterns, n = int(row["patterns"]), int(row["n"])
    if not row["converged"]:
        message = f"The EM algorithm did not converge in {int(row['iterations'])} steps; Little's test is not reliable."
        notes.append(Note("SCREENING_MCAR_NOT_CONVERGED", message, "warning", "mcar"))
    if patterns >= MANY_PATTERNS or n < ROWS_TO_A_PATTERN * patterns:
        message = (
            f"Little's test rests on {patterns} patterns in {n} rows; with so many, and so few rows to each, its "
            "statistic follows the chi-square distribution poorly. Read its p with caution."
        )
        notes.append(Note("SCREENING_MCAR_MANY_PATTERNS", message, subject="mcar"))
    if row["p_value"] < 0.05:
        said = f"χ²({int(row['df'])}) = {write_number(row['d2'], 'statistic')}, {write_p(row['p_value'])}"
        message = (
            f"Answers are not missing completely at random by Little's test ({said}): leaving out incomplete rows can "
            "bias the results."
        )
        notes.append(Note("SCREENING_NOT_MCAR", message, subject="mcar"))
    return notes
