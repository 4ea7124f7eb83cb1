"""Tokens: in the database as digests, in files for those who hand them out, and never two votes for one person."""

import dataclasses
import datetime as dt
import json
import os
import stat
import threading

import pytest
from sqlalchemy import select

from crmstudy.administration.inviting.addresses import person_digest
from crmstudy.administration.inviting.issuing import (
    check_folder,
    check_study,
    chosen_wave,
    invite_people,
    make_slips,
    replace_token,
)
from crmstudy.administration.inviting.lists import Known, read_keys, read_send_list
from crmstudy.administration.inviting.people import Person
from crmstudy.administration.inviting.private import Pending
from crmstudy.administration.keys import digest, read_secret
from crmstudy.administration.store import schema
from crmstudy.administration.store.invitations import NewToken, add_tokens, reissue
from crmstudy.administration.store.respondents import (
    Composed,
    Draft,
    Given,
    Response,
    begin,
    draft_of_token,
    pages_of,
    save_page,
    submit,
)
from crmstudy.administration.store.writer import NotKept, Refused
from crmstudy.errors import DataError, OutputError, StudyError
from tests.administration.inviting.conftest import fieldwork_of

PEOPLE = [
    Person(2, name="Ann Lee", email="ann@bank.example", unit="B1", lang="en", attributes={"dyad": "d1"}),
    Person(3, id="77", name="علی رضایی", email="ali@bank.example", unit="B1", lang="fa"),
    Person(4, name="Пётр Кузнецов", phone="+7912000", unit="B2", lang="ru"),
    Person(5, name="=SUM(A1)", email="+eve@bank.example", unit="B2", lang="en"),
]


def rows(store, table="token"):
    return store.read(lambda connection: connection.execute(select(schema.metadata.tables[table])).mappings().all())


def entries_of(issued):
    return read_send_list(
        next(path for path in issued.files if path.suffix == ".csv" and path.parent.name == "letters")
    )


def begun(code, serial=1):
    token = digest("token", read_secret(code))
    return Draft(digest("draft", f"{code}{serial}"), "staff", "w1", "en", 1, 1, "2026-11-26", token=token)


def compose(draft, pages):
    return Composed(Response(draft.sample, draft.wave, draft.language, True, 1, {"a": 1}))


def answer(store, code, serial=1):
    """Begin and submit with a code, as the server does."""
    draft = store.do_now(lambda work: begin(work, begun(code, serial)))
    store.do_now(
        lambda work: submit(work, draft.digest, digest("submission", f"{code}{serial}"), Given(1, {}), compose)
    )


def test_everybody_gets_a_letter_and_a_token(make_desk):
    desk = make_desk()
    made = invite_people(desk, PEOPLE)
    entries = entries_of(made)
    assert [entry.name for entry in entries] == [person.name for person in PEOPLE]
    assert [entry.email for entry in entries] == [person.email for person in PEOPLE]
    assert {entry.serial for entry in entries} == {"1", "2", "3", "4"} == set(made.serials)
    tokens = {row["digest"]: row for row in rows(desk.store)}
    assert len(tokens) == 4
    for person, entry in zip(PEOPLE, entries, strict=True):
        row = tokens[digest("token", read_secret(entry.code))]
        assert (row["sample"], row["wave"], row["unit"], row["state"]) == ("staff", "w1", person.unit, "new")
        assert json.loads(row["attributes"]) == dict(person.attributes)
        assert row["serial"] == entry.serial
        assert entry.link == f"https://survey.example.org/s/staff?t={read_secret(entry.code)}"
        assert entry.link in entry.text


def test_the_database_has_no_name_address_or_code(make_desk):
    desk = make_desk()
    entries = entries_of(invite_people(desk, PEOPLE))
    desk.store.close()
    raw = b"".join(path.read_bytes() for path in desk.fieldwork.place.glob("answers.db*"))
    for entry in entries:
        for secret in (entry.code, read_secret(entry.code), entry.email, entry.name, entry.phone):
            assert not secret or secret.encode() not in raw


