"""From answers to scale scores, for all respondents at once, by the rule each scale states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from crmstudy.errors import DataError
from crmstudy.grammar.spec import parse_model
from crmstudy.imputed import Imputed
from crmstudy.instrument import HigherOrder, Instrument, Scale
from crmstudy.instrument.model import rescaled
from crmstudy.instrument.norms import Band, NormGroup
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.pooled import pools
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table

LEVEL = 0.95
Scored = Scale | HigherOrder
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
        ``scales``: scale, items, method, n, missing, mean, sd, min, max. Where an instrument in its published wording
        declares them, with a source: ``bands`` (scale, band, low, high, n, percent, source) and ``norms`` (scale, norm,
        population, norm_n, n, mean_t, mean_percentile, below_table, source).
    interpreted : DataFrame, one row a respondent
        Columns ``SCALE band``, ``SCALE T (NORM)`` and ``SCALE percentile (NORM)``, where there are bands and norms.
    """

    frame: pd.DataFrame
    interpreted: pd.DataFrame = field(default_factory=pd.DataFrame)

    kind = "scores"

    @property
    def text(self) -> str:
        """One sentence with mean and standard deviation of every scale."""
        parts = [
            f"{row.scale} (M = {write_number(row.mean, 'estimate')}, SD = {write_number(row.sd, 'estimate')})"
            for row in self.tables["scales"].itertuples()
        ]
        return f"Scale scores, N = {write_number(self.n, 'n')}: {', '.join(parts)}."


