"""Ordered answers: bivariate normal, polychoric and polyserial correlations, ordinal regression."""
