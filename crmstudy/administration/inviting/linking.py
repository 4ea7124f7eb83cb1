"""Links for many people: one for the customers of each unit, with a poster, and one that sets up a device there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crmstudy.administration.inviting.branches import signed_link
from crmstudy.administration.inviting.issuing import Desk
from crmstudy.administration.inviting.lists import file_name
from crmstudy.administration.inviting.private import Pending, csv_bytes
from crmstudy.administration.inviting.slips import poster
from crmstudy.administration.wording.texts import said
from crmstudy.errors import StudyError, did_you_mean
from crmstudy.quoting import shown


def link_units(
    desk: Desk, units: Sequence[str], langs: Sequence[str], *, kiosk: bool, pdf: bool
) -> tuple[tuple[Path, ...], int]:
    """Write the links of units into a table and, for customers, a poster for each unit.

    Parameters
    ----------
    desk : Desk
    units : sequence of str
        Ids; all of the smallest level when empty, or one link for the whole sample where no units are declared.
    langs : sequence of str
        Of the posters, one page each.
    kiosk : bool
        Whether the links set up devices instead of being handed to customers.
    pdf : bool
        Whether posters are made as PDF too.
    """
    fieldwork = desk.fieldwork
    unknown = [unit for unit in units if unit not in fieldwork.units]
    if unknown:
        raise StudyError(
            f"the unit '{shown(unit)}' is not declared.{did_you_mean(unit, fieldwork.units)}" for unit in unknown
        )
    if kiosk and desk.sample.kiosk is None:
        raise StudyError(f"the sample '{desk.sample.id}' declares no kiosk; add kiosk to it in administration.yaml.")
    smallest = fieldwork.levels[0] if fieldwork.levels else ""
    chosen = list(units) or [one.id for one in fieldwork.units.values() if one.level == smallest] or [""]
    lang = langs[0]
    rows, pending = [], Pending()
    for unit in chosen:
        purpose = "kiosk" if kiosk else "branch"
        link = signed_link(
            fieldwork.address.rstrip("/"), desk.key, "kiosk" if kiosk else "branch", desk.sample.id, unit
        )
        name = said(fieldwork.units[unit].name, lang) if unit else ""
        rows.append([desk.sample.id, unit, name, purpose, link])
        if not kiosk:
            for ending, content in poster(fieldwork, desk.wave, unit, link, langs, pdf=pdf).items():
                pending.add(desk.out / f"{file_name(desk.sample.id, 'poster', unit, *langs)}.{ending}", content)
    table = f"{file_name(desk.sample.id, 'kiosks' if kiosk else 'links')}.csv"
    pending.add(desk.out / table, csv_bytes(("sample", "unit", "name", "purpose", "link"), rows))
    return tuple(pending.place()), len(rows)
