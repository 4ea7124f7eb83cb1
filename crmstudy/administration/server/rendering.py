"""The pages as HTML. Templates are compiled once.

Whatever a study says or a respondent types is escaped wherever it is shown. No page has a script, a style or an address
of its own: all of them get by with a policy that allows files of this server only.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from crmstudy.administration.fieldwork import NOTICE, Fieldwork, Sample, Wave
from crmstudy.administration.keys import grouped
from crmstudy.administration.server.questions import Questions, Said, dom, fault_said
from crmstudy.administration.session.feedback import OwnScore
from crmstudy.administration.wording.texts import DIRECTIONS, LANGUAGES, Wording, base, day, runs, texts
from crmstudy.instrument.forms import Field, Page

Ending = Literal["submitted", "declined", "already", "withdrawn", "full", "closed"]
TEMPLATES = (
    "code.html", "done.html", "fields.html", "frame.html", "message.html", "page.html", "parts.html", "privacy.html",
    "secret.html", "start.html", "welcome.html",
)  # fmt: skip
_MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_STATIC = ("style.css", "desk.css", "pages.js", "mark.svg")
_FONTS = (
    "Vazirmatn-Regular.woff2", "Vazirmatn-Bold.woff2", "GolosText-latin-Regular.woff2", "GolosText-latin-Bold.woff2",
    "GolosText-cyrillic-Regular.woff2", "GolosText-cyrillic-Bold.woff2",
)  # fmt: skip


class Asset(NamedTuple):
    """A file that pages ask for: what it holds, its media type, and a short trace of its content."""

    content: bytes
    media_type: str
    trace: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages of one visit share.

    Attributes
    ----------
    lang : str
        The language of the page.
    csrf : str
        What every form sends back.
    sample, path : str
        The sample, and where its pages begin: ``/s/staff``.
    kiosk : bool
        Whether one person after the other answers on this device.
    trial : bool
        Whether answers are test answers.
    languages : tuple of str
        Those to choose from.
    """

    lang: str
    csrf: str = ""
    sample: str = ""
    path: str = ""
    kiosk: bool = False
    trial: bool = False
    languages: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def assets() -> Mapping[str, Asset]:
    """Every file that pages ask for, by name; they are served from one folder, beside each other."""
    room = resources.files("crmstudy")
    places = {name: room.joinpath("administration", "static", name) for name in _STATIC}
    places |= {name: room.joinpath("fonts", name) for name in _FONTS}
    found: dict[str, Asset] = {}
    for name, place in places.items():
        content = place.read_bytes()
        media_type = _MEDIA[name[name.rindex(".") :]]
        found[name] = Asset(content, media_type, hashlib.sha256(content).hexdigest()[:12])
    return found


