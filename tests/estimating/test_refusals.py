"""What is refused before anything is estimated: every refusal says what was wanted and what was found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError, CrmstudyError, DataError, ModelError
from crmstudy.fitted.fit import fit_model
from tests import tolerances

MODEL = "f =~ x1 + x2 + x3 + x4"
NAMES = ["x1", "x2", "x3", "x4"]


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(120, 1)) + rng.normal(size=(120, 4))
    return pd.DataFrame(rows, columns=NAMES).assign(
        g=np.repeat(["a", "b"], 60), half=1, w=1.0, team=np.arange(120) % 50, word="yes"
    )


@pytest.fixture(scope="module")
def moments(data: pd.DataFrame) -> pd.DataFrame:
    return data[NAMES].cov()


def refused(kind: type[CrmstudyError], words: str, model: str, data: Any = None, **keywords: Any) -> None:
    with pytest.raises(kind) as caught:
        fit_model(model, data, **keywords)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"level": 95}, "level= must be a number between 0 and 1"),
        ({"std_lv": "yes"}, "std_lv= must be True or False"),
        ({"seed": -1}, "seed= must be a whole number from 0"),
        ({"group": ["g"]}, "group= must be the name of a column"),
        ({"group_equal": 3}, "group_equal= must be a name or a list of names"),
        ({"group": "g", "group_equal": ["loading"]}, "Did you mean 'loadings'?"),
        ({"group_equal": ["loadings"]}, "name their column in group="),
        ({"control": 500}, "control= must be a mapping"),
        ({"control": {"max_it": 5}}, "control= has no key 'max_it'"),
        ({"control": {"max_iter": 0}}, "control['max_iter'] must be a whole number from 1"),
        ({"missing": "fiml", "estimator": "MLM"}, "missing='fiml' goes with estimator ML or MLR, not MLM"),
        ({"missing": "fiml", "se": "robust.sem"}, "missing='fiml' goes with MLR-type"),
        ({"missing": "fiml", "meanstructure": False}, "leave meanstructure=False out"),
        ({"aux": ["w"]}, "use it with missing='fiml'"),
        ({"estimator": "GLS", "likelihood": "wishart"}, "not for GLS"),
        ({"estimator": "MLM", "weights": "w"}, "weights= goes with estimator ML or MLR, not with MLM"),
        ({"estimator": "MLMV", "cluster": "team"}, "cluster= goes with estimator ML, MLR or MLM, not with MLMV"),
        ({"estimator": "MLR", "test": "satorra.bentler"}, "for another test write estimator='ML'"),
        ({"estimator": "GLS", "se": "robust.sem"}, "the standard test only"),
        ({"estimator": "ULS", "se": "first.order"}, "goes with maximum likelihood, not with ULS"),
        ({"estimator": "DWLS", "test": "yuan.bentler"}, "goes with maximum likelihood, not with DWLS"),
    ],
)
def test_options_out_of_range_or_at_odds(data: pd.DataFrame, keywords: dict[str, Any], words: str) -> None:
    refused(ModelError, words, MODEL, data, **keywords)


def test_all_faults_of_the_options_are_told_at_once(data: pd.DataFrame) -> None:
    with pytest.raises(ModelError) as caught:
        fit_model(MODEL, data, level=2, std_lv=1, seed=-3)
    assert all(name in str(caught.value) for name in ("level=", "std_lv=", "seed="))


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"group": "gg"}, "group='gg' is not a column of the data"),
        ({"group": "half"}, "must tell at least two groups apart"),
        ({"group": "x1"}, "is the group and a variable of the model"),
        ({"cluster": "teams"}, "Did you mean 'team'?"),
        ({"weights": "nothing"}, "weights='nothing' is not a column"),
        ({"weights": "x1"}, "must be positive numbers"),
        ({"sample_n": 100}, "belong to sample_cov="),
    ],
)
def test_columns_that_do_not_serve(data: pd.DataFrame, keywords: dict[str, Any], words: str) -> None:
    refused(DataError, words, MODEL, data, **keywords)


def test_columns_of_the_model_that_do_not_serve(data: pd.DataFrame) -> None:
    refused(DataError, "'word' must hold numbers", "f =~ x1 + x2 + x3 + word", data)
    refused(DataError, "the column 'x4' stands twice", MODEL, pd.concat([data, data[["x4"]]], axis=1))
    refused(DataError, "infinite values: x2", MODEL, data.assign(x2=data["x2"].where(data.index > 0, np.inf)))
    refused(DataError, "change their unit", MODEL, data.assign(x1=data["x1"] * 1e-90))
    refused(AnalysisError, "no usable row is left", MODEL, data.assign(x1=np.nan))
    refused(AnalysisError, "nobody answered x1", MODEL, data.assign(x1=np.nan), missing="fiml")
    refused(AnalysisError, "at least two clusters", MODEL, data, cluster="half")
    apart = data.assign(x1=data["x1"].where(data.index < 60), x2=data["x2"].where(data.index >= 60))
    refused(AnalysisError, "x1 and x2 are answered together in 0 rows", MODEL, apart, missing="fiml")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_n": None}, "sample_cov= needs sample_n="),
        ({"sample_n": 1}, "sample_cov= needs sample_n="),
        ({"group": "g"}, "with sample_cov= give dicts by group"),
        ({"meanstructure": True}, "give the means too"),
        ({"sample_mean": {"x1": 1.0}}, "it lacks x2, x3, x4"),
        ({"sample_mean": dict.fromkeys(NAMES, np.nan)}, "numbers without missing values"),
        ({"sample_cov": [[1.0]]}, "must be a DataFrame"),
        ({"estimator": "MLR"}, "are computed from rows"),
        ({"estimator": "WLS"}, "estimator='WLS' is computed from rows"),
        ({"missing": "fiml"}, "missing='fiml' is computed from rows"),
    ],
)
def test_moments_that_do_not_serve(moments: pd.DataFrame, change: dict[str, Any], words: str) -> None:
    refused(DataError, words, MODEL, **({"sample_cov": moments, "sample_n": 120} | change))


def test_matrices_that_do_not_serve(moments: pd.DataFrame) -> None:
    def given(matrix: Any, kind: type[CrmstudyError], words: str, n: Any = 120, **more: Any) -> None:
        refused(kind, words, MODEL, sample_cov=matrix, sample_n=n, **more)

    given(moments.iloc[::-1], DataError, "in the same order, as index and columns")
    lopsided = moments.copy()
    lopsided.iloc[0, 1] += 0.5
    given(lopsided, DataError, "full symmetric matrix")
    given(moments.drop(index="x4", columns="x4"), ModelError, "'x4' is neither a column")
    flat = moments.copy()
    flat.loc["x1"], flat["x1"] = 0.0, 0.0
    given(flat, AnalysisError, "1 item has no variance: x1")
    given(moments * 1e-150, DataError, "change their unit")
    spread = pd.Series(np.sqrt(np.diagonal(moments)), index=NAMES)
    correlations = moments / np.multiply.outer(spread.to_numpy(), spread.to_numpy())
    given((correlations, spread.drop("x2")), DataError, "lack x2")
    given((moments, spread), DataError, "must hold correlations")
    given({"a": moments}, DataError, "make it a dict too")
    given({"a": moments}, DataError, "it has none for 'b'", {"a": 60, "b": 60})
    given({"a": moments, "b": moments, "c": moments}, DataError, "groups that sample_n= has not: c", {"a": 60, "b": 60})


def test_moments_in_any_form_give_the_same_fit(data: pd.DataFrame, moments: pd.DataFrame) -> None:
    spread = pd.Series(np.sqrt(np.diagonal(moments)), index=NAMES)
    correlations = moments / np.multiply.outer(spread.to_numpy(), spread.to_numpy())
    lower = moments.where(np.tril(np.ones((4, 4), dtype=bool)))
    by_rows = fit_model(MODEL, data)
    for given in (moments, lower, (correlations, spread), moments.loc[NAMES[::-1], NAMES[::-1]]):
        by_moments = fit_model(MODEL, sample_cov=given, sample_n=120)
        assert by_moments.fit["chisq"] == pytest.approx(by_rows.fit["chisq"], rel=tolerances.CHISQ_RELATIVE)


def test_starts_are_taken_from_fits_tables_and_names(data: pd.DataFrame) -> None:
    model = "f =~ x1 + start(0.2)*x2 + x3 + x4\nx1 ~~ x2"
    plain = fit_model(model, data)
    for start in (plain, plain.estimates, {"f =~ x2": 0.9, "x2  ~~ x1": 0.1, "nobody ~ f": 3.0}):
        again = fit_model(model, data, start=start)
        assert again.fit["chisq"] == pytest.approx(plain.fit["chisq"], rel=tolerances.CHISQ_RELATIVE)
    near = fit_model(model, data, start=plain, control={"max_iter": 2})
    assert near.converged
    assert not fit_model(model, data, control={"max_iter": 2}).converged
    refused(ModelError, "found list", model, data, start=[1.0, 2.0])
