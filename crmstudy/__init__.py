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
    "cfa": "crmstudy.measurement.cfa",
    "check_table": "crmstudy.describing.check_table",
    "compare_models": "crmstudy.fitted.comparison",
    "content_validity": "crmstudy.measurement.content",
    "correlate": "crmstudy.describing.correlations",
    "crosstab": "crmstudy.describing.crosstab",
    "describe": "crmstudy.describing.items",
    "dif": "crmstudy.measurement.dif.dif",
    "efa": "crmstudy.measurement.factors.efa",
    "frequencies": "crmstudy.describing.frequencies",
    "friedman": "crmstudy.describing.friedman",
    "icc": "crmstudy.measurement.raters.icc",
    "impute": "crmstudy.imputing.impute",
    "invariance": "crmstudy.measurement.invariance.invariance",
    "load_instrument": "crmstudy.instrument.catalog",
    "method_bias": "crmstudy.measurement.method_bias.method_bias",
    "midpoint": "crmstudy.describing.midpoint",
    "nonresponse": "crmstudy.screening.nonresponse",
    "pilot": "crmstudy.measurement.pilot",
    "power": "crmstudy.planning",
    "product_indicators": "crmstudy.models.interaction",
    "raters": "crmstudy.measurement.raters.agreement",
    "read_questionnaire": "crmstudy.exchange.questionnaires.formats",
    "read_responses": "crmstudy.exchange.read",
    "regress": "crmstudy.models.regression",
    "reliability": "crmstudy.measurement.reliability.reliability",
    "retention": "crmstudy.measurement.factors.retention",
    "run": "crmstudy.study.runner",
    "score": "crmstudy.scoring",
    "screen": "crmstudy.screening.battery",
    "sem": "crmstudy.models.cbsem",
    "simple_slopes": "crmstudy.models.moderation",
    "standardised_interaction": "crmstudy.models.moderation",
    "test_retest": "crmstudy.measurement.raters.retest",
    "validity": "crmstudy.measurement.validity.validity",
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
    "cfa",
    "check_table",
    "compare_models",
    "content_validity",
    "correlate",
    "crosstab",
    "describe",
    "dif",
    "efa",
    "frequencies",
    "friedman",
    "icc",
    "impute",
    "invariance",
    "load_instrument",
    "method_bias",
    "midpoint",
    "nonresponse",
    "pilot",
    "power",
    "product_indicators",
    "raters",
    "read_questionnaire",
    "read_responses",
    "regress",
    "reliability",
    "retention",
    "run",
    "score",
    "screen",
    "sem",
    "simple_slopes",
    "standardised_interaction",
    "test_retest",
    "validity",
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
