"""A trial: every page in every language at two widths, test answers kept apart, and what is still to be done."""
