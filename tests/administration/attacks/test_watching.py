"""Somebody of the personnel office who may see totals looks before and after a colleague was at the computer."""

from __future__ import annotations

import itertools
import re

import pytest
from asgi_browser import TODAY, Browser, application, held_study, token
from hypothesis import given, settings
from hypothesis import strategies as st

from crmstudy.administration.fieldwork import Quota
from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.server.desk import shown_units
from crmstudy.administration.store.access import add_access
from crmstudy.administration.store.closing import close
from crmstudy.administration.store.flow import Flow
from crmstudy.administration.store.store import Store

pytestmark = pytest.mark.slow

K = 5


@pytest.fixture
def site(tmp_path):
    """Makes an application of a study with a quota on an answer, and somebody who looks at its totals."""
    opened = []

    def make(mode="anonymous"):
        quotas = (Quota("content", "PAY1 >= 1", 500), Quota("there", "unit = 'b1'", 500))
        fieldwork = held_study(tmp_path, mode)
        first = next(one for one in fieldwork.samples["staff"].instruments[0].items)
        quotas = (Quota("content", f"{first.id} = {first.response.low}", 500), quotas[1])
        fieldwork = held_study(tmp_path, mode, staff={"quotas": quotas})
        if opened:
            opened.pop().close()
        store = Store.open(fieldwork.place)
        opened.append(store)
        return application(fieldwork, store), store, fieldwork

    yield make
    for store in opened:
        store.close()


class Watcher(Browser):
    """Somebody with a key of the desk."""

    def __init__(self, app, store):
        super().__init__(app)
        secret = new_secret()
        store.do_now(lambda w: add_access(w, digest("access", secret), secret[:8], "researcher", TODAY.date()))
        self.send(self.get("/desk/login").form("/desk/login"), key=[secret])

    def look(self):
        """Everything that the page of totals says, without what changes from page to page."""
        text = self.get("/desk").text
        return re.sub(r'value="[0-9a-f]{40}"', "", text)


def somebody(app, store, *, ends="submitted", pick=0):
    """One person comes, and goes as far as they go."""
    browser = Browser(app)
    browser.get(f"/s/staff?t={token(store, unit='b1')}")
    if ends == "declined":
        browser.send(browser.answer.form("/consent"), "decline")
        return
    browser.begin()
    if ends == "begun":
        return
    if ends == "stopped":
        browser.send(browser.fill(browser.page_form(), pick), "next")
        return
    browser.answer_all(pick)


def figures(text):
    """The numbers of the page, those of the invited left out: who is invited is known."""
    return re.sub(r"<dt>Invited</dt><dd>\d+</dd>", "", text)


@pytest.mark.parametrize("ends", ["submitted", "declined", "begun", "stopped"])
def test_one_more_person_changes_nothing_on_the_page(site, ends):
    app, store, _ = site()
    for _ in range(K + 1):
        somebody(app, store)
    watcher = Watcher(app, store)
    before = figures(watcher.look())
    assert "<dt>Submitted</dt><dd>6</dd>" in before
    somebody(app, store, ends=ends)
    assert figures(watcher.look()) == before


def test_in_confidential_mode_it_may(site):
    """The control: there it is no secret whether somebody took part."""
    app, store, _ = site("confidential")
    for _ in range(K + 1):
        somebody(app, store)
    watcher = Watcher(app, store)
    before = figures(watcher.look())
    somebody(app, store)
    assert figures(watcher.look()) != before


def test_a_restart_shows_nobody_either(site):
    app, store, _ = site()
    for _ in range(K + 1):
        somebody(app, store)
    before = figures(Watcher(app, store).look())
    somebody(app, store)
    app, store, _ = site()
    after = figures(Watcher(app, store).look())
    assert re.findall(r"<dd>\d+</dd>", after) == re.findall(r"<dd>\d+</dd>", before)


def test_figures_are_shown_anew_when_enough_have_come(site):
    app, store, fieldwork = site()
    watcher = Watcher(app, store)
    seen = []
    for _ in range(3 * K + 1):
        somebody(app, store)
        found = re.search(r"<dt>Submitted</dt><dd>(\d+)</dd>", watcher.look().partition("<bdi>staff</bdi>")[2])
        seen.append(int(found[1]) if found else None)
    shown = sorted({one for one in seen if one is not None})
    assert all(two - one >= K for one, two in itertools.pairwise(shown))
    assert shown[-1] == 3 * K
    close(store, fieldwork, "staff", "", today=TODAY.date())
    assert f"<dt>Submitted</dt><dd>{3 * K + 1}</dd>" in watcher.look()


@pytest.mark.parametrize("mode", ["anonymous", "confidential"])
def test_how_full_a_quota_of_answers_is_tells_of_no_answer(site, mode):
    """Even in one jump of many people: when all of them, or none, fulfil it, their answer is known."""
    pages = []
    for pick in (0, 1):
        app, store, _ = site(mode)
        watcher = Watcher(app, store)
        for _ in range(2 * K):
            somebody(app, store, pick=pick)
        pages.append(watcher.look())
        taken = store.read(lambda c: dict(c.exec_driver_sql("SELECT id, n FROM quota").all()))
        assert taken["content"] == 2 * K, "the first picked the answer, the others did not"
    quotas = [re.findall(r"<bdi>(content|there)</bdi></th><td>([^<]*)</td>", page) for page in pages]
    assert [dict(one)["content"] for one in quotas] == ["not all", "not all"]
    assert [dict(one)["there"] for one in quotas] == [str(2 * K), str(4 * K)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), max_size=8),
       st.integers(3, 10))  # fmt: skip
def test_of_no_unit_is_it_told_that_everybody_took_part(sizes, k):
    units = {f"u{n}": {"used": used, "new": size - used} for n, (size, used) in enumerate(sizes)}
    for _, invited, used in shown_units(Flow("s", "", {}, units, 0, 0, 0, 0, 0, 0, {}, {}, 0, (), {}, ""), k):
        assert used is None or used < invited
