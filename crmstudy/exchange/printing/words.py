"""The words of a printed questionnaire that are no part of an instrument, in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True, slots=True)
class Words:
    """What a sheet says of itself in one language; ``lang`` is that language, whatever the questionnaire is in."""

    lang: str
    questionnaire: str
    respondent: str
    page: str
    how: str
    every: str
    date: str
    between: str
    at_least: str
    at_most: str
    or_else: str
    line: str
    order: str
    order_top: str
    order_first: str
    thanks: str
    part: str
    about: str
    version: str
    fingerprint: str
    holder: str
    sources: str
    columns: str
    translator: str
    worded: str
    wording: Mapping[str, str]
    status: Mapping[str, str]
    rights: Mapping[str, str]
    structure: str
    no_text: str
    place: str
    item: str
    scale: str
    key: str
    answers: str
    plain_key: str
    reversed_key: str
    unscored: str
    scoring: str
    methods: Mapping[str, str]
    min_answered: str

    def digits(self, number: object) -> str:
        """A number with the digits of the language; codes for data entry never go through here."""
        text = str(number).replace("-", "−")
        return text.translate(_PERSIAN_DIGITS) if self.lang == "fa" else text


_EN = Words(
    lang="en",
    questionnaire="Questionnaire",
    respondent="Respondent no.",
    page="Page {} of {}",
    how="Please mark one box for each question, unless it asks for all that apply. "
    "The small digits beside the boxes are for data entry only.",
    every="Mark all that apply.",
    date="day / month / year",
    between="from {} to {}",
    at_least="{} or more",
    at_most="at most {}",
    or_else="or",
    line="Put a mark on the line.",
    order="Number all of them: 1 for the first, 2 for the second and so on.",
    order_top="Number the first places only: from 1 to {}.",
    order_first="Write 1 beside the first one only.",
    thanks="Thank you. Please check that you have left nothing out.",
    part="Part {}",
    about="About this questionnaire (for the researcher)",
    version="Version",
    fingerprint="Fingerprint",
    holder="Rights",
    sources="Sources",
    columns="Columns of the data file",
    translator="Translation",
    worded="Wording",
    wording={
        "paraphrase": "The questions are in the words of this library (a paraphrase). They are not the published, "
        "validated wording; published norms and cut-offs do not apply.",
        "published": "The questions have the published wording.",
        "none": "Structure and key only: the wording may not be distributed.",
    },
    status={
        "draft": "This language version is a draft that nobody has reviewed.",
        "reviewed": "This language version has been reviewed.",
        "back-translated": "This language version has been back-translated.",
        "piloted": "This language version has been piloted.",
    },
    rights={
        "public-domain": "public domain", "open-licence": "open licence", "free-research": "free for research",
        "permission": "permission needed", "commercial": "commercial licence", "unknown": "not established",
    },
    structure="Structure sheet",
    no_text="For the researcher, not for respondents. It gives numbers, scales, keys and answers; the text of the "
    "items comes from whoever holds the rights.",
    place="No.",
    item="Item",
    scale="Scale",
    key="Key",
    answers="Answers",
    plain_key="+",
    reversed_key="− (reversed)",
    unscored="not scored",
    scoring="Scoring",
    methods={"mean": "mean", "sum": "sum"},
    min_answered="at least {} answered",
)  # fmt: skip

_FA = Words(
    lang="fa",
    questionnaire="پرسشنامه",
    respondent="شمارهٔ پاسخ‌دهنده",
    page="صفحهٔ {} از {}",
    how="لطفاً برای هر پرسش فقط یک خانه را علامت بزنید، مگر آن‌که خواسته شده باشد همهٔ گزینه‌های مناسب را علامت بزنید. "
    "عددهای کوچک کنار خانه‌ها فقط برای ورود داده‌ها هستند.",
    every="همهٔ گزینه‌هایی را که دربارهٔ شما صدق می‌کند علامت بزنید.",
    date="سال / ماه / روز",
    between="از {} تا {}",
    at_least="{} یا بیشتر",
    at_most="حداکثر {}",
    or_else="یا",
    line="روی خط علامت بزنید.",
    order="همه را شماره‌گذاری کنید: ۱ برای اولین، ۲ برای دومین و به همین ترتیب.",
    order_top="فقط رتبه‌های اول را بنویسید: از ۱ تا {}.",
    order_first="فقط کنار اولین مورد عدد ۱ بنویسید.",
    thanks="سپاسگزاریم. لطفاً بررسی کنید که هیچ پرسشی بی‌پاسخ نمانده باشد.",
    part="بخش {}",
    about="دربارهٔ این پرسشنامه (برای پژوهشگر)",
    version="نسخه",
    fingerprint="اثر انگشت دیجیتال",
    holder="حقوق نشر",
    sources="منابع",
    columns="ستون‌های فایل داده‌ها",
    translator="ترجمه",
    worded="متن",
    wording={
        "paraphrase": "پرسش‌ها به بیان خود این مجموعه نوشته شده‌اند (بازنویسی) و متن منتشرشده و اعتباریابی‌شده نیستند؛ "
        "هنجارها و نقاط برش منتشرشده دربارهٔ آن‌ها به کار نمی‌رود.",
        "published": "پرسش‌ها متن منتشرشده را دارند.",
        "none": "فقط ساختار و کلید: انتشار متن مجاز نیست.",
    },
    status={
        "draft": "این ترجمه پیش‌نویس است و کسی آن را بازبینی نکرده است.",
        "reviewed": "این ترجمه بازبینی شده است.",
        "back-translated": "این ترجمه با ترجمهٔ معکوس سنجیده شده است.",
        "piloted": "این ترجمه به‌صورت آزمایشی اجرا شده است.",
    },
    rights={
        "public-domain": "مالکیت عمومی", "open-licence": "مجوز آزاد", "free-research": "رایگان برای پژوهش",
        "permission": "نیازمند اجازه", "commercial": "مجوز تجاری", "unknown": "نامشخص",
    },
    structure="برگهٔ ساختار",
    no_text="برای پژوهشگر، نه برای پاسخ‌دهندگان. این برگه شماره‌ها، مقیاس‌ها، کلیدها و پاسخ‌ها را نشان می‌دهد؛ متن گویه‌ها "
    "را باید از دارندهٔ حقوق دریافت کرد.",
    place="شماره",
    item="گویه",
    scale="مقیاس",
    key="کلید",
    answers="پاسخ‌ها",
    plain_key="+",
    reversed_key="− (معکوس)",
    unscored="بدون نمره",
    scoring="نمره‌گذاری",
    methods={"mean": "میانگین", "sum": "مجموع"},
    min_answered="دست‌کم {} پاسخ",
)  # fmt: skip

_RU = Words(
    lang="ru",
    questionnaire="Анкета",
    respondent="№ респондента",
    page="Страница {} из {}",
    how="Пожалуйста, отметьте в каждом вопросе одну клетку, если не сказано отметить все подходящие ответы. "
    "Маленькие цифры рядом с клетками нужны только для ввода данных.",
    every="Отметьте все подходящие ответы.",
    date="день / месяц / год",
    between="от {} до {}",
    at_least="{} или больше",
    at_most="не больше {}",
    or_else="или",
    line="Поставьте отметку на линии.",
    order="Пронумеруйте все варианты: 1 — первый, 2 — второй и так далее.",
    order_top="Пронумеруйте только первые места: от 1 до {}.",
    order_first="Поставьте 1 только у первого варианта.",
    thanks="Спасибо! Пожалуйста, проверьте, что ни один вопрос не остался без ответа.",
    part="Часть {}",
    about="Об анкете (для исследователя)",
    version="Версия",
    fingerprint="Отпечаток",
    holder="Права",
    sources="Источники",
    columns="Столбцы файла данных",
    translator="Перевод",
    worded="Текст",
    wording={
        "paraphrase": "Вопросы сформулированы авторами этой библиотеки своими словами (парафраз). Это не "
        "опубликованный валидизированный текст; опубликованные нормы и пороги к нему неприменимы.",
        "published": "Вопросы приведены в опубликованной формулировке.",
        "none": "Только структура и ключ: распространять текст нельзя.",
    },
    status={
        "draft": "Эта языковая версия — черновик, который никто не проверял.",
        "reviewed": "Эта языковая версия проверена.",
        "back-translated": "Эта языковая версия прошла обратный перевод.",
        "piloted": "Эта языковая версия прошла пилотное исследование.",
    },
    rights={
        "public-domain": "общественное достояние", "open-licence": "открытая лицензия",
        "free-research": "бесплатно для исследований", "permission": "требуется разрешение",
        "commercial": "коммерческая лицензия", "unknown": "не установлены",
    },
    structure="Структурный лист",
    no_text="Для исследователя, не для респондентов. Здесь указаны номера, шкалы, ключи и ответы; текст пунктов "
    "предоставляет правообладатель.",
    place="№",
    item="Пункт",
    scale="Шкала",
    key="Ключ",
    answers="Ответы",
    plain_key="+",
    reversed_key="− (обратный)",
    unscored="без балла",
    scoring="Подсчёт баллов",
    methods={"mean": "среднее", "sum": "сумма"},
    min_answered="не менее {} ответов",
)  # fmt: skip

_BY_LANGUAGE = {words.lang: words for words in (_EN, _FA, _RU)}


def words_in(lang: str) -> Words:
    """The words in a language or its nearest kin; English where there are none."""
    return _BY_LANGUAGE.get(lang.split("-")[0], _EN)
