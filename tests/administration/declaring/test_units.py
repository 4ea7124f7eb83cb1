"""Units are one tree, whether nested in the file or listed in a CSV; whatever is none is refused with its line."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.administration.declaring.made import faults, in_all, read

LEVELS = ["branch", "district", "region"]


def file(**more: Any) -> dict[str, Any]:
    """A file with units."""
    return {"crmstudy_administration": 1, "levels": LEVELS, **more}


def from_csv(tmp_path, content: str | bytes, **more: Any) -> dict[str, Any]:
    """A file whose units lie in a CSV."""
    raw = content.encode("utf-8") if isinstance(content, str) else content
    (tmp_path / "units.csv").write_bytes(raw)
    return file(units="units.csv", **more)


def test_levels_follow_from_the_height(tmp_path):
    nested = {
        "R": {"units": {"D": {"units": {"B1": None, "B2": "Second"}}, "B3": {}}},
        "B4": {"name": in_all("Fourth")},
    }
    units = read(tmp_path, file(units=nested)).units
    assert {id: (unit.level, unit.parent) for id, unit in units.items()} == {
        "R": ("region", ""), "D": ("district", "R"), "B1": ("branch", "D"), "B2": ("branch", "D"),
        "B3": ("branch", "R"), "B4": ("branch", ""),
    }  # fmt: skip
    assert units["B2"].name == {"en": "Second", "fa": "Second", "ru": "Second"}
    assert units["B4"].name == in_all("Fourth")
    assert units["B1"].name["fa"] == "B1"


def test_a_level_may_be_passed_over(tmp_path):
    units = read(tmp_path, file(units={"R": {"level": "region", "units": {"B": None}}})).units
    assert (units["R"].level, units["B"].level) == ("region", "branch")


def test_a_list_without_levels(tmp_path):
    study = read(tmp_path, {"crmstudy_administration": 1, "units": {"B1": None, "B2": None}})
    assert (study.levels, study.units["B1"].level) == (("unit",), "unit")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_csv_of_any_delimiter(tmp_path, delimiter, bom):
    rows = ["unit,parent,level,name,name_fa", "R,,region,North,شمال", "B1,R,branch,Central,", '"B2",R,,,شعبهٔ دو', ""]
    content = bom + "\r\n".join(rows).replace(",", delimiter)
    units = read(tmp_path, from_csv(tmp_path, content)).units
    assert units["R"].name == {"en": "North", "fa": "شمال", "ru": "North"}
    assert (units["B1"].level, units["B1"].name["fa"]) == ("branch", "Central")
    assert (units["B2"].level, units["B2"].name) == ("branch", {"fa": "شعبهٔ دو"})


def test_ids_stay_as_they_are_written_in_a_csv(tmp_path):
    assert list(read(tmp_path, from_csv(tmp_path, "unit\n0412\n007\nتهران-۱\n")).units) == ["0412", "007", "تهران-۱"]


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        ("unit,parent\nA,\nA,\n", 3, "the unit 'A' is declared twice (first in line 2); keep one."),
        ("unit,parent\nA,\nB,C\n", 3, "the parent 'C' of the unit 'B' is no unit. Declare it too."),
        ("unit,parent\nA,B\nB,A\nC,\n", 2, "the units go in a circle: A -> B -> A; a unit cannot lie in itself."),
        ("unit,parent\nA,A\n", 2, "the units go in a circle: A -> A;"),
        ("unit,level\nA,brnch\n", 2, "the level 'brnch' of the unit 'A' is not declared. Did you mean 'branch'?"),
        (
            "unit,parent,level\nA,,branch\nB,A,region\n",
            3,
            "the unit 'B' (region) lies in 'A' (branch); levels rise from",
        ),
        ("unit,parent,level\nA,,branch\nB,A,branch\n", 3, "the unit 'B' (branch) lies in 'A' (branch)"),
        (
            "unit,parent\nA,\nB,A\nC,B\nD,C\n",
            2,
            "the unit 'A' lies above units of the highest level 'region'; add a level",
        ),
        ("unit,parent\n,A\nA,\n", 2, "the id of a unit is a text of 1 to 64 characters; found ''."),
        ("unit\n" + "x" * 65 + "\n", 2, "the id of a unit is a text of 1 to 64 characters"),
        ("id,parent\nA,\n", 1, "the column 'id' is not known."),
        ("id,parent\nA,\n", 1, "there is no column 'unit', the id of each unit; add it."),
        ("unit,name,name\nA,a,b\n", 1, "a column stands twice; keep one."),
        ("unit,name\nA,Central, old\n", 2, "the row has 3 cells, and there are 2 columns; put texts in quotes."),
        ("unit\nكرج\nکرج\n", 3, "the units 'كرج' (line 2) and 'کرج' read the same"),
        ("unit,parent\n", None, "the file names no unit; add a row for each"),
        ("", None, "the file names no unit"),
        (b"unit\n\xff\xfe\n", None, "the file is not UTF-8 (byte 5); save it as UTF-8."),
    ],
)
def test_what_is_no_tree(tmp_path, content, line, sentence):
    told = faults(tmp_path, from_csv(tmp_path, content))
    place = f"{tmp_path / 'units.csv'}" + (f":{line}: " if line else ": ")
    assert any(one.startswith(place) and sentence in one for one in told), "\n".join(told)


def test_thousands_of_faults_are_told_briefly(tmp_path):
    content = "unit,parent\n" + "".join(f"U{n},missing{n}\n" for n in range(1000))
    told = faults(tmp_path, from_csv(tmp_path, content))
    assert len(told) == 51
    assert "950 faults more" in "".join(told)


def test_a_deep_chain_is_walked_without_recursion(tmp_path):
    content = "unit,parent\n" + "".join(f"U{n},U{n + 1}\n" for n in range(5_000)) + "U5000,\n"
    told = faults(tmp_path, from_csv(tmp_path, content))
    assert "lies above units of the highest level" in told[0]


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    """Units with their parents, at most three deep."""
    parents: dict[str, str] = {}
    depth: dict[str, int] = {}
    for n in range(draw(st.integers(1, 12))):
        fitting = ["", *(id for id in parents if depth[id] < 2)]
        parents[f"U{n}"] = draw(st.sampled_from(fitting))
        depth[f"U{n}"] = depth.get(parents[f"U{n}"], -1) + 1
    return parents


def nested(parents: dict[str, str], top: str = "") -> dict[str, Any]:
    """The tree as the file nests it."""
    return {id: {"units": nested(parents, id)} for id, parent in parents.items() if parent == top}


def as_csv(parents: dict[str, str]) -> str:
    """The tree as rows."""
    out = io.StringIO()
    csv.writer(out).writerows([("unit", "parent"), *parents.items()])
    return out.getvalue()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees(), st.randoms())
def test_nesting_and_rows_in_any_order_say_the_same(tmp_path, parents, random):
    by_file = read(tmp_path, file(units=nested(parents))).units
    shuffled = list(parents.items())
    random.shuffle(shuffled)
    by_csv = read(tmp_path, from_csv(tmp_path, as_csv(dict(shuffled)))).units
    assert by_file == by_csv
    assert {id: unit.parent for id, unit in by_csv.items()} == parents
    for unit in by_csv.values():
        if unit.parent:
            assert LEVELS.index(unit.level) < LEVELS.index(by_csv[unit.parent].level)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from("ABCDEF"), st.sampled_from(["", *"ABCDEF"]), min_size=1))
def test_circles_are_found_and_nothing_else_is_taken_for_one(tmp_path, parents):
    known = {id: parent if parent in parents else "" for id, parent in parents.items()}

    def endless(id: str) -> bool:
        for _ in range(len(known) + 1):
            id = known.get(id, "")
        return id != ""

    told = faults(tmp_path, from_csv(tmp_path, as_csv(known), levels=list("abcdef")))
    assert any("circle" in one for one in told) is any(endless(id) for id in known)
