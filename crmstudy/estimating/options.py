"""The keywords of ``sem()`` and ``cfa()``: what they mean, what they resolve to, and which are refused by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from crmstudy.errors import Fault, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.covariance.information import Kind

Discrepancy = Literal["ML", "GLS", "ULS", "WLS", "DWLS"]


class SemKeywords(TypedDict, total=False):
    """Keywords of :func:`crmstudy.sem` and :func:`crmstudy.cfa`; lavaan's meaning and lavaan's names."""

    sample_cov: Any
    sample_mean: Any
    sample_n: Any
    estimator: str
    missing: str | None
    group: str | None
    group_equal: Sequence[str] | str
    group_partial: Sequence[str] | str
    ordered: Sequence[str] | bool
    cluster: str | None
    weights: str | None
    aux: Sequence[str]
    std_lv: bool
    fixed_x: bool | None
    meanstructure: bool | None
    information: str | None
    se: str | None
    test: str | None
    likelihood: str
    parameterization: str
    bootstrap: Any
    start: Any
    bounds: str | None
    level: float
    control: Mapping[str, Any] | None
    seed: int | None


#: Every keyword with its default.
DEFAULTS: dict[str, Any] = {
    "sample_cov": None, "sample_mean": None, "sample_n": None, "estimator": "ML", "missing": None, "group": None,
    "group_equal": (), "group_partial": (), "ordered": (), "cluster": None, "weights": None, "aux": (),
    "std_lv": False, "fixed_x": None, "meanstructure": None, "information": None, "se": None, "test": None,
    "likelihood": "normal", "parameterization": "delta", "bootstrap": None, "start": None, "bounds": None,
    "level": 0.95, "control": None, "seed": None,
}  # fmt: skip

#: Estimator -> discrepancy, standard errors, test; what ``None`` resolves to.
ESTIMATORS: dict[str, tuple[Discrepancy, str, str]] = {
    "ML": ("ML", "standard", "standard"),
    "MLR": ("ML", "robust.huber.white", "yuan.bentler.mplus"),
    "MLM": ("ML", "robust.sem", "satorra.bentler"),
    "MLMV": ("ML", "robust.sem", "scaled.shifted"),
    "MLMVS": ("ML", "robust.sem", "mean.var.adjusted"),
    "MLF": ("ML", "standard", "standard"),
    "GLS": ("GLS", "standard", "standard"),
    "ULS": ("ULS", "standard", "standard"),
    "ULSM": ("ULS", "robust.sem", "satorra.bentler"),
    "ULSMV": ("ULS", "robust.sem", "scaled.shifted"),
    "ULSMVS": ("ULS", "robust.sem", "mean.var.adjusted"),
    "WLS": ("WLS", "standard", "standard"),
    "DWLS": ("DWLS", "standard", "standard"),
    "WLSM": ("DWLS", "robust.sem", "satorra.bentler"),
    "WLSMV": ("DWLS", "robust.sem", "scaled.shifted"),
    "WLSMVS": ("DWLS", "robust.sem", "mean.var.adjusted"),
}
SATORRA_TESTS = ("satorra.bentler", "scaled.shifted", "mean.var.adjusted")
YUAN_TESTS = ("yuan.bentler", "yuan.bentler.mplus")
SCALED_TESTS = (*SATORRA_TESTS, *YUAN_TESTS)
GROUP_EQUAL = (
    "loadings", "composite.loadings", "intercepts", "means", "residuals", "residual.covariances", "lv.variances",
    "lv.covariances", "regressions",
)  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "missing": ("listwise", "fiml", "ml", "direct"),
    "information": ("expected", "observed", "first.order"),
    "se": ("standard", "robust", "robust.sem", "robust.huber.white", "robust.cluster", "robust.cluster.sem",
           "first.order", "none"),
    "test": ("standard", "none", *SCALED_TESTS),
    "likelihood": ("normal", "wishart"),
    "bounds": ("none", "pos.var", "pos.ov.var", "pos.lv.var"),
}  # fmt: skip
#: Other spellings of values.
_SPELLINGS = {
    "missing": {"ml": "fiml", "direct": "fiml"},
    "test": {"sb": "satorra.bentler", "yb": "yuan.bentler", "yb.mplus": "yuan.bentler.mplus"},
    "se": {"robust.mlm": "robust.sem", "robust.mlr": "robust.huber.white", "sandwich": "robust.huber.white"},
}
_CONTROL = {"max_iter": 500}


@dataclass(frozen=True, slots=True)
class SemOptions:
    """Resolved options; ``call`` keeps them all as plain values for the record.

    ``information``, ``by_moments`` and ``structured`` hold what serves the standard errors, then what serves the test:
    which information matrix, whether an observed one is that of the moments between the slopes, and whether moments are
    evaluated at the model.
    """

    sample_cov: Any
    sample_mean: Any
    sample_n: Any
    estimator: str
    discrepancy: Discrepancy
    missing: str
    group: str | None
    group_equal: tuple[str, ...]
    group_partial: tuple[str, ...]
    cluster: str | None
    weights: str | None
    aux: tuple[str, ...]
    std_lv: bool
    fixed_x: bool
    meanstructure: bool
    information: tuple[Kind, Kind]
    by_moments: tuple[bool, bool]
    structured: tuple[bool, bool]
    se: str
    test: str
    likelihood: str
    bootstrap: Any
    start: Any
    bounds: str
    level: float
    max_iter: int
    seed: int | None
    call: Mapping[str, Any]

    @property
    def fiml(self) -> bool:
        """Whether rows with missing values take part."""
        return self.missing == "fiml"

    @property
    def is_robust(self) -> bool:
        """Whether standard errors or the test need the rows beyond their moments."""
        return self.se.startswith("robust") or self.test in SCALED_TESTS or self.information[0] == "first.order"


def resolve_options(keywords: Mapping[str, Any], *, has_means: bool = False, has_x: bool = True) -> SemOptions:
    """Resolve keywords as lavaan does.

    Parameters
    ----------
    keywords : mapping
        What the caller gave.
    has_means, has_x : bool
        Whether the model names an intercept, and whether it has observed exogenous variables.

    Raises
    ------
    TypeError
        For a keyword that does not exist.
    ModelError
        For values that make no sense, all at once.
    UnsupportedError
        For keywords or values that this version does not have, by name.
    """
    for name in keywords:
        if name not in DEFAULTS:
            raise TypeError(f"'{name}' is not a keyword of sem() or cfa().{did_you_mean(name, DEFAULTS)}")
    given = {**DEFAULTS, **keywords}
    faults, refused = _spell(given)
    faults = _check_values(given) + faults
    if faults:
        raise ModelError(faults + refused)
    if refused:
        raise UnsupportedError(refused)
    resolved = _resolve(given, has_means=has_means, has_x=has_x)
    return resolved


def _spell(given: dict[str, Any]) -> tuple[list[Fault], list[Fault]]:
    """Bring values to one spelling; faults for values that do not exist, refusals for what is not built."""
    faults, refused = [], []
    if _is_set(given["ordered"]):
        refused.append(Fault("ordered= is not built yet; ordinal items are treated as continuous without it."))
    if given["parameterization"] != "delta":
        refused.append(
            Fault(f"parameterization={given['parameterization']!r} is not built yet; this version has 'delta'.")
        )
    if str(given["missing"]).lower() == "pairwise":
        faults.append(Fault(
            "missing='pairwise' is not a likelihood: covariances of different rows need not belong together and have "
            "no one N. Use missing='fiml', which uses the same rows, or 'listwise'."
        ))  # fmt: skip
        given["missing"] = None
    estimator = str(given["estimator"]).upper()
    if estimator not in ESTIMATORS:
        hint = did_you_mean(estimator, ESTIMATORS)
        faults.append(Fault(f"estimator={given['estimator']!r} does not exist; choose {', '.join(ESTIMATORS)}.{hint}"))
        estimator = "ML"
    given["estimator"] = estimator
    for name, choices in _CHOICES.items():
        value = given[name]
        if value is None:
            continue
        text = value.lower() if isinstance(value, str) else value
        text = _SPELLINGS.get(name, {}).get(text, text) if isinstance(text, str) else text
        if not isinstance(text, str) or text not in choices:
            shown = ", ".join(repr(choice) for choice in choices)
            hint = did_you_mean(str(value), choices)
            faults.append(Fault(f"{name}={value!r} does not exist; choose {shown}.{hint}"))
            continue
        given[name] = text
    return faults, refused


def _resolve(given: dict[str, Any], *, has_means: bool, has_x: bool) -> SemOptions:
    estimator = given["estimator"]
    if given["weights"] is not None and estimator == "ML":
        estimator = "MLR"  # as lavaan: weights make the likelihood a pseudo-likelihood
    discrepancy, usual_se, usual_test = ESTIMATORS[estimator]
    missing = given["missing"] or "listwise"
    se, test = given["se"] or usual_se, given["test"] or usual_test
    information = given["information"]
    if se == "first.order":
        se, information = "standard", "first.order"
    if se == "robust":
        se = "robust.sem" if discrepancy != "ML" or missing == "listwise" else "robust.huber.white"
    clustered = given["cluster"] is not None
    two_tests = test in SCALED_TESTS and usual_test == "standard"
    if clustered:
        se, test, two_tests = _clustered(given, estimator, se, test)
    kinds = _information(estimator, discrepancy, information, missing, se)
    by_moments = two_tests or (test in SCALED_TESTS and test != "yuan.bentler.mplus")
    structured = discrepancy not in ("ULS", "WLS", "DWLS")
    meanstructure = given["meanstructure"]
    if meanstructure is None:
        meanstructure = given["group"] is not None
    equal = _names(given["group_equal"])
    forced = has_means or missing == "fiml" or clustered or given["sample_mean"] is not None
    meanstructure = bool(meanstructure) or forced or bool({"intercepts", "means"} & set(equal))
    fixed_x = (discrepancy == "ML") if given["fixed_x"] is None else given["fixed_x"]
    control = {**_CONTROL, **(given["control"] or {})}
    resolved: dict[str, Any] = {
        **given, "estimator": estimator, "missing": missing, "se": se, "test": test, "information": kinds[0],
        "meanstructure": meanstructure, "fixed_x": bool(fixed_x) and has_x, "group_equal": equal,
        "group_partial": _names(given["group_partial"]), "aux": _names(given["aux"]),
        "bounds": given["bounds"] or "none", "control": control,
    }  # fmt: skip
    hidden = ("sample_cov", "sample_mean", "ordered", "start", "bootstrap")
    call = {name: _plain(resolved[name]) for name in DEFAULTS if name not in hidden}
    return SemOptions(
        sample_cov=given["sample_cov"], sample_mean=given["sample_mean"], sample_n=given["sample_n"],
        estimator=estimator, discrepancy=discrepancy, missing=missing, group=given["group"],
        group_equal=equal, group_partial=resolved["group_partial"], cluster=given["cluster"],
        weights=given["weights"], aux=resolved["aux"], std_lv=bool(given["std_lv"]), fixed_x=resolved["fixed_x"],
        meanstructure=meanstructure, information=kinds, by_moments=(False, by_moments),
        structured=(structured, structured), se=se, test=test, likelihood=given["likelihood"],
        bootstrap=given["bootstrap"], start=given["start"], bounds=resolved["bounds"], level=float(given["level"]),
        max_iter=int(control["max_iter"]), seed=given["seed"], call=call,
    )  # fmt: skip


def _clustered(given: Mapping[str, Any], estimator: str, se: str, test: str) -> tuple[str, str, bool]:
    """Standard errors and test of clustered rows: a sandwich over clusters; MLM keeps its kind."""
    if given["se"] in (None, "robust"):
        se = "robust.cluster.sem" if estimator == "MLM" else "robust.cluster"
    if given["test"] is None:
        test = "satorra.bentler" if estimator == "MLM" else "yuan.bentler.mplus"
    return se, test, estimator == "ML" and test in SCALED_TESTS


def _information(estimator: str, discrepancy: str, asked: str | None, missing: str, se: str) -> tuple[Kind, Kind]:
    """Information matrices of the standard errors and of the test."""
    if discrepancy in ("ULS", "WLS", "DWLS"):
        return "expected", "expected"
    if asked is not None:
        kind: Kind = asked  # type: ignore[assignment]
        return kind, kind
    if estimator == "MLF":
        return "first.order", "first.order"
    if missing == "fiml" or se in ("robust.huber.white", "robust.cluster"):
        return "observed", "observed"
    return "expected", "expected"


def with_sem_keywords(function: Callable[..., Any]) -> Callable[..., Any]:
    """Show the keywords and their defaults in the signature of a function that takes them as ``**keywords``."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {p.name for p in own}
    keywords = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in DEFAULTS.items()
        if name not in taken
    ]
    function.__signature__ = signature.replace(parameters=own + keywords)  # type: ignore[attr-defined]
    return function


