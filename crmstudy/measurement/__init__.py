"""How well is it measured: reliability, factors, validity, raters, and what the measurement models say."""
