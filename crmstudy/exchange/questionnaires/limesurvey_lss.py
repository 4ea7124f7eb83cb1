"""LimeSurvey's survey file (.lss, XML) in: old files with the language in every row, and those with tables of texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from crmstudy.errors import DataError, Fault
from crmstudy.exchange.questionnaires.limesurvey import Asking, Group, Row, Survey
from crmstudy.exchange.questionnaires.seen import one_line, quoted

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Record = dict[str, str]
#: Tables of what steers a survey, with what a row of them is called.
_STEERING = {
    "conditions": "a condition", "quota": "a quota", "assessments": "an assessment",
    "defaultvalues": "a default answer", "plugin_settings": "a setting of a plugin",
}  # fmt: skip
_OTHERS = {
    "Group": "a group of questions (.lsg)", "Question": "a single question (.lsq)", "Label set": "a label set (.lsl)",
    "Responses": "answers", "Tokens": "a list of participants",
}  # fmt: skip


def survey_of_lss(root: Element, file: str) -> Survey:
    """The survey in a file.

    Raises
    ------
    DataError
        When it is no survey of LimeSurvey.
    """
    kind = one_line(root.findtext("LimeSurveyDocType"))
    if root.tag != "document" or kind != "Survey":
        what = _OTHERS.get(kind, "no file of LimeSurvey" if not kind else f"'{quoted(kind)}'")
        message = f"an .lss file holds a LimeSurvey survey; this is {what}. Export the survey structure."
        raise DataError(Fault(message, file))
    return _Tables(root).survey()


class _Tables:
    def __init__(self, root: Element) -> None:
        self.root = root
        self.tables = {element.tag: list(_records(element)) for element in root if element.find("rows") is not None}
        self.lost = 0

    def survey(self) -> Survey:
        settings = next(iter(self.table("surveys")), {})
        languages = [one_line(element.text) for element in self.root.iterfind("languages/language")]
        base = settings.get("language", "") or (languages[0] if languages else "en")
        languages = [base, *settings.get("additional_languages", "").split(), *languages]
        survey = Survey([tag for tag in dict.fromkeys(languages) if tag])
        for record in self.table("surveys_languagesettings"):
            tag = record.get("surveyls_language", base)
            for key, texts in (
                ("surveyls_title", survey.titles),
                ("surveyls_description", survey.descriptions),
                ("surveyls_welcometext", survey.welcomes),
            ):
                texts[tag] = record.get(key, "")
        self.base = base
        survey.groups = self.groups()
        for table, what in _STEERING.items():
            count = len(self.table(table))
            if count:
                survey.left_out.append(f"Not taken over: {what} ({count} rows).")
        if self.lost:
            survey.left_out.append(f"Not taken over: {self.lost} rows that belong to no question or group.")
        return survey

    def table(self, name: str) -> list[Record]:
        return self.tables.get(name, [])

    def groups(self) -> list[Group]:
        texts = _by_id(self.table("group_l10ns"), "gid")
        groups: dict[str, tuple[float, Group]] = {}
        for record in self.table("groups"):
            gid = record.get("gid", "")
            if gid not in groups:
                groups[gid] = (_order(record, "group_order"), Group(gid, relevance=record.get("grelevance", "")))
            group = groups[gid][1]
            for one in texts.get(gid, [record]):
                tag = one.get("language") or self.base
                group.names[tag], group.texts[tag] = one.get("group_name", ""), one.get("description", "")
        for gid, group_questions in self.questions().items():
            if gid in groups:
                groups[gid][1].questions = group_questions
            else:
                self.lost += len(group_questions)
        made = [group for _, group in sorted(groups.values(), key=lambda pair: pair[0])]
        for number, group in enumerate(made, start=1):
            group.key = str(number)
        return made

    def questions(self) -> dict[str, list[Asking]]:
        """The questions of each group, in their order."""
        texts = _by_id(self.table("question_l10ns"), "qid")
        attributes: dict[str, Record] = defaultdict(dict)
        for record in self.table("question_attributes"):
            attributes[record.get("qid", "")].setdefault(record.get("attribute", ""), record.get("value", ""))
        subquestions, answers = self.subquestions(texts), self.answers()
        found: dict[str, tuple[str, float, Asking]] = {}
        for record in self.table("questions"):
            qid = record.get("qid", "")
            if record.get("parent_qid", "0") not in ("", "0"):
                continue
            if qid not in found:
                asking = Asking(
                    record.get("title", ""), record.get("type", "T"), mandatory=record.get("mandatory", ""),
                    relevance=record.get("relevance", ""), other=record.get("other", ""),
                    validation=record.get("preg", ""), attributes=attributes.get(qid, {}),
                    subquestions=subquestions.pop(qid, []), answers=answers.pop(qid, []),
                )  # fmt: skip
                found[qid] = (record.get("gid", ""), _order(record, "question_order"), asking)
            for one in texts.get(qid, [record]):
                tag = one.get("language") or self.base
                found[qid][2].texts[tag], found[qid][2].help[tag] = one.get("question", ""), one.get("help", "")
        self.lost += sum(map(len, subquestions.values())) + sum(map(len, answers.values()))
        by_group: dict[str, list[Asking]] = defaultdict(list)
        for gid, _, asking in sorted(found.values(), key=lambda one: one[1]):
            by_group[gid].append(asking)
        return by_group

    def subquestions(self, texts: Mapping[str, list[Record]]) -> dict[str, list[Row]]:
        """The subquestions of each question; in old files they stand in the table of questions."""
        made: dict[str, tuple[str, float, Row]] = {}
        inline = [one for one in self.table("questions") if one.get("parent_qid", "0") not in ("", "0")]
        for record in [*self.table("subquestions"), *inline]:
            qid = record.get("qid", "")
            if qid not in made:
                row = Row(record.get("title", ""), {}, record.get("scale_id", "") or "0")
                made[qid] = (record.get("parent_qid", ""), _order(record, "question_order"), row)
            for one in texts.get(qid, [record]):
                made[qid][2].texts[one.get("language") or self.base] = one.get("question", "")
        return _in_order(made.values())

    def answers(self) -> dict[str, list[Row]]:
        """The answers of each question."""
        texts = _by_id(self.table("answer_l10ns"), "aid")
        made: dict[object, tuple[str, float, Row]] = {}
        for record in self.table("answers"):
            qid, code, scale = (record.get(key, "") for key in ("qid", "code", "scale_id"))
            key = (qid, code, scale or "0")
            if key not in made:
                row = Row(code, {}, scale or "0", record.get("assessment_value", ""))
                made[key] = (qid, _order(record, "sortorder"), row)
            for one in texts.get(record.get("aid", ""), [record]):
                made[key][2].texts[one.get("language") or self.base] = one.get("answer", "")
        return _in_order(made.values())


def _records(table: Element) -> Iterator[Record]:
    for row in table.iterfind("rows/row"):
        yield {cell.tag: "".join(cell.itertext()) for cell in row}


def _by_id(records: Iterable[Record], key: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.get(key, "")].append(record)
    return dict(found)


def _in_order(rows: Iterable[tuple[str, float, Row]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for parent, _, row in sorted(rows, key=lambda one: one[1]):
        found[parent].append(row)
    return dict(found)


def _order(record: Record, key: str) -> float:
    try:
        return float(int(record.get(key, "0") or 0))
    except (ValueError, OverflowError):
        return 0.0
