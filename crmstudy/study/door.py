"""What must be true of an analysis once its sample is known: names that exist, a model that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from crmstudy.errors import Fault, InputError, did_you_mean
from crmstudy.estimating.options import ESTIMATORS, resolve_options
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.grammar.table import ParameterTable, Row, build_table
from crmstudy.instrument.model import HigherOrder, Scale
from crmstudy.study.parts import AnalysisPlan, Claim, HypothesisPlan, Place

#: Keys of a model that are no options of its fit.
_NO_OPTIONS = ("model", "imputed")
#: Options that a model of imputed data does not have, and what to do instead.
_NOT_POOLED = {
    "bootstrap": "standard errors are pooled over the sets. Leave it out.",
    "aux": "name the columns under 'auxiliary' of the sample's 'imputation'.",
    "se": "Rubin's rules rest on standard errors. Leave 'se: none' out.",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What an analysis can name: the scales of its sample, and its columns (items, variables, scale scores).

    Either is None where it could not be read; then only what does not need it is checked. ``count`` tells how many
    different values a column has, None for a name that is none.
    """

    scales: Mapping[str, Scale | HigherOrder] | None
    columns: tuple[str, ...] | None
    count: Callable[[str], int | None] | None = None

    @property
    def first_order(self) -> list[str]:
        """The scales that are made of items, which is what "all" means."""
        return [id for id, scale in (self.scales or {}).items() if isinstance(scale, Scale)]

    def n_groups(self, plan: AnalysisPlan) -> int:
        """How many groups the analysis has: the different values of its column; 1 where nobody can tell."""
        name = plan.options.get("group")
        return 1 if name is None or self.count is None else (self.count(str(name)) or 1)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a claim can be about: keys (lhs, op, rhs), labels, and those among both that are fixed, not estimated.

    ``matches`` is given where a parameter may be written in other ways than its key, or appears only with the data
    (the levels of a category). ``by_group`` are keys that have a value of their own in each of several groups.
    """

    keys: frozenset[tuple[str, str, str]]
    labels: frozenset[str] = frozenset()
    fixed: frozenset[tuple[str, str, str]] = frozenset()
    fixed_labels: frozenset[str] = frozenset()
    matches: Callable[[Claim], bool] | None = None
    by_group: frozenset[tuple[str, str, str]] = frozenset()


#: Kinds that are about scales and have no ``items``.
_SCALES_ONLY = frozenset({"reliability", "pilot"})


def check_columns(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Every scale and column that is named exists."""
    scales = plan.options.get("scales", "all")
    faults = []
    if scales == "all" and "items" not in plan.options and ground.scales == {}:
        message = f"the analysis '{plan.id}' is about all scales, but the sample '{plan.sample}' has no instrument."
        advice = "Give the sample an instrument."
        if plan.kind not in _SCALES_ONLY:
            advice = "Name its columns with 'items', or give the sample an instrument."
        faults.append(at(plan.place, f"{message} {advice}"))
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
    """The options are built, the model can be read, and everything that is named is a column of the sample."""
    faults = _option_faults(plan, _NO_OPTIONS) + _bootstrap_faults(plan) + _imputed_faults(plan)
    try:
        spec = parse_model(str(plan.options["model"]))
    except InputError as error:
        return faults + [_in_analysis(plan, "model", fault) for fault in error.faults]
    named = _named_columns(plan, ground, spec)
    try:
        if not faults and not named:
            _table(plan, spec, ground.n_groups(plan))
        elif "group" not in plan.options:
            build_table(spec)
    except InputError as error:
        return faults + named + [_in_analysis(plan, "model", fault) for fault in error.faults]
    unknown = [] if ground.columns is None else spec.unknown_names(ground.columns)
    return faults + named + [_in_analysis(plan, "model", fault) for fault in unknown]


def _named_columns(plan: AnalysisPlan, ground: Ground, spec: ModelSpec) -> list[Fault]:
    """Groups, clusters, weights and auxiliary variables are columns, and none of them a variable of the model."""
    columns, scales = ground.columns, ground.scales or {}
    if columns is None:
        return []
    faults = []
    for option in ("group", "cluster", "weights", "aux"):
        value = plan.options.get(option, ())
        names = [value] if isinstance(value, str) else list(value)
        faults += _unknown(plan, option, "the column", names, columns)
        for name in names:
            if name in spec.observed:
                said = f"'{name}' is '{option}' and a variable of the model; it can be one only."
                faults.append(_of_option(plan, option, Fault(said)))
            elif option != "aux" and name in scales:
                said = f"'{option}' names a column of the data, not a scale; '{name}' is a score."
                faults.append(_of_option(plan, option, Fault(said)))
    group = plan.options.get("group")
    found = None if ground.count is None or group is None or faults else ground.count(str(group))
    if found is not None and found < 2:
        said = f"'group' must tell at least two groups apart; the column '{group}' holds {found or 'no'} value."
        faults.append(_of_option(plan, "group", Fault(said)))
    return faults


