"""Classic tests and tables: contingency, ranks, location, rates, normality, correlation, printed figures."""
