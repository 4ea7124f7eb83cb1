"""LimeSurvey: the tab-separated survey out and in, .lss in."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires import taking_apart
from crmstudy.exchange.questionnaires.limesurvey_tsv import COLUMNS, RARE, write_tsv
from crmstudy.exchange.questionnaires.limesurvey_tsv import lines_of as tsv_lines_of
from crmstudy.exchange.questionnaires.markup_text import markup_of, text_of
from crmstudy.instrument import load_instrument
from crmstudy.instrument.load import from_mapping
from tests.exchange.made_instruments import ODD, made
from tests.exchange.questionnaires.samples import lss, lss_new, lss_old


def tsv(instrument, lang=None):
    log = ExportLog()
    return write_tsv(instrument, log, lang).decode("utf-8-sig"), log


def lines_of(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def read(raw, name="survey.lss"):
    told = (taking_apart.lss if name.endswith(".lss") else taking_apart.limesurvey)(raw, name)
    return from_mapping(told["instrument"], name), told["unsure"], told["left_out"]


def with_rows(*rows):
    """A survey as LimeSurvey writes it, with quotes round every cell."""
    heads = [
        "id",
        "related_id",
        "class",
        "type/scale",
        "name",
        "relevance",
        "text",
        "help",
        "language",
        "validation",
        "mandatory",
        "other",
        "default",
        "same_default",
        "assessment_value",
        "hidden",
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


@pytest.mark.parametrize("text", [*ODD, "a < b > c & d", "&#123;", "x{y}z", '"', "&nbsp;", "نیم‌فاصله"])
def test_texts_come_back_from_markup_and_hold_nothing_that_would_be_taken_for_something_else(text):
    made_text = markup_of(text)
    assert text_of(made_text) == " ".join(text.split())
    assert not set(made_text) & set("<{}\t\n")
    assert made_text[0] not in "=+-@\"'"


def test_lines_are_those_limesurvey_reads():
    text, _ = tsv(load_instrument("rfc-holt"))
    lines = text.splitlines()
    assert lines[0].split("\t") == list(COLUMNS)
    assert '"' not in "".join(line.split("\t")[6][:1] for line in lines)  # no cell begins with a quote
    rows = lines_of(text)
    assert {row["class"] for row in rows} == {"S", "SL", "G", "Q", "SQ", "A"}
    assert [row["text"] for row in rows if row["name"] in ("language", "additional_languages")] == ["en", "fa ru"]
    grid = next(row for row in rows if row["type/scale"] == "F" and row["language"] == "fa")
    assert grid["mandatory"] == "S"
    codes = {row["name"] for row in rows if row["class"] in ("Q", "SQ")}
    assert all(code.isalnum() and code[0].isalpha() and len(code) <= 20 for code in codes)
    hidden = [row for row in rows if row["name"].startswith("crmstudykey")]
    assert hidden
    assert {row["type/scale"] for row in hidden} == {"X"}
    assert {row["relevance"] for row in hidden} == {"0"}
    assert hidden[0]["hidden"] == "1"
    assert len(hidden[0]["text"]) < 25_000


PHP = """<?php
$file = fopen($argv[1], 'r');
$rows = [];
while (($row = fgetcsv($file, 0, "\\t", '"')) !== false) { $rows[] = $row; }
echo json_encode($rows, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
"""


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("php") is None, reason="needs php")
def test_php_reads_the_cells_we_wrote(tmp_path):
    """LimeSurvey reads the file with PHP's fgetcsv, for which backslashes and quotes mean other things."""
    (tmp_path / "read.php").write_text(PHP, encoding="utf-8")
    for seed in range(25):
        raw = write_tsv(made(seed), ExportLog(), None)
        (tmp_path / "survey.txt").write_bytes(raw.removeprefix("\ufeff".encode()))
        done = subprocess.run(
            ["php", str(tmp_path / "read.php"), str(tmp_path / "survey.txt")], capture_output=True, check=True
        )
        heads, *rows = json.loads(done.stdout)
        found = [{head: cell for head, cell in zip(heads, row, strict=True) if cell} for row in rows]
        assert found == tsv_lines_of(raw, "survey.txt")
        assert not [cell for row in rows for cell in row if cell[:1] == cell[-1:] == '"']


def test_assessment_values_follow_the_key():
    instrument = load_instrument("turnover-intention")
    rows = lines_of(tsv(instrument, "en")[0])
    values = [row["assessment_value"] for row in rows if row["class"] == "A"]
    assert set(values) == {str(value) for value in instrument.items[0].response.values}
    single = from_mapping(
        {
            "crmstudy_instrument": 1,
            "id": "one",
            "version": "1",
            "name": {"en": "One"},
            "respondent": "staff",
            "wording": "paraphrase",
            "rights": {"holder": "x", "status": "unknown", "statement": "x", "unverified": True},
            "languages": {"en": {"direction": "ltr", "status": "draft"}},
            "responses": {"a": {"low": 1, "high": 5, "missing_codes": {-9: {"en": "None"}}}},
            "items": [{"id": "x_1", "wording": {"en": "Tired"}}],
            "reversed": ["x_1"],
            "scales": [],
            "provenance": {
                part: {"unverified": True} for part in ("structure", "content", "responses", "scoring", "reversed")
            },
        }
    )
    text, log = tsv(single)
    answers = [(row["name"], row["assessment_value"]) for row in lines_of(text) if row["class"] == "A"]
    assert answers == [("1", "5"), ("2", "4"), ("3", "3"), ("4", "2"), ("5", "1"), ("M9", "")]
    assert "coded 'M9'" in log.text
    assert "called 'x1'" in log.text


def test_a_survey_as_limesurvey_writes_it():
    raw = with_rows(
        {"class": "S", "name": "language", "text": "en"},
        {"class": "S", "name": "additional_languages", "text": "fa"},
        {"class": "SL", "name": "surveyls_title", "text": "Work", "language": "en"},
        {"id": "5", "class": "G", "type/scale": "0", "name": "Part", "language": "en", "text": "<p>Read this</p>"},
        {
            "id": "7",
            "class": "Q",
            "type/scale": "F",
            "name": "Q1",
            "relevance": "1",
            "text": "Agree?",
            "language": "en",
            "mandatory": "Y",
        },
        {"class": "SQ", "type/scale": "0", "name": "SQ001", "text": 'I "like" it', "language": "en"},
        {"class": "SQ", "type/scale": "0", "name": "SQ002", "text": "'=1+1", "language": "en"},
        {"class": "A", "type/scale": "0", "name": "A1", "text": "No", "language": "en", "assessment_value": "0"},
        {"class": "A", "type/scale": "0", "name": "A2", "text": "Yes", "language": "en", "assessment_value": "0"},
        {
            "id": "9",
            "class": "Q",
            "type/scale": "L",
            "name": "Q2",
            "relevance": 'Q1_SQ001.NAOK == "A1"',
            "text": "Tired?",
            "language": "en",
            "other": "Y",
        },
        {"class": "A", "name": "1", "text": "No", "language": "en", "assessment_value": "3"},
        {"class": "A", "name": "2", "text": "So so", "language": "en", "assessment_value": "2"},
        {"class": "A", "name": "3", "text": "Yes", "language": "en", "assessment_value": "1"},
        {"class": "SQ", "name": "other", "language": "en"},
        {"class": "C", "type/scale": "1", "name": "x", "relevance": "=="},
        {"id": "5", "class": "G", "type/scale": "0", "name": "بخش", "language": "fa"},
        {"id": "7", "class": "Q", "type/scale": "F", "name": "Q1", "text": "موافقید؟", "language": "fa"},
        {"class": "SQ", "type/scale": "0", "name": "SQ001", "text": "دوست دارم", "language": "fa"},
    )
    instrument, unsure, left_out = read(raw, "survey.txt")
    assert {tag: one.direction for tag, one in instrument.languages.items()} == {"en": "ltr", "fa": "rtl"}
    first, second, reverse = instrument.items
    assert (first.id, first.wording, first.required) == ("SQ001", {"en": 'I "like" it', "fa": "دوست دارم"}, "hard")
    assert second.wording == {"en": "=1+1"}
    assert reverse.reverse
    assert not first.reverse
    assert [section.text.get("en") for section in instrument.sections] == ["Agree?", "Read this"]
    said = "\n".join(left_out)
    assert "the relevance of 'Q2'" in said
    assert "a condition (1 times)" in said
    assert "the answer 'other' of 'Q2'" in said
    assert any("mirror" in line for line in unsure)


def test_lss_of_limesurvey_6():
    instrument, unsure, left_out = read(lss_new())
    assert dict(instrument.name) == {"en": "Work & you", "fa": "کار و شما"}
    assert instrument.instructions["en"] == "Please answer."
    assert [e.id for e in instrument.entries] == ["SQ001", "SQ002", "REV", "CHAN", "AGE"]
    assert instrument.item("REV").wording == {"en": "I feel tired & ill", "fa": "احساس خستگی می‌کنم"}
    assert instrument.item("REV").reverse
    assert instrument.item("SQ001").required == "hard"
    assert instrument.item("SQ001").response.labels[3] == {"en": "Agree", "fa": "موافقم"}
    age = next(q for q in instrument.questions if q.id == "AGE")
    assert (age.type, age.low, age.high) == ("integer", 18, 99)
    assert [(s.title.get("en"), s.text.get("en"), s.entries) for s in instrument.sections] == [
        ("Work", "How far do you agree?", ("SQ001", "SQ002")),
        ("Work", "About your work", ("REV",)),
        ("You", None, ("CHAN", "AGE")),
    ]
    said = "\n".join(left_out)
    for what in (
        "a condition (1 rows)",
        "a quota (1 rows)",
        "'RANK' is a ranking",
        "the relevance of 'CHAN'",
        "'other' of 'REV'",
    ):
        assert what in said
    assert any("'REV' is taken as reversed" in line for line in unsure)


def test_lss_of_limesurvey_1_9():
    instrument, unsure, _ = read(lss_old())
    assert list(instrument.languages) == ["en", "de"]
    assert [(i.id, i.wording["de"]) for i in instrument.items[:2]] == [
        ("SAT_1", "mit dem Lohn"),
        ("SAT_2", "mit der Zeit"),
    ]
    assert (instrument.items[0].response.low, instrument.items[0].response.high) == (1, 5)
    assert instrument.item("UNIT").response.labels == {
        1: {"en": "Human resources", "de": "Human resources"},
        2: {"en": "IT", "de": "IT"},
    }
    assert any("1 = 'HR', 2 = 'IT'" in line for line in unsure)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<a>", "no well-formed XML"),
        (b"<document/>", "no file of LimeSurvey"),
        (lss({}, version="1", languages=["en"], kind="Question"), "a single question"),
        (lss({}, version="1", languages=["en"]), "no question"),
        (b'<!DOCTYPE d [<!ENTITY a "b">]><document>&a;</document>', "document type"),
    ],
)
def test_what_is_no_survey_is_refused_with_a_sentence(raw, said):
    with pytest.raises(DataError, match=said):
        taking_apart.lss(raw, "x.lss")


