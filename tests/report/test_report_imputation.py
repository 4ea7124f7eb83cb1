"""Traces drawn, and the paragraph on pooling below what was pooled."""

from __future__ import annotations

import pandas as pd
import pytest

from crmstudy.drawing import TracePlot
from crmstudy.report.document import Paragraph, Section, phrase
from crmstudy.report.figures.draw import draw, draw_bytes
from crmstudy.report.record import Block
from crmstudy.report.telling.imputation import with_pooling
from crmstudy.report.telling.told import Told
from crmstudy.results import Result


@pytest.mark.parametrize("panels", [1, 3, 6])
def test_traces_are_drawn_the_same_every_time(panels: int) -> None:
    lines = tuple(tuple(tuple(float(i + k % 3) for i in range(10)) for k in range(20)) for _ in range(panels))
    plot = TracePlot("Traces", "Lines.", tuple(f"item {i}" for i in range(panels)), lines)
    assert len(draw(plot).axes) == panels
    assert draw_bytes(plot, ["svg"])["svg"] == draw_bytes(plot, ["svg"])["svg"]


def told(call: dict, **columns: list) -> Told:
    result = Result(pd.DataFrame({"term": ["a", "b"], **columns}), 10, call=call)
    block = Block("x", "items", "staff", "X", {}, result)
    return Told(None, block, result)  # type: ignore[arg-type]


def test_pooling_is_told_where_there_was_any() -> None:
    section = Section("x", phrase("X"))
    assert with_pooling(told({}), section) is section
    (paragraph,) = with_pooling(told({"m": 20}, fmi=[0.1, 0.25]), section).elements
    assert isinstance(paragraph, Paragraph)
    words = "".join(getattr(piece, "text", str(getattr(piece, "value", ""))) for piece in paragraph.sentences[0])
    assert "0.1" in words
    assert "0.25" in words
    assert "Rubin" in words
