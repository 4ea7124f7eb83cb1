"""Questionnaire files as other tools write them, made by hand: LimeSurvey .lss, Qualtrics .qsf, a REDCap dictionary."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

Row = Mapping[str, object]


def lss(tables: Mapping[str, Sequence[Row]], *, version: str, languages: Sequence[str], kind: str = "Survey") -> bytes:
    """An .lss file of these tables."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<document>', f"<LimeSurveyDocType>{kind}</LimeSurveyDocType>"]
    parts.append(f"<DBVersion>{version}</DBVersion><languages>")
    parts += [f"<language>{tag}</language>" for tag in languages]
    parts.append("</languages>")
    for name, rows in tables.items():
        fields = dict.fromkeys(key for row in rows for key in row)
        parts.append(f"<{name}><fields>{''.join(f'<fieldname>{key}</fieldname>' for key in fields)}</fields><rows>")
        for row in rows:
            cells = "".join(
                f"<{key}><![CDATA[{value}]]></{key}>"
                if "]]>" not in str(value)
                else f"<{key}>{escape(str(value))}</{key}>"
                for key, value in row.items()
            )
            parts.append(f"<row>{cells}</row>")
        parts.append(f"</rows></{name}>")
    return "\n".join([*parts, "</document>"]).encode("utf-8")


_AGREE = {"en": ("Disagree", "Neither", "Agree"), "fa": ("مخالفم", "بی‌نظر", "موافقم")}


def lss_new() -> bytes:
    """A survey of LimeSurvey 6 in two languages: a grid, a reversed list, multiple answers, numbers, a condition."""
    questions = [
        {
            "qid": 11,
            "parent_qid": 0,
            "gid": 1,
            "type": "F",
            "title": "G01",
            "question_order": 1,
            "mandatory": "Y",
            "relevance": "1",
            "other": "N",
            "preg": "",
        },
        {
            "qid": 12,
            "parent_qid": 0,
            "gid": 1,
            "type": "L",
            "title": "REV",
            "question_order": 2,
            "mandatory": "S",
            "relevance": "1",
            "other": "Y",
            "preg": "",
        },
        {
            "qid": 13,
            "parent_qid": 0,
            "gid": 2,
            "type": "M",
            "title": "CHAN",
            "question_order": 1,
            "mandatory": "N",
            "relevance": '(REV.NAOK == "1")',
            "other": "N",
            "preg": "",
        },
        {
            "qid": 14,
            "parent_qid": 0,
            "gid": 2,
            "type": "N",
            "title": "AGE",
            "question_order": 2,
            "mandatory": "N",
            "relevance": "1",
            "other": "N",
            "preg": "",
        },
        {
            "qid": 15,
            "parent_qid": 0,
            "gid": 2,
            "type": "R",
            "title": "RANK",
            "question_order": 3,
            "mandatory": "N",
            "relevance": "1",
            "other": "N",
            "preg": "",
        },
    ]
    subquestions = [
        {"qid": 21, "parent_qid": 11, "gid": 1, "type": "T", "title": "SQ001", "question_order": 1, "scale_id": 0},
        {"qid": 22, "parent_qid": 11, "gid": 1, "type": "T", "title": "SQ002", "question_order": 2, "scale_id": 0},
        {"qid": 23, "parent_qid": 13, "gid": 2, "type": "T", "title": "1", "question_order": 1, "scale_id": 0},
        {"qid": 24, "parent_qid": 13, "gid": 2, "type": "T", "title": "2", "question_order": 2, "scale_id": 0},
    ]
    texts = {
        11: ("<p>How far do you <b>agree</b>?</p>", "<p>تا چه اندازه موافقید؟</p>"),
        12: ("I&nbsp;feel tired &amp; ill", "احساس خستگی می‌کنم"),
        13: ("Which channels?", "کدام کانال‌ها؟"),
        14: ("Your age", "سن شما"),
        15: ("Rank these", "رتبه‌بندی کنید"),
        21: ("My work matters", "کارم مهم است"),
        22: ("My team helps me", "همکارانم کمک می‌کنند"),
        23: ("Branch", "شعبه"),
        24: ("Mobile", "همراه"),
    }
    question_l10ns = [
        {"id": f"{qid}{place}", "qid": qid, "question": text, "help": "", "language": tag}
        for qid, pair in texts.items()
        for place, (tag, text) in enumerate(zip(("en", "fa"), pair, strict=True))
    ]
    answers, answer_l10ns = [], []
    for qid in (11, 12):
        for place in range(3):
            aid = qid * 10 + place
            value = place + 1 if qid == 11 else 3 - place
            answers.append(
                {
                    "aid": aid,
                    "qid": qid,
                    "code": place + 1,
                    "sortorder": place,
                    "assessment_value": value,
                    "scale_id": 0,
                }
            )
            answer_l10ns += [{"aid": aid, "answer": _AGREE[tag][place], "language": tag} for tag in ("en", "fa")]
    tables = {
        "answers": answers,
        "answer_l10ns": answer_l10ns,
        "conditions": [{"cid": 1, "qid": 13, "cqid": 12, "cfieldname": "1X1X12", "method": "==", "value": 1}],
        "groups": [{"gid": 2, "group_order": 2, "grelevance": ""}, {"gid": 1, "group_order": 1, "grelevance": "1"}],
        "group_l10ns": [
            {"gid": gid, "group_name": name, "description": text, "language": tag}
            for gid, tag, name, text in (
                (1, "en", "Work", "About your work"),
                (1, "fa", "کار", "دربارهٔ کار شما"),
                (2, "en", "You", ""),
                (2, "fa", "شما", ""),
            )
        ],
        "questions": questions,
        "subquestions": subquestions,
        "question_l10ns": question_l10ns,
        "question_attributes": [
            {"qid": 14, "attribute": "num_value_int_only", "value": 1},
            {"qid": 14, "attribute": "min_num_value_n", "value": 18},
            {"qid": 14, "attribute": "max_num_value_n", "value": 99},
        ],
        "quota": [{"id": 1, "name": "full", "qlimit": 10}],
        "surveys": [{"sid": 1, "language": "en", "additional_languages": "fa", "format": "G"}],
        "surveys_languagesettings": [
            {
                "surveyls_language": "en",
                "surveyls_title": "Work &amp; you",
                "surveyls_welcometext": "<p>Please answer.</p>",
            },
            {"surveyls_language": "fa", "surveyls_title": "کار و شما", "surveyls_welcometext": "لطفاً پاسخ دهید."},
        ],
    }
    return lss(tables, version="623", languages=["en", "fa"])


