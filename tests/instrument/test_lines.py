"""Lines to mark, answers to put in order, texts between questions: read, written, compared, laid out on pages."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import re
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.errors import InstrumentError
from crmstudy.instrument import lint, load_instrument
from crmstudy.instrument.forms import Choice, fields_of, pages
from crmstudy.instrument.load import from_mapping, parse_instrument
from crmstudy.instrument.revising.adapting import Added, Changes, adapted
from crmstudy.instrument.revising.adopting import Worded, Wording, adopt
from crmstudy.instrument.revising.differences import compare
from crmstudy.instrument.revising.translating import places_of
from crmstudy.instrument.writing import to_mapping, write_yaml
from tests.instrument.lines import FILE, lines
from tests.instrument.test_instrument_load import JUNK, _places


def changed(old, new, times=1):
    """The file with another text in it."""
    assert FILE.count(old) == times, old
    return parse_instrument(FILE.replace(old, new))


def test_a_slider_is_an_item_and_scored_as_any():
    made = lines()
    assert [(entry.id, entry.type) for entry in made.entries] == [
        ("HELLO", "info"), ("L1", "slider"), ("L2", "slider"), ("BETWEEN", "info"), ("ALL", "rank"), ("TOP", "rank"),
        ("SAY", "longtext"),
    ]  # fmt: skip
    assert made.item_ids == ("L1", "L2")
    assert made.scale("mood").score({"L1": 80, "L2": 30}) == 75.0
    assert made.scale("mood").score({"L1": -9, "L2": 30}) == 70.0
    assert [entry.id for entry in made.asked] == ["L1", "L2", "ALL", "TOP", "SAY"]


def test_the_columns_of_a_rank_are_its_answers_and_a_text_has_none():
    columns = {entry.id: entry.columns for entry in lines().questions}
    assert columns == {
        "HELLO": (), "BETWEEN": (), "ALL": ("ALL_1", "ALL_2", "ALL_3", "ALL_4"),
        "TOP": ("TOP_1", "TOP_2", "TOP_3", "TOP_4"), "SAY": ("SAY",),
    }  # fmt: skip
    assert {entry.id: entry.places for entry in lines().questions} == {
        "HELLO": 0, "BETWEEN": 0, "ALL": 4, "TOP": 2, "SAY": 0,
    }  # fmt: skip


def test_what_is_written_reads_back():
    made = lines()
    assert parse_instrument(write_yaml(made)) == made
    assert from_mapping(json.loads(json.dumps(to_mapping(made)))) == made


def test_a_line_and_a_row_of_buttons_have_the_same_key_and_are_not_the_same():
    made, buttons = lines(), changed("type: slider, ", "", 2)
    assert made.fingerprint == buttons.fingerprint
    assert made != buttons
    found = compare(made, buttons)
    assert found.verdict == "same key"
    assert "may be one of wording" in found.sentence
    assert [(one.subject, one.what) for one in found.found] == [("L1", "type"), ("L2", "type")]


def test_differences_name_places_and_texts():
    found = compare(lines(), changed("top: 2", "top: 3"))
    assert [(one.subject, one.what, one.before, one.after) for one in found.found] == [("TOP", "places", "2", "3")]
    found = compare(lines(), changed("en: Now about the bank.", "en: Now the bank."))
    assert [(one.subject, one.what) for one in found.found] == [("BETWEEN", "wording (en)")]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("top: 2", "top: 4", "from 1 to 3; found 4. Without top all of them get one"),
        ("top: 2", "top: 0", "from 1 to 3; found 0"),
        ("top: 2", "top: two", "a whole number"),
        ("id: SAY, type: longtext", "id: SAY, top: 1, type: longtext", "'SAY' is of the type longtext, which has no"),
        ("id: L1, type: slider", "id: L1, top: 1, type: slider", "'L1' is of the type slider, which has no 'top'"),
        ("id: L1, type: slider", "id: L1, key: 4, type: slider", "'L1' is of the type slider, which has no 'key'"),
        ("id: L1, type: slider", "id: L1, low: 4, type: slider", "'L1' is of the type slider, which has no 'low'"),
        ("id: HELLO, type: info", "id: HELLO, required: hard, type: info", "of the type info, which has no 'required'"),
        ("id: HELLO, type: info", "id: HELLO, response: ways, type: info", "of the type info, which has no 'response'"),
        ("reversed: [L2]", "reversed: [HELLO]", "'HELLO' is a text, so it cannot be reversed"),
        ("reversed: [L2]", "reversed: [ALL]", "'ALL' is an open question, so it cannot be reversed"),
        ("items: [L1, L2]", "items: [L1, HELLO]", "HELLO"),
        ("id: ALL, type: rank, response: ways", "id: ALL, type: rank, response: way", "no response format 'way'"),
        ("id: ALL, type: rank, response: ways,", "id: ALL, type: rank,", "names no response format"),
    ],
)
def test_faults_name_what_is_wrong(old, new, words):
    assert FILE.count(old) == 1, old
    with pytest.raises(InstrumentError) as refused:
        parse_instrument(FILE.replace(old, new))
    assert words in str(refused.value)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_junk_anywhere_is_refused_or_read_but_never_crashes(data):
    tree = yaml.safe_load(FILE)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(tree)[1:]))
        parent = tree
        for step in place[:-1]:
            parent = parent[step]
        if data.draw(st.booleans()):
            parent[place[-1]] = copy.deepcopy(data.draw(JUNK))
        else:
            del parent[place[-1]]
    with contextlib.suppress(InstrumentError):
        made = parse_instrument(yaml.safe_dump(tree, allow_unicode=True))
        assert parse_instrument(write_yaml(made)) == made


def test_only_open_questions_and_texts_need_no_answer_set():
    text = re.sub(r"(?m)^  - \{id: (L1|L2|ALL|TOP|mood).*\n", "", FILE)
    text = re.sub(r"(?s)responses:\n  line.*?items:\n", "responses: {}\nitems:\n", text)
    text = text.replace("reversed: [L2]\nscales:\n", "reversed: []\nscales: []\n")
    assert [entry.id for entry in parse_instrument(text).entries] == ["HELLO", "BETWEEN", "SAY"]


def test_pages_number_questions_and_not_texts():
    (page,) = pages(lines(), "fa", rows=None)
    kinds = [(block.kind, block.fields[0].id, block.fields[0].number) for block in page.blocks]
    assert kinds == [
        ("info", "HELLO", 0), ("slider", "L1", 1), ("slider", "L2", 2), ("info", "BETWEEN", 0), ("rank", "ALL", 3),
        ("rank", "TOP", 4), ("text", "SAY", 5),
    ]  # fmt: skip
    assert [field.id for field in fields_of([page])] == ["L1", "L2", "ALL", "TOP", "SAY"]


def test_what_a_page_knows_of_a_line_a_rank_and_a_text():
    blocks = {block.fields[0].id: block.fields[0] for block in pages(lines(), "en", rows=None)[0].blocks}
    line, rank, some, text = (blocks[id] for id in ("L1", "ALL", "TOP", "HELLO"))
    assert (line.type, line.low, line.high, line.columns) == ("slider", 0, 100, ("L1",))
    assert line.choices == (
        Choice(0, "not at all"), Choice(50, "half and half"), Choice(100, "wholly"),
        Choice(-9, "does not apply", missing=True),
    )  # fmt: skip
    assert (rank.type, rank.top, some.top, line.top) == ("rank", 4, 2, 0)
    assert [choice.label for choice in rank.choices] == ["telephone", "letter", "branch", "internet", "none of them"]
    assert (text.type, text.text, text.required, text.choices, text.columns) == (
        "info", "First, some questions about work.", "no", (), (),
    )  # fmt: skip


@pytest.mark.parametrize("rows", [1, 2, 4, 6, 8, 10])
def test_a_text_stands_on_the_page_of_what_follows_it(rows):
    made = pages(lines(), "en", rows=rows)
    assert [block.fields[0].id for page in made for block in page.blocks] == [one.id for one in lines().entries]
    assert all(page.blocks[-1].kind != "info" for page in made)
    assert all(page.fields for page in made)


def test_a_short_line_is_no_grid():
    made = parse_instrument(FILE.replace("high: 100\n", "high: 5\n").replace("50: {", "3: {").replace("100: {", "5: {"))
    assert [block.kind for block in pages(made, "en")[0].blocks][1:3] == ["slider", "slider"]


def test_texts_are_translated_and_lint_sees_unnamed_places():
    keys = [place.key for place in places_of(lines())]
    assert "item HELLO" in keys
    assert "label line 50" in keys
    assert not [note for note in lint(lines(), languages=("en", "fa")) if note.code == "INSTRUMENT_LABEL_MISSING"]
    bare = changed("      2: {en: letter, fa: نامه}\n", "")
    notes = [note for note in lint(bare, languages=("en", "fa")) if note.code == "INSTRUMENT_LABEL_MISSING"]
    assert [note.subject for note in notes] == ["ALL", "TOP"]
    assert notes[0].message == "'ALL' has answers put in order, and 'ways' has no label for 2."


def test_an_unscored_line_makes_no_cells():
    loose = parse_instrument(
        FILE.replace("reversed: [L2]", "reversed: []")
        .replace("type: slider,", "type: slider, unscored: true,")
        .replace(FILE[FILE.index("scales:") :], "scales: []\n")
    )
    assert not [note for note in lint(loose, n=100) if note.code == "INSTRUMENT_SMALL_CELLS"]


def test_an_added_item_is_a_line_where_its_answers_are():
    made, _ = adapted(lines(), Changes(add=(Added("L3", "L2", "mood", wording={"en": "Third", "fa": "سوم"}),)))
    assert [entry.id for entry in made.entries][1:4] == ["L1", "L2", "L3"]
    assert made.item("L3").type == "slider"


def test_wording_names_questions_by_numbers_that_leave_texts_out():
    rows = tuple(Worded(str(number), {"fa": f"متن تازهٔ {word}"}, line=number)
                 for number, word in ((1, "یکم"), (2, "دوم")))  # fmt: skip
    made = adopt(lines(), Wording(rows, ("fa",), "texts.csv")).instrument
    assert [item.wording["fa"] for item in made.items] == ["متن تازهٔ یکم", "متن تازهٔ دوم"]
    numbered = tuple(replace(row, id=id, number=row.id) for row, id in zip(rows, ("L1", "L2"), strict=True))
    assert adopt(lines(), Wording(numbered, ("fa",), "texts.csv")).instrument == made
    wrong = (replace(numbered[0], number="2"), numbered[1])
    with pytest.raises(InstrumentError, match="has the number 2 here and 1 in the key"):
        adopt(lines(), Wording(wrong, ("fa",), "texts.csv"))


def test_an_adaptation_keeps_a_question():
    with pytest.raises(InstrumentError, match="every item would be dropped"):
        adapted(lines(), Changes(drop=("L1", "L2", "ALL", "TOP", "SAY")))


def test_instruments_without_them_are_what_they_were():
    for id in ("qwl-walton", "crm-sty"):
        one = load_instrument(id)
        assert one.asked == one.entries
        assert not {"top", "slider"} & {key for entry in to_mapping(one)["items"] for key in entry}
    assert dataclasses.fields(lines().items[0])[-1].name == "slider"
