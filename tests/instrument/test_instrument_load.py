"""Every fault of an instrument file at once, each with its line; and no file, however odd, raises anything else."""

from __future__ import annotations

import contextlib
import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmstudy.errors import InstrumentError
from crmstudy.instrument import load_instrument, read_instrument

GOOD = """\
crmstudy_instrument: 1
id: tiny
version: "1.0"
name: {en: Tiny}
respondent: staff
wording: paraphrase
sources:
  book: {reference: "A. Author (2001). A book.", doi: 10.1/x}
rights: {holder: Author, status: permission, statement: Ask., source: book}
provenance:
  structure: {source: book}
  content: {unverified: true}
  responses: {source: book}
  scoring: {source: book, note: Table 2}
  reversed: {source: book}
languages:
  en: {direction: ltr, status: draft}
responses:
  agree: {low: 1, high: 5, missing_codes: [9], labels: {1: {en: Never}, 5: {en: Always}}}
items:
  - {id: A1, wording: {en: One}}
  - {id: A2, wording: {en: Two}, note: Awkward., source: book}
  - {id: A3, response: agree, wording: {en: Three}}
reversed: [A2]
scales:
  - id: alpha
    name: {en: Alpha}
    items: [A1, A2, A3]
    method: mean
    min_answered: 2
    model: reflective
    published:
      - {figure: alpha, value: 0.8, n: 200, source: book}
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _faults(folder: Path, *changes: tuple[str, str]) -> list[tuple[int | None, str]]:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises(InstrumentError) as caught:
        read_instrument(_write(folder, text))
    assert all(fault.file == str(folder / "tiny.yaml") for fault in caught.value.faults)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def test_a_good_file_becomes_the_model(tmp_path):
    tiny = load_instrument(_write(tmp_path, GOOD))
    assert (tiny.id, tiny.version, tiny.respondent, tiny.wording) == ("tiny", "1.0", "staff", "paraphrase")
    assert tiny.item_ids == ("A1", "A2", "A3")
    assert [item.reverse for item in tiny.items] == [False, True, False]
    assert [item.order for item in tiny.items] == [1, 2, 3]
    assert tiny.items[0].response is tiny.responses["agree"]
    assert tiny.responses["agree"].missing_codes == (9,)
    assert tiny.responses["agree"].label(5, "en") == "Always"
    assert tiny.responses["agree"].label(3, "en") == ""
    assert tiny.languages["en"].direction == "ltr"
    assert tiny.items[1].origin.source == "book"
    fact = tiny.scales[0].published[0]
    assert (fact.name, fact.value, fact.n, fact.origin.source) == ("alpha", 0.8, 200, "book")
    assert tiny.sources["book"].doi == "10.1/x"
    assert tiny.unverified == ("content",)
    assert tiny.path == tmp_path / "tiny.yaml"
    assert tiny.scale("alpha").score({"A1": 5, "A2": 1}) == 5.0


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("respondent: staff", "respondant: staff", 5, "unknown key 'respondant'"),
        ("reversed: [A2]", "reversed: [A9]", 24, "reversed names 'A9', but there is no such item"),
        ("reversed: [A2]", "reversed: [A2, A2]", 24, "reversed twice"),
        ("reversed: [A2]", "reversed:", 24, "write reversed: []"),
        ("items: [A1, A2, A3]", "items: [A1, A2, B3]", 28, "names the item 'B3', which does not exist"),
        ("items: [A1, A2, A3]", "items: [A1, A2, A2]", 28, "names the item 'A2' twice"),
        ("items: [A1, A2, A3]", "items: []", 28, "has no items"),
        ("- {id: A3, response", "- {id: A2, response", 23, "the item 'A2' is defined twice (first in line 22)"),
        ("  - id: alpha", "  - id: A1", 26, "the id of a scale and of an item"),
        ("min_answered: 2", "min_answered: 4", 30, "between 1 and its 3 items; found 4"),
        ("min_answered: 2", "min_answered: 0", 30, "between 1 and its 3 items; found 0"),
        ("low: 1, high: 5", "low: 5, high: 1", 19, "runs from 5 to 1; low must be below high"),
        ("low: 1, high: 5", "low: 1, high: 1000000000", 19, "1 to 1000000000; a response range spans at most 1000"),
        ("labels: {1: {en: Never}", "labels: {0: {en: Never}", 19, "label of 0 lies outside the response range 1 to 5"),
        ("missing_codes: [9]", "missing_codes: [3]", 19, "missing code 3 lies inside the response range"),
        ("missing_codes: [9]", "missing_codes: [9, 9]", 19, "stands twice"),
        ("direction: ltr", "direction: left", 17, "must be one of ltr, rtl; found 'left'"),
        ("status: draft", "status: drafted", 17, "Did you mean 'draft'?"),
        ("  en: {direction: ltr, status: draft}", "  {}", 16, "languages is empty; add at least one"),
        ("name: {en: Tiny}", "name: {fa: Tiny}", 4, "a text in 'fa', which languages does not declare"),
        ("name: {en: Tiny}", "name: Tiny", 4, "name must give a text for each language"),
        ("wording: {en: Two}", "wording: {en: 2}", 22, "must be a text"),
        ("- {id: A1, wording: {en: One}}", "- {id: A1}", 21, "the item 'A1' has no wording"),
        ("response: agree", "response: agre", 23, "there is no response format 'agre'. Did you mean 'agree'?"),
        ("method: mean", "method: median", 29, "must be one of mean, sum; found 'median'"),
        ("model: reflective", "model: reflexive", 31, "Did you mean 'reflective'?"),
        ('version: "1.0"', "version: 1.0", 3, "version must be a text in quotes"),
        ("id: tiny", "id: Tiny One", 2, "id must be small letters"),
        ("- {id: A1, wording", "- {id: 1A, wording", 21, "not beginning with a digit; found '1A'"),
        ("n: 200, source: book", "n: 200, source: bok", 33, "there is no source 'bok'. Did you mean 'book'?"),
        ("n: 200, source: book", "n: 200", 33, "does not say where it comes from"),
        ("content: {unverified: true}", "content: {unverified: true, source: book}", 12, "not both"),
        ("crmstudy_instrument: 1", "crmstudy_instrument: 2", 1, "must be 1, the format this version reads"),
        ("value: 0.8", "value: high", 33, "must be a number; found 'high'"),
        ("status: permission", "status: mine", 9, "rights.status must be one of"),
        ("name: {en: Tiny}", "name: &n {en: Tiny}", 4, "aliases (&, *) are not read here; write out what &n stands"),
        ("name: {en: Tiny}", "name: {<<: {en: Tiny}}", 4, "merge keys (<<) are not read here"),
        ("name: {en: Tiny}", 'name: {en: "Ti\\x01ny"}', 4, "name.en holds the control character U+0001"),
        ("min_answered: 2", "min_answered: " + "9" * 5000, 30, "999...' cannot be read as a number"),
        ("min_answered: 2", "min_answered: " + "9" * 20, 30, "the number 99999999999999999999 is too large"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line(tmp_path, old, new, line, words):
    faults = _faults(tmp_path, (old, new))
    assert any(words in message and at == line for at, message in faults), faults


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path):
    faults = _faults(
        tmp_path,
        ("reversed: [A2]", "reversed: [A7]"),
        ("min_answered: 2", "min_answered: 5"),
        ("low: 1, high: 5", "low: 6, high: 5"),
        ("respondent: staff", "respondent: stuff"),
    )
    assert [line for line, _ in faults] == [5, 19, 24, 30]


def test_a_missing_key_is_named(tmp_path):
    faults = _faults(tmp_path, ("reversed: [A2]\n", ""))
    assert [message for _, message in faults] == ["the file lacks the key 'reversed'; add it."]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n", "a: [1\n", "a: 1\na: 2\n"])
def test_what_is_no_instrument_is_refused(tmp_path, text):
    with pytest.raises(InstrumentError):
        read_instrument(_write(tmp_path, text))


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(InstrumentError, match=r"nowhere\.yaml' was not found"):
        load_instrument(tmp_path / "nowhere.yaml")


def _places(value: object, here: tuple = ()) -> list[tuple]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, inner in pairs for place in _places(inner, (*here, key)))]


JUNK = st.sampled_from(
    [None, True, 0, -3, 2.5, "", "x", "A1", [], ["A1"], [[1]], {}, {"en": 1}, {1: 2}, {"x": {"y": []}}]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_junk_anywhere_is_refused_or_read_but_never_crashes(tmp_path, data):
    tree = yaml.safe_load(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(tree)[1:]))
        parent = tree
        for step in place[:-1]:
            parent = parent[step]
        if data.draw(st.booleans()):
            parent[place[-1]] = copy.deepcopy(data.draw(JUNK))
        else:
            del parent[place[-1]]
    path = _write(tmp_path, yaml.safe_dump(tree, allow_unicode=True))
    with contextlib.suppress(InstrumentError):
        read_instrument(path)
