"""Items that a condition of the questionnaire passed over are not unanswered, wherever missing answers are counted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import crmstudy as cs
from crmstudy.handover import write_handover
from crmstudy.responses import Responses
from crmstudy.screening import Screening, screen
from tests import tolerances
from tests.faults.studies import instrument

#: Eight items on two pages, of which the second is shown to some; "-": not shown, ".": left out.
GATED = ("P2Q1", "P2Q2", "P2Q3", "P2Q4")


def _handed_over(folder: Path, rows: list[str], *, scales: dict[str, Any] | None = None, **more: Any) -> Responses:
    """Answers handed over, as signs; read back."""
    made = instrument(2, 4)
    if scales:
        made["scales"] = [
            {**made["scales"][0], "id": id, "items": items, "name": {"en": id}, **more} for id, items in scales.items()
        ]
    path = folder / "endurance.yaml"
    path.write_text(yaml.safe_dump(made), encoding="utf-8")
    loaded = cs.load_instrument(path)
    records = []
    for number, signs in enumerate(rows):
        pairs = list(zip(loaded.item_ids, signs, strict=True))
        records.append({
            "record": f"{number:032x}", "language": "en",
            "answers": {id: int(sign) if sign.isdigit() else None for id, sign in pairs},
            "reasons": {id: "not-shown" for id, sign in pairs if sign == "-"},
            "paradata": {"complete": True, "seconds": 80},
        })  # fmt: skip
    write_handover(folder / "out", [loaded], records, mode="identified", created="2026-11-26")
    return cs.read_responses(folder / "out")


def _drawn(n: int = 60, seed: int = 3) -> list[str]:
    """Answers of which a third stops at the condition, and a tenth is left out."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=n)
    rows = []
    for person in range(n):
        answers = np.clip(np.round(3 + 0.8 * base[person] + rng.normal(size=8)), 1, 5).astype(int)
        signs = ["." if rng.random() < 0.1 else str(answer) for answer in answers]
        rows.append("".join(signs[:4] + (["-"] * 4 if person % 3 == 0 else signs[4:])))
    return rows


def _row(screening: Screening, item: str) -> dict[str, Any]:
    table = screening.tables["missing"].set_index("item")
    return table.loc[item].to_dict()


def test_missing_answers_are_counted_among_those_who_were_shown_the_item(tmp_path):
    rows = _drawn()
    tables = screen(_handed_over(tmp_path, rows), shapes=False).tables
    for place, item in enumerate(tables["missing"]["item"]):
        signs = [row[place] for row in rows]
        seen = [sign for sign in signs if sign != "-"]
        row = tables["missing"].iloc[place]
        assert (row["n"], row["missing"], row["unanswered"]) == (
            sum(sign.isdigit() for sign in signs), signs.count("."), signs.count("."),
        ), item  # fmt: skip
        assert row["not_shown"] == signs.count("-")
        assert row["percent"] == pytest.approx(100 * seen.count(".") / len(seen))
    left = [row.count(".") for row in rows]
    counts = tables["missing_counts"]
    assert dict(zip(counts["missing"], counts["n"], strict=True)) == {n: left.count(n) for n in sorted(set(left))}
    assert tables["missing_patterns"]["n"].sum() == len(rows)
    assert len(tables["missing_patterns"]) == len({tuple(sign == "." for sign in row) for row in rows})
    assert tables["careless"]["missing"].tolist() == left


def test_a_scale_is_complete_when_all_that_was_shown_is_answered(tmp_path):
    rows = ["11112222", "1111----", "11.1----", "1111....", "111122.2", "........"]
    read = _handed_over(tmp_path, rows, scales={"first": ["P1Q1", "P1Q2", "P1Q3", "P1Q4"], "second": [*GATED]})
    table = screen(read, shapes=False).tables["missing_scales"].set_index("scale")
    wanted = ["complete", "partly", "none", "missing", "not_shown"]
    assert table.loc["first", wanted].tolist() == [4, 1, 1, 5, 0]
    assert table.loc["second", wanted].tolist() == [1, 1, 2, 9, 8]
    assert table.loc["second", "percent"] == pytest.approx(100 * 9 / 16)
    assert table.loc["second", "percent_complete"] == pytest.approx(25)


def test_whoever_answered_all_that_was_shown_is_not_flagged_for_missing_answers(tmp_path):
    rows = ["1234----", "12..----", "1.34----", "1234....", "--------"]
    found = screen(_handed_over(tmp_path, rows), rules={"missing": 0.5}, shapes=False, mcar=False)
    assert found.flags["missing"].tolist() == [False, True, False, True, False]
    assert found.reasons[1].startswith("missing: 2 of 4 items unanswered")
    row = _row(found, "P2Q1")
    assert (row["n"], row["missing"], row["percent"], row["not_shown"]) == (0, 1, 100.0, 4)


def test_an_item_that_was_not_shown_does_not_end_a_run(tmp_path):
    rows = ["15--5552", "15..5552", "5-5-5-52", "--------", "4444----"]
    table = screen(_handed_over(tmp_path, rows), shapes=False, mcar=False).tables["careless"]
    assert table["longstring"].tolist() == [4, 3, 4, 0, 4]
    assert table["longstring_mean"].tolist()[:3] == [6 / 3, 6 / 4, 5 / 2]


def test_time_per_item_is_that_of_the_items_shown(tmp_path):
    rule = {"response_time": {"column": "seconds", "below": 15, "per": "item"}}
    found = screen(_handed_over(tmp_path, ["12341234", "1234----", "--------"]), rules=rule, shapes=False, mcar=False)
    np.testing.assert_array_equal(found.tables["careless"]["seconds"], [10, 20, np.nan])
    assert found.flags["response_time"].tolist() == [True, False, False]


