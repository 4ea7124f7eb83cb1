"""A hundred mutants of every kind of file: each is read, or refused with a sentence, in time."""

from __future__ import annotations

import pytest

from tests.exchange.mutants import TARGETS, answer_to, mutants, wrong_with


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_mutants_are_read_or_refused_with_a_sentence(target, tmp_path):
    seed = target.seed()
    assert answer_to(target, seed, tmp_path)[0] == "read"
    said = []
    for number, raw in enumerate(mutants(seed, 100)):
        answer, seconds = answer_to(target, raw, tmp_path)
        assert wrong_with(answer, seconds) == "", f"mutant {number}"
        said.append(answer)
    assert 0 < said.count("read") < 100


def test_the_judge_of_answers_notices_what_is_wrong():
    assert wrong_with("read", 6.0) == "it took 6.0 s"
    assert wrong_with("a.csv: no words", 0.1).startswith("no sentence")
    assert wrong_with("a.csv: bad\x1b[2J letters.", 0.1).startswith("not fit")
    assert wrong_with("", 0.1) == "no words"
    assert wrong_with("a.csv:3: the item 'A' wants numbers.", 0.1) == ""
    assert wrong_with("a.csv: میشود \u200cدرست نیست.", 0.1) == ""
