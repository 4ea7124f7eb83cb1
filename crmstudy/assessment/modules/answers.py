"""The answers on modules: who has, uses and values which function, brought into one form, with all faults at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.form import Field, filled_in
from crmstudy.assessment.modules.listed import owners as owners_of
from crmstudy.assessment.tables import Type, table_of
from crmstudy.errors import DataError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown

YES, NO, UNKNOWN = "yes", "no", "unknown"
_YES = {"en": "yes", "fa": "بله", "ru": "да"}
_NO = {"en": "no", "fa": "خیر", "ru": "нет"}
_UNKNOWN = {"en": "do not know", "fa": "نمی‌دانم", "ru": "не знаю"}
#: Further ways to write the answers, in data files.
_ALSO = {YES: ("1", "true", "y", "آری", "بلی"), NO: ("0", "false", "n", "نه"), UNKNOWN: ("?", "dk", "don't know")}
#: Ends of the scale of frequency (0 never, 1 less than monthly, 2 monthly, 3 weekly, 4 daily) and of usefulness.
OFTEN, USEFUL = (0.0, 4.0), (1.0, 5.0)
#: Columns that the answers have in any case.
COLUMNS = ("respondent", "module", "function", "available", "used", "frequency", "usefulness")
#: So many faulty rows are told of one kind.
_TOLD = 5

FIELDS = (
    Field("respondent", {"en": "respondent", "fa": "پاسخ‌دهنده", "ru": "респондент"}, filled=True),
    Field("role", {"en": "role", "fa": "نقش", "ru": "роль"}, filled=True, required=False),
    Field("unit", {"en": "unit", "fa": "واحد", "ru": "подразделение"}, filled=True, required=False),
    Field("wave", {"en": "wave", "fa": "نوبت", "ru": "волна"}, filled=True, required=False),
    Field("module", {"en": "module", "fa": "ماژول", "ru": "модуль"}, required=False, width=24),
    Field("function", {"en": "function", "fa": "کارکرد", "ru": "функция"}, width=24),
    Field("label", {"en": "what it is", "fa": "شرح", "ru": "описание"}, required=False, width=50),
    Field(
        "available",
        {"en": "is it there?", "fa": "در دسترس است؟", "ru": "имеется?"},
        answers={YES: _YES, NO: _NO, UNKNOWN: _UNKNOWN},
        filled=True,
    ),
    Field("used", {"en": "do you use it?", "fa": "از آن استفاده می‌کنید؟", "ru": "вы ею пользуетесь?"},
          answers={YES: _YES, NO: _NO}, filled=True),
    Field("frequency", {"en": "how often?", "fa": "چند وقت یک‌بار؟", "ru": "как часто?"}, "number", filled=True,
          required=False, offered=(0, 1, 2, 3, 4)),
    Field("usefulness",
          {"en": "how useful? (1 to 5)", "fa": "تا چه حد سودمند؟ (۱ تا ۵)", "ru": "насколько полезна? (1–5)"},
          "number", filled=True, required=False, width=22, offered=(1, 2, 3, 4, 5)),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers in one form, a row for each respondent, function and wave.

    ``frame`` has respondent, module, function, available (yes, no, unknown or missing), used (yes, no or missing),
    frequency, usefulness, doubtful (contradicts itself), and role, unit and wave where asked for. ``waves`` are the
    waves in their order.
    """

    frame: pd.DataFrame
    waves: tuple[str, ...]
    notes: tuple[Note, ...]
    contradictions: pd.DataFrame


