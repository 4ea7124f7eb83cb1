"""Models with means, groups, other estimators, robust tests, missing data, clusters, weights and constraints.

Every case is fitted by us and compared with lavaan number by number; the cases of ``sem_printed`` also with the figures
their source prints.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import ModelError, UnsupportedError
from tests import tolerances
from tests.reference import HERE, Case, cases, load
from tests.reference.asking import ask, pair

METHODS = ("sem_means", "sem_groups", "sem_estimators", "sem_robust", "sem_missing", "sem_clusters", "sem_weights",
           "sem_constraints", "sem_printed")  # fmt: skip
#: What lavaan does and we refuse, with a word of the refusal.
REFUSED = {"sem_weights/gls": "weights= go with maximum likelihood", "sem_weights/hs_mlm": "weights= goes with"}
ALL = [name for method in METHODS for name in cases(method)]
NAMES = [name for name in ALL if name not in REFUSED]
PUBLISHED = sorted(f"sem_printed/{path.parent.name}" for path in (HERE / "sem_printed").glob("*/published.json"))
SOLUTIONS = ("std.lv", "std.all", "std.nox")
#: Constants lavaan repeats in its list of fit measures.
CONSTANTS = ("rmsea_ci_level", "rmsea_close_h0", "rmsea_notclose_h0")


@cache
def merged(name: str) -> pd.DataFrame:
    """Both tables of estimates side by side, a row a parameter; lavaan's columns keep their names with dots."""
    case, ours = pair(name)
    theirs = case.table("estimates")
    theirs = theirs.assign(key=_keys(theirs), order=range(len(theirs)))
    mine = ours.estimates.assign(key=_keys(ours.estimates)).drop(columns=["lhs", "op", "rhs", "group"])
    assert sorted(mine["key"]) == sorted(theirs["key"]), "the parameters differ from lavaan's"
    mine = mine.rename(columns={"label": "our_label"})
    both = theirs.merge(mine, on="key", validate="one_to_one").sort_values("order", ignore_index=True)
    numbers = [name for name in theirs if name not in ("lhs", "op", "rhs", "label", "key", "order", "group")]
    return both.astype(dict.fromkeys(numbers, float))


def _keys(table: pd.DataFrame) -> list[str]:
    rows = zip(table["lhs"], table["op"], table["rhs"], table["group"], strict=True)
    return [_key(lhs, op, rhs, int(group)) for lhs, op, rhs, group in rows]


def _key(lhs: str, op: str, rhs: str, group: int) -> str:
    """``lhs op rhs`` and ``.g2`` of a second group; the sides of a covariance sorted, a definition by its name."""
    if op == ":=":
        return f"{lhs} :="
    sides = sorted((lhs, rhs)) if op == "~~" else (lhs, rhs)
    return f"{sides[0]} {op} {sides[1]}".strip() + (f".g{group}" if group > 1 else "")


