"""The steps of a translation: each status needs a filled sheet, a name, and the step before it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crmstudy.errors import InstrumentError
from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.revising.differences import compare
from crmstudy.instrument.revising.translating import places_of, sheet, take
from crmstudy.instrument.slots import marks_in
from crmstudy.instrument.writing import write_yaml

ECSI = load_instrument("ecsi")
WORDED = [one for one in list_instruments() if one.wording != "none"]


def _german(text: str) -> str:
    """A text in another language: the same words to fill in, in its only form."""
    return "Satz: " + " ".join([f"{{{slot}}}" for slot, _ in marks_in(text)] + [word[::-1] for word in text.split()
                                                                             if "{" not in word])  # fmt: skip


def _filled(made, fill, **who):
    """The sheet with a column filled by a function of its row."""
    rows = []
    for row in made.rows:
        cells = dict(zip(made.head, row, strict=True))
        cells |= fill(cells)
        rows.append(tuple(cells[name] for name in made.head))
    return replace(made, about={**made.about, **who}, rows=tuple(rows))


def _forward(one, to="de", **who):
    made = sheet(one, "forward", to)
    source = made.head[1]
    return _filled(made, lambda row: {"translation": _german(row[source])}, **(who or {"translator": "Ann"}))


def _after_back(one=ECSI):
    forward = take(one, _forward(one)).instrument
    back = _filled(
        sheet(forward, "back", "de"), lambda row: {"back translation": f"Came back: {row['key']}"}, translator="Bob"
    )
    return take(forward, back).instrument, back


@pytest.mark.parametrize("one", WORDED, ids=lambda one: f"{one.id}@{one.version}")
def test_a_language_is_added_to_every_instrument(one):
    made = take(one, _forward(one)).instrument
    language = made.languages["de"]
    assert (language.status, language.direction, language.translator) == ("draft", "ltr", "Ann")
    assert made.fingerprint == one.fingerprint
    assert all(entry.wording["de"] for entry in made.entries if entry.wording)
    assert parse_instrument(write_yaml(made)) == made
    touched = {found.what.split(" (")[0] for found in compare(one, made).found if "(de" not in found.what}
    assert touched <= {"added", "shared set"}


@pytest.mark.parametrize("one", WORDED, ids=lambda one: f"{one.id}@{one.version}")
def test_translations_that_are_there_already_change_nothing_but_the_status(one):
    made = sheet(one, "forward", "fa")
    same = _filled(made, lambda row: {"translation": row["now (fa)"]}, translator="Ann")
    taken = take(one, same).instrument
    assert taken.languages["fa"].status == "draft"
    assert not [found for found in compare(one, taken).found if found.part != "language"]


def test_the_back_translator_does_not_see_the_source():
    made = sheet(take(ECSI, _forward(ECSI)).instrument, "back", "de")
    assert made.head == ("key", "text (de)", "back translation", "comment")
    english = {place.texts["en"] for place in places_of(ECSI)}
    assert not english & {cell for row in made.rows for cell in row}


def test_the_three_steps():
    back_translated, back = _after_back()
    language = back_translated.languages["de"]
    assert (language.status, language.translator) == ("back-translated", "Ann; back: Bob")
    made = sheet(back_translated, "reconcile", "de", back=back)
    assert {row[4] for row in made.rows} == {"differs"}
    key = "item IMAG1"
    decided = _filled(
        made,
        lambda row: {"new text": "Ein besserer Satz."} if row["key"] == key else {"decision": "Keep"},
        reviewers="Cy, Di",
    )
    taken = take(back_translated, decided)
    assert taken.instrument.languages["de"].status == "reviewed"
    assert taken.instrument.item("IMAG1").wording["de"] == "Ein besserer Satz."
    assert [found[0] for found in taken.differences] == [key]


def test_a_text_that_comes_back_the_same_needs_no_decision():
    forward = take(ECSI, _forward(ECSI)).instrument
    source = {place.key: place.texts["en"] for place in places_of(ECSI)}
    back = _filled(
        sheet(forward, "back", "de"), lambda row: {"back translation": source[row["key"]] + " "}, translator="Bob"
    )
    taken = take(forward, back)
    assert taken.differences == ()
    made = sheet(taken.instrument, "reconcile", "de", back=back)
    assert {row[4] for row in made.rows} == {"same"}
    assert (
        take(taken.instrument, replace(made, about={**made.about, "reviewers": "Cy"})).instrument.languages["de"].status
        == "reviewed"
    )


@pytest.mark.parametrize("step", ["back", "reconcile"])
def test_no_step_before_the_one_it_needs(step):
    with pytest.raises(InstrumentError, match="forward translation comes first"):
        sheet(ECSI, step, "de")


def test_reconcile_needs_the_back_translation():
    with pytest.raises(InstrumentError, match="status draft; reconcile needs"):
        sheet(ECSI, "reconcile", "fa")
    done, _ = _after_back()
    with pytest.raises(InstrumentError, match="--back FILE"):
        sheet(done, "reconcile", "de")
    with pytest.raises(InstrumentError, match=r"has 62 empty rows \(name, instructions, item IMAG1 \.\.\.\)"):
        sheet(done, "reconcile", "de", back=sheet(done, "back", "de"))


def test_no_status_without_a_name_or_with_an_empty_row():
    made = sheet(ECSI, "forward", "de")
    with pytest.raises(InstrumentError, match="does not name the translator"):
        take(ECSI, made)
    with pytest.raises(InstrumentError) as caught:
        take(ECSI, replace(made, about={**made.about, "translator": "Ann"}))
    assert len(caught.value.faults) == len(made.rows)


def test_the_translator_cannot_translate_back():
    forward = take(ECSI, _forward(ECSI)).instrument
    back = _filled(sheet(forward, "back", "de"), lambda row: {"back translation": "x"}, translator=" ann ")
    with pytest.raises(InstrumentError, match="made the translation"):
        take(forward, back)


def test_two_translators_who_differ_have_to_agree():
    made = _forward(ECSI, translator="Ann", **{"second translator": "Eve"})
    differing = _filled(made, lambda row: {"second translation": "Anders"} if row["key"] == "item IMAG2" else {})
    with pytest.raises(InstrumentError, match="IMAG2: the two translations differ"):
        take(ECSI, differing)
    agreed = _filled(differing, lambda row: {"agreed": "Vereinbart"} if row["key"] == "item IMAG2" else {})
    taken = take(ECSI, agreed)
    assert taken.instrument.item("IMAG2").wording["de"] == "Vereinbart"
    assert taken.instrument.languages["de"].translator == "Ann; Eve"
    nameless = replace(agreed, about={**agreed.about, "second translator": ""})
    with pytest.raises(InstrumentError, match="'second translator' is empty"):
        take(ECSI, nameless)


def test_words_to_fill_in_stay_and_have_the_forms_of_the_language():
    one = next(one for one in WORDED if one.slots and any("{" in e.wording.get("en", "") for e in one.entries))
    key = next(f"item {e.id}" for e in one.entries if "{" in e.wording.get("en", ""))
    for text, said in (("nichts", "words to fill in"), ("{" + next(iter(one.slots)) + ":gen}", "no form gen")):
        bad = _filled(_forward(one), lambda row, text=text: {"translation": text} if row["key"] == key else {})
        with pytest.raises(InstrumentError, match=said):
            take(one, bad)


def test_a_sheet_of_other_texts_or_another_key_is_refused():
    other = load_instrument("crm-sty")
    with pytest.raises(InstrumentError, match="written for ecsi"):
        take(other, _forward(ECSI))
    done, back = _after_back()
    item = done.items[0]
    mended = replace(done, items=(replace(item, wording={**item.wording, "de": "Inzwischen anders"}), *done.items[1:]))
    with pytest.raises(InstrumentError, match="is not the one of the instrument"):
        take(mended, back)
    with pytest.raises(InstrumentError, match="lacks the row"):
        take(ECSI, replace(_forward(ECSI), rows=_forward(ECSI).rows[1:]))


def test_an_instrument_without_texts_has_nothing_to_translate():
    with pytest.raises(InstrumentError, match="wording: none"):
        sheet(load_instrument("jss"), "forward", "fa")
