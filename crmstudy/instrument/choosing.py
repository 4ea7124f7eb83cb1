"""Which instruments: by what they measure, for whom, in which language, under which rights."""

from __future__ import annotations

from collections.abc import Iterable

from crmstudy.errors import Fault, UnsupportedError, did_you_mean
from crmstudy.instrument.library import glossary
from crmstudy.instrument.model import RESPONDENTS, RIGHTS, Instrument


def choose(
    instruments: Iterable[Instrument],
    *,
    construct: str | None = None,
    language: str | None = None,
    respondent: str | None = None,
    rights: str | None = None,
) -> list[Instrument]:
    """Keep the instruments that fulfil every wish.

    Parameters
    ----------
    instruments : iterable of Instrument
        What there is.
    construct : str, optional
        A construct of the glossary, or an area of it (``qwl``, ``loyalty`` ...).
    language : str, optional
        A tag; instruments without wording have no texts in any.
    respondent, rights : str, optional
        As in the instrument file.

    Raises
    ------
    UnsupportedError
        With every wish that names nothing there is.
    """
    found = list(instruments)
    keys = {one.id: _constructs(one) for one in found}
    known = sorted(set().union(*keys.values())) if keys else []
    languages = sorted({tag for one in found for tag in one.languages})
    wishes = (
        ("construct", construct, known), ("language", language, languages), ("respondent", respondent, RESPONDENTS),
        ("rights", rights, RIGHTS),
    )  # fmt: skip
    faults = [
        f"there is no {name} '{wish}'." + (did_you_mean(wish, options) or f" There are: {', '.join(options)}.")
        for name, wish, options in wishes
        if wish is not None and wish not in options
    ]
    if faults:
        raise UnsupportedError([Fault(fault) for fault in faults])
    return [
        one
        for one in found
        if (construct is None or construct in keys[one.id])
        and (language is None or (language in one.languages and one.wording != "none"))
        and (respondent is None or one.respondent == respondent)
        and (rights is None or one.rights.status == rights)
    ]


def _constructs(instrument: Instrument) -> set[str]:
    """The constructs of an instrument and the areas they belong to."""
    terms = glossary()
    keys = {one.construct for one in (*instrument.scores, *instrument.entries) if one.construct}
    return keys | {terms[key].area for key in keys if key in terms and terms[key].area}
