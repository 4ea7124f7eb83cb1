"""Which customer data an organisation holds, who looks after them, when they are updated, and what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from crmstudy.assessment.answered import COMMAS
from crmstudy.assessment.catalogue import catalogue, common_words, part_labels
from crmstudy.assessment.processes.audit_rows import PRIVACY, audited, words
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars, Drawing, Grid
from crmstudy.errors import AnalysisError
from crmstudy.notes import Note
from crmstudy.results import sample_table

_ROOM = "processes"
_HELD = ("yes", "partly")
_GAPS = ("owner", "entered_by", "updated_at", "purpose", "privacy", "basis")


@dataclass(frozen=True, eq=False, repr=False)
class DataInventory(AssessmentResult):
    """Coverage of customer data, and what is not settled about those that are held.

    Tables: ``groups`` (group, source, asked, answered, held, partly, not_held, percent_held, percent_filled,
    without_owner, without_update, without_purpose), ``fields`` (field, label, group, source, held, systems, owner,
    entered_by, updated_at, purpose, privacy, basis, percent_filled), ``gaps`` (field, system, gap), ``privacy``
    (privacy, held, without_purpose, without_basis), ``contacts`` (group, then the percent of the held fields that is
    updated at each contact), ``entered_by`` (entered_by, fields, percent).
    """

    kind: ClassVar[str] = "data inventory"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "groups", "Coverage of Customer Data",
            (
                ("group", "Group", "text"), ("asked", "Fields", "n"), ("answered", "Answered", "n"),
                ("held", "Held", "n"), ("partly", "Partly", "n"), ("percent_held", "Coverage, %", "percent"),
                ("percent_filled", "Records filled, %", "percent"), ("without_owner", "No owner", "n"),
                ("without_update", "Never updated", "n"), ("without_purpose", "No purpose", "n"),
            ),
            "Coverage counts a field held partly as one half, over the fields that were answered.",
        ),
        Shown(
            "privacy", "Held Fields by Privacy Class",
            (
                ("privacy", "Class", "text"), ("held", "Held", "n"), ("without_purpose", "No purpose", "n"),
                ("without_basis", "No consent or legal basis", "n"),
            ),
            "The classes are a proposal of the catalogue, no legal advice.",
        ),
        Shown(
            "gaps", "What Is Not Settled",
            (("field", "Field", "text"), ("system", "System", "text"), ("gap", "Lacking", "text")),
            rows=20,
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Coverage by group, what is not settled, and what needs protection."""
        named, groups = words("groups"), self.tables["groups"]
        whole = groups[["asked", "answered", "held", "partly"]].sum()
        said = [
            say(
                _ROOM, "inventory_coverage", lang, asked=(whole["asked"], "n"), answered=(whole["answered"], "n"),
                held=(whole["held"], "n"), partly=(whole["partly"], "n"),
            )
        ]  # fmt: skip
        for row in groups.to_dict("records"):
            group = named[row["group"]][lang]
            if row["answered"]:
                share: tuple[object, Any] = (row["percent_held"], "percent")
                said.append(say(_ROOM, "inventory_group", lang, group=group, share=share))
            else:
                said.append(say(_ROOM, "inventory_group_unanswered", lang, group=group))
        gaps = self.tables["gaps"]["gap"].value_counts()
        counts: dict[str, tuple[object, Any]] = {gap: (int(gaps.get(gap, 0)), "n") for gap in _GAPS}
        if whole["held"] + whole["partly"]:
            said.append(say(_ROOM, "inventory_gaps", lang, **counts))
        return (*said, *self.next_steps(lang))

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """Which sensitive data need a basis."""
        careful = self.tables["gaps"].query("gap == 'basis'")["field"].drop_duplicates()
        if careful.empty:
            return ()
        listed = COMMAS[lang].join(_label(name, lang) for name in careful)
        return (say(_ROOM, "inventory_sensitive", lang, fields=listed),)

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of groups, fields and privacy classes, and what is lacking."""
        parts = {"group": "groups", "privacy": "privacy", "field": "fields"}
        named = {column: part_labels("data_fields", part, lang) for column, part in parts.items()}
        return {**named, "gap": common_words(lang)}

    def drawings(self) -> tuple[Drawing, ...]:
        """Coverage by group; at which contact which group is updated."""
        groups, contacts = self.tables["groups"], self.tables["contacts"]
        named, places = words("groups"), words("updated_at")
        coverage = Bars(
            title="Coverage of customer data",
            alt=f"Percent of the fields of each group that is held. {self.prose()[0]}",
            names=tuple(named[group]["en"] for group in groups["group"]),
            series=(("Coverage, %", tuple(_known(value) for value in groups["percent_held"])),),
            x_label="Percent of the fields answered",
        )
        grid = Grid(
            title="Fields updated at each contact",
            alt="Percent of the held fields of each group that is updated at visits, by phone, post, fax and internet.",
            rows=tuple(named[group]["en"] for group in contacts["group"]),
            columns=tuple(places[place]["en"] for place in places),
            values=tuple(tuple(_known(row[place]) for place in places) for row in contacts.to_dict("records")),
            low=0.0,
            high=100.0,
            decimals=0,
        )
        return coverage, grid


def data_inventory(audit: object) -> DataInventory:
    r"""Take stock of the customer data of an organisation.

    Parameters
    ----------
    audit : DataFrame or path
        A row a field and system: ``field`` (of the catalogue, or one of your own with its ``group``), ``held`` (yes,
        partly, no); where known ``system``, ``identifier``, ``owner``, ``entered_by`` (staff, customer, system),
        ``updated_at`` (visit, phone, post, fax, internet), ``purpose``, ``privacy`` (none, personal, sensitive,
        special), ``basis`` (consent or law that allows it) and ``filled`` (percent of the records, 0 to 100). The file
        may be one written by :func:`inventory_form`.

    Returns
    -------
    DataInventory

    Raises
    ------
    DataError
        With all faults of the table.
    AnalysisError
        When no field is answered.

    Notes
    -----
    Source documents 0.13, 1.3 and 3.3: the fields are those the documents name, and a few of our own that are marked
    ``origin: own`` in the catalogue. A field held in several systems counts once, as the best of its answers. The
    coverage of a group is :math:`100\,(h + p/2)/a` with h fields held, p held partly and a answered; fields nobody
    answered are counted as such, never as not held. A field that is held lacks an owner (or a purpose ...) when a
    system that holds it names none; an update at contacts is not asked of figures that are about no single customer. A
    field that is sensitive or special in any system lacks its basis where neither consent nor law is named. A privacy
    class milder than the catalogue's is not accepted.

    Examples
    --------
    >>> import pandas as pd
    >>> audit = pd.DataFrame({"field": ["age", "income"], "held": ["yes", "no"], "purpose": ["segments", None]})
    >>> found = data_inventory(audit)
    >>> found.tables["groups"].set_index("group").loc["personal", ["answered", "percent_held"]].tolist()
    [2.0, 50.0]
    """
    about = audited(audit)
    rows = about.rows
    if not rows["held"].notna().any():
        why = ["The audit says of no field whether it is held; fill in the column 'held'."]
        raise AnalysisError(" ".join([*why, *(note.message for note in about.notes)]), "AUDIT_EMPTY")
    fields = _fields(rows)
    gaps = _gaps(rows)
    notes = [*about.notes, *_found(fields, gaps)]
    n = int(rows["held"].notna().sum())
    return DataInventory(
        estimates=no_estimates(),
        n=n,
        tables={
            "groups": _groups(fields, gaps),
            "fields": fields,
            "gaps": gaps,
            "privacy": _privacy(fields, gaps),
            "contacts": _contacts(fields),
            "entered_by": _entered(fields),
        },
        notes=tuple(notes),
        samples=sample_table(n, about.dropped + int(rows["held"].isna().sum())),
        call={"fields": len(fields), "systems": sorted(set(rows["system"]))},
    )


def _label(name: str, lang: str) -> str:
    return str(words("fields").get(name, {}).get(lang, name))


def _known(value: float) -> float | None:
    return None if value != value else float(value)


def _fields(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a field: those of the catalogue, then those of the audit's own."""
    listed = {entry["id"]: entry for entry in catalogue("data_fields")["fields"]}
    own = [name for name in dict.fromkeys(rows["field"]) if name not in listed]
    by_field = dict(tuple(rows.groupby("field", sort=False)))
    made = []
    for name in (*listed, *own):
        there = by_field.get(name, rows.iloc[:0])
        held = next((answer for answer in ("yes", "partly", "no") if answer in set(there["held"])), None)
        at = there[there["held"].isin(_HELD)]
        entry = listed.get(name)
        made.append(
            {
                "field": name, "label": _label(name, "en"),
                "group": entry["group"] if entry else there["group"].iloc[0],
                "source": entry["source"] if entry else None, "held": held, "systems": at["system"].nunique(),
                "owner": _texts(at["owner"]), "entered_by": _merged(at["entered_by"]),
                "updated_at": _merged(at["updated_at"]), "purpose": _texts(at["purpose"]),
                "privacy": _strictest(there["privacy"], entry["privacy"] if entry else None),
                "basis": _texts(at["basis"]), "percent_filled": at["filled"].mean(),
            }
        )  # fmt: skip
    return pd.DataFrame(made)


