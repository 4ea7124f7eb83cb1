"""Assessments of the organisation in a study: a row each, from the keys to the function that does it."""

from __future__ import annotations

from collections.abc import Mapping

from crmstudy.study.assessments.keys import Assessment
from crmstudy.study.assessments.maturity import MATURITY
from crmstudy.study.assessments.organisation import ORGANISATION
from crmstudy.study.assessments.value import VALUE

ASSESSMENTS: Mapping[str, Assessment] = {**MATURITY, **ORGANISATION, **VALUE}

__all__ = ["ASSESSMENTS", "Assessment"]
