"""What the heading of a column, or a mark beside an item, says; in English, Persian and Russian."""

from __future__ import annotations

import re

from crmstudy import letters

#: Headings of columns by what they hold. Compared as :func:`crmstudy.letters.key` writes them.
HEADINGS: dict[str, tuple[str, ...]] = {
    "item": (
        "item", "id", "item id", "code", "item code", "variable", "name", "گویه", "کد", "کد گویه", "شناسه",
        "شناسه گویه",
        "متغیر", "пункт", "код", "код пункта", "идентификатор", "переменная",
    ),
    "number": ("number", "no", "no.", "nr", "#", "№", "n", "شماره", "ردیف", "شماره گویه", "شماره سوال", "номер",
    "п/п", "№ п/п", "п п"),
    "text": (
        "text", "wording", "question", "questions", "statement", "statements", "item text", "item wording", "متن",
        "متن گویه",
        "متن سوال", "سوال", "سؤال", "سوالات", "سؤالات", "پرسش", "پرسش‌ها", "گویه‌ها", "عبارت", "عبارات", "جمله",
        "شرح",
        "текст", "формулировка", "вопрос", "вопросы", "утверждение", "утверждения", "текст пункта", "пункты", "items",
    ),
    "scale": (
        "scale", "subscale", "dimension", "dimensions", "factor", "construct", "component", "بعد", "ابعاد",
        "مقیاس", "مؤلفه",
        "مولفه", "مؤلفه‌ها", "مولفه‌ها", "خرده مقیاس", "خرده‌مقیاس", "عامل", "سازه", "شاخص", "متغیر اصلی",
        "шкала", "субшкала",
        "измерение", "фактор", "конструкт", "компонент", "показатель", "блок", "раздел",
    ),
    "reversed": (
        "reversed", "reverse", "key", "r", "reverse scored", "reverse-scored", "keying", "معکوس", "معکوس شده",
        "نمره‌گذاری معکوس",
        "نمره گذاری", "جهت", "کلید", "обратный", "обратные", "обратная", "реверс", "ключ", "инверсия",
    ),
    "answers": (
        "answers", "answer", "response", "responses", "response set", "options", "labels", "scale labels", "پاسخ",
        "پاسخ‌ها",
        "گزینه", "گزینه‌ها", "طیف", "طیف پاسخ", "ответ", "ответы", "варианты", "варианты ответа",
        "варианты ответов", "шкала ответов",
    ),
    "type": ("type", "question type", "نوع", "نوع سوال", "نوع پرسش", "тип", "тип вопроса"),
    "note": ("note", "notes", "comment", "comments", "remark", "توضیح", "توضیحات", "یادداشت", "примечание",
    "примечания", "комментарий"),
}  # fmt: skip
_KNOWN = {letters.key(name): role for role, names in HEADINGS.items() for name in names}
#: Words in a cell of the column "reversed" that say yes, and that say no.
_YES = {letters.key(word) for word in (
    "yes", "y", "r", "rev", "reverse", "reversed", "x", "true", "1", "-1", "-", "negative", "minus", "*", "✓",
    "✔", "بله", "بلی",
    "معکوس", "منفی", "م", "да", "обратный", "обратная", "обратное", "о", "минус", "+r", "(r)", "обр", "обр.",
)}  # fmt: skip
_NO = {letters.key(word) for word in (
    "", "no", "n", "false", "0", "+", "+1", "positive", "direct", "straight", "normal", "خیر", "نه", "مستقیم",
    "مثبت", "нет", "прямой",
    "прямая", "прямое", "плюс",
)}  # fmt: skip
#: Marks in or beside a text that say that it is scored the other way.
_MARK = re.compile(
    r"(?:[\(\[]\s*(?:r|rev\.?|reverse(?:d)?(?:[ -]scored)?|معکوس|نمره‌?\s?گذاری معکوس|обр\.?|обратн\w*|реверс\w*)"
    r"\s*[\)\]])",
    re.IGNORECASE,
)
_STAR = re.compile(r"\s*\*{1,3}\s*$|^\s*\*{1,3}\s*")
#: Words that make a statement negative; a statement with one is only listed as unsure.
_NEGATIVE = re.compile(
    r"\b(?:not|never|no|none|nobody|hardly|rarely|seldom|lack\w*|without|unable|cannot|can't|don't|doesn't|isn't"
    r"|aren't|didn't|won't)\b"
    r"|(?<![\w])(?:не|нет|никогда|никто|ничего|редко|без|отсутств\w*|нельзя|невозможно)(?![\w])"
    r"|(?<![\w])(?:هرگز|هیچ\w*|بدون|به‌?ندرت|فاقد|نیست\w*|ندار\w+|نمی[\u200c ]?\w+|نمی\w+|نبود\w*"
    r"|نشد\w*|نکرد\w*|نخواه\w*|ناتوان\w*)(?![\w])",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"demograph|personal (?:data|information|details|characteristics)|about you\b"
    r"|background (?:questions|information)|respondent profile"
    r"|جمعیت|دموگراف|مشخصات|اطلاعات (?:فردی|شخصی|عمومی|پاسخ)|ویژگی‌?\s?های? (?:فردی|شخصی|پاسخ)"
    r"|демограф|о вас\b|о себе\b|личн\w+ данн|сведения о респонденте|паспортичк|общие сведения|анкетные данные",
    re.IGNORECASE,
)


def is_about_person(heading: str) -> bool:
    """Whether a heading stands over questions about the respondent (sex, age ...)."""
    return bool(_PERSON.search(letters.plain(heading)) or _PERSON.search(heading))


def heading_of(name: str) -> str:
    """What a column is for, by its heading: item, number, text, scale, reversed, answers, type, note; or nothing."""
    known = letters.key(re.sub(r"[\*:]+$", "", name.strip()))
    return _KNOWN.get(known, "") if known else ""


def says_reversed(cell: str) -> bool | None:
    """Whether a cell of the column "reversed" says yes or no; None for anything else."""
    plain = letters.key(cell)
    bare = plain or cell.strip()
    if bare in _YES or cell.strip() in ("*", "-", "−", "–"):
        return True
    return False if bare in _NO or cell.strip() == "+" else None


def take_mark(text: str) -> tuple[str, str]:
    """A text without a mark that it is reversed, and the mark ("(R)", "*"); the mark is empty where there is none."""
    found = _MARK.search(text)
    if found:
        return " ".join((text[: found.start()] + " " + text[found.end() :]).split()), found[0]
    star = _STAR.search(text)
    if star:
        return _STAR.sub("", text).strip(), "*"
    return text, ""


def reads_negative(text: str) -> str:
    """The word that makes a statement negative, or the empty string."""
    found = _NEGATIVE.search(text)
    return found[0] if found else ""
