"""Declared files: plain YAML with lines; what is not plain is refused with its line, and no file hangs or crashes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmstudy.declared import DEEPEST, read_declared
from crmstudy.errors import InputError
from crmstudy.instrument import read_instrument
from crmstudy.study.plan import Study

#: Nine levels of nine aliases: a billion values when written out.
BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))


def _write(folder: Path, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _faults(folder: Path, text: str) -> list[tuple[int | None, str]]:
    try:
        document = read_declared(_write(folder, text))
        document.raise_faults()
    except InputError as error:
        return [(fault.line, fault.message) for fault in error.faults]
    return []


def test_plain_values_and_their_lines(tmp_path):
    text = "a: 1\nb: [x, 2.5, yes, ~]\nc:\n  =: equals\n  2: '<<'\n  '3': <<\nd: =\n"
    document = read_declared(_write(tmp_path, text))
    assert document.data == {
        "a": 1, "b": ["x", 2.5, True, None], "c": {"=": "equals", 2: "<<", "3": "<<"}, "d": "=",
    }  # fmt: skip
    assert [document.line(where) for where in (("b", 1), ("c",), ("c", "="), ("c", 2), ("c", "9"))] == [2, 3, 4, 5, 3]
    assert document.faults == []


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("a: &base {b: 1}\nc: 2\n", 1, "aliases (&, *) are not read here; write out what &base stands for."),
        ("a: 1\nb: &r [*r]\n", 2, "write out what *r stands for."),
        ("a: &base {b: 1}\nc:\n  <<: *base\n", 3, "write out what *base stands for."),
        ("a: 1\nc:\n  <<: {b: 1}\n", 3, "merge keys (<<) are not read here; write the keys out."),
        ("a: !!python/object/apply:os.getcwd []\n", 1, "take '!!python/object/apply:os.getcwd' off"),
        ("a: 1\nb: !mine x\n", 2, "take '!mine' off"),
        ("a: 1\nb: !!set {x}\n", 2, "take '!!set' off"),
        ("a: 1\na: 2\n", 2, "the key 'a' stands twice; keep one."),
        ("a: 1\n[b]: 2\n", 2, "a key must be a word or a number, not a list or a mapping."),
        ("a: 1\nb: " + "9" * 5000 + "\n", 2, "999...' cannot be read as a number"),
        ("a: 1\nb: 0x" + "f" * 5000 + "\n", 2, "is too large; put it in quotes if it is a text."),
        ("a: 1\nb: -.inf\n", 2, "'-.inf' is no finite number; put it in quotes if it is a text."),
        ("a: 1\nb: 2026-13-45\n", 2, "'2026-13-45' cannot be read as a number or a date"),
        ("a: 1\nb: " + "[" * 2000 + "]" * 2000 + "\n", 2, f"deeper than {DEEPEST} levels; write it flatter."),
        ("a: 1\nb: " + "[" * 100000, 2, f"deeper than {DEEPEST} levels; write it flatter."),
        ('a: 1\nb: {c: "x\\x07"}\n', 2, "a text in b.c holds the control character U+0007; remove it."),
        ('a: 1\nb: "\\ud800"\n', 2, "a text in b holds the control character U+D800; remove it."),
        ('a: 1\n"b\\x01": 1\n', 2, "a text in the file holds the control character U+0001; remove it."),
        ("a: 1\nb: \x01\n", 2, "the file holds the control character U+0001; remove it."),
        ("a: 1\nb: [1\n", 3, "this is not YAML"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(tmp_path, text, line, sentence):
    faults = _faults(tmp_path, text)
    assert any(at == line and sentence in message for at, message in faults), faults


def test_faults_of_building_come_together(tmp_path):
    text = "a: 1\na: 2\nb: .nan\nc: {<<: {d: 1}}\n"
    assert [line for line, _ in _faults(tmp_path, text)] == [2, 3, 4]


@pytest.mark.parametrize("read", [read_instrument, Study.load])
@pytest.mark.parametrize(
    "text",
    [BOMB, "a: &r [*r]\n", "a: &b {c: 1}\nd: {<<: *b}\n", "<<: 1\n", "=: 1\n", "a: " + "9" * 9000 + "\n",
     "a: " + "{b: " * 3000, "- " * 3000, "? " * 3000 + "a\n", "1: 2\nno: 3\n~: 4\n2026-01-01: 5\n1.5: 6\n"],
    ids=["bomb", "circle", "merge", "merge key", "equals", "huge", "deep flow", "deep list", "deep key", "odd keys"],
)  # fmt: skip
def test_both_loaders_refuse_at_once(tmp_path, read, text):
    begun = time.monotonic()
    with pytest.raises(InputError) as caught:
        read(_write(tmp_path, text))
    assert all(fault.message.endswith((".", "?")) for fault in caught.value.faults)
    assert time.monotonic() - begun < 5


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text("a1:-&*!<=[]{}?|>'\" \n\\x0_.~", max_size=25))
def test_no_text_raises_anything_but_a_refusal(tmp_path, text):
    _faults(tmp_path, text)
