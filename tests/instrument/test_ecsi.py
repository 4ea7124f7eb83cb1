"""The shipped ECSI against what its sources say, and its texts against the habits of their languages."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from crmstudy.exchange import read_responses
from crmstudy.instrument import load_instrument

ECSI = load_instrument("ecsi")
DATA = Path(__file__).resolve().parents[2] / "data" / "mobi" / "responses.csv"
BLOCKS = {
    "image": ("IMAG", 5), "expectation": ("CUEX", 3), "quality": ("PERQ", 7), "value": ("PERV", 2),
    "satisfaction": ("CUSA", 3), "complaints": ("CUSCO", 1), "loyalty": ("CUSL", 3),
}  # fmt: skip


def test_structure_is_the_published_one():
    assert ECSI.scale_ids == tuple(BLOCKS)
    for scale in ECSI.scales:
        stem, count = BLOCKS[scale.id]
        wanted = ("CUSCO",) if scale.id == "complaints" else tuple(f"{stem}{i}" for i in range(1, count + 1))
        assert scale.item_ids == wanted
        assert scale.method == "mean"
        assert scale.min_answered == count // 2 + 1  # more than half
    assert len(ECSI.items) == 24
    assert not any(item.reverse for item in ECSI.items)
    assert {(item.response.low, item.response.high) for item in ECSI.items} == {(1, 10)}


def test_it_is_marked_as_our_own_draft_paraphrase():
    assert ECSI.wording == "paraphrase"
    assert {tag: (lang.direction, lang.status) for tag, lang in ECSI.languages.items()} == {
        "en": ("ltr", "draft"), "fa": ("rtl", "draft"), "ru": ("ltr", "draft"),
    }  # fmt: skip
    assert {"content", "scoring", "translations", "rights"} <= set(ECSI.unverified)
    assert "price" in ECSI.item("CUSL2").note.lower()


def test_every_text_exists_in_every_language():
    for item in ECSI.items:
        assert set(item.wording) == {"en", "fa", "ru"}
        for end in (1, 10):
            assert all(item.response.label(end, lang) for lang in ECSI.languages)
    for lang in ECSI.languages:
        assert max(Counter(item.wording[lang] for item in ECSI.items).values()) == 1


def test_persian_texts_use_persian_letters_and_the_half_space():
    texts = [item.wording["fa"] for item in ECSI.items]
    texts += [scale.name["fa"] for scale in ECSI.scales] + list(ECSI.instructions.values())[1:2]
    texts += [label["fa"] for response in ECSI.responses.values() for label in response.labels.values()]
    for text in texts:
        assert not re.search("[\u064a\u0643a-zA-Z?]", text), text
        assert not re.search(r"\b(می|نمی) ", text), text  # the prefix is joined by a half space
        assert not re.search(r" (ها|های|ترین|تر)\b", text), text
        assert not re.search("\u200c[ .؟،]|[ .]\u200c", text), text
    assert sum("\u200c" in text for text in texts) >= 15


def test_russian_texts_do_not_presume_a_gender():
    for text in [item.wording["ru"] for item in ECSI.items]:
        assert "(" not in text or "то есть" in text
        assert not re.search(r"\b(я|согласен|согласна|доволен|довольна|готов|готова|уверен|уверена)\b", text.lower())
        assert not re.search(r"[a-zA-Z]", text)
    for response in ECSI.responses.values():
        assert all("(" not in label["ru"] for label in response.labels.values())


def _alpha(answers: np.ndarray) -> float:
    items = answers.shape[1]
    return items / (items - 1) * (1 - answers.var(axis=0, ddof=1).sum() / answers.sum(axis=1).var(ddof=1))


def test_figures_computed_from_the_data_are_those_of_the_data():
    """Coefficient alpha, raw and standardised, by its formula on the shipped answers; given to four decimals."""
    values = read_responses(DATA, instruments=[ECSI]).values
    checked = 0
    for scale in ECSI.scales:
        answers = values[list(scale.item_ids)].to_numpy()
        for fact in scale.published:
            if fact.name == "alpha":
                assert _alpha(answers) == pytest.approx(fact.value, abs=5e-5)
            elif fact.name == "alpha_standardised":
                assert _alpha((answers - answers.mean(0)) / answers.std(0)) == pytest.approx(fact.value, abs=5e-5)
            else:
                continue
            assert fact.n == len(values)
            checked += 1
    assert checked == 12


def test_every_figure_has_a_known_source():
    for scale in ECSI.scales:
        for fact in scale.published:
            assert fact.origin.source in ECSI.sources
