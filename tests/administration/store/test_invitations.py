"""Tokens and letters in both databases, with two servers at once."""

import threading

import pytest
from sqlalchemy import select

from crmstudy.administration.store import schema
from crmstudy.administration.store.invitations import (
    NewToken,
    add_stops,
    add_tokens,
    campaign_of,
    claim_letter,
    counts,
    invited_before,
    known_tokens,
    letter_states,
    letters_to,
    note_bounces,
    places_of,
    reissue,
    replaced_serials,
    reserve_serials,
    settle_letter,
    states,
    stopped,
    unreachable,
)
from crmstudy.administration.store.respondents import (
    Composed,
    Draft,
    Given,
    Response,
    begin,
    draft_of_token,
    submit,
)
from crmstudy.administration.store.writer import Refused

CAMPAIGN = campaign_of("staff", "w", "invitation")


def at_once(jobs):
    """Run jobs, each in a thread, and give what they returned or the code they were refused with."""
    start, outcomes = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(place, job):
        start.wait()
        try:
            outcomes[place] = job()
        except Refused as refused:
            outcomes[place] = refused.code

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def tokens(store):
    return {row.digest: row for row in store.read(lambda connection: connection.execute(select(schema.token)).all())}


def test_serials_are_given_once(database):
    stores = [database.open(), database.open()]
    jobs = [lambda store=stores[n % 2]: store.do_now(lambda work: reserve_serials(work, "staff", 3)) for n in range(12)]
    firsts = at_once(jobs)
    assert sorted(firsts) == list(range(1, 37, 3))
    assert stores[0].do_now(lambda work: reserve_serials(work, "customers", 1)) == 1


def test_tokens_and_who_has_one(database):
    store = database.open()
    made = [NewToken("b", "2", "B1", "P2", {"shift": "ن"}), NewToken("a", "1", "B1", "P1")]
    store.do_now(lambda work: add_tokens(work, "staff", "w", made, ["m2", "m1"]))
    assert store.read(lambda c: invited_before(c, "staff", "w", ["m1", "m3", "m2"])) == {"m1", "m2"}
    assert store.read(lambda c: invited_before(c, "staff", "other", ["m1"])) == set()
    assert store.read(lambda c: states(c, "staff", "w")) == {"1": "new", "2": "new"}
    assert store.read(lambda c: counts(c, "staff", "w")) == {("B1", "new"): 2}
    assert store.read(lambda c: known_tokens(c, "staff", "w", ["a", "z"])) == {"a"}
    assert store.read(lambda c: places_of(c, "staff", "2", "")) == [("w", "B1")]
    assert store.read(lambda c: places_of(c, "staff", "", "P1")) == [("w", "B1")]
    assert store.read(lambda c: places_of(c, "staff", "", "")) == []
    with pytest.raises(Refused, match="invited"):
        store.do_now(lambda work: add_tokens(work, "staff", "w", [NewToken("c", "3")], ["m1"]))
    assert set(tokens(store)) == {"a", "b"}


def test_concurrent_replacements_leave_one_valid_token(database):
    stores = [database.open(), database.open()]
    for by in ("serial", "person"):
        old = NewToken(f"old-{by}", f"1-{by}", "B1", f"P-{by}")
        stores[0].do_now(lambda work, old=old: add_tokens(work, "staff", "w", [old]))
        which = {"serial": old.serial} if by == "serial" else {"person": old.person}
        outcomes = at_once([
            lambda n=n, by=by, which=which: stores[n % 2].do_now(
                lambda work: reissue(work, "staff", digest=f"new-{by}-{n}", new_serial=f"{by}{n}", **which)
            )
            for n in range(10)
        ])  # fmt: skip
        valid = [row for row in tokens(stores[0]).values() if row.person == old.person and row.state == "new"]
        assert len(valid) == 1
        assert sum(not isinstance(one, str) for one in outcomes) >= 1
    gone = stores[0].read(lambda c: replaced_serials(c, "staff", "w"))
    assert "1-serial" in gone
    assert valid[0].serial not in gone


