"""Files in and out: one reader a format, all giving the same Responses."""

from crmstudy.exchange.read import read_responses

__all__ = ["read_responses"]
