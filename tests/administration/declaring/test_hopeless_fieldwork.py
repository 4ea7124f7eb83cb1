"""Files that cannot be used: each is refused with a sentence that says what was wanted, what was found, what to do."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.errors import StudyError
from tests.administration.declaring.made import GOOD, PULSE, STUDY, VISIT, changed, dumped, faults, in_all

#: Where in the good file another value stands, the value, and the sentence.
HOPELESS: list[tuple[str, Any, str]] = [
    ("crmstudy_administration", 2, "crmstudy_administration must be 1, the format this version reads; found 2."),
    ("crmstudy_administration", ..., "the file lacks the key 'crmstudy_administration'; add it."),
    ("moed", "anonymous", "unknown key 'moed' in the file. Did you mean 'mode'?"),
    ("mode", "secret", "mode must be one of anonymous, confidential, identified; found 'secret'."),
    ("k", 2, "k: groups of 2 are too small in confidential mode"),
    ("k", "five", "k must be a whole number from 1 to 1000; found 'five'."),
    ("languages", [], "languages is empty; name at least one, such as [en]."),
    ("languages", ["en", "de"], "languages names 'de', which is no language of the pages."),
    ("languages", ["en", "en"], "languages names 'en' twice; keep one."),
    ("languages", "en", "languages must be a list of languages, such as [a, b]; found 'en'."),
    (
        "address",
        "survey.example.org",
        "address must be such as https://survey.example.org; found 'survey.example.org'.",
    ),
    ("address", "https://example.org/survey", "The pages need a host of their own, without a path"),
    ("address", "https://user:secret@example.org", "address must be such as"),
    ("address", "javascript:alert(1)", "address must be such as"),
    ("address", "https://example.org:99999", "address must be such as"),
    ("notice.controler", in_all("x"), "unknown key 'controler' in notice. Did you mean 'controller'?"),
    ("notice.contact", "Ann", "notice.contact must give a text for each language, as {fa: ..., en: ..., ru: ...}"),
    ("notice.contact", {"en": "Ann", "fr": "Anne"}, "notice.contact has a text in 'fr', which is not offered."),
    ("notice.contact", {"en": 12}, "notice.contact.en must be a text; put it in quotes; found '12'."),
    ("consent.version", 0, "consent.version must be a whole number from 1 to 1000000; found 0."),
    ("consent.version", "2", "consent.version must be a whole number from 1 to 1000000; found '2'."),
    ("consent.statements", in_all("x"), "consent.statements must be a list of texts by language"),
    ("consent.statements", [{"en": " "}], "the statement 1 of the consent is empty; fill it in or take it off."),
    ("retention.answers", "2027-09-30", "retention.answers is 2027-09-30, and the last wave closes on 2027-09-30;"),
    ("retention.answers", "1407-10-11", "is in the year 1407; days are written in the Gregorian calendar"),
    ("retention.answers", "31.12.2028", "retention.answers must be a day such as 2027-12-31; found '31.12.2028'."),
    ("retention.key", "2029-01-01", "retention.key is 2029-01-01, later than the answers (2028-12-31)"),
    ("retention.drafts_days", 0, "retention.drafts_days must be a whole number from 1 to 365; found 0."),
    ("withdrawal", "never", "withdrawal must be one of closing, retention; found 'never'."),
    ("paradata.times", "exact", "paradata.times must be one of coarse, fine; found 'exact'."),
    ("paradata.device", "yes", "paradata.device must be true or false; found 'yes'."),
    ("samples", {}, "samples names no sample; name one, or take the key off to ask all of study.yaml."),
    ("samples.stuff", {}, "study.yaml has no sample 'stuff'. Did you mean 'staff'?"),
    ("samples.staff", ["token"], "samples.staff must be a mapping of keys to values; found a list of 1."),
    (
        "samples.staff.entry",
        "tokens",
        "samples.staff.entry must be one of token, open, both; found 'tokens'. Did you mean",
    ),
    ("samples.staff.opens", "2027-01-01", "samples.staff has waves, each with its own opens; take opens off."),
    (
        "samples.customers.closes",
        "2027-02-28",
        "closes on 2027-02-28, before it opens on 2027-03-01; change one of them.",
    ),
    ("samples.staff.waves", {}, "samples.staff.waves is empty; name at least one, or write opens and closes."),
    (
        "samples.staff.waves.autumn.opens",
        "2027-03-31",
        "the wave 'spring' closes on 2027-03-31 and 'autumn' opens on "
        "2027-03-31; waves stand in their order, and each closes before the next opens.",
    ),
    ("samples.staff.waves.spring.closes", ..., "the wave 'spring' never closes and 'autumn' opens on 2027-09-01;"),
    ("samples.staff.waves.autumn.opens", ..., "and 'autumn' says not when it opens;"),
    ("samples.staff.waves", {1: None}, "a name in samples.staff.waves must be a text; put 1 in quotes"),
    (
        "samples.staff.linking",
        "code",
        "samples.staff.linking must be one of none, self-made-code, key-file; found 'code'.",
    ),
    ("samples.staff.rows", 1, "samples.staff.rows must be a whole number from 2 to 60; found 1."),
    ("samples.staff.refusal", 1, "samples.staff.refusal must be true or false; found 1."),
    (
        "samples.staff.randomise",
        ["visit"],
        "samples.staff.randomise names 'visit', which is no instrument of the sample 'staff'. There are: pulse.",
    ),
    ("samples.staff.conditions", ["manager = 1"], "samples.staff.conditions must be a mapping of conditions by item"),
    (
        "samples.staff.conditions",
        {"teams": "manager = 1"},
        "samples.staff.conditions names 'teams', which is asked nowhere in the sample. Did you mean 'team'?",
    ),
    (
        "samples.staff.conditions",
        {"team": "manger = 1"},
        "samples.staff.conditions.team: column 1: 'manger' is not known.",
    ),
    (
        "samples.staff.conditions",
        {"team": "manager = 3"},
        "samples.staff.conditions.team: column 11: 'manager' cannot be 3",
    ),
    ("samples.staff.conditions", {"team": "manager ="}, "a number or a text in quotes was expected"),
    (
        "samples.staff.conditions",
        {"manager": "team > 3"},
        "samples.staff.conditions.manager uses 'team', which is asked later "
        "than 'manager'; only earlier answers count.",
    ),
    (
        "samples.staff.conditions",
        {"team": "team > 3"},
        "goes in a circle: team -> team; a question cannot depend on itself.",
    ),
    (
        "samples.staff.conditions",
        {"about": "team > 3"},
        "samples.staff.conditions.about goes in a circle: team -> team",
    ),
    (
        "samples.staff.conditions",
        {"remark": "A1 = 1", "A1": "answered(remark)"},
        "goes in a circle: A1 -> remark -> A1",
    ),
    ("samples.staff.conditions", {"A1": "A3 = 1"}, "samples.staff.conditions.A1 uses 'A3', which is asked later"),
    (
        "samples.staff.quotas",
        {"all": {"when": "manager = 1"}},
        "samples.staff.quotas.all lacks the key 'limit'; add it.",
    ),
    (
        "samples.staff.quotas",
        {"all": {"when": "unit = 'B99'", "limit": 3}},
        "samples.staff.quotas.all.when: column 8: 'unit' is never \"B99\".",
    ),
    (
        "samples.staff.quotas",
        {"all": {"when": None, "limit": 3}},
        "samples.staff.quotas.all.when is empty; fill it in.",
    ),
    (
        "samples.staff.quotas",
        {"all": {"when": "manager = 1", "limit": 0}},
        "must be a whole number from 1 to 1000000000",
    ),
    ("samples.staff.feedback", ["A1"], "samples.staff.feedback names 'A1', which is no scale of the sample 'staff'."),
    ("samples.staff.attributes", ["shift work"], 'the attribute "shift work" is no name for a column'),
    ("samples.staff.attributes", ["manager"], "'manager' of 'pulse' is also an attribute; rename one."),
    ("samples.staff.attributes", ["unit"], 'the attribute "unit" is no name for a column'),
    ("samples.staff.attributes", ["lang"], "the attribute 'lang' would be the language in conditions"),
    ("samples.staff.attributes", ["e_mail"], "the attribute 'e_mail', which says who somebody is, is not possible"),
    ("samples.staff.unfinished", "drop", "samples.staff.unfinished must be one of discard, keep; found 'drop'."),
    ("samples.staff.branch_links", True, "samples.staff.branch_links is for open links; say entry: open or both"),
    (
        "units",
        ...,
        "samples.customers.branch_links signs each link with its unit, and there are no units; declare them.",
    ),
    (
        "samples.customers.kiosk",
        {"idle": 60},
        "unknown key 'idle' in samples.customers.kiosk. Known here: idle_seconds,",
    ),
    ("samples.customers.kiosk", {"idle_seconds": 5}, "idle_seconds must be a whole number from 20 to 3600; found 5."),
    (
        "invitation.text",
        in_all("Please answer."),
        "invitation.text.en does not say {link}, where each link is put; add it.",
    ),
    (
        "invitation.text",
        in_all("{link} {clsoes}"),
        "has the place {clsoes}, which nothing fills in. Did you mean 'closes'?",
    ),
    ("invitation.subject", in_all("{link}"), "invitation.subject.en is a subject, which has no {link}"),
    ("invitation.reminders", "some", "invitation.reminders must be one of everyone, unfinished; found 'some'."),
    ("mail.password", "hunter2", "put it into the environment variable CRMSTUDY_SMTP_PASSWORD instead."),
    ("mail.security", "none", "mail.security is none, so that letters and links could be read on the way"),
    ("mail.host", "mail.example.org\nx", "mail.host must be the name of a server such as mail.example.org"),
    ("mail.sender", "Survey", "mail.sender must be an address such as Name <name@example.org>; found 'Survey'."),
    ("mail.sender", "a@b.example, c@d.example", "mail.sender must be an address"),
    ("mail.host", ..., "mail lacks the key 'host'; add it."),
    ("mail.port", 70000, "mail.port must be a whole number from 1 to 65535; found 70000."),
    ("words", {"sistem": {"en": "x"}}, "words gives 'sistem', which is a slot of no instrument."),
    ("levels", ["branch", "branch"], "levels names 'branch' twice; keep one."),
    ("levels", ..., "levels must name the levels of the units, the smallest first: [branch, region]."),
    (
        "units.north.level",
        "branch",
        "the unit 'B01' (branch) lies in 'north' (branch); levels rise from branch to region.",
    ),
    ("units.B03.level", "brunch", "the level 'brunch' of the unit 'B03' is not declared. Did you mean 'branch'?"),
    (
        "units.north.units.B02",
        {"units": {"B04": None}},
        "the unit 'north' lies above units of the highest level 'region'",
    ),
    ("units.north.units.B03", None, "the unit 'B03' is declared twice"),
    ("units.north.units.b01", None, "read the same; rename one."),
    ("units", "units.csv", "cannot be read: No such file or directory. Check the path."),
    ("units", ["B01"], "units must be a mapping of units by id, or the path of a CSV; found a list of 1."),
]


@pytest.mark.parametrize(
    ("where", "value", "sentence"), HOPELESS, ids=[f"{n}-{one[0]}" for n, one in enumerate(HOPELESS)]
)
def test_it_is_refused_with_its_sentence(tmp_path, where, value, sentence):
    told = faults(tmp_path, changed(where, value))
    assert any(sentence in one for one in told), "\n".join(told)
    assert all(re.search(r"\.(yaml|csv):\d+: ", one) for one in told)


def test_the_good_file_is_not(tmp_path):
    assert faults(tmp_path, GOOD) == []


def test_all_of_them_at_once(tmp_path):
    file = copy.deepcopy(GOOD)
    file |= {"k": 2, "address": "ftp://x", "withdrawal": "never"}
    file["samples"]["staff"] |= {"rows": 1, "feedback": ["z"], "conditions": {"team": "x = 1", "B1": "y = 1"}}
    told = faults(tmp_path, file)
    assert len(told) == 7
    lines = [int(one.split(".yaml:")[1].split(":")[0]) for one in told]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file must be a mapping of keys to values; found nothing."),
        ("- 1\n", "the file must be a mapping of keys to values; found a list of 1."),
        ("k: [", "this is not YAML"),
        ("a: &x 1\nb: *x\n", "aliases (&, *) are not read here"),
        ("crmstudy_administration: 1\nk: 5\nk: 6\n", "the key 'k' stands twice; keep one."),
        ("crmstudy_administration: 1\nretention: {answers: 2028-02-30}\n", "cannot be read as a number or a date"),
        ('crmstudy_administration: 1\nnotice: {contact: {en: "a\\x00b"}}\n', "holds the control character U+0000"),
    ],
)
def test_what_is_no_file_of_ours(tmp_path, text, sentence):
    told = [one for one in faults(tmp_path, text) if sentence in one]
    assert told
    assert all("administration.yaml" in one for one in told)


STUDIES: list[tuple[str, Any, str]] = [
    ("samples", ..., "samples must name who is asked"),
    ("samples.staff.population", "people", "samples.staff.population must be one of staff, customer, expert, unit"),
    ("samples.staff.instruments", "pulse", "samples.staff.instruments must be a list of ids or paths of instruments."),
    ("samples.staff.instruments", ["puls"], "there is no instrument 'puls'. Did you mean 'pulse'?"),
    ("samples.staff", "pulse", "samples.staff must be a mapping of keys to values."),
    ("samples.a/b", {"population": "staff", "instruments": ["pulse"]}, "the sample 'a/b' stands in an address"),
    ("samples.staff.instruments", [], "the sample 'staff' has no instruments in study.yaml"),
]


@pytest.mark.parametrize(
    ("where", "value", "sentence"), STUDIES, ids=[f"{n}-{one[0]}" for n, one in enumerate(STUDIES)]
)
def test_what_study_yaml_lacks(tmp_path, where, value, sentence):
    told = faults(tmp_path, GOOD, study=changed(where, value, STUDY))
    assert any(sentence in one for one in told), "\n".join(told)


def test_a_study_without_study_yaml(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "administration.yaml").write_text(dumped(GOOD), encoding="utf-8")
    with pytest.raises(StudyError, match=r"study\.yaml' was not found"):
        read_fieldwork(folder)


def test_two_files_that_are_no_yaml_are_told_together(tmp_path):
    told = faults(tmp_path, "k: [", study="samples: {")
    assert [one.partition(".yaml")[0].rpartition("/")[2] for one in told] == ["study", "administration"]


def without(tag: str, instrument: dict[str, Any]) -> dict[str, Any]:
    """An instrument without a language."""
    text = copy.deepcopy(instrument)

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(one) for key, one in value.items() if key != tag}
        return [strip(one) for one in value] if isinstance(value, list) else value

    return strip(text)


def test_a_language_that_an_instrument_has_not(tmp_path):
    told = faults(tmp_path, GOOD, instruments=(without("ru", PULSE), VISIT))
    assert any("languages offers 'ru', which pulse (sample 'staff') has not; take it off" in one for one in told)


def test_a_wording_that_is_missing_in_a_language_that_is_offered(tmp_path):
    pulse = copy.deepcopy(PULSE)
    del pulse["items"][2]["wording"]["fa"]
    (told,) = faults(tmp_path, GOOD, instruments=(pulse, VISIT))
    assert "sample 'staff': the instrument 'pulse' has no wording in 'fa' for 'A1'; add it." in told
    assert "study.yaml:" in told


def test_no_language_in_common(tmp_path):
    only_en, only_fa = without("ru", without("fa", PULSE)), without("ru", without("en", VISIT))
    (told,) = faults(tmp_path, instruments=(only_en, only_fa))
    assert "the instruments have no language of en, fa, ru in common (pulse: en; visit: fa)" in told


def test_a_direction_that_is_not_that_of_the_language(tmp_path):
    pulse = copy.deepcopy(PULSE)
    pulse["languages"]["fa"]["direction"] = "ltr"
    told = faults(tmp_path, GOOD, instruments=(pulse, VISIT))
    assert any("write 'fa' as ltr; it is rtl." in one for one in told)


def test_instruments_without_wording(tmp_path):
    pulse = copy.deepcopy(PULSE) | {"wording": "none"}
    for item in pulse["items"]:
        del item["wording"]
    told = faults(tmp_path, instruments=(pulse, VISIT))
    assert any("'pulse' ships without wording" in one for one in told)


def test_ids_that_two_instruments_of_a_sample_share(tmp_path):
    other = copy.deepcopy(VISIT) | {"id": "other"}
    study = changed("samples.customers.instruments", ["visit", "other"], STUDY)
    told = faults(tmp_path, GOOD, study=study, instruments=(PULSE, VISIT, other))
    assert any("'V1', 'V2' would be asked twice" in one for one in told)


def test_two_versions_of_an_instrument_in_one_study(tmp_path):
    newer = copy.deepcopy(VISIT) | {"version": "2.0"}
    folder = tmp_path / "instruments"
    folder.mkdir()
    (folder / "visit-2.yaml").write_text(dumped(newer), encoding="utf-8")
    study = changed("samples.staff.instruments", ["pulse", "visit@2.0"], STUDY)
    told = faults(tmp_path, study=study)
    assert any("'visit' is asked in the versions 1.0 and 2.0" in one for one in told)


def test_hostile_words_come_back_harmless(tmp_path):
    told = faults(tmp_path, changed("mode", "\u202e[31m" + "x" * 500))
    assert len(told) == 1
    assert "\u202e" not in told[0]
    assert len(told[0]) < 300


def test_a_fault_brings_no_others_with_it(tmp_path):
    for where, value in (("units.B03.level", 3), ("consent.statements", ["I agree"]), ("samples.customers.kiosk", 1)):
        assert len(faults(tmp_path, changed(where, value))) == 1, where
