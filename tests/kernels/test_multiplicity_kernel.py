import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.kernels.multiplicity import adjusted

p_lists = st.lists(st.floats(0, 1), min_size=1, max_size=12).map(np.array)


def test_holm_by_hand():
    # sorted .01 .02 .03 .04 times 4 3 2 1 is .04 .06 .06 .04; steps never go down
    assert adjusted(np.array([0.04, 0.01, 0.03, 0.02]), "holm") == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_bonferroni_stops_at_one():
    assert adjusted(np.array([0.2, 0.5, 0.01]), "bonferroni") == pytest.approx([0.6, 1.0, 0.03])


def test_none_changes_nothing():
    assert adjusted(np.array([0.2, 0.5]), "none").tolist() == [0.2, 0.5]


@given(p_lists)
def test_holm_lies_between_the_p_value_and_bonferroni_and_keeps_the_order(p_values):
    holm = adjusted(p_values, "holm")
    assert (holm >= p_values).all()
    assert (holm <= adjusted(p_values, "bonferroni")).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(holm[order]) >= 0).all()


def test_an_unknown_correction_is_refused():
    with pytest.raises(ValueError, match="holm, bonferroni, none"):
        adjusted(np.array([0.1]), "fdr")
