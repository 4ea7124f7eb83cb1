"""An instrument with everything platforms export, and exports of it as the platforms write them."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path

from crmstudy.instrument.load import parse_instrument

INSTRUMENT = """\
crmstudy_instrument: 1
id: care
version: "1.0"
name: {en: Care, fa: مراقبت, ru: Забота}
respondent: staff
wording: paraphrase
rights: {holder: Us, status: open-licence, statement: Free., unverified: true}
provenance:
  structure: {unverified: true}
  content: {unverified: true}
  responses: {unverified: true}
  scoring: {unverified: true}
  reversed: {unverified: true}
languages:
  en: {direction: ltr, status: draft}
  fa: {direction: rtl, status: draft}
  ru: {direction: ltr, status: draft}
slots:
  system:
    description: {en: the system, fa: سامانه, ru: система}
    default:
      en: {base: the CRM system}
      fa: {base: سامانهٔ CRM, ezafe: سامانهٔ CRM}
      ru: {nom: CRM-система, gen: CRM-системы, dat: CRM-системе, acc: CRM-систему, ins: CRM-системой, pre: CRM-системе}
responses:
  agree:
    low: 1
    high: 5
    missing_codes: {-9: {en: Does not apply, fa: مورد ندارد, ru: Не относится ко мне}}
    labels:
      1: {en: Strongly disagree, fa: کاملاً مخالفم, ru: Полностью не согласен}
      2: {en: Disagree, fa: مخالفم, ru: Не согласен}
      3: {en: "Neither agree, nor disagree", fa: نظری ندارم, ru: Ни то ни другое}
      4: {en: Agree, fa: موافقم, ru: Всё верно}
      5: {en: Strongly agree, fa: کاملاً موافقم, ru: Полностью согласен}
  channels:
    low: 1
    high: 3
    measure: nominal
    labels:
      1: {en: "Phone, or fax", fa: تلفن یا نمابر, ru: Телефон}
      2: {en: E-mail, fa: رایانامه, ru: Электронная почта}
      3: {en: In person, fa: حضوری, ru: Лично}
items:
  - id: CARE1
    response: agree
    wording:
      en: My manager cares about how I feel.
      fa: مدیرم به احساس من اهمیت می‌دهد.
      ru: Руководителю важно, как я себя чувствую.
  - id: CARE2
    response: agree
    wording:
      en: In my unit nobody listens to staff.
      fa: در واحد ما کسی به کارکنان گوش نمی‌کند.
      ru: В моём отделе никто не слушает сотрудников.
  - id: CARE3
    response: agree
    wording:
      en: "{system} makes my work easier."
      fa: کار با {system} آسان‌تر شده است.
      ru: "{system} облегчает мою работу."
  - id: via
    type: multi
    response: channels
    wording: {en: How do customers reach you?, fa: مشتریان چگونه با شما تماس می‌گیرند؟, ru: Как с Вами связываются клиенты?}
  - id: years
    type: integer
    low: 0
    high: 60
    wording: {en: Years in this job, fa: سابقهٔ کار به سال, ru: Стаж в годах}
  - id: remark
    type: longtext
    wording: {en: Anything else?, fa: نکتهٔ دیگر, ru: Что-нибудь ещё?}
reversed: [CARE2]
scales:
  - {id: care, name: {en: Care, fa: مراقبت, ru: Забота}, items: [CARE1, CARE2, CARE3], method: mean, min_answered: 2, model: reflective}
"""  # noqa: E501


def written(rows, *, delimiter=",", end="\r\n", encoding="utf-8-sig", quoting=csv.QUOTE_MINIMAL) -> bytes:
    """Rows as the bytes of a delimited file."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return buffer.getvalue().encode(encoding)


def put(folder: Path, rows, name="export.csv", **keywords) -> Path:
    """Write rows (or bytes) into a file."""
    path = folder / name
    path.write_bytes(rows if isinstance(rows, bytes) else written(rows, **keywords))
    return path


QUALTRICS = [
    ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate",
     "ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference",
     "LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage", "CARE1", "Q7_1", "Q7_2",
     "via_1", "via_2", "via_3", "years", "remark", "Q9"],
    ["Start Date", "End Date", "Response Type", "IP Address", "Progress", "Duration (in seconds)", "Finished",
     "Recorded Date", "Response ID", "Recipient Last Name", "Recipient First Name", "Recipient Email",
     "External Data Reference", "Location Latitude", "Location Longitude", "Distribution Channel", "User Language",
     "My manager cares about how I feel.", "How much do you agree? - In my unit nobody listens to staff.",
     "How much do you agree? - The CRM system makes\nmy work easier.", "How do customers reach you? - Phone, or fax",
     "How do customers reach you? - E-mail", "How do customers reach you? - In person", "Years in this job",
     "Anything else?", "What is your income?"],
    ['{"ImportId":"startDate","timeZone":"Asia/Tehran"}', '{"ImportId":"endDate","timeZone":"Asia/Tehran"}',
     '{"ImportId":"status"}', '{"ImportId":"ipAddress"}', '{"ImportId":"progress"}', '{"ImportId":"duration"}',
     '{"ImportId":"finished"}', '{"ImportId":"recordedDate","timeZone":"Asia/Tehran"}', '{"ImportId":"_recordId"}',
     '{"ImportId":"recipientLastName"}', '{"ImportId":"recipientFirstName"}', '{"ImportId":"recipientEmail"}',
     '{"ImportId":"externalDataReference"}', '{"ImportId":"locationLatitude"}', '{"ImportId":"locationLongitude"}',
     '{"ImportId":"distributionChannel"}', '{"ImportId":"userLanguage"}', '{"ImportId":"QID1"}',
     '{"ImportId":"QID7_1"}', '{"ImportId":"QID7_2"}', '{"ImportId":"QID8_1"}', '{"ImportId":"QID8_2"}',
     '{"ImportId":"QID8_3"}', '{"ImportId":"QID10_TEXT"}', '{"ImportId":"QID11_TEXT"}', '{"ImportId":"QID9_TEXT"}'],
]  # fmt: skip


