"""How each kind of analysis is done: one function a kind, from a task to its result and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crmstudy.errors import AnalysisError, CrmstudyError
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note
from crmstudy.study.parts import AnalysisPlan, SamplePlan

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.fitted.pooledresult import PooledSemResult
    from crmstudy.fitted.semresult import SemResult
    from crmstudy.imputed import Imputed
    from crmstudy.responses import Responses
    from crmstudy.results import Result
    from crmstudy.study.disclosing import Disclosing


#: Fewer bootstrap samples than this give no intervals of HTMT.
_LEAST_SAMPLES = 100


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """One analysis to do: what was declared, the rows it is done with, the study's seed, imputed sets, the sample.

    ``rows`` is None for an analysis that names no sample. ``others`` are the rows of every sample by its name, for an
    analysis that looks at two of them; ``done`` the results of the analyses before it by their ids;
    ``disclosing`` knows what of people may be shown.
    """

    plan: AnalysisPlan
    rows: Responses | None
    seed: int
    imputed: Imputed | None = None
    sample: SamplePlan | None = None
    others: Mapping[str, Responses] = field(default_factory=dict)
    done: Mapping[str, Result] = field(default_factory=dict)
    disclosing: Disclosing | None = None

    @property
    def responses(self) -> Responses:
        """The rows it is done with."""
        if self.rows is None:
            raise AnalysisError("it names no sample, and needs one.")
        return self.rows

    @property
    def weights(self) -> str | None:
        """The column of the sample's weights."""
        return None if self.sample is None else self.sample.weights

    @property
    def variables(self) -> Mapping[str, Mapping[str, Any]]:
        """The declared columns that are no items."""
        return {} if self.sample is None else self.sample.variables

    @property
    def value_labels(self) -> dict[str, dict[str, str]]:
        """What the values of the declared columns are called, by column."""
        called = {name: variable.get("values") or {} for name, variable in self.variables.items()}
        return {
            name: {value: str(texts.get("en") or next(iter(texts.values()))) for value, texts in own.items()}
            for name, own in called.items()
            if own
        }

    @property
    def data(self) -> Responses | Imputed:
        """What it is done with: the answers, or their imputed sets where the plan asks for them."""
        if not self.plan.options.get("imputed"):
            return self.responses
        if self.imputed is None:
            raise AnalysisError(
                "its sample was not imputed here, so there is nothing to pool: see the notes of the sample.",
                "STUDY_NOT_IMPUTED",
            )
        return self.imputed

    @property
    def own_seed(self) -> int:
        """A seed of this analysis alone, so that other analyses do not change its random numbers."""
        return int(generator(self.seed, self.plan.id).integers(2**31))

    @property
    def asked(self) -> dict[str, Any]:
        """All declared options but the one that says which data are meant."""
        return {name: value for name, value in self.plan.options.items() if name != "imputed"}

    @property
    def keywords(self) -> dict[str, Any]:
        """The declared options, without those that say what the analysis is about."""
        about = ("scales", "items", "formula", "model", "imputed", "variables")
        return {name: value for name, value in self.plan.options.items() if name not in about}

    @property
    def seeded(self) -> dict[str, Any]:
        """The declared options of a model; with a bootstrap the seed of this analysis too."""
        asked = self.plan.options.get("bootstrap")
        if asked is None:
            return self.keywords
        if isinstance(asked, Mapping):
            asked = {name: value for name, value in asked.items() if value is not None}
        return self.keywords | {"bootstrap": asked, "seed": self.own_seed}

    @property
    def scales(self) -> tuple[str, ...]:
        """The scales asked for, all of them when none is named."""
        named = self.plan.options.get("scales", "all")
        return tuple(self.responses.scales) if named == "all" else tuple(named)


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What an analysis gave: its result, what stands beside it and what of it failed (see ``report.record.Block``)."""

    result: Result
    extras: Mapping[str, Result | pd.DataFrame | Note] = field(default_factory=dict)
    failures: tuple[Note, ...] = ()


def items(task: Task) -> Outcome:
    """Describe the items of the scales, or the named columns."""
    from crmstudy.describing.items import describe

    if "items" in task.plan.options:
        return Outcome(describe(task.data, items=list(task.plan.options["items"]), weights=task.weights))
    if task.plan.options.get("scales", "all") == "all":
        return Outcome(describe(task.data, weights=task.weights))
    asked = dict.fromkeys(item for scale in task.scales for item in task.responses.scale_items(scale))
    return Outcome(describe(task.data, items=list(asked), weights=task.weights))


def reliability(task: Task) -> Outcome:
    """Reliability of the scales; a scale that cannot be analysed does not take the others with it."""
    from crmstudy.measurement.reliability.reliability import reliability as reliability_of
    from crmstudy.models.second_engine import check_reliability

    result = reliability_of(task.data, scale=list(task.scales), seed=task.own_seed, **task.keywords)
    beside = (
        {}
        if task.plan.options.get("imputed")
        else _attempt({"second_engine": lambda: check_reliability(result, task.responses)})
    )
    return Outcome(result, beside, result.failures)


def correlations(task: Task) -> Outcome:
    """Correlate scale scores (with their reliabilities beside them) or the named columns."""
    from crmstudy.describing.correlations import correlate
    from crmstudy.measurement.reliability.reliability import reliability as reliability_of

    names = list(task.plan.options.get("items", task.scales))
    asked = task.keywords
    weighable = asked.get("method", "pearson") in ("pearson", "polychoric") and "partial" not in asked
    result = correlate(task.data, items=names, weights=task.weights if weighable else None, **asked)
    scales = [name for name in names if name in task.responses.scores]
    beside = {"reliability": lambda: reliability_of(task.data, scale=scales, seed=task.own_seed).preferred}
    return Outcome(result, _attempt(beside) if scales else {})


def regression(task: Task) -> Outcome:
    """Regress an outcome on its predictors."""
    from crmstudy.models.regression import regress
    from crmstudy.models.second_engine import check_regression

    result = regress(str(task.plan.options["formula"]), task.data, **task.keywords)
    if task.plan.options.get("imputed"):
        return Outcome(result)
    return Outcome(result, _attempt({"second_engine": lambda: check_regression(result, task.responses)}))


def cfa(task: Task) -> Outcome:
    """Fit a measurement model, with the validity of its factors."""
    from crmstudy.measurement.cfa import cfa as fit
    from crmstudy.measurement.validity.validity import validity

    result = fit(_model(task), model_data(task), **task.seeded)
    replicates, seed = _replicates(result), task.own_seed
    about = {} if result.groups else {"validity": lambda: validity(result, bootstrap=replicates, seed=seed)}
    return Outcome(result, _attempt(about | _beside(task, result)))


def sem(task: Task) -> Outcome:
    """Fit a structural model."""
    from crmstudy.models.cbsem import sem as fit

    result = fit(_model(task), model_data(task), **task.seeded)
    return Outcome(result, _attempt(_beside(task, result)))


def invariance(task: Task) -> Outcome:
    """Test whether a measurement model is the same in several groups or waves."""
    from crmstudy.measurement.invariance.invariance import invariance as climb

    data = task.responses if "waves" in task.plan.options else model_data(task)
    return Outcome(climb(_model(task), data, **task.keywords))


def _replicates(result: SemResult | PooledSemResult) -> int | None:
    """Bootstrap samples for what stands beside a fit that has a bootstrap of its rows; None where it has none."""
    drawn = result.solution.drawn
    if drawn is None or drawn.asked.n < _LEAST_SAMPLES or getattr(result, "rows", None) is None:
        return None
    plain = result.call.get("cluster") is None and result.call.get("weights") is None
    return drawn.asked.n if plain else None


def _beside(task: Task, result: SemResult | PooledSemResult) -> dict[str, Callable[[], Result | pd.DataFrame | Note]]:
    """What every fitted model has beside it: the second engine, and intervals of what is defined."""
    from crmstudy.models.second_engine import check_sem

    return {"second_engine": lambda: check_sem(result), **_intervals(task, result)}


def _intervals(
    task: Task, result: SemResult | PooledSemResult
) -> dict[str, Callable[[], Result | pd.DataFrame | Note]]:
    """Monte Carlo intervals of what is defined, where anything is."""
    if not (result.estimates["op"] == ":=").any() or not result.admissible:
        return {}
    return {"monte_carlo": lambda: result.monte_carlo(level=task.plan.level, seed=task.own_seed)}


def brief_fit(task: Task) -> Outcome:
    """Fit the model of a ``cfa`` or ``sem`` with the intervals its claims are tested by, and nothing else beside it."""
    from crmstudy.measurement.cfa import cfa as fit_cfa
    from crmstudy.models.cbsem import sem as fit_sem

    fit = fit_cfa if task.plan.kind == "cfa" else fit_sem
    result = fit(_model(task), model_data(task), **task.seeded)
    return Outcome(result, _attempt(_intervals(task, result)))


def _attempt(
    makers: Mapping[str, Callable[[], Result | pd.DataFrame | Note]],
) -> dict[str, Result | pd.DataFrame | Note]:
    """Make each; one that cannot be made leaves a note in its place and nothing else undone."""
    made: dict[str, Result | pd.DataFrame | Note] = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except AnalysisError as error:
            made[name] = Note(error.code, str(error), "warning", name)
        except Exception as error:
            made[name] = Note("STUDY_EXTRA_FAILED", sentence_of(error), "warning", name)
    return made


def sentence_of(error: Exception) -> str:
    """What an unexpected error says, with its kind unless it is one of ours."""
    if isinstance(error, CrmstudyError):
        return str(error)
    return f"an unexpected {type(error).__name__} stopped it: {error or 'no message'}."


def _model(task: Task) -> str:
    return str(task.plan.options["model"])


def model_data(task: Task) -> Responses | Imputed:
    """What a model is fitted to: the answers, with scale scores beside them where the model or ``aux`` names one.

    Of imputed sets each is scored.
    """
    from crmstudy.scoring import with_scores

    found: Responses | Imputed = with_scores(_model(task), task.data, task.plan.options.get("aux", ()))
    return found
