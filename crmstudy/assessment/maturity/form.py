"""The form on which an organisation is rated, with the anchors beside each leaf."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crmstudy.assessment.catalogue import LANGUAGES, language
from crmstudy.assessment.form import Field, write_form
from crmstudy.assessment.maturity.scale import TOP, blocks, level_name

_ANCHOR_WIDTH = 34
_HOW = {
    "en": (
        "One form for each rater; rate alone, before the raters meet.",
        "Read the seven anchors of a row from the left. The level is the highest whose anchor, like all anchors "
        "before it, describes what can be shown today; what is planned does not count.",
        "Name the evidence: a document, a figure, an observation with its date.",
        "Leave the level empty where you cannot judge; an empty cell is not a level of 0.",
    ),
    "fa": (
        "هر ارزیاب یک فرم جداگانه پر می‌کند؛ پیش از نشست مشترک، به‌تنهایی ارزیابی کنید.",
        "هفت توصیف هر ردیف را از سطح صفر بخوانید. سطح، بالاترین توصیفی است که همراه با همهٔ توصیف‌های پیش از آن، امروز "
        "نشان‌دادنی باشد؛ آنچه در برنامه است به شمار نمی‌آید.",
        "مدرک را نام ببرید: سند، رقم یا مشاهده‌ای با تاریخ آن.",
        "اگر نمی‌توانید داوری کنید، سطح را خالی بگذارید؛ خانهٔ خالی به معنای سطح صفر نیست.",
    ),
    "ru": (
        "Каждый эксперт заполняет отдельный бланк; оценивайте самостоятельно, до общей встречи.",
        "Читайте семь описаний строки от нулевого уровня. Уровень — наивысший, описание которого, как и всех "
        "предыдущих, можно подтвердить сегодня; запланированное не считается.",
        "Укажите подтверждение: документ, цифру, наблюдение с датой.",
        "Если судить не можете, оставьте уровень пустым: пустая ячейка — это не уровень 0.",
    ),
}  # fmt: skip


def _levels() -> Mapping[str, Mapping[str, str]]:
    return {str(k): {lang: f"{k} {level_name(k, lang)}" for lang in LANGUAGES} for k in range(TOP + 1)}


def fields() -> tuple[Field, ...]:
    """The columns of the form."""
    described = [
        Field(
            f"anchor_{level}",
            {lang: f"{level} – {level_name(level, lang)}" for lang in LANGUAGES},
            required=False,
            width=_ANCHOR_WIDTH,
        )
        for level in range(TOP + 1)
    ]
    return (
        Field("leaf", {"en": "Leaf", "fa": "شناسه", "ru": "Код"}, width=24),
        Field("block", {"en": "Block", "fa": "حوزه", "ru": "Блок"}, required=False, width=22),
        Field("label", {"en": "What is rated", "fa": "موضوع ارزیابی", "ru": "Что оценивается"}, required=False),
        Field("question", {"en": "Question", "fa": "پرسش", "ru": "Вопрос"}, required=False, width=34),
        *described,
        Field("level", {"en": "Level", "fa": "سطح", "ru": "Уровень"}, answers=_levels(), filled=True),
        Field("evidence", {"en": "Evidence", "fa": "مدرک", "ru": "Подтверждение"}, filled=True, required=False),
        Field("rater", {"en": "Rater", "fa": "ارزیاب", "ru": "Эксперт"}, filled=True, required=False),
        Field("unit", {"en": "Unit", "fa": "واحد", "ru": "Подразделение"}, filled=True, required=False),
        Field("wave", {"en": "Wave", "fa": "نوبت", "ru": "Волна"}, filled=True, required=False),
    )  # fmt: skip


def rating_form(path: str | Path, lang: str = "en", *, rater: str = "", unit: str = "", wave: str = "") -> Path:
    """Write the form on which one rater rates the 29 leaves; :func:`rate` reads it back.

    Serves source documents 4.5 (levels first, then what is seen at them), 4.6 and 4.9.1–4.9.8.

    Parameters
    ----------
    path : path
        Ends in ``.xlsx`` or ``.csv``; a file that exists is not overwritten.
    lang : {"en", "fa", "ru"}
        Language of headings, questions and anchors.
    rater, unit, wave : str
        What stands in these columns of every row already.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        When the file exists or its folder does not.
    UnsupportedError
        For another language or kind of file.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> rating_form(Path(mkdtemp()) / "form.csv", "ru", rater="A").suffix
    '.csv'
    """
    language(lang)
    rows = [
        {
            "leaf": leaf.id, "block": block.label[lang], "label": leaf.label[lang], "question": leaf.question[lang],
            **{f"anchor_{level}": text[lang] for level, text in enumerate(leaf.anchors)},
            "rater": rater, "unit": unit, "wave": wave,
        }
        for block in blocks()
        for leaf in block.leaves
    ]  # fmt: skip
    return write_form(path, rows, lang, fields=fields(), name="maturity", how=_HOW[lang])
