"""Success and failure factors, readiness, fit, stages of loyalty and practices: checklists with evidence."""

from crmstudy.assessment.checklists.checklist import Checklist, checklist
from crmstudy.assessment.checklists.entries import LISTS, checklist_form
from crmstudy.assessment.checklists.fit import CrmFit, crm_fit
from crmstudy.assessment.checklists.readiness import Readiness, readiness
from crmstudy.assessment.checklists.stages import Stages, key_customer_chain, loyalty_stage

__all__ = [
    "LISTS", "Checklist", "CrmFit", "Readiness", "Stages", "checklist", "checklist_form", "crm_fit",
    "key_customer_chain", "loyalty_stage", "readiness",
]  # fmt: skip
