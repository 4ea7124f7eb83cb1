"""The pages as HTML: well formed, escaped, within the policy, and read back as they were drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest

from crmstudy.administration.fieldwork import Consent, Retention
from crmstudy.administration.server import questions
from crmstudy.administration.server.rendering import TEMPLATES, Frame, Renderer, assets
from crmstudy.administration.session.answers import form_values, read_page
from crmstudy.administration.session.feedback import OwnScore
from crmstudy.administration.wording.texts import texts
from crmstudy.instrument import load_instrument
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.forms import pages
from crmstudy.instrument.model import Item, Question, ResponseFormat, Scale, Section
from tests.administration.server.gallery import CHANNELS, SECRET, TAGS, every_kind, gallery, study

VOID = {"meta", "link", "input", "br", "hr", "img"}
FIVE = ResponseFormat(
    "five", 1, 5, {n: {tag: f"{tag} {n}" for tag in TAGS} for n in range(1, 6)}, (-8, -9),
    missing_labels={-8: dict.fromkeys(TAGS, "does not apply")},
)  # fmt: skip


class Page(HTMLParser):
    """What a browser makes of a page: its elements, and the forms as they would be posted."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.forms, self.text = [], [], [], []
        self.select = self.area = None
        self.feed(text)
        self.close()
        assert self.open == [], "elements that were never closed"

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        assert len(given) == len(attrs), "an attribute twice"
        self.elements.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "form":
            self.forms.append((given, {}))
        elif tag == "input" and "name" in given:
            kind = given.get("type")
            if kind not in ("radio", "checkbox") or "checked" in given:
                self.fill(given["name"], given.get("value", ""))
        elif tag == "select":
            self.select = (given["name"], None)
        elif tag == "option" and (self.select[1] is None or "selected" in given):
            self.select = (self.select[0], given["value"])
        elif tag == "textarea":
            self.area = (given["name"], [])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "select":
            self.fill(*self.select)
        elif tag == "textarea":
            self.fill(self.area[0], "".join(self.area[1]).removeprefix("\n"))
            self.area = None

    def handle_data(self, data):
        self.text.append(data)
        if self.area is not None:
            self.area[1].append(data)

    def fill(self, name, value):
        self.forms[-1][1].setdefault(name, []).append(value)

    def all(self, tag):
        return [given for name, given in self.elements if name == tag]


@pytest.fixture(scope="module", params=TAGS)
def shown(request):
    return request.param, {name: (text, Page(text)) for name, text in gallery(request.param).items()}


def test_every_page_says_its_language_and_direction(shown):
    lang, made = shown
    for name, (_, page) in made.items():
        (root,) = page.all("html")
        assert root == {"lang": lang, "dir": "rtl" if lang == "fa" else "ltr"}, name
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1, name


def test_ids_are_unique_and_what_points_at_them_finds_them(shown):
    for name, (_, page) in shown[1].items():
        ids = [given["id"] for _, given in page.elements if "id" in given]
        assert len(ids) == len(set(ids)), name
        for _, given in page.elements:
            for attribute in ("aria-describedby", "aria-labelledby", "for", "data-for"):
                assert set((given.get(attribute) or "").split()) <= set(ids), (name, attribute, given)
            if given.get("href", "").startswith("#"):
                assert given["href"][1:] in ids, name


def test_no_page_has_a_script_a_style_or_an_address_of_its_own(shown):
    for name, (text, page) in shown[1].items():
        for tag, given in page.elements:
            assert tag != "style", name
            assert tag != "script" or given["src"].startswith("/static/"), name
            assert not [key for key in given if key.startswith("on") or key == "style"], name
            for key in ("href", "src", "action", "formaction"):
                assert given.get(key, "/").startswith(("/", "#")), (name, given)
                assert not given.get(key, "/").startswith("//"), (name, given)
        assert "http" not in re.sub('http-equiv|"http://www.w3.org/2000/svg"', "", text), name


