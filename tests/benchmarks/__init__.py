"""Benchmarks beside peers: ``python -m tests.benchmarks``. Never part of the test run."""
