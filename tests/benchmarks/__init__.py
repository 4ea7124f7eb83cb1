"""Benchmarks beside peers: ``python -m tests.benchmarks``. Never part of the test run; one BLAS thread."""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before NumPy is imported anywhere
