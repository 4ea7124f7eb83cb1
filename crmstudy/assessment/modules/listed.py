"""The modules and functions as a table, filtered by service area, and the words for them in three languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from crmstudy.assessment.catalogue import catalogue, language
from crmstudy.errors import DataError, ModelError, did_you_mean

#: The row of a table that stands for all modules together.
ALL = "all"


def module_functions(area: str | Sequence[str] | None = None, lang: str = "en") -> pd.DataFrame:
    """The 13 modules of CRM systems and their 62 functions (source documents 3.8.1 to 3.8.13).

    Parameters
    ----------
    area : {"sales", "contact", "marketing", "service"} or several of them, optional
        Only modules that serve one of these service areas (source document 1.1).
    lang : {"en", "fa", "ru"}
        The language of the labels.

    Returns
    -------
    DataFrame
        A row for each function: module, module_label, function, label, areas, lineage, source. ``lineage`` is the
        predecessor it comes from (source document 3.2): ``sfa``, ``sms``, ``css``, or ``crm`` for what is new. Areas
        and lineage are our own assignment.

    Raises
    ------
    ModelError
        For an area that does not exist.
    UnsupportedError
        For another language.

    Examples
    --------
    >>> table = module_functions(area="marketing")
    >>> table["module"].unique().tolist()
    ['time', 'field', 'marketing', 'lead', 'knowledge', 'intelligence', 'support']
    """
    language(lang)
    wanted = set(areas_of(area))
    rows = [
        (name, module["label"][lang], function, about["label"][lang], " ".join(module["areas"]),
         about.get("lineage", module["lineage"]), about["source"])
        for name, module in catalogue("modules")["modules"].items()
        if wanted.intersection(module["areas"])
        for function, about in module["functions"].items()
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["module", "module_label", "function", "label", "areas", "lineage", "source"], dtype=object
    )


def areas_of(area: str | Sequence[str] | None) -> list[str]:
    """The service areas that were asked for, in the order of the catalogue; all of them for None."""
    known = list(catalogue("modules")["areas"])
    asked: list[object] = [*known] if area is None else [area] if isinstance(area, str) else _several(area)
    faults = [
        f"`area` is one of {', '.join(known)}, not {name!r}.{did_you_mean(str(name), known)}"
        for name in asked
        if name not in known
    ]
    if not asked:
        faults.append("`area` names no area; leave it out for all of them.")
    if faults:
        raise ModelError(faults)
    return [name for name in known if name in asked]


def _several(area: object) -> list[object]:
    return list(area) if isinstance(area, Iterable) else [area]


def words_for(name: str, lang: str) -> str:
    """What a module or function is called in a language; the name itself where it is none."""
    modules = catalogue("modules")["modules"]
    about: Mapping[str, Any] | None = modules.get(name)
    if about is None:
        module = owners().get(name)
        about = None if module is None else modules[module]["functions"][name]
    return name if about is None else str(about["label"][lang])


def owners() -> dict[str, str]:
    """The module of each function."""
    return {
        function: name for name, module in catalogue("modules")["modules"].items() for function in module["functions"]
    }


def architecture_of(given: str | Mapping[str, str] | None) -> dict[str, str]:
    """How each module stands: stand-alone or part of an ERP system, checked (source document 3.7)."""
    if given is None:
        return {}
    about = catalogue("modules")
    answers, modules = list(about["architecture"]["answers"]), list(about["modules"])
    if not isinstance(given, str | Mapping):
        raise DataError(
            f"`architecture` is one of {', '.join(answers)}, or says so of each module, not {given!r:.200}."
        )
    said: dict[str, Any] = dict.fromkeys(modules, given) if isinstance(given, str) else dict(given)
    faults = [
        f"`architecture` names '{name}', which is no module.{did_you_mean(str(name), modules)}"
        for name in said
        if name not in modules
    ]
    for place, answer in enumerate(said.values()):
        if answer not in answers and answer not in list(said.values())[:place]:
            hint = did_you_mean(str(answer), answers)
            faults.append(f"`architecture` is one of {', '.join(answers)}, not {answer!r}.{hint}")
    if faults:
        raise DataError(faults)
    return said