def lss_old() -> bytes:
    """A survey of LimeSurvey 1.9 in two languages: rows have a language, subquestions a table of their own."""
    questions, subquestions, answers = [], [], []
    for tag, texts in (
        ("en", ("Satisfaction", "with pay", "with hours", "Anything else?")),
        ("de", ("Zufriedenheit", "mit dem Lohn", "mit der Zeit", "Noch etwas?")),
    ):
        questions.append(
            {
                "qid": 1,
                "parent_qid": 0,
                "sid": 1,
                "gid": 1,
                "type": "A",
                "title": "SAT",
                "question": texts[0],
                "language": tag,
                "question_order": 0,
                "mandatory": "Y",
                "other": "N",
            }
        )
        questions.append(
            {
                "qid": 2,
                "parent_qid": 0,
                "sid": 1,
                "gid": 1,
                "type": "T",
                "title": "REST",
                "question": texts[3],
                "language": tag,
                "question_order": 1,
                "mandatory": "N",
                "other": "N",
            }
        )
        questions.append(
            {
                "qid": 3,
                "parent_qid": 0,
                "sid": 1,
                "gid": 1,
                "type": "!",
                "title": "UNIT",
                "question": "",
                "language": tag,
                "question_order": 2,
                "mandatory": "N",
                "other": "N",
            }
        )
        for number in (1, 2):
            subquestions.append(
                {
                    "qid": 10 + number,
                    "parent_qid": 1,
                    "sid": 1,
                    "gid": 1,
                    "type": "A",
                    "title": str(number),
                    "question": texts[number],
                    "language": tag,
                    "question_order": number,
                }
            )
        for place, (code, text) in enumerate((("HR", "Human <i>resources</i>"), ("IT", "IT"))):
            answers.append(
                {
                    "qid": 3,
                    "code": code,
                    "answer": text,
                    "sortorder": place,
                    "assessment_value": 0,
                    "language": tag,
                    "scale_id": 0,
                }
            )
    tables = {
        "answers": answers,
        "groups": [
            {"gid": 1, "sid": 1, "group_name": "", "group_order": 0, "description": "", "language": tag}
            for tag in ("en", "de")
        ],
        "questions": questions,
        "subquestions": subquestions,
        "surveys": [{"sid": 1, "language": "en", "additional_languages": "de"}],
        "surveys_languagesettings": [{"surveyls_language": "en", "surveyls_title": "Old survey"}],
    }
    return lss(tables, version="146", languages=["en", "de"])


