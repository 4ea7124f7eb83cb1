"""A declared study: loaded, checked at every door, run stage by stage, and written down."""

from crmstudy.study.plan import Study
from crmstudy.study.runner import StudyResults, run

__all__ = ["Study", "StudyResults", "run"]
