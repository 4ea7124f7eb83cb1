"""crmstudy: survey studies on CRM and quality of work life, from questionnaire to defended result.

The public names are resolved when they are first used, so that ``import crmstudy`` loads no statistics::

    import crmstudy as cs

    results = cs.run(cs.Study.load("analyses/mobile_loyalty"))
    results.report("out")
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: Where each public name lives.
_HOMES = {
    "AnalysisError": "crmstudy.errors",
    "Bootstrap": "crmstudy.estimating.replicates",
    "CrmstudyError": "crmstudy.errors",
    "DataError": "crmstudy.errors",
    "Imputed": "crmstudy.imputed",
    "InputError": "crmstudy.errors",
    "InstrumentError": "crmstudy.errors",
    "MissingExtraError": "crmstudy.errors",
    "ModelError": "crmstudy.errors",
    "OutputError": "crmstudy.errors",
    "Study": "crmstudy.study.plan",
    "StudyError": "crmstudy.errors",
    "StudyResults": "crmstudy.study.runner",
    "UnsupportedError": "crmstudy.errors",
    "adoption_curve": "crmstudy.assessment.modules",
    "cfa": "crmstudy.measurement.cfa",
    "change_checklist": "crmstudy.assessment.modules",
    "channel_coverage": "crmstudy.assessment.processes",
    "check_table": "crmstudy.describing.check_table",
    "checklist": "crmstudy.assessment.checklists.checklist",
    "compare_models": "crmstudy.fitted.comparison",
    "content_validity": "crmstudy.measurement.content",
    "correlate": "crmstudy.describing.correlations",
    "cost_to_serve": "crmstudy.assessment.processes.cost_to_serve",
    "crm_fit": "crmstudy.assessment.checklists",
    "crosstab": "crmstudy.describing.crosstab",
    "customer_data_quality": "crmstudy.assessment.processes",
    "data_inventory": "crmstudy.assessment.processes",
    "describe": "crmstudy.describing.items",
    "dif": "crmstudy.measurement.dif.dif",
    "ecrm_tiers": "crmstudy.assessment.ecrm",
    "efa": "crmstudy.measurement.factors.efa",
    "facts": "crmstudy.assessment",
    "frequencies": "crmstudy.describing.frequencies",
    "friedman": "crmstudy.describing.friedman",
    "icc": "crmstudy.measurement.raters.icc",
    "impute": "crmstudy.imputing.impute",
    "invariance": "crmstudy.measurement.invariance.invariance",
    "key_customer_chain": "crmstudy.assessment.checklists",
    "load_instrument": "crmstudy.instrument.catalog",
    "loyalty_stage": "crmstudy.assessment.checklists",
    "maturity": "crmstudy.assessment",
    "method_bias": "crmstudy.measurement.method_bias.method_bias",
    "midpoint": "crmstudy.describing.midpoint",
    "module_adoption": "crmstudy.assessment.modules",
    "nonresponse": "crmstudy.screening.nonresponse",
    "over_service": "crmstudy.assessment.over_service",
    "pilot": "crmstudy.measurement.pilot",
    "power": "crmstudy.planning",
    "process_audit": "crmstudy.assessment.processes.process_audit",
    "product_indicators": "crmstudy.models.interaction",
    "raters": "crmstudy.measurement.raters.agreement",
    "read_questionnaire": "crmstudy.exchange.questionnaires.formats",
    "read_responses": "crmstudy.exchange.read",
    "readiness": "crmstudy.assessment.checklists.readiness",
    "regress": "crmstudy.models.regression",
    "reliability": "crmstudy.measurement.reliability.reliability",
    "retention": "crmstudy.measurement.factors.retention",
    "run": "crmstudy.study.runner",
    "score": "crmstudy.scoring",
    "screen": "crmstudy.screening.battery",
    "sem": "crmstudy.models.cbsem",
    "simple_slopes": "crmstudy.models.moderation",
    "single_customer_view": "crmstudy.assessment.processes",
    "staff_profile": "crmstudy.assessment.staff",
    "standardised_interaction": "crmstudy.models.moderation",
    "test_retest": "crmstudy.measurement.raters.retest",
    "validity": "crmstudy.measurement.validity.validity",
    "value": "crmstudy.assessment",
    "write_codebook": "crmstudy.exchange.writing.codebook",
    "write_questionnaire": "crmstudy.exchange.questionnaires.formats",
    "write_responses": "crmstudy.exchange.writing.write",
}

__all__ = [
    "AnalysisError",
    "Bootstrap",
    "CrmstudyError",
    "DataError",
    "Imputed",
    "InputError",
    "InstrumentError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "Study",
    "StudyError",
    "StudyResults",
    "UnsupportedError",
    "__version__",
    "adoption_curve",
    "cfa",
    "change_checklist",
    "channel_coverage",
    "check_table",
    "checklist",
    "compare_models",
    "content_validity",
    "correlate",
    "cost_to_serve",
    "crm_fit",
    "crosstab",
    "customer_data_quality",
    "data_inventory",
    "describe",
    "dif",
    "ecrm_tiers",
    "efa",
    "facts",
    "frequencies",
    "friedman",
    "icc",
    "impute",
    "invariance",
    "key_customer_chain",
    "load_instrument",
    "loyalty_stage",
    "maturity",
    "method_bias",
    "midpoint",
    "module_adoption",
    "nonresponse",
    "over_service",
    "pilot",
    "power",
    "process_audit",
    "product_indicators",
    "raters",
    "read_questionnaire",
    "read_responses",
    "readiness",
    "regress",
    "reliability",
    "retention",
    "run",
    "score",
    "screen",
    "sem",
    "simple_slopes",
    "single_customer_view",
    "staff_profile",
    "standardised_interaction",
    "test_retest",
    "validity",
    "value",
    "write_codebook",
    "write_questionnaire",
    "write_responses",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from crmstudy.errors import did_you_mean

        raise AttributeError(f"module 'crmstudy' has no attribute '{name}'.{did_you_mean(name, _HOMES)}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
