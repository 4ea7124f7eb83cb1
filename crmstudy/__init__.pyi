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
from crmstudy.estimating.replicates import Bootstrap as Bootstrap
from crmstudy.exchange.read import read_responses as read_responses
from crmstudy.fitted.comparison import compare_models as compare_models
from crmstudy.imputed import Imputed as Imputed
from crmstudy.instrument.catalog import load_instrument as load_instrument
from crmstudy.measurement.cfa import cfa as cfa
from crmstudy.measurement.correlations import correlate as correlate
from crmstudy.measurement.invariance import invariance as invariance
from crmstudy.measurement.items import describe as describe
from crmstudy.measurement.reliability import reliability as reliability
from crmstudy.measurement.validity import validity as validity
from crmstudy.models.cbsem import sem as sem
from crmstudy.models.interaction import product_indicators as product_indicators
from crmstudy.models.moderation import simple_slopes as simple_slopes
from crmstudy.models.moderation import standardised_interaction as standardised_interaction
from crmstudy.models.regression import regress as regress
from crmstudy.planning import power as power
from crmstudy.scoring import score as score
from crmstudy.screening import screen as screen
from crmstudy.study.plan import Study as Study
from crmstudy.study.runner import StudyResults as StudyResults
from crmstudy.study.runner import run as run

__version__: str

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
