"""The front door for answers out: choose the format, check everything at once, write all files or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crmstudy.errors import UnsupportedError, did_you_mean
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.writing.ddi import ddi_xml
from crmstudy.exchange.writing.delimited import write_csv
from crmstudy.exchange.writing.delivery import Delivery, check_all, check_place, delivery_to
from crmstudy.exchange.writing.gathering import describe_data
from crmstudy.exchange.writing.parquet import write_parquet
from crmstudy.exchange.writing.psych_ds import write_psych_ds
from crmstudy.exchange.writing.r_script import r_text
from crmstudy.exchange.writing.record import codebook_json
from crmstudy.exchange.writing.spss import write_sav
from crmstudy.exchange.writing.spss_syntax import sps_text
from crmstudy.exchange.writing.stata import stamp_fits, write_dta
from crmstudy.exchange.writing.variables import Table, check_language
from crmstudy.exchange.writing.workbook import write_xlsx
from crmstudy.responses import Responses


@dataclass(frozen=True, slots=True)
class _Job:
    """One export: what is written, where, and how."""

    table: Table
    path: Path
    delivery: Delivery
    log: ExportLog
    lang: str
    raw: bool
    data: Responses | pd.DataFrame
    variables: Mapping[str, Mapping[str, Any]] | None


def _csv(job: _Job) -> None:
    write_csv(job.table, job.path, job.delivery, job.log, raw=job.raw)


def _xlsx(job: _Job) -> None:
    write_xlsx(job.table, job.delivery.new(job.path), job.log, lang=job.lang)


def _sav(job: _Job) -> None:
    write_sav(job.table, job.delivery.new(job.path), job.log, lang=job.lang)


def _zsav(job: _Job) -> None:
    write_sav(job.table, job.delivery.new(job.path), job.log, lang=job.lang, compress=True)


def _dta(job: _Job) -> None:
    write_dta(job.table, job.delivery.new(job.path), job.log, lang=job.lang)
    if not stamp_fits(job.table):
        beside = job.path.with_name(f"{job.path.name}.codebook.json")
        job.delivery.write(beside, codebook_json(job.table))
        job.log.add(
            f"a .dta file has no room to say which {len(job.table.instruments)} instruments the answers were given to; "
            f"'{beside.name}' says it, so keep the two together."
        )


def _parquet(job: _Job) -> None:
    write_parquet(job.table, job.delivery.new(job.path), job.log, lang=job.lang)


def _r(job: _Job) -> None:
    data = job.path.with_suffix(".csv")
    write_csv(job.table, data, job.delivery, job.log, raw=job.raw, companion=True)
    job.delivery.write(job.path, r_text(job.table, data, lang=job.lang, raw=job.raw))


def _sps(job: _Job) -> None:
    data = job.path.with_suffix(".sav")
    write_sav(job.table, job.delivery.new(data, companion=True), job.log, lang=job.lang)
    job.delivery.write(job.path, sps_text(job.table, data, job.log, lang=job.lang))


def _psych_ds(job: _Job) -> None:
    has_scores = any(one.scores for one in job.table.instruments)
    scored = describe_data(job.data, scores=True, variables=job.variables) if has_scores else None
    plain = describe_data(job.data, variables=job.variables)
    write_psych_ds(plain, scored, job.path, job.delivery.new(job.path), job.log, lang=job.lang, raw=job.raw)


def _ddi(job: _Job) -> None:
    job.delivery.write(job.path, ddi_xml(job.table))


#: Every format: the ending that names it ("" for a folder), and what writes it.
FORMATS: dict[str, tuple[str, Callable[[_Job], None]]] = {
    "csv": (".csv", _csv), "xlsx": (".xlsx", _xlsx), "sav": (".sav", _sav), "zsav": (".zsav", _zsav),
    "dta": (".dta", _dta), "parquet": (".parquet", _parquet), "r": (".r", _r), "sps": (".sps", _sps),
    "psych-ds": ("", _psych_ds), "ddi": (".xml", _ddi),
}  # fmt: skip


def write_responses(
    data: Responses | pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    lang: str = "en",
    raw: bool = False,
    scores: bool = False,
    variables: Mapping[str, Mapping[str, Any]] | None = None,
) -> ExportLog:
    """Write answers into a file that other programs read, with all that is known of them.

    Formats: ``csv`` (with ``NAME.codebook.json`` beside it), ``xlsx``, ``sav`` and ``zsav`` (SPSS), ``dta`` (Stata 14
    and later), ``parquet``, ``r`` (a script that labels and scores, and the CSV file it reads), ``sps`` (the same for
    SPSS and PSPP, and the .sav file it reads), ``psych-ds`` (a folder), ``ddi`` (DDI-Codebook 2.5: the description
    without the data). Reversed items are written as they were answered. Missing codes that the instrument declares
    are written as such; the same data give the same bytes.

    Parameters
    ----------
    data : Responses or DataFrame
        A DataFrame is written without labels.
    path : str or path
        The file or folder, which must not exist yet. Files that go with it (the data of a script) may be there with
        the same content.
    format : str, optional
        One of the formats above, where the ending of the path does not say it.
    lang : str
        Language of labels, where a format holds one.
    raw : bool
        Write texts and names into CSV files as they are; otherwise those that a spreadsheet would run as a formula
        get a ``'`` in front.
    scores : bool
        Add a column for each scale and higher-order score. psych-DS always has a second file with them.
    variables : mapping, optional
        What columns of no instrument mean, as a study declares it: column name to ``{"label": {lang: text}, "values":
        {value: {lang: text}}}``.

    Returns
    -------
    ExportLog
        The files written and everything the format could not hold, which also stands in ``FILE.log.txt``.

    Raises
    ------
    OutputError
        When something is there already or cannot be written; then nothing is written.
    DataError
        For anything but answers.
    UnsupportedError
        For a format or language that is not known.
    MissingExtraError
        For ``parquet`` without pyarrow.

    Examples
    --------
    >>> write_responses(responses, "answers.sav", lang="fa")  # doctest: +SKIP
    <ExportLog sav: 1 files, 0 losses>
    """
    path = Path(path)
    table = describe_data(data, scores=scores, variables=variables)
    check_all(lambda: format_of(path, format), lambda: check_language(table, lang), lambda: check_place(path))
    kind = format_of(path, format)
    log = ExportLog(kind)
    with delivery_to(path) as delivery:
        FORMATS[kind][1](_Job(table, path, delivery, log, lang, raw, data, variables))
        _tell_languages(table, lang, kind, log)
        if log.losses:
            delivery.write(path.with_name(f"{path.name}.log.txt"), log.text)
        log.files += delivery.put_in_place()
    return log


def format_of(path: Path, format: str | None = None) -> str:
    """The name of the format that a path or a word asks for; raises UnsupportedError, also where the two disagree."""
    endings = {ending: name for name, (ending, _) in FORMATS.items() if ending}
    found = endings.get(path.suffix.lower())
    if format is not None:
        name = format.strip().lower().lstrip(".").replace("_", "-")
        name = {"psychds": "psych-ds", "spss": "sav", "stata": "dta", "excel": "xlsx"}.get(name, name)
        if name not in FORMATS:
            raise UnsupportedError(
                f"the format '{format}' is not known.{did_you_mean(name, FORMATS)} There is: {', '.join(FORMATS)}."
            )
        if found is not None and found.lstrip("z") != name.lstrip("z"):
            right = FORMATS[name][0]
            better = f"end it in {right}" if right else "name a folder"
            raise UnsupportedError(f"'{path.name}' ends like a file of the format {found}, not {name}; {better}.")
        return name
    if found is None:
        said = ", ".join(endings)
        raise UnsupportedError(
            f"the path '{path.name}' does not say a format; end it in {said}, or name the format (psych-ds makes a "
            "folder)."
        )
    return found


def _tell_languages(table: Table, lang: str, kind: str, log: ExportLog) -> None:
    """Say which labels stand in another language because there is none in this one."""
    if kind in ("csv", "ddi"):
        return
    other = [one.name for one in table.variables if one.instrument and one.label and not one.label.get(lang)]
    if other:
        log.add(f"there is no text in '{lang}'; a text in another language was taken.", ", ".join(other))
