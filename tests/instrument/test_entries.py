"""The questionnaire as one list: closed items, attention checks, open questions, sections; scores made of scores."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.errors import InstrumentError
from crmstudy.instrument import Question
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.load import from_mapping, parse_instrument
from crmstudy.instrument.writing import to_mapping, write_yaml
from crmstudy.responses import Responses
from crmstudy.scoring import analysis_frame, score
from crmstudy.screening.battery import screen
from crmstudy.selection import item_sets

FILE = """\
crmstudy_instrument: 1
id: staff
version: "1"
name: {en: Staff}
respondent: staff
level: branch
wording: paraphrase
rights: {holder: us, status: open-licence, statement: Free., evidence: the first page, unverified: true}
provenance:
  structure: {unverified: true}
  content: {unverified: true}
  responses: {unverified: true}
  scoring: {unverified: true}
  reversed: {unverified: true}
languages: {en: {direction: ltr, status: piloted, translator: N. N., validation: [{figure: alpha, value: 0.8, n: 90, unverified: true}]}}
responses:
  agree: agreement-5
  often: {low: 0, high: 6, labels: {0: {en: Never}, 6: {en: Daily}}, missing_codes: {-9: {en: Does not apply}, -8: null}}
  sex: {low: 1, high: 3, measure: nominal, labels: {1: {en: Woman}, 2: {en: Man}, 3: {en: Other}}}
items:
  - {id: SEX, response: sex, unscored: true, shares: {1: 0.5, 2: 0.45, 3: 0.05}, wording: {en: Your sex}}
  - {id: AGE, type: integer, low: 18, high: 90, required: "no", wording: {en: Your age in years}}
  - {id: A1, response: agree, original: "4", required: hard, wording: {en: One thing}}
  - {id: A2, response: agree, wording: {en: Another thing}}
  - {id: ATT, response: agree, type: attention, key: 4, wording: {en: Please choose agree}}
  - {id: B1, response: often, wording: {en: How often one thing}}
  - {id: B2, response: often, wording: {en: And how often the other}}
  - {id: USED, type: multi, response: sex, wording: {en: Whom do you serve}}
  - {id: SAY, type: longtext, wording: {en: Anything else}}
reversed: [A2]
scales:
  - {id: agreeing, name: {en: Agreeing}, items: [A1, A2], method: mean, min_answered: 1, model: reflective, rescale: [0, 100], higher_means: {en: more}}
  - {id: doing, name: {en: Doing}, items: [B1, B2], method: sum, min_answered: 2, model: reflective}
higher_order:
  - {id: both, name: {en: Both}, parts: [agreeing, doing], reversed_parts: [doing], method: mean, min_answered: 2, model: formative}
  - {id: all_of_it, name: {en: All}, parts: [agreeing, doing], method: sum, min_answered: 1, model: formative}
sections:
  - {id: you, title: {en: You}, items: [SEX, AGE]}
  - {id: work, items: [A1, A2, ATT, B1, B2, USED, SAY], randomise: true}
