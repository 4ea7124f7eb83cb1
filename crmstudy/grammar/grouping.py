"""Several groups: the rows of each, the author's modifiers group by group, and what is held equal across groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from crmstudy.errors import Fault, ModelError, UnsupportedError, did_you_mean
from crmstudy.grammar.implied import Draft, Roles
from crmstudy.grammar.terms import Key, Term
from crmstudy.grammar.tokens import point_at

#: What ``group_equal`` may name, and which rows each holds equal across groups.
EQUAL: dict[str, Callable[[Draft, Roles], bool]] = {
    "loadings": lambda row, roles: row.op == "=~",
    "composite.loadings": lambda row, roles: row.op == "<~",
    "intercepts": lambda row, roles: row.op == "~1" and _is_modelled(row, roles),
    "means": lambda row, roles: row.op == "~1" and row.lhs in roles.latent,
    "regressions": lambda row, roles: row.op == "~",
    "residuals": lambda row, roles: row.is_variance and _is_modelled(row, roles),
    "residual.covariances": lambda row, roles: row.op == "~~" and row.lhs != row.rhs and _is_modelled(row, roles),
    "lv.variances": lambda row, roles: row.is_variance and row.lhs in roles.latent,
    "lv.covariances": lambda row, roles: row.op == "~~" and row.lhs != row.rhs and row.lhs in roles.latent,
}
_PARAMETER = re.compile(r"(.+?)(=~|<~|~\*~|~~|~1|~)(.*)")


def check_group_equal(group_equal: Collection[str]) -> None:
    """Refuse what ``group_equal`` cannot name.

    Raises
    ------
    ModelError, UnsupportedError
    """
    if "thresholds" in group_equal:
        raise UnsupportedError("`group_equal` names 'thresholds'; models for ordered items are not built yet.")
    faults = [
        Fault(f"`group_equal` names '{name}'; it knows {', '.join(EQUAL)}.{did_you_mean(name, EQUAL)}")
        for name in group_equal
        if name not in EQUAL
    ]
    if faults:
        raise ModelError(faults)


def spread(drafts: list[Draft], roles: Roles, n_groups: int, *, std_lv: bool, equal: Collection[str]) -> list[Draft]:
    """The rows of all groups; behind the first group what equality identifies becomes free.

    Latent means are free there when intercepts are equal (and means are not), latent variances when ``std_lv`` fixes
    them and loadings are equal (and variances are not).
    """
    rows = list(drafts)
    means = "intercepts" in equal and "means" not in equal
    variances = std_lv and "loadings" in equal and "lv.variances" not in equal
    for group in range(2, n_groups + 1):
        for draft in drafts:
            row = draft.in_group(group)
            identified = (means and row.op == "~1") or (variances and row.is_variance)
            if identified and not row.user and row.lhs in roles.latent:
                row.release()
            rows.append(row)
    return rows


def modify(rows: list[Draft], n_groups: int, source: str) -> None:
    """Apply the author's modifiers.

    Raises
    ------
    ModelError
        When ``c()`` has more or fewer entries than there are groups.
    """
    faults = [
        fault for row in rows if row.group == 1 and row.term for fault in _wrong_sizes(row.term, n_groups, source)
    ]
    if faults:
        raise ModelError(faults)
    for row in rows:
        term = row.term
        if term is None:
            continue
        fixed = _of_group(term.fixed, row.group)
        if fixed is not None:
            row.fix(fixed)
        elif _of_group(term.free, row.group):
            row.release()
        row.label = _of_group(term.label, row.group)
        row.start = _of_group(term.start, row.group)
        row.lower = _of_group(term.lower, row.group)
        row.upper = _of_group(term.upper, row.group)
        if (
            not row.free and row.start is not None
        ):  # lavaan: the start value of a fixed parameter is what it is fixed at
            row.value = row.start


def group_texts(rows: Sequence[Draft], roles: Roles, equal: Collection[str], partial: Collection[str]) -> list[str]:
    """A text for each row; rows with the same text are one parameter.

    It is the author's label or ``lhsoprhs`` with its group; where ``group_equal`` asks for it, and ``group_partial``
    does not take it back, a row of a later group has the text of the first group's row.

    Raises
    ------
    ModelError
        When ``group_partial`` names what is no parameter of the model.
    """
    excepted = _excepted(rows, roles, partial)
    shared = {
        (row.lhs, row.op, row.rhs): row.text
        for row in rows
        if row.group == 1
        and any(EQUAL[name](row, roles) for name in equal)
        and Term(row.lhs, row.op, row.rhs).key not in excepted
    }
    return [row.label or shared.get((row.lhs, row.op, row.rhs), row.text) for row in rows]


def tied_labels(rows: Sequence[Draft], n_groups: int, equal: Collection[str]) -> tuple[str, ...]:
    """Labels written once for several groups, which therefore hold parameters equal across them."""
    if n_groups == 1 or equal:
        return ()
    written = [text for row in rows if row.free and row.term for text in (row.term.label, row.term.equal_to)]
    return tuple(dict.fromkeys(text for text in written if isinstance(text, str)))


def _excepted(rows: Sequence[Draft], roles: Roles, partial: Collection[str]) -> set[Key]:
    if not partial:
        return set()
    known = {Term(row.lhs, row.op, row.rhs).key: row.text for row in rows if row.group == 1}
    known |= {(name, "~1", ""): f"{name}~1" for name in (*roles.observed, *roles.latent)}
    found, faults = set(), []
    for text in partial:
        match = _PARAMETER.fullmatch("".join(text.split()))
        key = Term(match[1], match[2], match[3]).key if match else None
        if key in known:
            found.add(key)
            continue
        hint = did_you_mean("".join(text.split()), known.values())
        faults.append(Fault(f"`group_partial` names '{text}', which is no parameter of the model.{hint}"))
    if faults:
        raise ModelError(faults)
    return found


def _is_modelled(row: Draft, roles: Roles) -> bool:
    return row.lhs in roles.observed and row.lhs not in roles.exogenous


def _of_group(value: Any, group: int) -> Any:
    return value[group - 1] if isinstance(value, tuple) else value


def _wrong_sizes(term: Term, n_groups: int, source: str) -> list[Fault]:
    """A fault for each modifier that has entries for another number of groups."""
    faults = []
    told: set[object] = set()
    for name in ("fixed", "free", "label", "start", "equal_to", "lower", "upper"):
        value = getattr(term, name)
        if not isinstance(value, tuple) or len(value) == n_groups or (place := term.place(name)) in told:
            continue
        told.add(place)
        groups = "1 group" if n_groups == 1 else f"{n_groups} groups"
        message = f"{len(value)} entries, but the model has {groups}; give one for all or one a group."
        faults.append(point_at(source, place, message) if place is not None else Fault(message))
    return faults