def qualtrics(*answers, status=(), finished=()):
    """A Qualtrics export of numeric or choice-text answers: CARE1, CARE2, CARE3, via 1 to 3, years, remark, Q9."""
    rows = [list(row) for row in QUALTRICS]
    for number, answer in enumerate(answers):
        state = status[number] if status else "0"
        done = finished[number] if finished else "1"
        rows.append([
            "2026-03-01 10:00:00", "2026-03-01 10:07:00", state, "10.0.0.1", "100", "420", done, "2026-03-01 10:07:01",
            f"R_{number:04d}", "Karimi", "Sara", "s@example.org", "", "35.7", "51.4", "anonymous", "FA", *answer,
        ])  # fmt: skip
    return rows


LIMESURVEY = [
    ["id", "submitdate", "lastpage", "startlanguage", "seed", "token", "G1[CARE1]", "G1[CARE2]", "G1[CARE3]", "via[1]",
     "via[2]", "via[3]", "via[other]", "years", "remark"],
    ["1", "2026-03-01 10:00:00", "3", "fa", "12345", "aX9", "A5", "کاملاً موافقم", "4", "Y", "", "Y", "by post", "۱۲",
     "'=1+1"],
    ["2", "", "1", "ru", "777", "bY1", "", "N/A", "M9", "", "", "", "", "", "line\nbreak; comma, \"quote\""],
]  # fmt: skip
GOOGLE = [
    ["Timestamp", "Email Address", "How do you feel? [My manager cares about how I feel.]",
     "How do you feel? [در واحد ما کسی به کارکنان گوش نمی‌کند.]", "CRM-система облегчает мою работу.",
     "How do customers reach you?", "Years in this job", "Branch"],
    ["2026/03/01 10:00:00 AM GMT+3:30", "a@b.org", "Strongly agree", "نظری ندارم", "Не относится ко мне",
     "Phone, or fax, In person", "12", "یزد"],
    ["2026/03/01 10:01:00 AM GMT+3:30", "c@d.org", "", "Disagree", "Всё верно", "E-mail;Phone, or fax", "۳", "Уфа"],
]  # fmt: skip
REDCAP = [
    ["record_id", "redcap_event_name", "redcap_survey_identifier", "care1", "care2", "care3", "via___1", "via___2",
     "via___3", "years", "remark", "care_form_complete"],
    ["1", "baseline_arm_1", "a@b.org", "5", "-9", "4", "1", "0", "1", "12", "hm", "2"],
    ["1", "month_6_arm_1", "", "4", "2", "", "0", "0", "0", "", "", "0"],
]  # fmt: skip
KOBO = [
    ["start", "deviceid", "G1/CARE1", "G1/CARE2", "G1/sub/CARE3", "via", "via/1", "via/2", "via/3", "years",
     "where", "_where_latitude", "_where_longitude", "_id", "_uuid", "_submission_time", "_index"],
    ["2026-03-01", "dev1", "5", "-9", "Agree", "1 3", "1", "0", "1", "۱۲", "35.7 51.4 0 0", "35.7", "51.4", "11",
     "uuid:1", "2026-03-01T10:00:00", "1"],
    ["2026-03-01", "dev2", "4", "2", "", "", "", "", "", "3", "", "", "", "12", "uuid:2", "2026-03-01T10:01:00", "2"],
]  # fmt: skip


def exports() -> dict[str, bytes]:
    """A good export of each platform."""
    answers = ["5", "1", "۴", "1", "", "1", "۱۲", "fine, thanks", "-99"]
    labels = ["Strongly agree", "Does not apply", "Neither agree, nor disagree", "", "", "", "3", "سلام", ""]
    return {
        "qualtrics": written(qualtrics(answers, labels, answers, status=["0", "0", "1"])),
        "limesurvey": written(LIMESURVEY, delimiter=";", quoting=csv.QUOTE_ALL),
        "google-forms": written(GOOGLE, end="\n", encoding="utf-8"),
        "redcap": written(REDCAP),
        "kobo": written(KOBO, delimiter=";", quoting=csv.QUOTE_ALL, encoding="utf-8"),
    }


@cache
def instrument():
    """The instrument of the exports."""
    return parse_instrument(INSTRUMENT, "care.yaml")
