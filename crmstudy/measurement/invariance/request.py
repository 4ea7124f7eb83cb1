"""What ``invariance()`` was asked for, with every fault of it told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from crmstudy.errors import DataError, Fault, InputError, ModelError, did_you_mean
from crmstudy.estimating.options import SemOptions, resolve_options
from crmstudy.grammar.spec import ModelSpec, parse_model
from crmstudy.imputed import Imputed
from crmstudy.measurement.invariance.groups import GroupModels, Models
from crmstudy.measurement.invariance.levels import CRITERIA, Step, read_levels
from crmstudy.measurement.invariance.waves import WaveModels, column_faults, read_waves, side_by_side
from crmstudy.measurement.plain_model import PlainModel, model_faults
from crmstudy.responses import frame_of

#: Keywords of ``sem()`` that a ladder sets itself or has no use for.
_OWN = {
    "group_equal": "levels= says what is held equal, level by level",
    "bootstrap": "no level is bootstrapped",
}


@dataclass(frozen=True)
class Request:
    """The models of the ladder, its steps, and the options as resolved."""

    models: Models
    steps: tuple[Step, ...]
    call: Mapping[str, Any]


def read_request(
    model: Any, data: Any, group: str | None, waves: Any, id: str | None, levels: Sequence[str] | str | None,
    criteria: str, like_items: bool, keywords: Mapping[str, Any],
) -> Request:  # fmt: skip
    """Check everything that was asked and make the models of it.

    Raises
    ------
    ModelError, DataError, UnsupportedError
    """
    options = resolve_options(_of_one_model(keywords, group))
    steps, faults = read_levels(levels)
    faults += _request_faults(data, group, waves, id, criteria, like_items, keywords)
    if not isinstance(model, str):
        faults.append(Fault(f"the model must be a text in lavaan syntax; found {type(model).__name__}."))
    if faults:
        raise ModelError(faults)
    plain = PlainModel(parse_model(model), options.std_lv, options.fixed_x)
    faults = model_faults(plain.spec)
    partial: tuple[str, ...] = ()
    if not faults:
        faults = _empty_levels(steps, plain)
        try:
            partial = plain.spelled(options.group_partial)
        except ModelError as error:
            faults += error.faults
    models: Models
    if waves is None:
        unfit, unfit_data = _group_faults(plain.spec, data, group)
        _refuse(faults + unfit, unfit_data)
        models = GroupModels(plain, model, data, {**keywords, "group": group}, partial)
    else:
        models = _wave_models(plain, data, waves, id, keywords, options, partial, like_items, faults)
    call = {
        **options.call, "function": "invariance", "model": model, "group": group, "waves": waves, "id": id,
        "levels": [step.level for step in steps], "criteria": criteria, "like_items": like_items,
    }  # fmt: skip
    return Request(models, steps, {name: value for name, value in call.items() if name != "group_equal"})


def _of_one_model(keywords: Mapping[str, Any], group: str | None) -> dict[str, Any]:
    """The keywords of one level, for what they resolve to."""
    kept = {name: value for name, value in keywords.items() if name not in _OWN}
    if kept.get("meanstructure") is False:
        del kept["meanstructure"]  # refused with the other faults
    return {**kept, "group": group}


def _request_faults(
    data: Any, group: Any, waves: Any, id: Any, criteria: Any, like_items: Any, keywords: Mapping[str, Any]
) -> list[Fault]:
    faults = []
    moments = isinstance(keywords.get("sample_n"), Mapping)
    if group is not None and waves is not None:
        faults.append(Fault("give group= or waves=, not both; this version compares one or the other."))
    if group is None and waves is None and not moments:
        faults.append(Fault("name what is compared: group= the column of the groups, or waves= the waves of a panel."))
    if waves is not None and data is None:
        faults.append(Fault("waves= are columns of data; give data."))
    if id is not None and not isinstance(waves, str):
        faults.append(Fault("id= names the respondent of a stacked file; it goes with waves= the column of the wave."))
    if criteria not in CRITERIA:
        hint = did_you_mean(str(criteria), CRITERIA)
        faults.append(Fault(f"criteria={criteria!r} does not exist; choose {', '.join(CRITERIA)}.{hint}"))
    if not isinstance(like_items, bool):
        faults.append(Fault(f"like_items= must be True or False; found {like_items!r}."))
    if keywords.get("meanstructure") is False:
        faults.append(Fault("intercepts are compared, so means are modelled; leave meanstructure=False out."))
    faults += [
        Fault(f"{name}= has no use here: {why}. Leave it out.") for name, why in _OWN.items() if keywords.get(name)
    ]
    return faults


def _empty_levels(steps: Sequence[Step], plain: PlainModel) -> list[Fault]:
    """Levels that hold equal what the model does not have."""
    return [
        Fault(f"the level '{step.level}' holds {word} equal, but the model has none; leave the level out.")
        for step in steps
        for word in step.added
        if not plain.inside((word,))
    ]


def _group_faults(spec: ModelSpec, data: Any, group: str | None) -> tuple[list[Fault], list[Fault]]:
    """Faults of the model and of the data, where groups are a column of data."""
    if data is None or group is None:
        return [], []
    frame, _ = frame_of(data.sets[0] if isinstance(data, Imputed) else data)
    columns = list(frame.columns)
    unfit = spec.unknown_names(columns) + spec.colliding_names(columns)
    if group in spec.observed:
        return unfit, [Fault(f"'{group}' is the group and a variable of the model; it can be one only.")]
    if group not in columns:
        return unfit, [Fault(f"group='{group}' is not a column of the data.{did_you_mean(group, columns)}")]
    found = int(frame[group].nunique())
    if found < 2:
        return unfit, [Fault(f"group='{group}' must tell at least two groups apart; it holds {found}.")]
    return unfit, []


def _wave_models(
    plain: PlainModel, data: Any, waves: Any, id: str | None, keywords: Mapping[str, Any], options: SemOptions,
    partial: tuple[str, ...], like_items: bool, faults: list[Fault],
) -> WaveModels:  # fmt: skip
    if isinstance(data, Imputed):
        made = [
            _wave_models(plain, one, waves, id, keywords, options, partial, like_items, faults) for one in data.sets
        ]
        return replace(made[0], data=Imputed([one.data for one in made], data.given_notes))
    frame, notes = frame_of(data)
    if isinstance(waves, str):
        constant = [name for name in (options.cluster, options.weights, *options.aux) if name is not None]
        try:
            wide, read = side_by_side(frame, waves, id, plain.spec, constant)
        except InputError as error:
            raise DataError([*faults, *error.faults]) from error
        _refuse(faults, column_faults(read, plain.spec, wide.columns))
    else:
        read, unfit = read_waves(waves, plain.spec)
        _refuse(faults + unfit, [] if unfit else column_faults(read, plain.spec, frame.columns))
        wide = frame
    passed = {name: value for name, value in keywords.items() if name not in ("group_partial", *_OWN)}
    return WaveModels(plain, read, pd.DataFrame(wide), passed, partial, like_items, notes)


def _refuse(of_model: list[Fault], of_data: list[Fault]) -> None:
    """Raise with all faults when there are any."""
    if of_model:
        raise ModelError(of_model + of_data)
    if of_data:
        raise DataError(of_data)
