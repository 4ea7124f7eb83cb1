"""Files that were damaged, or made to do harm: mutants of good ones, and what must become of each.

Every mutant is read, or refused with a sentence, in a few seconds; nothing else may happen. :data:`TARGETS` is what is
tried: give it a :class:`Target` for what a reader reads. ``python -m tests.exchange.fuzz`` makes many.
"""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from crmstudy.errors import CrmstudyError, InputError

#: No file may keep its reader busy for longer, in seconds.
LONGEST = 5.0
_NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
_PIECES = [
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b'"', b"'", b"\r", b"\n\n", b";" * 50, b"," * 3000,
    b"=cmd|' /C calc'!A0", b"\xd9\xa3", b"1e999", b"9" * 400, b"-", b"NaN", b"A" * 140_000, b"\xe2\x80\xae", b"{",
    b"[" * 2000, b"<a>" * 500,
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"]]>", b"%n%s", b"\x1b[2J", b"../../x", b"\\u0000", b"\\ud800", b"\t",
]  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A kind of file: a good one (bytes), the ending of its name, and the call that reads it."""

    name: str
    suffix: str
    seed: Callable[[], bytes]
    read: Callable[[Path], object]


TARGETS: list[Target] = []


def mutants(seed: bytes, count: int, start: int = 1) -> Iterator[bytes]:
    """So many files that differ from a good one; the same for the same arguments."""
    for number in range(count):
        chance = random.Random(f"{start}-{number}")
        made = _in_archive(seed, chance) if seed.startswith(b"PK\x03\x04") and chance.random() < 0.6 else seed
        if made is seed:
            for _ in range(chance.choice([1, 1, 2, 4, 16])):
                made = _mutated(made, chance)
        yield made


def answer_to(target: Target, raw: bytes, folder: Path) -> tuple[str, float]:
    """What became of a file (``read`` or the sentences) and how long it took; raises whatever else is raised."""
    path = folder / f"mutant{target.suffix}"
    path.write_bytes(raw)
    begun = time.perf_counter()
    try:
        target.read(path)
        said = "read"
    except CrmstudyError as error:
        faults = error.faults if isinstance(error, InputError) else [error]
        said = "\n".join(map(str, faults))
    return said, time.perf_counter() - begun


def wrong_with(said: str, seconds: float) -> str:
    """What is wrong with an answer; empty when nothing is."""
    if seconds > LONGEST:
        return f"it took {seconds:.1f} s"
    if said == "read":
        return ""
    for line in said.splitlines():
        if not line.rstrip().endswith((".", "?", ")", "'")):
            return f"no sentence: {line[-80:]!r}"
        if len(line) > 3000 or not "".join(line.replace("\u200c", "").split()).isprintable():
            return f"not fit to be shown: {line[:200]!r}"
    return "" if said.strip() else "no words"


def _mutated(raw: bytes, chance: random.Random) -> bytes:
    made = bytearray(raw)
    at = chance.randrange(len(made) + 1)
    if chance.random() < 0.4:  # what stands at the beginning says how the rest is read
        at = min(at, chance.randrange(400))
    kind = chance.randrange(8)
    if kind == 0 and at < len(made):
        made[at] ^= 1 << chance.randrange(8)
    elif kind == 1 and at < len(made):
        made[at] = chance.randrange(256)
    elif kind == 2:
        del made[at : at + chance.choice([1, 4, 8, 64, 1000])]
    elif kind == 3:
        made[at:at] = made[at : at + chance.choice([1, 4, 8, 64, 1000])]
    elif kind == 4:
        made[at:at] = chance.choice(_PIECES)
    elif kind == 5:
        value = chance.choice(_NUMBERS)
        made[at : at + 4] = struct.pack(chance.choice("<>") + "I", value)
    elif kind == 6:
        made[at : at + 8] = struct.pack("<d", chance.choice([0.0, -1.0, 1e308, float("inf"), float("nan"), 5e-324]))
    else:
        del made[at:]
    return bytes(made)


def _in_archive(raw: bytes, chance: random.Random) -> bytes:
    """The archive with one of its parts changed, so that the change is not found by the checksum."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    name = chance.choice(sorted(parts))
    for _ in range(chance.choice([1, 1, 2, 8])):
        parts[name] = _mutated(parts[name], chance)
    if chance.random() < 0.1:
        del parts[name]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(zipfile.ZipInfo(part), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _frame() -> object:
    import numpy as np
    import pandas as pd

    chance = np.random.default_rng(7)
    frame = pd.DataFrame(chance.integers(1, 6, (60, 6)), columns=[f"Q{n}" for n in range(1, 7)]).astype(float)
    frame.iloc[3, 2] = -99.0
    frame["city"] = ["تهران", "Казань", "Bonn", ""] * 15
    frame["when"] = pd.to_datetime("2026-03-21")
    frame["words"] = "x" * 300
    return frame


def _written(write: Callable[[object, Path], object], suffix: str) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"seed{suffix}"
        write(_frame(), path)
        return path.read_bytes()


def _sav(frame: object, path: Path) -> None:
    import pyreadstat

    labels = {f"Q{n}": f"Question {n}" for n in range(1, 7)}
    pyreadstat.write_sav(
        frame, str(path), column_labels=labels, variable_value_labels={"Q1": {1.0: "No", 5.0: "Да", -99.0: "—"}},
        missing_ranges={"Q3": [{"lo": -99, "hi": -97}]}, note="crmstudy: tiny 1.0", compress=path.suffix == ".zsav",
    )  # fmt: skip


def _dta(frame: object, path: Path) -> None:
    import pyreadstat

    pyreadstat.write_dta(frame, str(path), version=15, variable_value_labels={"Q1": {1: "No", 5: "Да"}})


def _read(path: Path) -> object:
    from crmstudy.exchange.read import read_responses

    return read_responses(path).values


TARGETS += [
    Target("sav", ".sav", lambda: _written(_sav, ".sav"), _read),
    Target("zsav", ".zsav", lambda: _written(_sav, ".zsav"), _read),
    Target("dta", ".dta", lambda: _written(_dta, ".dta"), _read),
    Target("xlsx", ".xlsx", lambda: _written(lambda f, p: f.to_excel(p, index=False), ".xlsx"), _read),
    Target("csv", ".csv", lambda: _written(lambda f, p: f.to_csv(p, index=False), ".csv"), _read),
    Target("parquet", ".parquet", lambda: _written(lambda f, p: f.to_parquet(p), ".parquet"), _read),
]


def _exported(name: str) -> bytes:
    from tests.exchange.reading.platform_files import exports

    return exports()[name]


def _read_answers(path: Path) -> object:
    from crmstudy.exchange.read import read_responses
    from tests.exchange.reading.platform_files import instrument

    return read_responses(path, instruments=[instrument()]).values


TARGETS += [
    Target(name, ".csv", partial(_exported, name), _read_answers)
    for name in ("qualtrics", "limesurvey", "google-forms", "redcap", "kobo")
]


def _read_questionnaire(path: Path) -> object:
    from crmstudy.exchange.questionnaires.formats import read_questionnaire

    return read_questionnaire(path).instrument


def _questionnaire(format: str) -> bytes:
    from crmstudy.exchange.export_log import ExportLog
    from crmstudy.exchange.questionnaires.formats import FORMATS
    from crmstudy.instrument import load_instrument

    return FORMATS[format].write(load_instrument("tam"), ExportLog(), None)


def _sample(name: str) -> bytes:
    from tests.exchange.questionnaires import samples

    made = getattr(samples, name)
    return made.encode("utf-8") if isinstance(made, str) else made()


TARGETS += [
    Target("xlsform", ".xlsx", lambda: _questionnaire("xlsform"), _read_questionnaire),
    Target("limesurvey-tsv", ".txt", lambda: _questionnaire("limesurvey"), _read_questionnaire),
    Target("lss", ".lss", lambda: _sample("lss_new"), _read_questionnaire),
    Target("lss-old", ".lss", lambda: _sample("lss_old"), _read_questionnaire),
    Target("redcap-dictionary", ".csv", lambda: _sample("DICTIONARY"), _read_questionnaire),
    Target("qsf", ".qsf", lambda: _sample("qsf"), _read_questionnaire),
    Target("yaml", ".yaml", lambda: _questionnaire("yaml"), _read_questionnaire),
    Target("json", ".json", lambda: _questionnaire("json"), _read_questionnaire),
]


def _drafted_from(suffix: str) -> bytes:
    """A questionnaire as people keep it: a title, a heading, statements with a row of answers."""
    rows = [
        ["Question", "1 No", "2", "3", "4", "5 Yes"],
        *[[f"We answer customers within day {n}.", *[""] * 5] for n in range(9)],
    ]
    made = io.BytesIO()
    if suffix == ".docx":
        import docx

        word = docx.Document()
        word.add_heading("Care for customers", 1)
        table = word.add_table(len(rows), len(rows[0]))
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
        word.save(made)
        return made.getvalue()
    if suffix == ".csv":
        return "\n".join(",".join(row) for row in rows).encode()
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(made)
    return made.getvalue()


def _draft(path: Path) -> object:
    from crmstudy.exchange.drafting.drafting import draft_questionnaire

    return draft_questionnaire(path, responses="agreement-5").instrument


def _panel() -> bytes:
    import openpyxl

    from crmstudy.instrument import load_instrument
    from crmstudy.instrument.panel import panel_form

    head, *rows = panel_form(load_instrument("ecsi"), 3)
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.active.append(head)
    for row in rows:
        book.active.append([cell or (3 if "(" in name else None) for name, cell in zip(head, row, strict=True)])
    book.save(made)
    return made.getvalue()


def _read_panel(path: Path) -> object:
    import crmstudy as cs

    return cs.content_validity(path).estimates


def _wording() -> bytes:
    from crmstudy.instrument import load_instrument

    return "\n".join(["item,en", *(f"{item.id},Text of {item.id}" for item in load_instrument("ecsi").items)]).encode()


def _read_wording(path: Path) -> object:
    from crmstudy.exchange.drafting.wording_files import read_wording

    return read_wording(path)


TARGETS += [
    *(
        Target(f"draft{suffix}", suffix, partial(_drafted_from, suffix), _draft)
        for suffix in (".docx", ".xlsx", ".csv")
    ),
    Target("draft.sav", ".sav", lambda: _written(_sav, ".sav"), _draft),
    Target("panel", ".xlsx", _panel, _read_panel),
    Target("wording", ".csv", _wording, _read_wording),
]