def _names(value: Any) -> tuple[str, ...]:
    """One name or several."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _is_set(value: Any) -> bool:
    return value is not None and value is not False and not (isinstance(value, tuple | list | str) and not value)


def _check_values(given: Mapping[str, Any]) -> list[Fault]:
    faults = []
    level = given["level"]
    if isinstance(level, bool) or not isinstance(level, float | int) or not 0 < level < 1:
        faults.append(Fault(f"level= must be a number between 0 and 1, such as 0.95; found {level!r}."))
    for name in ("std_lv", "fixed_x", "meanstructure"):
        if given[name] is not None and not isinstance(given[name], bool):
            faults.append(Fault(f"{name}= must be True or False; found {given[name]!r}."))
    seed = given["seed"]
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        faults.append(Fault(f"seed= must be a whole number from 0; found {seed!r}."))
    for name in ("group", "cluster", "weights"):
        if given[name] is not None and not isinstance(given[name], str):
            faults.append(Fault(f"{name}= must be the name of a column; found {given[name]!r}."))
    for name in ("group_equal", "group_partial", "aux"):
        if not isinstance(given[name], str | list | tuple) or not all(isinstance(x, str) for x in given[name]):
            faults.append(Fault(f"{name}= must be a name or a list of names; found {given[name]!r}."))
    faults += _check_groups(given) + _check_combinations(given)
    control = given["control"] or {}
    if not isinstance(control, Mapping):
        return [*faults, Fault(f"control= must be a mapping such as {{'max_iter': 500}}; found {control!r}.")]
    for name, value in control.items():
        if name not in _CONTROL:
            faults.append(Fault(f"control= has no key '{name}'.{did_you_mean(str(name), _CONTROL)} Known: max_iter."))
        elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
            faults.append(Fault(f"control['max_iter'] must be a whole number from 1; found {value!r}."))
    return faults


def _check_groups(given: Mapping[str, Any]) -> list[Fault]:
    faults = []
    if isinstance(given["group_equal"], str | list | tuple):
        for name in _names(given["group_equal"]):
            if name not in GROUP_EQUAL:
                hint = did_you_mean(str(name), GROUP_EQUAL)
                faults.append(Fault(f"group_equal= has no {name!r}; it knows {', '.join(GROUP_EQUAL)}.{hint}"))
    many = given["group"] is not None or isinstance(given["sample_n"], Mapping)
    if _is_set(given["group_equal"]) and not many:
        faults.append(Fault("group_equal= compares groups; name their column in group=."))
    return faults


def _check_combinations(given: Mapping[str, Any]) -> list[Fault]:
    """Keywords that contradict each other."""
    faults = []
    discrepancy = ESTIMATORS[given["estimator"]][0] if given["estimator"] in ESTIMATORS else "ML"
    if given["missing"] == "fiml":
        if given["estimator"] not in ("ML", "MLR", "MLF"):
            faults.append(Fault(f"missing='fiml' goes with estimator ML or MLR, not {given['estimator']}."))
        if given["se"] in ("robust.sem", "robust.cluster.sem") or given["test"] in SATORRA_TESTS:
            faults.append(Fault("missing='fiml' goes with MLR-type standard errors and tests (estimator='MLR')."))
        if given["meanstructure"] is False:
            faults.append(Fault("missing='fiml' models the means; leave meanstructure=False out."))
    if given["aux"] and given["missing"] != "fiml":
        faults.append(Fault("aux= adds auxiliary variables to full information; use it with missing='fiml'."))
    if discrepancy != "ML" and given["likelihood"] == "wishart":
        faults.append(Fault(f"likelihood='wishart' is for maximum likelihood, not for {given['estimator']}."))
    if discrepancy != "ML" and (given["cluster"] is not None or given["weights"] is not None):
        faults.append(Fault(f"cluster= and weights= go with maximum likelihood, not with {given['estimator']}."))
    if given["weights"] is not None and given["estimator"] in ("MLM", "MLMV", "MLMVS", "MLF"):
        faults.append(Fault(f"weights= goes with estimator ML or MLR, not with {given['estimator']}."))
    if given["cluster"] is not None and given["estimator"] in ("MLMV", "MLMVS", "MLF"):
        faults.append(Fault(f"cluster= goes with estimator ML, MLR or MLM, not with {given['estimator']}."))
    usual = ESTIMATORS[given["estimator"]][2] if given["estimator"] in ESTIMATORS else "standard"
    if usual in SCALED_TESTS and given["test"] not in (None, "none", usual):
        faults.append(Fault(
            f"estimator={given['estimator']!r} is maximum likelihood with test={usual!r}; for another test write "
            f"estimator='ML' with se= and test=."
        ))  # fmt: skip
    if discrepancy == "GLS" and (str(given["se"]).startswith("robust") or given["test"] in SCALED_TESTS):
        faults.append(Fault("estimator='GLS' has standard errors and the standard test only."))
    if discrepancy in ("ULS", "WLS", "DWLS") and given["se"] in ("robust.huber.white", "first.order"):
        faults.append(Fault(f"se={given['se']!r} goes with maximum likelihood, not with {given['estimator']}."))
    if given["test"] in YUAN_TESTS and discrepancy != "ML":
        faults.append(Fault(f"test={given['test']!r} goes with maximum likelihood, not with {given['estimator']}."))
    return faults
