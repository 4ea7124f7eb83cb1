"""How well is it measured: items, reliability, correlations and what the measurement models say."""
