"""Sheets to fill in with a questionnaire of one's own, in English, Persian and Russian."""

from __future__ import annotations

from pathlib import Path

from crmstudy.errors import UnsupportedError, did_you_mean
from crmstudy.exchange.drafting.sheet_out import Page, write_pages
from crmstudy.instrument.drafts import direction_of
from crmstudy.instrument.library import shared_sets

#: Headings, the name of the sheet is the same everywhere; they are read back by their meaning.
_HEAD = {
    "en": ("item", "text", "dimension", "reversed", "answers", "type", "note"),
    "fa": ("کد گویه", "متن گویه", "بعد", "معکوس", "پاسخ‌ها", "نوع", "توضیح"),
    "ru": ("код пункта", "текст пункта", "шкала", "обратный", "ответы", "тип", "примечание"),
}  # fmt: skip
_HOW = {
    "en": (
        "How to fill in this workbook",
        "items: one row a question or statement, in the order of the questionnaire.",
        "item: a short code such as SAT1 (Latin letters and digits, no blanks). May stay empty.",
        "text: the statement as respondents read it. Never two statements in one row.",
        "dimension: the name of the scale the item belongs to; empty for questions that are not scored (sex, age ...).",
        "reversed: R where a high answer means little of the dimension; otherwise empty.",
        "answers: the name of a set below or of the sheet answers, or the labels from low to high with ; between.",
        "type: empty for one answer of a set; slider for a line, multi for several answers, rank for an order; "
        "integer, decimal, text, longtext or date for an open question; info for a text between questions.",
        "answers (sheet): one row an answer: the name of the set, its number, its label.",
        "about (sheet): the name of the questionnaire and its instructions.",
        "Sets that are there already:",
    ),
    "fa": (
        "راهنمای پر کردن این فایل",
        "items: برای هر پرسش یا گویه یک سطر، به ترتیب پرسشنامه.",
        "کد گویه: کدی کوتاه مانند SAT1 (حروف لاتین و رقم، بی‌فاصله). می‌تواند خالی بماند.",
        "متن گویه: همان متنی که پاسخ‌دهنده می‌خواند. در یک سطر دو گویه ننویسید.",
        "بعد: نام مقیاسی که گویه به آن تعلق دارد؛ برای پرسش‌هایی که نمره نمی‌گیرند (جنسیت، سن و مانند آن) خالی.",
        "معکوس: R برای گویه‌ای که نمرهٔ بالای آن به معنای میزان کم آن بعد است؛ در غیر این صورت خالی.",
        "پاسخ‌ها: نام یکی از مجموعه‌های زیر یا برگهٔ answers، یا خود برچسب‌ها از کم به زیاد با نشانهٔ ; میان آن‌ها.",
        "نوع: برای یک پاسخ از مجموعه خالی؛ slider برای خط، multi برای چند پاسخ، rank برای رتبه‌بندی؛ "
        "برای پرسش باز یکی از integer، decimal، text، longtext یا date؛ info برای متنی میان پرسش‌ها.",
        "برگهٔ answers: برای هر پاسخ یک سطر: نام مجموعه، عدد و برچسب.",
        "برگهٔ about: نام پرسشنامه و راهنمای پاسخ‌دهی.",
        "مجموعه‌های آماده:",
    ),
    "ru": (
        "Как заполнить эту книгу",
        "items: одна строка на вопрос или утверждение, в порядке анкеты.",
        "код пункта: короткий код, например SAT1 (латинские буквы и цифры, без пробелов). Можно оставить пустым.",
        "текст пункта: утверждение так, как его читает респондент. Не пишите два утверждения в одной строке.",
        "шкала: название шкалы, к которой относится пункт; пусто для вопросов без балла (пол, возраст и т. п.).",
        "обратный: R, если высокий ответ означает низкий уровень по шкале; иначе пусто.",
        "ответы: имя набора из списка ниже или с листа answers либо сами подписи от низкой к высокой через ;",
        "тип: пусто для одного ответа из набора; slider для линии, multi для нескольких ответов, rank для порядка; "
        "integer, decimal, text, longtext или date для открытого вопроса; info для текста между вопросами.",
        "лист answers: одна строка на ответ: имя набора, число, подпись.",
        "лист about: название анкеты и инструкция.",
        "Готовые наборы:",
    ),
}  # fmt: skip
LANGUAGES = tuple(_HEAD)


def write_questionnaire_template(path: str | Path, lang: str = "en") -> Path:
    """Write an empty workbook for a questionnaire: items, answers, about, and how to fill it in.

    Parameters
    ----------
    path : path
        The workbook to write (.xlsx); it is never written over a file.
    lang : {"en", "fa", "ru"}
        The language of headings and of the questionnaire.

    Raises
    ------
    UnsupportedError
        For another language or kind of file.
    OutputError
        When the file exists or its folder does not.
    """
    if lang not in _HEAD:
        raise UnsupportedError(
            f"templates are written in {', '.join(LANGUAGES)}, not '{lang}'.{did_you_mean(lang, LANGUAGES)}"
        )
    if Path(path).suffix.lower() != ".xlsx":
        raise UnsupportedError(
            f"the template is a workbook of several sheets: name it .xlsx, not '{Path(path).suffix}'."
        )
    rtl = direction_of(lang) == "rtl"
    sets = [[f"{name}: " + " / ".join(_labels(name, lang))] for name in shared_sets()]
    pages = [
        Page("items", [list(_HEAD[lang])], (14, 60, 24, 10, 30, 12, 30), rtl),
        Page("answers", [["set", "value", lang]], (18, 8, 40), rtl),
        Page("about", [["key", lang], ["name", ""], ["instructions", ""]], (16, 80), rtl),
        Page("how", [[line] for line in _HOW[lang]] + sets, (120,), rtl),
    ]
    return write_pages(path, pages)


def _labels(name: str, lang: str) -> list[str]:
    declared = shared_sets()[name]["labels"]
    return [f"{value} {texts.get(lang, '')}" for value, texts in declared.items()]  # type: ignore[attr-defined]
