"""From results to the sections of a report: one module a kind of result."""
