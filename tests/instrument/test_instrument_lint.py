"""Each finding of lint is provoked by one change to a clean instrument."""

from __future__ import annotations

import dataclasses

import pytest

from crmstudy.instrument import Item, Language, Origin, PublishedKey, ResponseFormat, lint, load_instrument
from crmstudy.notes import explanations

ECSI = load_instrument("ecsi")
SOURCE = Origin("tenenhaus_2005")


def _codes(instrument):
    notes = lint(instrument)
    assert all(note.code in explanations() for note in notes)
    return {note.code: note for note in notes}


def _with_item(position, **changes):
    items = list(ECSI.items)
    items[position] = dataclasses.replace(items[position], **changes)
    return dataclasses.replace(ECSI, items=tuple(items))


def test_the_shipped_instrument_has_no_warning():
    assert [note for note in lint(ECSI) if note.level == "warning"] == []
    assert set(_codes(ECSI)) == {
        "INSTRUMENT_PARAPHRASE", "INSTRUMENT_TRANSLATION_STATUS", "INSTRUMENT_UNVERIFIED",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("instrument", "code", "words"),
    [
        (_with_item(0, reverse=True), "INSTRUMENT_KEY", "'IMAG1' is reversed here but not in the published key"),
        (
            dataclasses.replace(ECSI, published=PublishedKey(SOURCE, reversed=("CUEX3",))),
            "INSTRUMENT_KEY", "in the published key but not here",
        ),
        (dataclasses.replace(ECSI, published=PublishedKey(SOURCE, reversed=2)), "INSTRUMENT_KEY", "reverses 2 items"),
        (dataclasses.replace(ECSI, published=PublishedKey(SOURCE, items=25)), "INSTRUMENT_COUNT", "25 items, this"),
        (dataclasses.replace(ECSI, published=PublishedKey(SOURCE, scales=8)), "INSTRUMENT_COUNT", "8 scales"),
        (
            dataclasses.replace(ECSI, published=PublishedKey(SOURCE, scale_items={"image": 4})),
            "INSTRUMENT_COUNT", "4 items in the scale 'image', this file 5",
        ),
        (
            dataclasses.replace(ECSI, published=PublishedKey(SOURCE, scale_items={"trust": 4})),
            "INSTRUMENT_COUNT", "a scale 'trust'",
        ),
        (dataclasses.replace(ECSI, scales=ECSI.scales[1:]), "INSTRUMENT_ITEM_UNSCORED", "'IMAG5' belongs to no scale"),
        (
            dataclasses.replace(ECSI, scales=(*ECSI.scales, dataclasses.replace(ECSI.scales[0], id="all"))),
            "INSTRUMENT_ITEM_SHARED", "belongs to 2 scales",
        ),
        (_with_item(2, wording={"en": "x", "fa": " ", "ru": "y"}), "INSTRUMENT_TRANSLATION_MISSING", "No text in fa"),
        (_with_item(2, wording={"en": "x", "fa": "y"}), "INSTRUMENT_TRANSLATION_MISSING", "No text in ru"),
        (_with_item(2, wording=ECSI.items[3].wording), "INSTRUMENT_WORDING_REPEATED", "IMAG3, IMAG4 have"),
        (
            _with_item(2, wording={**ECSI.items[2].wording, "fa": "\u0643\u064a"}),
            "INSTRUMENT_ARABIC_LETTERS", "Arabic letters",
        ),
        (
            dataclasses.replace(ECSI, languages={**ECSI.languages, "fa": Language("fa", "ltr", "draft")}),
            "INSTRUMENT_DIRECTION", "'fa' is declared ltr, but is written rtl",
        ),
        (
            dataclasses.replace(ECSI, responses={**ECSI.responses, "spare": ResponseFormat("spare", 1, 2)}),
            "INSTRUMENT_RESPONSE_UNUSED", "'spare'",
        ),
    ],
)  # fmt: skip
def test_each_finding(instrument, code, words):
    notes = [note for note in lint(instrument) if note.code == code]
    assert any(words in note.message for note in notes), lint(instrument)
    assert all(note.level == "warning" for note in notes)


def test_end_points_need_labels():
    bare = ResponseFormat("bare", 1, 3, {1: {"en": "no", "fa": "نه", "ru": "нет"}})
    odd = dataclasses.replace(
        ECSI, responses={**ECSI.responses, "bare": bare}, items=(*ECSI.items, Item("X", 25, bare))
    )
    assert "no label for 3" in _codes(odd)["INSTRUMENT_LABEL_MISSING"].message


def test_warnings_come_first():
    levels = [note.level for note in lint(_with_item(0, reverse=True))]
    assert levels == sorted(levels, key=lambda level: level != "warning")
