"""The hand-over folder: written, sealed, read back; and everything that can be wrong with one, with its line."""

from __future__ import annotations

import hashlib
import json
import random
import shutil

import numpy as np
import pytest

from crmstudy.errors import DataError, OutputError, UnsupportedError
from crmstudy.exchange.read import read_responses
from crmstudy.handover import REASONS, new_record_id, read_handover, write_handover
from crmstudy.handover.strict import LARGEST_LINE
from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.scoring import score
from tests.exchange.reading.platform_files import INSTRUMENT


@pytest.fixture
def care(tmp_path):
    path = tmp_path / "care.yaml"
    path.write_text(INSTRUMENT, encoding="utf-8")
    return load_instrument(path)


def _record(number=0, **changes):
    record = {
        "record": f"{number:032x}",
        "language": "fa",
        "answers": {"CARE1": 5, "CARE2": 1, "CARE3": -9},
        "open": {"via": [1, 3], "years": 12, "remark": "خوب\nاست 🙂"},
        "paradata": {"complete": True, "device": "phone", "duration": "5-10"},
    }
    return {key: value for key, value in (record | changes).items() if value is not None}


def _write(folder, care, *records, mode="anonymous", **options):
    created = options.pop("created", "2026-11" if mode == "anonymous" else "2026-11-26")
    return write_handover(folder, [care], records or [_record()], mode=mode, created=created, **options)


def _told(folder, care, *records, **options):
    with pytest.raises(DataError) as caught:
        _write(folder, care, *records, **options)
    return [(fault.file, fault.line, fault.message) for fault in caught.value.faults]


