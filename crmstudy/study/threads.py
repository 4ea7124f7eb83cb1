"""Linear algebra on one thread: with more, sums are added in another order, and the last digits change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Let the linear algebra libraries use one thread, whatever the environment says, and give back what was set."""
    import scipy.linalg  # noqa: F401  # with NumPy's, the libraries that are told: they must be loaded for that
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
