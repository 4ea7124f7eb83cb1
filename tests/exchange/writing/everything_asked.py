"""An instrument with everything in it, and answers to it, for tests of what is written."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmstudy.instrument import Instrument
from crmstudy.instrument.load import parse_instrument
from crmstudy.responses import Responses

LONG_RU = "Насколько Вы согласны, что «{system}» помогает; " * 12
LONG_FA = "تا چه اندازه موافقید که می‌توانید از سامانه استفاده کنید؟ " * 8

RICH = """
crmstudy_instrument: 1
id: rich-form
version: "2.1"
name: {en: "Rich form", fa: "پرسش‌نامهٔ پُر", ru: "Полная форма"}
respondent: staff
wording: paraphrase
sources: {}
rights: {holder: nobody, status: public-domain, statement: "Made up, free to use.", unverified: true}
provenance:
  structure: {unverified: true}
  content: {unverified: true}
  responses: {unverified: true}
  scoring: {unverified: true}
  reversed: {unverified: true}
languages:
  en: {direction: ltr, status: draft}
  fa: {direction: rtl, status: draft}
  ru: {direction: ltr, status: draft}
slots:
  system:
    description: {en: the system, fa: سامانه, ru: система}
    default:
      en: {base: the CRM system}
      fa: {base: سامانهٔ CRM, ezafe: سامانهٔ CRM}
      ru: {nom: CRM-система, gen: CRM-системы, dat: CRM-системе, acc: CRM-систему, ins: CRM-системой, pre: CRM-системе}
responses:
  five:
    low: 1
    high: 5
    labels:
      1: {en: Strongly disagree, fa: کاملاً مخالفم, ru: Полностью не согласен(на)}
      2: {en: Disagree, fa: مخالفم, ru: Не согласен(на)}
      3: {en: "Neither, nor", fa: نه موافق نه مخالف, ru: "Ни то, ни другое"}
      4: {en: "Agree; it's so", fa: موافقم, ru: Согласен(на)}
      5: {en: Strongly agree, fa: کاملاً موافقم, ru: Полностью согласен(на)}
    missing_codes:
      -9: {en: Not applicable, fa: مربوط نیست, ru: Не применимо}
      -8: {en: Refused, fa: امتناع, ru: Отказ}
  around:
    low: -3
    high: 3
    labels:
      -3: {en: VERY_BAD, fa: FA_VERY_BAD, ru: RU_VERY_BAD}
      3: {en: good, fa: خوب, ru: хорошо}
    missing_codes: [99, 98, 97, 96, -99]
  branch:
    low: 1
    high: 3
    measure: nominal
    labels:
      1: {en: Tehran, fa: تهران, ru: Тегеран}
      2: {en: Kazan, fa: کازان, ru: Казань}
      3: {en: Other, fa: دیگر, ru: Другое}
items:
  - {id: A1, response: five, wording: {en: "{system} works.", fa: "{system} کار می‌کند.", ru: "{system} работает."}}
  - {id: A2, response: five,
      wording: {en: "I fear {system}.", fa: "از {system:ezafe} من می‌ترسم.", ru: "Я боюсь {system:gen}."}}
  - {id: A3, response: five, wording: {en: "Say 'yes' twice: 100%", fa: "بگو «بله»", ru: "LONG_RU"}}
  - {id: B1, response: around, wording: {en: Up or down, fa: "LONG_FA", ru: Вверх или вниз}}
  - {id: B2, response: around, wording: {en: Down or up, fa: پایین یا بالا, ru: Вниз или вверх}}
  - {id: C.1, response: five, wording: {en: Tired, fa: خسته‌ام, ru: Усталость}}
  - {id: C.2, response: five, wording: {en: Rested, fa: سرحالم, ru: Бодрость}}
  - {id: PLACE, response: branch, unscored: true, wording: {en: Branch, fa: شعبه, ru: Филиал}}
  - {id: USES, type: multi, response: branch, wording: {en: Which?, fa: کدام؟, ru: Какие?}}
  - {id: AGE, type: integer, low: 15, high: 99, wording: {en: Age, fa: سن, ru: Возраст}}
  - {id: WHY, type: longtext, wording: {en: Why?, fa: چرا؟, ru: Почему?}}
reversed: [A2, B2, C.2]
scales:
  - {id: alpha, name: {en: Alpha, fa: آلفا, ru: Альфа},
      items: [A1, A2, A3], method: mean, min_answered: 2, model: reflective}
  - {id: beta, name: {en: Beta, fa: بتا, ru: Бета}, items: [B1, B2], method: sum, min_answered: 1, model: reflective}
  - {id: gamma, name: {en: Gamma, fa: گاما, ru: Гамма},
      items: [C.1, C.2], method: mean, min_answered: 1, model: reflective, rescale: [0, 100]}
higher_order:
  - {id: whole, name: {en: Whole, fa: کل, ru: Целое},
      parts: [alpha, beta, gamma], reversed_parts: [gamma], method: mean, min_answered: 2, model: reflective}
  - {id: total, name: {en: Total, fa: جمع, ru: Сумма},
      parts: [alpha, beta], method: sum, min_answered: 1, model: reflective}
"""

TEXTS = [
    "می‌روم", "ты ещё здесь?", "=1+1", "+7 900", "-", "@sum", "\ttab", "a,b;\"c\"", "two\nlines", "😀👩‍👩‍👧 emoji",
    "ی" * 400, "ы" * 400, "'=quoted", "007", "NA", "e\u0301clair",
]  # fmt: skip


def rich_instrument() -> Instrument:
    """The instrument."""
    text = RICH.replace("LONG_RU", LONG_RU.strip()).replace("LONG_FA", LONG_FA.strip())
    for mark, long in (
        ("FA_VERY_BAD", "خیلی‌بد " * 30),
        ("RU_VERY_BAD", "очень плохо " * 20),
        ("VERY_BAD", "very bad " * 30),
    ):
        text = text.replace(mark, long.strip())
    return parse_instrument(text, "rich-form.yaml")


def rich_responses(n: int = 60, seed: int = 7, *, texts: bool = True) -> Responses:
    """Answers with gaps, missing codes, answers out of range, fractions, and texts in three scripts."""
    random = np.random.default_rng(seed)
    one = rich_instrument()
    columns: dict[str, object] = {"respondent": [f"р{row}" for row in range(n)]}
    for item in one.items:
        values = random.integers(item.response.low, item.response.high + 1, n).astype(float)
        values[random.random(n) < 0.15] = np.nan
        for code in item.response.missing_codes:
            values[random.random(n) < 0.04] = code
        values[random.random(n) < 0.02] = item.response.high + 40
        columns[item.id] = values
    values = np.asarray(columns["A1"])
    values[:2] = [2.5, 3.25]
    for question in one.questions:
        if question.type == "multi":
            columns |= {name: random.integers(0, 2, n).astype(float) for name in question.columns}
    columns["AGE"] = random.integers(18, 70, n).astype(float)
    if texts:
        columns["WHY"] = pd.Series([TEXTS[row % len(TEXTS)] if row % 5 else None for row in range(n)], dtype=object)
    columns["weight"] = random.random(n) * 3
    columns["شعبه"] = random.integers(1, 4, n).astype(float)
    frame = pd.DataFrame(columns)
    return Responses.from_frame(frame, [one], id="respondent")
