"""The language of skip logic: what it means, what it refuses, and that nothing but its own fault ever comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import every_kind

from crmstudy.administration.session.conditions import parse_condition
from crmstudy.administration.session.names import Kind, kinds
from crmstudy.administration.session.reading import DEEPEST, LONGEST
from crmstudy.administration.session.tree import Among, Compare, Given, Has, Joined, Not, printed
from crmstudy.errors import StudyError

SAMPLE = every_kind(attributes=("tenure", "role"))
KNOWN = {
    **kinds(SAMPLE, languages=("en", "fa", "ru"), units=("north", "south"), waves=("w1", "w2")),
    "in": Kind("number"), "زن": Kind("choice", frozenset({1, 2})), "a.b": Kind("text"),
}  # fmt: skip


def holds(text, /, refused=(), **answers):
    return parse_condition(text, KNOWN).holds(answers, refused)


def faults(text):
    with pytest.raises(StudyError) as caught:
        parse_condition(text, KNOWN)
    return [fault.message for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "answers", "wanted"),
    [
        ("a1 = 3", {"a1": 3}, True), ("a1 == 3", {"a1": 4}, False), ("a1 != 3", {"a1": 4}, True),
        ("a1 < 3", {"a1": 2}, True), ("a1 <= 2", {"a1": 2}, True), ("a1 > 2", {"a1": 2}, False),
        ("a1 ≥ 2", {"a1": 2}, True), ("a1 ≠ 2", {"a1": 2}, False), ("a1 <> 2", {"a1": 3}, True),
        ("a1 in (1, 2)", {"a1": 2}, True), ("a1 not in (1, 2)", {"a1": 2}, False), ("a1 not in (1,2)", {"a1": 5}, True),
        ("a1=1 or a2=1 and a4=1", {"a1": 1}, True), ("(a1=1 or a2=1) and a4=1", {"a1": 1}, False),
        ("not a1=1 and a2=2", {"a1": 2, "a2": 2}, True), ("NOT (a1=1 AND a2=2)", {"a1": 1, "a2": 2}, False),
        ("multi has 3", {"multi": [1, 3]}, True), ("multi has 2", {"multi": [1, 3]}, False),
        ("multi not has 2", {"multi": [1, 3]}, True), ("multi not has 2", {"multi": None}, False),
        ("age >= ۳۰", {"age": 30}, True), ("decimal > −1.5", {"decimal": -1.4}, True),
        ("text = 'كاملاً'", {"text": "کاملا"}, True), ('text = "it""s"', {"text": 'It"s'}, True),
        ("date >= '2026-01-31'", {"date": "2026-02-01"}, True), ("date < '2026-01-31'", {"date": "2026-02-01"}, False),
        ("unit = 'north'", {"unit": "north"}, True), ("lang in ('fa','ru')", {"lang": "en"}, False),
        ("wave != 'w1'", {"wave": "w2"}, True), ("tenure > 3", {"tenure": "10"}, True),
        ("tenure = 3", {"tenure": "۳"}, True), ("tenure > 3", {"tenure": "long"}, False),
        ("role = 'Boss'", {"role": "boss"}, True),
        ("answered(rank)", {"rank": [1, 2, 3, 4]}, True), ("answered(text)", {"text": ""}, False),
        ("`in` = 3", {"in": 3}, True),
        ("زن = 2", {"زن": 2}, True), ("a.b = 'x'", {"a.b": "x"}, True),
    ],
)  # fmt: skip
def test_what_a_condition_means(text, answers, wanted):
    assert holds(text, **answers) is wanted
    again = parse_condition(str(parse_condition(text, KNOWN)), KNOWN)
    assert again == parse_condition(text, KNOWN)


@pytest.mark.parametrize("sign", ["= 3", "!= 3", "< 3", "<= 3", "> 3", ">= 3", "in (1, 3)", "not in (1, 3)"])
@pytest.mark.parametrize("answers", [{}, {"a1": None}])
def test_a_comparison_without_an_answer_is_false_and_its_opposite_true(sign, answers):
    assert not holds(f"a1 {sign}", **answers)
    assert holds(f"not a1 {sign}", **answers)
    assert not holds(f"a1 {sign}", refused={"a1"}, a1=None)
    assert not holds("answered(a1)", **answers)


def test_an_answer_beside_the_scale_has_a_code_and_no_place_on_it():
    assert holds("a1 = -8", a1=-8)
    assert holds("answered(a1) and a1 != 3", a1=-8)
    assert not any(holds(f"a1 {sign}", a1=-8) for sign in ("< 3", "<= 3", "> 3", ">= 1"))


def test_refused_is_not_left_out():
    assert holds("refused(a1)", refused={"a1"})
    assert not holds("refused(a1)", a1=None)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("a1 = 7", 6, "cannot be 7"), ("a1 > 5", 6, "never above 5"), ("a1 < 1", 6, "never below 1"),
        ("a1 >= -8", 7, "cannot be -8"), ("a1 = 2.5", 6, "cannot be 2.5"), ("a1 = 'x'", 6, "is a number"),
        ("ages = 20", 1, "Did you mean 'age'"), ("age = 200", 7, "between 15 and 99"),
        ("age = 20.5", 7, "whole number"),
        ("text = 3", 8, "in quotes"), ("text > 'a'", 8, "=, != and in only"), ("date = '2026-02-30'", 8, "is a date"),
        ("unit = 'nroth'", 8, "Did you mean 'north'"), ("lang = fa", 8, 'is it a text: "fa"'),
        ("multi = 1", 1, "multi has"),
        ("rank = 1", 1, "answered(rank)"), ("a1 has 1", 1, "no list"), ("multi has 9", 11, "cannot have 9"),
        ("refused(unit)", 9, "nobody is asked"), ("a1 = 1 &", 8, "means nothing"), ("a1 =", 5, "the condition ends"),
        ("(a1 = 1", 8, "closing bracket"), ("a1 = 1)", 7, "the end"), ("a1 1", 4, "=, !=, <"),
        ("a1 in 1", 7, "opening"),
        ("and a1 = 1", 1, "the name of a question"), ("a1 = 'x", 6, "no end"), ("1 < a1", 1, "the name of a question"),
        ("a1 not = 1", 8, "in or has"), ("info = 'x'", 1, "not known"), ("__import__('os')", 11, "=, !=, <"),
        ("a1 = 1 or or a2 = 1", 11, "the name of a question"), ("a1 = a2", 6, "another name"),
        ("decimal = 1e5", 11, "means nothing"),
    ],
)  # fmt: skip
def test_a_fault_says_where_and_what(text, column, said):
    (found,) = faults(text)
    first, line, caret = found.split("\n")
    assert first.startswith(f"column {column}:")
    assert said in first
    assert caret.index("^") - 6 == column - 1
    assert line[6:] == text


def test_all_faults_of_names_and_values_are_told_at_once():
    assert len(faults("a1 = 9 and b = 1 or age = 200 and unit = 'x'")) == 4


def test_a_condition_has_its_limits():
    assert "at most" in faults("a1 = 1 or " * 300 + "a1 = 1")[0]
    assert len("a1 = 1 or " * 300) > LONGEST
    assert "levels" in faults("(" * (DEEPEST + 1) + "a1 = 1" + ")" * (DEEPEST + 1))[0]
    assert "deep" in faults("not " * (2 * DEEPEST + 1) + "a1 = 1")[0]
    assert holds("(" * (DEEPEST - 1) + "a1 = 1" + ")" * (DEEPEST - 1), a1=1)
    assert "empty" in faults("   ")[0]


def test_names_are_those_it_uses():
    assert parse_condition("a1 = 1 and not (refused(a2) or multi has 1)", KNOWN).names == {"a1", "a2", "multi"}


_QUOTED = st.text(st.characters(codec="utf-8"), max_size=12)
_LEAVES = st.one_of(
    st.builds(Compare, st.sampled_from(["a1", "a2"]), st.sampled_from(["=", "!=", "<=", ">="]), st.integers(1, 5)),
    st.builds(Compare, st.just("decimal"), st.sampled_from(["=", "<", ">"]), st.floats(-1e6, 1e6) | st.integers(-9, 9)),
    st.builds(Compare, st.sampled_from(["text", "a.b"]), st.sampled_from(["=", "!="]), _QUOTED),
    st.builds(Among, st.sampled_from(["a1", "زن"]), st.tuples(st.integers(1, 2), st.integers(1, 2)), st.booleans()),
    st.builds(Has, st.just("multi"), st.integers(1, 4), st.booleans()),
    st.builds(Given, st.sampled_from(["answered", "refused"]), st.sampled_from(["in", "age", "زن"])),
)
_TREES = st.recursive(
    _LEAVES,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(Joined, st.sampled_from(["and", "or"]), st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(_TREES)
@settings(max_examples=150, deadline=None)
def test_written_and_read_again_it_is_the_same(tree):
    assert parse_condition(printed(tree), KNOWN).tree == tree


def _truth(tree, answers, refused):
    """What a condition means, computed from its tree in another way than the one under test."""
    if isinstance(tree, Joined):
        parts = [_truth(part, answers, refused) for part in tree.parts]
        return all(parts) if tree.word == "and" else any(parts)
    if isinstance(tree, Not):
        return not _truth(tree.part, answers, refused)
    answer = answers.get(tree.name)
    if isinstance(tree, Given):
        return tree.name in refused if tree.how == "refused" else answer is not None
    if answer is None:
        return False
    if isinstance(tree, Has):
        return (tree.value in answer) != tree.negated
    if isinstance(tree, Among):
        return (answer in tree.values) != tree.negated
    value = tree.value
    return {"=": answer == value, "!=": answer != value, "<": answer < value, "<=": answer <= value,
            ">": answer > value, ">=": answer >= value}[tree.operator]  # fmt: skip


_NUMERIC = st.recursive(
    st.one_of(
        st.builds(Compare, st.sampled_from(["a1", "a2"]), st.sampled_from(["=", "!=", "<=", ">="]), st.integers(1, 5)),
        st.builds(Among, st.just("a1"), st.tuples(st.integers(1, 5), st.integers(1, 5)), st.booleans()),
        st.builds(Has, st.just("multi"), st.integers(1, 4), st.booleans()),
        st.builds(Given, st.sampled_from(["answered", "refused"]), st.sampled_from(["a1", "a2", "multi"])),
    ),
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(Joined, st.sampled_from(["and", "or"]), st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
_MAYBE = st.none() | st.integers(1, 5)


@given(
    _NUMERIC,
    _MAYBE,
    _MAYBE,
    st.none() | st.lists(st.integers(1, 4), min_size=1, unique=True),
    st.sets(st.sampled_from(["a1", "a2"])),
)
@settings(max_examples=150, deadline=None)
def test_it_means_what_its_tree_means(tree, a1, a2, multi, refused):
    answers = {"a1": a1, "a2": a2, "multi": multi}
    assert parse_condition(printed(tree), KNOWN).holds(answers, refused) is _truth(tree, answers, refused)


_PIECES = [
    "a1",
    "multi",
    "=",
    "!=",
    "<",
    "(",
    ")",
    "in",
    "not",
    "and",
    "or",
    "has",
    "answered",
    "refused",
    ",",
    "1",
    "'x'",
    '"',
    "`",
    "زن",
    "é",
    "\x00",
    "\u202e",
    "1e9",
    "-",
]


@given(st.text(max_size=60) | st.lists(st.sampled_from(_PIECES), max_size=25).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_it_is_read_or_refused(text):
    try:
        condition = parse_condition(text, KNOWN)
    except StudyError as caught:
        error = caught
    else:
        error = None
    if error is not None:
        assert all(fault.message for fault in error.faults)
        return
    for answers in ({}, {"a1": 1, "multi": [1], "text": "x", "زن": 1}, {"a1": "1", "multi": 3, "text": 4, "date": []}):
        assert condition.holds(answers) in (True, False)
    assert parse_condition(str(condition), KNOWN) == condition


def test_the_conditions_of_the_reference_page_can_be_read():
    page = Path(__file__).resolve().parents[3] / "docs" / "reference" / "conditions.md"
    first = page.read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    known = {
        "uses_crm": Kind("choice", frozenset({0, 1})), "age": Kind("number"), "role": Kind("choice", frozenset({1, 2})),
        "tenure": Kind("number"), "channels": Kind("multi", frozenset({1, 2, 3})), "region": Kind("attribute"),
        "started": Kind("date"), "unit": Kind("word"), "lang": Kind("word"), "income": Kind("number"),
    }  # fmt: skip
    for line in first.splitlines():
        assert str(parse_condition(line, known))
