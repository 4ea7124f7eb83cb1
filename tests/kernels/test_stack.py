"""Stacks of replicates against single fits, gradients against the single discrepancy, and what cannot be fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from crmstudy.kernels.covariance.bootstrap import bootstrap_moments
from crmstudy.kernels.covariance.discrepancy import MaximumLikelihood, SampleBlock
from crmstudy.kernels.covariance.optimise import minimise
from crmstudy.kernels.covariance.stack import fit_stack
from crmstudy.kernels.covariance.stack_moments import StackedBlock, stack_diagonals
from crmstudy.kernels.covariance.structure import MATRICES, Layout, implied_moments
from tests.reference import HERE, load
from tests.tolerances import (
    CHISQ_RELATIVE,
    CLOSED_FORM,
    CLOSED_FORM_RELATIVE,
    DISCREPANCY,
    ESTIMATE_IN_SE,
)


class Parameters:
    """Numbers parameters by name; the same name is the same parameter."""

    def __init__(self):
        self.names = {}

    def __call__(self, name):
        return self.names.setdefault(name, len(self.names))


def layout_of(p, m, free, fixed, *, means=False):
    """A layout from lists of (matrix, row, column, parameter) and (matrix, row, column, value)."""
    shapes = {"loading": (p, m), "regression": (m, m), "latent_covariance": (m, m), "residual_covariance": (p, p),
              "intercept": (p, 1), "latent_mean": (m, 1)}  # fmt: skip
    matrices = {name: np.zeros(shape) for name, shape in shapes.items()}
    for name, i, j, value in fixed:
        matrices[name][i, j] = value
        if name.endswith("covariance"):
            matrices[name][j, i] = value
    places = {
        name: np.array([place[1:] for place in free if place[0] == name], dtype=np.intp).reshape(-1, 3).T
        for name in MATRICES
    }
    return Layout(matrices, *({name: places[name][k] for name in MATRICES} for k in range(3)), means)


def factor_layout(factors, number, *, paths=(), residuals=(), equal=(), means=None, group=""):
    """Factors with indicators (lists of columns), the first of each with loading 1.

    ``equal`` renames parameters; ``means`` is None, "reference" (latent means 0) or "free".
    """
    names = dict(equal)

    def of(name):
        return number(names.get(name, name + group))

    p, m = sum(map(len, factors)), len(factors)
    dependent = {i for i, _ in paths}
    pairs = [(i, j) for i in range(m) for j in range(i + 1) if i == j or not {i, j} & dependent]
    fixed = [("loading", columns[0], f, 1.0) for f, columns in enumerate(factors)]
    free = [("loading", i, f, of(f"l{i}")) for f, columns in enumerate(factors) for i in columns[1:]]
    free += [("regression", i, j, of(f"b{i}{j}")) for i, j in paths]
    free += [("latent_covariance", i, j, of(f"f{i}{j}")) for i, j in pairs]
    free += [("residual_covariance", i, j, of(f"r{i}-{j}")) for i, j in [*residuals, *((i, i) for i in range(p))]]
    if means is not None:
        free += [("intercept", i, 0, of(f"i{i}")) for i in range(p)]
    if means == "free":
        free += [("latent_mean", f, 0, of(f"m{f}")) for f in range(m)]
    return layout_of(p, m, free, fixed, means=means is not None)


def start_of(layouts, q, samples):
    """Simple start values: loadings by ratios of covariances, half the variances as residuals, sample means."""
    theta = np.zeros(q)
    for layout, (s, mean) in zip(layouts, samples, strict=True):
        rows, columns, at = layout.rows, layout.columns, layout.parameters
        on = rows["residual_covariance"] == columns["residual_covariance"]
        theta[at["residual_covariance"][on]] = 0.5 * np.diagonal(s)[rows["residual_covariance"][on]]
        marker = (layout.fixed["loading"] == 1).argmax(axis=0)
        on = rows["latent_covariance"] == columns["latent_covariance"]
        theta[at["latent_covariance"][on]] = 0.4 * np.diagonal(s)[marker[rows["latent_covariance"][on]]]
        for i, f, parameter in zip(rows["loading"], columns["loading"], at["loading"], strict=True):
            others = [k for k in rows["loading"][columns["loading"] == f] if k != i]
            theta[parameter] = s[i, others].sum() / s[marker[f], others].sum()
        theta[at["intercept"]] = mean[rows["intercept"]]
    return theta


@dataclass
class Model:
    """A model, its rows by group and its solution."""

    layouts: tuple
    q: int
    rows: list
    start: np.ndarray | None = None

    @property
    def n(self):
        return sum(map(len, self.rows))

    @property
    def weights(self):
        return [len(rows) / self.n for rows in self.rows]

    def blocks(self, samples):
        parts = zip(self.layouts, samples, self.weights, strict=True)
        return tuple(SampleBlock(layout, s, mean if layout.has_means else None, w) for layout, (s, mean), w in parts)

    def single(self, samples, start=None):
        return minimise(
            MaximumLikelihood(self.blocks(samples), self.q),
            self.start if start is None else start,
            self.n,
            tolerance=1e-9,
        )

    def solved(self):
        samples = [(np.cov(rows.T, ddof=0), rows.mean(axis=0)) for rows in self.rows]
        found = self.single(samples, start_of(self.layouts, self.q, samples))
        assert found.converged
        self.start = found.point.theta
        return self

    def replicates(self, count, seed):
        rng = np.random.default_rng(seed)
        drawn = [rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=count) for rows in self.rows]
        return [bootstrap_moments(rows, counts) for rows, counts in zip(self.rows, drawn, strict=True)]

    def fit_all(self, moments, **options):
        covariances, means = [s for s, _ in moments], [mean for _, mean in moments]
        return fit_stack(self.layouts, self.q, covariances, means, self.weights, self.start, self.n, **options)


def _rows(name, columns):
    return pd.read_csv(HERE / "data" / name)[columns].to_numpy()


SCHOOLS = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
DEMOCRACY = {
    "factors": [[0, 1, 2], [3, 4, 5, 6], [7, 8, 9, 10]],
    "paths": [(1, 0), (2, 0), (2, 1)],
    "residuals": [(7, 3), (6, 4), (8, 4), (9, 5), (10, 6), (10, 8)],
}
OVER_TIME = {"l4": "a", "l5": "b", "l6": "c", "l8": "a", "l9": "b", "l10": "c"}


def _crm():
    number, rows = Parameters(), pd.read_csv(HERE / "data/crm.csv").to_numpy()
    factors = [list(range(k, k + 4)) for k in range(0, 32, 4)]
    layout = factor_layout(factors, number, paths=[(4, 0), (4, 3), (5, 4), (6, 5), (7, 6)])
    return Model((layout,), len(number.names), [rows])


def _abilities():
    number = Parameters()
    layout = factor_layout(SCHOOLS, number)
    return Model((layout,), len(number.names), [_rows("holzinger.csv", [f"x{i}" for i in range(1, 10)])])


def _schools():
    number, columns = Parameters(), [f"x{i}" for i in range(1, 10)]
    shared = {name: name for i in range(9) for name in (f"l{i}", f"i{i}")}
    first = factor_layout(SCHOOLS, number, equal=shared, means="reference", group="_1")
    second = factor_layout(SCHOOLS, number, equal=shared, means="free", group="_2")
    frame = pd.read_csv(HERE / "data/holzinger.csv")
    rows = [frame.loc[frame["school"] == school, columns].to_numpy() for school in ("Pasteur", "Grant-White")]
    return Model((first, second), len(number.names), rows)


def _democracy(equal=()):
    number = Parameters()
    layout = factor_layout(DEMOCRACY["factors"], number, paths=DEMOCRACY["paths"], residuals=DEMOCRACY["residuals"],
                           equal=equal)  # fmt: skip
    columns = [f"x{i}" for i in range(1, 4)] + [f"y{i}" for i in range(1, 9)]
    return Model((layout,), len(number.names), [_rows("democracy.csv", columns)])


MODELS = {"crm": _crm, "abilities": _abilities, "schools": _schools, "democracy": _democracy,
          "democracy_equal": lambda: _democracy(OVER_TIME)}  # fmt: skip
CASES = {"crm": "sem/crm", "abilities": "sem/hs_cfa", "schools": "sem_groups/hs_scalar", "democracy": "sem/poldem",
         "democracy_equal": "sem/poldem_equal"}  # fmt: skip


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    made = MODELS[request.param]().solved()
    made.name = request.param
    return made


def test_the_models_are_those_of_the_reference(model):
    samples = [(np.cov(rows.T, ddof=0), rows.mean(axis=0)) for rows in model.rows]
    found = MaximumLikelihood(model.blocks(samples), model.q).evaluate(model.start)
    assert model.n * found.value == pytest.approx(load(CASES[model.name]).output["fit"]["chisq"], rel=CHISQ_RELATIVE)


def test_every_replicate_is_what_a_single_fit_finds(model):
    moments = model.replicates(30, seed=1)
    found = model.fit_all(moments)
    assert found.converged.all()
    for b in range(30):
        single = model.single([(s[b], mean[b]) for s, mean in moments])
        errors = np.sqrt(2 / model.n * np.diagonal(np.linalg.inv(single.hessian)))
        np.testing.assert_array_less(np.abs(found.theta[b] - single.point.theta) / errors, ESTIMATE_IN_SE)
        assert found.value[b] == pytest.approx(single.point.value, abs=DISCREPANCY)


def test_the_same_stack_gives_the_same_numbers_whole_or_in_parts(model):
    moments = model.replicates(12, seed=2)
    first, again = model.fit_all(moments), model.fit_all(moments)
    np.testing.assert_array_equal(first.theta, again.theta)
    part = model.fit_all([(s[5:9], mean[5:9]) for s, mean in moments])
    np.testing.assert_allclose(part.theta, first.theta[5:9], rtol=1e-6, atol=1e-8)


def test_what_the_batch_does_not_finish_is_fitted_singly(model):
    moments = model.replicates(4, seed=3)
    whole, short = model.fit_all(moments), model.fit_all(moments, max_iter=2)
    assert short.refitted.all()
    assert short.converged.all()
    assert not whole.refitted.any()
    errors = np.sqrt(2 / model.n * np.diagonal(np.linalg.inv(model.single([(s[0], m[0]) for s, m in moments]).hessian)))
    np.testing.assert_array_less(np.abs(short.theta - whole.theta) / errors, ESTIMATE_IN_SE)


def test_moments_implied_by_solutions_are_those_of_single_fits(model):
    theta = np.vstack([model.start, model.start * 1.01, np.full(model.q, np.nan)])
    short = stack_diagonals(model.layouts, theta)
    full = stack_diagonals(model.layouts, theta, full=True)
    for layout, (variances, latent), (sigma, phi) in zip(model.layouts, short, full, strict=True):
        for b in range(2):
            implied = implied_moments(layout, theta[b])
            np.testing.assert_allclose(sigma[b], implied.sigma, rtol=CLOSED_FORM_RELATIVE)
            np.testing.assert_allclose(phi[b], implied.phi, rtol=CLOSED_FORM_RELATIVE)
        np.testing.assert_allclose(variances, np.diagonal(sigma, axis1=1, axis2=2), rtol=CLOSED_FORM_RELATIVE)
        np.testing.assert_allclose(latent, np.diagonal(phi, axis1=1, axis2=2), rtol=CLOSED_FORM_RELATIVE)
        assert np.isnan(variances[2]).all()


def test_constraints_by_a_basis_are_equal_labels():
    free, equal = _democracy().solved(), _democracy(OVER_TIME).solved()
    names, at = Parameters(), Parameters()
    factor_layout(**DEMOCRACY, number=names)
    factor_layout(**DEMOCRACY, number=at, equal=OVER_TIME)
    basis = np.zeros((free.q, equal.q))
    for name, k in names.names.items():
        basis[k, at.names[OVER_TIME.get(name, name)]] = 1.0
    moments = equal.replicates(20, seed=4)
    labels = equal.fit_all(moments)
    free.start = basis @ equal.start
    by_basis, singly = free.fit_all(moments, basis=basis), free.fit_all(moments, basis=basis, max_iter=1)
    errors = np.sqrt(2 / equal.n * np.diagonal(np.linalg.inv(equal.single([(s[0], m[0]) for s, m in moments]).hessian)))
    for found in (by_basis, singly):
        assert found.converged.all()
        np.testing.assert_array_less(np.abs(found.theta - labels.theta @ basis.T) / (basis @ errors), ESTIMATE_IN_SE)
        np.testing.assert_allclose(found.theta[:, names.names["l4"]], found.theta[:, names.names["l8"]])


def _with_predictors():
    """A factor and an observed outcome regressed on two observed variables whose moments are not parameters."""
    columns = ["x1", "x2", "x3", "ageyr", "grade", "x9"]
    rows = pd.read_csv(HERE / "data/holzinger.csv")[columns].dropna().to_numpy()
    number = Parameters()
    s = np.cov(rows.T, ddof=0)
    fixed = [("loading", 0, 0, 1.0), ("loading", 3, 1, 1.0), ("loading", 4, 2, 1.0), ("loading", 5, 3, 1.0)]
    fixed += [("latent_covariance", i, j, s[i + 2, j + 2]) for i in (1, 2) for j in (1, 2)]
    free = [("loading", i, 0, number(f"l{i}")) for i in (1, 2)]
    free += [("regression", i, j, number(f"b{i}{j}")) for i, j in [(0, 1), (0, 2), (3, 0), (3, 1)]]
    free += [("latent_covariance", i, i, number(f"f{i}")) for i in (0, 3)]
    free += [("residual_covariance", i, i, number(f"r{i}")) for i in (0, 1, 2)]
    return Model((layout_of(6, 4, free, fixed),), len(number.names), [rows])


def test_fixed_moments_of_predictors_follow_the_replicate():
    model = _with_predictors()
    s = np.cov(model.rows[0].T, ddof=0)
    model.start = model.single(
        [(s, None)], np.array([1, 1, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5], dtype=float)
    ).point.theta
    ((samples, _),) = model.replicates(15, seed=5)
    own = np.tile(model.layouts[0].fixed["latent_covariance"], (15, 1, 1))
    own[:, 1:3, 1:3] = samples[:, 3:5, 3:5]
    found = model.fit_all([(samples, None)], fixed=[{"latent_covariance": own}])
    singly = model.fit_all([(samples, None)], fixed=[{"latent_covariance": own}], max_iter=1)
    variances = stack_diagonals(model.layouts, found.theta, fixed=[{"latent_covariance": own}])[0][0]
    np.testing.assert_allclose(variances[:, 3:5], np.diagonal(samples, axis1=1, axis2=2)[:, 3:5], rtol=CLOSED_FORM)
    for b in range(15):
        layout = replace(model.layouts[0], fixed=model.layouts[0].fixed | {"latent_covariance": own[b]})
        single = Model((layout,), model.q, model.rows, model.start).single([(samples[b], None)])
        errors = np.sqrt(2 / model.n * np.diagonal(np.linalg.inv(single.hessian)))
        for theta in (found.theta[b], singly.theta[b]):
            np.testing.assert_array_less(np.abs(theta - single.point.theta) / errors, ESTIMATE_IN_SE)


def test_weights_of_groups_may_differ_between_replicates():
    model = _schools().solved()
    moments = model.replicates(6, seed=6)
    shares = np.random.default_rng(6).uniform(0.3, 0.7, 6)
    weights = np.column_stack([shares, 1 - shares])
    found = fit_stack(model.layouts, model.q, [s for s, _ in moments], [m for _, m in moments], weights, model.start,
                      model.n)  # fmt: skip
    for b in range(6):
        parts = zip(model.layouts, moments, weights[b], strict=True)
        blocks = tuple(SampleBlock(layout, s[b], mean[b], w) for layout, (s, mean), w in parts)
        single = minimise(MaximumLikelihood(blocks, model.q), model.start, model.n, tolerance=1e-9)
        errors = np.sqrt(2 / model.n * np.diagonal(np.linalg.inv(single.hessian)))
        np.testing.assert_array_less(np.abs(found.theta[b] - single.point.theta) / errors, ESTIMATE_IN_SE)


def _general_layout(seed, first):
    """Every kind of element, one parameter at two places, random fixed values."""
    rng = np.random.default_rng(seed)
    p, m = 6, 4
    spec = {
        "loading": [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (5, 0)],
        "regression": [(1, 0), (2, 0), (2, 1), (3, 2), (0, 3)],
        "latent_covariance": [(0, 0), (1, 1), (1, 0), (3, 2), (2, 2)],
        "residual_covariance": [(0, 0), (1, 1), (3, 1), (5, 5)],
        "intercept": [(0, 0), (2, 0), (3, 0)],
        "latent_mean": [(1, 0), (3, 0), (0, 0)],
    }
    places = [(name, i, j) for name in MATRICES for i, j in spec[name]]
    free = [(*place, first + k) for k, place in enumerate(places)]
    free[1] = (*free[1][:3], free[0][3])
    fixed = [("latent_covariance", i, i, 1.0) for i in range(m)] + [
        ("residual_covariance", i, i, 1.0) for i in range(p)
    ]
    fixed += [("loading", i, j, value) for (i, j), value in np.ndenumerate(rng.normal(size=(p, m)) * 0.5)]
    fixed += [("intercept", i, 0, value) for i, value in enumerate(rng.normal(size=p))]
    return layout_of(p, m, free, fixed, means=True), first + len(places)


@pytest.mark.parametrize("kind", ["every element", "uncorrelated", "some improper"])
def test_value_and_gradient_are_those_of_single_discrepancies(kind):
    rng = np.random.default_rng(8)
    if kind == "every element":
        layout, q = _general_layout(8, 0)
        theta = rng.normal(size=(9, q)) * 0.2
        for name in ("latent_covariance", "residual_covariance"):
            theta[:, layout.parameters[name][layout.rows[name] == layout.columns[name]]] = 3.0
        p = 6
    else:
        model = _schools().solved()
        layout, q, p = model.layouts[1], model.q, 9
        theta = model.start * rng.uniform(0.9, 1.1, (9, q))
        if kind == "some improper":
            theta[::2, layout.parameters["residual_covariance"][0]] = -0.05
            theta[1, layout.parameters["latent_covariance"][0]] = -0.01
            theta[3, layout.parameters["residual_covariance"][0]] = -50.0
    rows = rng.normal(size=(9, 40, p)) @ rng.normal(size=(p, p))
    samples, means = np.array([np.cov(r.T, ddof=0) for r in rows]), rows.mean(axis=1)
    values, entries = StackedBlock(layout, samples, means).evaluate(theta)
    if kind == "some improper":
        assert values[3] == np.inf
    for b in range(9):
        point = MaximumLikelihood((SampleBlock(layout, samples[b], means[b]),), q).evaluate(theta[b])
        if point is None:
            assert values[b] == np.inf
            continue
        saturated = np.linalg.slogdet(samples[b])[1] + p
        assert values[b] - saturated == pytest.approx(point.value, rel=CLOSED_FORM_RELATIVE)
        gradient = layout.elements.collect(entries[b], q)
        scale = np.abs(point.gradient).max()
        np.testing.assert_allclose(gradient, point.gradient, rtol=0, atol=CLOSED_FORM_RELATIVE * scale)


def _one_factor():
    number = Parameters()
    layout = factor_layout([[0, 1, 2]], number)
    return Model((layout,), len(number.names), [np.zeros((100, 3))], np.array([1.0, 1.0, 0.5, 0.5, 0.5, 0.5]))


def test_what_cannot_be_fitted_is_counted_and_hurts_nobody_else():
    model = _one_factor()
    good = np.full((3, 3), 0.5) + np.diag([0.5, 0.6, 0.7])
    endless = np.array([[1, 0.5, 0.5], [0.5, 1, 0], [0.5, 0, 1.0]])  # fits only as the factor's variance grows for ever
    flat = np.ones((3, 3)) + np.diag([0, 0, 0.3])
    unknown = np.full((3, 3), np.nan)
    asked = []

    def own_start(row):
        asked.append(row)
        return model.start

    found = model.fit_all([(np.array([good, endless, flat, unknown, good]), None)], own_start=own_start)
    assert found.converged.tolist() == [True, False, False, False, True]
    assert found.singular.tolist() == [False, False, True, True, False]
    assert found.refitted.tolist() == [False, True, False, False, False]
    assert found.failed == 3
    assert asked == [1]
    assert np.isnan(found.theta[1:4]).all()
    assert np.isnan(found.value[1:4]).all()
    np.testing.assert_allclose(found.theta[[0, 4]], [[1, 1, 0.5, 0.5, 0.6, 0.7]] * 2, atol=1e-5)


def test_a_last_attempt_may_start_elsewhere(monkeypatch):
    model = _one_factor()
    sample = np.full((3, 3), 0.5) + np.diag([0.5, 0.6, 0.7])
    truth = np.array([1.0, 1.0, 0.5, 0.5, 0.6, 0.7])
    monkeypatch.setattr("crmstudy.kernels.covariance.stack._SINGLE_STEPS", 0)
    without = model.fit_all([(sample[None], None)], max_iter=0)
    found = model.fit_all([(sample[None], None)], max_iter=0, own_start=lambda row: truth)
    assert not without.converged[0]
    assert found.converged[0]
    np.testing.assert_array_equal(found.theta[0], truth)


def test_an_impossible_start_is_refused():
    model = _one_factor()
    model.start[3:] = -1.0
    with pytest.raises(ValueError, match="positive definite at the start"):
        model.fit_all([(np.eye(3)[None], None)])


def test_an_empty_stack_is_no_fault():
    found = _one_factor().fit_all([(np.empty((0, 3, 3)), None)])
    assert found.theta.shape == (0, 6)
    assert found.failed == 0
