"""Linear algebra on one thread.

Matrices of surveys are small: threads cost more than they bring, and with more than one of them sums are added in
another order, which changes last digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np


@lru_cache(maxsize=1)
def _controller() -> Any:
    """The linear algebra libraries of this process; NumPy's and SciPy's must be loaded before they can be told."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    np.ones((2, 2)) @ np.ones((2, 2))
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let the linear algebra libraries use one thread, whatever the environment says, and give back what was set."""
    with _controller().limit(limits=1):
        yield
