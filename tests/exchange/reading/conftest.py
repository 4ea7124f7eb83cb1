"""The instrument that the exports of these tests answer."""

from __future__ import annotations

import pytest

from tests.exchange.reading.platform_files import instrument


@pytest.fixture
def care():
    """CARE1, CARE2 (reversed), CARE3 (with a slot) on 1 to 5 or -9; the list via; the open questions years, remark."""
    return instrument()
