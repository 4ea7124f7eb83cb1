"""Reference cases: what R found for the same data, kept as files.

Each case is a folder ``<method>/<case>`` with ``script.R`` (what was asked of R), ``output.json`` (what it
answered, 17 significant digits), ``session.txt`` (versions) and, where they help, ``model.lav``, ``options.json``
(how the same thing is asked of crmstudy) and an input of its own; data used by several cases lie in ``data/``.
R is needed only to make the files again: ``python -m tests.reference``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One reference case.

    ``data`` is None where the input is a covariance matrix; then ``options["keywords"]`` holds it as
    ``sample_cov`` beside ``sample_n`` (and ``sample_mean``), several groups as mappings. ``output`` is what R answered,
    read as it stands in the file.
    """

    name: str
    folder: Path
    output: Mapping[str, Any]
    model: str | None
    data: pd.DataFrame | None
    options: Mapping[str, Any]

    @property
    def keywords(self) -> dict[str, Any]:
        """The keyword arguments with which crmstudy is asked."""
        return dict(self.options.get("keywords", {}))

    def matrix(self, *keys: str) -> pd.DataFrame:
        """A recorded matrix, with the names of its rows and columns: ``case.matrix("implied")``."""
        found: Any = self.output
        for key in keys:
            found = found[key]
        values = np.array(found["values"], dtype=float).reshape(-1, len(found["columns"]))
        return pd.DataFrame(values, index=found["rows"], columns=found["columns"])

    def table(self, *keys: str) -> pd.DataFrame:
        """A recorded table (a list of rows): ``case.table("estimates")``; null is NaN."""
        found: Any = self.output
        for key in keys:
            found = found[key]
        return pd.DataFrame(found)


def cases(method: str) -> list[str]:
    """The names of a method's cases, as ``load`` takes them: ``sem/hs_cfa``."""
    return sorted(f"{method}/{path.parent.name}" for path in (HERE / method).glob("*/script.R"))


def load(name: str) -> Case:
    """One case by its name, ``<method>/<case>``."""
    folder = HERE / name
    output = json.loads((folder / "output.json").read_text(encoding="utf-8"))
    model, options = folder / "model.lav", folder / "options.json"
    settings = json.loads(options.read_text(encoding="utf-8")) if options.is_file() else {}
    if covariance := output.get("sample_cov"):
        settings["keywords"] |= {
            "sample_cov": pd.read_csv(folder / covariance, index_col=0),
            "sample_n": output["n"],
        }
    if moments := output.get("moments"):
        settings["keywords"] |= _moments(folder, moments) | {"sample_n": output["n"]}
    return Case(
        name=name,
        folder=folder,
        output=output,
        model=model.read_text(encoding="utf-8") if model.is_file() else None,
        data=_data(folder, output),
        options=settings,
    )


def _moments(folder: Path, path: str | Mapping[str, str]) -> dict[str, Any]:
    """Covariances, and means where the file has a column ``mean``; of several groups by their names."""
    if isinstance(path, str):
        table = pd.read_csv(folder / path, index_col=0)
        means = {"sample_mean": table["mean"]} if "mean" in table else {}
        return {"sample_cov": table.drop(columns="mean", errors="ignore"), **means}
    found: dict[str, Any] = {}
    for group, file in path.items():
        for name, value in _moments(folder, file).items():
            found.setdefault(name, {})[group] = value
    return found


def _data(folder: Path, output: Mapping[str, Any]) -> pd.DataFrame | None:
    """The rows R read: with ``complete_rows`` those without a missing value in ``columns``."""
    if not output.get("data"):
        return None
    frame = pd.read_csv(folder / output["data"])
    if output.get("columns"):
        frame = frame[output["columns"]]
    return frame.dropna().reset_index(drop=True) if output.get("complete_rows") else frame
