"""From answers to scale scores, for all respondents at once, by the rule each scale states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from crmstudy.errors import DataError
from crmstudy.instrument import Scale
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table

LEVEL = 0.95
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Scores(Result):
    """Scale scores and how they came about.

    Attributes
    ----------
    frame : DataFrame, one row a respondent, one column a scale
        NaN where fewer than the scale's minimum of items were answered.
    estimates : DataFrame
        Mean of each scale (``term`` is the scale) with standard error and 95 % t interval. No hypothesis is
        tested, so ``statistic`` and ``p_value`` are empty.
    tables : mapping
        ``scales``: scale, items, method, n, missing, mean, sd, min, max.
    """

    frame: pd.DataFrame

    kind = "scores"

    @property
    def text(self) -> str:
        """One sentence with mean and standard deviation of every scale."""
        parts = [
            f"{row.scale} (M = {write_number(row.mean, 'estimate')}, SD = {write_number(row.sd, 'estimate')})"
            for row in self.tables["scales"].itertuples()
        ]
        return f"Scale scores, N = {write_number(self.n, 'n')}: {', '.join(parts)}."


def score(responses: Responses) -> Scores:
    """Score every scale of every instrument.

    A score is the mean of the answered items (reversed items mirrored, answers out of range missing), or for
    a sum scale that mean times the number of items: x = k · Σ answered / n answered. Nothing missing is
    counted as 0. A respondent with fewer answered items than ``min_answered`` gets none. Each score equals
    :meth:`crmstudy.instrument.Scale.score` to the last bit.

    Parameters
    ----------
    responses : Responses
        Answers with at least one instrument.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        When given anything but Responses, or when they answer no instrument.

    Examples
    --------
    >>> score(read_responses("data/mobi/responses.csv", instruments=["ecsi"]))  # doctest: +SKIP
    <Scores N=250, 7 estimates, 0 notes>
    """
    if not isinstance(responses, Responses):
        raise DataError(
            f"score() wants Responses, which know their scales; found {type(responses).__name__}. Read the file "
            "with read_responses(path, instruments=[...]), or use Responses.from_frame(frame, instruments)."
        )
    if not responses.scales:
        raise DataError("these responses answer no instrument, so there is no scale to score; name one.")
    values = responses.values
    columns = {id: _score_scale(values, scale) for id, scale in responses.scales.items()}
    frame = pd.DataFrame(columns, index=values.index)
    rows = [_describe(frame[id].to_numpy(), scale) for id, scale in responses.scales.items()]
    return Scores(
        frame=frame,
        estimates=_means(rows),
        n=responses.n,
        tables={"scales": pd.DataFrame(rows)},
        notes=(*responses.notes, *_score_notes(values, frame, responses.scales)),
        samples=sample_table(responses.n),
        call={"instruments": [f"{i.id} {i.version}" for i in responses.instruments], "level": LEVEL},
    )


def analysis_frame(data: object) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Everything an analysis can name: items (ready for analysis), variables and scale scores side by side.

    Parameters
    ----------
    data : DataFrame or Responses
        A DataFrame is used as it is and gets no scores.

    Returns
    -------
    DataFrame, tuple of Note
    """
    if not isinstance(data, Responses) or not data.scales:
        return frame_of(data)
    frame, _ = frame_of(data)
    scores = score(data)
    return pd.concat([frame, scores.frame], axis=1), scores.notes


def _score_scale(values: pd.DataFrame, scale: Scale) -> Array:
    """One scale for all rows, added up item by item in the order in which Scale.score adds."""
    total = np.zeros(len(values))
    answered = np.zeros(len(values))
    for id in scale.item_ids:
        answers = values[id].to_numpy()
        there = ~np.isnan(answers)
        total += np.where(there, answers, 0.0)
        answered += there
    enough = answered >= scale.min_answered
    divisor = np.where(enough, answered, 1.0)
    scores = total / divisor if scale.method == "mean" else total * len(scale.items) / divisor
    return np.where(enough, scores, np.nan)


def _describe(scores: Array, scale: Scale) -> dict[str, Any]:
    found = scores[~np.isnan(scores)]
    nothing = float("nan")
    return {
        "scale": scale.id,
        "items": len(scale.items),
        "method": scale.method,
        "n": len(found),
        "missing": len(scores) - len(found),
        "mean": float(found.mean()) if len(found) else nothing,
        "sd": float(found.std(ddof=1)) if len(found) > 1 else nothing,
        "min": float(found.min()) if len(found) else nothing,
        "max": float(found.max()) if len(found) else nothing,
    }


def _means(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Write the scale means as estimates with a t interval."""
    estimates = []
    for row in rows:
        df = row["n"] - 1
        error = row["sd"] / np.sqrt(row["n"]) if df > 0 else float("nan")
        half = float(special.stdtrit(df, 0.5 + LEVEL / 2)) * error if df > 0 else float("nan")
        estimates.append(
            {
                "term": row["scale"],
                "estimate": row["mean"],
                "std_error": error,
                "statistic": float("nan"),
                "df": float(df) if df > 0 else float("nan"),
                "p_value": float("nan"),
                "ci_low": row["mean"] - half,
                "ci_high": row["mean"] + half,
            }
        )
    return pd.DataFrame(estimates, columns=list(ESTIMATE_COLUMNS))


def _score_notes(values: pd.DataFrame, frame: pd.DataFrame, scales: Mapping[str, Scale]) -> list[Note]:
    notes = []
    for id, scale in scales.items():
        answered = values[list(scale.item_ids)].notna().sum(axis=1)
        short = int(frame[id].isna().sum())
        part = int(((answered < len(scale.items)) & frame[id].notna()).sum())
        if short == len(frame):
            items = f"{scale.min_answered} of the {len(scale.items)} items of '{id}'"
            message = f"Nobody answered {items}: it has no score."
            notes.append(Note("SCORING_NO_SCORE", message, "warning", id))
        elif short:
            message = (
                f"{short} of {len(frame)} respondents answered fewer than {scale.min_answered} of the "
                f"{len(scale.items)} items of '{id}' and have no score on it."
            )
            notes.append(Note("SCORING_TOO_FEW_ANSWERED", message, "info", id))
        if part:
            rests = f"{part} scores of '{id}' rest" if part > 1 else f"1 score of '{id}' rests"
            message = f"{rests} on the answered items only, at least {scale.min_answered}."
            notes.append(Note("SCORING_PARTLY_ANSWERED", message, "info", id))
    return notes