def test_bad_tab_separated_files_are_refused_with_a_sentence():
    with pytest.raises(DataError, match="column 'class'"):
        taking_apart.limesurvey(b"a\tb\n1\t2\n", "x.txt")
    with pytest.raises(DataError, match="not UTF-8"):
        taking_apart.limesurvey(b"class\ttype/scale\tname\ttext\nS\t\tx\t\xff\xfe\n", "x.txt")


def test_a_survey_of_ours_comes_back_from_an_lss_that_limesurvey_made_of_it():
    """LimeSurvey keeps groups, questions, texts and codes; the hidden questions carry the rest."""
    for instrument in (load_instrument("rfc-holt"), made(11)):
        told = taking_apart.lss(lss_from_tsv(tsv(instrument)[0]), "back.lss")
        assert from_mapping(told["instrument"], "back") == instrument
        assert (told["unsure"], told["left_out"]) == ([], [])


def lss_from_tsv(text):
    """What LimeSurvey would export after it imported a tab-separated survey, by the rules of its importer."""
    tables = {
        name: []
        for name in (
            "answers",
            "answer_l10ns",
            "groups",
            "group_l10ns",
            "questions",
            "subquestions",
            "question_l10ns",
            "question_attributes",
            "surveys",
            "surveys_languagesettings",
        )
    }
    settings, languages, ids, gid, qid = {}, {}, {}, 0, 0
    for row in lines_of(text):
        kind, tag = row["class"], row["language"]
        if kind == "S":
            settings[row["name"]] = row["text"]
        elif kind == "SL":
            languages.setdefault(tag, {})[row["name"]] = row["text"]
        elif kind == "G":
            gid = ids.setdefault(("G", row["type/scale"]), len(ids) + 1)
            if not any(one["gid"] == gid for one in tables["groups"]):
                tables["groups"].append(
                    {"gid": gid, "group_order": len(tables["groups"]) + 1, "grelevance": row["relevance"]}
                )
            tables["group_l10ns"].append(
                {"gid": gid, "group_name": row["name"], "description": row["text"], "language": tag}
            )
        elif kind in ("Q", "SQ"):
            table = "questions" if kind == "Q" else "subquestions"
            key = (kind, gid, row["name"]) if kind == "Q" else (kind, qid, row["name"])
            new = key not in ids
            own = ids.setdefault(key, len(ids) + 1)
            qid = own if kind == "Q" else qid
            if new:
                tables[table].append(
                    {
                        "qid": own,
                        "parent_qid": 0 if kind == "Q" else qid,
                        "gid": gid,
                        "type": row["type/scale"],
                        "title": row["name"],
                        "question_order": len(tables[table]),
                        "mandatory": row["mandatory"],
                        "relevance": row["relevance"],
                        "other": "N",
                        "scale_id": 0,
                    }
                )
                for name in (*COLUMNS[14:], *RARE):
                    if kind == "Q" and row.get(name):
                        tables["question_attributes"].append({"qid": own, "attribute": name, "value": row[name]})
            tables["question_l10ns"].append({"qid": own, "question": row["text"], "help": "", "language": tag})
        elif kind == "A":
            new = ("A", qid, row["name"]) not in ids
            aid = ids.setdefault(("A", qid, row["name"]), len(ids) + 1)
            if new:
                tables["answers"].append(
                    {
                        "aid": aid,
                        "qid": qid,
                        "code": row["name"],
                        "sortorder": len(tables["answers"]),
                        "assessment_value": row["assessment_value"] or 0,
                        "scale_id": 0,
                    }
                )
            tables["answer_l10ns"].append({"aid": aid, "answer": row["text"], "language": tag})
    tables["surveys"] = [settings]
    tables["surveys_languagesettings"] = list(languages.values())
    return lss(tables, version="623", languages=list(languages))
