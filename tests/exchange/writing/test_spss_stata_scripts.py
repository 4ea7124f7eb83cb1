"""Answers for SPSS and Stata: what PSPP, R and the reading library find in the files, and what the scripts compute."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import DataError, OutputError, UnsupportedError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.stamps import read_stamps
from crmstudy.exchange.writing.naming import SPSS, STATA, cut_bytes, cut_letters, legal_names
from crmstudy.exchange.writing.spss import declared_missing
from crmstudy.exchange.writing.write import write_responses
from crmstudy.instrument import load_instrument
from crmstudy.responses import Responses
from crmstudy.scoring import score
from tests.exchange.writing.everything_asked import TEXTS, rich_instrument, rich_responses

pyreadstat = pytest.importorskip("pyreadstat")

needs_pspp = pytest.mark.skipif(shutil.which("pspp") is None, reason="PSPP is not installed")
needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
needs_haven = pytest.mark.skipif(
    shutil.which("Rscript") is None
    or subprocess.run(["Rscript", "-e", "library(haven)"], capture_output=True, check=False).returncode != 0,
    reason="R with haven is not installed",
)


@pytest.fixture(scope="module")
def rich() -> Responses:
    return rich_responses()


def _with_codes(responses: Responses, name: str) -> list[float]:
    """A column as it was before missing codes were set apart."""
    values = responses.frame[name].to_numpy(dtype=float, copy=True)
    if name in responses.codes:
        values[responses.codes[name].index] = responses.codes[name].to_numpy(dtype=float)
    return values.tolist()


def _pspp(folder: Path, syntax: str) -> str:
    (folder / "run.sps").write_text(syntax, encoding="utf-8")
    done = subprocess.run(
        ["pspp", "-O", "format=csv", "run.sps"],
        cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _numbers(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column.str.strip().replace("", np.nan)).to_numpy(dtype=float)


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta"])
def test_round_trip_is_equal_cell_by_cell(tmp_path, rich, lang, suffix):
    path = tmp_path / f"a{suffix}"
    log = write_responses(rich, path, lang=lang)
    read = pyreadstat.read_dta if suffix == ".dta" else pyreadstat.read_sav
    frame, meta = read(path, user_missing=True)
    names = {"شعبه": "شعبه"} | ({"C.1": "C_1", "C.2": "C_2"} if suffix == ".dta" else {})
    letters = {}
    for name in rich.items:
        item = rich.items[name]
        letters[name] = dict(zip(sorted(item.response.missing_codes), "abcdefgh", strict=False))
    for name in rich.frame.columns:
        found = frame[names.get(name, name)].tolist()
        if name in ("respondent", "WHY"):
            wanted = ["" if value is None or value != value else value for value in rich.frame[name]]
            assert found == wanted
            continue
        wanted = _with_codes(rich, name)
        if suffix == ".dta":
            wanted = [letters[name].get(value, value) if name in letters else value for value in wanted]
        same = [a == b or (a != a and b != b) for a, b in zip(found, wanted, strict=True)]
        assert all(same), (name, found, wanted)
    one = rich.instruments[0]
    assert meta.column_names_to_labels["A1"] == one.text(one.item("A1").wording, lang)
    assert meta.variable_value_labels["A1"][5] == one.item("A1").response.label(5, lang)
    if suffix != ".dta":
        assert [(stamp.id, stamp.fingerprint) for stamp in read_stamps("\n".join(meta.notes))] == [
            (one.id, one.fingerprint)
        ]
        assert meta.missing_ranges["A1"] == [{"lo": -9.0, "hi": -9.0}, {"lo": -8.0, "hi": -8.0}]
        assert meta.variable_value_labels["A1"][-9] == one.item("A1").response.missing_labels[-9][lang]
        assert meta.variable_measure["PLACE"] == "nominal"
        assert meta.variable_measure["A1"] == "ordinal"
        assert meta.variable_measure["AGE"] == "scale"
    else:
        assert read_stamps(meta.file_label)[0].fits(one)
        assert "-9 is .a, -8 is .b" in log.text


def test_labels_are_cut_at_a_character_and_every_cut_is_told(tmp_path, rich):
    log = write_responses(rich, tmp_path / "a.sav", lang="ru")
    _, meta = pyreadstat.read_sav(tmp_path / "a.sav")
    one = rich.instruments[0]
    whole = one.text(one.item("A3").wording, "ru")
    cut = meta.column_names_to_labels["A3"]
    assert cut.endswith("…")
    assert whole.startswith(cut[:-1].rstrip())
    assert 240 < len(cut.encode()) <= 256
    label = meta.variable_value_labels["B1"][-3]
    assert label.endswith("…")
    assert 100 < len(label.encode()) <= 120
    assert any(line.startswith("A3: the label is longer than 256 bytes") and whole in line for line in log.lines)
    assert any(line.startswith("B1: the label of -3 is longer than 120 bytes") for line in log.lines)
    assert (tmp_path / "a.sav.log.txt").read_text(encoding="utf-8") == log.text


@pytest.mark.parametrize("limit", range(4, 60))
def test_a_cut_is_never_inside_a_letter_or_its_marks(limit):
    text = "کتاب‌هایِ е\u0301щё 👩‍👩‍👧 résumé" * 3
    cut = cut_bytes(text, limit)
    assert len(cut.encode("utf-8")) <= limit
    kept = cut[:-1]
    assert text.startswith(kept)
    assert not kept.endswith(("\u200c", "\u200d"))
    rest = text[len(kept) :].lstrip()
    assert not rest or rest[0] not in "\u0301\u0650"
    assert len(cut_letters(text, limit)) <= limit


def test_a_text_that_fits_stays():
    assert cut_bytes("ы" * 128, 256) == "ы" * 128
    assert cut_bytes("ы" * 129, 256) == "ы" * 126 + "…"


ODD_NAMES = [
    "ALL", "with", "_lead", "1st", "a b", "a.", "имя", "شعبه", "می‌روم", "x" * 80, "ы" * 40, "A", "a", "a_", "b_", "",
    "if", "str12", "=x", "$a", "#b", "@c", "e\u0301", "😀", "a-b", "a/b", "TO", "v", "x" * 81,
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_names_become_legal_and_unique(tmp_path, suffix):
    frame = pd.DataFrame({name: [1.0, 2.0, float(number)] for number, name in enumerate(ODD_NAMES)})
    log = write_responses(frame, tmp_path / f"a{suffix}")
    read = pyreadstat.read_dta if suffix == ".dta" else pyreadstat.read_sav
    found, _ = read(tmp_path / f"a{suffix}")
    assert found.iloc[2].tolist() == list(map(float, range(len(ODD_NAMES))))
    legal = legal_names(ODD_NAMES, STATA if suffix == ".dta" else SPSS, ExportLog())
    assert list(found.columns) == list(legal.values())
    changed = {name for name in ODD_NAMES if legal[name] != name}
    assert {loss.where for loss in log if "name is not allowed" in loss.what} == changed
    assert legal["имя"] == "имя"
    assert legal["A"] == "A"


@needs_pspp
def test_pspp_takes_the_odd_names(tmp_path):
    frame = pd.DataFrame({name: [1.0, float(number)] for number, name in enumerate(ODD_NAMES)})
    write_responses(frame, tmp_path / "a.sav")
    syntax = "GET FILE='a.sav'.\nSAVE TRANSLATE /OUTFILE='o.csv' /TYPE=CSV /FIELDNAMES /CELLS=VALUES.\n"
    said = _pspp(tmp_path, syntax)
    assert "warning" not in said.lower()
    assert list(_table(tmp_path / "o.csv").columns) == list(legal_names(ODD_NAMES, SPSS, ExportLog()).values())


@pytest.mark.parametrize(
    ("codes", "low", "high", "made", "left"),
    [
        ([], 1, 5, [], []),
        ([-9, 9, 99], 1, 5, [-9, 9, 99], []),
        ([-9, -8, -7, 9], 1, 5, [{"lo": -9, "hi": -7}, 9], []),
        ([6, 7, 8, 9], 1, 5, [{"lo": 6, "hi": 9}], []),
        ([-9, -8, 7, 8, 9], 1, 5, [{"lo": 7, "hi": 9}, -9], [-8]),
    ],
)
def test_missing_codes_as_spss_declares_them(codes, low, high, made, left):
    assert declared_missing(codes, low, high) == (made, left)


@needs_pspp
@pytest.mark.parametrize("lang", ["fa", "ru"])
def test_pspp_reads_labels_missing_values_and_cells(tmp_path, rich, lang):
    write_responses(rich, tmp_path / "a.sav", lang=lang)
    syntax = (
        "GET FILE='a.sav'.\nDISPLAY DICTIONARY.\n"
        "SAVE TRANSLATE /OUTFILE='cells.csv' /TYPE=CSV /FIELDNAMES /CELLS=VALUES /TEXTOPTIONS FORMAT=PLAIN.\n"
        "SAVE TRANSLATE /OUTFILE='valid.csv' /TYPE=CSV /MISSING=RECODE /FIELDNAMES /CELLS=VALUES.\n"
    )
    said = _pspp(tmp_path, syntax)
    cells, valid = _table(tmp_path / "cells.csv"), _table(tmp_path / "valid.csv")
    assert list(cells.columns) == list(rich.frame.columns)
    for name in rich.frame.columns:
        if name in ("respondent", "WHY"):
            wanted = ["" if value is None or value != value else value.replace("\r", "") for value in rich.frame[name]]
            assert [value.rstrip(" ") for value in cells[name]] == wanted
            continue
        np.testing.assert_array_equal(_numbers(cells[name]), _with_codes(rich, name))
        np.testing.assert_array_equal(_numbers(valid[name]), rich.frame[name].to_numpy(dtype=float))
    one = rich.instruments[0]
    dictionary = list(csv.reader(said.splitlines()))
    labels = {row[0]: row[2] for row in dictionary if len(row) >= 8 and row[1].isdigit()}
    missing = {row[0]: row[-1] for row in dictionary if len(row) >= 8 and row[1].isdigit()}
    assert labels["A2"] == one.text(one.item("A2").wording, lang)
    assert missing["A1"] in ("-9; -8", "-9, -8")
    assert missing["B1"] in ("96 THRU 99; -99", "96 THRU 99, -99")
    assert one.item("A1").response.label(4, lang) in said
    assert one.item("A1").response.missing_labels[-8][lang] in said


def test_codes_that_nobody_answered_are_labelled_all_the_same(tmp_path):
    one = rich_instrument()
    frame = pd.DataFrame({item.id: [1.0, 2.0, np.nan] for item in one.items})
    for suffix, code in ((".dta", "b"), (".sav", -8)):
        write_responses(Responses.from_frame(frame, [one]), tmp_path / f"a{suffix}", lang="ru")
        read = pyreadstat.read_dta if suffix == ".dta" else pyreadstat.read_sav
        found, meta = read(tmp_path / f"a{suffix}", user_missing=True)
        assert meta.variable_value_labels["A1"][code] == "Отказ"
        np.testing.assert_array_equal(found.to_numpy(dtype=float), frame.to_numpy())


@needs_haven
def test_haven_reads_the_stata_file(tmp_path, rich):
    write_responses(rich, tmp_path / "a.dta", lang="fa")
    script = (
        "x <- haven::read_dta('a.dta'); "
        "tag <- ifelse(is.na(x$A1), paste0('.', ifelse(is.na(haven::na_tag(x$A1)), '', haven::na_tag(x$A1))), x$A1); "
        "writeLines(as.character(tag), 'a1.txt'); writeLines(attr(x$A1, 'label'), 'label.txt', useBytes = TRUE); "
        "writeLines(names(attr(x$A1, 'labels')), 'labels.txt', useBytes = TRUE); "
        "writeLines(x$WHY[nchar(x$WHY) > 300][1], 'why.txt', useBytes = TRUE)"
    )
    subprocess.run(["Rscript", "--vanilla", "-e", script], cwd=tmp_path, check=True, capture_output=True)
    found = (tmp_path / "a1.txt").read_text().split()
    codes = {-9.0: ".a", -8.0: ".b"}
    wanted = [codes.get(value, "." if value != value else f"{value:g}") for value in _with_codes(rich, "A1")]
    assert found == wanted
    one = rich.instruments[0]
    assert (tmp_path / "label.txt").read_text(encoding="utf-8").strip() == one.text(one.item("A1").wording, "fa")
    labels = (tmp_path / "labels.txt").read_text(encoding="utf-8").splitlines()
    assert labels[:5] == [one.item("A1").response.label(value, "fa") for value in range(1, 6)]
    assert set(labels[5:]) == {one.item("A1").response.missing_labels[code]["fa"] for code in (-9, -8)}
    assert (tmp_path / "why.txt").read_text(encoding="utf-8").strip() in TEXTS


@needs_pspp
@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_syntax_scores_in_pspp_as_we_do(tmp_path, rich, lang):
    log = write_responses(rich, tmp_path / "a.sps", lang=lang)
    assert [path.name for path in log.files] == ["a.sav", "a.sps", "a.sps.log.txt"]
    syntax = (tmp_path / "a.sps").read_text(encoding="utf-8")
    assert max(map(len, syntax.splitlines())) <= 250
    syntax += "SAVE TRANSLATE /OUTFILE='o.csv' /TYPE=CSV /FIELDNAMES /CELLS=VALUES.\nDISPLAY DICTIONARY.\n"
    said = _pspp(tmp_path, syntax)
    assert "warning" not in said.lower()
    _compare(_table(tmp_path / "o.csv"), rich)
    assert rich.instruments[0].scale("gamma").name[lang] in said


@needs_r
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_script_scores_in_r_as_we_do(tmp_path, rich, locale):
    folder = tmp_path / "پوشه с пробелом"
    folder.mkdir()
    write_responses(rich, folder / "a.R", lang="fa")
    with (folder / "a.R").open("a", encoding="utf-8") as script:
        script.write(
            'why <- ifelse(is.na(answers$WHY), "", answers$WHY)\n'
            'writeLines(enc2utf8(why), file.path(here, "why.txt"), sep = "\\u001f", useBytes = TRUE)\n'
            'writeLines(levels(labelled[["A1"]]), file.path(here, "levels.txt"), useBytes = TRUE)\n'
        )
    done = subprocess.run(
        ["Rscript", "--vanilla", str(folder / "a.R")], capture_output=True, check=False, cwd=tmp_path,
        env={**os.environ, "LC_ALL": locale},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    _compare(_table(folder / "a-scores.csv"), rich)
    levels = (folder / "levels.txt").read_text(encoding="utf-8").splitlines()
    assert levels == [rich.items["A1"].response.label(value, "fa") for value in range(1, 6)]
    why = (folder / "why.txt").read_text(encoding="utf-8").split("\u001f")[:-1]
    assert why == ["" if value is None or value != value else value for value in rich.frame["WHY"]]


@needs_r
@needs_pspp
def test_scripts_score_the_shipped_instrument(tmp_path):
    data = pd.read_csv(Path(__file__).resolve().parents[3] / "data" / "mobi" / "responses.csv")
    mobi = Responses.from_frame(data, [load_instrument("ecsi")])
    write_responses(mobi, tmp_path / "m.R")
    subprocess.run(["Rscript", "--vanilla", "m.R"], cwd=tmp_path, check=True, capture_output=True)
    _compare(_table(tmp_path / "m-scores.csv"), mobi)
    write_responses(mobi, tmp_path / "m.sps")
    syntax = (tmp_path / "m.sps").read_text(encoding="utf-8")
    _pspp(tmp_path, f"{syntax}SAVE TRANSLATE /OUTFILE='o.csv' /TYPE=CSV /FIELDNAMES /CELLS=VALUES.\n")
    _compare(_table(tmp_path / "o.csv"), mobi)


def _compare(found: pd.DataFrame, responses: Responses) -> None:
    ours = score(responses).frame
    assert len(ours.columns)
    for name in ours.columns:
        np.testing.assert_allclose(_numbers(found[name]), ours[name].to_numpy(), rtol=1e-12, atol=1e-12, err_msg=name)


def test_scores_are_columns_when_asked_for(tmp_path, rich):
    write_responses(rich, tmp_path / "a.sav", lang="ru", scores=True)
    frame, meta = pyreadstat.read_sav(tmp_path / "a.sav")
    ours = score(rich).frame
    np.testing.assert_array_equal(frame[list(ours.columns)].to_numpy(), ours.to_numpy())
    assert meta.column_names_to_labels["whole"] == "Целое"


@pytest.mark.parametrize(
    "name", ["a.sav", "a.zsav", "a.dta", "a.csv", "a.xlsx", "a.parquet", "a.R", "a.sps", "a.xml", "ds"]
)
def test_the_same_data_give_the_same_bytes(tmp_path, name, monkeypatch):
    import time

    format = "psych-ds" if name == "ds" else None
    made = []
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        write_responses(rich_responses(), tmp_path / str(number) / name, format=format, lang="fa")
        files = sorted(path for path in (tmp_path / str(number)).rglob("*") if path.is_file())
        made.append({path.relative_to(tmp_path / str(number)): path.read_bytes() for path in files})
        if number == 1 and name in ("a.xlsx", "a.sav"):
            time.sleep(1.1)
    assert made[0] == made[1]


def test_nothing_is_ever_overwritten(tmp_path, rich):
    (tmp_path / "a.sav").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        write_responses(rich, tmp_path / "a.sav")
    with pytest.raises(OutputError, match="holds other data"):
        write_responses(rich, tmp_path / "a.sps")
    assert (tmp_path / "a.sav").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sav"]


def test_a_companion_with_the_same_bytes_stays(tmp_path, rich):
    write_responses(rich, tmp_path / "a.sav", lang="fa")
    before = (tmp_path / "a.sav").stat().st_ino
    write_responses(rich, tmp_path / "a.sps", lang="fa")
    assert (tmp_path / "a.sav").stat().st_ino == before


def test_refusals(tmp_path, rich):
    with pytest.raises(UnsupportedError, match="Did you mean 'sav'"):
        write_responses(rich, tmp_path / "a", format="savv")
    with pytest.raises(UnsupportedError, match="does not say a format"):
        write_responses(rich, tmp_path / "a.doc")
    with pytest.raises(UnsupportedError, match="no texts in 'de'"):
        write_responses(rich, tmp_path / "a.sav", lang="de")
    with pytest.raises(DataError, match="Responses or a DataFrame"):
        write_responses([1, 2], tmp_path / "a.sav")
    with pytest.raises(DataError, match="no scores to write"):
        write_responses(pd.DataFrame({"a": [1]}), tmp_path / "a.sav", scores=True)
    with pytest.raises(DataError, match="no rows"):
        write_responses(pd.DataFrame({"a": []}), tmp_path / "a.sav")
    with pytest.raises(OutputError, match="does not exist"):
        write_responses(rich, tmp_path / "nowhere" / "a.sav")
    with pytest.raises(UnsupportedError) as caught:
        write_responses(rich, tmp_path / "nowhere" / "a", format="savv", lang="de")
    assert len(caught.value.faults) == 3
    assert list(tmp_path.iterdir()) == []


def test_dates_times_booleans_and_categories(tmp_path):
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2026-01-31", None, "1999-12-01"]),
            "moment": pd.to_datetime(["2026-01-31 10:11:12", "2026-02-01 00:00:01", None]),
            "yes": [True, False, True],
            "kind": pd.Categorical(["да", None, "нет"]),
            "big": [2**40, 1, 2],
        }
    )
    write_responses(frame, tmp_path / "a.sav")
    found, meta = pyreadstat.read_sav(tmp_path / "a.sav")
    assert found["yes"].tolist() == [1, 0, 1]
    assert found["kind"].tolist() == ["да", "", "нет"]
    assert found["big"].tolist() == [2**40, 1, 2]
    assert pd.to_datetime(found["day"]).dt.strftime("%F").tolist()[0] == "2026-01-31"
    assert meta.original_variable_types["moment"].startswith("DATETIME")
    write_responses(frame, tmp_path / "a.dta")
    found, _ = pyreadstat.read_dta(tmp_path / "a.dta")
    assert pd.to_datetime(found["moment"])[0] == pd.Timestamp("2026-01-31 10:11:12")
    write_responses(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()[1] == (
        "2026-01-31,2026-01-31T10:11:12,1,да,1099511627776"
    )


def test_the_instrument_is_as_rich_as_this_file_needs():
    one = rich_instrument()
    assert any(item.reverse for item in one.items)
    assert one.higher_order
    assert any(scale.rescale for scale in one.scales)
    assert any(scale.method == "sum" for scale in one.scales)
