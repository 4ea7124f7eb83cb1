"""What must be true of an analysis once its sample is known: names that exist, a model that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from crmstudy.errors import Fault, InputError, did_you_mean
from crmstudy.grammar.options import resolve_options
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.table import Row, build_table
from crmstudy.instrument.model import Scale
from crmstudy.study.parts import AnalysisPlan, Claim, HypothesisPlan, Place


@dataclass(frozen=True, slots=True)
class Ground:
    """What an analysis can name: the scales of its sample, and its columns (items, variables, scale scores).

    Either is None where it could not be read; then only what does not need it is checked.
    """

    scales: Mapping[str, Scale] | None
    columns: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a claim can be about: keys (lhs, op, rhs), labels, and those among both that are fixed, not estimated.

    ``matches`` is given where a parameter may be written in other ways than its key, or appears only with the data
    (the levels of a category).
    """

    keys: frozenset[tuple[str, str, str]]
    labels: frozenset[str] = frozenset()
    fixed: frozenset[tuple[str, str, str]] = frozenset()
    fixed_labels: frozenset[str] = frozenset()
    matches: Callable[[Claim], bool] | None = None


def check_columns(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Every scale and column that is named exists."""
    scales = plan.options.get("scales", "all")
    faults = []
    if scales == "all" and "items" not in plan.options and ground.scales == {}:
        message = f"the analysis '{plan.id}' is about all scales, but the sample '{plan.sample}' has no instrument."
        faults.append(at(plan.place, f"{message} Name its columns with 'items', or give the sample an instrument."))
    if scales != "all" and ground.scales is not None:
        faults += _unknown(plan, "scales", "the scale", scales, ground.scales)
    if ground.columns is not None:
        faults += _unknown(plan, "items", "the column", plan.options.get("items", ()), ground.columns)
    return faults


def check_formula(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """The formula can be read, calls nothing it may not, and every variable it names exists."""
    from crmstudy.models.formula import read_formula

    if ground.columns is None:
        return []
    try:
        read_formula(str(plan.options["formula"]), ground.columns)
    except InputError as error:
        place = plan.places["formula"]
        return [at(place, f"the analysis '{plan.id}': {fault.message}") for fault in error.faults]
    return []


def check_model(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """The options are built, the model can be read, and every variable that is not measured in it is a column."""
    faults = []
    try:
        resolve_options({name: value for name, value in plan.options.items() if name != "model"})
    except InputError as error:
        faults += [at(plan.place, f"the analysis '{plan.id}': {fault.message}") for fault in error.faults]
    try:
        spec = parse_model(str(plan.options["model"]))
        build_table(spec)
    except InputError as error:
        return faults + [_in_analysis(plan, "model", fault) for fault in error.faults]
    unknown = [] if ground.columns is None else spec.unknown_names(ground.columns)
    return faults + [_in_analysis(plan, "model", fault) for fault in unknown]


def formula_parameters(plan: AnalysisPlan, ground: Ground) -> Parameters | None:
    """The terms of a regression: what ``outcome ~ term`` can claim. None when the formula cannot be read."""
    from crmstudy.models.formula import read_formula, same_name, term_key, without_level

    if ground.columns is None:
        return None
    try:
        formula = read_formula(str(plan.options["formula"]), ground.columns)
    except InputError:
        return None
    outcome = str(formula.parsed.lhs[0])
    terms = {term_key(term) for term in formula.terms}

    def matches(claim: Claim) -> bool:
        if claim.op != "~" or not same_name(claim.lhs, outcome):
            return False
        return term_key(claim.rhs) in terms or ("[" in claim.rhs and term_key(without_level(claim.rhs)) in terms)

    return Parameters(frozenset((outcome, "~", term) for term in formula.terms), matches=matches)


def model_parameters(plan: AnalysisPlan, ground: Ground) -> Parameters | None:
    """The parameters of a model, written or implied, and its labels. None when the model cannot be read."""
    try:
        table = build_table(
            _spec(plan),
            std_lv=bool(plan.options.get("std_lv", False)),
            fixed_x=bool(plan.options.get("fixed_x", True)),
        )
    except InputError:
        return None
    labels = {row.label for row in table.rows if row.label} | {item.name for item in table.definitions}
    fixed = [row for row in table.rows if not row.free]
    return Parameters(
        frozenset(map(_key, table.rows)),
        frozenset(labels),
        frozenset(map(_key, fixed)),
        frozenset(row.label for row in fixed if row.label),
    )


def check_claim(plan: HypothesisPlan, parameters: Parameters) -> list[Fault]:
    """The parameter of a claim exists and is estimated."""
    claim = plan.claim
    if not claim.op:
        known = claim.lhs in parameters.labels
        near = did_you_mean(claim.lhs, parameters.labels)
        there = f"Its labels: {', '.join(sorted(parameters.labels)) or 'none'}."
    else:
        known = _claimed(claim) in parameters.keys if parameters.matches is None else parameters.matches(claim)
        targets = [" ".join(key) for key in sorted(parameters.keys) if key[1] == claim.op]
        near = did_you_mean(claim.target, targets)
        there = f"It has: {', '.join(targets[:12]) or f'none with {claim.op}'}."
    if not known:
        message = f"the hypothesis {plan.id} is about '{claim.target}', which '{plan.analysis}' does not have."
        return [at(plan.place, f"{message}{near or f' {there}'}")]
    if _claimed(claim) in parameters.fixed or claim.target in parameters.fixed_labels:
        message = f"the hypothesis {plan.id} is about '{claim.target}', which '{plan.analysis}' fixes, not estimates"
        return [at(plan.place, f"{message}; free it in the model or claim something else.")]
    return []


def at(place: Place, message: str, line: int | None = None) -> Fault:
    """A fault at a place of the study's file."""
    return Fault(message, place.file, place.line if line is None else line)


def _spec(plan: AnalysisPlan) -> ModelSpec:
    return parse_model(str(plan.options["model"]))


def _key(row: Row) -> tuple[str, str, str]:
    return _undirected(row.lhs, row.op, row.rhs)


def _claimed(claim: Claim) -> tuple[str, str, str]:
    return _undirected(claim.lhs, claim.op, claim.rhs)


def _undirected(lhs: str, op: str, rhs: str) -> tuple[str, str, str]:
    return (rhs, op, lhs) if op == "~~" and rhs < lhs else (lhs, op, rhs)


def _unknown(plan: AnalysisPlan, option: str, what: str, names: Iterable[str], known: Iterable[str]) -> list[Fault]:
    there = list(known)
    place = plan.places.get(option, plan.place)
    return [
        at(
            place,
            f"{what} '{name}' of the analysis '{plan.id}' is not in the sample '{plan.sample}'."
            + (did_you_mean(name, there) or (f" There is: {', '.join(there)}." if len(there) <= 12 else "")),
        )
        for name in dict.fromkeys(names)
        if name not in there
    ]


def _in_analysis(plan: AnalysisPlan, option: str, fault: Fault) -> Fault:
    """A fault of a model or formula, told at its line of the study's file."""
    place = plan.places.get(option, plan.place)
    line = place.line
    if option == "model" and fault.line is not None and line is not None:
        line += fault.line
    return at(place, f"the {option} of the analysis '{plan.id}', {fault.message}", line)
