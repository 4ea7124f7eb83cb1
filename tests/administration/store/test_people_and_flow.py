"""Access keys, texts of consent, and the participant flow in totals."""

from __future__ import annotations

import datetime as dt

import pytest

from crmstudy.administration.keys import digest, new_secret
from crmstudy.administration.store.access import add_access, all_access, revoke_access, who
from crmstudy.administration.store.consents import consents, note_consents
from crmstudy.administration.store.flow import BOUNDS, PageFlow, flow, time_totals
from crmstudy.administration.store.respondents import (
    Composed,
    Draft,
    Given,
    abandon,
    begin,
    decline,
    submit,
    withdraw,
)
from crmstudy.administration.store.writer import Refused
from tests.administration.conftest import Database
from tests.administration.store.test_closing import begun, compose, invited

DAY = dt.date(2026, 11, 26)


def test_a_key_is_known_by_its_digest_and_goes_with_its_name(database: Database) -> None:
    store = database.open()
    key, other = digest("access", new_secret()), digest("access", new_secret())
    store.do_now(lambda work: add_access(work, key, "Sara", "researcher", DAY))
    store.do_now(lambda work: add_access(work, other, "Ali", "clerk", DAY))
    found = store.read(lambda c: who(c, key))
    assert found is not None
    assert (found.name, found.role, found.since) == ("Sara", "researcher", "2026-11-26")
    assert store.read(lambda c: who(c, digest("access", "x"))) is None
    assert [one.name for one in store.read(all_access)] == ["Ali", "Sara"]
    assert not any(key in str(one) for one in store.read(all_access))
    with pytest.raises(Refused, match="name-taken"):
        store.do_now(lambda work: add_access(work, digest("access", "y"), "Sara", "clerk", DAY))
    with pytest.raises(ValueError, match="clerk, researcher"):
        store.do_now(lambda work: add_access(work, digest("access", "y"), "Eva", "boss", DAY))  # type: ignore[arg-type]
    assert store.do_now(lambda work: revoke_access(work, "Sara"))
    assert not store.do_now(lambda work: revoke_access(work, "Sara"))
    assert store.read(lambda c: who(c, key)) is None


def test_a_version_of_consent_never_means_two_texts(database: Database) -> None:
    store = database.open()
    store.do_now(lambda work: note_consents(work, 1, {"en": "Please", "fa": "لطفاً"}, DAY))
    store.do_now(lambda work: note_consents(work, 1, {"en": "Please"}, DAY + dt.timedelta(5)))
    store.do_now(lambda work: note_consents(work, 1, {"ru": "Пожалуйста"}, DAY + dt.timedelta(5)))
    with pytest.raises(Refused) as refused:
        store.do_now(lambda work: note_consents(work, 1, {"en": "Please!", "de": "Bitte"}, DAY))
    assert refused.value.code == "consent-changed"
    assert refused.value.values == {"version": 1, "language": "en"}
    store.do_now(lambda work: note_consents(work, 2, {"en": "Please!"}, DAY))
    told = [(one.version, one.language, one.text, one.since) for one in store.read(consents)]
    assert told == [
        (1, "en", "Please", "2026-11-26"),
        (1, "fa", "لطفاً", "2026-11-26"),
        (1, "ru", "Пожалуйста", "2026-12-01"),
        (2, "en", "Please!", "2026-11-26"),
    ]


def test_the_flow_counts_everybody_once(database: Database) -> None:
    store = database.open()
    codes = invited(store, 9)

    def timed(draft: Draft, pages: object) -> Composed:
        made = compose(draft, pages)
        return Composed(made.response, [("q", 9)], time_totals(pages))  # type: ignore[arg-type]

    receipts = []
    for i, code in enumerate(codes[:4]):
        draft, receipt = begun(store, code), digest("submission", new_secret())
        last = Given(2, {"Q2": 1}, seconds=20 * i)
        store.do_now(lambda work, d=draft, r=receipt, g=last: submit(work, d, r, g, timed))
        receipts.append(receipt)
    begun(store, codes[4], page=3)
    begun(store, codes[5], page=0)
    gone = begun(store, codes[6])
    store.do_now(lambda work: abandon(work, gone))
    store.do_now(lambda work: withdraw(work, receipts[0]))
    store.do_now(lambda work: decline(work, "staff", "w1"))
    fa = Draft(digest("draft", "fa"), "staff", "w1", "fa", 1, 1, "")
    store.do_now(lambda work: begin(work, fa))
    told = store.read(lambda c: flow(c, "staff", "w1"))
    assert (told.invited, told.consented, told.declined) == (9, 8, 1)
    assert (told.submitted, told.withdrawn, told.abandoned, told.expired, told.open_drafts) == (4, 1, 1, 0, 3)
    assert told.tokens == {"used": 4, "started": 2, "new": 3}
    assert told.units["unit-0"] == {"used": 2, "new": 1}
    assert told.by_language == {"en": 7, "fa": 1}
    assert told.by_source == {"web": 4}
    assert told.quotas == {"q": 3}
    pages = {page.page: page for page in told.pages}
    assert {number: page.stopped for number, page in pages.items()} == {0: 2, 1: 0, 2: 0, 3: 1}
    assert pages[1].times == {5: 4}
    assert pages[2].times == {0: 1, 20: 1, 40: 1, 60: 1}
    assert pages[2].median_band == (20, 40)
    nothing = store.read(lambda c: flow(c, "nobody", ""))
    assert (nothing.invited, nothing.consented, nothing.pages, nothing.closed) == (0, 0, (), "")


def test_bands_have_bounds() -> None:
    assert PageFlow(1).median_band is None
    assert PageFlow(1, times={600: 3}).median_band == (600, None)
    assert [int(time_totals([Given(1, {}, seconds=s)])[0][1][2:]) for s in (-5, 0, 4, 5, 599, 600, 10**9)] == [
        0, 0, 0, 5, 300, 600, 600,
    ]  # fmt: skip
    assert list(BOUNDS) == sorted(set(BOUNDS))
