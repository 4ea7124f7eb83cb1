"""Every key of ``administration.yaml``: one table for the reader and for the page of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FILE = "administration.yaml"
FORMAT = 1
#: The reader's section names; ``SAMPLE``, ``WAVE``, ``QUOTA`` and ``UNIT`` stand for names of the user's own.
TOP, SAMPLE, WAVE, QUOTA, UNIT = (
    "",
    "samples.SAMPLE",
    "samples.SAMPLE.waves.WAVE",
    "samples.SAMPLE.quotas.QUOTA",
    "units.UNIT",
)
_BY_LANGUAGE = "a text by language"


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what it takes, what it means, what holds when it is left out; ``live``: no server opens without it."""

    name: str
    wanted: str
    meaning: str
    default: str = ""
    live: bool = False


KEYS: Mapping[str, tuple[Key, ...]] = {
    TOP: (
        Key("crmstudy_administration", "`1`", "Version of this file format.", "required"),
        Key("languages", "a list of `en`, `fa`, `ru`, or of tags such as `fa-IR`",
            "Languages that are offered; the first is shown where nothing "
            "is chosen.", "every language that all instruments have, that of study.yaml first"),
        Key("title", _BY_LANGUAGE, "Title that respondents read.", "the title of study.yaml", live=True),
        Key("mode", "`anonymous`, `confidential` or `identified`", "What respondents are promised; see the table of "
            "modes. It never changes once the study has opened.", live=True),
        Key("k", "a whole number of at least 3; anonymous: at least 5", "Size of the smallest group of which figures "
            "may be shown. It is never lowered once somebody has answered. Advised: 5.", live=True),
        Key("address", "`https://HOST` or `https://HOST:PORT`", "Where respondents find the server.", live=True),
        Key("notice", "its own keys, see below", "What the privacy notice says.", live=True),
        Key("consent", "its own keys, see below", "What respondents agree to."),
        Key("retention", "its own keys, see below", "Until when what is kept.", live=True),
        Key("withdrawal", "`closing` or `retention`", "How long a respondent can withdraw with the receipt: until the "
            "wave is closed, or until the answers are deleted.", "`closing`"),
        Key("paradata", "its own keys, see below", "What is kept of how somebody answered."),
        Key("levels", "a list of names", "Levels of the units, from the smallest: `[branch, district, region]`.",
            "`[unit]`"),
        Key("units", "units by id, or the path of a CSV", "Units of the organisation, as a tree."),
        Key("words", "words by slot and language", "What stands in the slots of the instruments, such as the name of "
            "the system: `{system: {en: Siebel, ru: {nom: ..., gen: ...}}}`.", "the defaults of the instruments"),
        Key("samples", "samples by name", "Which samples of study.yaml are asked, and how.",
            "every sample with instruments is asked by an open link"),
        Key("invitation", "its own keys, see below", "The letters.", "letters in plain words that ship"),
        Key("mail", "its own keys, see below", "The mail server that sends the letters.", "no mail is sent"),
    ),
    "notice": (
        Key("controller", _BY_LANGUAGE, "Who is responsible for the data: organisation and address.", live=True),
        Key("contact", _BY_LANGUAGE, "Whom respondents can ask: a name with an address or telephone.", live=True),
        Key("purpose", _BY_LANGUAGE, "What the answers are used for.", live=True),
        Key("legal_basis", _BY_LANGUAGE, "On what legal ground personal data are processed.", live=True),
        Key("recipients", _BY_LANGUAGE, "Who gets which data or figures.", live=True),
        Key("ethics", _BY_LANGUAGE, "Which board approved the study, with date and number, or why none was needed.",
            live=True),
    ),
    "consent": (
        Key("version", "a whole number of at least 1", "Counted up whenever a word of what respondents agree to "
            "changes.", "`1`"),
        Key("text", _BY_LANGUAGE, "What the study adds to the consent page.", "only the notice is shown"),
        Key("statements", "a list of texts by language", "Statements that are each ticked.", "one button agrees"),
    ),
    "retention": (
        Key("answers", "a day, `2027-12-31`", "Last day on which answers are kept.", live=True),
        Key("key", "a day", "Last day of the key file, not after that of the answers. Confidential: needed to open; "
            "anonymous: there is none."),
        Key("drafts_days", "a whole number from 1 to 365", "Days after which an unfinished questionnaire is deleted.",
            "`30`"),
    ),
    "paradata": (
        Key("times", "`coarse` or `fine`", "A band of the duration, or begin, end and the seconds of every page.",
            "`coarse`; confidential and identified: `fine`"),
        Key("order", "true or false", "The order in which items were shown.",
            "`false`; confidential and identified: `true`"),
        Key("device", "true or false", "Phone, tablet or computer.", "`true`"),
    ),
    UNIT: (
        Key("name", "a text, or a text by language", "What it is called.", "its id"),
        Key("level", "one of `levels`", "Its level, below that of the unit around it.", "by its height in the tree"),
        Key("units", "units by id", "The units in it."),
    ),
    SAMPLE: (
        Key("entry", "`token`, `open` or `both`", "By a single-use token, by a link that many use, or both.", "`open`"),
        Key("opens", "a day", "First day (UTC), for a sample that is asked once.", live=True),
        Key("closes", "a day", "Last day.", live=True),
        Key("waves", "waves by name", "Instead of `opens` and `closes`: the periods in which the sample is asked."),
        Key("linking", "`none`, `self-made-code` or `key-file`", "How answers of one person belong together: not at "
            "all, by a code respondents make themselves, by a file kept elsewhere.",
            "`none`; with tokens and not anonymous: `key-file`"),
        Key("rows", "a whole number from 2 to 60", "About how many rows of a grid a page holds.", "`10`"),
        Key("refusal", "true or false", "Whether 'prefer not to answer' stands beside the answers.", "`true`"),
        Key("randomise", "a list of instruments", "Instruments whose items are asked in a random order within their "
            "scales.", "`[]`"),
        Key("conditions", "conditions by item, question or section", "Under which condition it is asked: "
            "`{branch_size: \"manager = 1\"}`."),
        Key("quotas", "quotas by name", "How many answers of a kind are taken in a wave."),
        Key("feedback", "a list of scales", "Scales whose score respondents are shown at the end.", "`[]`"),
        Key("attributes", "a list of names", "What tokens carry beside the unit.", "`[]`"),
        Key("unfinished", "`discard` or `keep`", "What becomes of unfinished questionnaires when a wave is closed.",
            "`discard`"),
        Key("branch_links", "true or false", "Whether open links are signed, each with its unit.", "`false`"),
        Key("kiosk", "true, false, or a mapping of `idle_seconds`, `thanks_seconds`", "Whether devices can be set up "
            "on which many people answer; after how many seconds they begin anew.", "`false`; 120 and 15 seconds"),
    ),
    WAVE: (
        Key("opens", "a day", "First day (UTC).", live=True),
        Key("closes", "a day", "Last day; the next wave opens later.", live=True),
    ),
    QUOTA: (
        Key("when", "a condition", "Which answers count, such as `\"sex = 1\"`.", "required"),
        Key("limit", "a whole number of at least 1", "How many of them are taken.", "required"),
    ),
    "invitation": (
        Key("subject", _BY_LANGUAGE, "Subject of the letter."),
        Key("text", _BY_LANGUAGE, "The letter, with `{link}`; `{title}`, `{closes}`, `{contact}` are filled in too."),
        Key("reminder_subject", _BY_LANGUAGE, "Subject of the reminder."),
        Key("reminder", _BY_LANGUAGE, "The reminder, filled in likewise."),
        Key("reminders", "`everyone` or `unfinished`", "Who is reminded: all who were invited, or those who have not "
            "finished.", "`everyone`; confidential and identified: `unfinished`"),
    ),
    "mail": (
        Key("host", "a name", "The mail server.", "required"),
        Key("port", "a whole number from 1 to 65535", "Its port.", "`587`; `465` with `tls`; `25` with `none`"),
        Key("security", "`starttls`, `tls` or `none`", "How the connection is kept secret.", "`starttls`"),
        Key("user", "a text", "User name; the password stands in the environment variable CRMSTUDY_SMTP_PASSWORD."),
        Key("sender", "an address, `Name <name@example.org>` or without the name", "From whom the letters are.",
            "required"),
        Key("reply_to", "an address", "Where answers to the letters go.", "the sender"),
        Key("per_minute", "a whole number from 1 to 10000", "Most letters in a minute.", "`30`"),
        Key("stop_list", "the path of a file", "Addresses that get no letter, one a line."),
    ),
}  # fmt: skip


def names(section: str) -> tuple[str, ...]:
    """The keys of a section."""
    return tuple(key.name for key in KEYS[section])


def required(section: str) -> tuple[str, ...]:
    """The keys without which a section cannot be read."""
    return tuple(key.name for key in KEYS[section] if key.default == "required")


def optional(section: str) -> tuple[str, ...]:
    """The other keys of a section."""
    return tuple(key.name for key in KEYS[section] if key.default != "required")
