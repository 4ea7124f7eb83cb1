"""Files in and out: one reader a format, all giving the same Responses.

The names are resolved when they are first used, so that reading an instrument loads no statistics.
"""

from __future__ import annotations

from typing import Any

__all__ = ["read_responses"]


def __getattr__(name: str) -> Any:
    if name != "read_responses":
        raise AttributeError(f"module 'crmstudy.exchange' has no attribute '{name}'")
    from crmstudy.exchange.read import read_responses

    return read_responses
