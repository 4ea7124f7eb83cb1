"""Answers in: one module a format or a platform, see :mod:`crmstudy.exchange.sources`."""
