"""A study that is to be administered is read whole, with defaults for what is left out, and all faults at once."""

from __future__ import annotations

import copy
import datetime as dt
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmstudy.administration.declaring.parts import WORDED
from crmstudy.administration.declaring.questionnaire import DIRECTIONS
from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.administration.fieldwork import Kiosk, Paradata, Quota, Wave
from crmstudy.administration.wording import texts
from crmstudy.errors import InstrumentError
from tests.administration.declaring.made import GOOD, PULSE, STUDY, VISIT, changed, dumped, faults, in_all, read, write


def test_the_good_study(tmp_path):
    study = read(tmp_path, GOOD)
    assert (study.folder, study.languages, study.mode, study.k) == (tmp_path, ("fa", "en", "ru"), "confidential", 6)
    assert study.title == in_all("A study")
    assert study.address == "https://survey.example.org"
    assert study.notice["ethics"]["ru"] == "ethics (ru)"
    assert study.consent.version == 2
    assert study.consent.text["en"] == "Please read.\n\nThank you. (en)"
    assert study.consent.statements == (in_all("I am of age."),)
    assert study.retention.answers == dt.date(2028, 12, 31)
    assert (study.retention.key, study.retention.drafts_days) == (dt.date(2028, 1, 31), 14)
    assert (study.withdrawal, study.paradata) == ("retention", Paradata("coarse", True, False))
    assert study.place == tmp_path / "administration"
    assert [one.id for one in study.instruments()] == ["pulse", "visit"]


def test_the_samples_of_the_good_study(tmp_path):
    samples = read(tmp_path, GOOD).samples
    staff, customers = samples["staff"], samples["customers"]
    assert (staff.entry, staff.population, staff.rows, staff.refusal) == ("token", "staff", 8, False)
    assert [wave.id for wave in staff.waves] == ["spring", "autumn"]
    assert staff.wave(dt.date(2027, 3, 31)) == staff.waves[0]
    assert staff.wave(dt.date(2027, 4, 1)) is None
    assert staff.randomise == ("pulse",)
    assert staff.conditions == {"team": "manager = 1", "last": "B1 >= 3 or answered(A2)"}
    assert staff.quotas == (Quota("managers", "manager = 1 and unit = 'B01'", 40),)
    assert (staff.feedback, staff.attributes, staff.unfinished) == (("a",), ("shift",), "keep")
    assert (staff.linking, staff.self_made_code, staff.kiosk) == ("key-file", False, None)
    assert customers.waves == (Wave("", dt.date(2027, 3, 1), dt.date(2027, 5, 31)),)
    assert (customers.branch_links, customers.kiosk, customers.linking) == (True, Kiosk(60, 15), "none")


def test_the_letters_and_the_mail_of_the_good_study(tmp_path):
    study = read(tmp_path, GOOD)
    assert study.invitation.text["en"] == "Here: {link}\n\nUntil {closes}. {contact} (en)"
    assert study.invitation.reminders == "everyone"
    assert study.mail is not None
    assert (study.mail.port, study.mail.security, study.mail.per_minute) == (465, "tls", 10)
    assert study.mail.stop_list == tmp_path / "stop.txt"


def test_without_the_file_everything_has_a_default(tmp_path):
    study = read(tmp_path)
    assert (study.languages, study.mode, study.k) == (("en", "fa", "ru"), "", 0)
    assert set(study.samples) == {"staff", "customers"}
    assert study.samples["staff"].waves == (Wave(),)
    assert study.samples["staff"].entry == "open"
    assert (study.paradata, study.invitation.reminders, study.mail) == (Paradata(), "everyone", None)


def test_an_empty_value_counts_as_left_out(tmp_path):
    write(tmp_path)
    without = read_fieldwork(tmp_path)
    empty: Any = dict.fromkeys(GOOD) | {"crmstudy_administration": 1}
    assert read(tmp_path, empty) == without
    empty["samples"] = {"staff": dict.fromkeys(GOOD["samples"]["staff"]), "customers": None}
    assert read(tmp_path, empty) == without


