import time

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import ModelError, UnsupportedError
from crmstudy.models.formula import build_design, formula_terms, formula_variables, read_formula


def frame():
    return pd.DataFrame(
        {
            "y": [1.0, 2.0, 4.0, 3.0, 5.0, 7.0],
            "a": [1, 2, 3, 1, 2, 5],
            "b c": [1.0, 3.0, 2.0, 4.0, 1.0, 0.5],
            "g": ["u", "v", "w", "u", "v", "w"],
            "رضایت‌مندی": [1, 0, 1, 0, 0, 1],
        }
    )


def design(text, data=None):
    data = frame() if data is None else data
    return build_design(read_formula(text, list(data.columns)), data)


def test_columns_terms_and_intercept():
    found = design("y ~ a * g")
    assert found.columns == ("(Intercept)", "a", "g[T.v]", "g[T.w]", "a:g[T.v]", "a:g[T.w]")
    assert found.terms == {"a": (1,), "g": (2, 3), "a:g": (4, 5)}
    assert found.intercept == 0
    assert found.matrix[:, 4].tolist() == [0, 2, 0, 0, 2, 0]
    assert [note.code for note in found.notes] == ["REGRESSION_FACTOR"]
    assert design("y ~ 0 + a").intercept is None


@pytest.mark.parametrize(
    "text", ["y ~ `b c`", "y ~ رضایت‌مندی", "y ~ `رضایت‌مندی`", "y ~ log(`b c`)", "y~I(a**2)+center(a)"]
)
def test_names_with_spaces_joiners_and_calls(text):
    assert np.isfinite(design(text).matrix).all()


def test_the_reference_level_may_be_chosen():
    assert design("y ~ C(g, contr.treatment('w'))").columns[1:] == (
        "C(g, contr.treatment('w'))[T.u]",
        "C(g, contr.treatment('w'))[T.v]",
    )


def test_rows_with_a_missing_variable_are_dropped_and_others_kept():
    data = frame()
    data.loc[0, "a"] = None
    data.loc[1, "g"] = None
    found = design("y ~ a", data)
    assert (len(found.outcome), found.dropped, list(found.index)) == (5, 1, [1, 2, 3, 4, 5])


def test_levels_that_no_row_has_make_no_column():
    data = frame().assign(g=pd.Categorical(["u", "v", "v", "u", "v", "u"], categories=["u", "v", "w"]))
    assert design("y ~ g", data).columns == ("(Intercept)", "g[T.v]")


def test_whole_numbers_of_any_type_are_numbers():
    data = frame().astype({"a": "Int64"})
    assert design("y ~ a", data).matrix[:, 1].tolist() == [1, 2, 3, 1, 2, 5]


def test_names_without_data():
    assert formula_variables("y ~ a + log(`b c`) + C(g):a") == ("y", "a", "b c", "g")
    assert formula_terms("y ~ a + b*g") == ("y", ("a", "b", "g", "b:g"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ a +", "cannot be read.*A formula reads like"),
        ("y ~ (a", "cannot be read"),
        ("y ~ 2lag(a)", "cannot be read"),
        ("y ~ C(g, 'x')", "cannot be computed"),
        ("y ~ C(g, levels=['u'])", "cannot be computed.*categories"),
        ("y ~ scale(g)", "cannot be computed"),
        ("a + b", "the outcome before the ~"),
        (3, "the outcome before the ~"),
        ("y + a ~ g", "one outcome"),
        ("y ~ 1", "no predictor"),
        ("y ~ .", "uses '.'"),
        ("y ~ b c", "backticks: `b c`"),
        ("g ~ a", "'g' is not a number"),
        ("y ~ aa + G", "'aa'.*\n.*'G'.*Did you mean 'g'"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(text, message):
    with pytest.raises(ModelError, match=message) as caught:
        design(text)
    assert "\x1b" not in str(caught.value)
    assert "⧛" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ a | g", "several parts"),
        ("y ~ lgo(a)", "calls 'lgo'.*Did you mean 'log'"),
        ("y ~ np.log(a)", "calls 'np.log'"),
        ("y ~ __import__('os')", "calls"),
        ("y ~ {a.__class__}", "uses Attribute"),
        ("y ~ {(lambda: a)()}", "which"),
        ("y ~ C(g, contr.guess())", "no contrast 'guess'"),
        ("y ~ {[x for x in a]}", "uses ListComp"),
    ],
)
def test_what_a_formula_may_not_do_is_refused_by_name(text, message):
    with pytest.raises(UnsupportedError, match=message):
        design(text)


def test_a_refused_formula_runs_nothing(tmp_path):
    target = tmp_path / "made"
    with pytest.raises(UnsupportedError):
        formula_variables(f"y ~ {{open('{target}', 'w').write('x')}}")
    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("y ~ a**100000000", ModelError, "the power 100000000, and a power is a number from 1 to 6"),
        ("y ~ a^7", ModelError, "the power 7"),
        ("y ~ a**y", ModelError, "the power y"),
        ("y ~ (a + g + `b c`)**60", ModelError, "the power 60"),
        ("y ~ ((a + g + `b c`)**6)**6", ModelError, "more than 20,000 terms"),
        ("y ~ I(a + 9**9**9)", UnsupportedError, "at most 6"),
        ("y ~ {a + 9**9**9}", UnsupportedError, "at most 6"),
        ("y ~ I(a**(9*9))", UnsupportedError, "at most 6"),
        ("y ~ I(a**7)", UnsupportedError, "at most 6"),
        ("y ~ C(a, levels=[1]*10**10)", UnsupportedError, "with text or a list"),
        ('y ~ I("a"*10**10)', UnsupportedError, "with text or a list"),
        ('I("a"*10**10) ~ a', UnsupportedError, "with text or a list"),
        ('y ~ {"%99999999999d" % 3}', UnsupportedError, "with text or a list"),
        ("y ~ I(1 << 99999999999)", UnsupportedError, "uses LShift"),
        ("y ~ poly(a, 100000000)", UnsupportedError, "a degree above 6"),
        ("y ~ poly(a, degree=100000000)", UnsupportedError, "a degree above 6"),
        ("y ~ I(g*10000000000)", ModelError, "computes with 'g', which is not a number"),
        ("y ~ I((g + g)*10000000000)", ModelError, "computes with 'g'"),
        ("y ~ I(a*" + "9" * 5000 + ")", ModelError, "cannot be read|cannot be computed"),
    ],
)
def test_what_would_take_all_memory_or_time_is_refused_at_once(text, error, message):
    begun = time.perf_counter()
    with pytest.raises(error, match=message):
        design(text)
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    "text", ["y ~ (a + `b c`)**2", "y ~ I(a**2) + I(a**-1)", "y ~ poly(a, 2)", "y ~ I((g == 'u')*2)", "y ~ a%in%g"]
)
def test_small_powers_and_comparisons_stay_possible(text):
    assert np.isfinite(design(text).matrix).all()


def test_a_column_named_like_the_contrasts():
    with pytest.raises(ModelError, match="names 'contr', which is no variable"):
        design("y ~ I(contr*2)")
    data = frame().assign(contr=[1, 2, 3, 4, 5, 9])
    assert design("y ~ I(contr*2)", data).matrix[:, 1].tolist() == [2, 4, 6, 8, 10, 18]
