import logging
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError, DataError
from crmstudy.fitted.fit import fit_model
from crmstudy.measurement.reliability.reliability import reliability
from crmstudy.models import second_engine
from crmstudy.models.regression import regress
from crmstudy.models.second_engine import (
    EngineCheck,
    check_alpha,
    check_regression,
    check_reliability,
    check_sem,
    consult,
)
from crmstudy.notes import Note, explanations
from tests import tolerances
from tests.measurement.asked import answers, small_responses
from tests.reference import load

pytestmark = pytest.mark.peer
pytest.importorskip("semopy", reason="semopy is not installed", exc_type=ImportError)

MODEL = "f =~ a + b + c\ng =~ d + e + h\ng ~ slope*f\nd ~~ e\ntwice := 2*slope"


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(8)
    f = rng.normal(size=300)
    g = 0.5 * f + rng.normal(size=300)
    values = {name: f + rng.normal(size=300) for name in "abc"} | {name: g + rng.normal(size=300) for name in "deh"}
    return pd.DataFrame(values)


def codes(check):
    return [note.code for note in check.notes]


@pytest.mark.parametrize("name", ["sem/mobi_sem", "sem/hs_cfa", "sem/poldem", "sem/second_order"])
def test_semopy_finds_the_same_solution(name):
    case = load(name)
    check = check_sem(fit_model(case.model, case.data), case.data)
    assert isinstance(check, EngineCheck)
    assert check.agrees
    assert check.largest < tolerances.SECOND_ENGINE_IN_SE
    assert check.largest_se < 1e-4
    assert check.notes == ()
    assert check.text.startswith("semopy 2.3")


def test_every_free_parameter_is_compared_and_nothing_else(rows):
    result = fit_model(MODEL, rows)
    table = check_sem(result).tables["differences"]
    assert len(table) == result.fit["npar"]
    assert "g ~ f" in table["parameter"].tolist()
    assert table["difference"].tolist() == pytest.approx((table["theirs"] - table["ours"]).tolist())
    assert table["in_se"].tolist() == pytest.approx((table["difference"] / table["se_ours"]).tolist())


def test_wide_differences_of_scale_do_not_matter(rows):
    stretched = rows * np.array([1e3, 1, 1, 0.01, 1, 100])
    check = check_sem(fit_model(MODEL, stretched), stretched)
    assert check.largest < tolerances.SECOND_ENGINE_IN_SE


def test_names_that_semopy_could_not_read(rows):
    renamed = rows.rename(columns={"a": "رضایت", "d": "d.1"})
    model = MODEL.replace(" a ", " رضایت ").replace("=~ d", "=~ d.1").replace("d ~~", "d.1 ~~")
    check = check_sem(fit_model(model, renamed))
    assert check.agrees
    assert "f =~ رضایت" not in check.tables["differences"]["parameter"].tolist()  # the marker is fixed
    assert "رضایت ~~ رضایت" in check.tables["differences"]["parameter"].tolist()


def test_equal_loadings_are_checked_on_like_scales_and_refused_on_unlike_ones(rows):
    model = "f =~ a + k*b + k*c\ng =~ d + e + h"
    assert check_sem(fit_model(model, rows)).largest < tolerances.SECOND_ENGINE_IN_SE
    refused = check_sem(fit_model(model, rows * np.array([1, 1, 1, 100, 1, 1])))
    assert isinstance(refused, Note)
    assert "like scales" in refused.message


@pytest.mark.parametrize(
    ("model", "keywords", "reason"),
    [
        (MODEL, {"control": {"max_iter": 1}}, "did not converge"),
        (MODEL, {"std_lv": True}, "first loading"),
        ("a ~ b + c", {}, "observed variables"),
    ],
)
def test_models_that_semopy_reads_otherwise_are_not_checked(rows, model, keywords, reason):
    note = check_sem(fit_model(model, rows, **keywords))
    assert isinstance(note, Note)
    assert note.code == "ENGINE_NOT_RUN"
    assert reason in note.message


