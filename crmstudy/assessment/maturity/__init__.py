"""Maturity of customer relationship management on the scale from 0 to 6, rated from above or scored from below."""

from crmstudy.assessment.maturity.clustering import cluster_levels as cluster_levels
from crmstudy.assessment.maturity.companies import positions as positions
from crmstudy.assessment.maturity.form import rating_form as rating_form
from crmstudy.assessment.maturity.items import bottom_up as bottom_up
from crmstudy.assessment.maturity.profit import profitability as profitability
from crmstudy.assessment.maturity.rating import rate as rate
from crmstudy.assessment.maturity.scale import anchors as anchors