class Renderer:
    """Draws the pages of one study.

    Parameters
    ----------
    fieldwork : Fieldwork
        The study.
    static : str
        Where :func:`assets` are served.
    """

    def __init__(self, fieldwork: Fieldwork, *, static: str = "/static") -> None:
        self.fieldwork = fieldwork
        self._static = static
        environment = Environment(
            loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, auto_reload=False,
            trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False, cache_size=-1,
        )  # fmt: skip
        environment.globals["asset"] = self._asset
        self._environment = environment  # it keeps what it has compiled
        self._made: Questions | None = None

    @property
    def _questions(self) -> Questions:
        """What draws questions, made for the first page that has any."""
        if self._made is None:
            self._made = Questions(self._environment.get_template("fields.html").module)
        return self._made

    def start(
        self,
        frame: Frame,
        *,
        draft: str,
        wave: Wave | None = None,
        resumable: bool = False,
        faults: Collection[int] = (),
        ticked: Collection[int] = (),
        since: dt.date | None = None,
    ) -> str:
        """The first page: language, what the study is, what is promised, consent.

        Parameters
        ----------
        frame : Frame
        draft : str
            The secret of the draft that agreeing begins.
        wave : Wave, optional
            The wave that is open.
        resumable : bool
            Whether the token has a draft to go on with; nothing new can be begun then.
        faults, ticked : collection of int
            Numbers (from 1) of statements that were not ticked though they must be, and that were.
        since : date, optional
            Since when this version of the consent holds.
        """
        t, sample = texts(frame.lang), self.fieldwork.samples[frame.sample]
        entries = sum(entry.type != "info" for one in sample.instruments for entry in one.entries)
        links = [(f"agree.{n}", t.say("fault.statement")) for n in sorted(faults)]
        return self._page(
            "start.html", frame, t, draft=draft, resumable=resumable, faults=faults, ticked=ticked, links=links,
            questions=t.say(f"start.questions{'.most' if sample.conditions else ''}", n=entries),
            closes=wave.closes if wave is not None else None, refusal=sample.refusal,
            consent=self._paragraphs(self.fieldwork.consent.text, frame.lang),
            statements=[self._said(one, frame.lang) for one in self.fieldwork.consent.statements],
            **self._about(frame, t, sample, since),
        )  # fmt: skip

    def page(
        self,
        frame: Frame,
        page: Page,
        *,
        number: int,
        of: int,
        values: Mapping[str, Sequence[str]] | None = None,
        faults: Mapping[str, Said] | None = None,
        soft: Collection[str] = (),
        seen: Collection[str] = (),
        since: str = "",
        back: bool = False,
        submission: str | None = None,
        last: bool | None = None,
        resume_code: str | None = None,
        refusal: bool = False,
        unavailable: bool = False,
        whose: str = "",
    ) -> str:
        """A page of questions.

        Parameters
        ----------
        frame : Frame
        page : Page
            The page, in the language of the frame; it is posted to the address of its own number.
        number, of : int
            Its place among the pages that this respondent sees.
        values : mapping of str to sequence of str
            What the form fields hold, by their names.
        faults : mapping of str to (key, mapping)
            By question what is wrong with its answer (``fault.`` and the key is a text), under the empty key what
            belongs to no question; a question that must be answered has ``left_out``.
        soft : collection of str
            Questions that are asked for once more.
        seen : collection of str
            What the hidden field ``seen`` says.
        since : str
            What the hidden field ``since`` says.
        back : bool
            Whether there is a page before it.
        submission : str, optional
            The id of the submission, on a page that may be the last one.
        last : bool, optional
            Whether it is known to be the last one; by default where there is an id of the submission.
        resume_code : str, optional
            The secret of the draft, where it may be shown.
        refusal : bool
            Whether "prefer not to answer" is offered.
        unavailable : bool
            Whether the answers could not be saved just now.
        whose : str
            Tells the forms of one draft from those of others: what a browser fills in again by itself, on the way back,
            it fills into forms of the same draft only. Without it, it fills in nothing.
        """
        t, values, faults = texts(frame.lang), values or {}, faults or {}
        troubled = [id for id in faults if id] if faults else []
        asked = {one.id: one for one in page.fields if one.id in faults or one.id in soft}
        marked = [one for one in asked.values() if one.id in faults] if faults else list(asked.values())
        links = [(f"q.{dom(one.id)}", self._told(one, faults, t)) for one in marked]
        links += [("", fault_said(faults[""], t))] if "" in faults else []
        head = ""
        if faults:
            head = t.say("page.faults.head", n=max(1, len(troubled)))
        elif soft:
            head = t.say("page.soft.head", n=len(asked))
        drawn = [self._questions.block(block, t, values, faults, soft, refusal) for block in page.blocks]
        return self._page(
            "page.html", frame, t, page=page, number=number, of=of, head=head, wrong=bool(faults), links=links,
            questions=Markup("\n").join(drawn), seen=" ".join(seen), since=since, back=back, submission=submission,
            last=submission is not None if last is None else last,
            resume_code=grouped(resume_code) if resume_code else None, unavailable=unavailable, named=_named(frame),
            whose="" if frame.kiosk else whose,
        )  # fmt: skip

    def done(self, frame: Frame, kind: Ending, *, receipt: str | None = None, scores: Sequence[OwnScore] = ()) -> str:
        """The last page, whichever way it came to an end; declining ends on the same one as submitting."""
        t = texts(frame.lang)
        thanks = kind in ("submitted", "declined")
        return self._page(
            "done.html", frame, t, head=t.say("done.thanks" if thanks else f"done.{kind}.head"),
            said=[t.say(f"done.{kind}")], code=grouped(receipt) if receipt else "", code_head=t.say("done.receipt"),
            code_hint=t.say("done.receipt.hint"), scores=[_shown_score(one, t) for one in scores],
        )  # fmt: skip

    def saved(self, frame: Frame, *, code: str, token: bool = False) -> str:
        """What "save and continue later" ends on: the code, and whether the link of the invitation does as well."""
        t = texts(frame.lang)
        said = [t.say("done.saved"), *([t.say("done.saved.token")] if token else [])]
        said += [t.say("done.saved.also")] if token and code else []
        return self._page(
            "done.html", frame, t, head=t.say("done.saved.head"), said=said, code=grouped(code) if code else "",
            code_head=t.say("page.code"), code_hint=t.say("page.code.hint"), scores=(),
        )  # fmt: skip

    def resume(self, frame: Frame, fault: str | None = None) -> str:
        """Where a code is entered to go on (form field ``code``); ``fault`` is ``code`` or ``code.short``."""
        return self._secret(frame, "resume", "code", fault)

    def withdraw(self, frame: Frame, fault: str | None = None, *, over: bool = False) -> str:
        """Where a receipt is entered to withdraw (form field ``receipt``); ``over``: nothing can be withdrawn."""
        return self._secret(frame, "withdraw", "receipt", fault, over=over)

    def needed(self, frame: Frame, fault: str | None = None) -> str:
        """Where an access code is entered by hand (form field ``t``, posted to ``token``)."""
        t = texts(frame.lang)
        return self._page(
            "secret.html", frame, t, head=t.say("message.needed.head"), lead=t.say("message.needed"), action="token",
            name="t", label=t.say("message.needed.label"), button=t.say("message.needed.go"), danger=False,
            fault=t.say(f"fault.{fault}") if fault else "", named=_named(frame),
        )  # fmt: skip

    def code(
        self,
        frame: Frame,
        questions: Sequence[str],
        *,
        values: Mapping[str, str] | None = None,
        faults: Collection[str] = (),
    ) -> str:
        """The questions of which a respondent makes a code: form fields ``code.<name>``, texts ``code.ask.<name>``."""
        t, values = texts(frame.lang), values or {}
        said = t.say("fault.part")
        asked = [(id, t.say(f"code.ask.{id}"), values.get(id, ""), said if id in faults else "") for id in questions]
        links = [(f"code.{id}", t.say(f"code.ask.{id}")) for id in questions if id in faults]
        return self._page("code.html", frame, t, questions=asked, links=links)

    def privacy(self, frame: Frame, *, since: dt.date | None = None) -> str:
        """The privacy notice."""
        t, sample = texts(frame.lang), self.fieldwork.samples[frame.sample]
        mode = self.fieldwork.mode
        about = self._about(frame, t, sample, since)
        whose = "open" if _nameless(mode, sample) else mode
        return self._page("privacy.html", frame, t, rights=t.say(f"privacy.rights.{whose}") if mode else "", **about)

    def message(self, frame: Frame, key: str, **values: Any) -> str:
        """A page that says one thing: the texts ``message.<key>.head`` and ``message.<key>``."""
        t = texts(frame.lang)
        said = t.say(f"message.{key}", **values)
        return self._page("message.html", frame, t, head=t.say(f"message.{key}.head"), said=said)

    def welcome(self, frame: Frame, samples: Sequence[tuple[str, str]]) -> str:
        """The door of a study with several samples: (sample, address) of those that are open."""
        t = texts(frame.lang)
        kinds = [self.fieldwork.samples[id].population for id, _ in samples]
        doors = []
        for (id, href), kind in zip(samples, kinds, strict=True):
            name = t.say(f"population.{kind}")
            doors.append((f"{name} ({id})" if kinds.count(kind) > 1 else name, href))
        return self._page("welcome.html", frame, t, samples=doors, named=_named(frame))

    def _page(self, template: str, frame: Frame, t: Wording, **more: Any) -> str:
        study = self._said(self.fieldwork.title, frame.lang)
        return self._environment.get_template(template).render(frame=frame, lang=frame.lang, t=t, study=study, **more)

    def _secret(self, frame: Frame, kind: str, name: str, fault: str | None, *, over: bool = False) -> str:
        t = texts(frame.lang)
        lead = "lead" if not over else "over" if self.fieldwork.mode == "anonymous" else "over.ask"
        return self._page(
            "secret.html", frame, t, head=t.say(f"{kind}.head"),
            lead=t.say(f"{kind}.{lead}", privacy=t.say("frame.privacy")), action=kind, name=name,
            label="" if over else t.say(f"{kind}.label"), button=t.say(f"{kind}.go"),
            danger=kind == "withdraw", fault=t.say(f"fault.{fault}") if fault else "", named=_named(frame),
        )  # fmt: skip

    def _asset(self, name: str) -> str:
        """The address of a file; its trace makes a new content a new address. Fonts are found by the style sheet."""
        trace = "" if name.endswith(".woff2") else f"?v={assets()[name].trace}"
        return f"{self._static}/{name}{trace}"

    def _said(self, study: Mapping[str, str], lang: str) -> Markup:
        """What the study says, set apart where it says it in another language only.

        In a Persian text addresses and telephone numbers are set apart too, so that they are not put in reverse.
        """
        if study.get(lang):
            apart = Markup('<bdi dir="ltr">{}</bdi>')
            return Markup("").join(apart.format(part) if alone else part for part, alone in runs(study[lang], lang))
        for tag in (base(lang), *self.fieldwork.languages, *study):
            if study.get(tag):
                short = tag.split("-")[0]
                direction = DIRECTIONS.get(short, "auto")
                return Markup('<span lang="{}" dir="{}">{}</span>').format(tag, direction, study[tag])
        return Markup("")

    def _paragraphs(self, study: Mapping[str, str], lang: str) -> list[Markup]:
        """What the study says, a paragraph for every empty line."""
        parts: dict[str, list[str]] = {
            tag: [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()] for tag, text in study.items()
        }
        most = len(next((parts[tag] for tag in (lang, base(lang), *self.fieldwork.languages, *parts)
                         if parts.get(tag)), []))  # fmt: skip
        return [self._said({tag: said[n] for tag, said in parts.items() if n < len(said)}, lang) for n in range(most)]

    def _about(self, frame: Frame, t: Wording, sample: Sample, since: dt.date | None) -> dict[str, Any]:
        """What the first page and the privacy notice both say."""
        held, lang = self.fieldwork, frame.lang
        rows: list[tuple[str, Markup | str]] = []
        for name in NOTICE:
            if name != "purpose":
                said = self._said(held.notice.get(name, {}), lang)
                rows.append((t.say(f"notice.{name}"), said or t.say("notice.lacking")))
        keep = held.retention
        rows.append((t.say("notice.answers"), _day(keep.answers, t)))
        if held.mode == "confidential" and sample.entry != "open":
            rows.append((t.say("notice.key"), _day(keep.key, t)))
        rows.append((t.say("notice.drafts"), t.say("notice.drafts_days", n=keep.drafts_days)))
        untold = {"staff": "start.manager", "unit": "start.manager", "customer": "start.branch"}.get(sample.population)
        version = held.consent.version
        return {
            "purpose": self._paragraphs(held.notice.get("purpose", {}), lang),
            "promises": self._promises(t, sample),
            "facts": rows,
            "untold": t.say(untold) if untold and held.mode != "identified" else "",
            "named": _named(frame),
            "version": t.say("start.since", version=version, day=since) if since
            else t.say("start.version", version=version),
        }  # fmt: skip

    def _promises(self, t: Wording, sample: Sample) -> list[str]:
        """What is promised, what is kept besides, and what nobody can promise."""
        held, mode, tokens = self.fieldwork, self.fieldwork.mode, sample.entry != "open"
        if not mode:
            return [t.say("mode.undecided")]
        nameless = _nameless(mode, sample)
        said = [t.say(f"mode.{mode}.open" if nameless else f"mode.{mode}")]
        said += [t.say("mode.token")] if tokens else []
        said += [t.say("mode.anonymous.draft")] if tokens and mode == "anonymous" else []
        whose = "open" if nameless and mode == "confidential" else mode
        said.append(t.say(f"mode.{whose}.operator", recipients=t.say("notice.recipients")))
        said += [t.say("mode.code")] if sample.self_made_code else []
        comma = t.say("kept.comma")
        values = {"list": comma.join(sample.attributes)}
        kept = comma.join(t.say(f"kept.{what}", **values) for what in self._kept_besides(sample))
        said.append(t.say("kept.said", list=kept))
        said += [t.say("kept.few")] if mode != "identified" and (held.units or sample.attributes) else []
        said += [t.say("kept.unfinished")] if sample.unfinished == "keep" else []
        said += [t.say("start.groups", n=held.k)] if held.k else []
        return [*said, t.say(f"mode.withdraw.{'anonymous' if mode == 'anonymous' else held.withdrawal}")]

    def _kept_besides(self, sample: Sample) -> list[str]:
        """What is kept besides answers."""
        held, paradata = self.fieldwork, self.fieldwork.paradata
        kept = {
            "language": True, "source": True, "unit": bool(held.units), "attributes": bool(sample.attributes),
            "device": paradata.device,
            "duration": paradata.times == "coarse", "times": paradata.times == "fine", "order": paradata.order,
            "code": sample.self_made_code,
        }  # fmt: skip
        return [what for what, so in kept.items() if so]

    def _told(self, one: Field, faults: Mapping[str, Said], t: Wording) -> str:
        """A line of the summary: which question, and what is wrong with its answer or what it asks."""
        text = fault_said(faults[one.id], t) if one.id in faults else _shortened(one.text)
        return t.say("page.question.text", number=one.number, text=text)


