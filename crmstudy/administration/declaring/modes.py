"""What each mode allows: the table, as data, and the refusal of what does not go together.

The table is what respondents are promised: the page of the reference is made of it, and what it refuses is refused
with its reason. Whoever wants to know whether a mode allows something asks :func:`allowed` or :func:`require`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from crmstudy.administration.fieldwork import Fieldwork, Mode
from crmstudy.errors import UnsupportedError, did_you_mean
from crmstudy.handover.head import LEAST
from crmstudy.letters import key
from crmstudy.quoting import shown

MODES: tuple[str, ...] = get_args(Mode)
#: Names of attributes that say who somebody is, as :func:`crmstudy.letters.key` compares them.
_IDENTIFYING = frozenset(
    key(word)
    for word in (
        "name", "first name", "last name", "full name", "surname", "given name", "family name", "respondent", "person",
        "email", "e-mail", "mail", "phone", "telephone", "mobile", "tel", "address", "ip", "ip address", "login",
        "user", "user name", "account", "account number", "card number", "iban", "customer id", "customer number",
        "national id", "national code", "passport", "ssn", "inn", "snils", "tax number", "insurance number",
        "employee", "employee id", "employee number", "personnel number", "personnel id", "personnel code", "staff id",
        "staff number", "badge", "badge number", "birth date", "birthday", "date of birth", "dob",
        "نام", "نام خانوادگی", "نام و نام خانوادگی", "ایمیل", "پست الکترونیک", "تلفن", "تلفن همراه", "موبایل", "نشانی",
        "آدرس", "کد ملی", "شماره ملی", "شماره پرسنلی", "کد پرسنلی", "شماره حساب", "شماره مشتری", "تاریخ تولد",
        "имя", "фамилия", "отчество", "фио", "почта", "электронная почта", "телефон", "мобильный", "адрес", "логин",
        "паспорт", "инн", "снилс", "табельный номер", "номер счета", "номер клиента", "дата рождения",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feature:
    """A row of the table.

    Attributes
    ----------
    id : str
        By which rooms ask for it.
    name : str
        What it is.
    anonymous, confidential, identified : str
        ``yes`` or ``no``, alone or with how: ``yes: by the receipt``.
    reason : str
        Why the modes that do not allow it do not, or what makes it harmless.
    """

    id: str
    name: str
    anonymous: str
    confidential: str
    identified: str
    reason: str

    def says(self, mode: str) -> str:
        """The cell of a mode."""
        return {"anonymous": self.anonymous, "confidential": self.confidential, "identified": self.identified}[mode]

    def allows(self, mode: str) -> bool:
        """Whether a mode allows it."""
        return self.says(mode).startswith("yes")


_RECEIPT = "yes: by the receipt"
_LATER = "yes: by the receipt, with `withdrawal: retention`"
FEATURES: tuple[Feature, ...] = (
    Feature("tokens", "single-use tokens",
            "yes: a token and the answers given with it share nothing once they are submitted", "yes", "yes",
            "A token tells that somebody may answer once, not what was answered."),
    Feature("resume", "going on with an unfinished questionnaire",
            "yes: by the token or the resume code", "yes: by the token or the resume code",
            "yes: by the token or the resume code",
            "Until it is submitted, an unfinished questionnaire knows its token."),
    Feature("withdrawal", "withdrawal until the wave is closed", _RECEIPT, _RECEIPT, _RECEIPT,
            "The receipt is known to the respondent only."),
    Feature("withdrawal-after-closing", "withdrawal after the wave is closed", "no", _LATER, _LATER,
            "Closing writes the answers anew without their receipts; after that, whose they are cannot be found out."),
    Feature("reminders", "reminders to everyone who was invited", "yes", "yes", "yes",
            "The same letter goes to all, so that it tells nothing."),
    Feature("reminders-to-unfinished", "reminders to those who have not finished", "no", "yes", "yes",
            "It takes a list of who has answered; a list at two times tells who answered between them."),
    Feature("participation", "whether a certain person has answered", "no: totals only", "yes", "yes",
            "It would let a line manager ask why somebody has not."),
    Feature("waves", "several waves", "yes", "yes", "yes", "Waves are compared as groups."),
    Feature("linking-by-code", "waves linked by a code respondents make themselves", "yes", "yes", "yes",
            "Only a keyed digest of the code is kept; how often two people make the same one is told beforehand."),
    Feature("linking-by-key-file", "waves linked by a key file", "no", "yes: kept elsewhere, by another role", "yes",
            "A file that tells who has which pseudonym makes the answers personal data."),
    Feature("unit", "the unit (branch, region)", "yes", "yes", "yes",
            "Figures of fewer than k people are never shown."),
    Feature("attributes", "attributes that many people share", "yes", "yes", "yes",
            "They stand with the answers; each more of them makes groups smaller."),
    Feature("identifying-attributes", "attributes that say who somebody is (name, address, staff number)",
            "no", "no: only in the key file", "no: only in the key file",
            "The database and what is exported from it hold no names; who is who stands in the key file alone."),
    Feature("page-times", "begin, end and the seconds of every page, per person", "no: in total only", "yes", "yes",
            "A time can be compared with who was seen at a computer, or with a log of the network."),
    Feature("duration", "how long it took", "yes: as one of a few bands", "yes", "yes",
            "A band fits many people."),
    Feature("random-order", "items in random order", "yes: the order is forgotten on submission", "yes", "yes",
            "Items change places within their scales only."),
    Feature("order", "the order in which items were shown, kept and exported", "no", "yes", "yes",
            "An order of a dozen items is as good as a name: hardly two people have the same."),
    Feature("language", "the language it was answered in", "yes", "yes", "yes",
            "Needed to compare the translations."),
    Feature("device", "phone, tablet or computer", "yes", "yes", "yes", "Nothing else of the device is kept."),
    Feature("network-address", "network address and browser", "no", "no", "no",
            "They are never stored, in no mode."),
    Feature("access", "right of access to one's answers",
            "no: only to an unfinished questionnaire, by its code",
            "yes: through the keeper of the key file, until it is destroyed", "yes: through the keeper of the key file",
            "Where nobody, and no file, can tell which answers are whose, nobody can hand them out."),
    Feature("unfinished", "unfinished questionnaires kept and exported",
            "yes: cut off from their tokens when the wave is closed", "yes", "yes",
            "The consent page says so; otherwise they are deleted."),
    Feature("paper", "numbered paper sheets",
            "yes: what was typed in goes when the answers are settled, and no number stands with them", "yes", "yes",
            "A number tells which sheet was typed in, not who filled it in."),
    Feature("paper-linked", "a list of who got which numbered sheet", "no", "yes: kept as the key file is",
            "yes: kept as the key file is", "A list of numbers and names is a key file."),
    Feature("kiosk", "one device for many people", "yes", "yes", "yes",
            "Without a token, answers on it belong to no pseudonym, in no mode."),
    Feature("feedback", "own scores at the end", "yes", "yes", "yes", "They are shown once and kept nowhere."),
    Feature("quotas", "quotas", "yes", "yes", "yes", "They are counted in total."),
    Feature("consent-record", "a record of what was agreed to", "yes: the version, without a time", "yes", "yes",
            "The version stands with the answers, every text ever shown beside them."),
    Feature("person", "a pseudonym in the exported answers", "yes: that of a self-made code", "yes", "yes",
            "It belongs to a key file, or to the code that waves are linked by."),
    Feature("identified-export", "answers exported with names", "no", "no", "no: the key file is joined by its keeper",
            "Whoever analyses does not need to know who is who; joining the key file is a step of its own."),
)  # fmt: skip
_BY_ID: Mapping[str, Feature] = {feature.id: feature for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class Clash:
    """A key of ``administration.yaml`` that asks for what the mode does not allow; ``where`` is its place."""

    feature: str
    where: tuple[str, ...]
    message: str


def feature(id: str) -> Feature:
    """A row of the table; raises UnsupportedError for one that is not there."""
    if id not in _BY_ID:
        raise UnsupportedError(f"the table of modes has no feature '{shown(id)}'.{did_you_mean(id, _BY_ID)}")
    return _BY_ID[id]


def allowed(mode: str, id: str) -> bool:
    """Whether a mode allows a feature; what is not settled yet (an empty mode) allows what every mode allows.

    Examples
    --------
    >>> allowed("anonymous", "page-times"), allowed("confidential", "page-times"), allowed("", "page-times")
    (False, True, False)
    """
    row = feature(id)
    return all(row.allows(one) for one in ([mode] if mode else MODES))


def require(mode: str, id: str) -> None:
    """Raise UnsupportedError, with the reason, where a mode does not allow a feature."""
    if not allowed(mode, id):
        raise UnsupportedError(refusal(mode, id))


def refusal(mode: str, id: str) -> str:
    """Why a mode does not allow a feature, in a sentence."""
    row = feature(id)
    told = mode or "every"
    return f"{row.name}: not possible in {told} mode. {row.reason}"


def impossible(fieldwork: Fieldwork) -> tuple[Clash, ...]:
    """Everything that is asked for and that the mode does not allow, each with its reason.

    An empty mode refuses nothing yet, but what no mode allows.
    """
    clashes = []
    for id, asks, instead in _REQUESTS:
        row = feature(id)
        if row.allows(fieldwork.mode) if fieldwork.mode else any(row.allows(mode) for mode in MODES):
            continue
        for where, said in asks(fieldwork):
            in_mode = f"in {fieldwork.mode} mode" if any(row.allows(mode) for mode in MODES) else "in any mode"
            name = ".".join(shown(step) for step in where)
            message = f"{name}: {said} is not possible {in_mode}. {row.reason} {instead}"
            clashes.append(Clash(id, where, message))
    least = LEAST.get(fieldwork.mode, 3)
    if 0 < fieldwork.k < least:
        said = f"in {fieldwork.mode} mode" if fieldwork.mode else "in any mode"
        message = (f"k: groups of {fieldwork.k} are too small {said}: a figure of a small group can be put down to its "
                   f"members. Write k: {least} or more.")  # fmt: skip
        clashes.append(Clash("k", ("k",), message))
    return tuple(clashes)


_Asked = Iterator[tuple[tuple[str, ...], str]]


def _withdrawal(fieldwork: Fieldwork) -> _Asked:
    if fieldwork.withdrawal == "retention":
        yield ("withdrawal",), "withdrawal after the wave is closed"


def _reminders(fieldwork: Fieldwork) -> _Asked:
    if fieldwork.invitation.reminders == "unfinished":
        yield ("invitation", "reminders"), "a reminder to those who have not finished"


def _key_file(fieldwork: Fieldwork) -> _Asked:
    for sample in fieldwork.samples.values():
        if sample.linking == "key-file":
            yield ("samples", sample.id, "linking"), "linking by a key file"
    if fieldwork.retention.key is not None:
        yield ("retention", "key"), "a key file"


def _times(fieldwork: Fieldwork) -> _Asked:
    if fieldwork.paradata.times == "fine":
        yield ("paradata", "times"), "keeping the times of each person"


def _order(fieldwork: Fieldwork) -> _Asked:
    if fieldwork.paradata.order:
        yield ("paradata", "order"), "keeping the order in which items were shown"


def _identifying(fieldwork: Fieldwork) -> _Asked:
    for sample in fieldwork.samples.values():
        for name in sample.attributes:
            if key(name) in _IDENTIFYING:
                yield (
                    ("samples", sample.id, "attributes"),
                    f"the attribute '{shown(name)}', which says who somebody is,",
                )


#: What keys of the file ask for, and what to write instead.
_REQUESTS: tuple[tuple[str, Callable[[Fieldwork], _Asked], str], ...] = (
    ("withdrawal-after-closing", _withdrawal, "Write withdrawal: closing."),
    ("reminders-to-unfinished", _reminders, "Write reminders: everyone."),
    ("linking-by-key-file", _key_file, "Leave it out; waves can be linked by a self-made-code."),
    ("page-times", _times, "Write times: coarse."),
    ("order", _order, "Write order: false."),
    ("identifying-attributes", _identifying, "Leave it out; crmstudy invite writes who is who into the key file."),
)


def modes_table() -> str:
    """The table in Markdown."""
    lines = ["| | anonymous | confidential | identified | why |", "|---|---|---|---|---|"]
    lines.append(f"| smallest k | {' | '.join(str(LEAST[mode]) for mode in MODES)} | A figure of a small group can be "
                 "put down to its members. |")  # fmt: skip
    for row in FEATURES:
        cells = [row.says(mode).replace(": ", ", ", 1) for mode in MODES]
        lines.append(f"| {row.name} | {' | '.join(cells)} | {row.reason} |")
    return "\n".join(lines) + "\n"
