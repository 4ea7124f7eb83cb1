"""Statements of the source documents that are constructs: what asks for them, and the models that test their claims."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.instrument.library import glossary

#: Statement, instrument, scales that stand for it, number of their items.
ASKED = [
    ("0.1", "crm-benefits", ("crm_working_benefits",), 6),
    ("0.6", "crm-failure", ("broken_communication", "incomplete_customer_picture", "misaligned_interests"), 12),
    ("0.7", "crm-failure", ("resistance_to_sharing",), 4),
    ("0.8", "crm-strategy", ("crm_strategic_orientation", "crm_necessity"), 10),
    ("0.9", "customer-culture", ("customer_centred_culture",), 7),
    ("0.13", "data-quality", ("customer_data_coverage", "customer_data_quality"), 10),
    ("1.2", "loy-zbp", ("loy_loyalty",), 5),
    ("1.6", "crm-benefits", ("crm_capability_outcomes",), 5),
    ("1.7", "crm-benefits", ("crm_service_outcomes",), 6),
    ("1.8", "crm-commitment", ("crm_organisational_commitment",), 5),
    ("1.12", "crm-commitment", ("cross_department_alignment",), 5),
    ("2.2", "loy-zbp", ("loy_loyalty", "loy_switch", "loy_paymore", "loy_external", "loy_internal"), 13),
    ("2.4", "crm-sty", ("key_customer_focus", "crm_organisation", "knowledge_management", "technology_based_crm"), 18),
    ("2.9", "relationship-attachment", ("relationship_attachment",), 5),
    ("3.6", "crm-tasks", ("customer_identification", "customer_differentiation", "interaction_personalisation",
                          "customer_profitability"), 12),
    ("4.2", "satisfaction", ("customer_satisfaction",), 5),
    ("4.10", "switching-ease", ("switching_ease",), 5),
    ("4.14", "employer-brand", ("employer_brand",), 6),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "instrument", "scales", "items"), ASKED, ids=[row[0] for row in ASKED])
def test_the_constructs_of_a_statement_are_asked(statement, instrument, scales, items):
    made = cs.load_instrument(instrument)
    held = [scale for scale in made.scales if scale.id in scales]
    assert [scale.id for scale in held] == list(scales)
    assert sum(len(scale.items) for scale in held) == items


def _scored(paths, errors, n=400, seed=5):
    """Data whose sample moments are those of a recursive path model: ``paths`` {outcome: {cause: coefficient}}."""
    causes = {cause for path in paths.values() for cause in path}
    names = [*sorted(causes - paths.keys()), *paths]
    order, coefficients = {name: i for i, name in enumerate(names)}, np.zeros((len(names), len(names)))
    for outcome, path in paths.items():
        for cause, value in path.items():
            coefficients[order[outcome], order[cause]] = value
    noise = np.random.default_rng(seed).standard_normal((n, len(names)))
    noise -= noise.mean(axis=0)
    noise = noise @ np.linalg.inv(np.linalg.cholesky(noise.T @ noise / n)).T * np.sqrt(errors)
    return pd.DataFrame(noise @ np.linalg.inv(np.eye(len(names)) - coefficients).T, columns=names)


def _estimate(fit, lhs, op, rhs):
    table = fit.estimates
    return table[(table["lhs"] == lhs) & (table["op"] == op) & (table["rhs"] == rhs)]["estimate"].item()


def test_the_chain_of_the_four_elements_is_recovered():
    """Serving key customers mobilises the organisation, which brings knowledge; technology makes knowledge possible."""
    paths = {"organisation": {"focus": 0.6}, "knowledge": {"organisation": 0.5, "technology": 0.3}}
    data = _scored(paths, [1.0, 1.0, 0.7, 0.6])
    fit = cs.sem("organisation ~ a*focus\nknowledge ~ b*organisation + c*technology\nchain := a*b", data)
    assert _estimate(fit, "organisation", "~", "focus") == pytest.approx(0.6, abs=1e-6)
    assert _estimate(fit, "knowledge", "~", "technology") == pytest.approx(0.3, abs=1e-6)
    assert _estimate(fit, "chain", ":=", "a * b") == pytest.approx(0.3, abs=1e-6)


def test_attachment_carries_what_differentiated_products_do():
    """Products that differ work through attachment to the relation: nothing of them goes to loyalty directly."""
    paths = {"attachment": {"products": 0.5}, "loyalty": {"attachment": 0.7, "products": 0.0}}
    fit = cs.sem(
        "attachment ~ a*products\nloyalty ~ b*attachment + d*products\nindirect := a*b", _scored(paths, [1.0, 0.8, 0.5])
    )
    assert _estimate(fit, "indirect", ":=", "a * b") == pytest.approx(0.35, abs=1e-6)
    assert _estimate(fit, "loyalty", "~", "products") == pytest.approx(0.0, abs=1e-6)


def test_satisfaction_need_not_equal_loyalty():
    """A curve is found where loyalty grows faster among the most satisfied."""
    satisfaction = np.tile(np.arange(1.0, 6.0), 60)
    noise = np.repeat([-0.5, 0.5], 150)
    data = pd.DataFrame({"satisfaction": satisfaction, "loyalty": 1 + 0.2 * satisfaction**2 + noise})
    fit = cs.regress("loyalty ~ satisfaction + I(satisfaction**2)", data)
    found = fit.estimates.set_index("term")["estimate"]
    assert found.iloc[1] == pytest.approx(0.0, abs=1e-8)
    assert found.iloc[2] == pytest.approx(0.2, abs=1e-8)


def test_terms_of_three_fields_stand_in_one_glossary():
    """Computing, human resources and marketing speak of one thing: each construct has one name in three languages."""
    terms = glossary()
    for name in ("crm_technology_use", "job_satisfaction", "customer_trust"):
        assert sorted(terms[name].names) == ["en", "fa", "ru"]
        assert len(set(terms[name].names.values())) == 3
