"""Answer labels recognised: which set of the library they are, or which family of answers and which end is high."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crmstudy import letters
from crmstudy.exchange.questionnaires.names import identifier
from crmstudy.exchange.questionnaires.seen import one_line, quoted
from crmstudy.instrument.library import shared_sets
from crmstudy.instrument.model import WIDEST, ResponseFormat

#: Families of answers: labels from the low end to the high end, each in all the ways it is written. A family is
#: recognised when every label of a question is one of it; what is printed stays as it is printed.
FAMILIES: dict[str, tuple[tuple[str, ...], ...]] = {
    "agreement": (
        ("strongly disagree", "completely disagree", "totally disagree", "disagree strongly", "fully disagree",
         "کاملا مخالفم", "کاملا مخالف", "خیلی مخالفم", "بسیار مخالفم", "شدیدا مخالفم", "به شدت مخالفم",
         "полностью не согласен",
         "совершенно не согласен", "категорически не согласен", "абсолютно не согласен", "полное несогласие",
         "совсем не согласен"),
        ("disagree", "مخالفم", "مخالف", "не согласен", "несогласие"),
        ("slightly disagree", "somewhat disagree", "rather disagree", "کمی مخالفم", "تا حدی مخالفم",
         "تاحدودی مخالفم", "تا اندازه ای مخالفم", "نسبتا مخالفم", "скорее не согласен",
         "скорее несогласие", "частично не согласен"),
        ("neither agree nor disagree", "neutral", "undecided", "no opinion", "not sure", "uncertain",
         "نه موافقم نه مخالفم",
         "نه موافق نه مخالف", "نه مخالفم نه موافقم", "نه مخالف نه موافق",
         "نظری ندارم", "بی نظر", "بی نظرم", "بدون نظر", "ممتنع", "خنثی", "بی تفاوت",
         "بینابین", "تا حدودی", "затрудняюсь ответить",
         "затрудняюсь", "нейтрально", "не знаю", "ни согласен ни не согласен", "ни то ни другое",
         "ни согласие ни несогласие",
         "и согласен и не согласен", "отчасти согласен отчасти нет"),
        ("slightly agree", "somewhat agree", "rather agree", "کمی موافقم", "تا حدی موافقم", "تاحدودی موافقم",
         "تا اندازه ای موافقم", "نسبتا موافقم",
         "скорее согласен",
         "скорее согласие", "частично согласен"),
        ("agree", "موافقم", "موافق", "согласен", "согласие"),
        ("strongly agree", "completely agree", "totally agree", "agree strongly", "fully agree", "کاملا موافقم",
         "کاملا موافق", "خیلی موافقم",
         "بسیار موافقم", "شدیدا موافقم", "به شدت موافقم", "полностью согласен", "совершенно согласен",
         "абсолютно согласен", "полное согласие"),
    ),
    "extent": (
        ("not at all", "به هیچ وجه", "اصلا", "هیچ", "совсем нет", "нисколько", "вовсе нет"),
        ("very little", "very low", "very small", "خیلی کم", "بسیار کم", "очень мало", "в очень малой степени",
         "очень низкий", "очень слабо"),
        ("little", "low", "small", "کم", "мало", "в малой степени", "низкий", "слабо"),
        ("moderately", "moderate", "medium", "somewhat", "average", "متوسط", "تا حدودی", "تاحدی",
         "в средней степени", "средне", "умеренно",
         "средний"),
        ("much", "high", "large", "a lot", "زیاد", "много", "в большой степени", "высокий", "сильно"),
        ("very much", "very high", "very large", "خیلی زیاد", "بسیار زیاد", "очень много",
         "в очень большой степени", "очень высокий",
         "очень сильно"),
        ("completely", "کاملا", "полностью"),
    ),
    "satisfaction": (
        ("very dissatisfied", "completely dissatisfied", "کاملا ناراضی", "خیلی ناراضی", "بسیار ناراضی",
         "کاملا ناراضیم", "полностью не удовлетворен",
         "совершенно не удовлетворен", "полностью неудовлетворен", "очень недоволен", "полная неудовлетворенность"),
        ("dissatisfied", "ناراضی", "ناراضیم", "نسبتا ناراضی", "не удовлетворен", "неудовлетворен", "недоволен",
         "неудовлетворенность"),
        ("neither satisfied nor dissatisfied", "neutral", "نه راضی نه ناراضی", "بی نظر", "نظری ندارم", "متوسط",
         "затрудняюсь ответить", "нейтрально",
         "ни то ни другое"),
        ("satisfied", "راضی", "راضیم", "نسبتا راضی", "удовлетворен", "доволен", "удовлетворенность"),
        ("very satisfied", "completely satisfied", "کاملا راضی", "خیلی راضی", "بسیار راضی", "کاملا راضیم",
         "полностью удовлетворен", "очень доволен",
         "полная удовлетворенность"),
    ),
    "frequency": (
        ("never", "هرگز", "هیچ وقت", "هیچگاه", "به هیچ وجه", "никогда"),
        ("rarely", "seldom", "almost never", "به ندرت", "بندرت", "خیلی کم", "редко", "почти никогда"),
        ("sometimes", "occasionally", "گاهی", "گاهی اوقات", "بعضی اوقات", "بعضی وقت ها", "گهگاه", "иногда"),
        ("often", "frequently", "usually", "اغلب", "اغلب اوقات", "بیشتر اوقات", "بیشتر وقت ها", "معمولا",
         "часто", "обычно"),
        ("always", "همیشه", "همواره", "всегда"),
    ),
    "importance": (
        ("not important at all", "unimportant", "اصلا مهم نیست", "بی اهمیت", "совсем не важно",
         "совершенно не важно"),
        ("slightly important", "not very important", "of little importance", "چندان مهم نیست", "کم اهمیت",
         "не очень важно", "мало важно"),
        ("moderately important", "تا حدی مهم است", "اهمیت متوسط", "умеренно важно", "средне важно"),
        ("important", "مهم است", "مهم", "важно"),
        ("very important", "extremely important", "بسیار مهم است", "خیلی مهم", "بسیار مهم", "очень важно"),
    ),
    "truth": (
        ("very untrue", "completely untrue", "کاملا نادرست", "کاملا نادرست است", "совершенно неверно",
         "полностью неверно"),
        ("untrue", "نادرست", "نادرست است", "неверно"),
        ("slightly untrue", "somewhat untrue", "تا حدی نادرست", "скорее неверно"),
        ("neither true nor untrue", "نه درست نه نادرست", "ни верно ни неверно", "затрудняюсь ответить"),
        ("slightly true", "somewhat true", "تا حدی درست", "скорее верно"),
        ("true", "درست", "درست است", "верно"),
        ("very true", "completely true", "کاملا درست", "کاملا درست است", "совершенно верно", "полностью верно"),
    ),
    "quality": (
        ("very poor", "very bad", "خیلی ضعیف", "بسیار ضعیف", "خیلی بد", "очень плохо"),
        ("poor", "bad", "ضعیف", "بد", "плохо"),
        ("average", "fair", "acceptable", "متوسط", "средне", "удовлетворительно"),
        ("good", "خوب", "хорошо"),
        ("very good", "excellent", "خیلی خوب", "بسیار خوب", "عالی", "очень хорошо", "отлично"),
    ),
    "yes": (
        ("no", "خیر", "نه", "нет"),
        ("yes", "بله", "بلی", "آری", "да"),
    ),
}  # fmt: skip
#: The most steps of an answer format that a sentence explains by its ends.
MOST_STEPS = 10
_GENDER = re.compile(r"\s*(?:\((?:а|на|ы|ен|н[аы])\)|/\s*\w*(?:на|ена|ы|а)\b)", re.IGNORECASE)
#: Russian short adjectives that agree with the respondent; labels are known in the masculine form.
_FORMS = re.compile(r"(соглас|удовлетвор|довол)(?:ны|на|ены|ена|ьны|ьна)\b")
_CODED = re.compile(
    r"\s*[\(\[]?\s*(?P<code>[+-]?\d{1,3})\s*[\)\]]?\s*(?:[=:.)\-–—]|\s)\s*(?P<label>\D.*?)\s*", re.DOTALL
)
_LEGEND = re.compile(
    r"(?P<code>\d{1,2})\s*(?:=|:|–|—|-)\s*(?P<label>[^\d=:;,،؛.()]{2,40}?)\s*(?=[;,،؛.()]|\bto\b|\band\b|\bдо\b|\bи\b|\bتا\b|\bو\b|$)"
)
_CODED_AFTER = re.compile(r"\s*(?P<label>\D.*?)\s*[=:(\[\-–—]\s*(?P<code>[+-]?\d{1,3})\s*[\)\]]?\s*", re.DOTALL)
_BOX = re.compile("[\u2610\u2611\u2612\u25a1\u25a2\u25cb\u25ef\u25fb\u25fd\u26aa\u2b1c\uf06f\uf0a3\uf0a8\u274f\u2751]")


@dataclass(frozen=True, slots=True)
class Label:
    """A label as printed, and the number printed with it; None where there is none."""

    text: str
    code: int | None = None


def _masculine(found: re.Match[str]) -> str:
    return f"{found[1]}ен"


def _norm(text: str) -> str:
    said = letters.plain(text).split("/")[0]
    return letters.key(_FORMS.sub(_masculine, _GENDER.sub("", said)).replace("-", " "))


@lru_cache(maxsize=1)
def _levels() -> dict[str, dict[str, int]]:
    """The level of each label by family; the sets of the library, in each language, are families of their own."""
    found = {
        family: {_norm(label): level for level, labels in enumerate(steps) for label in labels}
        for family, steps in FAMILIES.items()
    }
    for name, declared in shared_sets().items():
        labels: Mapping[int, Mapping[str, str]] = declared.get("labels", {})  # type: ignore[assignment]
        for tag in {tag for texts in labels.values() for tag in texts}:
            known = {_norm(texts[tag]): value for value, texts in labels.items() if tag in texts}
            if len(known) == len(labels) == int(declared["high"]) - int(declared["low"]) + 1:  # type: ignore[call-overload]
                found[f"{name} {tag}"] = known
    return found


def _first_code(family: str) -> int:
    """The code of the lowest label: 0 for yes and no, that of the set for a set of the library, otherwise 1."""
    name = family.split(" ")[0]
    if name in shared_sets():
        low: int = shared_sets()[name]["low"]  # type: ignore[assignment]
        return low
    return 0 if family == "yes" else 1


def label_of(cell: str) -> Label | None:
    """A cell such as ``1``, ``Agree``, ``4 = Agree`` or ``موافقم (۴)`` as a label; None for an empty one or a box."""
    text = " ".join(_BOX.sub(" ", cell).split())
    if not text:
        return None
    plain = letters.digits(text)
    if re.fullmatch(r"[+-]?\d{1,3}", plain):
        return Label("", int(plain))
    for pattern in (_CODED, _CODED_AFTER):
        found = pattern.fullmatch(plain)
        if found:
            place = text.find(found["label"]) if found["label"] in text else -1
            said = text[place : place + len(found["label"])] if place >= 0 else found["label"]
            return Label(said.strip(), int(found["code"]))
    return Label(text)


def family_of(texts: Sequence[str]) -> tuple[str, list[int]] | None:
    """The family that all labels belong to and the level of each; None where there is none, or two have one level."""
    said = [_norm(text) for text in texts]
    for family, levels in _levels().items():
        if all(text in levels for text in said):
            found = [levels[text] for text in said]
            if len(set(found)) == len(found) and len(found) > 1:
                return family, found
    return _nearly(said)


def _nearly(said: Sequence[str]) -> tuple[str, list[int]] | None:
    """A family that all labels but one in between belong to, in its order or backwards: levels by their places."""
    for family, levels in _levels().items():
        known = [levels[text] for text in said if text in levels]
        if len(said) < 4 or len(known) != len(said) - 1 or said[0] not in levels or said[-1] not in levels:
            continue
        if known == sorted(set(known)):
            return family, list(range(len(said)))
        if known == sorted(set(known), reverse=True):
            return family, list(range(len(said)))[::-1]
    return None


def is_label(text: str) -> bool:
    """Whether a text is a label that is known from some family."""
    said = _norm(text)
    return any(said in levels for levels in _levels().values())


def legend_in(text: str) -> tuple[Label, ...]:
    """Labels that a sentence explains: "1 = strongly disagree to 5 = strongly agree"; fewer than two are none."""
    found = {int(hit["code"]): one_line(hit["label"]) for hit in _LEGEND.finditer(letters.digits(text))}
    known = [label for label in found.values() if is_label(label)]
    if len(found) < 2 or not known:
        return ()
    low, high = min(found), max(found)
    if high - low > MOST_STEPS or high - low < len(found) - 1:
        return ()
    return tuple(Label(found.get(code, ""), code) for code in range(low, high + 1))


def is_answer_row(cells: Sequence[str]) -> bool:
    """Whether cells in a row are the labels of one question: numbers that run on, or labels of one family."""
    labels = [label_of(cell) for cell in cells]
    given = [label for label in labels if label is not None]
    if len(given) < 2 or len(given) != len(cells):
        return False
    codes = [label.code for label in given if label.code is not None]
    if len(codes) == len(given) and _runs(codes):
        return True
    texts = [label.text for label in given if label.text]
    return len(texts) == len(given) and family_of(texts) is not None


def _runs(codes: Sequence[int]) -> bool:
    ordered = sorted(codes)
    return ordered == list(range(ordered[0], ordered[0] + len(ordered))) and list(codes) in (ordered, ordered[::-1])


def answers(id: str, labels: Sequence[Label], lang: str, told: list[str], where: str) -> ResponseFormat | None:
    """The answer set that printed labels are; None where they cannot be one. Each decision is a sentence in ``told``.

    Labels that are a set of the library in their language and order become that set; labels of a known family get codes
    by their meaning, the low end first; other labels are numbered in their order.
    """
    if not 2 <= len(labels) <= WIDEST:
        return None
    codes = [label.code for label in labels]
    texts = [label.text for label in labels]
    numbered = all(code is not None for code in codes) and len(set(codes)) == len(codes)
    family = family_of(texts) if all(texts) else None
    if numbered:
        values = [code for code in codes if code is not None]
        if family is not None and _falls(values, family[1]):
            told.append(
                f"{where}: the printed numbers rise "
                f"towards '{quoted(texts[family[1].index(min(family[1]))], 30)}'; they were kept."
            )
    elif family is not None:
        order = sorted(range(len(labels)), key=lambda place: family[1][place])
        values = [order.index(place) + _first_code(family[0]) for place in range(len(labels))]
        first, last = texts[order[0]], texts[order[-1]]
        told.append(
            f"{where}: numbered from {min(values)} '{quoted(first, 30)}' to {max(values)} '{quoted(last, 30)}', by "
            "their meaning."
        )
    else:
        values = list(range(1, len(labels) + 1))
        told.append(
            f"{where}: numbered in their order, 1 '{quoted(texts[0], 30)}' to {len(labels)} "
            f"'{quoted(texts[-1], 30)}'; check which end is high."
        )
    low, high = min(values), max(values)
    if high - low > WIDEST:
        return None
    if high - low + 1 > len(values):
        told.append(f"{where}: numbers between {low} and {high} are left out; they count as answers without a label.")
    written = {value: {lang: text} for value, text in zip(values, texts, strict=True) if text}
    written = dict(sorted(written.items()))
    shared = shared_set(low, high, written, lang)
    if shared is not None:
        told.append(f"{where}: these are the answers '{shared.shared}' of the library.")
        return ResponseFormat(
            id, low, high, shared.labels, shared.missing_codes, shared.measure, shared.missing_labels, shared.shared
        )
    measure: Any = "nominal" if family is not None and family[0] == "yes" else "ordinal"
    return ResponseFormat(id, low, high, written, measure=measure)


def _falls(values: Sequence[int], levels: Sequence[int]) -> bool:
    """Whether printed numbers fall as the meaning rises."""
    by_level = [value for _, value in sorted(zip(levels, values, strict=True))]
    return by_level == sorted(values, reverse=True)


def shared_set(low: int, high: int, labels: Mapping[int, Mapping[str, str]], lang: str) -> ResponseFormat | None:
    """The set of the library with this range and, in this language, these labels; None where there is none."""
    for name, declared in shared_sets().items():
        if (declared["low"], declared["high"]) != (low, high) or not labels:
            continue
        theirs: Mapping[int, Mapping[str, str]] = declared["labels"]  # type: ignore[assignment]
        if set(theirs) == set(labels) and all(
            _norm(theirs[v].get(lang, "")) == _norm(labels[v].get(lang, "")) for v in theirs
        ):
            return shared_format(name, name, [lang])
    return None


def shared_format(id: str, name: str, languages: Sequence[str]) -> ResponseFormat:
    """A set of the library in some languages; raises KeyError for one there is not."""
    declared = shared_sets()[name]
    labels: Mapping[int, Mapping[str, str]] = declared.get("labels", {})  # type: ignore[assignment]
    codes: Mapping[int, Mapping[str, str]] = declared.get("missing_codes", {})  # type: ignore[assignment]
    kept = {value: {tag: text for tag, text in texts.items() if tag in languages} for value, texts in labels.items()}
    offered = {code: {tag: text for tag, text in texts.items() if tag in languages} for code, texts in codes.items()}
    low, high = int(declared["low"]), int(declared["high"])  # type: ignore[call-overload]
    measure: Any = declared.get("measure", "ordinal")
    return ResponseFormat(
        identifier(id.replace("-", "_"), "answers"), low, high, kept, tuple(offered), measure, offered, name
    )