def qsf_mapping() -> dict[str, Any]:
    """A Qualtrics survey: single and multiple answers, a matrix, text, a slider, a text to read, a trash block."""
    questions: dict[str, dict[str, Any]] = {
        "QID1": {
            "QuestionText": "<strong>Welcome.</strong>",
            "DataExportTag": "Intro",
            "QuestionType": "DB",
            "Selector": "TB",
        },
        "QID2": {
            "QuestionText": "Your <em>sex</em>",
            "DataExportTag": "sex",
            "QuestionType": "MC",
            "Selector": "SAVR",
            "SubSelector": "TX",
            "Choices": {"1": {"Display": "Man"}, "4": {"Display": "Woman"}},
            "ChoiceOrder": ["4", "1"],
            "RecodeValues": {"1": "0", "4": "1"},
            "Validation": {"Settings": {"ForceResponse": "ON", "Type": "None"}},
            "Language": {"FA": {"QuestionText": "جنسیت", "Choices": {"1": {"Display": "مرد"}, "4": {"Display": "زن"}}}},
        },
        "QID3": {
            "QuestionText": "How much do you agree?",
            "DataExportTag": "job",
            "QuestionType": "Matrix",
            "Selector": "Likert",
            "SubSelector": "SingleAnswer",
            "Choices": {"1": {"Display": "My work matters"}, "3": {"Display": "I plan to leave &amp; soon"}},
            "ChoiceOrder": [3, 1],
            "ChoiceDataExportTags": {"1": "job_matters", "3": "job_leave"},
            "Answers": {
                "1": {"Display": "Disagree"},
                "2": {"Display": "Neither"},
                "3": {"Display": "Agree"},
                "5": {"Display": "Cannot say"},
            },
            "AnswerOrder": ["1", "2", "3", "5"],
            "RecodeValues": {"1": "1", "2": "2", "3": "3", "5": "99"},
            "DisplayLogic": {"Type": "BooleanExpression"},
        },
        "QID4": {
            "QuestionText": "Channels",
            "DataExportTag": "chan",
            "QuestionType": "MC",
            "Selector": "MAVR",
            "SubSelector": "TX",
            "Choices": {"1": {"Display": "Branch"}, "2": {"Display": "Other", "TextEntry": "true"}},
            "ChoiceOrder": ["1", "2"],
        },
        "QID5": {
            "QuestionText": "Age",
            "DataExportTag": "age",
            "QuestionType": "TE",
            "Selector": "SL",
            "Validation": {
                "Settings": {
                    "ForceResponse": "RequestResponse",
                    "Type": "ContentType",
                    "ContentType": "ValidNumber",
                    "ValidNumber": {"Min": "18", "Max": "99", "NumDecimals": "0"},
                }
            },
        },
        "QID6": {"QuestionText": "Remarks", "DataExportTag": "rem", "QuestionType": "TE", "Selector": "ESTB"},
        "QID7": {
            "QuestionText": "Recommend?",
            "DataExportTag": "nps",
            "QuestionType": "Slider",
            "Selector": "HSLIDER",
            "Choices": {"1": {"Display": "Recommend"}},
            "ChoiceOrder": ["1"],
            "Configuration": {"CSSliderMin": 0, "CSSliderMax": 10, "NumDecimals": "0"},
        },
        "QID8": {"QuestionText": "Timing", "DataExportTag": "t", "QuestionType": "Timing", "Selector": "PageTimer"},
        "QID9": {"QuestionText": "Old", "DataExportTag": "old", "QuestionType": "TE", "Selector": "SL"},
    }
    block = [{"Type": "Question", "QuestionID": id} for id in ("QID1", "QID2", "QID3")]
    second = [{"Type": "Question", "QuestionID": id} for id in ("QID4", "QID5")] + [{"Type": "Page Break"}]
    second += [{"Type": "Question", "QuestionID": id} for id in ("QID6", "QID7", "QID8")]
    blocks = {
        "0": {"Type": "Default", "Description": "You", "ID": "BL_2", "BlockElements": second},
        "1": {
            "Type": "Trash",
            "Description": "Trash / Unused Questions",
            "ID": "BL_3",
            "BlockElements": [{"Type": "Question", "QuestionID": "QID9"}],
        },
        "2": {"Type": "Standard", "Description": "Job", "ID": "BL_1", "BlockElements": block},
    }
    flow = {
        "Type": "Root",
        "FlowID": "FL_1",
        "Flow": [
            {"Type": "Standard", "ID": "BL_1", "FlowID": "FL_2"},
            {"Type": "Branch", "FlowID": "FL_3", "Flow": [{"Type": "Block", "ID": "BL_2", "FlowID": "FL_4"}]},
            {"Type": "EmbeddedData", "FlowID": "FL_5"},
        ],
    }
    elements: list[dict[str, Any]] = [
        {"SurveyID": "SV_1", "Element": "BL", "PrimaryAttribute": "Survey Blocks", "Payload": blocks},
        {"SurveyID": "SV_1", "Element": "FL", "PrimaryAttribute": "Survey Flow", "Payload": flow},
    ]
    for id, payload in questions.items():
        elements.append(
            {
                "SurveyID": "SV_1",
                "Element": "SQ",
                "PrimaryAttribute": id,
                "SecondaryAttribute": None,
                "Payload": {"QuestionID": id, **payload},
            }
        )
    entry = {"SurveyID": "SV_1", "SurveyName": "Job & bank", "SurveyLanguage": "EN", "SurveyDescription": "Pilot"}
    return {"SurveyEntry": entry, "SurveyElements": elements}


