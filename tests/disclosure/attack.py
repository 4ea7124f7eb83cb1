"""What somebody who has read everything could compute: written with NumPy and linear programs, not with crmstudy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.optimize import linprog


def few_revealed(sets: list[frozenset[str]], few: int) -> list[frozenset[str]]:
    """Sets of fewer than ``few`` people about whom alone something can be computed from the sums over the given sets.

    For each set of people: does the span of the rows lose a dimension when only the other people are looked at?
    """
    people = sorted(set().union(*sets))
    rows = np.array([[person in each for person in people] for each in sets], dtype=float)
    columns, where, sizes = np.unique(rows, axis=1, return_inverse=True, return_counts=True)
    small = [place for place, size in enumerate(sizes) if size < few]
    full = np.linalg.matrix_rank(columns)
    found = []
    for many in range(1, few):
        for chosen in combinations(small, many):
            if sizes[list(chosen)].sum() < few:
                others = np.delete(columns, chosen, axis=1)
                if (np.linalg.matrix_rank(others) if others.size else 0) < full:
                    members = np.isin(where.ravel(), chosen)
                    found.append(frozenset(person for person, there in zip(people, members, strict=True) if there))
    return found


def computed(target: frozenset[str], sets: list[frozenset[str]], values: dict[str, float]) -> float | None:
    """The sum of a set of people from the sums over other sets, or None where these do not give it."""
    people = sorted(set().union(target, *sets))
    rows = np.array([[person in each for person in people] for each in sets], dtype=float)
    wanted = np.array([person in target for person in people], dtype=float)
    weights = np.linalg.lstsq(rows.T, wanted, rcond=None)[0]
    if not np.allclose(weights @ rows, wanted, atol=1e-8):
        return None
    return float(weights @ [sum(values[person] for person in each) for each in sets])


def possible(
    cells: np.ndarray, hidden: np.ndarray, hidden_rows: np.ndarray, hidden_columns: np.ndarray, hidden_total: bool
) -> np.ndarray:
    """The smallest and largest value of each cell of a table of counts, given what is shown: shape (r, c, 2)."""
    rows, columns = cells.shape
    count = rows * columns
    equations, sums = [], []

    def known(places: np.ndarray, value: float) -> None:
        equations.append(places.ravel().astype(float))
        sums.append(value)

    for i in range(rows):
        for j in range(columns):
            here = np.zeros((rows, columns))
            here[i, j] = 1
            if not hidden[i, j]:
                known(here, cells[i, j])
    for i in np.flatnonzero(~hidden_rows):
        known(np.arange(rows)[:, None] * np.ones(columns) == i, cells[i].sum())
    for j in np.flatnonzero(~hidden_columns):
        known(np.ones(rows)[:, None] * np.arange(columns) == j, cells[:, j].sum())
    if not hidden_total:
        known(np.ones((rows, columns)), cells.sum())
    found = np.zeros((rows, columns, 2))
    for place in range(count):
        goal = np.zeros(count)
        goal[place] = 1
        for end, sign in enumerate((1, -1)):
            done = linprog(sign * goal, A_eq=np.array(equations) if equations else None, b_eq=sums or None)
            found[place // columns, place % columns, end] = np.inf if done.status == 3 else sign * done.fun
    return found
