"""One stage of a run: fill the gaps of a sample, where an analysis asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmstudy.errors import AnalysisError, Fault, InputError, StudyError
from crmstudy.kernels.resample import generator
from crmstudy.notes import Note

if TYPE_CHECKING:
    from crmstudy.imputed import Imputed
    from crmstudy.responses import Responses
    from crmstudy.study.plan import Study


def impute_sample(study: Study, name: str, kept: Responses, notes: list[Note]) -> Imputed | None:
    """The completed sets of a sample's kept rows; None where no analysis wants them, or with a note where it failed.

    Items and declared variables are imputed and predict each other; ``auxiliary`` narrows the variables.

    Raises
    ------
    StudyError
        For columns that cannot be used.
    """
    from crmstudy.imputing.impute import impute

    plan = study.samples[name]
    asked = plan.imputation
    if asked is None or not any(one.sample == name and one.options.get("imputed") for one in study.analyses):
        return None
    places = {asked["group"], asked["cluster"]}
    variables = [column for column in plan.variables if column not in places]
    auxiliary = [*asked["auxiliary"]] or variables
    scales = {scale: list(kept.scale_items(scale)) for scale in kept.scales}
    loose = [item for item in kept.items if not any(item in items for items in scales.values())]
    items = scales | {item: [item] for item in loose}
    seed = int(generator(study.seed, "imputation", name).integers(2**31))
    try:
        return impute(
            kept, m=asked["m"], seed=seed, items=items or variables, group=asked["group"], cluster=asked["cluster"],
            auxiliary=auxiliary if items else (), iterations=asked["iterations"], donors=asked["donors"],
        )  # fmt: skip
    except InputError as error:
        place = plan.place
        faults = [
            Fault(f"imputation of the sample '{name}': {fault.message}", place.file, place.line)
            for fault in error.faults
        ]
        raise StudyError(faults) from error
    except AnalysisError as error:
        notes.append(Note(error.code, str(error), "warning", name))
        return None
