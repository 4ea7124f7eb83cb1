"""Are the data any good: careless answers, missing ones, distributions, and who did not answer."""

from crmstudy.screening.battery import Screening, screen
from crmstudy.screening.settings import DEFAULTS

__all__ = ["DEFAULTS", "Screening", "screen"]
