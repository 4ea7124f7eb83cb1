"""What customers are worth: purchases added up, recency and frequency, concentration, lifetime value, retention."""

from crmstudy.assessment.value.acquisition import acquisition
from crmstudy.assessment.value.clv import clv
from crmstudy.assessment.value.formulas import berger_nasr, gupta_lehmann
from crmstudy.assessment.value.investment import investment
from crmstudy.assessment.value.pareto import pareto
from crmstudy.assessment.value.portfolio import portfolio
from crmstudy.assessment.value.retention import retention
from crmstudy.assessment.value.rfm import rfm
from crmstudy.assessment.value.tiers import migration, tiers
from crmstudy.assessment.value.transactions import transactions

__all__ = [
    "acquisition", "berger_nasr", "clv", "gupta_lehmann", "investment", "migration", "pareto", "portfolio", "retention",
    "rfm", "tiers", "transactions",
]  # fmt: skip