def qsf() -> bytes:
    """The same as a file."""
    return json.dumps(qsf_mapping(), ensure_ascii=True).encode("ascii")


_HEAD = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number",'
    '"Text Validation Min","Text Validation Max",Identifier?,"Branching Logic (Show field only if...)",'
    '"Required Field?","Custom Alignment","Question Number (surveys only)","Matrix Group Name","Matrix Ranking?",'
    '"Field Annotation"'
)
DICTIONARY = f"""\ufeff{_HEAD}
record_id,work,,text,Record ID,,,,,,,,,,,,,
age,work,About you,text,Your age,,in years,integer,18,99,,,y,,,,,
sex,work,,dropdown,Sex,"1, Man | 2, Woman | -9, No answer",,,,,,,,,,,,
jobmatters,work,"<b>Your work</b>",radio,My work matters,"1, Disagree | 2, Neither | 3, Agree",,,,,,,y,,,work_grid,,
jobleave,work,,radio,I plan to leave,"1, Disagree | 2, Neither | 3, Agree",,,,,,"[age] > 20",,,,work_grid,,
channels,work,,checkbox,Channels,"1, Branch|2, Mobile",,,,,,,,,,,,
happy,work,,slider,How happy?,"Not at all | So so | Very",,,,,,,,,,,,
again,work,,yesno,Again?,,,,,,,,,,,,,
bmi,work,,calc,BMI,[age]*2,,,,,,,,,,,,
born,work,,text,Date of hire,,,date_ymd,,,,,,,,,,
rest,work,,notes,Anything else?,,,,,,,,,,,,,@CHARLIMIT=200
"""
