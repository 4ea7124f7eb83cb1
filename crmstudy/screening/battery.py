"""Who answered carelessly, twice or hardly at all, what is missing, and what the answers look like.

Rules flag respondents, and remove them only when told to. Those that are on without being asked: ``missing``,
``range``, ``duplicates``, ``longstring``, ``mahalanobis``; the indices of the others are computed all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.drawing import MissingnessMap
from crmstudy.errors import DataError
from crmstudy.notes import Note
from crmstudy.numerals import write_number
from crmstudy.pooled import one_set_only
from crmstudy.responses import Responses, frame_of
from crmstudy.results import ESTIMATE_COLUMNS, Result, sample_table
from crmstudy.screening.answers import Answers, Asked, answers_of
from crmstudy.screening.distributions import distributions
from crmstudy.screening.findings import Finding
from crmstudy.screening.indices import INDICES, Distances, Index, distances, indices
from crmstudy.screening.missing import mcar_table, missing_tables, missingness_map
from crmstudy.screening.rules import apply_rules, times_of, wrong_checks
from crmstudy.screening.settings import columns_named, resolved

#: The fourth power of a larger number is no number.
_LARGEST = 1e70
_EMPTY = pd.DataFrame(columns=list(ESTIMATE_COLUMNS))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Screening(Result):
    """Which respondents were flagged, why, and who is kept; what is missing; how the answers are distributed.

    Attributes
    ----------
    kept : Series of bool
        True for the respondents who stay; the index is that of the data.
    flags : DataFrame of bool
        Rows × rules that were switched on.
    reasons : Series of str
        Why a row was flagged, in words; empty for a row that was not.
    pattern_map : MissingnessMap or None
        The description of the map of missing answers, None where none is missing.
    tables : mapping
        Missing answers, which count answers out of range too, in percent of those who were shown the item. ``missing``:
        item, scale, n, missing, percent, out_of_range, unanswered, not_shown. ``missing_scales``: scale (empty: items
        in none), items, answers, missing, percent, out_of_range, then respondents who answered it complete, partly,
        none, and percent_complete, as far as they were shown it, and not_shown (answers that could not be given).
        ``missing_counts``: missing (items), n (respondents who lack so many), percent, cumulative.
        ``missing_patterns``: pattern, n, percent, missing, items. ``mcar``: d2, df, p_value, patterns, n, dropped,
        iterations, converged.

        Careless answers. ``careless``, a row a respondent: row (from 1), missing, longstring, longstring_mean, irv,
        even_odd, psychsyn, psychant, person_total, mahalanobis (D²), p_value, seconds and attention_wrong where the
        rules name their columns, flags (rules that flagged the row). ``rules``: rule, setting, flagged, excluded,
        applied. ``overlap``: rule, then for each rule how many respondents both flagged. ``flag_counts``: rules (so
        many or more), n, percent. ``exclusions``: rule, n removed by it and by no rule above it.

        Distributions: ``normality``, ``multivariate``, ``outliers``, ``codes``, ``reversed``, see
        :func:`crmstudy.screening.distributions.distributions`.

        Without items there are only ``rules``, and ``careless`` where a rule looks at other columns.
    """

    kept: pd.Series[bool]
    flags: pd.DataFrame
    reasons: pd.Series[str]
    pattern_map: MissingnessMap | None = None

    kind = "screening"

    @property
    def text(self) -> str:
        """One sentence: how many were flagged, how many were removed."""
        flagged, rows = int(self.flags.any(axis=1).sum()), len(self.kept)
        removed = rows - self.n
        gone = f"{write_number(removed, 'n')} removed" if removed else "none was removed"
        was = "was" if flagged == 1 else "were"
        return (
            f"Of {write_number(rows, 'n')} respondents, {write_number(flagged, 'n')} {was} flagged and {gone}; "
            f"N = {write_number(self.n, 'n')}."
        )

    def plot(self) -> MissingnessMap | None:
        """The map of missing answers, or None where none is missing."""
        return self.pattern_map


@one_set_only("screen the answers before they are imputed.")
def screen(
    data: pd.DataFrame | Responses,
    *,
    rules: Mapping[str, Any] | None = None,
    items: Asked = None,
    mcar: bool = True,
    shapes: bool = True,
) -> Screening:
    r"""Look for missing, careless and odd answers; keep all respondents but those flagged by a rule in ``exclude``.

    Parameters
    ----------
    data : DataFrame or Responses
        In a DataFrame all numeric columns are items, and there is no response range to check. Responses without an
        instrument have no items: a note says so.
    rules : mapping, optional
        Settings that replace the defaults; False or None switches a rule off.

        ``missing`` (0.5): flag when at least this share of the items is unanswered. ``range`` (True): flag an answer
        outside the response range of its item. ``duplicates`` (True): flag a row whose answers all equal those of an
        earlier row. ``longstring`` (half of the items, at least 6): flag a run of at least so many equal answers, in
        the order of the file's columns and before reversal; an unanswered item ends a run. ``mahalanobis`` (0.001):
        flag when the squared distance D² = (x − m)ᵀ S⁻¹ (x − m) of a complete row has a smaller p by the chi-square
        distribution with as many df as items.

        Off unless set, a number or ``{below: number}`` (``{above: number}``): ``longstring_mean`` flags a mean run of
        at least so many equal answers; ``irv`` a standard deviation of the respondent's answers below (or above) the
        number; ``even_odd`` a consistency below it; ``psychsyn`` an agreement of synonyms below, ``psychant`` one of
        antonyms above it (``{below: 0, critical: 0.6}`` also sets the least correlation of a pair); ``person_total`` a
        correlation below it. ``response_time``: ``{column: seconds, below: 120}``, several columns are added up,
        ``per: item`` divides by the number of items. ``attention``: ``{checks: {ac1: 4}, wrong: 1}`` flags so many
        wrong answers to checks; a list gives several right answers, and an unanswered check is not wrong. The checks
        that instruments declare are used where ``attention`` is not named; ``attention: false`` switches them off.

        ``exclude`` ([]): names of the rules whose flagged rows are removed.
    items : sequence of str, or mapping of str to sequences, optional
        The columns to screen; a mapping gives them by scale, which ``even_odd`` and the search for reversed items need
        of a DataFrame.
    mcar : bool
        Do Little's test; it takes seconds for many items with thousands of patterns.
    shapes : bool
        Describe the distributions.

    Returns
    -------
    Screening

    Raises
    ------
    DataError
        For rules that do not exist (with the near miss), settings that make no sense, columns that are not there, data
        without items; all at once.

    Notes
    -----
    A flag is a reason to look, not a proof of carelessness: state the rules before looking at the results (Meade &
    Craig, 2012; Curran, 2016).

    An item that a condition of the questionnaire passed over, as a hand-over folder tells, was not left out: it counts
    neither as missing nor among the items somebody was shown, does not end a run, and has no part in the distance. It
    plays no part in Little's test, nor do the answers of those who were shown it.

    Runs and spread are those of the answers in file order as given, before reversal (Johnson, 2005; Dunn et al., 2018;
    standard deviation with n − 1). Even-odd consistency correlates a respondent's means of the odd and of the even
    items of each scale, after reversal, over three scales or more, r stepped up to 2r/(1+r) and not below −1; higher is
    more consistent (R's careless prints it with the sign turned). A scale made up of others plus more is left out.
    Synonyms (antonyms) are the pairs of items, before reversal, that correlate at .60 or more (−.60 or less) over the
    respondents who have both; the index is the correlation of their first with their second items within a respondent.
    The person-total correlation is that of the answers with the items' means over all respondents. Correlations within
    a respondent take three points that vary, and answers on different formats enter as shares of their range.

    Little's test compares the means of each pattern of missing answers with those the EM algorithm estimates from all
    rows (Little, 1988), covariances with divisor n.

    Examples
    --------
    >>> screen(responses, rules={"longstring": 20, "exclude": ["duplicates"]})  # doctest: +SKIP
    """
    faults = [f"`{name}` is true or false, not {value!r}." for name, value in (("mcar", mcar), ("shapes", shapes))
              if not isinstance(value, bool)]  # fmt: skip
    if faults:
        raise DataError(faults)
    frame, notes = frame_of(data)
    rules = _with_own_checks(data, rules)
    answers = answers_of(data, frame, items, columns_named(rules))
    settings, exclude = resolved(rules, len(answers.items))
    made = indices(answers, settings) if answers.items else {}
    far = distances(answers) if answers.items else None
    findings = apply_rules(answers, settings, made, far)
    index = answers.raw.index
    flags = pd.DataFrame({rule: found.flagged for rule, found in findings.items()}, index=index, dtype=bool)
    removed = flags[exclude].any(axis=1).to_numpy(dtype=bool) if exclude else np.zeros(len(index), dtype=bool)
    kept = pd.Series(~removed, index=index, name="kept", dtype=bool)
    n = int(kept.sum())
    tables, found_notes = _tables(answers, settings, exclude, findings, flags, made, far)
    more = _more(data, answers, items, mcar=mcar, shapes=shapes)
    return Screening(
        kept=kept,
        flags=flags,
        reasons=pd.Series(_reasons(findings, len(index)), index=index, name="reasons", dtype="str"),
        pattern_map=missingness_map(answers) if answers.items else None,
        estimates=_EMPTY.copy(),
        n=n,
        tables={**tables, **more[0]},
        notes=(*notes, *found_notes, *more[1], *_summary_notes(flags, exclude, n, answers)),
        samples=sample_table(n, dropped=len(index) - n),
        call={**settings, "exclude": exclude},
    )


def _with_own_checks(data: object, rules: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The rules with the attention checks of the instruments, where the rules say nothing of attention."""
    if not isinstance(data, Responses) or not (rules is None or isinstance(rules, Mapping)):
        return rules
    checks = {id: item.expected for id, item in data.unscored.items() if item.expected is not None}
    return {"attention": {"checks": checks}, **(rules or {})} if checks else rules


def _more(
    data: pd.DataFrame | Responses, answers: Answers, asked: Asked, *, mcar: bool, shapes: bool
) -> tuple[dict[str, pd.DataFrame], list[Note]]:
    """Little's test and the distributions."""
    tables: dict[str, pd.DataFrame] = {}
    notes: list[Note] = []
    if not answers.items:
        return tables, notes
    if mcar:
        tables["mcar"], notes = mcar_table(answers)
    if shapes and np.nanmax(np.abs(answers.usable), initial=0.0) > _LARGEST:
        message = f"Distributions were not described: there are values beyond {_LARGEST:g}, whose powers overflow."
        notes.append(Note("SCREENING_INDEX_NOT_COMPUTED", message, "warning"))
    elif shapes:
        whole = isinstance(data, Responses) and asked is None
        described = distributions(data) if whole else distributions(data, items=answers.items, scales=answers.scales)
        tables |= described.tables
        notes = [*notes, *described.notes]
    return tables, notes


def _tables(
    answers: Answers,
    settings: Mapping[str, Any],
    exclude: list[str],
    findings: Mapping[str, Finding],
    flags: pd.DataFrame,
    made: Mapping[str, Index],
    far: Distances | None,
) -> tuple[dict[str, pd.DataFrame], list[Note]]:
    """The tables about missing and careless answers, and the notes of the rules and indices."""
    notes = [note for finding in findings.values() for note in finding.notes]
    tables = missing_tables(answers) if answers.items else {}
    tables["rules"] = _rules_table(findings, settings, exclude)
    beside = {name: settings[name] for name in ("response_time", "attention") if name in settings}
    if answers.items or beside:
        tables["careless"] = _careless_table(answers, beside, flags, made, far)
    if answers.items:
        tables |= {
            "overlap": _overlap_table(flags),
            "flag_counts": _counts_table(flags),
            "exclusions": _exclusions_table(flags, exclude),
        }
        notes += _index_notes(answers, made, settings)
    return tables, notes


def _rules_table(findings: Mapping[str, Finding], settings: Mapping[str, Any], exclude: list[str]) -> pd.DataFrame:
    rows = []
    for rule, found in findings.items():
        flagged = int(found.flagged.sum())
        rows.append(
            {
                "rule": rule,
                "setting": settings[rule],
                "flagged": flagged,
                "excluded": flagged if rule in exclude else 0,
                "applied": found.applied,
            }
        )
    return pd.DataFrame(rows, columns=["rule", "setting", "flagged", "excluded", "applied"]).astype({"setting": object})


def _careless_table(
    answers: Answers,
    beside: Mapping[str, Any],
    flags: pd.DataFrame,
    made: Mapping[str, Index],
    far: Distances | None,
) -> pd.DataFrame:
    columns: dict[str, Any] = {"row": answers.rows}
    if far is not None:
        columns["missing"] = answers.gone.sum(axis=1)
        columns |= {name: made[name].values for name in INDICES}
        columns["longstring"] = made["longstring"].values.astype(np.int64)
        columns |= {"mahalanobis": far.d2, "p_value": far.p_value}
    if "response_time" in beside and (answers.items or beside["response_time"].get("per") != "item"):
        columns["seconds"] = times_of(answers, beside["response_time"])
    if "attention" in beside:
        columns["attention_wrong"] = wrong_checks(answers, beside["attention"])[0].astype(np.int64)
    return pd.DataFrame({**columns, "flags": flags.sum(axis=1).to_numpy()})


def _overlap_table(flags: pd.DataFrame) -> pd.DataFrame:
    """How many respondents both of two rules flagged; on the diagonal, one rule."""
    marks = flags.to_numpy(dtype=np.int64)
    both = pd.DataFrame(marks.T @ marks, columns=flags.columns)
    both.insert(0, "rule", list(flags.columns))
    return both


def _counts_table(flags: pd.DataFrame) -> pd.DataFrame:
    """How many respondents were flagged by so many rules or more, as far as anybody was."""
    counts = flags.sum(axis=1).to_numpy()
    most = max(int(counts.max(initial=0)), 1)
    found = [int((counts >= least).sum()) for least in range(1, most + 1)]
    percent = [100 * n / len(counts) for n in found]
    return pd.DataFrame({"rules": range(1, most + 1), "n": found, "percent": percent})


def _exclusions_table(flags: pd.DataFrame, exclude: list[str]) -> pd.DataFrame:
    """Every removed respondent once, at the first rule that removes him."""
    rows, gone = [], np.zeros(len(flags), dtype=bool)
    for rule in exclude:
        own = flags[rule].to_numpy(dtype=bool) & ~gone
        rows.append({"rule": rule, "n": int(own.sum())})
        gone |= own
    return pd.DataFrame(rows, columns=["rule", "n"])


def _reasons(findings: Mapping[str, Finding], rows: int) -> list[str]:
    reasons: list[list[str]] = [[] for _ in range(rows)]
    for rule, found in findings.items():
        for row in np.flatnonzero(found.flagged):
            reasons[row].append(f"{rule}: {found.reason(int(row))}")
    return ["; ".join(parts) for parts in reasons]


def _index_notes(answers: Answers, made: Mapping[str, Index], settings: Mapping[str, Any]) -> list[Note]:
    """Which indices nobody has although no rule asked for them, and that formats differ."""
    notes = []
    absent = [f"{name} ({index.why_not.rstrip('.')})" for name, index in made.items()
              if index.why_not and name not in settings]  # fmt: skip
    if absent:
        message = f"Indices of careless answering that were not computed: {'; '.join(absent)}."
        notes.append(Note("SCREENING_INDEX_NOT_COMPUTED", message))
    if answers.mixed:
        message = (
            "The items have different response formats: within a respondent answers are compared as shares of their "
            "range, and irv, a standard deviation of the answers as given, mixes them."
        )
        notes.append(Note("SCREENING_MIXED_FORMATS", message))
    return notes


def _summary_notes(flags: pd.DataFrame, exclude: list[str], n: int, answers: Answers) -> list[Note]:
    notes = []
    if not answers.items:
        looked = {"response_time", "attention"} & set(flags.columns)
        applied = "Only rules about other columns were" if looked else "No screening rule was"
        message = f"{applied} applied: without an instrument, none of the columns is an item."
        notes.append(Note("SCREENING_NO_ITEMS", message, "warning"))
    rows = len(flags)
    counts = flags.sum()
    flagged = int(flags.any(axis=1).sum())
    if flagged:
        said = ", ".join(f"{rule} {count}" for rule, count in counts.items() if count)
        stay = flagged - (rows - n)
        was = "was" if flagged == 1 else "were"
        remain = "all stay" if stay == flagged > 1 else f"{stay} of them {'stays' if stay == 1 else 'stay'}"
        message = f"{flagged} of {rows} respondents {was} flagged ({said}); {remain} in the analysis."
        notes.append(Note("SCREENING_FLAGGED", message))
    if n < rows:
        message = f"{rows - n} of {rows} respondents were removed by the rules {', '.join(exclude)}; {n} are left."
        notes.append(Note("SCREENING_EXCLUDED", message, "warning"))
    if n == 0:
        notes.append(Note("SCREENING_NOBODY_LEFT", "The rules removed every respondent; loosen them.", "warning"))
    return notes
