"""Paper sheets typed in at the desk: blind, twice, decided by a third person; and nothing else for a clerk."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from asgi_browser import TODAY, Browser, application
from sqlalchemy import select

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.paper.numbers import sheet_number, shown_number
from crmstudy.administration.paper.taking import give_out
from crmstudy.administration.server import desk
from crmstudy.administration.store import schema
from crmstudy.administration.store.access import add_access
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.store import Store
from tests.administration.collected_samples import fieldwork_of
from tests.administration.paper.test_double_entry import CELLS
from tests.administration.server.looks import axe_source, chromium


class Place:
    """A study with one sheet, and people with keys."""

    def __init__(self, folder, mode="anonymous", language="en"):
        self.study = fieldwork_of(folder, mode)
        self.store = Store.open(folder / "administration")
        self.app = application(self.study, self.store)
        self.number = give_out(self.study, self.store, "staff", 1, language=language)[0].number
        self.path = f"/desk/entry/{self.number}"

    def clerk(self, name, role="clerk"):
        secret = new_secret()
        self.store.do_now(lambda work: add_access(work, digest("access", secret), name, role, TODAY.date()))
        browser = Browser(self.app)
        browser.get("/desk/login")
        answer = browser.send(browser.answer.form("/desk/login"), key=[secret])
        assert answer.status == 200
        return browser

    def type(self, browser, **cells):
        """Type a sheet in, and say that what is blank is blank."""
        answer = browser.get(self.path)
        assert answer.status == 200, answer.text
        answer = self.send(browser, self.path, cells)
        if "Not saved yet. Blank" in answer.text:
            answer = self.send(browser, self.path, cells)
        return answer

    def send(self, browser, path, cells):
        fields = {f"e.{column}": [text] for column, text in (CELLS | cells).items()}
        form = browser.answer.form(path)
        return browser.send(form, **{name: value for name, value in fields.items() if name in form.values})

    def rows(self, table=schema.response):
        return self.store.read(lambda c: [dict(row) for row in c.execute(select(table)).mappings()])


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.store.close()


def test_a_sheet_is_typed_in_by_two_people_and_is_an_answer(place):
    ann, bob = place.clerk("Ann"), place.clerk("Bob")
    opened = ann.send(ann.answer.form("/entry/open"), number=[f" {shown_number(place.number)} "])
    assert opened.status == 200
    assert "Type in: sheet" in opened.text
    answer = place.type(ann)
    assert "is saved" in answer.text
    assert place.rows() == []
    answer = place.type(bob)
    assert "is saved" in answer.text
    (row,) = place.rows()
    assert (row["source"], json.loads(row["answers"])["a1"], json.loads(row["opened"])["rank"]) == (
        "paper", 1, [1, 2, 3, 4],
    )  # fmt: skip
    assert place.rows(schema.entry) == []
    assert "settled already" in bob.get(place.path).text


def test_nobody_sees_what_another_person_typed(place):
    ann, bob = place.clerk("Ann"), place.clerk("Bob")
    before = bob.get(place.path).text
    place.type(ann, text="canary5417", age="77")
    after = bob.get(place.path).text
    assert "canary5417" not in after
    assert 'value="77"' not in after  # the form's token may hold these digits
    assert "Ann" not in after
    assert after == before  # not even whether there is an entry
    saved = place.type(bob, text="other")
    assert "canary5417" not in saved.text
    assert "differ" not in saved.text


def test_a_third_person_decides_what_differs_only(place):
    ann, bob, cid = place.clerk("Ann"), place.clerk("Bob"), place.clerk("Cid")
    place.type(ann)
    place.type(bob, a1="?", multi_2="1")
    for one in (ann, bob):
        assert "may decide" not in one.get("/desk/entry").text
        assert one.get(f"{place.path}/decide").status == 403
    overview = cid.get("/desk/entry")
    assert f'href="{place.path}/decide"' in overview.text
    page = cid.get(f"{place.path}/decide")
    form = page.form("/decide")
    assert {name for name in form.values if name.startswith("e.")} == {
        "e.a1", "e.multi_1", "e.multi_2", "e.multi_3", "e.multi_4",
    }  # fmt: skip
    answer = cid.send(form, **{"e.a1": ["4"], "e.multi_3": ["1"]})
    assert "is saved" in answer.text
    (row,) = place.rows()
    assert (json.loads(row["answers"])["a1"], json.loads(row["opened"])["multi"]) == (4, [3])


def test_faults_are_shown_with_everything_that_was_typed(place):
    ann = place.clerk("Ann")
    ann.get(place.path)
    answer = place.send(ann, place.path, {"a1": "9", "text": '"><script>alert(1)</script>', "age": "x"})
    assert answer.status == 422
    assert 'href="#e.a1"' in answer.text
    assert 'href="#e.age"' in answer.text
    assert "<script>alert" not in answer.text
    form = answer.form(place.path)
    assert form.values["e.a1"] == ["9"]
    assert form.values["e.text"] == ['"><script>alert(1)</script>']
    assert place.rows(schema.entry) == []


def test_what_is_blank_is_asked_about_once_so_that_enter_does_not_end_a_sheet(place):
    ann = place.clerk("Ann")
    ann.get(place.path)
    answer = place.send(ann, place.path, {"a2": "", "age": ""})
    assert answer.status == 422
    assert "Not saved yet. Blank: 2 " in answer.text
    assert place.rows(schema.entry) == []
    other = place.send(ann, place.path, {"a2": "", "age": "", "a4": ""})
    assert other.status == 422  # more is blank than was said
    assert "is saved" in place.send(ann, place.path, {"a2": "", "age": "", "a4": ""}).text
    assert len(place.rows(schema.entry)) == 1


@pytest.mark.parametrize("text", ["", "12", "abc", "<b>", sheet_number(99), "9" * 60])
def test_a_number_that_is_none_is_told(place, text):
    ann = place.clerk("Ann")
    answer = ann.send(ann.answer.form("/entry/open"), number=[text])
    assert answer.status == 422
    assert "There is no sheet with the number" in answer.text
    assert "<b>" not in answer.text.replace("<bdi>", "")


def test_one_person_cannot_type_twice_and_a_closed_wave_takes_nothing(place):
    ann, bob = place.clerk("Ann"), place.clerk("Bob")
    place.type(ann)
    answer = ann.get(place.path)
    assert answer.status == 409
    assert "somebody else" in answer.text
    bob.get(place.path)
    close(place.store, place.study, "staff", "", today=dt.date(2026, 11, 26), leave_sheets=True)
    answer = place.send(bob, place.path, {})
    answer = place.send(bob, place.path, {}) if answer.status == 422 else answer
    assert answer.status in (404, 409)
    assert place.rows() == []


@pytest.mark.parametrize("ending", ["", "/open", "/{number}", "/{number}/decide"])
def test_the_entry_is_for_clerks_only(place, ending):
    path = f"/desk/entry{ending.format(number=place.number)}"
    stranger = Browser(place.app)
    answer = stranger.get(path, follow=False)
    assert answer.status in (303, 405)
    researcher = place.clerk("Rea", "researcher")
    answer = researcher.get(path, follow=False)
    assert answer.status in (403, 405)
    answer = researcher.post(
        path, {"csrf": [researcher.answer.forms[0].values["csrf"][0]] if researcher.answer.forms else ["x"]}
    )
    assert answer.status in (403, 405)


@pytest.mark.browser
def test_axe_finds_nothing_on_the_pages_of_the_entry(place):
    pytest.importorskip("playwright")
    script = axe_source()
    if script is None:
        pytest.skip("needs the npm package axe-core in a folder of NODE_PATH")
    ann, bob, cid = (place.clerk(name) for name in ("Ann", "Bob", "Cid"))
    ann.get(place.path)
    texts = [ann.answer.text, place.send(ann, place.path, {"a1": "9", "age": "x"}).text]
    place.type(ann)
    place.type(bob, a1="?", multi_2="1")
    texts += [cid.get("/desk/entry").text, cid.get(f"{place.path}/decide").text]
    style = (Path(desk.__file__).parents[1] / "static" / "style.css").read_text(encoding="utf-8")
    with chromium() as browser:
        for width in (320, 1280):
            page = browser.new_page(viewport={"width": width, "height": 900})
            for text in texts:
                page.set_content(re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{style}</style>", text))
                page.evaluate(script)
                found = page.evaluate("axe.run(document).then(found => found.violations.map(one => one.id))")
                assert found == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_persian_sheet_is_typed_with_persian_digits(tmp_path):
    place = Place(tmp_path, language="fa")
    try:
        digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
        cells = {column: text.translate(digits) if text.isdecimal() else text for column, text in CELLS.items()}
        cells |= {"date": "۱۴۰۴/۱۰/۱۲", "decimal": "۲٫۵"}
        for name in ("Ann", "Bob"):
            assert "is saved" in place.type(place.clerk(name), **cells).text
        (row,) = place.rows()
        assert (row["language"], json.loads(row["opened"])["date"]) == ("fa", "2026-01-02")
    finally:
        place.store.close()
