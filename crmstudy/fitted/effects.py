"""Direct, indirect and total effects of a fitted model, found without definitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmstudy.errors import Fault, ModelError, did_you_mean
from crmstudy.estimating.solution import Solution
from crmstudy.kernels.covariance import effects as kernel
from crmstudy.kernels.covariance.structure import Indices, Layout
from crmstudy.notes import Note

#: Columns of the table of effects; the last two only with ``standardized``.
COLUMNS = (
    "from", "to", "kind", "path", "group", "estimate", "std_error", "statistic", "p_value", "ci_low", "ci_high",
    "std_all", "std_all_se",
)  # fmt: skip
#: More chains than this are counted, not listed.
MOST_CHAINS = 5_000


def effects(
    solution: Solution,
    *,
    from_: str | Iterable[str] | None = None,
    to: str | Iterable[str] | None = None,
    standardized: bool = True,
) -> pd.DataFrame:
    r"""All effects between the structural variables of a model, by group.

    Structural variables are the factors, and the observed variables that stand in a regression; loadings of factors on
    factors are arrows too. Every cause and outcome that a chain of arrows joins has a row ``total``; a row ``direct``
    where an arrow joins them; a row ``indirect`` where a longer chain does; and a row ``path`` for each such chain. In
    a model without feedback a total effect is the sum of the direct effect and the paths.

    Parameters
    ----------
    solution : Solution
        A fitted model.
    from_, to : str or iterable of str, optional
        Only effects of, or on, these variables.
    standardized : bool
        Add effects in standard deviations of both variables.

    Returns
    -------
    DataFrame
        Columns ``from, to, kind, path, group, estimate, std_error, statistic, p_value, ci_low, ci_high, std_all,
        std_all_se``. ``path`` is written ``x -> m -> y`` (empty for totals and indirect effects); ``group`` is the
        group's label, empty without groups. Fixed effects have a standard error of 0 and no test. ``.attrs["notes"]``
        tells why paths are not listed or standard errors are missing.

    Raises
    ------
    ModelError
        When ``from_`` or ``to`` name what is no structural variable.

    Notes
    -----
    With :math:`A = (I - B)^{-1}`: total :math:`A - I`, direct :math:`B`, indirect :math:`A - I - B` (Bollen, 1987).
    Standard errors by the delta method (Sobel, 1982; Bollen, 1987) with the covariance matrix of the estimates, robust
    where the fit is. With feedback loops the system must be stable: the largest modulus of the eigenvalues of B is
    below 1. An effect of a variable on itself is not listed.
    """
    asked = _Asked.of(solution, from_, to)
    layouts = solution.placement.layouts
    labels = solution.sample.labels
    notes = _Notes()
    if solution.vcov is None:
        notes.add("SEM_NO_STANDARD_ERRORS", "Effects have no standard errors: the fit has none.", "info")
    patterns = [_among(kernel.arrows(layout), asked.variables) for layout in layouts]
    listed = _listed(patterns, asked, notes)
    parts = []
    for group, (layout, pattern) in enumerate(zip(layouts, patterns, strict=True)):
        chains = listed[group] if listed is not None else {}
        part = _Group(solution, group, layout, pattern, chains).table(asked, standardized=standardized)
        _note_instability(solution, group, pattern, notes)
        parts.append(part.assign(group=labels[group]))
    found = pd.concat(parts, ignore_index=True)
    found = found[list(COLUMNS if standardized else COLUMNS[:-2])]
    found.attrs["notes"] = [note.as_dict() for note in notes.found]
    return found


@dataclass(frozen=True)
class _Asked:
    """Positions of the structural variables that have effects, and of the causes and outcomes asked for."""

    variables: Indices
    causes: Indices
    outcomes: Indices

    @classmethod
    def of(cls, solution: Solution, from_: str | Iterable[str] | None, to: str | Iterable[str] | None) -> _Asked:
        structural = solution.placement.structural
        inside = set(solution.table.latent)
        for row in solution.table.rows:
            if row.op in ("~", "<~"):
                inside |= {row.lhs, row.rhs}
            elif row.op == "=~":
                inside.add(row.lhs)
        known = [name for name in structural if name in inside]
        faults: list[Fault] = []
        chosen = []
        for keyword, given in (("from_", from_), ("to", to)):
            names = known if given is None else [given] if isinstance(given, str) else list(given)
            for name in names:
                if name not in known:
                    hint = did_you_mean(str(name), known)
                    faults.append(Fault(f"{keyword}={name!r} is no factor and in no regression of the model.{hint}"))
            chosen.append([structural.index(name) for name in known if name in names])
        if faults:
            raise ModelError(faults)
        at = [structural.index(name) for name in known]
        return cls(*(np.array(found, dtype=np.intp) for found in (at, *chosen)))


class _Notes:
    """Notes, each once."""

    def __init__(self) -> None:
        self.found: list[Note] = []

    def add(self, code: str, message: str, level: str = "info") -> None:
        note = Note(code, message, "warning" if level == "warning" else "info")
        if note not in self.found:
            self.found.append(note)


def _among(pattern: kernel.Arrows, variables: Indices) -> kernel.Arrows:
    """The arrows between the variables that count, in a matrix of all."""
    counted = np.isin(np.arange(len(pattern)), variables)
    found: kernel.Arrows = pattern & counted[:, None] & counted[None, :]
    return found


_Chains = dict[tuple[int, int], list[tuple[int, ...]]]


def _listed(patterns: Sequence[kernel.Arrows], asked: _Asked, notes: _Notes) -> list[_Chains] | None:
    """The chains of each group by cause and outcome, or None (with a note) where they are not listed."""
    if any(np.diagonal(kernel.reachable(pattern)).any() for pattern in patterns):
        message = "The model has a feedback loop, in which chains have no end: paths are not listed one by one."
        notes.add("SEM_EFFECTS_LOOP", message)
        return None
    asked_for = np.ix_(asked.outcomes, asked.causes)
    total = int(sum(kernel.count_chains(pattern)[asked_for].sum() for pattern in patterns))
    if total > MOST_CHAINS:
        message = (
            f"The model has {total:,} indirect paths, more than the {MOST_CHAINS:,} that are listed one by one; total, "
            "direct and indirect effects are. Name causes or outcomes (from_=, to=) to see the paths between them."
        )
        notes.add("SEM_EFFECTS_MANY_PATHS", message)
        return None
    found: list[_Chains] = []
    for pattern in patterns:
        longer = (pattern.astype(float) @ kernel.reachable(pattern)) > 0
        pairs = [(int(c), int(r)) for c in asked.causes for r in asked.outcomes if longer[r, c]]
        found.append({(c, r): list(kernel.chains(pattern, c, r)) for c, r in pairs})
    return found


def _note_instability(solution: Solution, group: int, pattern: kernel.Arrows, notes: _Notes) -> None:
    if not np.diagonal(kernel.reachable(pattern)).any():
        return
    index = kernel.stability_index(solution.placement.layouts[group].matrices(solution.theta)["regression"])
    if index >= 1.0:
        label = solution.sample.labels[group]
        named = f" in group '{label}'" if label else ""
        message = (
            f"The feedback loop{named} is not stable (stability index {index:.2f}, not below 1): its effects grow from "
            "round to round, and indirect and total effects have no meaning."
        )
        notes.add("SEM_EFFECTS_UNSTABLE", message, "warning")


@dataclass(frozen=True)
class _Group:
    """The effects of one group."""

    solution: Solution
    number: int
    layout: Layout
    pattern: kernel.Arrows
    chains: _Chains

    def table(self, asked: _Asked, *, standardized: bool) -> pd.DataFrame:
        """Every effect asked for, by cause, outcome and kind."""
        theta, q = self.solution.theta, self.solution.table.n_free
        implied = self.solution.moments[self.number]
        reach = kernel.reachable(self.pattern)
        longer = (self.pattern.astype(float) @ reach) > 0
        pairs = [(c, r) for c in asked.causes for r in asked.outcomes if c != r and reach[r, c]]
        causes, outcomes = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        total = kernel.total_effects(self.layout, implied, causes, outcomes, q)
        direct = kernel.direct_effects(self.layout, theta, causes, outcomes, q)
        along = [chain for pair in pairs for chain in self.chains.get((int(pair[0]), int(pair[1])), [])]
        found: list[kernel.Effects] = []
        chains: list[tuple[int, ...]] = []
        kinds: list[str] = []
        for kind, effect, kept in (
            ("total", total, np.ones(len(pairs), dtype=bool)),
            ("direct", direct, self.pattern[outcomes, causes]),
            ("indirect", kernel.indirect_effects(total, direct), longer[outcomes, causes]),
            ("path", kernel.chain_effects(self.layout, theta, along, q), np.ones(len(along), dtype=bool)),
        ):
            part = _chosen(effect, kept)
            if kind == "direct":
                chains += [(int(c), int(r)) for c, r in zip(part.causes, part.outcomes, strict=True)]
            else:
                chains += along if kind == "path" else [()] * len(part.values)
            kinds += [kind] * len(part.values)
            found.append(part)
        order = {(int(c), int(r)): at for at, (c, r) in enumerate(pairs)}
        whole = _together(found)
        keys = [order[int(c), int(r)] for c, r in zip(whole.causes, whole.outcomes, strict=True)]
        table = self._frame(whole, kinds, chains, standardized=standardized)
        return table.iloc[np.argsort(np.array(keys, dtype=int), kind="stable")]

    def _frame(
        self, found: kernel.Effects, kinds: list[str], chains: list[tuple[int, ...]], *, standardized: bool
    ) -> pd.DataFrame:
        names = self.solution.placement.structural
        errors = self.solution.delta_errors(found.slopes)
        with np.errstate(invalid="ignore", divide="ignore"):
            statistic = np.where(errors > 0, found.values / errors, np.nan)
        reach = float(ndtri(0.5 + self.solution.level / 2)) * errors
        columns: dict[str, Any] = {
            "from": pd.Series([names[c] for c in found.causes], dtype="str"),
            "to": pd.Series([names[r] for r in found.outcomes], dtype="str"),
            "kind": pd.Series(kinds, dtype="str"),
            "path": pd.Series([" -> ".join(names[step] for step in chain) for chain in chains], dtype="str"),
            "estimate": found.values,
            "std_error": errors,
            "statistic": statistic,
            "p_value": 2.0 * ndtr(-np.abs(statistic)),
            "ci_low": found.values - reach,
            "ci_high": found.values + reach,
        }
        if standardized:
            implied, q = self.solution.moments[self.number], self.solution.table.n_free
            slopes = kernel.structural_variance_slopes(self.layout, implied, q)
            scaled = kernel.standardised(found, np.diagonal(implied.phi), slopes)
            columns |= {"std_all": scaled.values, "std_all_se": self.solution.delta_errors(scaled.slopes)}
        return pd.DataFrame(columns)


def _together(parts: Sequence[kernel.Effects]) -> kernel.Effects:
    return kernel.Effects(
        np.concatenate([part.values for part in parts]), np.vstack([part.slopes for part in parts]),
        np.concatenate([part.causes for part in parts]), np.concatenate([part.outcomes for part in parts]),
    )  # fmt: skip


def _chosen(effect: kernel.Effects, mask: kernel.Arrows) -> kernel.Effects:
    return kernel.Effects(effect.values[mask], effect.slopes[mask], effect.causes[mask], effect.outcomes[mask])