@pytest.mark.parametrize("mode", ["confidential", "identified"])
def test_the_key_file_tells_who_and_opens_nothing(make_desk, mode):
    desk = make_desk(mode)
    entries = entries_of(invite_people(desk, PEOPLE))
    (path,) = (desk.fieldwork.place / "keys").iterdir()
    lines = {line.serial: line for line in read_keys([path])}
    persons = {row["serial"]: row["person"] for row in rows(desk.store)}
    for entry in entries:
        line = lines[entry.serial]
        assert (line.name, line.email, line.person) == (entry.name, entry.email, persons[entry.serial])
        assert entry.code not in path.read_text("utf-8-sig")
        assert read_secret(entry.code) not in path.read_text("utf-8-sig")
    assert len(set(persons.values())) == 4
    assert all(len(person) == 11 for person in persons.values())


def test_anonymous_tokens_belong_to_nobody(make_desk):
    desk = make_desk("anonymous")
    invite_people(desk, PEOPLE)
    assert {row["person"] for row in rows(desk.store)} == {""}
    assert not (desk.fieldwork.place / "keys").exists()
    assert not list(desk.fieldwork.folder.rglob("*.csv"))
    assert all(row["serial"] == "" for row in rows(desk.store, "mailing"))


def test_nothing_in_the_study_folder_matches_people_to_anonymous_tokens(make_desk):
    """An attack with the list of people, its order, and the study's key: serials and digests must tell nothing."""
    desk = make_desk("anonymous")
    people = [Person(line, email=f"p{line:03}@bank.example", unit="B1", lang="en") for line in range(300)]
    entries = entries_of(invite_people(desk, people))
    truth = {entry.email: int(entry.serial) for entry in entries}
    guessed = {person.email: place for place, person in enumerate(people, start=1)}
    assert sum(truth[email] == guessed[email] for email in truth) <= 9  # by the order of the list: about one
    by_digest = [row["serial"] for row in sorted(rows(desk.store), key=lambda row: row["digest"])]
    marks = sorted(person_digest(desk.key, person.identity) for person in people)
    by_mark = dict(zip(marks, by_digest, strict=True))
    hits = sum(by_mark[person_digest(desk.key, f"email {email}")] == str(serial) for email, serial in truth.items())
    assert hits <= 9  # by the order of the digests of people
    # the control: whoever has the send list finds every token, which is why it lies elsewhere
    tokens = {row["digest"]: row["serial"] for row in rows(desk.store)}
    assert all(tokens[digest("token", read_secret(entry.code))] == entry.serial for entry in entries)


def test_files_are_for_their_owner_and_never_overwritten(make_desk):
    desk = make_desk()
    made = invite_people(desk, PEOPLE)
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in made.files} == {0o600}
    path = made.files[0]
    pending = Pending()
    with pytest.raises(OutputError, match="there already"):
        pending.add(path, b"")
    assert path.read_bytes()
    assert not list(desk.out.glob("*.part"))


def test_spreadsheets_compute_nothing(make_desk):
    path = invite_people(make_desk(), PEOPLE).files[0]
    text = path.read_text("utf-8-sig")
    assert ",'=SUM(A1)," in text
    assert ",'+eve@bank.example," in text
    assert ",=SUM" not in text


def test_nobody_is_invited_twice_to_a_wave(make_desk):
    desk = make_desk("anonymous")
    invite_people(desk, PEOPLE)
    again = [Person(2, email="ANN@bank.example", unit="B2", lang="en"), Person(3, email="new@bank.example", lang="en")]
    with pytest.raises(DataError) as caught:
        invite_people(desk, again)
    assert [fault.line for fault in caught.value.faults] == [2]
    assert "--skip-invited" in str(caught.value)
    assert len(rows(desk.store)) == 4
    made = invite_people(desk, again, skip_invited=True)
    assert made.tokens == 1
    assert "1 people who have a token" in made.notes[0]
    assert len(made.notes) == 2  # and that one is few
    assert invite_people(desk, again, skip_invited=True).tokens == 0
    other = dataclasses.replace(desk, wave=desk.sample.waves[1])
    assert invite_people(other, PEOPLE).tokens == 4