def _change(folder, name, change, seal=True):
    """Change a file of a hand-over and, to look behind the seal, seal it again."""
    path = folder / name
    data = change(path.read_bytes())
    path.write_bytes(data)
    if seal and name != "handover.json":
        head = json.loads((folder / "handover.json").read_text(encoding="utf-8"))
        head["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        (folder / "handover.json").write_text(json.dumps(head), encoding="utf-8")


def _faults(folder, **options):
    with pytest.raises(DataError) as caught:
        list(read_handover(folder, **options).records())
    return [(fault.file, fault.line, fault.message) for fault in caught.value.faults]


def test_what_is_written_is_read_back(tmp_path, care):
    records = [_record(1), _record(2, open={}, wave="1", unit="Yazd", answers={"CARE1": None, "CARE2": 2, "CARE3": 3},
                                   reasons={"CARE1": "refused"})]  # fmt: skip
    folder = _write(tmp_path / "out", care, *records)
    opened = read_handover(folder)
    assert list(opened.records()) == records
    assert list(opened.records()) == records  # a second time
    assert opened.instruments[0].fingerprint == care.fingerprint
    assert opened.instruments[0].item("CARE3").wording == care.item("CARE3").wording
    assert opened.head.records == 2
    assert sorted(path.name for path in folder.iterdir()) == ["handover.json", "instrument.json", "records.ndjson"]


def test_every_instrument_of_the_library_travels_whole(tmp_path):
    for one in list_instruments():
        answers = {item.id: item.response.high for item in one.items}
        record = {"record": "0" * 32, "language": next(iter(one.languages)), "answers": answers}
        folder = tmp_path / f"{one.id}-{one.version}"
        write_handover(folder, [one], [record], mode="confidential", created="2026-11-26")
        (back,) = read_handover(folder).instruments
        assert back.fingerprint == one.fingerprint
        assert [entry.wording for entry in back.entries] == [entry.wording for entry in one.entries]
        assert back.items[0].response.labels == one.items[0].response.labels


def test_the_same_records_give_the_same_bytes(tmp_path, care):
    for name in ("a", "b"):
        _write(tmp_path / name, care, _record(1), _record(2))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_responses_of_a_folder(tmp_path, care):
    records = [
        _record(1, unit="Yazd", attributes={"tenure": 3, "post": "clerk"}),
        _record(2, open={"via": []}, answers={"CARE1": None, "CARE2": None, "CARE3": None},
                reasons={"CARE1": "refused", "CARE2": "not-reached"}, paradata=None),
        _record(3, open=None, answers={"CARE1": 1, "CARE2": None, "CARE3": 2}, reasons={"CARE2": "not-shown"}),
    ]  # fmt: skip
    folder = _write(tmp_path / "out", care, *records, attributes=["tenure", "post"])
    read = read_responses(folder)
    assert list(read.frame) == [
        "record", "unit", "language", "CARE1", "CARE2", "CARE3", "via_1", "via_2", "via_3", "years", "remark", "tenure",
        "post", "complete", "device", "duration",
    ]  # fmt: skip
    np.testing.assert_array_equal(read.frame["CARE1"], [5, np.nan, 1])
    assert {name: dict(codes) for name, codes in read.codes.items()} == {
        "CARE1": {1: -99}, "CARE2": {1: -97, 2: -98}, "CARE3": {0: -9},
    }  # fmt: skip
    np.testing.assert_array_equal(read.frame["via_1"], [1, 0, np.nan])
    assert read.frame["remark"][0] == "خوب\nاست 🙂"
    assert read.frame["tenure"][0] == 3
    assert read.frame["complete"][0] == 1
    assert [instrument.id for instrument in read.instruments] == ["care"]
    assert score(read).estimates is not None
    assert any(note.code == "RESPONSES_HANDED_OVER" and "anonymous" in note.message for note in read.notes)
    head = hashlib.sha256((folder / "handover.json").read_bytes()).hexdigest()
    assert head in read.provenance.inputs.values()
    with pytest.raises(UnsupportedError, match="is a hand-over folder"):
        read_responses(folder, source="qualtrics")
    assert read_responses(folder, source="handover", id="record").id == "record"


@pytest.mark.parametrize("said", [["007", "12"], ["12", "1e5"], ["1.10", "1.1"], ["۱۲", "NA"], ["1,5", " 2 "]])
def test_what_was_written_stays_a_text(tmp_path, care, said):
    """A text of digits is no number, and a unit 1.10 is not the unit 1.1."""
    units = ["1.1", "1.10"]
    records = [
        _record(n, open={"remark": text, "years": 25}, unit=units[n], wave=units[n], attributes={"tenure": 3 + n})
        for n, text in enumerate(said)
    ]
    read = read_responses(_write(tmp_path / "out", care, *records, attributes=["tenure"])).frame
    assert read["remark"].tolist() == said
    assert read["unit"].tolist() == read["wave"].tolist() == units
    assert (read["years"].tolist(), read["tenure"].tolist()) == ([25, 25], [3, 4])


def test_paradata_of_identified_records(tmp_path, care):
    fine = {"started": "2026-11-26T10:05Z", "submitted": "2026-11-26T10:12Z", "seconds": 420.5, "visits": 2,
            "page_seconds": [60, 360.5], "order": ["CARE2", "CARE1", "via", "CARE3"]}  # fmt: skip
    folder = _write(
        tmp_path / "out", care, _record(1, paradata=fine, person="p1"), mode="identified", linking="key-file"
    )
    read = read_responses(folder)
    assert read.frame.loc[0, ["seconds", "visits"]].tolist() == [420.5, 2]
    assert read.frame["order"][0] == "CARE2 CARE1 via CARE3"
    assert read.frame["page_seconds"][0] == "60 360.5"
    assert read.frame["person"][0] == "p1"


def test_an_instrument_that_is_given_must_have_the_same_key(tmp_path, care):
    folder = _write(tmp_path / "out", care)
    reworded = load_instrument(_yaml(tmp_path, "reworded", ("I feel.", "I am.")))
    assert read_responses(folder, instruments=[reworded]).instruments[0].item("CARE1").wording["en"].endswith("I am.")
    rekeyed = load_instrument(_yaml(tmp_path, "rekeyed", ("reversed: [CARE2]", "reversed: []")))
    assert "were given to 'care' 1.0" in _faults(folder, instruments=[rekeyed])[0][2]
    assert "not given to 'ecsi'" in _faults(folder, instruments=[load_instrument("ecsi")])[0][2]


def _yaml(folder, name, change):
    path = folder / f"{name}.yaml"
    path.write_text(INSTRUMENT.replace(*change), encoding="utf-8")
    return path


def test_nothing_is_overwritten_and_nothing_half_done_stays(tmp_path, care):
    folder = _write(tmp_path / "out", care)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(OutputError, match="not overwritten"):
        _write(folder, care)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert _told(tmp_path / "new", care, _record(1), _record(1))
    assert not (tmp_path / "new").exists()

    def broken():
        yield _record(1)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        write_handover(tmp_path / "new", [care], broken(), mode="anonymous", created="2026-11")
    assert not (tmp_path / "new").exists()


def test_every_reason_is_a_code_of_its_own_in_the_table(tmp_path, care):
    records = [
        _record(number, answers={"CARE1": None, "CARE2": 1, "CARE3": 2}, reasons={"CARE1": reason})
        for number, reason in enumerate(REASONS, start=1)
    ]
    read = read_responses(_write(tmp_path / "out", care, *records))
    assert dict(read.codes["CARE1"]) == {0: -99, 1: -98, 2: -97, 3: -96, 4: -95}


def test_a_folder_that_was_not_finished_or_was_changed_is_refused(tmp_path, care):
    folder = _write(tmp_path / "out", care, _record(1), _record(2))
    for name in ("records.ndjson", "instrument.json"):
        whole = tmp_path / name[:3]
        shutil.copytree(folder, whole)
        _change(whole, name, lambda raw: raw.replace(b'"CARE1":5', b'"CARE1":4') + b" ", seal=False)
        assert "sha256 differs" in _faults(whole)[0][2]
    (folder / "handover.json").unlink()
    with pytest.raises(DataError, match=r"lacks 'handover\.json'"):
        read_handover(folder)


BAD_RECORDS = [
    ({"record": "xyz"}, "record is 32 hexadecimal digits"),
    ({"record": 5}, "record is 32 hexadecimal digits"),
    ({"language": "de"}, "language is one of en, fa, ru; found \"de\""),
    ({"answers": {"CARE1": 6, "CARE2": 1, "CARE3": 1}}, "the answer to CARE1 is one of -9, 1 to 5, or null; found 6"),
    ({"answers": {"CARE1": True, "CARE2": 1, "CARE3": 1}}, "the answer to CARE1 is one of"),
    ({"answers": {"CARE1": 1.0, "CARE2": 1, "CARE3": 1}}, "the answer to CARE1 is one of"),
    ({"answers": {"CARE1": "1", "CARE2": 1, "CARE3": 1}}, "the answer to CARE1 is one of"),
    ({"answers": {"CARE1": 1, "CARE2": 1}}, "answers lacks CARE3"),
    ({"answers": {"CARE1": 1, "CARE2": 1, "CARE3": 1, "CARE4": 1}}, "answers has \"CARE4\", which no instrument asks"),
    ({"answers": []}, "answers is an object of items; found []"),
    ({"reasons": {"CARE1": "refused"}}, "CARE1 has an answer and a reason for having none"),
    ({"reasons": {"CARE9": "refused"}}, "reasons has \"CARE9\""),
    ({"reasons": {"CARE1": "bored"}, "answers": {"CARE1": None, "CARE2": 1, "CARE3": 1}}, "found \"bored\""),
    ({"open": {"via": [1, 4]}}, "the answer to via is a list of different values out of 1 to 3"),
    ({"open": {"via": [1, 1]}}, "the answer to via is a list of different values"),
    ({"open": {"via": 1}}, "the answer to via is a list"),
    ({"open": {"years": 61}}, "the answer to years lies in 0 to 60; found 61"),
    ({"open": {"years": 1.5}}, "the answer to years is a whole number; found 1.5"),
    ({"open": {"years": 10**400}}, "the answer to years is a whole number"),
    ({"open": {"remark": "a\x00b"}}, "without control characters"),
    ({"open": {"remark": "\ud800"}}, "without control characters"),
    ({"open": {"remarks": "x"}}, "Did you mean 'remark'?"),
    ({"wave": ""}, "wave is a text of 1 to 200 characters; found \"\""),
    ({"unit": {"a": 1}}, "unit is a text of 1 to 200 characters; found {\"a\": 1}"),
    ({"person": "p"}, "nothing links them"),
    ({"attributes": {"age": 1}}, "attributes has \"age\", which handover.json does not list"),
    ({"paradata": {"seconds": 5}}, "an anonymous hand-over holds no seconds"),
    ({"paradata": {"order": ["CARE1"]}}, "an anonymous hand-over holds no order"),
    ({"paradata": {"duration": "7"}}, "duration is one of 0-1, 1-2"),
    ({"paradata": {"complete": 1}}, "complete is true or false; found 1"),
    ({"paradata": {"ip": "10.0.0.1"}}, "paradata has \"ip\", which is not known"),
    ({"paradata": 3}, "paradata is an object; found 3"),
    ({"email": "a@b.org"}, "a record has \"email\", which is not known"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), BAD_RECORDS, ids=lambda value: str(value)[:40])
def test_what_is_wrong_with_a_record_is_told_on_both_sides(tmp_path, care, change, sentence):
    bad = _record(2, **change)
    told = _told(tmp_path / "never", care, _record(1), bad)
    assert (told[0][0], told[0][1]) == ("records.ndjson", 2)
    assert sentence in told[0][2]
    folder = _write(tmp_path / "out", care, _record(1), _record(2))
    _change(folder, "records.ndjson", lambda raw: raw.split(b"\n")[0] + b"\n" + json.dumps(bad).encode() + b"\n")
    found = _faults(folder)
    assert (found[0][0], found[0][1]) == ("records.ndjson", 2)
    assert any(sentence in message for _, _, message in found) or 10**400 in change.get("open", {}).values()


def test_records_stand_in_the_order_of_their_ids(tmp_path, care):
    assert "stands twice" in _told(tmp_path / "a", care, _record(1), _record(1))[0][2]
    assert "ascending order" in _told(tmp_path / "a", care, _record(2), _record(1))[0][2]


BAD_LINES = [
    (b"{", "this is not JSON"), (b"[]", "a record is an object in braces; found []"), (b"\xff", "this is not UTF-8"),
    (b'{"record": NaN}', "NaN is no number of JSON"), (b'{"a": 1, "a": 2}', "the key \"a\" stands twice"),
    (b"", "this is not JSON"), (b"[" * 100_000, "brackets go deeper"), (b'{"a": ' + b"1" * 5000 + b"}", "more digits"),
    (b"x" * (LARGEST_LINE + 5), "the line is longer than"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "sentence"), BAD_LINES, ids=[sentence for _, sentence in BAD_LINES])
def test_lines_that_are_no_records(tmp_path, care, line, sentence):
    folder = _write(tmp_path / "out", care, _record(1), _record(2))
    _change(folder, "records.ndjson", lambda raw: raw.split(b"\n")[0] + b"\n" + line + b"\n")
    found = _faults(folder)
    assert found[0][:2] == ("records.ndjson", 2)
    assert sentence in found[0][2]


def test_a_file_that_was_cut_off_and_counts_that_differ(tmp_path, care):
    folder = _write(tmp_path / "out", care, _record(1), _record(2))
    _change(folder, "records.ndjson", lambda raw: raw[:-1])
    assert "does not end" in _faults(folder)[0][2]
    _change(folder, "records.ndjson", lambda raw: raw.split(b"\n")[0] + b"\n")
    assert _faults(folder)[0][2] == "handover.json promises 2 records; found 1."


BAD_HEADS = [
    ({"crmstudy_handover": 2}, "crmstudy_handover must be 1"),
    ({"mode": "secret"}, "mode is one of anonymous, confidential, identified"),
    ({"created": "2026-11-26"}, "created is the month such as 2026-11"),
    ({"created": "2026-13"}, "created is the month such as 2026-11"),
    ({"k": 4}, "k is at least 5 in a hand-over that is anonymous; found 4"),
    ({"k": "5"}, "k is a whole number; found \"5\""),
    ({"linking": "key-file"}, "an anonymous hand-over has no key file"),
    ({"records": 10**12}, "more than records.ndjson has room for"),
    ({"records": True}, "records is a whole number"),
    ({"attributes": ["record"]}, "is no name for a column"),
    ({"attributes": ["CARE1"]}, "'CARE1' of 'care' is also an attribute"),
    ({"attributes": "age"}, "attributes is a list of names"),
    ({"instruments": []}, "instruments is empty"),
    ({"instruments": [{"id": "care", "version": "1.0", "fingerprint": "0"}]}, "or their fingerprints are not those"),
    ({"instruments": [{"id": "care"}]}, "instruments is a list of id, version and fingerprint"),
    ({"files": {}}, "files gives sha256 and bytes"),
    ({"files": {"../../etc/passwd": {"sha256": "0" * 64, "bytes": 1}}}, "files gives sha256 and bytes"),
    ({"record": 3}, "handover.json has \"record\", which is not known. Did you mean 'records'?"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), BAD_HEADS, ids=lambda value: str(value)[:50])
def test_what_is_wrong_with_a_head(tmp_path, care, change, sentence):
    folder = _write(tmp_path / "out", care)
    _change(folder, "handover.json", lambda raw: json.dumps(json.loads(raw) | change).encode())
    found = _faults(folder)
    assert sentence in found[0][2]
    assert all(fault[0] in ("handover.json", "instrument.json") for fault in found)


def test_a_head_that_cannot_be_is_never_written(tmp_path, care):
    for options, sentence in (
        ({"created": "2026-11-26"}, "the month"), ({"k": 3}, "k is at least 5"), ({"attributes": ["CARE1"]}, "CARE1"),
        ({"mode": "open", "created": "2026-11"}, "mode is one of"), ({"linking": "key-file"}, "no key file"),
    ):  # fmt: skip
        assert sentence in _told(tmp_path / "out", care, **options)[0][2]
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="there is no record"):
        write_handover(tmp_path / "out", [care], [], mode="anonymous", created="2026-11")


