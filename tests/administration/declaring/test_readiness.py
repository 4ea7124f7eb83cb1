"""A live server does not open before everything is said, in every language that is offered; each lack is a sentence."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from typing import Any

import pytest

from crmstudy.administration.declaring.readiness import is_filled, is_loopback, readiness, require_ready
from crmstudy.administration.fieldwork import NOTICE
from crmstudy.errors import StudyError
from tests.administration.declaring.made import GOOD, PULSE, STUDY, TAGS, VISIT, changed, in_all, read


def blocking(tmp_path, administration: Any = None, **more: Any) -> dict[str, str]:
    """What keeps a study from opening, by key."""
    return {lack.key: lack.message for lack in readiness(read(tmp_path, administration, **more)) if lack.blocking}


def test_the_good_study_is_ready(tmp_path):
    study = read(tmp_path, GOOD)
    assert readiness(study) == ()
    require_ready(study, dt.date(2027, 1, 1))


def test_what_a_study_without_the_file_lacks(tmp_path):
    assert list(blocking(tmp_path)) == [
        "mode", "k", *(f"notice.{key}" for key in NOTICE), "retention.answers", "samples.staff.opens",
        "samples.staff.closes", "samples.customers.opens", "samples.customers.closes", "address",
    ]  # fmt: skip


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("key", NOTICE)
def test_every_text_of_the_notice_in_every_language(tmp_path, key, tag):
    file = copy.deepcopy(GOOD)
    del file["notice"][key][tag]
    ((where, message),) = blocking(tmp_path, file).items()
    assert where == f"notice.{key}"
    assert f"is not filled in in {tag}; write {key}: {{{tag}: ...}}." in message


@pytest.mark.parametrize("text", [None, "", " \u00a0 ", "\u200c", "TODO", "...", "[fill in]", "<tbd>", "--", "«»"])
def test_what_only_looks_filled_in(tmp_path, text):
    assert list(blocking(tmp_path, changed("notice.ethics.fa", text))) == ["notice.ethics"]


@pytest.mark.parametrize(
    ("where", "value", "key"),
    [
        ("mode", None, "mode"),
        ("k", ..., "k"),
        ("address", None, "address"),
        ("address", "http://survey.example.org", "address"),
        ("address", "http://10.0.0.5:8000", "address"),
        ("retention", ..., "retention.answers"),
        ("retention.answers", None, "retention.answers"),
        ("retention.key", None, "retention.key"),
        ("samples.staff.waves.spring.opens", None, "samples.staff.waves.spring.opens"),
        ("samples.staff.waves.autumn.closes", None, "samples.staff.waves.autumn.closes"),
        ("samples.customers.opens", ..., "samples.customers.opens"),
        ("samples.customers.closes", ..., "samples.customers.closes"),
        ("consent.text", {"en": "Please read.", "fa": "بخوانید."}, "consent.text"),
        ("consent.statements", [in_all("I am of age."), {"en": "I agree."}], "consent.statements[1]"),
    ],
)
def test_what_else_is_needed(tmp_path, where, value, key):
    if where == "mode":  # what only some modes allow is left out too
        value_file = {**GOOD, "mode": None}
        assert key in blocking(tmp_path, value_file)
        return
    lacks = blocking(tmp_path, changed(where, value))
    assert key in lacks
    assert key.split(".")[-1].split("[")[0] in lacks[key]
    assert lacks[key].endswith(".")


def test_a_title_in_every_language(tmp_path):
    lacks = blocking(tmp_path, GOOD, study={**STUDY, "title": {"en": "A study"}})
    assert list(lacks) == ["title"]
    assert "in fa, ru; write title: {fa: ..., ru: ...}." in lacks["title"]
    file = GOOD | {"title": {"fa": "یک پژوهش", "ru": "Исследование"}}
    assert blocking(tmp_path, file, study={**STUDY, "title": {"en": "A study"}}) == {}


def test_simulated_samples_are_not_asked_in_earnest(tmp_path):
    study = copy.deepcopy(STUDY)
    study["samples"]["customers"]["simulated"] = True
    assert list(blocking(tmp_path, GOOD, study=study)) == ["samples.customers.simulated"]
    only_staff = changed("samples.customers", ...)
    assert blocking(tmp_path, only_staff, study=study) == {}


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_this_machine_needs_no_https(tmp_path, address):
    assert is_loopback(address)
    assert blocking(tmp_path, changed("address", address)) == {}


@pytest.mark.parametrize(
    "address", ["http://localhost.example.org", "http://127.0.0.1.example.org", "https://example.org", ""]
)
def test_other_machines_are_not_this_one(address):
    assert not is_loopback(address)


def test_the_key_file_of_other_modes(tmp_path):
    for mode in ("anonymous", "identified"):
        file = copy.deepcopy(GOOD) | {"mode": mode, "withdrawal": "closing"}
        file["retention"].pop("key")
        assert "retention.key" not in blocking(tmp_path, file)


def test_a_k_that_was_put_together_elsewhere(tmp_path):
    study = dataclasses.replace(read(tmp_path, GOOD), mode="anonymous", k=4)
    assert "write k: 5 (at least 5)." in next(lack.message for lack in readiness(study) if lack.key == "k")


def test_what_is_over(tmp_path):
    study = read(tmp_path, GOOD)
    assert readiness(study, dt.date(2027, 9, 30)) == ()
    assert [lack.key for lack in readiness(study, dt.date(2027, 10, 1))] == ["samples"]
    with pytest.raises(StudyError, match="every wave is over by 2029-01-01") as refused:
        require_ready(study, dt.date(2029, 1, 1))
    assert len(refused.value.faults) == 3


def warnings(tmp_path, administration: Any = GOOD, **more: Any) -> list[str]:
    """What is only to be looked at."""
    return [lack.message for lack in readiness(read(tmp_path, administration, **more)) if not lack.blocking]


def test_translations_that_nobody_has_reviewed(tmp_path):
    pulse = copy.deepcopy(PULSE)
    pulse["languages"]["fa"]["status"] = "draft"
    (told,) = warnings(tmp_path, instruments=(pulse, VISIT))
    assert "the texts in 'fa' of pulse are drafts that nobody has reviewed" in told


def test_languages_that_are_there_and_not_offered(tmp_path):
    (told,) = warnings(tmp_path, GOOD | {"languages": ["en", "fa"]})
    assert "every instrument has texts in 'ru', which is not offered" in told


def test_letters_in_some_languages_only(tmp_path):
    (told,) = warnings(tmp_path, changed("invitation.text", {"en": "{link}"}))
    assert "invitation.text is not written in fa, ru" in told


def test_links_and_waves(tmp_path):
    file = changed("samples.staff.entry", "open")
    told = warnings(tmp_path, file)
    assert any("so that answers belong to no pseudonym" in one for one in told)
    assert any("one person can answer more than once" in one for one in told)
    assert any("the waves of the sample 'staff' are not linked" in one for one in told)


@pytest.mark.parametrize("text", ["Ethics committee, no. 12", "۱۲", "к", "none needed: no personal data"])
def test_what_says_something(text):
    assert is_filled(text)
