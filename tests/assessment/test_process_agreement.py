"""Agreement of the raters of a process audit: coefficients by their formulas, and what cannot be said."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.processes import process_audit
from crmstudy.errors import AnalysisError, ModelError
from tests import tolerances

PRACTICES = [practice["id"] for area in catalogue("data_processes")["areas"] for practice in area["practices"]]


def rated(levels: dict[str, list[int | None]], unit: str | None = None) -> pd.DataFrame:
    """A row a rating; ``levels`` by rater, in the order of the practices."""
    rows = [(rater, *pair) for rater, given in levels.items() for pair in zip(PRACTICES, given, strict=False)]
    return pd.DataFrame(rows, columns=["rater", "practice", "level"]).assign(unit=unit)


def drawn(raters: str, seed: int) -> dict[str, list[int | None]]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 5, len(PRACTICES))
    return {name: np.clip(true + rng.integers(-1, 2, len(true)), 0, 4).tolist() for name in raters}


def kappa(one: list[int | None], other: list[int | None], power: int) -> float:
    """One less the mean disagreement over that of every rating with every other."""
    a, b = np.array(one, dtype=float), np.array(other, dtype=float)
    return float(1 - (np.abs(a - b) ** power).mean() / (np.abs(a[:, None] - b[None, :]) ** power).mean())


def icc_2(levels: dict[str, list[int | None]]) -> tuple[float, float]:
    """Absolute agreement of one rater and of the mean of all, from the mean squares (McGraw & Wong, 1996)."""
    x = np.array(list(levels.values()), dtype=float).T
    n, k = x.shape
    rows = k * ((x.mean(axis=1) - x.mean()) ** 2).sum() / (n - 1)
    columns = n * ((x.mean(axis=0) - x.mean()) ** 2).sum() / (k - 1)
    error = ((x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    return (
        (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n),
        (rows - error) / (rows + (columns - error) / n),
    )


@pytest.mark.parametrize("raters", ["ab", "abc"])
def test_coefficients_equal_their_formulas(raters):
    levels = drawn(raters, 5)
    found = process_audit(rated(levels), bootstrap=100)
    table = found.estimates.set_index("term")
    pairs = list(combinations(levels.values(), 2))
    expected = {
        "kappa_linear": np.mean([kappa(*pair, 1) for pair in pairs]),
        "kappa_quadratic": np.mean([kappa(*pair, 2) for pair in pairs]),
    } | dict(zip(("icc_single", "icc_average"), icc_2(levels), strict=True))
    assert table["estimate"].to_dict() == pytest.approx(expected, rel=tolerances.CLOSED_FORM_RELATIVE)
    assert (table["ci_low"] < table["estimate"]).all()
    assert set(table["raters"]) == {len(raters)}
    assert set(table["practices"]) == {len(PRACTICES)}
    assert f"Agreement of {len(raters)} raters on 19 practices" in found.text
    assert all(set(table.index) <= set(found.labels(lang)["term"]) for lang in ("en", "fa", "ru"))
    equal = found.tables["pairs"]["equal_percent"]
    assert equal.tolist() == pytest.approx([100.0 * np.mean(np.equal(*pair)) for pair in pairs])


def test_each_unit_has_its_own_agreement_and_one_rater_has_none():
    one, other = drawn("ab", 1), drawn("ab", 2)
    alone = rated({"a": one["a"]}, "north")
    table = pd.concat([rated(one, "east"), rated(other, "west"), alone])
    found = process_audit(table, bootstrap=None)
    for unit, levels in (("east", one), ("west", other)):
        row = found.estimates[(found.estimates["unit"] == unit) & (found.estimates["term"] == "kappa_linear")]
        assert row["estimate"].tolist() == pytest.approx([kappa(levels["a"], levels["b"], 1)])
    assert set(found.estimates["unit"]) == set(found.tables["pairs"]["unit"]) == {"east", "west"}
    single = process_audit(alone)
    assert single.estimates.empty
    assert single.tables["pairs"].empty
    assert "Agreement" not in single.text


def test_only_practices_that_all_raters_rated_enter_kappa():
    levels = drawn("ab", 3)
    some = {"a": levels["a"], "b": [None, None, *levels["b"][2:]]}
    found = process_audit(rated(some)).estimates.set_index("term")
    assert found.loc["kappa_linear", "practices"] == len(PRACTICES) - 2
    expected = kappa(levels["a"][2:], levels["b"][2:], 1)
    assert found.loc["kappa_linear", "estimate"] == pytest.approx(expected, rel=tolerances.CLOSED_FORM_RELATIVE)


def test_what_no_coefficient_can_say_is_a_note():
    apart = process_audit(rated({"a": [1, 2], "b": [None, None, 3]}))
    assert apart.estimates.empty
    assert any(note.code == "AUDIT_NO_AGREEMENT" for note in apart.notes)
    same = process_audit(rated({"a": [3] * 19, "b": [3] * 19}))
    assert any(note.code == "AUDIT_NO_AGREEMENT" for note in same.notes)
    assert same.tables["pairs"]["equal_percent"].tolist() == [100.0]
    assert "nan" not in same.text


def test_a_rater_is_one_however_the_name_is_typed():
    table = pd.concat([rated({"کاظمي": [1, 2, 3]}), rated({"کاظمی": [1, 2, 3]})])
    found = process_audit(table)
    assert found.call["raters"] == ["کاظمي"]
    assert {"NAMES_READ_ALIKE", "AUDIT_ROWS_REPEATED"} <= {note.code for note in found.notes}


def test_rows_without_a_unit_among_those_that_have_one_are_told():
    table = pd.concat([rated({"a": [1, 2]}, "east"), rated({"a": [3]})])
    found = process_audit(table)
    assert [note.subject for note in found.notes if note.code == "NAMES_MISSING"] == ["units"]
    assert set(found.tables["areas"]["unit"]) == {"east", "all"}
    for complete in (rated({"a": [1]}, "east"), rated({"a": [1]})):
        assert "NAMES_MISSING" not in {note.code for note in process_audit(complete).notes}


def test_faulty_options_and_contradictions_are_refused_in_words():
    with pytest.raises(ModelError) as refused:
        process_audit(rated({"a": [1]}), level=95, bootstrap=5, seed=-1)
    assert len(refused.value.faults) == 3
    twice = pd.DataFrame({"practice": PRACTICES[:1] * 2, "level": [1, 2]})
    with pytest.raises(AnalysisError, match="two different levels by rater 1"):
        process_audit(twice)


def test_areas_on_one_level_are_not_called_highest_and_lowest():
    found = process_audit(pd.DataFrame({"practice": PRACTICES, "level": 2}))
    assert "Highest" not in found.text
    assert "All that was rated is at mean level 2.00" in found.text
