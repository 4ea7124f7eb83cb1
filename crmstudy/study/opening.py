"""Opening a study: instruments loaded, data read, and every door checked before anything is computed or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crmstudy.errors import Fault, InputError, ModelError, StudyError, did_you_mean
from crmstudy.instrument import HigherOrder, Instrument, Scale, load_instrument
from crmstudy.study import door
from crmstudy.study.assessments import ASSESSMENTS
from crmstudy.study.disclosing import disclosure_faults
from crmstudy.study.door import Ground, at
from crmstudy.study.kinds import KINDS
from crmstudy.study.parts import SamplePlan
from crmstudy.study.plan import Study

if TYPE_CHECKING:
    from crmstudy.responses import Responses


@dataclass(frozen=True, eq=False, slots=True)
class Opened:
    """A study whose doors have all been checked, and the answers of its samples by name."""

    study: Study
    responses: Mapping[str, Responses]


def open_study(study: Study, before: Iterable[InputError] = ()) -> Opened:
    """Load instruments, read data and check every analysis and hypothesis against them.

    Parameters
    ----------
    study : Study
        The declared study (or its sound parts, when ``before`` holds the faults of the rest).
    before : iterable of InputError
        What was refused already; it is raised together with what is found here.

    Raises
    ------
    InputError
        With every fault of all doors. Its class is that of the faults when they are all of one class.
    """
    refused = list(before)
    instruments = _Shelf(study, refused)
    responses: dict[str, Responses] = {}
    grounds: dict[str, Ground] = {}
    for sample in study.samples.values():
        loaded = instruments.load(sample)
        forms = any(plan.kind in ASSESSMENTS for plan in study.analyses if plan.sample == sample.name)
        answers = None if loaded is None else _read(sample, loaded, forms, refused)
        scales = None if loaded is None else {score.id: score for one in loaded for score in one.scores}
        columns = columns_of(answers) if answers is not None else _promised_columns(sample, scales, forms)
        grounds[sample.name] = Ground(scales, columns, None if answers is None else partial(_values_of, answers))
        refused += _weights_refused(sample, columns, scales)
        if answers is not None:
            responses[sample.name] = answers
    _check_analyses(study, grounds, refused)
    if faults := disclosure_faults(study):
        refused.append(StudyError(faults))
    if refused:
        raise gathered(refused)
    return Opened(study, responses)


def gathered(refused: Iterable[InputError]) -> InputError:
    """One error with the faults of several; of their class when they share one."""
    errors = list(refused)
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else InputError
    return kind(dict.fromkeys(fault for error in errors for fault in error.faults))


def columns_of(responses: Responses) -> tuple[str, ...]:
    """Every name an analysis of these responses can use: items, variables and scale scores."""
    return (*responses.items, *map(str, responses.variables.columns), *responses.scores)


def _values_of(responses: Responses, name: str) -> int | None:
    """How many different values a column has; None when there is no such column."""
    column = responses.values.get(name) if name in responses.items else responses.variables.get(name)
    return None if column is None else int(column.nunique())


def _weights_refused(
    sample: SamplePlan, columns: tuple[str, ...] | None, scales: Mapping[str, Scale | HigherOrder] | None
) -> list[InputError]:
    """The weights of a sample are a column of its file."""
    if sample.weights is None or columns is None:
        return []
    if sample.weights in columns and sample.weights not in (scales or {}):
        return []
    hint = did_you_mean(sample.weights, columns)
    message = f"the weights '{sample.weights}' of the sample '{sample.name}' are no column of its file.{hint}"
    return [StudyError([at(sample.place, message)])]


def _promised_columns(
    sample: SamplePlan, scales: Mapping[str, Scale | HigherOrder] | None, forms: bool
) -> tuple[str, ...] | None:
    """What a file whose cells are faulty would offer: its column names and the scales, or None when unknown."""
    from crmstudy.exchange.read import column_names

    names = column_names(sample.path)
    if names is not None and forms:
        import pandas as pd

        from crmstudy.assessment.forms import under_names

        names = tuple(map(str, under_names(pd.DataFrame(columns=list(names)), [sample.id or ""])))
    return None if names is None or scales is None else (*names, *scales)


class _Shelf:
    """Loads each instrument once; a faulty one is refused once, however many samples answer it."""

    def __init__(self, study: Study, refused: list[InputError]) -> None:
        self.study = study
        self.refused = refused
        self.loaded: dict[str, Instrument | None] = {}

    def load(self, sample: SamplePlan) -> tuple[Instrument, ...] | None:
        """The instruments of a sample, or None when one of them is refused."""
        for name in sample.instruments:
            if name not in self.loaded:
                self.loaded[name] = self._load(name, sample)
        found = [self.loaded[name] for name in sample.instruments]
        whole = tuple(instrument for instrument in found if instrument is not None)
        return whole if len(whole) == len(found) else None

    def _load(self, name: str, sample: SamplePlan) -> Instrument | None:
        is_file = name.lower().endswith((".yaml", ".yml"))
        asked: str | Path = self.study.folder / name.replace("\\", "/") if is_file else name
        try:
            return load_instrument(asked, search=(self.study.folder / "instruments",))
        except InputError as error:
            self.refused.append(_placed(error, sample))
            return None


def _read(
    sample: SamplePlan, instruments: tuple[Instrument, ...], forms: bool, refused: list[InputError]
) -> Responses | None:
    """The answers of a sample, None where they are refused; with ``forms`` its file may be one that was filled in."""
    from crmstudy.exchange.read import read_responses

    try:
        responses = read_responses(
            sample.path, instruments=instruments, missing_codes=sample.missing_codes, id=sample.id
        )
    except InputError as error:
        refused.append(_placed(error, sample))
        return None
    if forms:
        from crmstudy.assessment.forms import under_names

        responses = replace(responses, frame=under_names(responses.frame, [responses.id or ""]))
    faults = _variable_faults(sample, responses)
    if faults:
        refused.append(StudyError(faults))
        return None
    return _with_categories(sample, responses)


def _variable_faults(sample: SamplePlan, responses: Responses) -> list[Fault]:
    import pandas as pd

    faults = []
    there = [str(column) for column in responses.variables.columns]
    for name, variable in sample.variables.items():
        place = sample.variable_places.get(name, sample.place)
        if name in responses.items:
            faults.append(at(place, f"the variable '{name}' is an item of an instrument; take it off 'variables'."))
        elif name not in there:
            hint = did_you_mean(name, there) or f" Its other columns are: {', '.join(there) or 'none'}."
            faults.append(at(place, f"the variable '{name}' is no column of '{sample.file}'.{hint}"))
        elif variable["type"] == "number" and not pd.api.types.is_numeric_dtype(responses.frame[name]):
            wanted = "clean the column, or declare it as a category"
            faults.append(at(place, f"the variable '{name}' is declared a number, but holds text; {wanted}."))
    return faults


def _with_categories(sample: SamplePlan, responses: Responses) -> Responses:
    """Columns declared as categories become so, that a code such as 1, 2, 3 is never computed with as a number."""
    import pandas as pd

    made = {}
    for name, variable in sample.variables.items():
        if variable["type"] == "category":
            column = responses.frame[name]
            levels = {value: f"{value:g}" if isinstance(value, int | float) else value for value in column.dropna()}
            known = pd.CategoricalDtype([levels[value] for value in sorted(levels)])
            made[name] = column.map(levels).astype(known)
    return replace(responses, frame=responses.frame.assign(**made)) if made else responses


def _check_analyses(study: Study, grounds: Mapping[str, Ground], refused: list[InputError]) -> None:
    unknown = Ground(None, None)
    faults = [
        fault for plan in study.analyses for fault in KINDS[plan.kind].check(plan, grounds.get(plan.sample, unknown))
    ]
    if faults:
        refused.append(ModelError(faults))
    analyses = {plan.id: plan for plan in study.analyses}
    claims = []
    for hypothesis in study.hypotheses:
        plan = analyses.get(hypothesis.analysis)
        find = None if plan is None else KINDS[plan.kind].parameters
        parameters = None if plan is None or find is None else find(plan, grounds.get(plan.sample, unknown))
        if parameters is not None:
            claims += door.check_claim(hypothesis, parameters)
    if claims:
        refused.append(StudyError(claims))


def _placed(error: InputError, sample: SamplePlan) -> InputError:
    """The same error, seen from the study.

    A fault that names no file is told at the sample's place in ``study.yaml``; one of the data file gets that file's
    path as the study declares it, for several samples may have files of one name.
    """
    faults = []
    for fault in error.faults:
        if fault.file is None:
            faults.append(at(sample.place, fault.message))
        else:
            faults.append(replace(fault, file=sample.file) if fault.file == sample.path.name else fault)
    return type(error)(faults)
