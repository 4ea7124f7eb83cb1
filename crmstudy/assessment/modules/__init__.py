"""The modules of a CRM system: what is there, who uses it, how it is taken up, and how the change is led."""

from crmstudy.assessment.modules.adoption import ModuleAdoptionResult, module_adoption
from crmstudy.assessment.modules.change import ChangeResult, change_checklist, change_form
from crmstudy.assessment.modules.curve import AdoptionCurveResult, adoption_curve
from crmstudy.assessment.modules.forms import module_form
from crmstudy.assessment.modules.listed import module_functions

__all__ = [
    "AdoptionCurveResult", "ChangeResult", "ModuleAdoptionResult", "adoption_curve", "change_checklist", "change_form",
    "module_adoption", "module_form", "module_functions",
]  # fmt: skip
