"""Answers out: one module a format, the codebook, and the scripts that label and score the answers elsewhere."""