def answers_of(
    data: object, asked: pd.DataFrame, role: str | None, unit: str | None, wave: str | None, often: str
) -> Answers:
    """Read and check answers; only functions in ``asked`` (see :func:`module_functions`) stay.

    Raises
    ------
    DataError
        For missing columns, unknown functions, values that are none, two different answers of one respondent on one
        function in one wave, and respondents with two roles or units in one wave; all at once.
    """
    names = {"role": role, "unit": unit, "wave": wave}
    groups: dict[str, Type] = {name: "text" for name in names.values() if name is not None}
    source = filled_in(data, FIELDS, "answers on modules", groups)
    frame = table_of(
        source,
        {"respondent": "text", "function": "text", "available": "text", "used": "text", **groups},
        {"module": "text", "frequency": "number", "usefulness": "number"},
        what="answers on modules",
    ).rename(columns={name: key for key, name in names.items() if name is not None})
    for name in ("frequency", "usefulness"):
        if name not in frame:
            frame[name] = float("nan")
    notes: list[Note] = []
    faults = [*_recognise(frame), *_ranges(frame, often)]
    frame, same = _without_copies(frame)
    faults += _twice(frame) + _changing(frame)
    if faults:
        raise DataError(faults)
    if same:
        message = f"{same} rows are exact copies of others and were left out."
        notes.append(Note("MODULES_COPIES", message, subject="answers"))
    frame["module"] = frame["function"].map(owners_of())
    before = len(frame)
    frame = frame[frame["function"].isin(set(asked["function"]))].reset_index(drop=True)
    if frame.empty:
        raise DataError(f"None of the {before} answers is on a function of the area asked for; leave `area` out.")
    frame, found = _contradictions(frame, notes)
    return Answers(frame, _ordered(frame), tuple(notes), found)


def _recognise(frame: pd.DataFrame) -> list[str]:
    """Bring yes and no into one form in place; the faults of these and of names."""
    faults = []
    for name in ("respondent", "function"):
        lacking = int(frame[name].isna().sum())
        if lacking:
            row = int(frame.index[frame[name].isna()][0]) + 1
            faults.append(f"{lacking} answers lack '{name}' (the first in row {row}); fill it in or leave them out.")
    owners = owners_of()
    functions = frame["function"].dropna().unique()
    faults += [
        f"'{shown(name)}' is no function of the catalogue (module_functions() lists them)."
        f"{did_you_mean(str(name), owners)}"
        for name in functions
        if name not in owners
    ]
    if "module" in frame:
        own = frame["function"].map(owners)
        wrong = frame["module"].notna() & own.notna() & ~_same_module(frame["module"], own)
        for name, module in dict.fromkeys(zip(frame["function"][wrong], frame["module"][wrong], strict=True)):
            faults.append(f"The function '{shown(name)}' is of the module '{owners[name]}', not '{shown(module)}'.")
    for name, allowed in (("available", (YES, NO, UNKNOWN)), ("used", (YES, NO))):
        made, bad = _answers(frame[name], allowed)
        frame[name] = made
        if bad:
            said = ", ".join(allowed)
            faults.append(f"'{name}' is one of {said}; found {bad}. Correct or empty it.")
    return faults


def _same_module(given: pd.Series, own: pd.Series) -> pd.Series:
    """Whether a module is named by its name or by its label in some language."""
    from crmstudy.assessment.catalogue import catalogue

    words = {
        letters.key(word): name
        for name, module in catalogue("modules")["modules"].items()
        for word in (name, *module["label"].values())
    }
    return given.map(lambda word: words.get(letters.key(word)), na_action="ignore") == own


def _answers(column: pd.Series, allowed: Sequence[str]) -> tuple[pd.Series, str]:
    """Answers as yes, no or unknown, and those that are none of them, quoted."""
    words = {YES: _YES, NO: _NO, UNKNOWN: _UNKNOWN}
    meant = {
        letters.key(word): value for value in allowed for word in (value, *words[value].values(), *_ALSO[value])
    }  # fmt: skip
    there = column.dropna()
    read = {word: meant.get(letters.key(str(word))) for word in there.unique()}
    bad = [(word, int((there == word).sum())) for word, value in read.items() if value is None]
    quoted = ", ".join(f"'{shown(str(word))}' ({count} times)" for word, count in bad[:_TOLD])
    made = column.map(read, na_action="ignore").astype(object)
    return made.where(made.notna(), None), quoted + (f" and {len(bad) - _TOLD} more" if len(bad) > _TOLD else "")


