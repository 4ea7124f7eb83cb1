"""Staff who work with customers: six characteristics by role and unit, against the targets of the roles."""

from crmstudy.assessment.staff.profile import StaffProfile, staff_profile

__all__ = ["StaffProfile", "staff_profile"]
