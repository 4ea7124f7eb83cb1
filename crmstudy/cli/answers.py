"""Commands about a data file: ``score`` and ``screen``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmstudy.cli.console import AsJson, emit, say, shown, table
from crmstudy.errors import InputError, OutputError
from crmstudy.files import put_new

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.responses import Responses
    from crmstudy.screening import Screening

DataFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="Data file, one row a respondent: CSV, .xlsx, .sav, .dta, Parquet, a platform's export."
    ),
]
Instruments = Annotated[
    list[str], typer.Option("--instrument", "-i", help="Instrument the columns answer: id or file. Can be repeated.")
]
Codes = Annotated[
    list[str] | None, typer.Option("--missing-code", help="A cell that means 'no answer'. Can be repeated.")
]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook; the first one when left out.")]
Source = Annotated[
    str | None, typer.Option("--source", help="Platform the file was exported from; found out when left out.")
]
Rules = Annotated[
    list[str] | None,
    typer.Option("--rules", help="Rules: a YAML file, or key=value such as irv=0.3. Can be repeated."),
]
Out = Annotated[Path | None, typer.Option("--out", help="Also write the rows into this CSV file.")]


def score(
    file: DataFile,
    instrument: Instruments,
    missing_code: Codes = None,
    sheet: Sheet = None,
    source: Source = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Compute the scale scores of a data file."""
    from crmstudy.scoring import score as score_responses

    responses = _read(file, instrument, missing_code, sheet, source)
    scores = score_responses(responses)
    _write(scores.frame.join(scores.interpreted), out)
    if as_json:
        emit({"status": 0, **json.loads(scores.to_json()), "out": _told(out)})
        return 0
    keys = ", ".join(f"{one.id} {one.version}" for one in responses.instruments)
    say(f"{file.name}: N = {responses.n}, by the key of {keys}")
    found = scores.tables["scales"]
    table(list(found.columns), _cells(found), right=[name for name in found.columns if name not in ("scale", "method")])
    _tell_notes(scores.notes, out)
    return 0


def screen(
    file: DataFile,
    instrument: Instruments,
    missing_code: Codes = None,
    sheet: Sheet = None,
    source: Source = None,
    rules: Rules = None,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Tell what is missing, which rows are doubtful and how the answers are distributed; the file is not changed."""
    from crmstudy.screening import screen as screen_responses

    responses = _read(file, instrument, missing_code, sheet, source)
    screening = screen_responses(responses, rules=_rules(rules or ()))
    flagged = screening.reasons[screening.reasons != ""]
    rows = [{"row": int(str(row)) + 1, "reasons": reasons} for row, reasons in flagged.items()]
    _write(screening.flags.assign(reasons=screening.reasons), out)
    if as_json:
        emit({"status": 0, **json.loads(screening.to_json()), "flagged": rows, "out": _told(out)})
        return 0
    say(screening.text)
    _tell_rules(screening)
    if rows:
        say()
        table(["row", "reasons"], [(row["row"], row["reasons"]) for row in rows], right=["row"])
        say()
    for line in _brief(screening):
        say(line)
    _tell_notes(screening.notes, out)
    return 0


def _tell_rules(screening: Screening) -> None:
    from crmstudy.screening.settings import written

    found = screening.tables["rules"]
    found = found.assign(setting=[written(str(row["rule"]), row["setting"]) for row in found.to_dict("records")])
    table(list(found.columns), _cells(found), right=["flagged", "excluded"])


def _brief(screening: Screening) -> list[str]:
    """What is missing, Little's test, and normality, a line each."""
    from crmstudy.numerals import p_phrase, write_number

    lines, tables = [], screening.tables
    if "missing" in tables:
        items = tables["missing"]
        total, gone = int((items["n"] + items["missing"]).sum()), int(items["missing"].sum())
        counts = tables["missing_counts"]
        people = int(counts.loc[counts["missing"] > 0, "n"].sum())
        share = write_number(100 * gone / total, "percent")
        whose = "1 respondent" if people == 1 else f"{people:,} respondents"
        lines.append(f"Missing: {gone:,} of {total:,} answers ({share}), of {whose}.")
    if "mcar" in tables and tables["mcar"]["d2"].notna().all():
        row = tables["mcar"].iloc[0]
        said = f"χ²({int(row['df'])}) = {write_number(row['d2'], 'statistic')}, {p_phrase(float(row['p_value']))}"
        lines.append(f"Little's test (missing completely at random): {said}, {int(row['patterns'])} patterns.")
    shapes = tables.get("normality")
    if shapes is not None and shapes["skew"].notna().any():
        ends = [write_number(value, "estimate") for value in (shapes["skew"].min(), shapes["skew"].max())]
        tested = shapes["lilliefors_p"].dropna()
        rejected = (
            f"Lilliefors' test rejects normality of {int((tested < 0.05).sum())} of {len(tested)} variables at .05"
        )
        lines.append(f"Distributions: skewness {ends[0]} to {ends[1]}; {rejected}.")
    return lines


def _rules(given: Iterable[str]) -> dict[str, Any]:
    """The rules of files and of ``key=value`` on the command line, the later ones above the earlier."""
    rules: dict[str, Any] = {}
    for text in given:
        rules |= _rule(text) if "=" in text else _rules_of(Path(text))
    return rules


def _rule(text: str) -> dict[str, Any]:
    import yaml

    name, _, value = text.partition("=")
    try:
        return {name.strip(): yaml.safe_load(value)}
    except yaml.YAMLError as error:
        raise InputError(f"--rules {text}: the value cannot be read as YAML.") from error


def _rules_of(file: Path) -> dict[str, Any]:
    from crmstudy.declared import read_declared

    if not file.is_file():
        wanted = "name a YAML file of rules, or write key=value such as longstring=9"
        raise InputError(f"the rules '{file}' were not found; {wanted}.")
    doc = read_declared(file)
    doc.raise_faults()
    found = doc.data
    if isinstance(found, dict) and isinstance(found.get("screening"), dict):
        found = found["screening"]
    if not isinstance(found, dict):
        raise InputError(f"'{file}' holds no rules; write a mapping such as: longstring: 9")
    return {name: value for name, value in found.items() if name != "sensitivity"}


def _read(
    file: Path, instruments: list[str], codes: list[str] | None, sheet: str | None, source: str | None
) -> Responses:
    from crmstudy.exchange.read import read_responses
    from crmstudy.instrument import load_instrument

    loaded = [load_instrument(name, search=(Path("instruments"),)) for name in instruments]
    missing = [_code(code) for code in codes or ()]
    return read_responses(file, instruments=loaded, missing_codes=missing, sheet=sheet, source=source)


def _code(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _write(frame: pd.DataFrame, out: Path | None) -> None:
    """Write rows, numbered from 1, into a file that is not there yet."""
    if out is None:
        return
    if out.exists():
        raise OutputError(f"'{out}' exists already; name another file, or remove it.")
    numbered = frame.set_axis([int(str(row)) + 1 for row in frame.index]).rename_axis("row")
    try:
        put_new(out, numbered.to_csv(lineterminator="\n").encode("utf-8"))
    except OSError as error:
        raise OutputError(f"'{out}' cannot be written: {error.strerror or error}.") from error


def _told(out: Path | None) -> str | None:
    return None if out is None else str(out)


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value == int(value) else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3g}"
    return str(value)


def _tell_notes(notes: Any, out: Path | None) -> None:
    for note in notes:
        say(f"{note.level}: {note.message} ({note.code})")
    if out is not None:
        say(f"Rows: {shown(out)}")
