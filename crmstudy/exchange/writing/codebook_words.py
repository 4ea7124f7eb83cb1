"""The words of a codebook page in English, Persian and Russian."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "codebook": "Codebook", "respondents": "Respondents", "variables": "Variables", "fingerprint": "fingerprint",
        "rights": "Rights", "scale": "Scale", "made_of": "Made of", "rule": "Score", "range": "Range",
        "reversed": "reversed", "code": "Code", "label": "Label", "missing_code": "no answer", "drafts": "Draft texts",
        "mean": "mean of the answered parts, at least {}", "sum": "mean of the answered parts, at least {}, times {}",
        "rescaled": "; then mapped to {}", "n": "answered", "missing": "missing", "out_of_range": "out of range",
        "average": "M", "sd": "SD", "min": "min", "max": "max", "distinct": "different texts",
        "paraphrase": "Own paraphrase, not the validated wording: no published norm or cut-off applies.",
        "published": "Published wording.", "none": "Structure and key only: the wording is not shown.",
        "id": "identifier", "item": "item", "question": "open question", "option": "answer of a list",
        "place": "place in an order",
        "variable": "variable", "score": "scale score", "nominal": "nominal", "ordinal": "ordinal",
        "metric": "numeric", "text": "text", "date": "date",
    },
    "fa": {
        "codebook": "راهنمای کدگذاری", "respondents": "پاسخ‌دهندگان", "variables": "متغیرها",
        "fingerprint": "اثر انگشت دیجیتال", "rights": "حقوق نشر", "scale": "مقیاس", "made_of": "اجزا", "rule": "نمره",
        "range": "دامنه", "reversed": "معکوس", "code": "کد", "label": "برچسب", "missing_code": "بدون پاسخ",
        "drafts": "متن‌های پیش‌نویس", "mean": "میانگین اجزای پاسخ‌داده‌شده، دست‌کم {}",
        "sum": "میانگین اجزای پاسخ‌داده‌شده، دست‌کم {}، ضرب در {}", "rescaled": "؛ سپس تبدیل به {}",
        "n": "تعداد پاسخ", "missing": "بی‌پاسخ", "out_of_range": "خارج از دامنه", "average": "میانگین",
        "sd": "انحراف معیار", "min": "کمینه", "max": "بیشینه", "distinct": "متن‌های متفاوت",
        "paraphrase": "بازنویسی خود ماست، نه متن اعتباریابی‌شده؛ هیچ هنجار یا نقطهٔ برش منتشرشده‌ای بر آن صدق نمی‌کند.",
        "published": "متن منتشرشده.", "none": "فقط ساختار و کلید؛ متن گویه‌ها نشان داده نمی‌شود.",
        "id": "شناسه", "item": "گویه", "question": "پرسش باز", "option": "گزینهٔ فهرست", "place": "رتبه",
        "variable": "متغیر",
        "score": "نمرهٔ مقیاس", "nominal": "اسمی", "ordinal": "ترتیبی", "metric": "عددی", "text": "متن", "date": "تاریخ",
    },
    "ru": {
        "codebook": "Кодировочная книга", "respondents": "Респонденты", "variables": "Переменные",
        "fingerprint": "отпечаток", "rights": "Права", "scale": "Шкала", "made_of": "Состав", "rule": "Балл",
        "range": "Диапазон", "reversed": "обратный", "code": "Код", "label": "Метка", "missing_code": "нет ответа",
        "drafts": "Черновые тексты", "mean": "среднее по имеющимся ответам, не менее {}",
        "sum": "среднее по имеющимся ответам, не менее {}, умноженное на {}", "rescaled": "; затем приведено к {}",
        "n": "ответов", "missing": "пропусков", "out_of_range": "вне диапазона", "average": "M", "sd": "SD",
        "min": "мин.", "max": "макс.", "distinct": "разных текстов",
        "paraphrase": "Собственная формулировка (парафраз), а не валидизированный текст: опубликованные нормы и пороги "
        "неприменимы.",
        "published": "Опубликованный текст.", "none": "Только структура и ключ: текст пунктов не приводится.",
        "id": "идентификатор", "item": "пункт", "question": "открытый вопрос", "option": "вариант списка",
        "place": "место в порядке",
        "variable": "переменная", "score": "балл по шкале", "nominal": "номинальная", "ordinal": "порядковая",
        "metric": "числовая", "text": "текст", "date": "дата",
    },
}  # fmt: skip


def words_for(tag: str) -> Mapping[str, str]:
    """The words of a language, English where there are none."""
    return WORDS.get(tag.split("-")[0], WORDS["en"])
