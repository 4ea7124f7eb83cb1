"""What is known of a study in the field: frozen values, read from ``administration.yaml`` and ``study.yaml``.

Who is asked what, in which languages and when; what respondents are promised; which units there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from crmstudy.instrument.model import Instrument, Texts

Mode = Literal["anonymous", "confidential", "identified"]
Entry = Literal["token", "open", "both"]
Linking = Literal["none", "self-made-code", "key-file"]
#: What every privacy notice says, in every language; nothing opens before all of it is filled in.
NOTICE = ("controller", "contact", "purpose", "legal_basis", "recipients", "ethics")
#: The name of the only wave of a sample that is asked once.
ONCE = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """A period in which a sample is asked, from the beginning of one day to the end of another (UTC).

    A missing day is no bound. ``id`` is empty for a sample that is asked once.
    """

    id: str = ONCE
    opens: dt.date | None = None
    closes: dt.date | None = None

    def covers(self, day: dt.date) -> bool:
        """Whether answers are taken on a day."""
        return (self.opens is None or self.opens <= day) and (self.closes is None or day <= self.closes)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most ``limit`` submitted answers of one wave may fulfil a condition (:mod:`.session.conditions`)."""

    id: str
    when: str
    limit: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the organisation: branch, district, region; ``parent`` is empty at the top of the tree."""

    id: str
    name: Texts
    level: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when what is kept: answers and the key file to the end of a day, unfinished drafts for some days."""

    answers: dt.date | None = None
    key: dt.date | None = None
    drafts_days: int = 30


