"""Files are read whole or not at all, and a new file is there with all it holds, or not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from crmstudy.declared import read_declared
from crmstudy.errors import DataError, InputError, InstrumentError, OutputError, UnsupportedError
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires.formats import read_questionnaire, write_questionnaire
from crmstudy.exchange.read import read_responses
from crmstudy.exchange.untrusted.door import parse
from crmstudy.files import bytes_of, check_name, put_new
from crmstudy.instrument import load_instrument
from crmstudy.instrument.panel import write_panel
from crmstudy.instrument.revising.filing import file_instrument

pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")


@pipes
@pytest.mark.parametrize("name", ["a.csv", "a.sav", "a.yaml", "a.xlsx"])
def test_a_pipe_is_refused_at_once(tmp_path, name):
    path = tmp_path / name
    os.mkfifo(path)
    if name != "a.sav":
        with pytest.raises(InputError, match="a pipe or a device"):
            read_questionnaire(path)
    if name == "a.yaml":
        with pytest.raises(InstrumentError, match="a pipe or a device"):
            read_declared(path, InstrumentError)
        return
    with pytest.raises(DataError, match="a pipe or a device"):
        read_responses(path)
    with pytest.raises(DataError, match="a pipe or a device"):
        parse("delimited", path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this platform has no /dev/zero")
def test_a_link_to_a_device_without_end_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.symlink_to("/dev/zero")
    with pytest.raises(DataError, match="a pipe or a device"):
        read_responses(path)


def test_what_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 100)
    assert bytes_of(path, 100) == b"x" * 100
    with pytest.raises(OSError, match="at most"):
        bytes_of(path, 99)
    with pytest.raises(IsADirectoryError):
        bytes_of(tmp_path, 99)


class _Full:
    """A file on a full disk: something is written, then it says so."""

    def __init__(self, stream):
        self.stream = stream

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def write(self, content):
        self.stream.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_questionnaire("tam", path.with_suffix(".xlsx")),
        lambda path: file_instrument(load_instrument("tam"), path.with_suffix(".yaml")),
        lambda path: write_panel(load_instrument("tam"), path.with_suffix(".csv"), experts=2),
    ],
)
def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch, write):
    opened = Path.open

    def open_on_a_full_disk(path, mode="r", *given, **kept):
        stream = opened(path, mode, *given, **kept)
        return _Full(stream) if "x" in mode else stream

    monkeypatch.setattr(Path, "open", open_on_a_full_disk)
    with pytest.raises(OutputError, match="No space left"):
        write(tmp_path / "made")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays(tmp_path):
    path = tmp_path / "a.txt"
    put_new(path, b"old")
    with pytest.raises(FileExistsError):
        put_new(path, b"new")
    assert path.read_bytes() == b"old"
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "elsewhere.txt")
    with pytest.raises(FileExistsError):
        put_new(link, b"new")
    assert not (tmp_path / "elsewhere.txt").exists()


@pytest.mark.parametrize("name", ["con.yaml", "NUL", "Lpt1.tar.gz", "a\nb.csv", "a\x1b[2J.csv", "\u202egnp.csv"])
def test_names_that_no_file_should_have(tmp_path, name):
    with pytest.raises(OutputError, match=r"device in Windows|cannot be shown"):
        check_name(tmp_path / name)
    with pytest.raises(OutputError):
        write_questionnaire("tam", tmp_path / name, format="json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["console.yaml", "پرسشنامه.csv", "ответы 1.sav", "lpt10.csv", ".csv"])
def test_names_that_files_may_have(tmp_path, name):
    check_name(tmp_path / name)


def test_nothing_stays_of_an_export_that_another_file_got_in_the_way_of(tmp_path, monkeypatch):
    from crmstudy.exchange.writing import delivery

    move, times = delivery._move, []

    def late(made, target):
        times.append(target)
        if len(times) == 2:
            raise OutputError(f"'{target}' exists already; name another file, or remove it.")
        move(made, target)

    monkeypatch.setattr(delivery, "_move", late)
    with delivery.delivery_to(tmp_path / "a.csv") as order:
        order.write(tmp_path / "a.csv", "1")
        order.write(tmp_path / "b.csv", "2")
        with pytest.raises(OutputError):
            order.put_in_place()
    assert len(times) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be made here")
def test_an_export_refuses_a_name_that_would_be_syntax(tmp_path):
    import pandas as pd

    from crmstudy.exchange.writing.write import write_responses

    with pytest.raises((OutputError, UnsupportedError), match="cannot be shown"):
        write_responses(pd.DataFrame({"a": [1.0]}), tmp_path / "x\nHOST COMMAND=['id'].\n.sps")
    assert list(tmp_path.iterdir()) == []
    assert ExportLog("sps").text == ""
