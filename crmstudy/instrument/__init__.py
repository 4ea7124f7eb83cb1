"""Instruments: the model, the loader, the catalog and the linter. Standard library and YAML only."""

from crmstudy.instrument.catalog import list_instruments, load_instrument
from crmstudy.instrument.lints.lint import lint
from crmstudy.instrument.load import read_instrument
from crmstudy.instrument.model import (
    Fact,
    HigherOrder,
    Instrument,
    Item,
    Language,
    Origin,
    PublishedKey,
    Question,
    ResponseFormat,
    Rights,
    Scale,
    Source,
)

__all__ = [
    "Fact",
    "HigherOrder",
    "Instrument",
    "Item",
    "Language",
    "Origin",
    "PublishedKey",
    "Question",
    "ResponseFormat",
    "Rights",
    "Scale",
    "Source",
    "lint",
    "list_instruments",
    "load_instrument",
    "read_instrument",
]