@dataclass(frozen=True, slots=True)
class Consent:
    """What a respondent agrees to: the study's own text, and statements that are each ticked.

    ``version`` is counted up by the study whenever it changes a word of it.
    """

    version: int = 1
    text: Texts = field(default_factory=dict)
    statements: tuple[Texts, ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """The letter that brings a link: ``{link}``, ``{title}``, ``{closes}`` and ``{contact}`` are filled in.

    ``reminders`` says who gets the second letter: ``everyone`` who got the first, or those who are ``unfinished``.
    """

    subject: Texts = field(default_factory=dict)
    text: Texts = field(default_factory=dict)
    reminder_subject: Texts = field(default_factory=dict)
    reminder: Texts = field(default_factory=dict)
    reminders: Literal["everyone", "unfinished"] = "everyone"


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server that sends the letters; the password stands in the environment, never in a file.

    ``security`` is ``starttls``, ``tls`` or ``none``; ``sender`` and ``reply_to`` are addresses, with a name or
    without. ``per_minute`` is the greatest number of letters in a minute, ``stop_list`` a file of addresses that get
    none.
    """

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: str = ""
    reply_to: str = ""
    per_minute: int = 30
    stop_list: Path | None = None


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A device that many people answer on, one after the other.

    After ``idle_seconds`` without a touch it asks whether somebody is there and then begins anew; the page of thanks
    stands for ``thanks_seconds``.
    """

    idle_seconds: int = 120
    thanks_seconds: int = 15


@dataclass(frozen=True, slots=True)
class Paradata:
    """What is kept of how somebody answered.

    ``times``: ``coarse`` keeps a band of the duration, ``fine`` the begin, the end and the seconds of every page.
    ``order`` keeps the order in which items were shown, ``device`` whether it was a phone, tablet or computer.
    """

    times: Literal["coarse", "fine"] = "coarse"
    order: bool = False
    device: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """One group of people and how it is asked.

    Attributes
    ----------
    id : str
        Its key under ``samples`` of study.yaml.
    population : str
        ``staff``, ``customer``, ``expert`` or ``unit``.
    instruments : tuple of Instrument
        What is asked, in this order.
    entry : str
        ``token``: only with a single-use token; ``open``: by a link that many use; ``both``.
    waves : tuple of Wave
        At least one.
    rows : int
        About how many rows of a grid a page holds.
    refusal : bool
        Whether "prefer not to answer" stands beside the answers of every attitude item.
    randomise : tuple of str
        Ids of the instruments whose items are asked in a random order within their scales.
    conditions : mapping of str to str
        Id of an item, question or section -> the condition under which it is asked.
    quotas : tuple of Quota
    feedback : tuple of str
        Ids of scales whose score the respondent is shown at the end.
    attributes : tuple of str
        Names of what links and tokens may carry besides the unit (a dyad, a product ...).
    self_made_code : bool
        Whether respondents make a code of their own by which waves are linked (``linking`` says so too).
    unfinished : str
        ``discard`` or ``keep``: what becomes of drafts when a wave is closed.
    linking : str
        How answers of one person belong together: ``none``, ``self-made-code``, or ``key-file`` (kept elsewhere).
    branch_links : bool
        Whether open links are signed, each with the unit it belongs to; without a valid one the page does not open.
    kiosk : Kiosk or None
        Whether devices can be set up on which many people answer.
    simulated : bool
        Whether study.yaml marks the answers of the sample as made up; it cannot be asked in earnest then.
    """

    id: str
    population: str
    instruments: tuple[Instrument, ...]
    entry: Entry = "open"
    waves: tuple[Wave, ...] = (Wave(),)
    rows: int = 10
    refusal: bool = True
    randomise: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    feedback: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    self_made_code: bool = False
    unfinished: Literal["discard", "keep"] = "discard"
    linking: Linking = "none"
    branch_links: bool = False
    kiosk: Kiosk | None = None
    simulated: bool = False

    def wave(self, day: dt.date) -> Wave | None:
        """The wave in which answers are taken on a day, if there is one."""
        return next((wave for wave in self.waves if wave.covers(day)), None)


@dataclass(frozen=True, slots=True)
class Fieldwork:
    """A study in the field.

    Attributes
    ----------
    folder : Path
        The folder of the study; what is collected lives in its ``administration/``.
    title : Texts
        By language.
    languages : tuple of str
        Those that are offered; the first is shown where nothing is chosen.
    mode : str
        ``anonymous``, ``confidential`` or ``identified``; empty while it was not chosen.
    k : int
        Size of the smallest group of which figures may be shown.
    samples : mapping of str to Sample
    notice : mapping of str to Texts
        The keys of :data:`NOTICE`, as far as they are filled in.
    consent, retention, invitation
        See there.
    levels : tuple of str
        Levels of the tree of units, from the smallest: ``branch``, ``district``, ``region``.
    units : mapping of str to Unit
    address : str
        Where respondents find the server: ``https://survey.example.org``, without a slash at the end.
    withdrawal : str
        How long a respondent can withdraw with the receipt: ``closing``, until the wave is closed, or ``retention``,
        until the answers are deleted.
    paradata
        See there.
    mail : Mail or None
        The mail server, if letters are sent from here.
    """

    folder: Path
    title: Texts
    languages: tuple[str, ...]
    samples: Mapping[str, Sample]
    mode: Mode | Literal[""] = ""
    k: int = 0
    notice: Mapping[str, Texts] = field(default_factory=dict)
    consent: Consent = field(default_factory=Consent)
    retention: Retention = field(default_factory=Retention)
    invitation: Invitation = field(default_factory=Invitation)
    levels: tuple[str, ...] = ()
    units: Mapping[str, Unit] = field(default_factory=dict)
    address: str = ""
    withdrawal: Literal["closing", "retention"] = "closing"
    paradata: Paradata = field(default_factory=Paradata)
    mail: Mail | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nothing may tell who answered what: in anonymous mode, and as long as no mode is chosen."""
        return self.mode not in ("confidential", "identified")

    @property
    def place(self) -> Path:
        """The folder of what is collected, and of the keys that guard it."""
        return self.folder / "administration"

    def instruments(self) -> Iterator[Instrument]:
        """Every instrument, once."""
        seen: set[str] = set()
        for sample in self.samples.values():
            for instrument in sample.instruments:
                if instrument.id not in seen:
                    seen.add(instrument.id)
                    yield instrument
