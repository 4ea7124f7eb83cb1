"""The study's machinery: seeds, chunks, figures, and a judge that objects when it should and only then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import chi2

from crmstudy.fitted.comparison import compare_models
from crmstudy.fitted.fit import fit_model
from tests.calibration import figures as made
from tests.calibration import running
from tests.calibration.__main__ import main
from tests.calibration.figures import Figure, Maker, miscounted, narrowed, of_method, wrong_figures
from tests.calibration.judging import Judgement
from tests.calibration.page import Record, page, read_figures, write_figures
from tests.calibration.populations import MEDIATED
from tests.calibration.promises import MARGINS, PROMISES, TESTS, judge, promise_for
from tests.calibration.study import COLUMNS, CONDITIONS, MODEL, NESTED, TARGETS, Condition, draw, replicate
from tests.calibration.wording import swain
from tests.tolerances import CLOSED_FORM, CLOSED_FORM_RELATIVE, MONTE_CARLO_IN_SE, RECOVERY

HERE = Path(__file__).parent
NORMAL = Condition("mediated", "normal", 500)
REPLICATIONS = 1000


# --- seeds and chunks ---------------------------------------------------------------------------------------------


def test_the_answer_does_not_depend_on_chunks_or_workers(tmp_path, monkeypatch):
    condition = Condition("without", "normal", 100)
    one = next(running.run([condition], 5, 1, tmp_path / "one"))[1]
    monkeypatch.setattr(running, "CHUNK", 2)
    two = next(running.run([CONDITIONS[-1], condition], 1, 1, tmp_path / "unused"))
    assert two[0] == CONDITIONS[-1]
    several = next(running.run([condition], 5, 2, tmp_path / "two"))[1]
    assert one.shape == (5, 2, len(COLUMNS))
    np.testing.assert_array_equal(one, several)


def test_replications_and_conditions_have_samples_of_their_own():
    first = draw(NORMAL, NORMAL.random(0)[0])
    again = draw(NORMAL, NORMAL.random(0)[0])
    pd.testing.assert_frame_equal(first, again)
    for condition, number in ((NORMAL, 1), (replace(NORMAL, kind="without"), 0), (replace(NORMAL, shape="heavy"), 0)):
        assert not np.array_equal(draw(condition, condition.random(number)[0]).iloc[:, :9], first)
    assert len({condition.name for condition in CONDITIONS}) == len(CONDITIONS)


def test_a_broken_run_goes_on_from_what_it_kept(tmp_path, monkeypatch):
    condition = Condition("without", "normal", 100)
    monkeypatch.setattr(running, "CHUNK", 2)
    whole = next(running.run([condition], 4, 1, tmp_path))[1]
    files = sorted(tmp_path.glob("*.npz"))
    assert len(files) == 2
    files[1].unlink()
    asked = []
    monkeypatch.setattr(running, "replicate", lambda c, number: asked.append(number) or replicate(c, number))
    np.testing.assert_array_equal(next(running.run([condition], 4, 1, tmp_path))[1], whole)
    assert asked == [2, 3]


def test_kept_chunks_of_other_sources_are_not_taken(tmp_path, monkeypatch):
    """Every run keeps its chunks under the fingerprint of the sources, which changes with any of them."""
    asked = ["--replications", "2", "--only", "without-normal-100", "--partial", str(tmp_path)]
    files = ["--out", str(tmp_path / "page.md"), "--figures", str(tmp_path / "f.json")]
    main(asked + files)
    monkeypatch.setattr(running, "fingerprint", lambda: "another")
    main(asked + files)
    assert len(list(tmp_path.glob("*/without-normal-100-0-2.npz"))) == 2
    assert read_figures(tmp_path / "f.json")[1].sources == "another"


def test_the_fingerprint_changes_with_any_source(tmp_path, monkeypatch):
    for folder in ("kernels", "deep/er"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("1")
    (tmp_path / "__init__.py").write_text("")
    monkeypatch.setattr(running.crmstudy, "__file__", str(tmp_path / "__init__.py"))
    seen = {running.fingerprint()}
    for folder in ("kernels", "deep/er"):
        (tmp_path / folder / "a.py").write_text("2")
        seen.add(running.fingerprint())
    (tmp_path / "deep" / "er" / "a.py").rename(tmp_path / "deep" / "a.py")
    assert len(seen | {running.fingerprint()}) == 4


# --- one replication ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [Condition("mediated", s, 200) for s in ("normal", "missing", "clustered")])
def test_a_line_holds_what_the_public_result_says(condition):
    lines = replicate(condition, 3)
    data = draw(condition, condition.random(3)[0])
    for line, method in zip(lines, condition.methods, strict=True):
        found = dict(zip(COLUMNS, line, strict=True))
        keywords = {**method.keywords, "meanstructure": True}
        fit = fit_model(MODEL, data, **keywords)
        table = fit.estimates.set_index(["lhs", "op", "rhs"])
        path = table.loc[("y", "~", "m")]
        mean, variance = table.loc[("y2", "~1", "")], table.loc[("m2", "~~", "m2")]
        product = table.loc["indirect"].iloc[0]
        pairs = {
            "b|estimate": path["estimate"], "b|error": path["std_error"], "std b|estimate": path["std_all"],
            "std b|error": path["std_all_se"], "y2 ~ 1|error": mean["std_error"],
            "m2 ~~ m2|estimate": variance["estimate"], "indirect|error": product["std_error"],
            "chisq|statistic": fit.fit["chisq"], "chisq|df": fit.fit["df"],
            "scaled|statistic": fit.fit.get("chisq_scaled", np.nan),
        }  # fmt: skip
        nested = fit_model(NESTED, data, **keywords)
        plain = compare_models(fit, nested, method="standard").estimates.iloc[0]
        pairs["lrt|statistic"] = plain["statistic"]
        if "estimator" in method.keywords and method.name != "GLS":
            for year in ("2001", "2010"):
                scaled = compare_models(fit, nested, method=f"satorra.bentler.{year}").estimates.iloc[0]
                pairs[f"lrt {year}|statistic"] = scaled["statistic"]
        for name, expected in pairs.items():
            assert found[name] == pytest.approx(expected, rel=CLOSED_FORM_RELATIVE, nan_ok=True), (method.name, name)
        assert found["low"] < found["indirect|estimate"] < found["high"]


# --- figures ------------------------------------------------------------------------------------------------------


def test_error_of_a_ratio_is_that_of_many_simulations():
    """Against the spread of the ratio over repeated simulations."""
    random = np.random.default_rng(4)
    maker = Maker(NORMAL, "ML")
    found = []
    for _ in range(400):
        estimate = random.standard_normal(200)
        error = 0.9 + 0.1 * random.standard_normal(200) + 0.05 * estimate
        found.append(maker.ratio("a", estimate, error))
    spread = np.std([figure.value for figure in found], ddof=1)
    assert np.mean([figure.error for figure in found]) == pytest.approx(
        spread, rel=MONTE_CARLO_IN_SE / np.sqrt(2 * 400)
    )


def test_figures_count_only_what_has_numbers():
    lines = synthetic()
    lines[:10, COLUMNS.index("status")] = made.STUCK
    lines[10:20, COLUMNS.index("status")] = 1.0
    lines[20:50, COLUMNS.index("lrt 2001|statistic")] = np.nan
    by = {(f.what, f.target): f for f in of_method(NORMAL, "ML", lines)}
    assert by["converged", ""].value == pytest.approx(1 - 10 / REPLICATIONS, abs=CLOSED_FORM)
    assert by["proper", ""].value == pytest.approx(1 - 20 / REPLICATIONS, abs=CLOSED_FORM)
    assert by["coverage", "a"].used == REPLICATIONS - 10
    assert by["rejection", "lrt 2001"].used == REPLICATIONS - 40
    assert ("bias", "a") in by
    assert ("bias", "a") not in {(f.what, f.target) for f in of_method(NORMAL, "MLR", lines, estimates=False)}


def test_nothing_converged_is_no_crash():
    lines = np.full((3, len(COLUMNS)), np.nan)
    lines[:, 0] = made.STUCK
    found = of_method(NORMAL, "ML", lines)
    assert [(f.what, f.value) for f in found] == [("converged", 0.0), ("proper", 0.0), ("refused", 0.0)]


# --- the judge ----------------------------------------------------------------------------------------------------


def test_a_right_estimator_is_not_flagged_and_the_wrong_ones_are():
    lines = synthetic()
    right = of_method(NORMAL, "ML", lines)
    judgement = Judgement.of(right + wrong_figures(NORMAL, lines[:, None].repeat(4, axis=1)))
    assert judgement.broken == ()
    assert judgement.missed == ()
    assert judgement.seen == 2 * len(TARGETS) + 2
    assert judgement.passed


@pytest.mark.parametrize("spoilt", [narrowed, miscounted])
def test_a_wrong_estimator_in_the_place_of_the_right_one_breaks_promises(spoilt):
    judgement = Judgement.of(of_method(NORMAL, "ML", spoilt(synthetic()), estimates=False))
    assert judgement.broken
    assert not judgement.passed


def test_a_judge_that_does_not_see_the_wrong_estimator_fails_the_run(monkeypatch):
    lines = synthetic()
    monkeypatch.setattr(made, "narrowed", lambda found: made._without_tests(found, TESTS))
    judgement = Judgement.of(wrong_figures(NORMAL, lines[:, None].repeat(4, axis=1)))
    assert judgement.missed
    assert not judgement.passed
    assert not Judgement.of(of_method(NORMAL, "ML", lines)).passed  # no wrong estimator was tried at all


def test_chance_and_margin_must_both_be_passed():
    figure = Figure("mediated", "normal", 500, "ML", "bias", "a", 0.06, 0.01, 1000)
    assert judge(figure).flagged
    assert not judge(replace(figure, error=0.02)).flagged
    assert not judge(replace(figure, value=0.045)).flagged
    rate = replace(figure, what="coverage", value=0.92)
    assert judge(rate).flagged
    assert not judge(replace(rate, used=100)).flagged
    assert not judge(replace(rate, value=0.93)).flagged


def test_what_is_not_promised_is_not_judged():
    figure = Figure("mediated", "normal", 100, "ML", "coverage", "a", 0.5, 0.01, 1000)
    assert judge(figure).expected is None
    assert judge(replace(figure, n=200)).flagged
    assert judge(replace(figure, n=2000, shape="missing", method="ML, listwise")).expected is None
    assert judge(replace(figure, n=2000, shape="skewed", target="m2 ~~ m2")).expected is None


def test_known_faults_are_judged_by_their_size():
    figure = Figure("mediated", "heavy", 2000, "ML", "ratio", "a", 1.5**-0.5, 0.01, 1000)
    assert judge(figure).expected == pytest.approx(1.5**-0.5, abs=CLOSED_FORM)
    assert not judge(figure).flagged
    assert judge(replace(figure, value=1.0)).flagged
    assert judge(replace(figure, what="coverage", value=0.5)).expected is None


def test_every_figure_has_a_promise_or_a_reason_for_none():
    """No method, target or test slips through without a word."""
    for condition in CONDITIONS:
        lines = np.stack([synthetic()] * len(condition.methods), axis=1)
        for figure in made.figures(condition, lines):
            if figure.what in MARGINS and not _foreign(figure):
                assert promise_for(figure) is not None, figure
    assert {promise.factor for promise in PROMISES} >= {1.0, None}


def test_swain_expects_more_of_small_samples():
    """4.02 / (N - 1) off the statistic for 9 items and 24 degrees of freedom, worked out by hand: 1158 / 288."""
    rates = [swain(n) for n in (100, 200, 2000, 10**9)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.05, abs=RECOVERY)
    by_hand = chi2.sf((1 - 1158 / 288 / 99) * chi2.isf(0.05, 24), 24)
    assert rates[0] == pytest.approx(by_hand, rel=CLOSED_FORM_RELATIVE)


# --- the page -----------------------------------------------------------------------------------------------------


def test_a_small_run_writes_page_and_figures(tmp_path, capsys):
    asked = ["--replications", "3", "--only", "mediated-normal-200"]
    files = ["--out", str(tmp_path / "page.md"), "--figures", str(tmp_path / "f.json"), "--partial", str(tmp_path)]
    assert main(asked + files) == 1  # three replications cannot tell right from wrong
    figures, record = read_figures(tmp_path / "f.json")
    assert record.replications == 3
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert text == page(figures, record)
    assert "| normal | 200 | MLM |" in text
    assert "$" not in text
    assert "[[" not in text
    assert "flagged" in capsys.readouterr().out


def test_figures_survive_their_file(tmp_path):
    figures = of_method(NORMAL, "ML", synthetic())
    write_figures(figures, Record("1", "ab", 1000, 1, 2.0), tmp_path / "f.json")
    back, record = read_figures(tmp_path / "f.json")
    assert record == Record("1", "ab", 1000, 1, 2.0)
    assert {replace(f, value=round(f.value, 5), error=round(f.error, 5)) for f in figures} == set(back)
    assert len(back) == len(figures)


@pytest.mark.skipif(not (HERE / "results.json").exists(), reason="the study has not been run")
def test_the_page_is_made_of_the_figures_and_every_promise_is_kept():
    figures, record = read_figures(HERE / "results.json")
    assert (HERE.parents[1] / "docs" / "calibration.md").read_text(encoding="utf-8") == page(figures, record)
    assert record.replications >= 1000
    assert {(f.kind, f.shape, f.n) for f in figures} == {(c.kind, c.shape, c.n) for c in CONDITIONS}
    judgement = Judgement.of(figures)
    assert judgement.broken == ()
    assert judgement.missed == ()
    assert judgement.seen > 0


def synthetic():
    """Lines of an estimator that is right: normal estimates with known errors, chi-squares with their df."""
    random = np.random.default_rng(5)
    lines = np.zeros((REPLICATIONS, len(COLUMNS)))

    def put(name, values):
        lines[:, COLUMNS.index(name)] = values

    for target, truth in MEDIATED.truth().items():
        put(f"{target}|error", 0.02)
        put(f"{target}|estimate", truth + 0.02 * random.standard_normal(REPLICATIONS))
    middle = lines[:, COLUMNS.index("indirect|estimate")]
    put("low", middle - 0.02 * ndtri(0.975))
    put("high", middle + 0.02 * ndtri(0.975))
    for test, df in zip(TESTS, (24, 24, 4, 4, 4), strict=True):
        put(f"{test}|statistic", random.chisquare(df, REPLICATIONS))
        put(f"{test}|df", df)
    return lines


def _foreign(figure):
    """Tests that a method does not have, filled in by the synthetic lines."""
    scaled = figure.target in TESTS and figure.target not in ("chisq", "lrt")
    return scaled and figure.method in ("ML", "GLS", "FIML", "ML, listwise", "ML, clusters ignored")
