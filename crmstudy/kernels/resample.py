"""Random numbers that depend on the study's seed and on what they are for, and on nothing else."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *names: str) -> np.random.Generator:
    """Random generator of one purpose.

    The stream is set by the seed and by the names (say the id of the analysis and the name of the scale), so that an
    analysis added or removed elsewhere changes no other result. Names enter by their SHA-256, the same on every
    machine.

    Parameters
    ----------
    seed : int
        The study's seed, not negative.
    *names : str
        What the numbers are for; order and borders count (``"a", "bc"`` is not ``"ab", "c"``).

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    ValueError
        For a negative seed.

    Examples
    --------
    >>> generator(1, "alpha").integers(100) == generator(1, "alpha").integers(100)
    np.True_
    """
    if seed < 0:
        raise ValueError(f"A seed is a whole number from 0, not {seed}.")
    digests = b"".join(hashlib.sha256(name.encode("utf-8")).digest() for name in names)
    words = np.frombuffer(digests, dtype="<u4").tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))
