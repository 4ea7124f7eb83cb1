"""How each kind of analysis is done: one function a kind, from a task to its result and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crmstudy.errors import AnalysisError, CrmstudyError
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note
from crmstudy.study.parts import AnalysisPlan

if TYPE_CHECKING:
    import pandas as pd

    from crmstudy.fitted.semresult import SemResult
    from crmstudy.responses import Responses
    from crmstudy.results import Result


#: Fewer bootstrap samples than this give no intervals of HTMT.
_LEAST_SAMPLES = 100


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """One analysis to do: what was declared, the rows it is done with, and the seed of the study."""

    plan: AnalysisPlan
    responses: Responses
    seed: int

    @property
    def own_seed(self) -> int:
        """A seed of this analysis alone, so that other analyses do not change its random numbers."""
        return int(generator(self.seed, self.plan.id).integers(2**31))

    @property
    def keywords(self) -> dict[str, Any]:
        """The declared options, without those that say what the analysis is about."""
        about = ("scales", "items", "formula", "model")
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
    from crmstudy.measurement.items import describe

    if "items" in task.plan.options:
        return Outcome(describe(task.responses, items=list(task.plan.options["items"])))
    if task.plan.options.get("scales", "all") == "all":
        return Outcome(describe(task.responses))
    asked = dict.fromkeys(item for scale in task.scales for item in task.responses.scale_items(scale))
    return Outcome(describe(task.responses, items=list(asked)))


def reliability(task: Task) -> Outcome:
    """Reliability of the scales; a scale that cannot be analysed does not take the others with it."""
    from crmstudy.measurement.reliability import reliability as reliability_of
    from crmstudy.models.second_engine import check_reliability

    result = reliability_of(task.responses, scale=list(task.scales), seed=task.own_seed, **task.keywords)
    beside = _attempt({"second_engine": lambda: check_reliability(result, task.responses)})
    return Outcome(result, beside, result.failures)


def correlations(task: Task) -> Outcome:
    """Correlate scale scores (with their reliabilities beside them) or the named columns."""
    from crmstudy.measurement.correlations import correlate
    from crmstudy.measurement.reliability import reliability as reliability_of

    names = list(task.plan.options.get("items", task.scales))
    result = correlate(task.responses, items=names, **task.keywords)
    scales = [name for name in names if name in task.responses.scales]
    beside = {"reliability": lambda: reliability_of(task.responses, scale=scales, seed=task.own_seed).preferred}
    return Outcome(result, _attempt(beside) if scales else {})


def regression(task: Task) -> Outcome:
    """Regress an outcome on its predictors."""
    from crmstudy.models.regression import regress
    from crmstudy.models.second_engine import check_regression

    result = regress(str(task.plan.options["formula"]), task.responses, **task.keywords)
    return Outcome(result, _attempt({"second_engine": lambda: check_regression(result, task.responses)}))


def cfa(task: Task) -> Outcome:
    """Fit a measurement model, with the validity of its factors."""
    from crmstudy.measurement.cfa import cfa as fit
    from crmstudy.measurement.validity import validity

    result = fit(_model(task), _data(task), **task.seeded)
    replicates, seed = _replicates(result), task.own_seed
    about = {} if result.groups else {"validity": lambda: validity(result, bootstrap=replicates, seed=seed)}
    return Outcome(result, _attempt(about | _beside(task, result)))


def sem(task: Task) -> Outcome:
    """Fit a structural model."""
    from crmstudy.models.cbsem import sem as fit

    result = fit(_model(task), _data(task), **task.seeded)
    return Outcome(result, _attempt(_beside(task, result)))


def invariance(task: Task) -> Outcome:
    """Test whether a measurement model is the same in several groups or waves."""
    from crmstudy.measurement.invariance import invariance as climb

    data = task.responses if "waves" in task.plan.options else _data(task)
    return Outcome(climb(_model(task), data, **task.keywords))


def _replicates(result: SemResult) -> int | None:
    """Bootstrap samples for what stands beside a fit that has a bootstrap of its rows; None where it has none."""
    drawn = result.solution.drawn
    plain = result.rows is not None and result.call.get("cluster") is None and result.call.get("weights") is None
    return drawn.asked.n if drawn is not None and plain and drawn.asked.n >= _LEAST_SAMPLES else None


def _beside(task: Task, result: SemResult) -> dict[str, Callable[[], Result | pd.DataFrame | Note]]:
    """What every fitted model has beside it: the second engine, and intervals of what is defined."""
    from crmstudy.models.second_engine import check_sem

    beside: dict[str, Callable[[], Result | pd.DataFrame | Note]] = {"second_engine": lambda: check_sem(result)}
    if (result.estimates["op"] == ":=").any() and result.admissible:
        level = task.plan.level
        beside["monte_carlo"] = lambda: result.monte_carlo(level=level, seed=task.own_seed)
    return beside


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


def _data(task: Task) -> Responses | pd.DataFrame:
    """What a model is fitted to: the answers, with scale scores beside them where the model or ``aux`` names one."""
    from crmstudy.grammar.spec import parse_model
    from crmstudy.scoring import analysis_frame

    spec = parse_model(_model(task))
    if not {*spec.observed, *task.plan.options.get("aux", ())} & set(task.responses.scales):
        return task.responses
    frame = analysis_frame(task.responses)[0]
    return frame.drop(columns=[name for name in spec.latent if name in task.responses.scales])
