"""A new ``administration.yaml`` with every key and a comment to each; one that exists is never overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from crmstudy.administration.declaring.keys import FILE
from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.administration.fieldwork import Fieldwork
from crmstudy.errors import OutputError
from crmstudy.files import put_new

_COLUMN = 45
_NOTICE = (
    ("controller", "who is responsible for the data: organisation and address"),
    ("contact", "whom respondents can ask: a name with an address or telephone"),
    ("purpose", "what the answers are used for"),
    ("legal_basis", "the legal ground on which personal data are processed"),
    ("recipients", "who gets which data or figures"),
    ("ethics", "which board approved the study, with date and number, or why no approval was needed"),
)
_HEAD = """\
# How the study is asked. Look it over with: crmstudy serve FOLDER --try   (FOLDER is where this file lies)
# Every key stands here with a comment. A key that is left empty counts as left out; those marked (*) must be filled in,
# texts in every language that is offered, before respondents can come. Lines such as `# title:` show a key that is not
# used here: take the first # away to use it. docs/reference/administration.md explains every key.
"""


def write_scaffold(folder: str | os.PathLike[str]) -> Path:
    """Write a new ``administration.yaml`` for the samples and languages of a study.

    Raises
    ------
    StudyError, InstrumentError
        Where study.yaml or its instruments have faults.
    OutputError
        Where the file exists already, or cannot be written.
    """
    path = Path(folder) / FILE
    if os.path.lexists(path):
        raise OutputError(f"'{path}' exists already and is not overwritten.")
    content = scaffold_text(read_fieldwork(folder)).encode("utf-8")
    try:
        put_new(path, content)
    except FileExistsError:
        raise OutputError(f"'{path}' exists already and is not overwritten.") from None
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror or error}.") from error
    return path


def scaffold_text(fieldwork: Fieldwork) -> str:
    """The text of a new file, for the samples and languages of a study; it reads back to the same defaults."""
    tags = fieldwork.languages
    lines = [*_HEAD.splitlines(), "", _said("crmstudy_administration: 1", "version of this file format; always 1"), ""]
    lines.append(_said(f"languages: [{', '.join(tags)}]", "offered; the first is shown where nothing is chosen"))
    lines += ["# title:" + " " * 37 + "# that respondents read (*); left out: the title of study.yaml"]
    lines += [f"#   {tag}:" for tag in tags]
    lines += ["", *_promises(), "", *_privacy(tags), "", *_kept(), "", *_organisation(fieldwork), "", "samples:"]
    for nth, sample in enumerate(fieldwork.samples.values()):
        lines += _sample(sample.id, _first_ids(fieldwork, sample.id), brief=nth > 0)
    lines += ["", *_letters(tags)]
    return "\n".join(lines) + "\n"


def _said(text: str, comment: str) -> str:
    """A line with its comment in the column of comments, or one blank behind a long line."""
    return f"{text:<{_COLUMN - 1}} # {comment}" if len(text) < _COLUMN else f"{text} # {comment}"


def _promises() -> Iterable[str]:
    yield _said("mode:", "(*) anonymous | confidential | identified: what respondents are promised;")
    yield _said("", "it never changes once the study has opened")
    yield _said("k: 5", "(*) smallest group of which figures may be shown: at least 3, anonymous 5")
    yield _said("address:", "(*) where respondents find the server: https://survey.example.org")
    yield _said("withdrawal: closing", "until the wave is closed; retention: until the answers are deleted")
    yield _said("", "(not anonymous)")


def _privacy(tags: Sequence[str]) -> Iterable[str]:
    yield _said("notice:", "what the privacy notice says")
    for key, meaning in _NOTICE:
        yield _said(f"  {key}:", f"(*) {meaning}")
        yield from (f"    {tag}:" for tag in tags)
    yield ""
    yield _said("consent:", "what respondents agree to; may be left out")
    yield _said("  version: 1", "count it up whenever a word of notice or consent changes")
    yield _said("  text:", "what the study adds to the consent page")
    yield from (f"    {tag}:" for tag in tags)
    yield _said("  statements: []", f"statements that are each ticked: [{{{tags[0]}: I am of age.}}]")


def _kept() -> Iterable[str]:
    yield _said("retention:", "until when what is kept")
    yield _said("  answers:", "(*) last day of the answers: 2027-12-31")
    yield _said("  key:", "last day of the key file; (*) if confidential, none if anonymous")
    yield _said("  drafts_days: 30", "days after which an unfinished questionnaire is deleted")
    yield ""
    yield _said("# paradata:", "what is kept of how somebody answered; may be left out, and each key too")
    yield _said("#   times: coarse", "a band of the duration; fine: the times of every page (not anonymous)")
    yield _said("#   order: false", "the order in which items were shown (not anonymous)")
    yield _said("#   device: true", "phone, tablet or computer")


def _organisation(fieldwork: Fieldwork) -> Iterable[str]:
    names = ", ".join(f"{tag}: ..." for tag in fieldwork.languages)
    slot = next((slot for one in fieldwork.instruments() for slot in one.slots), "SLOT")
    yield _said("# levels: [branch, region]", "levels of the units, from the smallest")
    yield _said("# units:", "as a tree, or the path of a CSV: unit,parent,level,name")
    yield _said("#   north:", "an id of your own")
    yield _said(f"#     name: {{{names}}}", "a text, or a text by language; left out: the id")
    yield _said("#     level: region", "left out: by the height in the tree")
    yield _said("#     units:", "the units in it")
    yield "#       B01: {}"
    yield "#       B02: {}"
    yield _said("# words:", "what stands in the slots of the instruments")
    yield f"#   {slot}: {{{names}}}"


def _first_ids(fieldwork: Fieldwork, sample: str) -> tuple[str, str, str, str]:
    """An instrument, a scale, and two entries of a sample, for its examples."""
    instruments = fieldwork.samples[sample].instruments
    entries = [entry.id for one in instruments for entry in one.entries] or ["Q1"]
    scale = next((score.id for one in instruments for score in one.scores), "SCALE")
    return instruments[0].id if instruments else "INSTRUMENT", scale, entries[0], entries[-1]


def _sample(id: str, examples: tuple[str, str, str, str], *, brief: bool) -> Iterable[str]:
    """A sample with all its keys; with ``brief`` only those that must be filled in."""
    instrument, scale, first, last = examples
    yield _said(f"  {id}:", "a sample of study.yaml; take it away, and it is not asked")
    yield _said("    entry: open", "open: by a link that many use; token: by a single-use token; both")
    yield _said("    opens:", "(*) first day (UTC): 2027-03-01")
    yield _said("    closes:", "(*) last day")
    if brief:
        return
    yield _said("    # waves:", "instead of opens and closes: periods by name")
    yield "    #   first: {opens: 2027-03-01, closes: 2027-03-31}"
    yield "    #   second: {opens: 2027-09-01, closes: 2027-09-30}"
    yield _said("    # linking: self-made-code", "how waves belong together: none | self-made-code | key-file")
    yield _said("", "(key-file: not anonymous)")
    yield _said("    # rows: 10", "about how many rows of a grid a page holds")
    yield _said("    # refusal: true", "'prefer not to answer' stands beside the answers")
    yield _said(f"    # randomise: [{instrument}]", "items change places within their scales")
    yield _said("    # conditions:", "by item, question or section: under which condition it is asked")
    yield f'    #   {last}: "answered({first})"'
    yield _said("    # quotas:", "how many answers of a kind are taken in a wave")
    yield f'    #   enough: {{when: "answered({first})", limit: 200}}'
    yield _said(f"    # feedback: [{scale}]", "scales whose score respondents are shown at the end")
    yield _said("    # attributes: [shift]", "what tokens carry beside the unit")
    yield _said("    # unfinished: discard", "keep: unfinished questionnaires are exported")
    yield _said("    # branch_links: true", "open links are signed, each with its unit")
    yield _said("    # kiosk: {idle_seconds: 120, thanks_seconds: 15}", "devices on which many people answer")


def _letters(tags: Sequence[str]) -> Iterable[str]:
    yield _said("# invitation:", "the letters; what is left out is sent in the words that ship")
    told = (("subject", "one line"), ("text", "with {link}; {title}, {closes} and {contact} are filled in too"),
            ("reminder_subject", "one line"), ("reminder", "filled in as the text is"))  # fmt: skip
    for key, comment in told:
        yield _said(f"#   {key}:", comment)
        yield from (f"#     {tag}:" for tag in tags)
    yield _said("#   reminders: everyone", "unfinished: those who have not finished (not anonymous)")
    yield ""
    yield _said("# mail:", "the mail server; its password stands in CRMSTUDY_SMTP_PASSWORD")
    yield "#   host: mail.example.org"
    yield _said("#   port: 587", "465 with tls, 25 with none")
    yield _said("#   security: starttls", "starttls | tls | none")
    yield "#   user: survey"
    yield _said("#   sender: Survey <survey@example.org>", "from whom the letters are")
    yield _said("#   reply_to: survey@example.org", "where answers to them go; left out: the sender")
    yield _said("#   per_minute: 30", "most letters in a minute")
    yield _said("#   stop_list: stop.txt", "a file of addresses that get no letter, one a line")
