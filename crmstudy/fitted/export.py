"""A fitted model in another package's words."""

from __future__ import annotations

from crmstudy.errors import UnsupportedError
from crmstudy.estimating.solution import Solution


def to_semopy(solution: Solution) -> str:
    """The model as semopy reads it; see :meth:`crmstudy.fitted.semresult.SemResult.to_semopy`."""
    table = solution.table
    faults = []
    if table.n_groups > 1 or table.meanstructure:
        faults.append("semopy fits one group without means.")
    if table.constraints or any(row.lower is not None or row.upper is not None for row in table.rows):
        faults.append("semopy has no constraints between parameters.")
    if table.composites or any(row.op == "~*~" for row in table.rows):
        faults.append("semopy has no composites (<~) and no scaling factors (~*~).")
    for factor in table.latent:
        first = next((row for row in table.rows if row.op == "=~" and row.lhs == factor), None)
        if first is not None and (first.free or first.value != 1.0):
            faults.append(f"semopy fixes the first loading of a factor at 1, but this model does not for '{factor}'.")
    if set(solution.placement.structural) - set(table.latent):
        faults.append("semopy counts the moments of observed variables in regressions wrongly.")
    if faults:
        raise UnsupportedError(faults)
    lines = []
    for row in table.rows:
        modifier = ""
        if not row.free:
            modifier = f"{row.value!r}*"  # also of the first loading: semopy frees it once another is fixed
        elif row.label:
            modifier = f"{row.label}*"
        elif row.op == "~~" and row.lhs == row.rhs:
            continue
        lines.append(f"{row.lhs} {row.op} {modifier}{row.rhs}")
    return "\n".join(lines)