def test_distances_are_those_among_people_who_answered_the_same_items(tmp_path):
    rows = _drawn(seed=5)
    table = screen(_handed_over(tmp_path, rows), shapes=False, mcar=False).tables["careless"]
    values = np.array([[float(sign) if sign.isdigit() else math.nan for sign in row] for row in rows])
    for person, row in enumerate(rows):
        own = [place for place, sign in enumerate(row) if sign != "-"]
        if "." in row:
            assert math.isnan(table["mahalanobis"][person])
            continue
        others = values[:, own]
        others = others[~np.isnan(others).any(axis=1)]
        away = values[person, own] - others.mean(axis=0)
        d2 = away @ np.linalg.inv(np.cov(others, rowvar=False)) @ away
        assert table["mahalanobis"][person] == pytest.approx(d2, rel=tolerances.CLOSED_FORM_RELATIVE)
    gated = [person for person, row in enumerate(rows) if row.endswith("----") and "." not in row]
    assert len(gated) > 5  # nobody of them had a distance where what was not shown counted as missing


def test_littles_test_rests_on_the_items_that_everyone_was_shown(tmp_path):
    read = _handed_over(tmp_path, _drawn(seed=7))
    found = screen(read, shapes=False)
    alone = screen(read.frame[["P1Q1", "P1Q2", "P1Q3", "P1Q4"]], shapes=False)
    pd.testing.assert_frame_equal(found.tables["mcar"], alone.tables["mcar"])
    assert math.isfinite(found.tables["mcar"]["d2"][0])
    assert [note.message for note in found.notes if note.code == "SCREENING_MCAR_NOT_SHOWN"] == [
        "4 of 8 items were not shown to everyone and play no part in Little's test."
    ]


def test_where_nobody_was_shown_the_same_there_is_a_sentence_and_no_figure(tmp_path):
    found = screen(_handed_over(tmp_path, ["1-------", "-2------", "--3-----"]), shapes=False)
    assert np.isnan(found.tables["mcar"]["d2"][0])
    assert found.tables["careless"]["mahalanobis"].isna().all()
    assert found.plot() is None
    told = {note.code for note in found.notes}
    assert {"SCREENING_MCAR_NOT_COMPUTED", "SCREENING_MCAR_NOT_SHOWN"} <= told


def test_a_score_that_a_condition_passed_over_is_told_apart_from_one_that_was_not_answered(tmp_path):
    rows = ["11112222", "1111----", "1111----", "1111...2"]
    read = _handed_over(tmp_path, rows, scales={"second": [*GATED]}, min_answered=2)
    notes = {note.code: note.message for note in cs.score(read).notes}
    assert notes["SCORING_NOT_SHOWN"].startswith("2 of 4 respondents were shown fewer than 2 of the 4 items")
    assert notes["SCORING_TOO_FEW_ANSWERED"].startswith("1 of 2 respondents answered fewer than 2 of the 4 items")


def test_who_was_shown_what_stays_with_the_rows_that_are_kept(tmp_path):
    read = _handed_over(tmp_path, ["12341234", "1234----", ".234----"])
    kept = read.keep(pd.Series([False, True, True]))
    assert kept.shown["P2Q1"].tolist() == [False, False]
    assert kept.shown["P1Q1"].tolist() == [True, True]


def test_a_code_of_the_item_itself_keeps_its_meaning(tmp_path):
    """An instrument may use -98 for something else."""
    made = instrument(2, 4)
    made["responses"]["agreement"]["missing_codes"] = [-98]
    path = tmp_path / "endurance.yaml"
    path.write_text(yaml.safe_dump(made), encoding="utf-8")
    loaded = cs.load_instrument(path)
    answers = dict.fromkeys(loaded.item_ids, 1)
    records = [
        {"record": "0" * 32, "language": "en", "answers": {**answers, "P2Q1": -98}},
        {"record": "1" * 32, "language": "en", "answers": {**answers, "P2Q1": None}, "reasons": {"P2Q1": "not-shown"}},
    ]
    write_handover(tmp_path / "out", [loaded], records, mode="identified", created="2026-11-26")
    read = cs.read_responses(tmp_path / "out")
    assert read.hidden("P2Q1").tolist() == [False, True]
    assert set(read.codes["P2Q1"]) == {-98, "not-shown"}
    assert _row(screen(read, shapes=False, mcar=False), "P2Q1")["missing"] == 1


def test_items_are_described_among_those_who_were_shown_them(tmp_path):
    rows = _drawn()
    described = cs.describe(_handed_over(tmp_path, rows))
    table = described.tables["items"].drop_duplicates("item")
    for place, (item, n, missing) in enumerate(zip(table["item"], table["n"], table["missing"], strict=True)):
        signs = [row[place] for row in rows]
        assert (n, missing) == (sum(sign.isdigit() for sign in signs), signs.count(".")), item
    assert next(note for note in described.notes if note.code == "ITEMS_NOT_SHOWN").message.endswith(
        ", ".join(f"{item} 20" for item in GATED) + "."
    )


def test_what_was_not_asked_is_not_imputed(tmp_path):
    rows = _drawn()
    answers = _handed_over(tmp_path, rows)
    filled = cs.impute(answers, m=2, seed=1, iterations=2)
    for one in filled.sets:
        for place, item in enumerate(one.items):
            empty = one.frame[item].isna().to_numpy()
            assert empty.tolist() == [row[place] == "-" for row in rows], item
    assert "80 gaps in P2Q1, P2Q2, P2Q3, P2Q4" in next(n for n in filled.notes if n.code == "IMPUTE_NOT_SHOWN").message