def test_replacing_while_somebody_submits_gives_one_vote(database):
    """One server submits with the old token while the other replaces it: whoever comes first, one answer counts."""
    stores = [database.open(), database.open()]

    def compose(draft, _):
        return Composed(Response(draft.sample, draft.wave, draft.language, True, 1, {}))

    for turn in range(15):
        old, new, serial = f"old{turn}", f"new{turn}", str(turn)
        stores[0].do_now(lambda work, old=old, serial=serial: add_tokens(work, "staff", "w", [NewToken(old, serial)]))
        draft = Draft(f"draft{turn}", "staff", "w", "en", 1, 1, "2026-11-26", token=old)
        stores[0].do_now(lambda work, draft=draft: begin(work, draft))
        done = at_once([
            lambda draft=draft, turn=turn: stores[0].do_now(
                lambda work: submit(work, draft.digest, f"receipt{turn}", Given(1, {}), compose)
            ),
            lambda serial=serial, new=new: stores[1].do_now(
                lambda work: reissue(work, "staff", digest=new, new_serial=f"n{serial}", serial=serial)
            ),
        ])  # fmt: skip
        assert done[0] in ("stored", "gone")
        if done[0] == "gone":  # from then on the draft opens with the new token only, and is as whole as it was
            held = stores[0].read(lambda c, new=new: draft_of_token(c, new))
            assert held is not None
            stores[0].do_now(
                lambda work, held=held, turn=turn: submit(work, held.digest, f"again{turn}", Given(1, {}), compose)
            )
        for token in (old, new):
            again = Draft(f"again{token}", "staff", "w", "en", 1, 1, "2026-11-26", token=token)
            with pytest.raises(Refused, match="token-"):
                stores[0].do_now(lambda work, again=again: begin(work, again))
    assert stores[0].read(lambda c: len(c.execute(select(schema.response)).all())) == 15
    assert stores[0].read(lambda c: draft_of_token(c, "new0")) is None


def test_a_letter_is_claimed_once(database):
    stores = [database.open(), database.open()]
    jobs = [lambda n=n: stores[n % 2].do_now(lambda work: claim_letter(work, CAMPAIGN, "ann")) for n in range(10)]
    assert sorted(at_once(jobs)) == [""] + ["sending"] * 9
    store = stores[0]
    store.do_now(lambda work: settle_letter(work, CAMPAIGN, "ann", "later"))
    assert sorted(at_once(jobs)) == [""] + ["sending"] * 9
    assert store.do_now(lambda work: claim_letter(work, CAMPAIGN, "ann", again=True)) == ""
    store.do_now(lambda work: settle_letter(work, CAMPAIGN, "ann", "sent"))
    assert store.do_now(lambda work: claim_letter(work, CAMPAIGN, "ann", again=True)) == "sent"
    with pytest.raises(ValueError, match="sending"):
        store.do_now(lambda work: settle_letter(work, CAMPAIGN, "ann", "lost"))
    assert store.read(lambda c: letter_states(c, CAMPAIGN)) == {"ann": "sent"}


def test_bounces_and_stops(database):
    store = database.open()
    for name in ("ann", "bob"):
        store.do_now(lambda work, name=name: claim_letter(work, CAMPAIGN, name))
        store.do_now(lambda work, name=name: settle_letter(work, CAMPAIGN, name, "sent"))
    assert store.do_now(lambda work: note_bounces(work, ["ann", "eve"])) == 1
    assert store.read(unreachable) == {"ann"}
    assert store.read(lambda c: letters_to(c, "bob")) == [CAMPAIGN]
    assert store.read(lambda c: letters_to(c, "eve")) == []
    assert store.do_now(lambda work: add_stops(work, ["bob", "bob"], "asked")) == 1
    assert store.do_now(lambda work: add_stops(work, ["bob"], "asked")) == 0
    assert store.read(stopped) == {"bob"}
