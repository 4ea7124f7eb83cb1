"""Two instruments side by side: every kind of difference is told, and scores compare only where the key is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.instrument.load import from_mapping
from crmstudy.instrument.revising.differences import compare
from crmstudy.instrument.writing import to_mapping

STY = load_instrument("crm-sty")


def _changed(change):
    data = to_mapping(STY)
    change(data)
    return from_mapping(data)


def _told(found):
    return {(one.part, one.subject, one.what) for one in found.found}


@pytest.mark.parametrize("one", list_instruments(), ids=lambda one: f"{one.id}@{one.version}")
def test_an_instrument_does_not_differ_from_itself(one):
    found = compare(one, from_mapping(to_mapping(one, self_contained=False)))
    assert not found
    assert found.verdict == "same key"
    assert found.same_scores == tuple(score.id for score in one.scores)


def test_items_dropped_added_and_moved():
    def change(data):
        items = data["items"]
        gone = items.pop(0)
        items.append({**items[0], "id": "NEW1", "wording": {"en": "Something else."}})
        items.insert(0, items.pop(5))
        data["scales"][0]["items"].remove(gone["id"])
        data["scales"][0]["items"].append("NEW1")
        for part in ("sections", "published"):
            data.pop(part, None)

    found = compare(STY, _changed(change))
    told = _told(found)
    assert ("item", "KCF1", "dropped") in told
    assert ("item", "NEW1", "added") in told
    assert [one.subject for one in found.found if one.what == "moved"] == [STY.item_ids[6]]
    assert "key_customer_focus" in found.other_scores
    assert "knowledge_management" in found.same_scores
    assert found.verdict == "partly"


def test_a_key_that_differs_is_seen_and_spoils_the_score_and_the_total():
    other = _changed(lambda data: data["reversed"].append("KMG2"))
    found = compare(STY, other)
    assert ("item", "KMG2", "key") in _told(found)
    assert set(found.other_scores) == {"knowledge_management", "crm_orientation"}
    assert "knowledge_management" in found.sentence


def test_wording_is_told_by_language_and_leaves_the_scores_comparable():
    def change(data):
        data["items"][2]["wording"]["fa"] = "متنی دیگر"
        data["items"][3]["wording"]["en"] = data["items"][3]["wording"]["en"].upper()

    found = compare(STY, _changed(change))
    what = {(one.subject, one.what, one.touches) for one in found.found}
    assert what == {("KCF3", "wording (fa)", "wording"), ("KCF4", "wording (en, spelling only)", "other")}
    assert found.verdict == "same key"
    assert "wording" in found.sentence


@pytest.mark.parametrize(
    ("path", "value", "part"),
    [
        (("rights", "status"), "commercial", "rights"),
        (("languages", "ru", "status"), "reviewed", "language"),
        (("scales", 0, "method"), "sum", "scale"),
        (("scales", 0, "min_answered"), 1, "scale"),
        (("level",), "branch", "head"),
        (("items", 0, "required"), "hard", "item"),
        (("responses", "agreement"), "agreement-7", "response"),
    ],
)
def test_no_part_is_passed_over(path, value, part):
    def change(data):
        place = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    found = compare(STY, _changed(change))
    assert part in {one.part for one in found.found}
    scored = part in ("scale", "response")
    assert (found.verdict == "same key") is not scored


def test_another_id_alone_gives_the_same_scores():
    found = compare(STY, replace(STY, id="other", version="9"))
    assert found.verdict == "same key"
    assert [one.what for one in found.found] == ["id", "version"]


def test_instruments_without_a_common_score_are_not_comparable():
    assert compare(STY, load_instrument("ecsi")).verdict == "not comparable"
