"""The form in which one respondent says which functions are there, used and useful."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crmstudy.assessment.form import write_form
from crmstudy.assessment.modules.answers import FIELDS
from crmstudy.assessment.modules.listed import module_functions

_HOW = {
    "en": (
        "One respondent fills in one sheet; write the respondent's code in each row. Sheets are put together below one "
        "another, under one heading.",
        "How often: 0 never, 1 less than once a month, 2 monthly, 3 weekly, 4 daily.",
    ),
    "fa": (
        "هر پاسخ‌دهنده یک برگه را پر می‌کند؛ کد پاسخ‌دهنده را در هر سطر بنویسید. برگه‌ها زیر یک عنوان پشت سر هم "
        "گذاشته می‌شوند.",
        "چند وقت یک‌بار: ۰ هرگز، ۱ کمتر از ماهی یک‌بار، ۲ ماهانه، ۳ هفتگی، ۴ روزانه.",
    ),
    "ru": (
        "Один респондент заполняет один лист; укажите код респондента в каждой строке. Листы складываются друг под "
        "другом под одним заголовком.",
        "Как часто: 0 никогда, 1 реже раза в месяц, 2 ежемесячно, 3 еженедельно, 4 ежедневно.",
    ),
}


def module_form(path: str | Path, lang: str = "en", *, area: str | Sequence[str] | None = None) -> Path:
    """Write the form of module adoption to fill in (``.xlsx`` or ``.csv``), never over a file.

    Parameters
    ----------
    path : path
    lang : {"en", "fa", "ru"}
    area : {"sales", "contact", "marketing", "service"} or several, optional
        Only functions of these service areas.

    Raises
    ------
    ModelError
        For an area that does not exist.
    OutputError, UnsupportedError
        As :func:`crmstudy.assessment.form.write_form`.
    """
    listed = module_functions(area, lang)
    rows = [
        {"module": row["module_label"], "function": row["function"], "label": row["label"]}
        for row in listed.to_dict("records")
    ]
    return write_form(path, rows, lang, fields=FIELDS, name="modules", how=_HOW[lang])
