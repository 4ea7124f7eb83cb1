import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.disclosure import Rules, mean_band, secondary, shares, suppressed
from crmstudy.errors import DataError, ModelError
from tests.disclosure.attack import possible


def test_rules_and_rounding():
    rules = Rules()
    assert (rules.k(), rules.k("distribution"), rules.k("crossing"), rules.k("text")) == (5, 10, 10, 10)
    assert [Rules(round_to=5).n_shown(n) for n in (5, 7, 8, 12, 13, 22, 23)] == [5, 5, 10, 10, 15, 20, 25]
    assert [Rules(round_to=10).n_shown(n) for n in (14, 15)] == [10, 20]
    assert rules.n_shown(7) == 7


@pytest.mark.parametrize("round_to", [5, 10])
@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_a_rounded_figure_is_possible_with_every_number_that_is_rounded_alike(round_to, unit):
    rules = Rules(round_to=round_to)
    numbers = range(5, 120)
    shown = {n: {rules.figure_shown(unit * count / n, n, unit) for count in range(n + 1)} for n in numbers}
    for n in range(5, 100):
        alike = [other for other in numbers if rules.n_shown(other) == rules.n_shown(n)]
        assert all(shown[n] <= shown[other] for other in alike)
    # control: rounded to a tenth, or to one percent, some figures are possible with one number only
    one, other, third = (7, 5, 6) if unit == 1 else (11, 10, 12)
    plain = {n: {round(unit * count / n, 1 if unit == 1 else 0) for count in range(n + 1)} for n in (one, other, third)}
    assert plain[one] - plain[other] - plain[third]


def test_figures_are_as_they_are_where_numbers_are():
    assert Rules().figure_shown(3.14159, 7, 1.0) == 3.14159
    assert Rules(round_to=5).figure_shown(3.14159, 500, 1.0) == 3.1
    assert Rules(round_to=5).figure_shown(62.4, 30, 100.0) == 60.0
    assert np.isnan(Rules(round_to=5).figure_shown(float("nan"), 30, 100.0))


@pytest.mark.parametrize(
    ("options", "count"),
    [({"k_means": 2}, 1), ({"k_means": 6.0, "k_distributions": 1, "round_to": 0}, 3), ({"k_means": 12}, 1)],
)
def test_rules_that_protect_nobody(options, count):
    with pytest.raises(ModelError) as caught:
        Rules(**options)
    assert len(caught.value.faults) == count


def test_groups_beside_their_total():
    assert suppressed({"a": 12, "b": 3, "c": 8}) == {"b": "small", "c": "secondary"}
    assert suppressed({"a": 12, "b": 3, "c": 8}, total=False) == {"b": "small"}
    assert suppressed({"a": 12, "b": 3, "c": 4}) == {"b": "small", "c": "small"}
    assert suppressed({"a": 12, "b": 0, "c": 8}) == {"b": "empty"}
    assert suppressed({"a": 12, "b": 9, "c": 30}, kind="distribution") == {"b": "small", "a": "secondary"}
    assert suppressed({"a": 3}) == {"a": "small"}
    with pytest.raises(DataError) as caught:
        suppressed({"a": -1, "b": 2.5, "c": 3})
    assert len(caught.value.faults) == 2


@given(st.dictionaries(st.integers(), st.integers(0, 30), min_size=1, max_size=8))
def test_what_is_left_of_the_total_is_nobody_or_enough(counts):
    hidden = suppressed(counts)
    left = sum(counts[name] for name in hidden)
    assert left == 0 or left >= 5 or len([name for name in counts if counts[name] and name not in hidden]) == 0
    assert all(name in hidden for name, n in counts.items() if n < 5)


def test_a_distribution_in_which_all_agree_is_banded_as_one_in_which_nearly_all_do():
    assert shares([0, 0, 12]) == shares([0, 1, 11]) == ((0.0, 0.1), (0.0, 0.1), (0.9, 1.0))
    assert shares([3, 9]) == ((0.25, 0.25), (0.75, 0.75))
    assert shares([0, 9]) is None
    assert shares([7, 63]) == ((0.0, 0.1), (0.9, 1.0))


def test_a_mean_is_banded_where_nearly_all_agree():
    assert mean_band(5.0, 0.0, 1.0, 5.0) == pytest.approx((4.6, 5.0))
    assert mean_band(1.0, 0.0, 1.0, 5.0) == pytest.approx((1.0, 1.4))
    assert mean_band(4.95, 0.11, 1.0, 5.0) == mean_band(5.0, 0.0, 1.0, 5.0)
    assert mean_band(3.0, 0.2, 1.0, 5.0) is None
    low, high = mean_band(3.4, 0.1, 1.0, 5.0)
    assert low <= 3.4 <= high


def hidden_arrays(table, k):
    found = secondary(table.tolist(), k)
    return np.array(found.cells), np.array(found.rows), np.array(found.columns), found.total


def test_a_small_cell_in_a_table_with_margins():
    table = np.array([[20, 3, 30], [15, 25, 12], [40, 18, 22]])
    only_small = table < 5
    nothing = np.zeros(3, dtype=bool)
    # control: without more withheld, the small cell is what is left of its row
    np.testing.assert_allclose(possible(table, only_small, nothing, nothing, False)[0, 1], [3, 3], atol=1e-7)
    low, high = possible(table, *hidden_arrays(table, 5))[0, 1]
    assert high - low >= 5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_small_cell_of_any_table_may_be_larger_by_k(seed):
    draw = np.random.default_rng(seed)
    shape = draw.integers(1, 5, size=2)
    table = draw.poisson(draw.choice([1, 4, 12]), size=shape)
    found = hidden_arrays(table, 5)
    ends = possible(table, *found)
    small = (table > 0) & (table < 5)
    assert found[0][small].all()
    assert (ends[small, 1] - ends[small, 0] >= 5 - 1e-7).all()
    assert not found[0][table == 0].any()
    assert found[1][(table.sum(axis=1) > 0) & (table.sum(axis=1) < 5)].all()
    # a margin that is small is protected as a cell is: seen from a table with one more row
    if 0 < table.sum() < 5:
        assert found[3]


def test_no_more_is_withheld_than_needed_where_all_are_enough():
    found = secondary([[20, 10], [10, 0]], 5)
    assert found.cells == ((False, False), (False, False))
    assert not any((*found.rows, *found.columns, found.total))


def test_the_cheapest_partners_are_taken():
    found = secondary([[3, 90, 7], [8, 95, 6], [70, 80, 90]], 5)
    assert found.cells == ((True, False, True), (True, False, True), (False, False, False))
    assert not any((*found.rows, *found.columns, found.total))


def test_a_single_row_of_counts():
    found = secondary([[2, 20, 40]], 5)
    assert found.cells == ((True, True, False),)
    assert found.columns == (True, True, False)
    assert (found.rows, found.total) == ((False,), False)


def test_tables_that_are_none():
    for bad in ([], [[]], [[1, 2], [3]], [[1, -2]], [[1.5]]):
        with pytest.raises(DataError):
            secondary(bad, 5)
