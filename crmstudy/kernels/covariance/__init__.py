"""Covariance structures: implied moments, discrepancies, minimisers, errors, tests, indices, replicates."""
