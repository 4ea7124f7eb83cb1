"""What is wrong with options that several assessments have in common, as sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

from crmstudy.disclosure import Ledger, Rules
from crmstudy.quoting import shown


def name_faults(asked: Mapping[str, object], optional: Collection[str] = ()) -> list[str]:
    """A sentence for each keyword whose value is not the name of a column.

    Parameters
    ----------
    asked : mapping
        Values by keyword.
    optional : collection of str
        Keywords whose value may be None.

    Examples
    --------
    >>> name_faults({"role": ["team"], "unit": None}, optional=["unit"])
    ["`role` is the name of a column, not ['team']."]
    """
    return [
        f"`{keyword}` is the name of a column, not {shown(repr(value))}."
        for keyword, value in asked.items()
        if not (isinstance(value, str) and value) and not (value is None and keyword in optional)
    ]


def names_of(given: object, keyword: str) -> tuple[list[str], list[str]]:
    """The names of columns that one name or several give, None giving none; and what is wrong with them."""
    if given is None or isinstance(given, str):
        return [] if given is None else [given], []
    names = list(given) if isinstance(given, Iterable) and not isinstance(given, AbstractSet) else None
    if names is None or not all(isinstance(name, str) for name in names):  # a set has no order
        return [], [f"`{keyword}` is the name of a column, or a list of names, not {shown(repr(given))}."]
    return names, []


def disclosure_faults(rules: object, ledger: object = None) -> list[str]:
    """What is wrong with the rules of disclosure and the ledger of what was shown before; None stands for none."""
    faults = []
    if rules is not None and not isinstance(rules, Rules):
        faults.append(f"`rules` is Rules(k_means=5, k_distributions=10) or the like, not {shown(repr(rules))}.")
    if ledger is not None and not isinstance(ledger, Ledger):
        faults.append(f"`ledger` is a Ledger, such as Ledger.from_records(...), not {type(ledger).__name__}.")
    return faults