def test_a_negative_variance_is_not_compared():
    case = load("sem/heywood")
    note = check_sem(fit_model(case.model, case.data))
    assert isinstance(note, Note)
    assert "negative" in note.message


def test_data_that_are_not_those_of_the_result_are_noticed(rows):
    check = check_sem(fit_model(MODEL, rows), rows.assign(a=rows["a"].sample(frac=1, random_state=1).to_numpy()))
    assert not check.agrees
    assert "ENGINE_DIFFERS" in codes(check)
    assert "ANOTHER" in check.text


@pytest.mark.parametrize(("loose", "code"), [(0.05, "ENGINE_STOPPED_SHORT"), (-0.05, "ENGINE_FOUND_BETTER")])
def test_another_minimum_is_told(rows, monkeypatch, loose, code):
    run = second_engine._run_semopy

    def other_minimum(*arguments):
        table, discrepancy = run(*arguments)
        return table, discrepancy + loose

    monkeypatch.setattr(second_engine, "_run_semopy", other_minimum)
    check = check_sem(fit_model(MODEL, rows))
    assert code in codes(check)
    assert code in explanations()


def test_an_early_stop_of_semopy_is_seen(rows, monkeypatch):
    import semopy

    fit = semopy.Model.fit
    monkeypatch.setattr(semopy.Model, "fit", lambda self, **k: fit(self, **{**k, "options": {"maxiter": 3}}))
    check = check_sem(fit_model(MODEL, rows))
    assert {"ENGINE_STOPPED_SHORT", "ENGINE_DIFFERS"} <= set(codes(check))


def test_a_failing_engine_is_a_note(rows, monkeypatch):
    def fail(*arguments):
        raise np.linalg.LinAlgError("Singular\nmatrix")

    monkeypatch.setattr(second_engine, "_run_semopy", fail)
    note = check_sem(fit_model(MODEL, rows))
    assert isinstance(note, Note)
    assert note.level == "warning"
    assert note.message.endswith("did not run: LinAlgError: Singular matrix")


@pytest.mark.parametrize("se", ["HC3", "HC0", "HC1", "HC2", "classical"])
@pytest.mark.parametrize("name", ["regression/mobi_drivers", "regression/factor_interaction"])
def test_statsmodels_finds_the_same_regression(name, se):
    case = load(name)
    result = regress(case.output["formula"], case.data, se=se)
    check = check_regression(result, case.data)
    assert check.largest < 1e-8
    assert check.largest_se < 1e-9
    assert check.tables["differences"]["parameter"].tolist() == result.estimates["term"].tolist()
    assert check.n == result.n


def test_pingouin_finds_the_same_alpha():
    frame = answers(50, "a", "b", "c").astype(float)
    frame.loc[3, "b"] = np.nan
    check = check_alpha(frame, ["a", "b", "c"])
    assert check.largest < 1e-9
    assert check.n == 49
    assert "1 parameter " in check.text
    assert np.isnan(check.largest_se)
    assert check_alpha(small_responses(), ["t1", "t2", "t3"]).agrees


def test_alpha_of_what_is_not_there_is_refused():
    with pytest.raises(DataError, match="no column"):
        check_alpha(answers(20, "a", "b"), ["a", "z"])
    with pytest.raises(AnalysisError, match="two items"):
        check_alpha(answers(20, "a", "b"), ["a"])


def test_the_guard_keeps_everything_quiet(capfd):
    def noisy():
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("half a warning", UserWarning, stacklevel=1)
        warnings.warn("half a warning", UserWarning, stacklevel=1)
        warnings.warn("old call", DeprecationWarning, stacklevel=1)
        logging.getLogger("peer").warning("logged %s", "too")
        logging.info("unimportant")
        return 5

    before = logging.getLogger().handlers[:]
    value, notes = consult("peer 1.0", noisy)
    assert value == 5
    assert [note.message for note in notes] == ["The second engine (peer 1.0) warned: logged too; half a warning"]
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == before