def test_record_ids_are_random():
    ids = {new_record_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(id) == 32 for id in ids)


def _mutated(raw, draw):
    """Some bytes changed, left out or put in."""
    raw = bytearray(raw)
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(len(raw))
        how = draw.random()
        if how < 0.5:
            raw[place] = draw.randrange(256)
        elif how < 0.8:
            del raw[place : place + draw.randint(1, 30)]
        else:
            raw[place:place] = draw.choice([b"[[[[", b"\x00", b'"', b"1e999", b"{}", b"null", b"\xd8\x00", b"-9"])
    return bytes(raw)


def test_mutated_folders_get_a_sentence(tmp_path, care):
    """300 folders with a few bytes changed in one file: read as before, or refused with a sentence."""
    folder = _write(tmp_path / "out", care, _record(1), _record(2))
    draw = random.Random(20261126)
    read = 0
    refused: list[str] = []
    for number in range(300):
        bad = tmp_path / f"m{number}"
        shutil.copytree(folder, bad)
        _change(
            bad, draw.choice(["handover.json", "instrument.json", "records.ndjson"]), lambda raw: _mutated(raw, draw)
        )
        try:
            read += read_responses(bad).n
        except DataError as told:
            refused += [fault.message for fault in told.faults]
        shutil.rmtree(bad)
    assert read  # texts may change without harm
    assert len(refused) > 100
    assert all(message.strip() for message in refused)
