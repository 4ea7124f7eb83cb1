"""A new file has every key with a comment, reads back to the defaults, and never takes the place of another."""

from __future__ import annotations

import re

import pytest

from crmstudy.administration.declaring.keys import KEYS, UNIT, WAVE
from crmstudy.administration.declaring.readiness import readiness
from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.administration.declaring.scaffold import scaffold_text, write_scaffold
from crmstudy.administration.fieldwork import Fieldwork
from crmstudy.errors import OutputError
from tests.administration.declaring.made import GOOD, read, write


def test_it_reads_back_to_the_defaults(tmp_path):
    before = read(tmp_path)
    path = write_scaffold(tmp_path)
    after = read_fieldwork(tmp_path)
    assert path.name == "administration.yaml"
    for name in Fieldwork.__dataclass_fields__:
        if name != "k":
            assert getattr(after, name) == getattr(before, name), name
    assert after.k == 5


def test_what_is_marked_is_what_keeps_a_study_from_opening(tmp_path):
    write(tmp_path)
    text = write_scaffold(tmp_path).read_text(encoding="utf-8")
    marked = {found[1] for found in re.finditer(r"^ *(?:# +)?(\w+):.*# \(\*\)", text, re.MULTILINE)}
    marked |= {found[1] for found in re.finditer(r"^ *(?:# +)?(\w+):.*\(\*\)", text, re.MULTILINE)}
    lacks = {lack.key.split(".")[-1] for lack in readiness(read_fieldwork(tmp_path)) if lack.blocking}
    assert lacks <= marked
    assert marked - lacks == {"k", "key", "title"}


def test_every_key_stands_in_it(tmp_path):
    text = scaffold_text(read(tmp_path))
    for section, its in KEYS.items():
        for key in its:
            assert re.search(rf"\b{key.name}:", text), f"{section}.{key.name}"
    assert {"name", "level"} <= {key.name for key in KEYS[UNIT]}
    assert {key.name for key in KEYS[WAVE]} == {"opens", "closes"}


def test_every_line_that_is_not_used_can_be(tmp_path):
    """With the # taken away, and real words where it says ..., the file is read too."""
    text = scaffold_text(read(tmp_path))
    used = re.sub(r"^(\s*)# (?=\s*[\w]+:( |$))", r"\1", text, flags=re.MULTILINE)
    used = re.sub(r"^ {4}(opens|closes):.*\n", "", used, flags=re.MULTILINE)
    used = re.sub(r"^\s*# +\(.*\n", "", used, flags=re.MULTILINE)
    used = re.sub(r"^words:.*\n  SLOT.*\n", "", used, flags=re.MULTILINE)
    assert used.count("# ") < text.count("# ")
    (tmp_path / "administration.yaml").write_text(used, encoding="utf-8")
    study = read_fieldwork(tmp_path)
    staff = study.samples["staff"]
    assert [wave.id for wave in staff.waves] == ["first", "second"]
    assert (len(staff.conditions), len(staff.quotas), staff.attributes) == (1, 1, ("shift",))
    assert {"north", "B01", "B02"} == set(study.units)
    assert study.mail is not None


def test_nothing_is_overwritten(tmp_path):
    write(tmp_path, GOOD)
    before = (tmp_path / "administration.yaml").read_bytes()
    with pytest.raises(OutputError, match="exists already and is not overwritten"):
        write_scaffold(tmp_path)
    assert (tmp_path / "administration.yaml").read_bytes() == before


def test_not_even_a_link_that_leads_nowhere(tmp_path):
    write(tmp_path)
    (tmp_path / "administration.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(OutputError, match="exists already"):
        write_scaffold(tmp_path)
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_the_example_study_gets_one_too(tmp_path):
    from crmstudy.study.scaffold import copy_template

    copy_template(tmp_path / "study")
    write_scaffold(tmp_path / "study")
    assert list(read_fieldwork(tmp_path / "study").samples) == ["staff"]
