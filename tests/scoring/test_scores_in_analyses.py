"""Scores and unscored questions where analyses meet them: models, reliability of totals, correlations, regressions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import DataError, ModelError
from crmstudy.instrument import load_instrument
from crmstudy.responses import Responses
from crmstudy.scoring import score, with_scores


@pytest.fixture(scope="module")
def responses():
    random = np.random.default_rng(5)
    n = 240
    general = random.normal(size=n)
    columns = {}
    for name in ("soco", "crm-sty", "demographics"):
        instrument = load_instrument(name)
        home = {id: scale.id for scale in instrument.scales for id in scale.item_ids}
        factors = {id: 0.6 * general + 0.8 * random.normal(size=n) for id in set(home.values())}
        for item in instrument.items:
            low, high = item.response.low, item.response.high
            if item.id not in home:
                columns[item.id] = random.integers(low, high + 1, n).astype(float)
                continue
            sign = -1.0 if home[item.id] == "selling_orientation" else 1.0
            latent = sign * factors[home[item.id]] + 0.8 * random.normal(size=n)
            answers = np.clip(np.round((low + high) / 2 + latent * (high - low) / 5), low, high)
            columns[item.id] = np.where(random.random(n) < 0.02, np.nan, answers)
    instruments = [load_instrument(name) for name in ("soco", "crm-sty", "demographics")]
    columns["UNIT"] = random.choice(["north", "south"], n)
    return Responses.from_frame(pd.DataFrame(columns), instruments)


def test_reliability_of_a_total_mirrors_the_items_of_its_reversed_part(responses):
    found = cs.reliability(responses, scale="customer_orientation")
    answers = responses.values[list(responses.scale_items("customer_orientation"))].dropna()
    selling = list(responses.scale_items("selling_orientation"))
    answers[selling] = 10 - answers[selling]
    k = answers.shape[1]
    alpha = k / (k - 1) * (1 - answers.var().sum() / answers.sum(axis=1).var())
    assert found.estimates.set_index("term").loc["alpha", "estimate"] == pytest.approx(alpha, abs=1e-12)
    assert alpha > 0.6
    assert [note.subject for note in found.notes if note.code == "RELIABILITY_PART_MIRRORED"] == [
        "customer_orientation"
    ]
    means = found.tables["items"].set_index("item")["mean"]
    assert means["SSO1"] == pytest.approx(answers["SSO1"].mean())


def test_the_reversed_part_by_itself_is_as_it_was_answered(responses):
    found = cs.reliability(responses, scale="selling_orientation")
    answers = responses.values[list(responses.scale_items("selling_orientation"))].dropna()
    assert found.tables["items"].set_index("item").loc["SSO1", "mean"] == pytest.approx(answers["SSO1"].mean())
    assert "RELIABILITY_PART_MIRRORED" not in {note.code for note in found.notes}


def test_a_model_may_name_scores(responses):
    found = cs.sem("crm_orientation ~ customer_orientation + TENURE", responses)
    frame = pd.concat([responses.variables, score(responses).frame], axis=1)
    beside = cs.sem("crm_orientation ~ customer_orientation + TENURE", frame)
    pd.testing.assert_frame_equal(found.estimates, beside.estimates)
    told = {note.subject for note in found.notes if note.code.startswith("SCORING_")}
    assert told <= {"crm_orientation", "customer_orientation"}


def test_scores_are_added_once(responses):
    model = "crm_orientation ~ customer_orientation"
    once = with_scores(model, responses)
    assert with_scores(model, once) is once
    assert with_scores("KCF1 ~ KCF2", responses) is responses
    assert responses.n == once.n
    assert "crm_orientation" not in responses.frame


def test_a_factor_may_have_the_name_of_a_scale(responses):
    model = "key_customer_focus =~ KCF1 + KCF2 + KCF3 + KCF4\nkey_customer_focus ~~ customer_orientation"
    found = cs.cfa(model, responses).estimates
    assert set(found.loc[found["op"] == "=~", "lhs"]) == {"key_customer_focus"}
    assert "customer_orientation" in set(found["rhs"])


def test_scores_of_imputed_sets_are_pooled(responses):
    imputed = cs.impute(responses, m=2, seed=1, iterations=1)
    found = cs.cfa("w =~ key_customer_focus + crm_organisation + knowledge_management + technology_based_crm", imputed)
    assert found.n == responses.n


def test_a_score_that_is_none_is_still_refused(responses):
    with pytest.raises(ModelError, match="crm_orientatio"):
        cs.sem("crm_orientatio ~ customer_orientation", responses)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("crm_orientation ~ CONTRACT", True),
        ("crm_orientation ~ customer_orientation * CONTRACT", True),
        ("crm_orientation ~ C(CONTRACT)", False),
        ("crm_orientation ~ SEX + TENURE", False),
    ],
)
def test_names_taken_for_amounts_are_told_of(responses, formula, told):
    codes = {note.code: note.subject for note in cs.regress(formula, responses).notes}
    assert (codes.get("NOMINAL_AS_NUMBER") == "CONTRACT") is told


def test_correlations_tell_of_names_and_of_shared_items(responses):
    found = cs.correlate(responses, items=["crm_orientation", "key_customer_focus", "KCF1", "TENURE", "CONTRACT"])
    notes = {note.code: note for note in found.notes}
    assert notes["NOMINAL_AS_NUMBER"].subject == "CONTRACT"
    said = notes["CORRELATIONS_OVERLAP"].message
    assert "crm_orientation and key_customer_focus; crm_orientation and KCF1; key_customer_focus and KCF1." in said
    plain = cs.correlate(responses, items=["key_customer_focus", "crm_organisation", "TENURE"])
    assert not {"NOMINAL_AS_NUMBER", "CORRELATIONS_OVERLAP"} & {note.code for note in plain.notes}


def test_unscored_questions_are_not_described_by_their_mean(responses):
    found = cs.describe(responses)
    assert set(found.tables["items"]["item"]) == set(responses.items)
    named = cs.describe(responses, items=["CONTRACT", "TENURE"])
    assert [note.subject for note in named.notes if note.code == "NOMINAL_AS_NUMBER"] == ["CONTRACT"]


def test_data_may_lack_a_question_that_is_not_scored(responses):
    short = Responses.from_frame(responses.frame.drop(columns=["AGEBAND", "CONTRACT"]), responses.instruments)
    assert len(cs.describe(short).tables["items"]) == len(short.items)
    for verb in (cs.screen, cs.reliability, cs.correlate, score):
        assert verb(short) is not None
    assert "AGEBAND" not in cs.impute(short, m=2, seed=1, iterations=1).models["variable"].tolist()


def test_the_second_engine_mirrors_as_well(responses):
    pytest.importorskip("pingouin")
    from crmstudy.models.second_engine import check_reliability

    found = cs.reliability(responses, scale=["customer_orientation", "key_customer_focus"])
    check = check_reliability(found, responses)
    assert "ENGINE_DIFFERS" not in {note.code for note in check.notes}


def test_the_second_engine_takes_models_of_scores(responses):
    pytest.importorskip("semopy")
    from crmstudy.models.second_engine import check_sem

    model = "crm =~ key_customer_focus + crm_organisation + knowledge_management + technology_based_crm"
    complete = Responses.from_frame(responses.frame.fillna(3.0), responses.instruments)
    check = check_sem(cs.cfa(model, complete))
    assert "ENGINE_DIFFERS" not in {note.code for note in getattr(check, "notes", ())}


def test_dif_is_looked_for_in_scales_that_run_one_way(responses):
    with pytest.raises(DataError, match="the other way round"):
        cs.dif(responses, scale="customer_orientation", group="SEX")
