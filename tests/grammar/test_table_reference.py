"""Parameter tables against lavaan's, row by row, over many models and options."""

from __future__ import annotations

import math
import re

import pytest

from crmstudy.grammar.spec import parse_model
from crmstudy.grammar.table import build_table
from tests.reference import load
from tests.tolerances import CLOSED_FORM_RELATIVE

CASES = load("partable/all").output["cases"]


def _table(name):
    case = CASES[name]
    return build_table(
        parse_model(case["model"]),
        std_lv=case["std_lv"],
        fixed_x=case["fixed_x"],
        meanstructure=case["meanstructure"],
        n_groups=case["n_groups"],
        group_equal=case["group_equal"],
        group_partial=case["group_partial"],
    )


def _classes(keys):
    """For each row the first row that is the same parameter (None for fixed ones)."""
    first = {}
    return [None if key is None else first.setdefault(key, index) for index, key in enumerate(keys)]


def _lavaan_classes(case):
    """The same from lavaan's numbers and its ``==`` rows between two parameters."""
    rows, relations = case["rows"], case["relations"]
    parent = list(range(len(rows["lhs"])))

    def root(index):
        while parent[index] != index:
            index = parent[index]
        return index

    at = {f".p{index + 1}.": index for index in parent}
    for index, label in enumerate(rows["label"]):
        if label:
            at.setdefault(label, index)
    for lhs, op, rhs in zip(relations["lhs"], relations["op"], relations["rhs"], strict=True):
        if op == "==" and lhs in at and rhs in at:
            one, other = sorted((root(at[lhs]), root(at[rhs])))
            parent[other] = one
    return [root(index) if rows["free"][index] else None for index in range(len(parent))]


@pytest.mark.parametrize("name", CASES)
def test_rows(name):
    rows, table = CASES[name]["rows"], _table(name)
    expected = list(zip(rows["lhs"], rows["op"], rows["rhs"], rows["group"], strict=True))
    assert [(row.lhs, row.op, row.rhs, row.group) for row in table.rows] == expected
    assert [row.user for row in table.rows] == [user == 1 for user in rows["user"]]
    assert [row.exogenous for row in table.rows] == [exo == 1 for exo in rows["exo"]]
    assert [row.label or "" for row in table.rows] == rows["label"]
    assert [row.block for row in table.rows] == rows["group"]


@pytest.mark.parametrize("name", CASES)
def test_values(name):
    rows, table = CASES[name]["rows"], _table(name)
    assert [row.free > 0 for row in table.rows] == [free > 0 for free in rows["free"]]
    assert [row.start if row.free else row.value for row in table.rows] == rows["ustart"]


@pytest.mark.parametrize("name", CASES)
def test_equal_parameters(name):
    case, table = CASES[name], _table(name)
    assert _classes([row.free or None for row in table.rows]) == _lavaan_classes(case)
    numbers = [row.free for row in table.rows if row.free]
    assert sorted(set(numbers), key=numbers.index) == list(range(1, table.n_free + 1))


@pytest.mark.parametrize("name", CASES)
def test_bounds(name):
    rows, table = CASES[name]["rows"], _table(name)
    for column in ("lower", "upper"):
        expected = [x if free else None for x, free in zip(rows[column], rows["free"], strict=True)]
        assert [getattr(row, column) for row in table.rows] == expected


@pytest.mark.parametrize("name", CASES)
def test_variables(name):
    case, table = CASES[name], _table(name)
    spec = parse_model(case["model"])
    assert list(spec.observed) == case["observed"]
    assert list(table.exogenous) == case["exogenous"]
    assert list(table.latent) == case["latent"]
    assert set(table.observed) == set(case["observed"])
    assert table.meanstructure == case["meanstructure"]
    assert bool(table.tied_across_groups) == case["single_label"]


@pytest.mark.parametrize("name", CASES)
def test_names_of_free_parameters(name):
    """lavaan names every free row; ours are those of the first rows of each parameter."""
    case, table = CASES[name], _table(name)
    numbers = [row.free for row in table.rows if row.free]
    first = [numbers.index(number) for number in range(1, table.n_free + 1)]
    assert [re.sub(r"\s", "", text) for text in table.free_names()] == [case["coefficients"][index] for index in first]


@pytest.mark.parametrize("name", CASES)
def test_relations(name):
    """Definitions and the constraints that are no plain equality, as written, are all there."""
    case, table = CASES[name], _table(name)
    relations = list(zip(*(case["relations"][key] for key in ("lhs", "op", "rhs", "user")), strict=True))
    assert [item.name for item in table.definitions] == [lhs for lhs, op, _, _ in relations if op == ":="]
    written = [(lhs, op, rhs) for lhs, op, rhs, user in relations if op != ":=" and user == 1]
    labels = set(case["rows"]["label"])
    kept = [relation for relation in written if not (relation[1] == "==" and {relation[0], relation[2]} <= labels)]
    assert [constraint.op for constraint in table.constraints] == [op for _, op, _ in kept]
    values = {label: math.pi ** (1 + index) for index, label in enumerate(sorted(labels - {""}))}
    known = dict(values)
    for item in table.definitions:
        known[item.name] = item.expression.value(known)
    spec = parse_model(f"{case['model']}\n" + "\n".join(" ".join(relation) for relation in kept))
    for constraint, read in zip(table.constraints, spec.constraints[len(spec.constraints) - len(kept) :], strict=True):
        for side in ("lhs", "rhs"):
            expected = getattr(read, side).value(known)
            assert getattr(constraint, side).value(values) == pytest.approx(expected, rel=CLOSED_FORM_RELATIVE)


def test_there_are_enough_cases():
    assert len(CASES) >= 60
    assert sum(case["n_groups"] > 1 for case in CASES.values()) >= 30
