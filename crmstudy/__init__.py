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
    "compare_models": "crmstudy.fitted.comparison",
    "correlate": "crmstudy.measurement.correlations",
    "describe": "crmstudy.measurement.items",
    "invariance": "crmstudy.measurement.invariance",
    "load_instrument": "crmstudy.instrument.catalog",
    "power": "crmstudy.planning",
    "product_indicators": "crmstudy.models.interaction",
    "read_responses": "crmstudy.exchange.read",
    "regress": "crmstudy.models.regression",
    "reliability": "crmstudy.measurement.reliability",
    "run": "crmstudy.study.runner",
    "score": "crmstudy.scoring",
    "screen": "crmstudy.screening",
    "sem": "crmstudy.models.cbsem",
    "simple_slopes": "crmstudy.models.moderation",
    "standardised_interaction": "crmstudy.models.moderation",
    "validity": "crmstudy.measurement.validity",
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
    "compare_models",
    "correlate",
    "describe",
    "invariance",
    "load_instrument",
    "power",
    "product_indicators",
    "read_responses",
    "regress",
    "reliability",
    "run",
    "score",
    "screen",
    "sem",
    "simple_slopes",
    "standardised_interaction",
    "validity",
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
