"""Product indicators that are made again from the rows of every replicate, because they depend on means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmstudy.estimating.sample import Sample
from crmstudy.kernels.covariance.products import ProductPlan, products
from crmstudy.kernels.covariance.structure import Array, Indices


@dataclass(frozen=True)
class Products:
    """Product indicators among a model's variables, remade from the rows of every replicate.

    ``sources`` (n, k) are the columns the products are made of, by group as the sample's rows; ``plans`` say how, and
    ``targets`` at which of the model's variables the products of each plan stand (-1 for one that is not used).
    """

    sources: tuple[Array, ...]
    plans: tuple[ProductPlan, ...]
    targets: tuple[Indices, ...]

    def remade(self, group: int, rows: Indices, values: Array) -> Array:
        """The model's rows of a replicate with their products made again."""
        made = values.copy()
        for plan, targets in zip(self.plans, self.targets, strict=True):
            again = products(self.sources[group][rows], plan)
            used = targets >= 0
            made[:, targets[used]] = again[:, used]
        return made


def without_recipes(data: Any) -> tuple[Any, Sequence[Any]]:
    """Data with product indicators as plain data, and the recipes the products were made by; none for other data."""
    recipes = getattr(data, "recipes", None)
    return (data.data, tuple(recipes)) if recipes else (data, ())


def products_of(recipes: Sequence[Any], frame: pd.DataFrame, sample: Sample) -> Products | None:
    """What it takes to make the model's product indicators again; None when it has none.

    Parameters
    ----------
    recipes : sequence
        Each has the ``names`` of its products, the columns ``x`` and ``w`` they are made of, and ``plan(columns)``.
    frame : DataFrame
        The rows with the columns the products are made of.
    """
    at = {name: index for index, name in enumerate(sample.names)}
    used = [recipe for recipe in recipes if any(name in at for name in recipe.names)]
    if not used:
        return None
    columns = list(dict.fromkeys(name for recipe in used for name in (*recipe.x, *recipe.w)))
    values = frame[columns].to_numpy(dtype=float, na_value=np.nan)
    return Products(
        tuple(values[rows] for rows in sample.rows),
        tuple(recipe.plan(columns) for recipe in used),
        tuple(np.array([at.get(name, -1) for name in recipe.names], dtype=np.intp) for recipe in used),
    )
