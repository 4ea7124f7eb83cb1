"""The content of the maturity scale: levels, blocks, leaves, lenses, and 609 anchors worth reading."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import pytest

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.maturity.scale import anchors, blocks, label_of, leaves, lenses, level_name
from crmstudy.errors import UnsupportedError

LANGUAGES = ("en", "fa", "ru")
#: Statement, block, leaves as the source documents name them.
BLOCKS = [
    ("4.9.1", "vision", ["leadership", "market_position", "value_proposition"]),
    ("4.9.2", "strategy", ["objectives", "segments", "effective_interaction"]),
    (
        "4.9.3",
        "experience",
        ["understanding_wants", "monitoring_expectations", "satisfaction_vs_competition", "acting_on_feedback",
         "communication"],
    ),
    (
        "4.9.4",
        "collaboration",
        ["culture_structure", "customer_understanding", "people_skills", "incentives", "internal_communication",
         "partners_suppliers"],
    ),
    ("4.9.5", "processes", ["life_cycle", "knowledge_management"]),
    ("4.9.6", "information", ["data", "analysis", "market_research"]),
    ("4.9.7", "technology", ["applications", "it_architecture"]),
    ("4.9.8", "metrics", ["value", "retention", "satisfaction", "loyalty", "cost_to_serve"]),
]  # fmt: skip


def test_statement_4_6_the_scale_has_its_seven_levels():
    names = [level_name(level) for level in range(7)]
    assert names == ["none", "aware", "developing", "practising", "optimising", "leading", "maximum"]
    for lang in LANGUAGES:
        assert len({level_name(level, lang) for level in range(7)}) == 7
    assert catalogue("maturity")["wording"] == "own"


@pytest.mark.parametrize(("place", "source", "block", "inside"), [(i, *row) for i, row in enumerate(BLOCKS)])
def test_statement_4_9_blocks_and_their_leaves(place, source, block, inside):
    found = blocks()[place]
    assert (found.source, found.id) == (source, block)
    assert [leaf.id for leaf in found.leaves] == inside
    assert catalogue(f"maturity/{block}")["wording"] == "own"


def test_there_are_29_leaves_in_8_blocks():
    assert len(blocks()) == 8
    assert len(leaves()) == sum(len(row[2]) for row in BLOCKS) == 29


def test_statement_4_4_every_leaf_is_seen_through_a_lens():
    assert list(lenses()) == ["people", "processes", "technology"]
    counted = Counter(lens for leaf in leaves().values() for lens in leaf.lenses)
    assert set(counted) == set(lenses())
    assert all(1 <= len(set(leaf.lenses)) == len(leaf.lenses) for leaf in leaves().values())
    assert min(counted.values()) >= 5


def test_labels_name_one_leaf_each_in_every_language():
    for lang in LANGUAGES:
        assert len({leaf.label[lang] for leaf in leaves().values()}) == 29
        assert len({label_of(block.id, lang) for block in blocks()}) == 8


@pytest.mark.parametrize("lang", LANGUAGES)
def test_anchors_are_203_texts_of_their_own(lang):
    found = anchors(lang)
    assert len(found) == 203
    assert list(found.columns) == [
        "block", "leaf", "source", "lenses", "block_label", "label", "question", "level", "level_name", "anchor",
    ]  # fmt: skip
    assert found["anchor"].is_unique
    assert found["question"].nunique() == 29
    assert found.groupby("leaf")["level"].agg(list).map(lambda levels: levels == list(range(7))).all()
    words = found["anchor"].str.split().map(len)
    assert words.min() >= 4
    # a level's sentence with the leaf's name put in would share nearly all of its words with those of other leaves
    for _, level in found.groupby("level"):
        bags = [set(re.findall(r"\w+", text.lower())) for text in level["anchor"]]
        assert max(len(a & b) / len(a | b) for a, b in combinations(bags, 2)) < 0.5


def test_the_languages_are_written_in_their_own_letters():
    texts = {lang: anchors(lang) for lang in LANGUAGES}
    for column in ("anchor", "question", "label", "block_label"):
        assert not texts["en"][column].str.contains("[\u0400-\u04ff\u0600-\u06ff]").any()
        assert texts["fa"][column].str.contains("[\u0600-\u06ff]").all()
        assert texts["ru"][column].str.contains("[\u0400-\u04ff]").all()
        latin = texts["ru"][column].str.cat(sep=" ") + texts["fa"][column].str.cat(sep=" ")
        assert set(re.findall("[A-Za-z]+", latin)) <= {"CRM"}


def test_persian_is_set_with_half_spaces_and_persian_letters():
    for column in ("anchor", "question", "label", "block_label", "level_name"):
        said = " ".join(anchors("fa")[column])
        assert not re.findall("[\u064a\u0643\u0660-\u0669]", said)  # Arabic yeh and kaf, Arabic digits
        assert not re.findall(r"(?<!\w)ن?می \w+", said)
        assert not re.findall(r"\w+ ها(?:ی|یی|یش|یشان)?(?!\w)", said)
        assert not re.findall(r"[0-9]", said)
    assert "\u200c" in " ".join(anchors("fa")["anchor"])


def test_what_a_block_rests_on_has_no_circle():
    rests = {block.id: block.rests_on for block in blocks()}
    laid: set[str] = set()
    while len(laid) < len(rests):
        ready = {name for name, below in rests.items() if name not in laid and set(below) <= laid}
        assert ready, f"a circle among {set(rests) - laid}"
        laid |= ready


def test_another_language_is_refused():
    with pytest.raises(UnsupportedError, match="'de'"):
        anchors("de")