@pytest.mark.parametrize("mode", ["confidential", "identified"])
def test_what_a_mode_changes_of_the_defaults(tmp_path, mode):
    study = read(tmp_path, {"crmstudy_administration": 1, "mode": mode, "samples": {"staff": {"entry": "both"}}})
    assert (study.paradata, study.invitation.reminders) == (Paradata("fine", True, True), "unfinished")
    assert study.samples["staff"].linking == "key-file"


def test_the_defaults_of_an_anonymous_study(tmp_path):
    samples = {"staff": {"entry": "token", "linking": "self-made-code"}}
    study = read(tmp_path, {"crmstudy_administration": 1, "mode": "anonymous", "k": 5, "samples": samples})
    assert (study.paradata, study.invitation.reminders) == (Paradata("coarse", False, True), "everyone")
    assert study.samples["staff"].self_made_code


def test_only_samples_that_are_named_are_asked(tmp_path):
    assert list(read(tmp_path, {"crmstudy_administration": 1, "samples": {"customers": None}}).samples) == ["customers"]


def test_samples_without_instruments_are_passed_over(tmp_path):
    study = copy.deepcopy(STUDY)
    study["samples"]["panel"] = {"population": "expert", "file": "panel.xlsx"}
    assert set(read(tmp_path, study=study).samples) == {"staff", "customers"}


def test_languages_without_a_whole_questionnaire_are_not_offered(tmp_path):
    pulse = copy.deepcopy(PULSE)
    del pulse["items"][0]["wording"]["ru"]
    assert read(tmp_path, instruments=(pulse, VISIT)).languages == ("en", "fa")


def test_the_language_of_the_study_comes_first(tmp_path):
    assert read(tmp_path, study={**STUDY, "lang": "ru"}).languages == ("ru", "en", "fa")


def test_languages_of_a_region(tmp_path):
    def regional(value: Any) -> Any:
        if isinstance(value, dict):
            return {"fa-IR" if key == "fa" else key: regional(one) for key, one in value.items()}
        return [regional(one) for one in value] if isinstance(value, list) else value

    its = (regional(PULSE), regional(VISIT))
    assert read(tmp_path, instruments=its).languages == ("en", "fa-IR", "ru")
    file = {"crmstudy_administration": 1, "languages": ["fa-IR"], "notice": {"contact": {"fa-IR": "کسی"}}}
    assert read(tmp_path, file, instruments=its).notice == {"contact": {"fa-IR": "کسی"}}
    told = faults(tmp_path, {**file, "languages": ["en", "en-GB"]}, instruments=its)
    assert any("languages offers 'en' in two forms; keep one" in one for one in told)


def test_a_plain_text_will_do_for_one_language(tmp_path):
    file = {"crmstudy_administration": 1, "languages": ["fa"], "notice": {"contact": "آقای كريمي"}}
    assert read(tmp_path, file).notice == {"contact": {"fa": "آقای کریمی"}}


def test_days_in_persian_digits(tmp_path):
    file = changed("retention.answers", "۲۰۲۸-۱۲-۳۱")
    assert read(tmp_path, file).retention.answers == dt.date(2028, 12, 31)


def test_simulated_samples_are_marked(tmp_path):
    study = copy.deepcopy(STUDY)
    study["samples"]["staff"]["simulated"] = True
    samples = read(tmp_path, study=study).samples
    assert (samples["staff"].simulated, samples["customers"].simulated) == (True, False)


