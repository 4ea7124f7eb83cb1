from crmstudy.assessment import facts as facts
from crmstudy.assessment import maturity as maturity
from crmstudy.assessment import value as value
from crmstudy.assessment.checklists import crm_fit as crm_fit
from crmstudy.assessment.checklists import key_customer_chain as key_customer_chain
from crmstudy.assessment.checklists import loyalty_stage as loyalty_stage
from crmstudy.assessment.checklists.checklist import checklist as checklist
from crmstudy.assessment.checklists.readiness import readiness as readiness
from crmstudy.assessment.ecrm import ecrm_tiers as ecrm_tiers
from crmstudy.assessment.modules import adoption_curve as adoption_curve
from crmstudy.assessment.modules import change_checklist as change_checklist
from crmstudy.assessment.modules import module_adoption as module_adoption
from crmstudy.assessment.over_service import over_service as over_service
from crmstudy.assessment.processes import channel_coverage as channel_coverage
from crmstudy.assessment.processes import customer_data_quality as customer_data_quality
from crmstudy.assessment.processes import data_inventory as data_inventory
from crmstudy.assessment.processes import single_customer_view as single_customer_view
from crmstudy.assessment.processes.cost_to_serve import cost_to_serve as cost_to_serve
from crmstudy.assessment.processes.process_audit import process_audit as process_audit
from crmstudy.assessment.staff import staff_profile as staff_profile
from crmstudy.describing.check_table import check_table as check_table
from crmstudy.describing.correlations import correlate as correlate
from crmstudy.describing.crosstab import crosstab as crosstab
from crmstudy.describing.frequencies import frequencies as frequencies
from crmstudy.describing.friedman import friedman as friedman
from crmstudy.describing.items import describe as describe
from crmstudy.describing.midpoint import midpoint as midpoint
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
from crmstudy.exchange.questionnaires.formats import read_questionnaire as read_questionnaire
from crmstudy.exchange.questionnaires.formats import write_questionnaire as write_questionnaire
from crmstudy.exchange.read import read_responses as read_responses
from crmstudy.exchange.writing.codebook import write_codebook as write_codebook
from crmstudy.exchange.writing.write import write_responses as write_responses
from crmstudy.fitted.comparison import compare_models as compare_models
from crmstudy.imputed import Imputed as Imputed
from crmstudy.imputing.impute import impute as impute
from crmstudy.instrument.catalog import load_instrument as load_instrument
from crmstudy.measurement.cfa import cfa as cfa
from crmstudy.measurement.content import content_validity as content_validity
from crmstudy.measurement.dif.dif import dif as dif
from crmstudy.measurement.factors.efa import efa as efa
from crmstudy.measurement.factors.retention import retention as retention
from crmstudy.measurement.invariance.invariance import invariance as invariance
from crmstudy.measurement.method_bias.method_bias import method_bias as method_bias
from crmstudy.measurement.pilot import pilot as pilot
from crmstudy.measurement.raters.agreement import raters as raters
from crmstudy.measurement.raters.icc import icc as icc
from crmstudy.measurement.raters.retest import test_retest as test_retest
from crmstudy.measurement.reliability.reliability import reliability as reliability
from crmstudy.measurement.validity.validity import validity as validity
from crmstudy.models.cbsem import sem as sem
from crmstudy.models.interaction import product_indicators as product_indicators
from crmstudy.models.moderation import simple_slopes as simple_slopes
from crmstudy.models.moderation import standardised_interaction as standardised_interaction
from crmstudy.models.regression import regress as regress
from crmstudy.planning import power as power
from crmstudy.scoring import score as score
from crmstudy.screening.battery import screen as screen
from crmstudy.screening.nonresponse import nonresponse as nonresponse
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
