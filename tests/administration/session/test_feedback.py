"""Scores that respondents are shown: those of the instrument, and what was too incomplete said so."""

from __future__ import annotations

import pytest
from session_samples import every_kind, item, questionnaire

from crmstudy.administration.fieldwork import Sample
from crmstudy.administration.session.feedback import scores
from crmstudy.administration.session.route import Route
from crmstudy.errors import StudyError
from crmstudy.instrument import load_instrument
from crmstudy.instrument.model import HigherOrder


def test_a_score_is_that_of_the_scale_and_its_absence_is_told():
    sample = every_kind(feedback=("alpha",))
    (found,) = scores(sample, {"a1": 4, "a2": -8, "a4": 1}, "fa")
    assert (found.value, found.answered, found.asked, found.needed) == (2.5, 2, 3, 1)
    assert (found.low, found.high, found.name) == (1, 5, "fa alpha")
    (none,) = scores(sample, {"a1": None, "a2": -8}, "en")
    assert none.incomplete
    assert (none.value, none.answered, none.needed) == (None, 0, 1)


def test_hidden_answers_do_not_count():
    sample = every_kind(feedback=("alpha",), conditions={"a2": "a1 = 1"})
    answers = Route(sample, "en").given({"a1": 5, "a2": 1, "a4": 5}).filled().answers
    assert scores(sample, answers, "en")[0].value == 5


@pytest.mark.parametrize("name", ["qwl-walton", "uwes9", "tam"])
def test_shipped_scales(name):
    one = load_instrument(name)
    sample = Sample("s", "staff", (one,), feedback=tuple(score.id for score in one.scores))
    answers = {entry.id: entry.response.high for entry in one.items}
    for score, found in zip(one.scores, scores(sample, answers, "en"), strict=True):
        assert found.value == score.score(answers)
        assert found.low <= found.value <= found.high
        assert found.name
    assert all(found.incomplete for found in scores(sample, {}, "en"))


def test_a_score_made_of_scores_counts_its_parts():
    one = questionnaire("i", [item("a", 1), item("b", 2)], scales=[("x", ["a"]), ("y", ["b"])])
    whole = questionnaire("i", one.items, scales=[("x", ["a"]), ("y", ["b"])],
                          higher_order=[HigherOrder("z", {"en": "Z"}, one.scales, "mean", 2)])  # fmt: skip
    sample = Sample("s", "staff", (whole,), feedback=("z", "x"))
    total, part = scores(sample, {"a": 3}, "en")
    assert (total.value, total.answered, total.asked, total.needed) == (None, 1, 2, 2)
    assert part.value == 3
    assert scores(sample, {"a": 3, "b": 5}, "en")[0].value == 4


def test_scales_that_are_not_there_or_twice():
    with pytest.raises(StudyError, match="Did you mean 'alpha'"):
        scores(every_kind(feedback=("alhpa",)), {}, "en")
    both = tuple(questionnaire(name, [item(f"{name}1", 1)], scales=[("x", [f"{name}1"])]) for name in "ij")
    with pytest.raises(StudyError, match="several instruments"):
        scores(Sample("s", "staff", both, feedback=("x",)), {}, "en")