def _nameless(mode: str, sample: Sample) -> bool:
    """Whether nobody is known by name though the mode would allow it: all come by an open link."""
    return mode in ("confidential", "identified") and sample.entry == "open"


def _source(name: str) -> str:
    return resources.files("crmstudy").joinpath("administration", "templates", name).read_text(encoding="utf-8")


def _named(frame: Frame) -> list[tuple[str, str, str]]:
    """The languages to choose from, each with its own name and direction."""
    known = [(tag, base(tag)) for tag in frame.languages]
    return [(tag, LANGUAGES[short], DIRECTIONS[short]) for tag, short in known]


def _day(date: dt.date | None, t: Wording) -> str:
    return day(date, t.lang) if date is not None else t.say("notice.lacking")


def _shortened(text: str, longest: int = 70) -> str:
    """The beginning of a text, up to the end of a word."""
    flat = " ".join(text.split())
    if len(flat) <= longest:
        return flat
    return flat[:longest].rsplit(" ", 1)[0] + " …"


def _shown_score(score: OwnScore, t: Wording) -> tuple[str, str, str, float | None, float, float]:
    """Name, figure in words and what a higher one means; the figure itself and its ends."""
    if score.value is None:
        return score.name, t.say("done.score.none"), "", None, score.low, score.high
    said = t.say("done.score", score=round(score.value, 1), low=score.low, high=score.high)
    return score.name, said, score.meaning, score.value, score.low, score.high