def _texts(column: pd.Series[Any]) -> str | None:
    return "; ".join(dict.fromkeys(map(str, column.dropna()))) or None


def _merged(column: pd.Series[Any]) -> str | None:
    return "; ".join(dict.fromkeys(one for many in column for one in many)) or None


def _strictest(column: pd.Series[Any], otherwise: str | None) -> str | None:
    given = [one for one in column if one in PRIVACY]
    return max(given, key=PRIVACY.index) if given else otherwise


def _gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """What each system does not say of a field it holds."""
    never = {entry["id"] for entry in catalogue("data_fields")["fields"] if not entry["updated_at"]}
    strictest = {field: _strictest(given, None) for field, given in rows.groupby("field")["privacy"]}
    made = []
    for row in rows[rows["held"].isin(_HELD)].to_dict("records"):
        needed = [name for name in _GAPS if name != "basis" or strictest[row["field"]] in PRIVACY[2:]]
        for name in needed:
            value = row[name]
            if name == "updated_at" and row["field"] in never:
                continue
            if value is None or value != value or value == ():
                made.append((row["field"], row["system"], name))
    return pd.DataFrame(made, columns=["field", "system", "gap"])


def _groups(fields: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    made = []
    for group in catalogue("data_fields")["groups"]:
        there = fields[fields["group"] == group["id"]]
        counts = {answer: int((there["held"] == answer).sum()) for answer in ("yes", "partly", "no")}
        known = sum(counts.values())
        lacking = gaps[gaps["field"].isin(there["field"])].drop_duplicates(["field", "gap"])["gap"].value_counts()
        made.append(
            {
                "group": group["id"], "source": group["source"], "asked": len(there), "answered": known,
                "held": counts["yes"], "partly": counts["partly"], "not_held": counts["no"],
                "percent_held": 100.0 * (counts["yes"] + counts["partly"] / 2.0) / known if known else float("nan"),
                "percent_filled": there["percent_filled"].mean(), "without_owner": int(lacking.get("owner", 0)),
                "without_update": int(lacking.get("updated_at", 0)), "without_purpose": int(lacking.get("purpose", 0)),
            }
        )  # fmt: skip
    return pd.DataFrame(made)


def _privacy(fields: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    made = []
    held = fields[fields["held"].isin(_HELD)]
    for name in PRIVACY:
        there = set(held.loc[held["privacy"] == name, "field"])
        lacking = {gap: len(set(gaps.loc[gaps["gap"] == gap, "field"]) & there) for gap in ("purpose", "basis")}
        made.append((name, len(there), lacking["purpose"], lacking["basis"]))
    return pd.DataFrame(made, columns=["privacy", "held", "without_purpose", "without_basis"])


def _contacts(fields: pd.DataFrame) -> pd.DataFrame:
    """Of the fields that are held, by group, the percent that is updated at each contact; figures are left out."""
    made = []
    for group in catalogue("data_fields")["groups"]:
        if group["id"] == "managerial":
            continue
        there = fields[(fields["group"] == group["id"]) & fields["held"].isin(_HELD)]
        at = [set(str(cell).split("; ")) for cell in there["updated_at"]]
        share = {
            place: 100.0 * sum(place in one for one in at) / len(at) if at else float("nan")
            for place in words("updated_at")
        }
        made.append({"group": group["id"], **share})
    return pd.DataFrame(made)


def _entered(fields: pd.DataFrame) -> pd.DataFrame:
    held = fields[fields["held"].isin(_HELD)]
    by = [set(str(cell).split("; ")) for cell in held["entered_by"]]
    made = [
        (who, count := sum(who in one for one in by), 100.0 * count / len(by) if by else float("nan"))
        for who in words("entered_by")
    ]
    return pd.DataFrame(made, columns=["entered_by", "fields", "percent"])


def _found(fields: pd.DataFrame, gaps: pd.DataFrame) -> list[Note]:
    notes = []
    silent = int(fields["held"].isna().sum())
    if silent:
        message = f"Fields of which the audit does not say whether they are held, left out of coverage: {silent}."
        notes.append(Note("AUDIT_NOT_ANSWERED", message))
    for group, there in fields.groupby("group", sort=False):
        if not there["held"].notna().any():
            message = f"Nothing is answered in the group '{group}': it has no coverage."
            notes.append(Note("AUDIT_GROUP_NOT_ANSWERED", message, "warning", str(group)))
    careful = gaps.loc[gaps["gap"] == "basis", "field"].drop_duplicates()
    if len(careful):
        message = f"Sensitive or special data are held and no consent or law is named: {', '.join(careful)}."
        notes.append(Note("AUDIT_SENSITIVE_WITHOUT_BASIS", message, "warning"))
    return notes
