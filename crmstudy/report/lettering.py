"""How wide a line of text will be, for figures that leave room for their labels."""

from __future__ import annotations

FONT = "DejaVu Sans"


def text_width(text: str, size: float) -> float:
    """Width of a line of text of a font size (points), in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    width, _, _ = TextToPath().get_text_width_height_descent(text, FontProperties(family=FONT, size=size), ismath=False)
    return float(width) / 72
