"""Processes and data: what is held and practised, how good it is, when customers are served, and what that costs."""

from crmstudy.assessment.processes.audit_rows import inventory_form
from crmstudy.assessment.processes.channels import ChannelCoverage, channel_coverage
from crmstudy.assessment.processes.cost_to_serve import CostToServe, cost_to_serve
from crmstudy.assessment.processes.customer_quality import CustomerDataQuality, customer_data_quality
from crmstudy.assessment.processes.customer_view import CustomerView, single_customer_view
from crmstudy.assessment.processes.inventory import DataInventory, data_inventory
from crmstudy.assessment.processes.process_audit import ProcessAudit, process_audit, process_form

__all__ = [
    "ChannelCoverage", "CostToServe", "CustomerDataQuality", "CustomerView", "DataInventory", "ProcessAudit",
    "channel_coverage", "cost_to_serve", "customer_data_quality", "data_inventory", "inventory_form", "process_audit",
    "process_form", "single_customer_view",
]  # fmt: skip