def _numbers(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def assert_close(ours: Any, theirs: Any, tolerance: Any, names: Any) -> None:
    """Both missing, or nearer than the tolerance; the message names every offender."""
    ours, theirs = _numbers(ours), _numbers(theirs)
    allowed = np.broadcast_to(np.asarray(tolerance, dtype=float), ours.shape)
    far = (np.isnan(ours) != np.isnan(theirs)) | (np.abs(ours - theirs) > allowed)
    told = [
        f"{name}: ours {mine:.12g}, lavaan {other:.12g}, allowed {limit:.1g}"
        for name, mine, other, limit, bad in zip(names, ours, theirs, allowed, far, strict=True)
        if bad
    ]
    assert not told, "\n".join(told)


def _se(both: pd.DataFrame) -> Any:
    return both["se"].to_numpy(dtype=float) if "se" in both else np.zeros(len(both))


def test_every_case_is_at_the_optimum() -> None:
    assert len(ALL) > 100
    for name in ALL:
        optimum = load(name).output["optim"]
        assert (optimum["converged"], optimum["polished"]) == (True, True), name


@pytest.mark.parametrize("name", NAMES)
def test_estimates(name: str) -> None:
    both = merged(name)
    se = np.nan_to_num(_se(both))
    fixed = tolerances.FIXED_ESTIMATE * both["est"].abs().clip(lower=1.0)
    assert_close(both["estimate"], both["est"], np.where(se > 0, tolerances.ESTIMATE_IN_SE * se, fixed), both["key"])
    named = ~both["label"].str.startswith(".")  # lavaan names the parameters it ties itself .p2. and the like
    assert both.loc[named, "our_label"].tolist() == both.loc[named, "label"].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_standard_errors_and_tests(name: str) -> None:
    both = merged(name)
    se = _se(both)
    assert_close(both["std_error"], se, tolerances.STANDARD_ERROR_RELATIVE * se, both["key"])
    z = both["z"].abs().fillna(0.0)
    assert_close(both["statistic"], both["z"], tolerances.Z_ABSOLUTE + tolerances.Z_RELATIVE * z, both["key"])
    assert_close(both["p_value"], both["pvalue"], tolerances.P_VALUE, both["key"])
    half = tolerances.ESTIMATE_IN_SE * se + 2 * tolerances.STANDARD_ERROR_RELATIVE * se
    half = half + tolerances.FIXED_ESTIMATE * both["est"].abs().clip(lower=1.0)
    assert_close(both["ci_low"], both["ci.lower"], half, both["key"])
    assert_close(both["ci_high"], both["ci.upper"], half, both["key"])


@pytest.mark.parametrize("name", NAMES)
def test_standardised_estimates(name: str) -> None:
    both = merged(name)
    for kind in SOLUTIONS:
        ours, theirs, se = both[kind.replace(".", "_")], both[kind], np.nan_to_num(both[f"{kind}.se"])
        exact = tolerances.DERIVED * theirs.abs().clip(lower=1.0)
        allowed = np.where(se > 0, tolerances.ESTIMATE_IN_SE * se, exact)
        assert_close(ours, theirs, allowed, [f"{key} {kind}" for key in both["key"]])


@pytest.mark.parametrize("name", NAMES)
def test_standard_errors_of_standardised_estimates(name: str) -> None:
    both = merged(name)
    for kind in SOLUTIONS:
        theirs = both[f"{kind}.se"].to_numpy()
        ours = both[f"{kind.replace('.', '_')}_se"].to_numpy(dtype=float)
        ours = np.where((theirs == 0) & (ours < tolerances.STANDARDISED_SE_ZERO), 0.0, ours)
        allowed = tolerances.STANDARDISED_SE_RELATIVE * theirs + tolerances.STANDARDISED_SE
        assert_close(ours, theirs, allowed, [f"{key} {kind}.se" for key in both["key"]])


@pytest.mark.parametrize("name", [name for name in NAMES if load(name).output["vcov"]])
def test_covariances_of_the_estimates(name: str) -> None:
    case, ours = pair(name)
    theirs = case.matrix("vcov")
    named = {row: _our_name(row, case.table("estimates"), ours) for row in theirs.index}
    tied = [
        row for row, name in named.items() if name is None
    ]  # by an equality: the name of the other one stands for it
    assert not tied or "==" in (case.model or "")
    names = [name for name in named.values() if name is not None]
    theirs = theirs.drop(index=tied, columns=tied)
    mine = ours.vcov.loc[names, names].to_numpy()
    se = np.sqrt(np.diagonal(theirs.to_numpy()).clip(min=0))
    scaled = (mine - theirs.to_numpy()) / np.multiply.outer(se, se).clip(min=1e-12)
    assert np.abs(scaled).max() <= tolerances.VCOV_RELATIVE


def _our_name(row: str, table: pd.DataFrame, ours: Any) -> str | None:
    """The name our matrix gives to a free parameter of lavaan's: its label, itself, or the first one tied to it."""
    labels, key = dict(zip(_keys(table), table["label"], strict=True)), _sorted_name(row)
    first = next(other for other, label in labels.items() if label == labels[key]) if labels[key] else key
    label = dict(zip(_keys(ours.estimates), ours.estimates["label"], strict=True))[key]
    index = {_sorted_name(str(name)): str(name) for name in ours.vcov.index}
    return next((index[name] for name in (label, key, first) if name in index), None)


def _sorted_name(name: str) -> str:
    parts = name.split()
    if len(parts) == 3 and parts[1] == "~~":
        rhs, dot, group = parts[2].partition(".g")
        return " ~~ ".join(sorted((parts[0], rhs))) + dot + group
    return name


@pytest.mark.parametrize("name", NAMES)
def test_the_discrepancy_is_not_above_that_of_lavaan(name: str) -> None:
    case, ours = pair(name)
    assert ours.converged
    assert ours.fit["fmin"] <= case.output["fit"]["fmin"] + tolerances.DISCREPANCY


@pytest.mark.parametrize("name", NAMES)
def test_fit(name: str) -> None:
    case, ours = pair(name)
    theirs = _fit(case)
    compared = [key for key in theirs if not key.startswith("rmsea_ci") and key not in CONSTANTS]
    if theirs["df"] == 0:  # lavaan's critical N is missing or 1 as its chi-square is 0 or a rounding error
        compared = [key for key in compared if not key.startswith("cn_")]
    assert not [key for key in compared if key not in ours.fit.index], "fit measures lavaan has and we have not"
    allowed = [_fit_tolerance(key, theirs, case) for key in compared]
    assert_close(ours.fit[compared], [theirs[key] for key in compared], allowed, compared)


def _fit(case: Case) -> dict[str, Any]:
    """lavaan's fit measures; ``fit_repaired`` (R/sem_general.R says why) goes before what lavaan 0.6-14 prints."""
    found = {**case.output["fit"], **(case.output["fit_repaired"] or {})}
    return {key.replace(".", "_"): value for key, value in found.items()}


def _fit_tolerance(key: str, theirs: Mapping[str, Any], case: Case) -> float:
    """The tolerance of one fit measure, by the kind of formula behind it."""
    size = abs(theirs[key] or 0.0)
    floor = tolerances.CHISQ_OF_PERFECT_FIT_PER_N * _total(case)
    scaled = key.endswith(("_scaled", "_robust"))
    kinds = {
        "df_scaled": tolerances.SCALED_DF_RELATIVE * size,
        "baseline_df_scaled": tolerances.SCALED_DF_RELATIVE * size,
        "chisq": max(tolerances.CHISQ_RELATIVE * size, floor),
        "baseline_chisq": tolerances.CHISQ_RELATIVE * size,
        "fmin": max(tolerances.CHISQ_RELATIVE * size, tolerances.DISCREPANCY),
        "chisq_scaled": max(tolerances.SCALED_CHISQ_RELATIVE * size, 2 * floor),
        "baseline_chisq_scaled": tolerances.SCALED_CHISQ_RELATIVE * size,
        "rmr": tolerances.DERIVED * _spread(case),
        "rmr_nomean": tolerances.DERIVED * _spread(case),
    }
    if key in kinds:
        return kinds[key]
    if key in ("npar", "df", "ntotal", "baseline_df"):
        return 0.0
    if "scaling_factor" in key or "shift" in key:
        return tolerances.SCALING_RELATIVE * max(size, 1.0)
    if "pvalue" in key:
        return tolerances.SCALED_P_VALUE if scaled else tolerances.CHISQ_P_VALUE
    if key.startswith(("logl", "unrestricted_logl", "aic", "bic")):
        return tolerances.LOGLIK_RELATIVE * size
    if key.startswith("cn_"):
        return tolerances.CRITICAL_N_RELATIVE * size
    if key.startswith(("srmr", "crmr", "gfi", "agfi", "pgfi")):
        return tolerances.DERIVED
    return (tolerances.SCALED_INDEX if scaled else tolerances.FIT_INDEX) * max(size, 1.0)


def _total(case: Case) -> int:
    return sum(_counts(case).values())


def _counts(case: Case) -> dict[str, int]:
    """Rows used, by group; of one group under ``all``."""
    counts = case.output["n"]
    return dict(counts) if isinstance(counts, Mapping) else {"all": counts}


def _spread(case: Case) -> float:
    parts = [part for _, part in _groups(case, "observed")]
    return max(1.0, *(float(np.abs(_matrix(part["cov"]).to_numpy()).max()) for part in parts))


@pytest.mark.parametrize("name", NAMES)
def test_ends_of_the_rmsea_interval(name: str) -> None:
    case, ours = pair(name)
    found = _fit(case)
    for key in [key for key in found if key.startswith(("rmsea_ci_lower", "rmsea_ci_upper"))]:
        mine = float(ours.fit[key])
        theirs = np.nan if found[key] is None else found[key]
        scale = _total(case) * max(found["df"], 1) / len(_counts(case))  # noncentrality = N df RMSEA^2 / groups
        factor = max(found.get("chisq_scaling_factor") or 1.0, 1.0) if key[len("rmsea_ci_lower") :] else 1.0
        allowed = factor * tolerances.RMSEA_NONCENTRALITY + tolerances.SCALED_CHISQ_RELATIVE * found["chisq"]
        assert mine**2 * scale == pytest.approx(theirs**2 * scale, abs=allowed, nan_ok=True), key


def _groups(case: Case, *keys: str) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    """A recorded pair of covariances and means, by group; of one group under None."""
    found: Any = case.output
    for key in keys:
        found = found[key]
    if "cov" in found:
        yield None, found
    else:
        yield from found.items()


def _matrix(found: Mapping[str, Any]) -> pd.DataFrame:
    values = [[np.nan if value is None else value for value in row] for row in found["values"]]
    return pd.DataFrame(values, index=found["rows"], columns=found["columns"], dtype=float)


def _of_group(value: Any, group: str | None) -> Any:
    return value if group is None else {str(key): part for key, part in value.items()}[group]


@pytest.mark.parametrize("name", NAMES)
def test_implied_moments(name: str) -> None:
    case, ours = pair(name)
    observed = dict(_groups(case, "observed"))
    for group, found in _groups(case, "implied"):
        theirs = _matrix(found["cov"])
        order = list(theirs.index)
        spread = np.sqrt(np.diagonal(_matrix(observed[group]["cov"]).loc[order, order]))
        mine = _of_group(ours.implied, group).loc[order, order]
        gap = np.abs(mine.to_numpy() - theirs.to_numpy()) / np.multiply.outer(spread, spread)
        assert gap.max() <= tolerances.DERIVED, group
        if "mean" in found:
            means = _of_group(ours.implied_means, group)
            assert_close(means[list(found["mean"])], found["mean"].values(), tolerances.DERIVED * spread, order)


RESIDUALS = [(name, kind) for name in NAMES for kind, found in load(name).output["residuals"].items() if found]


@pytest.mark.parametrize(("name", "kind"), RESIDUALS)
def test_residuals(name: str, kind: str) -> None:
    case, ours = pair(name)
    raw = dict(_groups(case, "residuals", "raw"))
    observed = dict(_groups(case, "observed"))
    for group, found in _groups(case, "residuals", kind):
        theirs = _matrix(found["cov"])
        order = list(theirs.index)
        mine = _of_group(ours.residuals(kind=kind), group).loc[order, order].to_numpy(dtype=float)
        names = [f"{group or ''} {row} ~~ {column}" for row in order for column in order]
        spread = np.sqrt(np.diagonal(_matrix(observed[group]["cov"]).loc[order, order]))
        if kind in ("raw", "cor"):
            allowed = tolerances.DERIVED * (np.multiply.outer(spread, spread) if kind == "raw" else 1.0)
        else:
            allowed = tolerances.RESIDUAL_Z + tolerances.RESIDUAL_Z_RELATIVE * np.abs(np.nan_to_num(theirs.to_numpy()))
            theirs = theirs.where(theirs.abs() < tolerances.RESIDUAL_Z_OF_ROUNDING)
            told = np.abs(_matrix(raw[group]["cov"]).to_numpy()) >= tolerances.RESIDUAL_NEAR_ZERO
            mine, theirs = np.where(told, mine, 0.0), theirs.where(told, 0.0)
        allowed = np.broadcast_to(allowed, mine.shape)
        assert_close(mine.ravel(), theirs.to_numpy().ravel(), allowed.ravel(), names)


@pytest.mark.parametrize("name", NAMES)
def test_r_squared(name: str) -> None:
    case, ours = pair(name)
    theirs: dict[Any, Any] = case.output["r_squared"]
    if any(isinstance(value, Mapping) for value in theirs.values()):
        theirs = {(group, key): value for group, part in theirs.items() for key, value in part.items()}
    mine = {(str(key[0]), key[1]) if isinstance(key, tuple) else key: value for key, value in ours.r_squared.items()}
    assert sorted(mine) == sorted(theirs)
    assert_close([mine[key] for key in theirs], theirs.values(), tolerances.DERIVED, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_rows_used(name: str) -> None:
    case, ours = pair(name)
    counts = _counts(case)
    assert ours.n == sum(counts.values())
    samples = ours.samples
    assert dict(zip(samples["group"].astype(str), samples["n"], strict=True)) == counts
    if case.data is not None:
        assert samples["dropped"].sum() == len(case.data) - ours.n


@pytest.mark.parametrize("name", NAMES)
def test_options_resolve_as_in_lavaan(name: str) -> None:
    case, ours = pair(name)
    theirs = case.output["options"]
    tests = [theirs["test"]] if isinstance(theirs["test"], str) else theirs["test"]
    scaled = [test for test in tests if test != "standard"]
    expected = {
        "se": theirs["se"],
        "test": scaled[0] if scaled else "standard",
        "information": theirs["information"][0],
        "missing": {"ml": "fiml"}.get(theirs["missing"], theirs["missing"]),
        "meanstructure": theirs["meanstructure"],
    }
    assert {key: ours.call[key] for key in expected} == expected


@pytest.mark.parametrize("name", NAMES)
def test_admissibility_agrees(name: str) -> None:
    case, ours = pair(name)
    assert ours.admissible is bool(case.output["admissible"])


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(name: str) -> None:
    case, ours = pair(name)
    printed = json.loads((case.folder / "published.json").read_text(encoding="utf-8"))
    rows = ours.estimates.assign(key=_keys(ours.estimates)).set_index("key")
    told = []
    for column in ("estimate", "std_error", "std_all"):
        for row, text in printed.get(column, {}).items():
            parameter = rows.loc[_sorted_name(row)]
            allowed = _half_unit(text)
            if printed["stops_early"] and column == "estimate":  # by its own optimiser, before the optimum
                allowed += tolerances.SECOND_ENGINE_IN_SE * parameter["std_error"]
            if abs(parameter[column] - float(text)) > allowed:
                told.append(f"{row} {column}: printed {text}, ours {parameter[column]:.8g}")
    for key, text in printed["fit"].items():
        if abs(ours.fit[key] - float(text)) > _half_unit(text):
            told.append(f"{key}: printed {text}, ours {ours.fit[key]:.8g}")
    assert not told, "\n".join(told)


def _half_unit(text: str) -> float:
    digits = len(text.partition(".")[2])
    return float(tolerances.PRINTED_HALF_UNIT * 10.0**-digits * (1 + tolerances.CLOSED_FORM_RELATIVE))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_not_built_is_refused(name: str) -> None:
    with pytest.raises((ModelError, UnsupportedError), match=REFUSED[name]):
        ask(load(name))
