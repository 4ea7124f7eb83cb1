"""The codebook of answers or of an instrument: a page, a table, JSON or DDI."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from crmstudy.errors import UnsupportedError, did_you_mean
from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.writing.codebook_page import codebook_html
from crmstudy.exchange.writing.codebook_rows import codebook_rows
from crmstudy.exchange.writing.ddi import ddi_xml
from crmstudy.exchange.writing.delimited import MARK, rows_of
from crmstudy.exchange.writing.delivery import check_all, check_place, delivery_to
from crmstudy.exchange.writing.gathering import describe_data, describe_instruments
from crmstudy.exchange.writing.record import codebook_json
from crmstudy.exchange.writing.variables import Table, check_language
from crmstudy.instrument import Instrument, load_instrument
from crmstudy.responses import Responses

#: The formats of a codebook, by the ending of the file.
FORMATS = {".html": "html", ".htm": "html", ".csv": "csv", ".json": "json", ".xml": "ddi"}


def write_codebook(
    data: Responses | pd.DataFrame | Instrument | str | Iterable[Instrument],
    path: str | os.PathLike[str],
    *,
    lang: str | Sequence[str] | None = None,
    format: str | None = None,
    scores: bool = False,
    variables: Mapping[str, Mapping[str, Any]] | None = None,
) -> ExportLog:
    """Write a codebook: every variable with its text, answers, missing codes, key and scales.

    Parameters
    ----------
    data : Responses, DataFrame, Instrument or iterable of Instrument
        An instrument may be named by its id. With answers the codebook tells also what was observed: counts, mean and
        standard deviation of the answers within the range, as they were given (not reversed).
    path : str or path
        The file, which must not exist yet: ``.html``, ``.csv``, ``.json`` or ``.xml`` (DDI-Codebook 2.5).
    lang : str or sequence of str, optional
        The languages of a page or table, the page's own words in the first; all languages of the instruments when
        left out. JSON and DDI have all languages in any case.
    format : str, optional
        ``html``, ``csv``, ``json`` or ``ddi``, where the ending of the file does not say it.
    scores : bool
        Whether scale scores are variables too (for answers).
    variables : mapping, optional
        What columns of no instrument mean, as for :func:`crmstudy.write_responses`.

    Returns
    -------
    ExportLog
        The file that was written.

    Raises
    ------
    OutputError
        When the file exists or cannot be written.
    UnsupportedError
        For another format, or a language the instruments do not have.

    Examples
    --------
    >>> write_codebook(load_instrument("ecsi"), "ecsi.html", lang="fa")  # doctest: +SKIP
    <ExportLog html: 1 files, 0 losses>
    """
    path = Path(path)
    if isinstance(data, str):
        data = load_instrument(data)
    table = _table(data, scores=scores, variables=variables)
    languages = [lang] if isinstance(lang, str) else list(lang or table.languages)
    check_all(
        lambda: _format(path, format),
        *(partial(check_language, table, tag) for tag in languages),
        lambda: check_place(path),
    )
    kind = _format(path, format)
    log = ExportLog(kind)
    with delivery_to(path) as delivery:
        if kind == "html":
            delivery.write(path, codebook_html(table, languages))
        elif kind == "csv":
            delivery.write(path, MARK + rows_of(list(codebook_rows(table, languages))).encode("utf-8"))
        elif kind == "json":
            delivery.write(path, codebook_json(table))
        else:
            delivery.write(path, ddi_xml(table))
        log.files += delivery.put_in_place()
    return log


def _format(path: Path, format: str | None) -> str:
    if format is not None:
        if format not in FORMATS.values():
            known = ", ".join(dict.fromkeys(FORMATS.values()))
            raise UnsupportedError(
                f"a codebook in the format '{format}' is not known.{did_you_mean(format, FORMATS.values())} "
                f"There is: {known}."
            )
        return format
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UnsupportedError(
            f"'{path.name}' does not say the format of the codebook; end it in {', '.join(FORMATS)}."
        )
    return found


def _table(data: object, *, scores: bool, variables: Mapping[str, Mapping[str, Any]] | None) -> Table:
    if isinstance(data, Instrument):
        return describe_instruments([data])
    if isinstance(data, list | tuple) and data and all(isinstance(one, Instrument) for one in data):
        return describe_instruments(data)
    return describe_data(data, scores=scores, variables=variables)
