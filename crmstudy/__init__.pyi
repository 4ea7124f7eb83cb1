from crmstudy.errors import AnalysisError as AnalysisError
from crmstudy.errors import CrmstudyError as CrmstudyError
from crmstudy.errors import DataError as DataError
from crmstudy.errors import InputError as InputError
from crmstudy.errors import InstrumentError as InstrumentError
from crmstudy.errors import MissingExtraError as MissingExtraError
from crmstudy.errors import ModelError as ModelError
from crmstudy.errors import OutputError as OutputError
from crmstudy.errors import StudyError as StudyError
from crmstudy.errors import UnsupportedError as UnsupportedError
from crmstudy.exchange.read import read_responses as read_responses
from crmstudy.instrument.catalog import load_instrument as load_instrument
from crmstudy.measurement.cfa import cfa as cfa
from crmstudy.measurement.correlations import correlate as correlate
from crmstudy.measurement.items import describe as describe
from crmstudy.measurement.reliability import reliability as reliability
from crmstudy.measurement.validity import validity as validity
from crmstudy.models.cbsem import sem as sem
from crmstudy.models.regression import regress as regress
from crmstudy.scoring import score as score
from crmstudy.screening import screen as screen
from crmstudy.study.plan import Study as Study
from crmstudy.study.runner import StudyResults as StudyResults
from crmstudy.study.runner import run as run

__version__: str

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
