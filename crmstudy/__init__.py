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
    "CrmstudyError": "crmstudy.errors",
    "DataError": "crmstudy.errors",
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
    "correlate": "crmstudy.measurement.correlations",
    "describe": "crmstudy.measurement.items",
    "load_instrument": "crmstudy.instrument.catalog",
    "read_responses": "crmstudy.exchange.read",
    "regress": "crmstudy.models.regression",
    "reliability": "crmstudy.measurement.reliability",
    "run": "crmstudy.study.runner",
    "score": "crmstudy.scoring",
    "screen": "crmstudy.screening",
    "sem": "crmstudy.models.cbsem",
    "validity": "crmstudy.measurement.validity",
}

__all__ = [
    "AnalysisError",
    "CrmstudyError",
    "DataError",
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
    "correlate",
    "describe",
    "load_instrument",
    "read_responses",
    "regress",
    "reliability",
    "run",
    "score",
    "screen",
    "sem",
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
