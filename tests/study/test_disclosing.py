"""What a study shows of people: by its rules, and beside what it has shown before."""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import InputError, OutputError
from crmstudy.instrument import load_instrument
from crmstudy.study.disclosing import rules_of
from crmstudy.study.job import run_job

ITEMS = [item.id for item in load_instrument("staff-profile").items]
STUDY = """\
crmstudy: 1
title: {en: Staff}
samples:
  staff: {population: staff, file: staff.csv, id: who, instruments: [staff-profile]}
  first: {population: staff, file: first.csv}
screening: {exclude: []}
analyses:
  - {id: profile, kind: staff_profile, sample: staff, role: role}
  - {id: curve, kind: adoption_curve, sample: first, first_use: day}
"""


def staff(n=40):
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(draw.integers(1, 6, (n, len(ITEMS))), columns=ITEMS)
    frame.insert(0, "who", [f"p{person}" for person in range(n)])
    return frame.assign(role=["adviser", "teller"] * (n // 2))


def study(folder, frame=None, text=STUDY, users=24):
    folder.mkdir(exist_ok=True)
    (staff() if frame is None else frame).to_csv(folder / "staff.csv", index=False)
    days = [f"2026-0{1 + person % 6}-10" if person % 4 else "" for person in range(users)]
    pd.DataFrame({"respondent": range(users), "day": days}).to_csv(folder / "first.csv", index=False)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


def ran(folder):
    return cs.run(cs.Study.load(folder))


def shown(folder):
    results = ran(folder)
    results.disclosing.keep()
    return results


def codes(block):
    return {note.code for note in block.notes}


def faults(folder):
    with pytest.raises(InputError) as refused:
        ran(folder)
    return [str(fault) for fault in refused.value.faults]


def test_a_later_run_withholds_what_with_an_earlier_one_would_tell_of_few(tmp_path):
    folder = study(tmp_path / "s")
    first = shown(folder)
    assert not first["profile"].result.tables["roles"]["mean"].isna().any()
    assert first["curve"].result.n == 24
    study(folder, staff().drop(index=[0, 2]), users=23)
    later = shown(folder)
    table = later["profile"].result.tables["roles"].groupby("role")["mean"].count()
    assert dict(table) == {"adviser": 0, "teller": 6}
    assert "DISCLOSURE_EARLIER" in codes(later["profile"])
    assert later["curve"].error.code == "DISCLOSURE_EARLIER"
    # the first data again: the first figures again, to the last digit, and without a note
    study(folder)
    again = ran(folder)
    for name in ("profile", "curve"):
        assert again[name].result.to_json() == first[name].result.to_json()
    # and so for the second data, which are answered from what the ledger had then
    study(folder, staff().drop(index=[0, 2]), users=23)
    assert ran(folder)["profile"].result.tables["roles"].equals(later["profile"].result.tables["roles"])
    # control: a study without that past shows them all
    fresh = ran(study(tmp_path / "fresh", staff().drop(index=[0, 2]), users=23))
    assert not fresh["profile"].result.tables["roles"]["mean"].isna().any()
    assert fresh["curve"].result.n == 23


def test_two_analyses_of_one_study_are_held_against_each_other(tmp_path):
    frame = staff().assign(other=["adviser", "teller"] * 20)
    frame.loc[1, "other"] = "adviser"
    more = "  - {id: again, kind: staff_profile, sample: staff, role: other}\n"
    results = ran(study(tmp_path / "s", frame, STUDY + more))
    assert results["again"].result.tables["roles"]["mean"].isna().all()
    assert results["again"].result.tables["everybody"]["mean"].notna().all()
    assert "DISCLOSURE_EARLIER" in codes(results["again"])


def test_without_names_a_file_that_changed_by_a_few_rows_shows_nothing(tmp_path):
    text = STUDY.replace("id: who, ", "")
    folder = study(tmp_path / "s", text=text)
    shown(folder)
    for frame in (staff().drop(index=[0]), staff().replace({"who": {"p0": "other"}}).assign(SPA1=1)):
        later = ran(study(folder, frame, text))["profile"]
        assert later.error.code == "DISCLOSURE_EARLIER"
        assert "`id` of the sample" in str(later.error)
    assert ran(study(folder, text=text))["profile"].result.tables["roles"]["mean"].notna().all()


def test_what_is_not_written_was_not_shown_and_made_up_people_leave_nothing(tmp_path):
    folder = study(tmp_path / "s")
    ran(folder)
    assert not (folder / "disclosure").exists()
    made_up = study(tmp_path / "m", text=STUDY.replace("staff.csv,", "staff.csv, simulated: true,"))
    shown(made_up)
    study(made_up, staff().drop(index=[0, 2]), text=STUDY.replace("staff.csv,", "staff.csv, simulated: true,"))
    assert ran(made_up)["profile"].result.tables["roles"]["mean"].notna().all()
    items = "  - {id: items, kind: items, sample: staff}\n"
    other = study(tmp_path / "o", text=STUDY[: STUDY.index("  - {id: profile")] + items)
    shown(other)
    assert not (other / "disclosure").exists()


def test_of_two_runs_at_once_the_slower_one_shows_nothing(tmp_path):
    folder = study(tmp_path / "s")
    quick, slow = ran(folder), ran(folder)
    quick.report(tmp_path / "quick", ["md"])
    with pytest.raises(OutputError, match="run it again"):
        slow.report(tmp_path / "slow", ["md"])
    assert not (tmp_path / "slow").exists()
    quick.report(tmp_path / "elsewhere", ["md"])
    (folder / "disclosure" / "lock").touch()
    study(folder, staff(30), users=24)
    with pytest.raises(OutputError, match="remove"):
        ran(folder).report(tmp_path / "slow", ["md"])


def test_a_folder_that_cannot_be_made_shows_nothing(tmp_path):
    folder = study(tmp_path / "s")
    (folder / "disclosure").write_text("a file", encoding="utf-8")
    results = cs.run(cs.Study.load(study(tmp_path / "t")))
    results.disclosing.study = cs.Study.load(folder)
    with pytest.raises(OutputError, match="nothing was shown"):
        results.report(tmp_path / "out", ["md"])
    assert not (tmp_path / "out").exists()


def test_a_ledger_without_its_key_or_with_another_or_broken_is_refused(tmp_path):
    folder = study(tmp_path / "s")
    shown(folder)
    key, ledger = folder / "disclosure" / "key", folder / "disclosure" / "ledger"
    right = key.read_bytes()
    for wrong in (right[::-1], b"short"):
        key.write_bytes(wrong)
        (said,) = faults(folder)
        assert "disclosure/ledger" in said
        assert "move the folder away" in said
    key.write_bytes(right)
    ledger.write_bytes(ledger.read_bytes()[:-1])
    assert "it is broken" in faults(folder)[0]
    key.unlink()
    with pytest.raises(InputError, match="needs its key"):
        run_job(folder, tmp_path / "out")
    if os.name != "nt":
        assert ledger.stat().st_mode & 0o077 == 0


def test_the_rules_of_a_study_and_of_an_analysis(tmp_path):
    def rules(text, analysis=""):
        made = STUDY.replace("screening:", f"{text}\nscreening:").replace("role: role}", f"role: role{analysis}}}")
        loaded = cs.Study.load(study(tmp_path / "s", text=made))
        return rules_of(loaded, loaded.analyses[0])

    def sizes(*arguments):
        found = rules(*arguments)
        return found.k_means, found.k_distributions, found.round_to

    assert sizes("") == (5, 10, 1)
    assert sizes("disclosure: {k_means: 12, round_to: 5}") == (12, 12, 5)
    assert sizes("disclosure: {k_means: 7}", ", disclosure: {k_means: 8, round_to: 10}") == (8, 10, 10)
    results = ran(study(tmp_path / "s", text=STUDY.replace("screening:", "disclosure: {k_means: 21}\nscreening:")))
    assert results["profile"].result.tables["roles"]["mean"].isna().all()
    assert results["profile"].result.call["k_means"] == 21


def test_rules_that_protect_too_few_are_refused_all_at_once(tmp_path):
    text = STUDY.replace("screening:", "disclosure: {k_means: 2, k_distributions: 1, round: 5}\nscreening:")
    said = faults(study(tmp_path / "s", text=text))
    assert sum("at least 3" in fault for fault in said) == 2
    assert any("round_to" in fault for fault in said)
    text = STUDY.replace("role: role}", "role: role, disclosure: {k_means: 3}}").replace(
        "first_use: day}", "first_use: day, disclosure: {k_distributions: 9}}"
    )
    said = faults(study(tmp_path / "t", text=text))
    assert len(said) == 2
    assert "below the study's 5" in said[0]
    assert "below the study's 10" in said[1]
    text = STUDY.replace("screening:", "disclosure: {k_means: 12, k_distributions: 10}\nscreening:")
    assert "raise it" in faults(study(tmp_path / "u", text=text))[0]


def test_what_respondents_were_promised_holds(tmp_path):
    folder = study(tmp_path / "s")
    (folder / "administration.yaml").write_text("crmstudy_administration: 1\nk: 8\n", encoding="utf-8")
    assert rules_of(cs.Study.load(folder)).k_means == 8
    study(folder, text=STUDY.replace("screening:", "disclosure: {k_means: 5}\nscreening:"))
    assert "promises" in faults(folder)[0]
    (folder / "administration.yaml").write_text("k: [eight", encoding="utf-8")
    assert rules_of(cs.Study.load(folder)).k_means == 5


def test_the_ledger_keeps_numbers_not_names(tmp_path):
    folder = study(tmp_path / "s")
    ledger = shown(folder).disclosing.shown.ledger
    said = json.dumps(ledger.to_records())
    assert '"adviser"' in said
    assert '"p7"' not in said