def test_slots_are_filled_with_the_words_of_the_study(tmp_path):
    forms = {"en": {"base": "the system"}, "fa": {"base": "سامانه", "ezafe": "سامانهٔ"},
             "ru": dict.fromkeys(("nom", "gen", "dat", "acc", "ins", "pre"), "система")}  # fmt: skip
    visit = {**VISIT, "slots": {"system": {"description": in_all("A system."), "default": forms}}}
    file = {"crmstudy_administration": 1, "words": {"system": {"en": "Siebel"}}}
    instrument = read(tmp_path, file, instruments=(PULSE, visit)).samples["customers"].instruments[0]
    assert instrument.text({"en": "I like {system}."}, "en") == "I like Siebel."
    assert instrument.text({"fa": "{system}"}, "fa") == "سامانه"


def test_instruments_by_path_and_samples_that_share_one(tmp_path):
    study = copy.deepcopy(STUDY)
    study["samples"]["staff"]["instruments"] = ["instruments/pulse.yaml", "visit"]
    samples = read(tmp_path, study=study).samples
    assert samples["staff"].instruments[1] is samples["customers"].instruments[0]


def test_the_path_of_a_file_of_the_study_will_do(tmp_path):
    write(tmp_path, GOOD)
    assert read_fieldwork(tmp_path / "administration.yaml") == read_fieldwork(tmp_path)


def test_all_faults_of_both_files_at_once_with_their_lines(tmp_path):
    study = copy.deepcopy(STUDY)
    study["samples"]["customers"]["population"] = "visitor"
    file = changed("k", 2) | {"mode": "anonimous"}
    told = faults(tmp_path, file, study=study)
    lines = dumped(file).splitlines()
    place = f"{tmp_path / 'administration.yaml'}:"
    assert [one.split(": ")[0] for one in told] == [
        f"{tmp_path / 'study.yaml'}:{dumped(study).splitlines().index('    population: visitor') + 1}",
        f"{place}{lines.index('mode: anonimous') + 1}",
        f"{place}{lines.index('k: 2') + 1}",
    ]
    assert "Did you mean 'anonymous'?" in told[1]


def test_faults_of_instruments_only_are_theirs(tmp_path):
    pulse = copy.deepcopy(PULSE)
    pulse["items"][0]["response"] = "six"
    write(tmp_path, instruments=(pulse, VISIT))
    with pytest.raises(InstrumentError, match="six") as refused:
        read_fieldwork(tmp_path)
    assert len(refused.value.faults) == 1


def test_the_languages_are_those_of_the_pages():
    assert tuple(texts.LANGUAGES) == WORDED
    assert texts.DIRECTIONS == DIRECTIONS


def test_reading_needs_no_scientific_stack_and_no_server():
    program = (
        "import sys; import crmstudy.administration.declaring.scaffold, crmstudy.administration.declaring.settled\n"
        "print([name for name in ('numpy', 'pandas', 'sqlalchemy', 'starlette', 'babel') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.dates(),
    st.sampled_from(["{link}", "a@b", "B01", "north", "key-file", "anonymous", "token"]),
    st.lists(st.sampled_from(["en", "fa", "a", "A1", 3, None]), max_size=3),
    st.dictionaries(
        st.sampled_from(["en", "name", "when", "B01", "opens"]), st.sampled_from(["x", 1, None]), max_size=3
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a nested value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(places(GOOD)[1:]), JUNK), min_size=1, max_size=4))
def test_whatever_stands_in_the_file_it_is_read_or_refused_in_sentences(tmp_path: Path, junk: list[Any]) -> None:
    data = copy.deepcopy(GOOD)
    for (*path, last), value in junk:
        here: Any = data
        for step in path:
            here = here.get(step) if isinstance(here, dict) else None
        if isinstance(here, dict):
            here[last] = value
    told = faults(tmp_path, data)
    for sentence in told:
        assert sentence.rstrip().endswith((".", "?", ")", "^", "...")), sentence
        assert re.match(r".*administration\.yaml:\d+: ", sentence), sentence
    if not told:
        study = read_fieldwork(tmp_path)
        assert study.languages
        assert all(sample.waves and sample.instruments for sample in study.samples.values())
