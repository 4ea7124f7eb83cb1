"""Is a customer one customer everywhere: do the systems that hold customer data share an identifier?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import pandas as pd

from crmstudy import letters
from crmstudy.assessment.answered import COMMAS
from crmstudy.assessment.processes.audit_rows import ONE_SYSTEM, audited
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import say
from crmstudy.drawing import Drawing, Grid
from crmstudy.errors import AnalysisError
from crmstudy.notes import Note
from crmstudy.results import sample_table

_ROOM = "processes"
#: A figure printed in the source documents (4.1), for comparison by the reader only.
PRINTED_SHARE = 10.0


@dataclass(frozen=True, eq=False, repr=False)
class CustomerView(AssessmentResult):
    """How far the systems that hold customer data are joined.

    ``call["view"]`` is ``single`` (all systems share one identifier), ``linked`` (all are joined, but only by chains of
    identifiers), ``partial`` (some are joined), ``none``, or ``one system``. Tables: ``systems`` (system,
    identifiers, fields, island), ``links`` (first, second, identifier), ``identifiers`` (identifier, systems, percent).
    ``fit`` has ``systems``, ``islands``, ``percent_joined`` (of the pairs of systems, those in one island) and
    ``percent_largest`` (of the field entries, those in the largest island).
    """

    kind: ClassVar[str] = "single customer view"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown(
            "systems", "Systems That Hold Customer Data",
            (
                ("system", "System", "text"), ("identifiers", "Identifiers", "text"), ("fields", "Fields", "n"),
                ("island", "Island", "n"),
            ),
            "Systems of one island can be joined by identifiers they share.",
        ),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """Whether there is a single view, what joins the systems, and the printed figure beside it."""
        fit = self.fit
        said = [
            say(
                _ROOM, f"view_{self.call['view'].replace(' ', '_')}", lang, systems=(fit["systems"], "n"),
                islands=(fit["islands"], "n"), joined=(fit["percent_joined"], "percent"),
                common=COMMAS[lang].join(self.call["common"]),
            )
        ]  # fmt: skip
        alone = _unnamed(self.tables["systems"])
        if len(alone):
            said.append(say(_ROOM, "view_unnamed", lang, systems=COMMAS[lang].join(alone)))
        said.append(say(_ROOM, "view_printed", lang, share=(PRINTED_SHARE, "n")))
        return tuple(said)

    def drawings(self) -> tuple[Drawing, ...]:
        """Which system uses which identifier."""
        systems, named = self.tables["systems"], tuple(self.tables["identifiers"]["identifier"])
        if not named:
            return ()
        used = [set(cell.split("; ")) for cell in systems["identifiers"]]
        return (
            Grid(
                title="Customer identifiers by system",
                alt=f"Which of {len(named)} identifiers each of {len(systems)} systems uses. {self.prose()[0]}",
                rows=tuple(systems["system"]),
                columns=named,
                values=tuple(tuple(float(name in one) for name in named) for one in used),
                low=0.0,
                high=1.0,
                decimals=0,
            ),
        )


def single_customer_view(audit: object) -> CustomerView:
    """Judge from a data inventory whether all that is known of a customer can be brought together.

    Parameters
    ----------
    audit : DataFrame or path
        As of :func:`data_inventory`, with ``system`` (department, site or application) and ``identifier``, by which
        customers are known there; several are parted by commas.

    Returns
    -------
    CustomerView

    Raises
    ------
    DataError
        With all faults of the table.
    AnalysisError
        When no system holds data on single customers.

    Notes
    -----
    Source document 4.1 (and 4.16: a view shared over sites). The rule is ours: systems that hold fields of the groups
    personal, needs and interaction count; two of them are joined when they share an identifier, however it is written;
    an island is a set joined directly or by way of others. A chain of identifiers is weaker than one identifier of all:
    every step of it can lose customers. That an identifier has one name says nothing of how well it is kept: see
    :func:`customer_data_quality`. The printed share of firms with an integrated view (fewer than 10 %) has neither
    sample nor method and stands beside the result, without a test.

    Examples
    --------
    >>> import pandas as pd
    >>> audit = pd.DataFrame({"field": ["age", "purchase"], "held": "yes", "system": ["shop", "web"],
    ...                       "identifier": ["card no", "card no, e-mail"]})
    >>> single_customer_view(audit).call["view"]
    'single'
    """
    about = audited(audit)
    rows = about.rows
    rows = rows[rows["held"].isin(["yes", "partly"]) & (rows["group"] != "managerial")]
    if not len(rows):
        message = "No system of the audit holds data on single customers, so there is nothing to join."
        raise AnalysisError(message, "AUDIT_EMPTY")
    written: dict[str, str] = {}
    by_system: dict[str, set[str]] = {}
    for system, identifiers in zip(rows["system"], rows["identifier"], strict=True):
        keys = {letters.key(name): name for name in identifiers}
        by_system.setdefault(system, set()).update(keys)
        written = {**keys, **written}
    island = _islands(by_system)
    common = set.intersection(*by_system.values())
    fields = rows.groupby("system", sort=False)["field"].nunique()
    systems = pd.DataFrame(
        [
            (name, "; ".join(sorted(written[key] for key in keys)), int(fields[name]), island[name])
            for name, keys in by_system.items()
        ],
        columns=["system", "identifiers", "fields", "island"],
    )
    sizes = systems["island"].value_counts()
    pairs = len(by_system) * (len(by_system) - 1) // 2
    joined = sum(int(size) * (int(size) - 1) // 2 for size in sizes)
    view = _view(len(by_system), len(sizes), bool(common), joined)
    fit = {
        "systems": float(len(by_system)), "islands": float(len(sizes)),
        "percent_joined": 100.0 * joined / pairs if pairs else float("nan"),
        "percent_largest": 100.0 * float(systems.groupby("island")["fields"].sum().max()) / float(fields.sum()),
    }  # fmt: skip
    return CustomerView(
        estimates=no_estimates(),
        n=len(by_system),
        fit=pd.Series(fit),
        tables={"systems": systems, "links": _links(by_system, written), "identifiers": _used(by_system, written)},
        notes=(*about.notes, *_notes(systems, view)),
        samples=sample_table(len(by_system)),
        call={"view": view, "common": sorted(written[key] for key in common)},
    )


def _view(systems: int, islands: int, common: bool, joined: int) -> str:
    if systems == 1:
        return "one system"
    if common:
        return "single"
    if islands == 1:
        return "linked"
    return "partial" if joined else "none"


def _islands(by_system: dict[str, set[str]]) -> dict[str, int]:
    """The number (from 1) of the island of each system."""
    found: list[tuple[set[str], list[str]]] = []
    for system, keys in by_system.items():
        touched = [one for one in found if one[0] & keys]
        merged = (keys.union(*(one[0] for one in touched)), [name for one in touched for name in one[1]] + [system])
        found = [one for one in found if one not in touched] + [merged]
    order = {name: place for place, name in enumerate(by_system)}
    found.sort(key=lambda one: min(order[name] for name in one[1]))
    return {name: number for number, (_, names) in enumerate(found, start=1) for name in names}


def _links(by_system: dict[str, set[str]], written: dict[str, str]) -> pd.DataFrame:
    made = [
        (first, second, written[key])
        for first, second in combinations(by_system, 2)
        for key in sorted(by_system[first] & by_system[second])
    ]
    return pd.DataFrame(made, columns=["first", "second", "identifier"])


def _used(by_system: dict[str, set[str]], written: dict[str, str]) -> pd.DataFrame:
    counts = {name: sum(key in keys for keys in by_system.values()) for key, name in written.items()}
    made = [(name, count, 100.0 * count / len(by_system)) for name, count in counts.items()]
    found = pd.DataFrame(made, columns=["identifier", "systems", "percent"])
    return found.sort_values(["systems", "identifier"], ascending=[False, True], ignore_index=True)


def _unnamed(systems: pd.DataFrame) -> pd.Series[Any]:
    """The systems, if they have names, that name no identifier."""
    return systems.loc[(systems["identifiers"] == "") & (systems["system"] != ONE_SYSTEM), "system"]


def _notes(systems: pd.DataFrame, view: str) -> list[Note]:
    notes = []
    if view == "one system":
        which = "names no systems" if systems["system"].iloc[0] == ONE_SYSTEM else "names a single system"
        message = f"The audit {which}: whether departments share a view of the customer is not decided by it."
        notes.append(Note("VIEW_ONE_SYSTEM", message, "warning"))
    unnamed = _unnamed(systems)
    if len(unnamed):
        message = f"No customer identifier is named for: {', '.join(unnamed)}. It counts as joined to nothing."
        notes.append(Note("VIEW_NO_IDENTIFIER", message, "warning"))
    return notes