def test_two_desks_at_once_invite_nobody_twice(make_desk):
    desk = make_desk()
    start, outcomes = threading.Barrier(8), []

    def run():
        start.wait()
        try:
            outcomes.append(invite_people(desk, PEOPLE).tokens)
        except (DataError, StudyError):
            outcomes.append(0)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [0] * 7 + [4]
    assert len(rows(desk.store)) == 4
    assert len(list(desk.out.iterdir())) == 1


def test_a_person_keeps_the_pseudonym_over_waves(make_desk, tmp_path):
    desk = make_desk()
    first = {line.name: line.person for line in _keys(desk, invite_people(desk, PEOPLE))}
    elsewhere = tmp_path / "vault.csv"
    (path,) = (desk.fieldwork.place / "keys").iterdir()
    path.rename(elsewhere)
    desk = dataclasses.replace(desk, wave=desk.sample.waves[1])
    second = {line.name: line.person for line in _keys(desk, invite_people(desk, PEOPLE[:3], keys=[elsewhere]))}
    assert second == {name: person for name, person in first.items() if name in second}
    without = {line.name: line.person for line in _keys(desk, invite_people(desk, PEOPLE[3:]))}
    assert without != {PEOPLE[3].name: first[PEOPLE[3].name]}


def _keys(desk, made) -> list[Known]:
    return read_keys([path for path in made.files if path.parent == desk.fieldwork.place / "keys"])


def test_nothing_stays_when_the_database_refuses(make_desk):
    desk = make_desk()
    desk.store.do_now(
        lambda work: (
            work.connection.execute(schema.closed.insert(), {"sample": "staff", "wave": "w1", "day": ""}) and None
        )
    )
    with pytest.raises(StudyError, match="closed"):
        invite_people(desk, PEOPLE)
    assert not list(desk.out.glob("*"))
    assert not rows(desk.store)
    assert not rows(desk.store, "mailing")


