"""Who answered, what they answered, and the classic tests on it: items, tables, correlations, tests of location."""