def test_the_guard_restores_everything_after_a_failure(capfd):
    before = logging.getLogger().handlers[:]

    def fail():
        print("about to fail")
        raise KeyError("x")

    value, notes = consult("peer 1.0", fail)
    assert value is None
    assert [note.code for note in notes] == ["ENGINE_NOT_RUN"]
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == before
    assert sys.stdout is not None


@pytest.mark.parametrize(
    "model",
    [
        "f =~ a + 1*b + c + d",
        "f =~ a + 1*b + 1*c + 1*d",
        "f =~ a + 0.5*b + c\ng =~ d + 1*e + h\ng ~ f",
        "f =~ a + k*b + k*c\ng =~ d + 1*e + h",
    ],
)
def test_loadings_that_are_fixed_beside_the_first_one(rows, model):
    result = fit_model(model, rows)
    check = check_sem(result, rows)
    assert isinstance(check, EngineCheck)
    assert check.agrees
    assert check.largest < tolerances.SECOND_ENGINE_IN_SE
    assert check.notes == ()


@pytest.mark.parametrize("figure", [float("nan"), float("inf")])
def test_no_number_is_no_agreement(rows, monkeypatch, figure):
    run = second_engine._run_semopy

    def without_one(*arguments):
        table, discrepancy = run(*arguments)
        return {key: (figure, found[1]) if key[1] == "~" else found for key, found in table.items()}, discrepancy

    monkeypatch.setattr(second_engine, "_run_semopy", without_one)
    note = check_sem(fit_model(MODEL, rows))
    assert isinstance(note, Note)
    assert (note.code, note.level) == ("ENGINE_NOT_RUN", "warning")
    assert "gave no number for f =~ b, f =~ c" in note.message


def test_a_parameter_that_semopy_does_not_list_is_a_note(rows, monkeypatch):
    monkeypatch.setattr(second_engine, "_run_semopy", lambda *arguments: ({}, 0.0))
    note = check_sem(fit_model(MODEL, rows))
    assert isinstance(note, Note)
    assert "KeyError" in note.message


def test_nothing_to_compare_is_a_note():
    note = second_engine._check("peer 1.0", [], 10, (), {})
    assert isinstance(note, Note)
    assert note.message == "The second engine (peer 1.0) checked nothing: there is no estimate to compare."


def test_a_model_without_free_parameters_is_a_note(rows):
    fixed = "f =~ 1*a + 1*b + 1*c\nf ~~ 1*f\n" + "\n".join(f"{name} ~~ 1*{name}" for name in "abc")
    note = check_sem(fit_model(fixed, rows))
    assert isinstance(note, Note)
    assert note.code == "ENGINE_NOT_RUN"


def test_figures_that_are_the_same_differ_by_nothing_though_there_is_no_standard_error():
    check = second_engine._check("peer 1.0", [("alpha", 1.0, 1.0, 0.0, float("nan"))], 10, (), {})
    assert (check.largest, check.agrees) == (0.0, True)
    other = second_engine._check("peer 1.0", [("alpha", 1.0, 0.9, 0.0, float("nan"))], 10, (), {})
    assert not other.agrees
    assert codes(other) == ["ENGINE_DIFFERS"]


def test_pingouin_finds_the_same_alpha_of_every_scale():
    responses = small_responses()
    result = reliability(responses)
    check = check_reliability(result, responses)
    assert check.agrees
    assert check.largest < 1e-9
    table = check.tables["differences"]
    assert table["parameter"].tolist() == ["alpha of trust", "alpha of worth"]
    shown = result.estimates.query("term == 'alpha'")
    assert table["ours"].tolist() == shown["estimate"].tolist()
    assert not check_reliability(result, small_responses(40)).agrees
    frame = answers(50, "a", "b", "c")
    assert check_reliability(reliability(frame), frame).tables["differences"]["parameter"].tolist() == ["alpha"]


def test_a_scale_of_one_item_has_no_alpha_to_check():
    responses = small_responses()
    note = check_reliability(reliability(responses, scale="complaint"), responses)
    assert isinstance(note, Note)
    assert "no estimate to compare" in note.message
