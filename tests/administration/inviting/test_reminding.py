"""Reminders: the same letter to everybody in anonymous mode; elsewhere those who have not finished, if declared."""

import dataclasses
import datetime as dt

import pytest

from crmstudy.administration.fieldwork import Invitation
from crmstudy.administration.inviting.issuing import invite_people, replace_token
from crmstudy.administration.inviting.lists import read_send_list
from crmstudy.administration.inviting.people import Person
from crmstudy.administration.inviting.reminding import lists_of, remind
from crmstudy.administration.keys import digest, read_secret
from crmstudy.administration.store import invitations
from crmstudy.errors import DataError, StudyError
from tests.administration.inviting.test_issuing import answer, begun, entries_of

TODAY = dt.date(2026, 11, 26)
PEOPLE = [Person(line, email=f"p{line}@bank.example", unit="B1", lang="en") for line in range(4)]
UNFINISHED = Invitation(reminders="unfinished")


def reminders(desk, files=()):
    made = remind(desk, lists_of(desk, list(files)), TODAY)
    return read_send_list(made.files[0]) if made.files else []


def test_unfinished_people_are_reminded(make_desk):
    desk = make_desk("confidential", invitation=UNFINISHED)
    entries = entries_of(invite_people(desk, PEOPLE))
    answer(desk.store, entries[0].code)
    draft = begun(entries[1].code)
    desk.store.do_now(lambda work: invitations_begin(work, draft))
    found = reminders(desk)
    assert [entry.email for entry in found] == [entry.email for entry in entries[1:]]
    assert [entry.link for entry in found] == [entry.link for entry in entries[1:]]
    assert {entry.letter for entry in found} != {"invitation"}
    assert "no completed questionnaire" in found[0].text


def invitations_begin(work, draft):
    from crmstudy.administration.store.respondents import begin

    return begin(work, draft)


def test_everybody_is_reminded_alike_in_anonymous_mode(make_desk, monkeypatch):
    desk = make_desk("anonymous")
    entries = entries_of(invite_people(desk, PEOPLE))
    before = reminders(desk)
    answer(desk.store, entries[0].code)

    def forbidden(*_):
        raise AssertionError("nobody may look up who has answered")

    monkeypatch.setattr("crmstudy.administration.inviting.reminding.states", forbidden)
    after = reminders(desk)
    assert [entry.email for entry in after] == [entry.email for entry in entries]
    assert [entry.text for entry in before] == [entry.text for entry in after]
    alike = {entry.text.replace(entry.link, "LINK") for entry in after}
    assert len(alike) == 1
    assert "If you have answered: thank you" in alike.pop()


def test_anonymous_mode_refuses_to_pick(make_desk):
    desk = make_desk("anonymous", invitation=UNFINISHED)
    invite_people(desk, PEOPLE)
    with pytest.raises(StudyError, match="anonymous"):
        reminders(desk)


@pytest.mark.parametrize("mode", ["anonymous", "confidential"])
def test_the_new_link_is_reminded_of_and_the_old_one_not(make_desk, mode):
    desk = make_desk(mode)
    entries = entries_of(invite_people(desk, PEOPLE))
    made, _ = replace_token(desk, entries[2].serial, lang="en")
    found = {entry.serial for entry in reminders(desk)}
    assert entries[2].serial not in found
    assert made.serials[0] in found
    assert len(found) == 4


def test_reminders_are_not_reminded_of(make_desk):
    desk = make_desk("anonymous")
    invite_people(desk, PEOPLE)
    assert len(reminders(desk)) == 4
    assert len(reminders(desk)) == 4
    assert len({path.name for path in desk.out.iterdir()}) == 3


def test_lists_of_others_are_refused(make_desk, tmp_path):
    desk = make_desk("anonymous")
    made = invite_people(desk, PEOPLE)
    other = dataclasses.replace(desk, wave=desk.sample.waves[1])
    with pytest.raises(DataError, match="not of"):
        lists_of(other, list(made.files))
    with pytest.raises(DataError, match="no send list"):
        lists_of(other, [])
    desk.store.do_now(
        lambda work: [
            invitations.reissue(work, "staff", digest=f"d{serial}", new_serial=f"9{serial}", serial=serial)
            for serial in made.serials
        ]
    )
    with pytest.raises(DataError, match="no send list"):
        lists_of(dataclasses.replace(desk, out=tmp_path / "nowhere"), [])
    text = made.files[0].read_text("utf-8-sig")
    foreign = tmp_path / "foreign.csv"
    code = read_send_list(made.files[0])[0].code
    swapped = "0000-0000-0000-0000-0000-0000-00"
    foreign.write_text(text.replace(code, swapped).replace(read_secret(code), read_secret(swapped)), "utf-8-sig")
    with pytest.raises(DataError, match="does not know"):
        lists_of(desk, [foreign])
    assert digest("token", read_secret(code))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@bank.example", " at bank", "no address"),
        ("https://survey.example.org/s/staff?t=", "https://evil.example/?t=", None),
        ("-", "0", "do not belong together"),
        ("text\r\n", "texte\r\n", "no column text"),
    ],
)
def test_spoiled_send_lists_are_refused(make_desk, tmp_path, old, new, said):
    made = invite_people(make_desk("anonymous"), PEOPLE)
    text = made.files[0].read_bytes().decode("utf-8-sig")
    path = tmp_path / "spoiled.csv"
    path.write_bytes(text.replace(old, new).encode())
    if said is None:
        assert len(read_send_list(path)) == 4
        return
    with pytest.raises(DataError, match=said):
        read_send_list(path)