notes: {en: Mind this.}
"""  # noqa: E501


@pytest.fixture(scope="module")
def staff():
    return parse_instrument(FILE)


def test_one_list_becomes_items_and_questions(staff):
    assert staff.item_ids == ("SEX", "A1", "A2", "ATT", "B1", "B2")
    assert [question.id for question in staff.questions] == ["AGE", "USED", "SAY"]
    assert [entry.id for entry in staff.entries] == ["SEX", "AGE", "A1", "A2", "ATT", "B1", "B2", "USED", "SAY"]
    assert [entry.type for entry in staff.entries][:5] == ["single", "integer", "single", "single", "attention"]
    assert staff.item("ATT").expected == 4
    assert staff.item("A1").required == "hard"
    assert staff.item("A1").original == "4"
    assert staff.questions[1].columns == ("USED_1", "USED_2", "USED_3")
    assert (staff.questions[0].low, staff.questions[0].high, staff.questions[0].required) == (18, 90, "no")
    assert staff.responses["often"].missing_codes == (-9, -8)
    assert staff.responses["often"].missing_labels == {-9: {"en": "Does not apply"}}
    assert staff.responses["agree"].shared == "agreement-5"
    assert set(staff.responses["agree"].label(1, "en")) > {"a"}
    assert set(staff.responses["agree"].labels[1]) == {"en"}  # only the languages the file has
    assert staff.languages["en"].validation[0].value == 0.8
    assert staff.level == "branch"


def test_what_is_written_reads_back(staff):
    assert parse_instrument(write_yaml(staff)) == staff
    whole = from_mapping(json.loads(json.dumps(to_mapping(staff, self_contained=True))))
    assert whole.responses["agree"].shared == ""
    agree = dataclasses.replace(staff.responses["agree"], shared="")
    assert whole.responses["agree"] == agree
    assert whole.fingerprint == staff.fingerprint


def test_the_fingerprint_knows_every_rule_of_scoring(staff):
    changes = [
        ("rescale: [0, 100]", "rescale: [0, 10]"),
        ("reversed_parts: [doing], ", ""),
        ("min_answered: 1, model: formative", "min_answered: 2, model: formative"),
        ("parts: [agreeing, doing], method: sum", "parts: [doing, agreeing], method: sum"),
        ("high: 6, labels: {0: {en: Never}, 6", "high: 7, labels: {0: {en: Never}, 7"),
    ]
    prints = {staff.fingerprint}
    for old, new in changes:
        assert FILE.count(old) == 1, old
        prints.add(parse_instrument(FILE.replace(old, new)).fingerprint)
    assert len(prints) == len(changes) + 1
    reworded = parse_instrument(FILE.replace("One thing", "Some thing").replace("level: branch", "level: individual"))
    assert reworded.fingerprint == staff.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "agree: agreement-5",
            "agree: agreement-55",
            "no shared answer set 'agreement-55'. Did you mean 'agreement-5'?",
        ),
        ("type: attention, key: 4", "type: attention", "the attention check 'ATT' lacks key"),
        ("type: attention, key: 4", "type: attention, key: 9", "must lie in its response range 1 to 5; found 9"),
        ('original: "4"', "key: 4", "'A1' is of the type single, which has no 'key'"),
        ("low: 18, high: 90", "low: 90, high: 18", "runs from 90 to 18"),
        ("3: 0.05}", "3: 0.5}", "add up to 1"),
        ("type: integer", "type: number", "must be one of single, attention, slider, multi, rank"),
        ("required: hard", "required: very", "must be one of no, soft, hard"),
        ("reversed: [A2]", "reversed: [AGE]", "is an open question, so it cannot be reversed"),
        ("items: [SEX, AGE]", "items: [SEX]", "no section holds AGE"),
        ("items: [SEX, AGE]", "items: [SEX, AGE, A1]", "'A1' stands in the sections 'you' and 'work'"),
        ("items: [SEX, AGE]", "items: [SEX, AGES]", "names 'AGES', which is no item or question"),
        ("parts: [agreeing, doing], method: sum", "parts: [agreeing], method: sum", "name at least two in parts"),
        ("parts: [agreeing, doing], method: sum", "parts: [agreeing, dong], method: sum", "Did you mean 'doing'?"),
        ("reversed_parts: [doing]", "reversed_parts: [A1]", "the score 'both' names 'A1', which is none of its scales"),
        (
            "min_answered: 2, model: formative",
            "min_answered: 3, model: formative",
            "between 1 and its 2 parts; found 3",
        ),
        ("rescale: [0, 100]", "rescale: [100, 0]", "must be two numbers, the lower first"),
        (
            "method: sum, min_answered: 2",
            "method: sum, rescale: [0, 1], min_answered: 2",
            "is for means, and its method is sum",
        ),
        ("id: both", "id: doing", "is the id of a score and of a scale or item"),
        ("level: branch", "level: floor", "must be one of individual, branch, organisation"),
        ("-8: null", "3: null", "missing code 3 lies inside the response range 0 to 6"),
        ("measure: nominal", "measure: nomnal", "Did you mean 'nominal'?"),
    ],
)
def test_faults_of_the_new_parts(old, new, words):
    assert FILE.count(old) == 1, old
    with pytest.raises(InstrumentError) as caught:
        parse_instrument(FILE.replace(old, new))
    assert words in str(caught.value)


def test_scores_by_hand(staff):
    answers = {"A1": 4, "A2": 1, "B1": 6, "B2": 1}
    agreeing, doing = staff.scales
    assert agreeing.score(answers) == (4.5 - 1) / 4 * 100  # A2 is reversed: (4 + 5) / 2 on 1 to 5, as per cent
    assert doing.score(answers) == 7
    both, everything = staff.higher_order
    assert both.score(answers) == (87.5 + (12 - 7)) / 2
    assert everything.score(answers) == 87.5 + 7
    assert everything.range == (0, 112)
    half = {"A1": 4, "B1": 6}
    assert doing.score(half) is None
    assert both.score(half) is None
    assert everything.score(half) == 75 * 2
    assert both.item_ids == ("A1", "A2", "B1", "B2")


_answers = st.one_of(st.none(), st.integers(-9, 9))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("A1", "A2", "B1", "B2"), _answers)), min_size=1, max_size=8))
def test_all_rows_at_once_are_scored_as_each_alone(rows):
    staff = parse_instrument(FILE)
    frame = pd.DataFrame(rows, dtype=float)
    scores = score(Responses.from_frame(frame, [staff])).frame
    for place, row in enumerate(rows):
        for scale in staff.scores:
            alone = scale.score(row)
            together = scores[scale.id].iloc[place]
            assert (alone is None and np.isnan(together)) or alone == together


def test_unscored_questions_are_variables_of_an_analysis(staff):
    frame = pd.DataFrame(
        {
            "SEX": [1, 2, 7],
            "AGE": [30, 40, 50],
            "A1": [1, 2, 3],
            "A2": [1, 2, 3],
            "ATT": [4, 4, 1],
            "B1": [0, 1, 2],
            "B2": [1, 1, 9],
            "SAY": ["x", None, "y"],
        }
    )
    data = Responses.from_frame(frame, [staff])
    assert list(data.items) == ["A1", "A2", "B1", "B2"]
    assert list(data.unscored) == ["SEX", "ATT"]
    assert data.variables["SEX"].tolist()[:2] == [1, 2]
    assert np.isnan(data.variables["SEX"].iloc[2])  # out of its range
    assert [note.subject for note in data.notes if note.code == "RESPONSES_OUT_OF_RANGE"] == ["B2", "SEX"]
    without = Responses.from_frame(frame.drop(columns=["SEX", "ATT"]), [staff])  # nobody is forced to ask them
    assert list(without.items) == ["A1", "A2", "B1", "B2"]
    assert screen(data).flags["attention"].tolist() == [False, False, True]  # the instrument's own check
    assert "attention" not in screen(data, rules={"attention": False}).flags
    names = analysis_frame(data)[0].columns
    assert {"both", "all_of_it", "agreeing", "SEX"} <= set(names)
    assert [one.scale for one in item_sets(data, data.values, None, None)] == ["agreeing", "doing"]
    (total,) = item_sets(data, data.values, None, "both")
    assert total.items == ("A1", "A2", "B1", "B2")


def test_a_form_of_open_questions_lists_no_answers():
    only = draft("talk", name={"en": "Talk"}, items=[], questions=[
        Question("SAY", 1, "text", wording={"en": "What do you like?"}),
        Question("AGE", 2, "integer", wording={"en": "Your age in years"}, low=18, high=99),
    ])  # fmt: skip
    assert parse_instrument(write_yaml(only)) == only
    with pytest.raises(InstrumentError, match="define at least one response format"):
        parse_instrument(write_yaml(only).replace("type: text", "type: single"))