def _bootstrap_faults(plan: AnalysisPlan) -> list[Fault]:
    """A bootstrap that does not go with the estimator, the missing values or the clusters."""
    options, asked = plan.options, plan.options.get("bootstrap")
    if not isinstance(asked, Mapping):
        return []
    estimator = str(options.get("estimator", "ML")).upper()
    likelihood = ESTIMATORS.get(estimator, ("ML",))[0] == "ML"
    by_cluster = asked.get("unit", "cluster" if "cluster" in options else "row") == "cluster"
    said = []
    if by_cluster and "cluster" not in options:
        said.append("a bootstrap with 'unit: cluster' draws clusters; name their column with 'cluster'.")
    if asked.get("kind") == "bollen.stine":
        if not likelihood or options.get("missing", "listwise") != "listwise" or "weights" in options:
            said.append("a bootstrap of the kind 'bollen.stine' is for complete rows and maximum likelihood.")
        if by_cluster and "cluster" in options:
            said.append("a bootstrap of the kind 'bollen.stine' draws rows; write 'unit: row'.")
    if asked.get("ci") == "bca" and not likelihood:
        said.append(f"a bootstrap with 'ci: bca' is for maximum likelihood; with {estimator} use 'ci: bc'.")
    return [_of_option(plan, "bootstrap", Fault(text)) for text in said]


def _imputed_faults(plan: AnalysisPlan) -> list[Fault]:
    """Options that do not go with a model pooled over imputed sets."""
    if not plan.options.get("imputed"):
        return []
    return [
        _of_option(plan, option, Fault(f"'{option}' does not go with 'imputed: true'; {advice}"))
        for option, advice in _NOT_POOLED.items()
        if plan.options.get(option) and (option != "se" or plan.options["se"] == "none")
    ]


def _table(plan: AnalysisPlan, spec: ModelSpec, n_groups: int) -> ParameterTable:
    """The parameters of a model, of every group where there are several."""
    options = resolve_options(
        {name: value for name, value in plan.options.items() if name not in _NO_OPTIONS}, has_means=spec.has_means
    )
    return build_table(
        spec, std_lv=options.std_lv, fixed_x=options.fixed_x, meanstructure=options.meanstructure, n_groups=n_groups,
        group_equal=options.group_equal, group_partial=options.group_partial,
    )  # fmt: skip


def check_invariance(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Options are built, levels follow each other, the model can be written once, and every column exists."""
    from crmstudy.measurement.invariance.levels import read_levels
    from crmstudy.measurement.invariance.waves import column_faults, read_waves
    from crmstudy.measurement.plain_model import PlainModel, model_faults

    options = plan.options
    faults = _option_faults(plan, ("model", "waves", "levels", "criteria", "like_items"))
    faults += [_of_option(plan, "levels", fault) for fault in read_levels(options.get("levels"))[1]]
    if "group" not in options and "waves" not in options:
        message = f"the analysis '{plan.id}' compares groups or waves; name the column of the groups with 'group'."
        faults.append(at(plan.place, message))
    try:
        spec = parse_model(str(options["model"]))
    except InputError as error:
        return faults + [_in_analysis(plan, "model", fault) for fault in error.faults]
    unfit = model_faults(spec)
    faults += [_in_analysis(plan, "model", fault) for fault in unfit]
    if not unfit:
        try:
            PlainModel(spec, bool(options.get("std_lv")), True).spelled(options.get("group_partial", ()))
        except InputError as error:
            faults += [_of_option(plan, "group_partial", fault) for fault in error.faults]
    if ground.columns is None:
        return faults
    if "waves" in options:
        waves, unread = read_waves(options["waves"], spec)
        unread = unread or column_faults(waves, spec, ground.columns)
        return faults + [_of_option(plan, "waves", fault) for fault in unread]
    group = options.get("group")
    if group is not None and group in spec.observed:
        message = f"'{group}' is the group and a variable of the model; it can be one only."
        faults.append(_of_option(plan, "group", Fault(message)))
    faults += _unknown(plan, "group", "the column", [] if group is None else [group], ground.columns)
    return faults + [_in_analysis(plan, "model", fault) for fault in spec.unknown_names(ground.columns)]


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
        table = _table(plan, parse_model(str(plan.options["model"])), ground.n_groups(plan))
    except InputError:
        return None
    labels = {row.label for row in table.rows if row.label} | {item.name for item in table.definitions}
    fixed = [row for row in table.rows if not row.free]
    numbers: dict[tuple[str, str, str], set[int]] = {}
    for row in table.rows:
        numbers.setdefault(_key(row), set()).add(row.free)
    return Parameters(
        frozenset(map(_key, table.rows)),
        frozenset(labels),
        frozenset(map(_key, fixed)),
        frozenset(row.label for row in fixed if row.label),
        by_group=frozenset(key for key, found in numbers.items() if len(found) > 1),
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
    if _claimed(claim) in parameters.by_group:
        message = f"the hypothesis {plan.id} is about '{claim.target}', which '{plan.analysis}' has once in each group"
        advice = "label it by group in the model, c(a1, a2)*, and claim a label or a difference, d := a1 - a2"
        return [at(plan.place, f"{message}; {advice}.")]
    if _claimed(claim) in parameters.fixed or claim.target in parameters.fixed_labels:
        message = f"the hypothesis {plan.id} is about '{claim.target}', which '{plan.analysis}' fixes, not estimates"
        return [at(plan.place, f"{message}; free it in the model or claim something else.")]
    return []


def at(place: Place, message: str, line: int | None = None) -> Fault:
    """A fault at a place of the study's file."""
    return Fault(message, place.file, place.line if line is None else line)


def _option_faults(plan: AnalysisPlan, other: Iterable[str]) -> list[Fault]:
    """Options of a model that do not exist or do not go together; ``other`` are not options of a model."""
    try:
        resolve_options({name: value for name, value in plan.options.items() if name not in other})
    except InputError as error:
        return [at(plan.place, f"the analysis '{plan.id}': {fault.message}") for fault in error.faults]
    return []


def _of_option(plan: AnalysisPlan, option: str, fault: Fault) -> Fault:
    """A fault of an option, told at its line."""
    return at(plan.places.get(option, plan.place), f"the analysis '{plan.id}': {fault.message}")


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