def test_every_form_is_posted_and_carries_the_mark_against_forgery(shown):
    for name, (_, page) in shown[1].items():
        for form, fields in page.forms:
            assert form["method"] == "post", name
            assert form["action"].startswith(("/s/", "/language")), name
            if form["action"] != "/language":
                assert fields["csrf"] == ["csrf"], name
        assert "<table" not in made_of(page), name


def made_of(page):
    return " ".join(f"<{tag}" for tag, _ in page.elements)


def test_questions_are_fieldsets_with_native_fields(shown):
    """One fieldset with a legend for each item; nothing is chosen beforehand; nothing keeps answers but this server."""
    for name, (_, page) in shown[1].items():
        if re.fullmatch(r"page-\d\d", name):
            sets = [given for given in page.all("fieldset") if given["class"].startswith("q")]
            assert len(sets) == len(page.all("legend")), name
            assert "role" not in {key for given in sets for key in given}
            assert not [given for given in page.all("input") if "checked" in given]
            for given in page.all("input"):
                if given.get("type") in (None, "text", "hidden"):
                    assert given["autocomplete"] == "off"  # no list of what others typed, nothing stale on the way back
                assert given.get("type") != "number"


def test_persian_pages_show_persian_digits_only():
    for name, text in gallery("fa").items():
        seen = re.sub(r"<(head|bdi|textarea)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL)
        seen = (
            seen.replace("CRM 360", "")
            .replace("021-5555 0100", "")
            .replace("B1", "")
            .replace("survey@bank.example", "")
        )
        assert not re.search("[0-9٠-٩]", re.sub(r"Region \d+", "", seen)), name


ANSWERS = (
    {"a1": 3, "a2": -8, "uses": 16, "line": 40, "wide": 7, "multi": [1, 3], "rank": [2, 4, 1, 3], "top": [4, 1],
     "integer": 12, "decimal": 4.5, "date": "2025-03-20", "text": "a \"b\" <c> &amp; 'd'",
     "longtext": "\n<b>\n\u200cمی"},
    {"a1": 1, "line": -8, "wide": -8, "multi": [2], "decimal": -0.25, "date": "1999-12-31", "text": "کتاب"},
    {},
)  # fmt: skip
WIDE = ResponseFormat("wide", 0, 100, {0: dict.fromkeys(TAGS, "none")}, (-8,), missing_labels={
    -8: dict.fromkeys(TAGS, "does not apply")
})  # fmt: skip
LONG = ResponseFormat("long", 1, 20, {n: dict.fromkeys(TAGS, f"n{n}") for n in range(1, 21)}, measure="nominal")


def words(id):
    return {tag: f"{tag} {id}" for tag in TAGS}


@pytest.fixture(scope="module")
def kinds():
    items = [Item("a1", 1, FIVE, wording=words("a1")), Item("a2", 2, FIVE, wording=words("a2")),
             Item("uses", 3, LONG, wording=words("uses"), unscored=True),
             Item("line", 4, WIDE, wording=words("line"), slider=True),
             Item("wide", 5, WIDE, wording=words("wide"))]  # fmt: skip
    asked = [Question(kind, 6 + n, kind, CHANNELS if kind in ("multi", "rank") else None, words(kind))
             for n, kind in enumerate(("multi", "rank", "integer", "decimal", "text", "longtext", "date"))]  # fmt: skip
    asked.append(Question("top", 20, "rank", CHANNELS, words("top"), top=2))
    scale = Scale("s", words("s"), tuple(items[:2]), "mean", 1)
    made = draft("kinds", name=words("kinds"), items=items, questions=asked, scales=[scale], languages=TAGS)
    held = study()
    return replace(held, samples={"staff": replace(held.samples["staff"], instruments=(made,))}), made


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("lang", TAGS)
def test_what_is_drawn_is_read_back(kinds, lang, answers):
    held, instrument = kinds
    draw, frame = Renderer(held), Frame(lang, "csrf", "staff", "/s/staff")
    refused = {"a2", "uses"} - answers.keys()
    found = {}
    for page in pages(instrument, lang, rows=4):
        values = form_values(page, answers, lang, refused=refused)
        drawn = Page(draw.page(frame, page, number=page.number, of=9, values=values, refusal=True))
        (form,) = [fields for given, fields in drawn.forms if "/p/" in given["action"]]
        read = read_page(page, form, lang, refusal=True)
        assert read.faults == {}
        assert set(read.reasons) == refused & {one.id for one in page.fields}
        found |= {id: answer for id, answer in read.answers.items() if answer is not None}
        again = read_page(page, values, lang, refusal=True)
        assert again.answers == read.answers
    wanted = dict(answers)
    if "longtext" in wanted:
        wanted["longtext"] = wanted["longtext"].strip("\n").replace("\n\u200c", "\n")
    assert found == wanted


def test_what_is_wrong_is_shown_again_with_its_fault(kinds):
    held, instrument = kinds
    posted = {"q.integer": ["<twelve>"], "q.a1": ["77"], "q.date.y": ["۱۴۰۳"], "q.date.m": ["2"], "q.rank.1": ["9"],
              "q.line": ["12", "refuse"]}  # fmt: skip
    draw, frame = Renderer(held), Frame("fa", "csrf", "staff", "/s/staff")
    for page in pages(instrument, "fa", rows=4):
        read = read_page(page, posted, "fa", refusal=True)
        faults = {id: said for id, said in read.faults.items() if id}
        text = draw.page(frame, page, number=page.number, of=9, values=posted, faults=read.faults, refusal=True)
        drawn = Page(text)
        (form,) = [fields for given, fields in drawn.forms if "/p/" in given["action"]]
        links = [given["href"] for given in drawn.all("a") if given["href"].startswith("#q.")]
        assert links == [f"#q.{one.id}" for one in page.fields if one.id in faults]
        for id in faults:
            assert f'id="e.{id}"' in text
            assert id == "a1" or any(name.startswith(f"q.{id}") for name in form)
        if "integer" in faults:
            assert form["q.integer"] == ["<twelve>"]
            assert "<twelve>" not in text
        if "date" in faults:
            assert (form["q.date.y"], form["q.date.m"], form["q.date.d"]) == (["۱۴۰۳"], ["2"], [""])


PAYLOADS = ("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg onload=alert(1)>", "</textarea><i>",
            "{{ 7*7 }}{% raw %}", "&lt;b&gt;", "javascript:alert(1)", "\u202e<b>", "#e.a1#<b>")  # fmt: skip


def hostile(payload):
    """A study that says one thing wherever it can say anything."""
    bad = dict.fromkeys(TAGS, payload)
    answers = ResponseFormat("five", 1, 3, dict.fromkeys(range(1, 4), bad), (-8,), missing_labels={-8: bad})
    some = ResponseFormat("some", 1, 3, {1: bad}, (-8,), missing_labels={-8: bad})
    line = ResponseFormat("line", 0, 100, {0: bad, 100: bad}, (-8,), missing_labels={-8: bad})
    long = ResponseFormat("long", 1, 20, dict.fromkeys(range(1, 21), bad))
    items = [Item("a1", 1, answers, wording=bad), Item("a2", 2, answers, wording=bad), Item("b1", 3, some, wording=bad),
             Item("b2", 4, some, wording=bad), Item("c1", 5, line, wording=bad, slider=True),
             Item("d1", 6, long, wording=bad), Item("e1", 7, answers, wording=bad)]  # fmt: skip
    asked = [Question(kind, 8 + n, kind, answers if kind in ("multi", "rank") else None, bad) for n, kind in
             enumerate(("multi", "rank", "integer", "text", "longtext", "date", "info"))]  # fmt: skip
    ids = tuple(one.id for one in (*items, *asked))
    made = draft("bad", name=bad, items=items, questions=asked, languages=TAGS, instructions=bad,
                 scales=[Scale("s", bad, tuple(items[:2]), "mean", 1)],
                 sections=[Section("s", ids, bad, bad)])  # fmt: skip
    held = study()
    notice, staff = dict.fromkeys(held.notice, bad), held.samples["staff"]
    return made, replace(held, title=bad, notice=notice, consent=Consent(1, bad, (bad, bad)),
                         samples={"staff": replace(staff, instruments=(made,))})  # fmt: skip


def hostile_pages(payload):
    made, held = hostile(payload)
    draw, frame = Renderer(held), Frame("fa", payload, "staff", "/s/staff", languages=TAGS)
    yield draw.start(frame, draft=payload, faults=(1,))
    yield draw.privacy(frame)
    yield draw.done(frame, "submitted", receipt=payload, scores=[OwnScore("s", payload, payload, 2, 1, 5, 1, 2, 1)])
    yield draw.code(frame, ("mother",), values={"mother": payload}, faults=("mother",))
    for page in pages(made, "fa"):
        values = {f"q.{one.id}{part}": [payload] for one in page.fields for part in ("", ".y", ".m", ".1")}
        for faults, soft in (({one.id: ("invalid", {}) for one in page.fields} | {"": ("invalid", {})}, ()),
                             ({}, [one.id for one in page.fields])):  # fmt: skip
            yield draw.page(frame, page, number=1, of=1, values=values, faults=faults, soft=soft, seen=(payload,),
                            since=payload, submission=payload, resume_code=payload, refusal=True)  # fmt: skip


def shape(text):
    """The elements of a page and the names of their attributes: all that a text must not change."""
    return [(tag, tuple(given)) for tag, given in Page(text).elements]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_a_study_or_a_respondent_changes_the_page(payload):
    for plain, text in zip(hostile_pages("harmless words"), hostile_pages(payload), strict=True):
        assert shape(text) == shape(plain)
        assert "7*7" in text or "49" not in text.replace("&#39;", "")


def test_the_check_of_pages_sees_a_text_that_is_not_escaped():
    text = gallery("en")["message-missing"]
    broken = text.replace("<h1>", "<h1><img src=x onerror=alert(1)>")
    assert shape(broken) != shape(text)


def test_a_question_is_drawn_once_for_every_look(monkeypatch):
    held = study()
    draw, frame = Renderer(held), Frame("en", "csrf", "staff", "/s/staff")
    page = pages(load_instrument("qwl-walton"), "en", rows=100)[0]
    values = {f"q.{one.id}": ["2"] for one in page.fields}
    first = draw.page(frame, page, number=1, of=1, values=values, refusal=True)

    class Dead:
        def __getattr__(self, name):
            raise AssertionError(f"{name} was drawn again")

    monkeypatch.setattr(draw._questions, "_drawn", Dead())
    assert draw.page(frame, page, number=1, of=1, values=values, refusal=True) == first
    moved = replace(page, blocks=tuple(
        replace(block, fields=tuple(replace(one, number=one.number + 20) for one in block.fields))
        for block in page.blocks))  # fmt: skip
    assert "<b>21</b>" in draw.page(frame, moved, number=1, of=1, values=values, refusal=True)
    with pytest.raises(AssertionError, match="drawn again"):
        draw.page(frame, page, number=1, of=1, values=values, refusal=False)


def test_what_was_typed_is_not_kept_and_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(questions, "KEPT", 10)
    made, held = hostile("words")
    draw, frame = Renderer(held), Frame("en", "csrf", "staff", "/s/staff")
    for n in range(30):
        for page in pages(made, "en"):
            values = {f"q.{one.id}": [f"typed {n}"] for one in page.fields}
            values |= {f"q.{one.id}": [str(n % 4)] for one in page.fields if n % 2}
            assert "typed" in draw.page(frame, page, number=1, of=1, values=values) or n % 2
            assert len(draw._questions._kept) <= 10
            assert "typed" not in repr(draw._questions._kept)


@pytest.mark.parametrize("lang", TAGS)
def test_a_page_of_sixty_items_is_small(lang):
    instrument = load_instrument("qwl-walton")
    page = pages(instrument, lang, rows=100)[0]
    fields = page.fields * (60 // len(page.fields) + 1)
    sixty = tuple(replace(one, id=f"X{n}", number=n) for n, one in enumerate(fields[:60], start=1))
    text = Renderer(study()).page(
        Frame(lang, "c" * 64, "staff", "/s/staff", languages=TAGS),
        replace(page, blocks=(replace(page.blocks[0], fields=sixty),)), number=1, of=2, refusal=True, since="s" * 64,
        resume_code=SECRET,
    )  # fmt: skip
    assert text.count('type="radio"') == 360
    assert len(text.encode()) <= 60_000


def said_on(mode, lang="en", **more):
    held = study(mode, **more)
    frame = Frame(lang, "csrf", "staff", "/s/staff", languages=TAGS)
    texts_shown = [Renderer(held).start(frame, draft=SECRET), Renderer(held).privacy(frame)]
    return [" ".join("".join(Page(text).text).split()) for text in texts_shown]


@pytest.mark.parametrize("lang", TAGS)
@pytest.mark.parametrize("mode", ["anonymous", "confidential", "identified"])
def test_what_a_mode_promises_and_cannot_promise_is_said(mode, lang):
    t = texts(lang)
    for text in said_on(mode, lang):
        for other in ("anonymous", "confidential", "identified"):
            assert (t.say(f"mode.{other}") in text) == (other == mode)
        assert t.say(f"mode.{mode}.operator", recipients=t.say("notice.recipients")) in text
        assert t.say("start.groups", n=5) in text
        assert t.say("mode.token") in text
        assert (t.say("mode.anonymous.draft") in text) == (mode == "anonymous")
        assert t.say("mode.withdraw.anonymous" if mode == "anonymous" else "mode.withdraw.closing") in text
        assert (t.say("start.manager") in text) == (mode != "identified")
        assert (t.say("notice.key") in text) == (mode == "confidential")


def test_what_is_kept_besides_is_said_as_it_is():
    from crmstudy.administration.fieldwork import Paradata

    fine = said_on("confidential", paradata=Paradata("fine", order=True, device=False), withdrawal="retention")[0]
    t = texts("en")
    assert t.say("kept.times") in fine
    assert t.say("kept.order") in fine
    assert t.say("kept.device") not in fine
    assert t.say("kept.duration") not in fine
    assert t.say("mode.withdraw.retention") in fine
    assert t.say("kept.duration") in said_on("anonymous")[0]


def by_open_link(mode, lang, **more):
    held = study(mode, **more)
    held.samples["customers"] = replace(held.samples["customers"], **{"entry": "open", "kiosk": None})
    frame = Frame(lang, "csrf", "customers", "/s/customers", languages=TAGS)
    shown = (Renderer(held).start(frame, draft=SECRET), Renderer(held).privacy(frame))
    return [" ".join("".join(Page(text).text).split()) for text in shown]


@pytest.mark.parametrize("lang", TAGS)
@pytest.mark.parametrize("mode", ["confidential", "identified"])
def test_no_key_list_is_spoken_of_where_nobody_is_known_by_name(mode, lang):
    """Who comes by an open link stands in no list: no list can lead to them, and nobody can look them up."""
    t = texts(lang)
    first, notice = by_open_link(mode, lang)
    for text in (first, notice):
        assert t.say(f"mode.{mode}.open") in text
        assert t.say(f"mode.{mode}") not in text
        assert t.say("mode.token") not in text
        assert t.say("notice.key") not in text
        assert t.say("mode.confidential.operator") not in text
        assert (t.say("mode.open.operator") in text) == (mode == "confidential")
    assert t.say("privacy.rights.open") in notice
    assert t.say("privacy.rights.confidential") not in notice
    named = said_on(mode, lang)[1]
    assert t.say(f"privacy.rights.{mode}") in named
    assert t.say("privacy.rights.open") not in named


@pytest.mark.parametrize("lang", TAGS)
def test_what_a_link_says_of_somebody_and_a_code_of_their_own_are_told(lang):
    t, held = texts(lang), study("confidential")
    frame = Frame(lang, "csrf", "staff", "/s/staff", languages=TAGS)
    told = t.entries["kept.attributes"].partition("(")[0]
    plain = Renderer(held).start(frame, draft=SECRET)
    assert told not in plain
    assert t.say("mode.code") not in plain
    held.samples["staff"] = replace(held.samples["staff"], attributes=("grade", "tenure"), self_made_code=True)
    text = Renderer(held).start(frame, draft=SECRET)
    assert told in text
    assert t.say("kept.comma").join(("grade", "tenure")) in text
    assert t.say("kept.code") in text
    assert t.say("mode.code") in text


@pytest.mark.parametrize("lang", TAGS)
def test_only_in_anonymous_mode_is_nobody_said_to_find_the_answers_after_closing(lang):
    t, frame = texts(lang), Frame(lang, "csrf", "staff", "/s/staff", languages=TAGS)
    asked = t.say("withdraw.over.ask", privacy=t.say("frame.privacy"))
    for mode in ("anonymous", "confidential", "identified"):
        text = Renderer(study(mode)).withdraw(frame, over=True)
        assert (t.say("withdraw.over") in text) == (mode == "anonymous")
        assert (asked in text) == (mode != "anonymous")


def test_addresses_and_telephone_numbers_are_isolates_in_persian():
    contact = {"fa": "دبیرخانه، survey@bank.example، تلفن ۰۲۱-۵۵۵۵ <0100>", "en": "survey@bank.example, 021-5555"}
    held = study(notice={"contact": contact})
    shown = {
        lang: Renderer(held).start(Frame(lang, "csrf", "staff", "/s/staff"), draft=SECRET) for lang in ("fa", "en")
    }
    assert '<bdi dir="ltr">survey@bank.example</bdi>، تلفن <bdi dir="ltr">۰۲۱-۵۵۵۵</bdi> &lt;0100&gt;' in shown["fa"]
    assert "survey@bank.example, 021-5555" in shown["en"]


def test_what_is_not_settled_is_called_so_and_nothing_is_promised():
    first, notice = said_on("", notice={}, retention=Retention())
    for text in (first, notice):
        assert texts("en").say("mode.undecided") in text
        assert text.count(texts("en").say("notice.lacking")) == 6
        assert "receipt" not in text


def test_a_study_that_lacks_a_language_says_so_in_the_markup():
    held = replace(study(), title={"en": "Only <English>"}, languages=("fa", "en"))
    text = Renderer(held).message(Frame("fa", path="/s/staff"), "missing")
    assert '<span lang="en" dir="ltr">Only &lt;English&gt;</span>' in text


def test_declining_is_one_click_and_takes_no_tick():
    page = Page(Renderer(study()).start(Frame("en", "csrf", "staff", "/s/staff"), draft=SECRET))
    (fields,) = [fields for given, fields in page.forms if given["action"] == "/s/staff/consent"]
    assert fields == {"csrf": ["csrf"], "draft": [SECRET]}
    assert [given["value"] for given in page.all("button") if given.get("name") == "go"] == ["agree", "decline"]
    assert not [given for given in page.all("input") if "required" in given]


def test_thanks_are_the_same_for_those_who_declined():
    draw, frame = Renderer(study()), Frame("en", "csrf", "staff", "/s/staff")
    (mine,), (theirs,) = (re.findall("<h1>.*?</h1>", draw.done(frame, kind)) for kind in ("submitted", "declined"))
    assert mine == theirs


def test_preferring_not_to_answer_stands_at_attitude_items_only_and_once():
    held = study()
    frame = Frame("en", "csrf", "staff", "/s/staff")
    made = pages(every_kind(), "en", rows=100)[0]
    asked = Page(Renderer(held).page(frame, made, number=1, of=1, refusal=True))
    named = [given["name"] for given in asked.all("input") if given.get("value") == "refuse"]
    assert named == ["q.help", "q.likely1", "q.likely2"]
    assert [given["value"] for given in asked.all("option")].count("refuse") == 1  # where
    assert "refuse" not in Renderer(held).page(frame, made, number=1, of=1, refusal=False).replace("no-referrer", "")
    own = replace(FIVE, missing_labels={-8: dict.fromkeys(TAGS, "prefer not to answer.")})
    items = [Item(f"a{n}", n, own, wording=words("a")) for n in (1, 2)]
    scale = Scale("s", words("s"), tuple(items), "mean", 1)
    made = pages(draft("own", name=words("own"), items=items, scales=[scale], languages=TAGS), "en")[0]
    text = Renderer(held).page(frame, made, number=1, of=1, refusal=True)
    assert 'value="refuse"' not in text
    assert 'value="-8"' in text


def test_a_kiosk_offers_nothing_that_the_next_person_could_use():
    kiosk = Frame("en", "csrf", "customers", "/s/customers", kiosk=True, languages=TAGS)
    draw = Renderer(study())
    page = pages(load_instrument("ecsi"), "en")[0]
    for text in (
        draw.start(kiosk, draft=SECRET),
        draw.page(kiosk, page, number=1, of=2),
        draw.done(kiosk, "submitted"),
    ):
        assert 'value="later"' not in text
        assert "/resume" not in text
        assert "_blank" not in text


def css():
    return assets()["style.css"].content.decode()


def test_the_style_knows_no_left_and_right():
    text = re.sub(r"/\*.*?\*/", "", css(), flags=re.DOTALL)
    assert not re.search(r"\b(left|right)\b", text)
    assert not re.search(
        r"(?<!inline-size: )(?<![\w-])(?:min-|max-)?(?:width|height)\s*:",
        re.sub(r"\((?:min|max)-width: [\d.]+rem\)", "", text),
    )
    assert not re.search(r"(?:margin|padding):\s*[^\s;(]+(?:\s+[^\s;(]+){3}\s*;", text), "four sides, one by one"


def test_the_style_comes_from_here_alone_and_serves_everyone():
    text = css()
    assert set(re.findall(r'url\("(.*?)"\)', text)) <= set(assets())
    assert "@import" not in text
    for wanted in (
        "prefers-color-scheme: dark",
        "forced-colors: active",
        "prefers-reduced-motion",
        "@media print",
        ":focus-visible",
    ):
        assert wanted in text
    assert not re.search(r":lang\(fa\)[^}]*(italic|letter-spacing|uppercase)", text)
    assert "sticky" not in text
    assert "fixed" not in text


def test_the_script_is_short_and_writes_no_markup():
    text = assets()["pages.js"].content.decode()
    assert len(text.splitlines()) <= 60
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "Function(", "document.write", "http",
                      "Storage", "cookie", "fetch", "XMLHttp"):  # fmt: skip
        assert forbidden not in text


def test_every_template_and_file_is_there_and_known():
    room = resources.files("crmstudy").joinpath("administration")
    names = {one.name for folder in ("templates", "static") for one in room.joinpath(folder).iterdir()}
    ours = {name for name in names if name != "desk"}  # the desk has templates of its own
    assert ours == set(TEMPLATES) | {name for name in assets() if not name.endswith(".woff2")}
    for name in TEMPLATES:
        text = room.joinpath("templates", name).read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text


def test_nothing_that_a_template_needs_may_be_missing():
    from jinja2 import UndefinedError

    draw = Renderer(study())
    with pytest.raises(UndefinedError):
        draw._environment.get_template("message.html").render(t=texts("en"))
