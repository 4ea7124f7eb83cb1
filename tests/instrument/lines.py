"""An instrument with a line to mark, answers to put in order and texts between the questions."""

from __future__ import annotations

from crmstudy.instrument import Instrument
from crmstudy.instrument.load import parse_instrument

FILE = """\
crmstudy_instrument: 1
id: lines
version: "1"
name: {en: Lines, fa: خط‌ها}
respondent: staff
wording: paraphrase
rights: {holder: us, status: open-licence, statement: Free., unverified: true}
provenance:
  structure: {unverified: true}
  content: {unverified: true}
  responses: {unverified: true}
  scoring: {unverified: true}
  reversed: {unverified: true}
languages: {en: {direction: ltr, status: piloted}, fa: {direction: rtl, status: piloted}}
responses:
  line:
    low: 0
    high: 100
    measure: interval
    labels: {0: {en: not at all, fa: اصلاً}, 50: {en: half and half, fa: نیمی}, 100: {en: wholly, fa: کاملاً}}
    missing_codes: {-9: {en: does not apply, fa: مصداق ندارد}}
  ways:
    low: 1
    high: 4
    measure: nominal
    labels:
      1: {en: telephone, fa: تلفن}
      2: {en: letter, fa: نامه}
      3: {en: branch, fa: شعبه}
      4: {en: internet, fa: اینترنت}
    missing_codes: {-9: {en: none of them, fa: هیچ‌کدام}}
items:
  - {id: HELLO, type: info, wording: {en: 'First, some questions about work.', fa: نخست چند پرسش دربارهٔ کار.}}
  - {id: L1, type: slider, response: line, wording: {en: How content are you, fa: چقدر راضی هستید}}
  - {id: L2, type: slider, response: line, required: hard, wording: {en: How tired are you, fa: چقدر خسته هستید}}
  - {id: BETWEEN, type: info, wording: {en: Now about the bank., fa: اکنون دربارهٔ بانک.}}
  - {id: ALL, type: rank, response: ways, wording: {en: Put the ways in order, fa: راه‌ها را مرتب کنید}}
  - {id: TOP, type: rank, response: ways, top: 2, wording: {en: Which two come first, fa: کدام دو تا اول‌اند}}
  - {id: SAY, type: longtext, wording: {en: Anything else, fa: چیز دیگری}}
reversed: [L2]
scales:
  - {id: mood, name: {en: Mood, fa: حال}, items: [L1, L2], method: mean, min_answered: 1, model: reflective}
"""


def lines() -> Instrument:
    """The instrument, loaded."""
    return parse_instrument(FILE)
