"""How far the three functions and the four tasks of CRM are practised: ratings from 0 to 4 with evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.agreement import agreement, pairs_of
from crmstudy.assessment.answered import COMMAS, answered, recognised, text_column
from crmstudy.assessment.catalogue import catalogue, common_words, language, part_labels
from crmstudy.assessment.form import Field, write_form
from crmstudy.assessment.result import AssessmentResult, Shown
from crmstudy.assessment.spelling import spelled_alike
from crmstudy.assessment.wording import say
from crmstudy.drawing import Drawing, Grid, Radar
from crmstudy.errors import AnalysisError, DataError, ModelError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import ESTIMATE_COLUMNS, sample_table
from crmstudy.selection import coverage_faults, is_whole

_ROOM, _WHAT, _TOP = "processes", "process audit", 4
_ALONE = "all"
_PRACTICE_COLUMNS = (
    "unit", "area", "kind", "practice", "question", "source", "level", "lowest", "highest", "raters", "evidence",
)  # fmt: skip
_TERMS = ("kappa_linear", "kappa_quadratic", "icc_single", "icc_average")
_PAIR_COLUMNS = (
    "unit", "rater_1", "rater_2", "practices", "equal_percent", "within_one_percent", "mean_difference",
)  # fmt: skip
_FIELDS = (
    Field("practice", {"en": "Practice", "fa": "رویه", "ru": "Практика"}),
    Field("question", {"en": "Question", "fa": "پرسش", "ru": "Вопрос"}, required=False, width=60),
    Field(
        "level",
        {"en": "Level, 0 to 4", "fa": "سطح، ۰ تا ۴", "ru": "Уровень, 0–4"},
        "number",
        filled=True,
        offered=(0, 1, 2, 3, 4),
    ),
    Field("evidence", {"en": "Evidence", "fa": "مدرک", "ru": "Подтверждение"}, filled=True, required=False, width=40),
    Field("rater", {"en": "Rater", "fa": "ارزیاب", "ru": "Эксперт"}, filled=True, required=False),
    Field("unit", {"en": "Unit", "fa": "واحد", "ru": "Подразделение"}, filled=True, required=False),
)


def form_fields() -> tuple[Field, ...]:
    """The columns of the form."""
    return _FIELDS


#: So many practices are named as next.
_NAMED = 2


@dataclass(frozen=True, eq=False, repr=False)
class ProcessAudit(AssessmentResult):
    """Levels of the practices of CRM, by function and task.

    Tables: ``areas`` (unit, area, kind, source, practices, rated, mean, weakest, percent_practised, without_evidence),
    ``practices`` (unit, area, kind, practice, question, source, level, lowest, highest, raters, evidence),
    ``disagreements`` (unit, practice, lowest, highest), ``pairs`` (unit, rater_1, rater_2, practices, equal_percent,
    within_one_percent, mean_difference), ``without_evidence`` (unit, practice, level), ``next_steps`` (unit, area,
    practice, level, next_level, anchor). ``estimates`` has the agreement of the raters of each unit with two or more:
    ``kappa_linear``, ``kappa_quadratic``, ``icc_single``, ``icc_average``; last columns ``unit``, ``raters``,
    ``practices`` (how many the coefficient rests on).
    """

    kind: ClassVar[str] = "process audit"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "areas", "Functions and Tasks of CRM",
            (
                ("unit", "Unit", "text"), ("area", "Area", "text"), ("kind", "Kind", "text"), ("rated", "Rated", "n"),
                ("practices", "Practices", "n"), ("mean", "Mean level", "estimate"), ("weakest", "Weakest", "n"),
                ("percent_practised", "At level 3 or 4, %", "percent"), ("without_evidence", "No evidence", "n"),
            ),
            "Levels from 0 (absent) to 4 (measured and improved); of several raters the lower median counts.",
        ),
        Shown(
            "next_steps", "Next Steps, the Lowest Practices First",
            (
                ("unit", "Unit", "text"), ("practice", "Practice", "text"), ("level", "Level", "n"),
                ("next_level", "Next", "n"), ("anchor", "Reached when", "text"),
            ),
            rows=10,
        ),
        Shown(
            "estimates", "Agreement of Raters",
            (
                ("unit", "Unit", "text"), ("term", "Coefficient", "text"), ("raters", "Raters", "n"),
                ("practices", "Practices", "n"), ("estimate", "Estimate", "r"), ("ci_low", "From", "r"),
                ("ci_high", "To", "r"),
            ),
            "Over the practices that all raters of a unit rated. No band of interpretation is applied.",
        ),
        Shown(
            "pairs", "Agreement of Pairs of Raters",
            (
                ("unit", "Unit", "text"), ("rater_1", "Rater", "text"), ("rater_2", "Rater", "text"),
                ("practices", "Practices", "n"), ("equal_percent", "Equal, %", "percent"),
                ("within_one_percent", "Within one level, %", "percent"),
                ("mean_difference", "Mean difference", "estimate"),
            ),
            "Difference: the second rater less the first.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The strongest and the weakest area of each unit, evidence and disagreement."""
        labels = {area["id"]: area["label"] for area in catalogue("data_processes")["areas"]}
        said = []
        for unit, areas in self.tables["areas"].groupby("unit", sort=False):
            rated = areas[areas["rated"] > 0]
            counts = {"rated": (int(areas["rated"].sum()), "n"), "asked": (int(areas["practices"].sum()), "n")}
            which = "process_rated" if unit == _ALONE else "process_rated_unit"
            said.append(say(_ROOM, which, lang, unit=str(unit), **counts))  # type: ignore[arg-type]
            high, low = rated["mean"].max(), rated["mean"].min()
            sides = [("process_best", high), ("process_worst", low)] if low < high else [("process_level", low)]
            for key, level in sides:
                named = COMMAS[lang].join(labels[area][lang] for area in rated.loc[rated["mean"] == level, "area"])
                said.append(say(_ROOM, key, lang, area=named, level=(level, "estimate")))
            silent = areas.loc[areas["rated"] == 0, "area"]
            if len(silent):
                named = COMMAS[lang].join(labels[area][lang] for area in silent)
                said.append(say(_ROOM, "process_unrated", lang, area=named))
            said += self._agreement(str(unit), lang)
        lacking, apart = len(self.tables["without_evidence"]), len(self.tables["disagreements"])
        said.append(say(_ROOM, "process_evidence", lang, lacking=(lacking, "n"), apart=(apart, "n")))
        return tuple(said)

    def _agreement(self, unit: str, lang: str) -> Iterator[str]:
        """How far the raters of a unit agree, where there are two or more."""
        mine = self.estimates[self.estimates["unit"] == unit]
        kappas = {
            row["term"]: row for row in mine.to_dict("records") if row["term"] in ("kappa_linear", "kappa_quadratic")
        }
        if len(kappas) == 2:
            linear, quadratic = kappas["kappa_linear"], kappas["kappa_quadratic"]
            yield say(
                _ROOM, "process_agreement", lang, raters=(linear["raters"], "n"), practices=(linear["practices"], "n"),
                linear=(linear["estimate"], "r"), quadratic=(quadratic["estimate"], "r"),
            )  # fmt: skip

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """What would lift the lowest practices."""
        questions = {practice["id"]: practice["question"][lang] for _, practice in _practices()}
        anchors = {one["level"]: one["anchor"][lang] for one in catalogue("data_processes")["levels"]}
        return tuple(
            say(_ROOM, "process_next", lang, practice=questions[row["practice"]], anchor=anchors[row["next_level"]])
            for row in self.tables["next_steps"].head(_NAMED).to_dict("records")
        )

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of the areas, and the practices as they are asked."""
        questions = {practice["id"]: practice["question"][lang] for _, practice in _practices()}
        said = common_words(lang)
        terms = {term: say(_ROOM, f"process_{term}", lang) for term in _TERMS}
        areas = part_labels("data_processes", "areas", lang)
        return {"area": areas, "practice": questions, "kind": said, "unit": said, "term": terms}

    def drawings(self) -> tuple[Drawing, ...]:
        """The profile over the seven areas; with several units a grid of units by areas."""
        areas = self.tables["areas"]
        named = catalogue("data_processes")["areas"]
        by_unit = {
            str(unit): tuple(None if value != value else float(value) for value in rows["mean"])
            for unit, rows in areas.groupby("unit", sort=False)
        }
        spokes = tuple(area["label"]["en"] for area in named)
        alt = f"Mean levels of three functions and four tasks, from 0 to 4. {' '.join(self.prose()[:3])}"
        radar = Radar("Functions and tasks of CRM", alt, spokes, tuple(by_unit.items()), float(_TOP))
        if len(by_unit) == 1:
            return (radar,)
        title = "Functions and tasks of CRM by unit"
        return Grid(title, alt, tuple(by_unit), spokes, tuple(by_unit.values()), 0.0, float(_TOP)), radar


def process_form(path: str | Path, lang: str = "en") -> Path:
    """Write the form of a process audit, with the meaning of the levels.

    Parameters
    ----------
    path : path
        ``.xlsx`` or ``.csv``; never over a file.
    lang : {"en", "fa", "ru"}

    Returns
    -------
    Path

    Raises
    ------
    OutputError, UnsupportedError
        When the file exists; for another language or kind of file.

    Notes
    -----
    Source documents 3.3 to 3.6.
    """
    language(lang)
    rows = [{"practice": one["id"], "question": one["question"][lang]} for _, one in _practices()]
    levels = catalogue("data_processes")["levels"]
    how = [f"{one['level']} – {one['label'][lang]}: {one['anchor'][lang]}" for one in levels]
    return write_form(path, rows, lang, fields=_FIELDS, name="processes", how=how)


def process_audit(audit: object, *, level: float = 0.95, bootstrap: int | None = 1000, seed: int = 0) -> ProcessAudit:
    """Profile the three functions and the four tasks of CRM.

    Parameters
    ----------
    audit : DataFrame or path
        A row a rating: ``practice`` (of the catalogue), ``level`` (0 absent, 1 occasional, 2 defined, 3 practised
        throughout, 4 measured and improved; empty: not rated), where known ``evidence``, ``rater``, ``unit``. The file
        may be one written by :func:`process_form`.
    level : float
        Coverage of the intervals of agreement.
    bootstrap : int or None
        Resamples for the interval of kappa with more than two raters, at least 100.
    seed : int
        Of the resamples.

    Returns
    -------
    ProcessAudit

    Raises
    ------
    DataError, ModelError
        With all faults: unknown practices, levels other than 0 to 4; faulty options.
    AnalysisError
        When nothing is rated.

    Notes
    -----
    Source documents 3.3 to 3.5 (the functions collecting, storing, presenting) and 3.6 (the tasks identifying,
    differentiating, satisfying, profitability). Of several raters of a practice the lower median counts, the more
    cautious of the two middle ones; raters more than one level apart are listed. An area has the mean of its rated
    practices and its weakest one; what nobody rated is counted, never taken for 0. A level above 0 without evidence is
    listed. Two different levels by the same rater of a unit for a practice count as none. Agreement of two or more
    raters is weighted kappa (of more than two Light's mean over pairs) and the intraclass correlation of absolute
    agreement, as :func:`crmstudy.raters` and :func:`crmstudy.icc` give them, over the practices that all of a unit's
    raters rated.

    Examples
    --------
    >>> import pandas as pd
    >>> found = process_audit(pd.DataFrame({"practice": ["by_need", "by_value"], "level": [3, 2]}))
    >>> found.tables["areas"].set_index("area").loc["differentiate", ["mean", "weakest"]].tolist()
    [2.5, 2.0]
    """
    _check(level, bootstrap, seed)
    frame = answered(audit, _FIELDS, _WHAT)
    ratings, notes = _ratings(frame)
    if not len(ratings):
        why = " ".join(["Nothing is rated: no row has a level that counts.", *(note.message for note in notes)])
        raise AnalysisError(why, "AUDIT_EMPTY")
    practices = pd.DataFrame(_rated_practices(ratings), columns=list(_PRACTICE_COLUMNS))
    known = practices[practices["raters"] > 0]
    apart = known[known["highest"] - known["lowest"] > 1]
    lacking = known[(known["level"] > 0) & (known["evidence"] == "")]
    areas = pd.DataFrame(_areas(practices))
    silent = areas.loc[areas["rated"] == 0, ["unit", "area"]]
    if len(silent):
        told = ", ".join(
            area if unit == _ALONE else f"{area} ({unit})" for unit, area in silent.itertuples(index=False)
        )
        notes.append(Note("AUDIT_GROUP_NOT_ANSWERED", f"Nobody rated {told}: there is no level.", "warning"))
    if len(apart):
        message = f"Practices to be talked over, on which raters are more than one level apart: {len(apart)}."
        notes.append(Note("AUDIT_RATERS_DISAGREE", message, "warning"))
    if len(lacking):
        message = f"Practices rated above 0 without evidence, which are claims: {len(lacking)}."
        notes.append(Note("AUDIT_WITHOUT_EVIDENCE", message))
    estimates, pairs = _agreements(ratings, level, bootstrap, seed, notes)
    return ProcessAudit(
        estimates=estimates,
        n=len(ratings),
        tables={
            "areas": areas,
            "practices": practices,
            "disagreements": apart[["unit", "practice", "lowest", "highest"]].reset_index(drop=True),
            "pairs": pairs,
            "without_evidence": lacking[["unit", "practice", "level"]].reset_index(drop=True),
            "next_steps": _next_steps(known),
        },
        notes=tuple(notes),
        samples=sample_table(len(ratings), len(frame) - len(ratings)),
        call={"units": sorted(set(ratings["unit"])), "raters": sorted(set(ratings["rater"])), "level": level},
    )


def _check(level: float, bootstrap: int | None, seed: int) -> None:
    faults = coverage_faults(level)
    if bootstrap is not None and (not is_whole(bootstrap) or bootstrap < 100):
        faults.append(f"`bootstrap` is a whole number of resamples, at least 100, or None, not {bootstrap!r}.")
    if not is_whole(seed) or seed < 0:
        faults.append(f"`seed` is a whole number from 0, not {seed!r}.")
    if faults:
        raise ModelError(faults)


def _agreements(
    ratings: pd.DataFrame, level: float, bootstrap: int | None, seed: int, notes: list[Note]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Coefficients of agreement by unit, and what every pair of its raters did."""
    rows, pairs = [], []
    for unit, given in ratings.groupby("unit", sort=False):
        wide = given.pivot(index="practice", columns="rater", values="level")  # noqa: PD010 - nothing stands twice
        if wide.shape[1] < 2:
            continue
        found: list[Note] = []
        made = agreement(wide, _TOP, "AUDIT_NO_AGREEMENT", found, level=level, bootstrap=bootstrap, seed=seed)
        rows += [(*row, str(unit), wide.shape[1], n) for row, n in made]
        pairs += [(str(unit), *pair) for pair in pairs_of(wide)]
        where = "" if unit == _ALONE else f"Unit {unit}: "
        notes += [Note(note.code, where + note.message, note.level, note.subject) for note in found]
    estimates = pd.DataFrame(rows, columns=[*ESTIMATE_COLUMNS, "unit", "raters", "practices"])
    return estimates, pd.DataFrame(pairs, columns=list(_PAIR_COLUMNS))


def _practices() -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for area in catalogue("data_processes")["areas"]:
        for practice in area["practices"]:
            yield area, practice


def _ratings(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Ratings that count: practice, level, evidence, rater, unit."""
    known = recognised({one["id"]: one["question"].values() for _, one in _practices()})
    found = frame["practice"].map(lambda name: known.get(letters.key(str(name))), na_action="ignore")
    unknown = frame.loc[found.isna(), "practice"]
    faults = [
        f"'{shown(name)}' (row {row + 1}) is no practice of the audit.{did_you_mean(str(name), known.values())}"
        if name is not None and name == name
        else f"Row {row + 1} of the {_WHAT} names no practice; name one or delete the row."
        for row, name in zip(unknown.index, unknown, strict=True)
    ]
    level = frame["level"]
    wrong = level.notna() & ~level.isin(range(_TOP + 1))
    if wrong.any():
        quoted = ", ".join(f"{value:g} (row {row + 1})" for row, value in level[wrong].head(3).items())  # type: ignore[operator]
        faults.append(f"'level' of the {_WHAT} is a whole number from 0 to {_TOP}, not {quoted}.")
    if faults:
        raise DataError(faults)
    made = pd.DataFrame({"practice": found, "level": level})
    evidence = text_column(frame, "evidence")
    made["evidence"] = evidence.where(evidence.notna(), "")
    notes: list[Note] = []
    for name, otherwise in (("rater", "1"), ("unit", _ALONE)):
        made[name], said = spelled_alike(text_column(frame, name), f"{name}s", otherwise)
        notes += said
    made = made[made["level"].notna()]
    made = made.astype({"level": int})
    key = ["unit", "practice", "rater"]
    different = made.groupby(key)["level"].transform("nunique") > 1
    for unit, practice, rater in made.loc[different, key].drop_duplicates().itertuples(index=False):
        message = f"'{practice}' has two different levels by rater {rater} (unit {unit}); none of them counts."
        notes.append(Note("AUDIT_TWO_ANSWERS", message, "warning", practice))
    kept = made[~different]
    # of equal levels, the row that has evidence
    kept = kept.sort_values("evidence", key=lambda text: text == "", kind="stable").drop_duplicates(key).sort_index()
    if len(kept) < len(made) - int(different.sum()):
        message = (
            f"Rows of the audit that repeat another one and count once: {len(made) - different.sum() - len(kept)}."
        )
        notes.append(Note("AUDIT_ROWS_REPEATED", message))
    return kept.reset_index(drop=True), notes


def _rated_practices(ratings: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for unit in dict.fromkeys(ratings["unit"]):
        there = ratings[ratings["unit"] == unit]
        for area, practice in _practices():
            rows = there[there["practice"] == practice["id"]]
            levels = sorted(rows["level"])
            figures = (levels[(len(levels) - 1) // 2], levels[0], levels[-1]) if levels else (None, None, None)
            evidence = "; ".join(dict.fromkeys(text for text in rows["evidence"] if text))
            named = (unit, area["id"], area["kind"], practice["id"], practice["question"]["en"], practice["source"])
            yield (*named, *figures, len(levels), evidence)


def _areas(practices: pd.DataFrame) -> Iterator[dict[str, Any]]:
    sources = {area["id"]: area["source"] for area in catalogue("data_processes")["areas"]}
    for (unit, area), rows in practices.groupby(["unit", "area"], sort=False):
        levels = rows["level"].dropna().astype(int)
        lacking = (rows["level"].fillna(0) > 0) & (rows["evidence"] == "")
        yield {
            "unit": unit, "area": area, "kind": rows["kind"].iloc[0], "source": sources[area], "practices": len(rows),
            "rated": len(levels), "mean": levels.mean() if len(levels) else float("nan"),
            "weakest": int(levels.min()) if len(levels) else None,
            "percent_practised": 100.0 * float((levels >= 3).mean()) if len(levels) else float("nan"),
            "without_evidence": int(lacking.sum()),
        }  # fmt: skip


def _next_steps(known: pd.DataFrame) -> pd.DataFrame:
    """What would be the next level of the practices that are not at the top, the lowest first."""
    anchors = {one["level"]: one["anchor"]["en"] for one in catalogue("data_processes")["levels"]}
    below = known[known["level"] < _TOP].sort_values("level", kind="stable")
    following = below["level"].astype(int) + 1
    made = below[["unit", "area", "practice", "level"]].assign(next_level=following, anchor=following.map(anchors))
    return made.reset_index(drop=True)
