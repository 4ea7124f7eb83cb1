"""What was promised when a study opened is kept: what may change passes, whatever breaks a promise does not."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from crmstudy.administration.declaring.settled import changes, settled
from tests.administration.declaring.made import GOOD, PULSE, STUDY, VISIT, changed, in_all, read

BEFORE = changed("retention.key", "2028-06-30")


def told(tmp_path, after: Any, before: Any = BEFORE, *, answered: bool = True, **more: Any) -> list[str]:
    """What is said of a change."""
    promised = settled(read(tmp_path / "before", before))
    promised = json.loads(json.dumps(promised))  # as a database keeps it
    return [fault.message for fault in changes(promised, read(tmp_path / "after", after, **more), answered=answered)]


def test_nothing_changed(tmp_path):
    assert told(tmp_path, BEFORE) == []


def test_what_is_settled_are_short_texts(tmp_path):
    promised = settled(read(tmp_path, GOOD))
    assert promised["mode"] == "confidential"
    assert promised["sample.staff"] == "pulse@1.0"
    assert {"consent.en", "consent.fa", "instrument.pulse@1.0.ru", "instrument.visit@1.0.fa"} <= promised.keys()
    assert all(isinstance(value, str) and len(value) <= 64 for value in promised.values())


def test_the_digests_do_not_depend_on_the_run(tmp_path):
    """Kept in databases of studies in the field: a change here refuses to open every one of them."""
    promised = settled(read(tmp_path, GOOD))
    assert promised["consent.en"] == CONSENT
    assert promised["instrument.visit@1.0.en"] == WORDING


CONSENT = "5ac17d10626df0b31e88b2ae4b06624fda913b35e8df8980edf08655ea8b2baf"
WORDING = "b3a809093642cf9b8bf3b280d3285003148414426609274999b37b13d95a095b"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("k", 7),
        ("notice.contact", in_all("Somebody else")),
        ("retention.answers", "2028-11-30"),
        ("retention.key", "2027-12-31"),
        ("retention.drafts_days", 7),
        ("samples.staff.waves.autumn.closes", "2027-10-31"),
        ("samples.staff.rows", 5),
        ("samples.staff.randomise", []),
        ("samples.staff.linking", "none"),
        ("samples.staff.quotas", {}),
        ("languages", ["en", "fa"]),
        ("invitation", ...),
        ("address", "https://other.example.org"),
        ("units.B04", {"level": "branch"}),
    ],
)
def test_what_may_change(tmp_path, where, value):
    assert told(tmp_path, changed(where, value, BEFORE)) == []


@pytest.mark.parametrize(
    ("where", "value", "sentence"),
    [
        ("mode", "identified", "mode was confidential when the study opened and is identified now; it never changes."),
        ("mode", None, "mode was confidential when the study opened and is empty now; it never changes."),
        ("k", 5, "k was 6 when people answered and is 5 now;"),
        (
            "retention.answers",
            "2029-01-01",
            "retention.answers was promised until 2028-12-31 and ends on 2029-01-01 now;",
        ),
        ("retention.answers", None, "retention.answers was promised until 2028-12-31 and has no end now;"),
        ("retention.key", "2028-07-01", "retention.key was promised until 2028-06-30 and ends on 2028-07-01 now;"),
        ("retention.key", None, "retention.key was promised until 2028-06-30 and has no end now;"),
        ("retention.drafts_days", 15, "retention.drafts_days was 14 and is 15 now;"),
        ("withdrawal", "closing", "withdrawal was promised until the answers are deleted"),
        ("consent.version", 1, "consent.version was 2 and is 1 now; versions are counted up."),
        (
            "consent.text",
            in_all("Please read it."),
            "changed in en, fa, ru, and consent.version still is 2; write version: 3.",
        ),
        ("consent.statements", [], "what respondents agree to"),
        ("notice.purpose.ru", "Иное", "changed in ru, and consent.version still is 2;"),
        ("notice.controller.fa", "دیگری", "changed in fa, and consent.version still is 2;"),
        ("notice.recipients.en", "Everybody", "changed in en, and consent.version still is 2;"),
        (
            "paradata",
            {"times": "fine", "device": True},
            "more is kept of respondents than they were told (paradata.times, "
            "paradata.device), and consent.version still is 2;",
        ),
    ],
)
def test_what_breaks_a_promise(tmp_path, where, value, sentence):
    said = told(tmp_path, changed(where, value, BEFORE))
    assert any(sentence in one for one in said), said
    assert all(one.endswith(".") for one in said)


@pytest.mark.parametrize(
    ("where", "value"),
    [("consent.text", in_all("Please read it.")), ("notice.purpose.ru", "Иное"), ("paradata", {"times": "fine"})],
)
def test_a_new_version_of_the_consent_allows_it(tmp_path, where, value):
    after = changed("consent.version", 3, changed(where, value, BEFORE))
    assert told(tmp_path, after) == []


def test_a_new_version_does_not_lengthen_what_is_kept(tmp_path):
    after = changed("consent.version", 3, changed("retention.answers", "2030-01-01", BEFORE))
    assert len(told(tmp_path, after)) == 1


def reworded(**more: Any) -> dict[str, Any]:
    """An instrument with one word changed in Persian."""
    pulse = copy.deepcopy(PULSE) | more
    pulse["items"][2]["wording"]["fa"] = "واژه‌ای دیگر"
    return pulse


def test_a_wording_that_changed_under_the_same_version(tmp_path):
    (said,) = told(tmp_path, BEFORE, instruments=(reworded(), VISIT))
    assert "the instrument pulse@1.0 reads otherwise in fa than when people answered it;" in said
    assert told(tmp_path, BEFORE, instruments=(reworded(), VISIT), answered=False) == []


def test_a_new_version_of_an_instrument_is_a_sample_of_its_own(tmp_path):
    (said,) = told(tmp_path, BEFORE, instruments=(reworded(version="1.1"), VISIT))
    assert "the sample 'staff' was asked pulse@1.0 and would be asked pulse@1.1 now;" in said


def test_a_scoring_that_changed(tmp_path):
    visit = copy.deepcopy(VISIT)
    visit["reversed"] = ["V2"]
    (said,) = told(tmp_path, BEFORE, instruments=(PULSE, visit))
    assert "the instrument visit@1.0 reads otherwise in en, fa, ru" in said


@pytest.mark.parametrize("part", ["required", "labels", "instructions", "section", "order"])
def test_whatever_a_respondent_reads_counts(tmp_path, part):
    pulse = copy.deepcopy(PULSE)
    if part == "required":
        pulse["items"][2]["required"] = "hard"
    elif part == "labels":
        pulse["responses"]["five"]["labels"] = {1: in_all("never")}
    elif part == "instructions":
        pulse["instructions"] = in_all("Please answer quickly.")
    elif part == "section":
        pulse["sections"][0]["title"] = in_all("About you")
    else:
        pulse["items"][2:4] = pulse["items"][3:1:-1]
        pulse["sections"][1]["items"][:2] = ["A2", "A1"]
    said = told(tmp_path, BEFORE, instruments=(pulse, VISIT))
    assert len(said) == 1
    assert "reads otherwise in en, fa, ru" in said[0]


def test_what_no_respondent_reads_does_not(tmp_path):
    pulse = copy.deepcopy(PULSE)
    pulse["notes"] = in_all("A note.")
    pulse["items"][2]["note"] = "Taken from elsewhere."
    pulse["languages"]["fa"]["status"] = "piloted"
    assert told(tmp_path, BEFORE, instruments=(pulse, VISIT)) == []


def test_another_sample_may_be_added(tmp_path):
    study = copy.deepcopy(STUDY)
    study["samples"]["visitors"] = {"population": "customer", "instruments": ["visit"]}
    after = copy.deepcopy(BEFORE)
    after["samples"]["visitors"] = {"opens": "2027-04-01", "closes": "2027-04-30"}
    assert told(tmp_path, after, study=study) == []


def test_before_anybody_has_answered_k_may_be_lowered_and_the_mode_may_not(tmp_path):
    after = changed("mode", "identified", changed("k", 4, BEFORE))
    (said,) = told(tmp_path, after, answered=False)
    assert "it never changes" in said


def test_linking_that_was_not_told(tmp_path):
    before = changed("samples.staff.linking", "none", BEFORE)
    (said,) = told(tmp_path, changed("samples.staff.linking", "self-made-code", BEFORE), before)
    assert "(samples.staff.linking)" in said