@pools()
def score(responses: Responses) -> Scores:
    """Score every scale of every instrument.

    A score is the mean of the answered items (reversed items mirrored, answers out of range missing), or for
    a sum scale that mean times the number of items: x = k · Σ answered / n answered. Nothing missing is
    counted as 0. A respondent with fewer answered items than ``min_answered`` gets none. Scores made of scale scores
    follow the same rule, with parts in place of items. Each score equals
    :meth:`crmstudy.instrument.Scale.score` or :meth:`crmstudy.instrument.HigherOrder.score` to the last bit.

    Published bands and norms are applied to the published wording only, and only where their source is named; else a
    note says why not. T = 50 + 10 (x − M) / SD of the norm group; a percentile is the rank of the highest tabled score
    that is reached.

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
        raise DataError("these responses answer no instrument with scales, so there is nothing to score; name one.")
    values = responses.values
    columns = {id: _score_scale(values, scale) for id, scale in responses.scales.items()}
    columns |= {id: _put_together(columns, whole) for id, whole in responses.higher_order.items()}
    frame = pd.DataFrame(columns, index=values.index)
    rows = [_describe(frame[id].to_numpy(), scale) for id, scale in responses.scores.items()]
    meanings, interpreted, withheld = interpret(frame, responses.instruments)
    return Scores(
        frame=frame,
        interpreted=interpreted,
        estimates=_means(rows),
        n=responses.n,
        tables={"scales": pd.DataFrame(rows), **meanings},
        notes=(
            *responses.notes,
            *_score_notes(responses, frame),
            *_part_notes(frame, responses.higher_order),
            *withheld,
        ),
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
    beside = [name for name in scores.frame.columns if name not in frame.columns]  # with_scores() has put some there
    return pd.concat([frame, scores.frame[beside]], axis=1), scores.notes


def with_scores(model: object, data: Any, aux: Sequence[str] = ()) -> Any:
    """The data for a model in lavaan syntax, with the scale scores among the variables that it names as observed.

    Data without instruments, and models that name no score, come back as they are. What the scoring has to tell of
    these scores is added to the notes.

    Parameters
    ----------
    model : str
        Anything else is left to whoever fits it.
    data : DataFrame, Responses, Imputed or what else can be fitted
        Of imputed sets each is scored.
    aux : sequence of str
        Names beside those of the model.

    Raises
    ------
    ModelError
        When the model cannot be read.
    """
    one = data.sets[0] if isinstance(data, Imputed) else data
    if not isinstance(one, Responses) or not one.scales or not isinstance(model, str):
        return data
    named = dict.fromkeys((*parse_model(model).observed, *aux))
    wanted = [name for name in named if name in one.scores and name not in one.frame.columns]
    if not wanted:
        return data
    if isinstance(data, Imputed):
        return replace(data, sets=tuple(_with_columns(each, wanted) for each in data.sets))
    return _with_columns(data, wanted)


def _with_columns(responses: Any, wanted: Sequence[str]) -> Any:
    """Responses with some scores among their variables."""
    found = score(responses)
    told = [note for note in found.notes if note.code.startswith("SCORING_") and note.subject in wanted]
    frame = pd.concat([responses.frame, found.frame[list(wanted)]], axis=1)
    return replace(responses, frame=frame, file_notes=(*responses.file_notes, *told))


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
    if scale.rescale is not None:
        scores = rescaled(scores, scale.raw_range, scale.rescale)
    return np.where(enough, scores, np.nan)


def _put_together(scores: Mapping[str, Array], whole: HigherOrder) -> Array:
    """One score made of scale scores for all rows, added up in the order in which HigherOrder.score adds."""
    first = scores[whole.parts[0].id]
    total, scored = np.zeros(len(first)), np.zeros(len(first))
    for part in whole.parts:
        own = scores[part.id]
        there = ~np.isnan(own)
        keyed = sum(part.range) - own if part.id in whole.reversed_parts else own
        total += np.where(there, keyed, 0.0)
        scored += there
    enough = scored >= whole.min_answered
    divisor = np.where(enough, scored, 1.0)
    put = total / divisor if whole.method == "mean" else total * len(whole.parts) / divisor
    return np.where(enough, put, np.nan)


def _describe(scores: Array, scale: Scored) -> dict[str, Any]:
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


def interpret(
    frame: pd.DataFrame, instruments: Sequence[Instrument]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, list[Note]]:
    """Bands and norms of the scores: tables, one row a respondent, and why some are withheld."""
    columns: dict[str, Any] = {}
    bands: list[dict[str, Any]] = []
    norms: list[dict[str, Any]] = []
    notes: list[Note] = []
    for instrument in instruments:
        for scale in instrument.scores:
            notes += _withheld_notes(instrument, scale)
            if instrument.wording != "published":
                continue
            scores = frame[scale.id].to_numpy(dtype=float)
            if scale.bands is not None and scale.bands.source is not None:
                found = [scale.bands.band_of(score) for score in scores]
                lang = next(iter(instrument.languages))
                columns[f"{scale.id} band"] = [None if band is None else _text_of(band.label, lang) for band in found]
                bands += _band_rows(scale, found, lang, _reference(instrument, scale.bands.source))
            for norm in scale.norms:
                if norm.source is not None:
                    own, row = _norm_columns(scale, norm, scores)
                    columns |= own
                    norms.append(row | {"source": _reference(instrument, norm.source)})
    tables = {"bands": pd.DataFrame(bands), "norms": pd.DataFrame(norms)}
    return (
        {name: table for name, table in tables.items() if len(table)},
        pd.DataFrame(columns, index=frame.index),
        notes,
    )


def _reference(instrument: Instrument, key: str) -> str:
    return instrument.sources[key].reference if key in instrument.sources else key


def _text_of(texts: Mapping[str, str], lang: str) -> str:
    return texts.get(lang) or next(iter(texts.values()), "")


def _band_rows(scale: Scored, found: Sequence[Band | None], lang: str, source: str) -> list[dict[str, Any]]:
    known = [band for band in found if band is not None]
    return [
        {
            "scale": scale.id, "band": _text_of(band.label, lang), "low": band.low, "high": band.high,
            "n": sum(other is band for other in known),
            "percent": 100.0 * sum(other is band for other in known) / len(known) if known else float("nan"),
            "source": source,
        }
        for band in (scale.bands.bands if scale.bands is not None else ())
    ]  # fmt: skip


def _norm_columns(scale: Scored, norm: NormGroup, scores: Array) -> tuple[dict[str, Array], dict[str, Any]]:
    columns: dict[str, Array] = {}
    row: dict[str, Any] = {
        "scale": scale.id, "norm": norm.id, "population": _text_of(norm.population, "en"), "norm_n": norm.n,
        "n": int(np.isfinite(scores).sum()), "mean_t": float("nan"), "mean_percentile": float("nan"), "below_table": 0,
    }  # fmt: skip
    if norm.mean is not None and norm.sd is not None:
        t_scores = np.array([norm.t_score(score) for score in scores])
        columns[f"{scale.id} T ({norm.id})"] = t_scores
        row["mean_t"] = float(np.nanmean(t_scores)) if np.isfinite(t_scores).any() else float("nan")
    if norm.ranks:
        ranks = np.array([norm.percentile(score) for score in scores])
        columns[f"{scale.id} percentile ({norm.id})"] = ranks
        row["mean_percentile"] = float(np.nanmean(ranks)) if np.isfinite(ranks).any() else float("nan")
        row["below_table"] = int((np.isfinite(scores) & np.isnan(ranks)).sum())
    return columns, row


def _withheld_notes(instrument: Instrument, scale: Scored) -> list[Note]:
    """Why declared bands and norms are not applied."""
    declared = [("bands", scale.bands.source)] if scale.bands is not None else []
    declared += [(f"norms {norm.id}", norm.source) for norm in scale.norms]
    if not declared:
        return []
    names = ", ".join(name for name, _ in declared)
    if instrument.wording != "published":
        wording = "paraphrase of it" if instrument.wording == "paraphrase" else "form without its wording"
        message = (
            f"'{scale.id}' has published {names}, which are not applied: they hold for the published wording, and "
            f"'{instrument.id}' is a {wording}."
        )
        return [Note("SCORING_NORMS_WITHHELD", message, "info", scale.id)]
    unchecked = ", ".join(name for name, source in declared if source is None)
    if not unchecked:
        return []
    message = f"'{scale.id}': {unchecked} are not applied, as no source is named and nobody has checked them."
    return [Note("SCORING_NORMS_UNVERIFIED", message, "warning", scale.id)]


def _part_notes(frame: pd.DataFrame, wholes: Mapping[str, HigherOrder]) -> list[Note]:
    notes = []
    for id, whole in wholes.items():
        scored = frame[list(whole.part_ids)].notna().sum(axis=1)
        part = int(((scored < len(whole.parts)) & frame[id].notna()).sum())
        short = int(frame[id].isna().sum())
        if short:
            message = (
                f"{short} of {len(frame)} respondents have a score on fewer than {whole.min_answered} of the "
                f"{len(whole.parts)} scales of '{id}' and have no score on it."
            )
            notes.append(Note("SCORING_TOO_FEW_ANSWERED", message, "info", id))
        if part:
            message = f"{part} of the scores of '{id}' rest on some of its scales only, at least {whole.min_answered}."
            notes.append(Note("SCORING_PARTLY_ANSWERED", message, "info", id))
    return notes


def _score_notes(responses: Responses, frame: pd.DataFrame) -> list[Note]:
    """Who has no score on a scale and why, and whose score rests on some of its items."""
    notes = []
    values, shown, rows = responses.values, responses.shown, len(frame)
    for id, scale in responses.scales.items():
        items, least = list(scale.item_ids), scale.min_answered
        answered = values[items].notna().sum(axis=1)
        hidden = int((shown[items].sum(axis=1) < least).sum())
        short = int(frame[id].isna().sum()) - hidden
        part = int(((answered < len(items)) & frame[id].notna()).sum())
        if hidden:
            message = (
                f"{hidden} of {rows} respondents were shown fewer than {least} of the {len(items)} items of '{id}', by "
                "the conditions of the questionnaire, and have no score on it."
            )
            notes.append(Note("SCORING_NOT_SHOWN", message, "info", id))
        if short and short + hidden == rows:
            message = f"Nobody answered {least} of the {len(items)} items of '{id}': it has no score."
            notes.append(Note("SCORING_NO_SCORE", message, "warning", id))
        elif short:
            message = (
                f"{short} of {rows - hidden} respondents answered fewer than {least} of the {len(items)} items of "
                f"'{id}' and have no score on it."
            )
            notes.append(Note("SCORING_TOO_FEW_ANSWERED", message, "info", id))
        if part:
            rests = f"{part} scores of '{id}' rest" if part > 1 else f"1 score of '{id}' rests"
            message = f"{rests} on the answered items only, at least {scale.min_answered}."
            notes.append(Note("SCORING_PARTLY_ANSWERED", message, "info", id))
    return notes
