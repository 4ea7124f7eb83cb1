"""The organisation: maturity, modules, processes and data, e-CRM tiers, practices, staff and customer value."""

from crmstudy.assessment import facts as facts
from crmstudy.assessment import maturity as maturity
from crmstudy.assessment import value as value