def test_nothing_stays_when_the_database_keeps_nothing(make_desk, monkeypatch):
    desk = make_desk()

    def fail(work, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crmstudy.administration.inviting.issuing.add_tokens", fail)
    with pytest.raises(NotKept):
        invite_people(desk, PEOPLE)
    assert not list(desk.out.glob("*"))


def test_a_folder_that_cannot_be_written_gives_out_nothing(make_desk):
    desk = make_desk()
    desk.out.write_text("a file, no folder")
    with pytest.raises(OutputError):
        invite_people(desk, PEOPLE)
    assert not rows(desk.store)


def test_letters_of_an_anonymous_study_lie_elsewhere(tmp_path):
    fieldwork = fieldwork_of(tmp_path / "study", "anonymous")
    with pytest.raises(StudyError, match="--out"):
        check_folder(fieldwork, tmp_path / "study" / "letters")
    with pytest.raises(StudyError, match="--out"):
        check_folder(fieldwork, tmp_path / "x" / ".." / "study")
    check_folder(fieldwork, tmp_path / "letters")
    check_folder(fieldwork_of(tmp_path / "study"), tmp_path / "study" / "letters")


def test_what_must_be_settled_first(tmp_path):
    fieldwork = fieldwork_of(tmp_path, "", address="")
    sample = dataclasses.replace(fieldwork.samples["staff"], entry="open", simulated=True)
    with pytest.raises(StudyError) as caught:
        check_study(fieldwork, sample, tokens=True)
    assert len(caught.value.faults) == 4
    for address in ("http://survey.example.org", "http://localhost.evil.example", "http://127.evil.example"):
        with pytest.raises(StudyError, match="https://"):
            check_study(fieldwork_of(tmp_path, address=address), fieldwork.samples["staff"], tokens=True)
    check_study(fieldwork_of(tmp_path, address="http://127.0.0.1:8000"), fieldwork.samples["staff"], tokens=True)
    with pytest.raises(StudyError, match="entry: token"):
        check_study(fieldwork_of(tmp_path), fieldwork.samples["staff"], tokens=False)


def test_the_wave_that_is_meant(tmp_path):
    sample = fieldwork_of(tmp_path).samples["staff"]
    assert chosen_wave(sample, None, dt.date(2026, 1, 1)).id == "w1"
    assert chosen_wave(sample, None, dt.date(2090, 5, 2)).id == "w2"
    assert chosen_wave(sample, "w2", dt.date(2026, 1, 1)).id == "w2"
    with pytest.raises(StudyError, match="Did you mean 'w1'"):
        chosen_wave(sample, "w11", dt.date(2026, 1, 1))
    with pytest.raises(StudyError, match="over"):
        chosen_wave(sample, "w1", dt.date(2090, 5, 2))


def test_small_units_of_an_anonymous_study_are_told(make_desk):
    people = [Person(n, email=f"p{n}@bank.example", unit="B1" if n < 5 else "B2", lang="en") for n in range(8)]
    (note,) = invite_people(make_desk("anonymous"), people).notes
    assert "Fewer than 5 people of a unit got a token now (B2)" in note
    assert invite_people(make_desk("identified"), [Person(9, email="x@bank.example", unit="B1", lang="en")]).notes == ()
    assert make_slips(make_desk("anonymous"), {"B1": 5}, "en", pdf=False).notes == ()
    assert make_slips(make_desk("anonymous"), {"B1": 5, "B2": 1}, "en", pdf=False).notes != ()


def test_slips_belong_to_a_unit_and_to_nobody(make_desk):
    desk = make_desk("anonymous")
    made = make_slips(desk, {"B1": 3, "B2": 2}, "fa", pdf=False)
    assert made.tokens == 5
    assert sorted(row["unit"] for row in rows(desk.store)) == ["B1", "B1", "B1", "B2", "B2"]
    assert {row["person"] for row in rows(desk.store)} == {""}
    assert sorted(path.suffix for path in made.files) == [".html", ".html"]
    named = make_desk("confidential")
    make_slips(named, {"B1": 3}, "en", pdf=False)
    (path,) = (named.fieldwork.place / "keys").iterdir()
    assert [(line.name, line.unit) for line in read_keys([path])] == [("", "B1")] * 3


def test_a_lost_link_is_replaced_and_a_draft_moves_over(make_desk):
    desk = make_desk()
    old = entries_of(invite_people(desk, PEOPLE))[0]
    draft = begun(old.code)
    desk.store.do_now(lambda work: begin(work, draft))
    desk.store.do_now(lambda work: save_page(work, draft.digest, Given(1, {"a": 4})))
    made, done = replace_token(desk, old.serial, lang="fa")
    new = read_send_list(made.files[0])[0]
    assert (done.old, done.new, done.draft_moved) == (old.serial, new.serial, True)
    assert (new.name, new.email, new.lang, new.unit) == (old.name, old.email, old.lang, old.unit)
    moved = desk.store.read(lambda connection: draft_of_token(connection, digest("token", read_secret(new.code))))
    assert moved.digest != draft.digest  # whoever found the old link and began with it is shut out
    assert desk.store.read(lambda connection: pages_of(connection, draft.digest)) == ()
    assert desk.store.read(lambda connection: pages_of(connection, moved.digest))[0].answers == {"a": 4}
    with pytest.raises(Refused, match="token-unknown"):
        desk.store.do_now(lambda work: begin(work, begun(old.code, 2)))
    answer(desk.store, new.code)
    assert len(rows(desk.store, "response")) == 1
    with pytest.raises(Refused, match="token-used"):
        answer(desk.store, new.code, 2)
    states = {row["serial"]: row["state"] for row in rows(desk.store)}
    assert (states[old.serial], states[new.serial]) == ("revoked", "used")
    people = {row["serial"]: row["person"] for row in rows(desk.store)}
    assert people[old.serial] == ""
    assert people[new.serial] == next(line.person for line in _keys(desk, made))


def test_a_link_that_was_used_is_not_replaced(make_desk):
    desk = make_desk()
    entry = entries_of(invite_people(desk, PEOPLE))[0]
    answer(desk.store, entry.code)
    before = len(list(desk.out.iterdir()))
    with pytest.raises(StudyError, match="second vote"):
        replace_token(desk, entry.serial, lang="en")
    assert len(list(desk.out.iterdir())) == before
    assert len(rows(desk.store)) == 4


def test_a_link_is_replaced_by_its_person(make_desk):
    desk = make_desk()
    lines = _keys(desk, invite_people(desk, PEOPLE))
    _, done = replace_token(desk, lines[0].person, lang="en")
    assert done.person == lines[0].person
    again, _ = replace_token(desk, lines[0].person.lower(), lang="en")
    valid = [row for row in rows(desk.store) if row["person"] == lines[0].person and row["state"] != "revoked"]
    assert [row["serial"] for row in valid] == list(again.serials)
    for wrong in ("P0000000000", "", "' OR 1=1"):
        with pytest.raises(StudyError, match="no such token"):
            replace_token(desk, wrong, lang="en")
    with pytest.raises(StudyError, match="no such token"):
        replace_token(desk, "999", lang="en")
    other = next(line.serial for line in lines if line.person != lines[0].person)
    assert replace_token(desk, other.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")), lang="en")[1].old == other


def test_anonymous_links_are_replaced_by_serial_only(make_desk):
    desk = make_desk("anonymous")
    entry = entries_of(invite_people(desk, PEOPLE))[1]
    made, done = replace_token(desk, entry.serial, lang="fa")
    new = read_send_list(next(path for path in made.files if path.suffix == ".csv"))[0]
    assert (new.name, new.email, new.unit, new.lang) == ("", "", "B1", "fa")
    assert done.person == ""
    with pytest.raises(StudyError, match="anonymous"):
        replace_token(desk, "P0000000000", lang="en")


def test_a_person_in_two_waves_must_be_told_apart(make_desk):
    desk = make_desk()
    person = _keys(desk, invite_people(desk, PEOPLE))[0].person
    invite_people(dataclasses.replace(desk, wave=desk.sample.waves[1]), PEOPLE)
    with pytest.raises(StudyError, match="--wave"):
        replace_token(desk, person, lang="en")
    made, _ = replace_token(desk, person, named_wave="w2", lang="en")
    assert read_send_list(made.files[0])[0].wave == "w2"


@pytest.mark.parametrize("by", ["serial", "person"])
def test_concurrent_replacements_leave_one_valid_token(make_desk, by):
    desk = make_desk()
    desk.store.do_now(lambda work: add_tokens(work, "staff", "w1", [NewToken("old", "1", "B1", "PX")]))
    start, outcomes = threading.Barrier(16), []

    def run(number):
        which = {"serial": "1"} if by == "serial" else {"person": "PX"}
        start.wait()
        try:
            desk.store.do_now(
                lambda work: reissue(work, "staff", digest=f"new{number}", new_serial=str(number), **which)
            )
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(100, 116)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    valid = [row for row in rows(desk.store) if row["state"] in ("new", "started")]
    assert len(valid) == 1
    assert valid[0]["person"] == "PX"
    assert outcomes.count("done") == (1 if by == "serial" else 16)


def test_replacing_and_submitting_at_once_give_one_vote(make_desk):
    desk = make_desk()
    for turn in range(8):
        code = entries_of(invite_people(desk, [Person(1, email=f"x{turn}@bank.example", unit="B1", lang="en")]))[0].code
        draft = begun(code)
        desk.store.do_now(lambda work, draft=draft: begin(work, draft))
        serial = next(row["serial"] for row in rows(desk.store) if row["digest"] == digest("token", read_secret(code)))
        start = threading.Barrier(2)

        def send(draft=draft, code=code, start=start):
            start.wait()
            desk.store.do_now(
                lambda work: submit(work, draft.digest, digest("submission", code), Given(1, {}), compose)
            )

        thread = threading.Thread(target=send)
        thread.start()
        start.wait()
        try:
            made, _ = replace_token(desk, serial, lang="en")
            new = read_send_list(made.files[0])[0].code
        except StudyError:
            new = None
        thread.join()
        for other in filter(None, (code, new)):
            with pytest.raises(Refused):
                answer(desk.store, other, 2)
        assert len(rows(desk.store, "response")) == turn + 1