def _ranges(frame: pd.DataFrame, often: str) -> list[str]:
    ends = {"frequency": OFTEN if often == "scale" else (0.0, float("inf")), "usefulness": USEFUL}
    faults = []
    for name, (low, high) in ends.items():
        outside = frame[name].notna() & ~frame[name].between(low, high)
        if outside.any():
            rows = ", ".join(f"{frame[name][place]:g} (row {place + 1})" for place in frame.index[outside][:_TOLD])
            wanted = "0 or more times a month" if high == float("inf") else f"from {low:g} to {high:g}"
            advice = ' For times a month give often="monthly".' if name == "frequency" and often == "scale" else ""
            faults.append(f"'{name}' is {wanted}; {int(outside.sum())} values are outside, such as {rows}.{advice}")
    return faults


def _keys(frame: pd.DataFrame) -> list[str]:
    return ["respondent", *(["wave"] if "wave" in frame else [])]


def _without_copies(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    copies = frame.duplicated()
    return frame[~copies].copy(), int(copies.sum())


def _twice(frame: pd.DataFrame) -> list[str]:
    """Respondents with two different answers on one function in one wave."""
    again = frame.duplicated([*_keys(frame), "function"], keep=False) & frame["function"].notna()
    pairs = frame[again & frame["respondent"].notna()].groupby([*_keys(frame), "function"], dropna=False, sort=False)
    found = list(pairs.size().index)
    if not found:
        return []
    told = "; ".join(" / ".join(shown(str(part)) for part in pair) for pair in found[:_TOLD])
    where = "respondent / wave / function" if "wave" in frame else "respondent / function"
    advice = "" if "wave" in frame else " If there were several waves, name their column with `wave`."
    return [f"{len(found)} times a function has two different answers ({where}): {told}. Keep one of each.{advice}"]


def _changing(frame: pd.DataFrame) -> list[str]:
    """Respondents with two roles or units in one wave, and answers without a wave."""
    faults = []
    for name in ("role", "unit"):
        if name in frame:
            several = frame.groupby(_keys(frame), sort=False)[name].nunique()
            names = [shown(str(key[0] if isinstance(key, tuple) else key)) for key in several.index[several > 1]]
            if names:
                told = ", ".join(names[:_TOLD])
                faults.append(f"{len(names)} respondents have more than one {name} in a wave: {told}. Keep one.")
    if "wave" in frame and frame["wave"].isna().any():
        faults.append(f"{int(frame['wave'].isna().sum())} answers lack their wave; fill it in.")
    return faults


def _contradictions(frame: pd.DataFrame, notes: list[Note]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count answers that contradict each other; what a contradiction touches is not counted as use."""
    used = frame["used"] == YES
    kinds = {
        "used, but not there": used & (frame["available"] == NO),
        "used, but not known to be there": used & (frame["available"] == UNKNOWN),
        "not used, but with a frequency": (frame["used"] == NO) & (frame["frequency"] > 0),
        "used, but never": used & (frame["available"] == YES) & (frame["frequency"] == 0),
    }
    rows = [
        (function, kind, int(count))
        for kind, found in kinds.items()
        for function, count in frame.loc[found, "function"].value_counts(sort=False).items()
    ]
    for kind, found in kinds.items():
        if found.any():
            message = f"{int(found.sum())} answers say of a function: {kind}; they count neither as use nor as none."
            notes.append(Note("MODULES_CONTRADICTION", message, "warning", kind))
    contradicts = pd.concat(kinds.values(), axis=1).any(axis=1)
    made = frame.copy()
    made.loc[contradicts, "used"] = None
    made.loc[contradicts, "frequency"] = float("nan")
    made["doubtful"] = contradicts
    return made, pd.DataFrame(rows, columns=["function", "contradiction", "n"])


def _ordered(frame: pd.DataFrame) -> tuple[str, ...]:
    """The waves in their order: numbers within their names count as numbers."""
    return tuple(sorted(frame["wave"].unique(), key=_natural)) if "wave" in frame else ()


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", letters.digits(name))
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]
