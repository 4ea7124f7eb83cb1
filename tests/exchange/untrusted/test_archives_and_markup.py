"""Archives, XML and JSON that were made to do harm are refused before they do it, with the reason."""

from __future__ import annotations

import io
import re
import struct
import zipfile

import pytest

from crmstudy.errors import DataError
from crmstudy.exchange.untrusted.archives import check_archive
from crmstudy.exchange.untrusted.markup import read_json, read_xml


def _zip(parts: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def _refusal(raw: bytes) -> str:
    with pytest.raises(DataError) as caught:
        check_archive(raw, "a.xlsx")
    return str(caught.value)


def test_an_honest_archive_is_opened():
    archive = check_archive(
        _zip({"a.xml": b"<?xml version='1.0'?><!-- c --><a><b/></a>", "m/x.bin": b"\x00\x01"}), "a.xlsx"
    )
    assert archive.read("m/x.bin") == b"\x00\x01"


def test_sheets_of_equal_rows_are_no_bomb():
    rows = b"".join(b'<row r="%d"><c r="A%d" s="1"><v>5</v></c></row>' % (n, n) for n in range(1, 300_000))
    check_archive(_zip({"sheet.xml": b"<s>" + rows + b"</s>"}), "a.xlsx")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "cannot be unpacked"),
        (b"PK\x03\x04" + b"x" * 90, "cannot be unpacked"),
        (_zip({"a.bin": b"\x00" * 20_000_000}), "unpacks to 1,0.. times its size"),
        (_zip({"a.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "declares a document type in 'a.xml'"),
        (_zip({"a.rels": b"<?xml version='1.0'?><!-- x --><!DOCTYPE a SYSTEM 'file:///x'><a/>"}), "document type"),
        (_zip({"a.xml": "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16")}), "document type"),
        (_zip({"a.xml": b"nothing"}), "damaged in 'a.xml'"),
        (_zip({"a.bin": b"x" * 100}, zipfile.ZIP_LZMA), "packed in a way"),
    ],
)  # fmt: skip
def test_bombs_and_declarations_are_refused(raw, words):
    assert re.search(words, _refusal(raw))


def test_many_parts_equal_names_and_passwords_are_refused():
    assert "10,001 parts" in _refusal(_zip({f"{n}.bin": b"" for n in range(10_001)}, zipfile.ZIP_STORED))
    assert "two parts of the same name" in _refusal(_zip({"A.xml": b"<a/>", "a.xml": b"<a/>"}))
    raw = bytearray(_zip({"a.bin": b"secret"}))
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    assert "protected by a password" in _refusal(bytes(raw))


def test_names_of_parts_are_fit_to_be_shown():
    raw = bytearray(_zip({"docProps/core.xml": b"<a/>"}))
    at = raw.rindex(b"docProps")
    raw[at + 3] = 0x0E
    said = _refusal(bytes(raw))
    assert said.isprintable()
    assert "damaged in 'doc rops/core.xml'" in said


def test_parts_that_overlap_are_refused():
    raw = bytearray(_zip({"a.bin": b"x" * 1000, "b.bin": b"y" * 1000}, zipfile.ZIP_STORED))
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    raw[second + 42 : second + 46] = struct.pack("<I", 10)
    assert "overlap" in _refusal(bytes(raw))


def test_a_total_that_is_too_large_is_refused():
    raw = bytearray(_zip({f"{n}.bin": b"x" for n in range(3)}))
    at = -1
    for _ in range(3):
        at = raw.index(b"PK\x01\x02", at + 1)
        raw[at + 24 : at + 28] = struct.pack("<I", 2**29)
    assert "would unpack to 1,536 MB, and at most 1,024 MB are read" in _refusal(bytes(raw))


def _lol(depth: int) -> bytes:
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, depth))
    return f"<!DOCTYPE a [<!ENTITY e0 'lol'>{entities}]><a>&e{depth - 1};</a>".encode()


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (_lol(10), 1, "document type or entities"),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n<a>&x;</a>", 1, "document type or entities"),
        (b"\n<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'>\n<a/>", 2, "document type or entities"),
        (b"<a>" * 101 + b"</a>" * 101, 1, "nested more than 100 deep"),
        (b"<a>\n<b></a>", 2, "no well-formed XML (mismatched tag)"),
        (b"", 1, "no well-formed XML (no element found)"),
        (b"<a>\x00</a>", 1, "no well-formed XML"),
        (b"<?xml version='1.0' encoding='no-such'?><a/>", None, "no well-formed XML"),
        (b"<a>&undeclared;</a>", 1, "no well-formed XML (undefined entity)"),
    ],
)
def test_xml_that_is_not_to_be_trusted(raw, line, words):
    with pytest.raises(DataError) as caught:
        read_xml(raw, "a.lss")
    (fault,) = caught.value.faults
    assert words in fault.message
    assert line in (None, fault.line)


def test_xml_that_is_fine():
    assert read_xml("<?xml version='1.0'?><a b='ن'>х<c/></a>".encode(), "a.lss").get("b") == "ن"


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"[" * 200_000, 1, "nested more than 100 deep"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, 1, "nested more than 100 deep"),
        (b'{"a": 1,\n "b": }', 2, "no JSON (Expecting value)"),
        (b"\xff{}", 1, "not UTF-8 (byte 1)"),
        (b'{"a": NaN}', None, "NaN is no number"),
        (b"[" + b"9" * 10_000 + b"]", None, "no JSON"),
        (b'["\\ud800"]', None, "half of a character"),
        (b'["\\udc00x"]', None, "half of a character"),
        (b"", 1, "no JSON"),
    ],
)
def test_json_that_is_not_to_be_trusted(raw, line, words):
    with pytest.raises(DataError) as caught:
        read_json(raw, "a.qsf")
    (fault,) = caught.value.faults
    assert words in fault.message
    assert fault.line == line


def test_json_that_is_fine():
    assert read_json(b'\xef\xbb\xbf{"a": ["[[[[", "\\ud83d\\ude00", 1.5, null]}', "a.qsf") == {
        "a": ["[[[[", "😀", 1.5, None]
    }
    deep = b"[" * 100 + b"]" * 100
    assert read_json(deep, "a.qsf")
    assert read_json(b'["' + b"[" * 5000 + b'\\""]', "a.qsf") == ["[" * 5000 + '"']
