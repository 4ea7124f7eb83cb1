"""Interactions of factors by product indicators."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError, did_you_mean
from crmstudy.kernels.covariance.products import METHODS, Method, ProductPlan, products
from crmstudy.kernels.moments import Array
from crmstudy.notes import Note
from crmstudy.responses import frame_of

Match = Literal["matched", "all"]


@dataclass(frozen=True)
class ProductRecipe:
    """How product indicators were made, so that they can be made again in every bootstrap sample.

    Attributes
    ----------
    names : tuple of str
        The product columns.
    pairs : tuple of (str, str)
        The two indicators of each, in the order of ``names``.
    x, w : tuple of str
        The indicators of the two factors.
    method : str
        How they are centred.
    """

    names: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    x: tuple[str, ...]
    w: tuple[str, ...]
    method: Method

    def plan(self, columns: Sequence[str]) -> ProductPlan:
        """The recipe with positions among ``columns`` in place of names, as the array maths takes it."""
        at = {name: index for index, name in enumerate(columns)}
        first, second = (np.array([at[pair[side]] for pair in self.pairs], dtype=np.intp) for side in (0, 1))
        return ProductPlan(first, second, self.method)


@dataclass(frozen=True, eq=False)
class ProductIndicators:
    """Data with product indicators.

    Attributes
    ----------
    data : DataFrame
        The data given, with the new columns at its end.
    names : tuple of str
        The new columns.
    recipe : ProductRecipe
        How they were made.
    notes : tuple of Note
        What was noted in making them and those of ``earlier``.
    earlier : tuple of ProductRecipe
        The recipes of products that were in the data already, when they came as the result of an earlier call.
    """

    data: pd.DataFrame
    names: tuple[str, ...]
    recipe: ProductRecipe
    notes: tuple[Note, ...] = ()
    earlier: tuple[ProductRecipe, ...] = ()

    @property
    def recipes(self) -> tuple[ProductRecipe, ...]:
        """The recipes of all products in the data, in the order they were made."""
        return (*self.earlier, self.recipe)

    def syntax(self, name: str = "xw", *, factors: Sequence[str] = ()) -> str:
        """The interaction factor in lavaan syntax.

        Parameters
        ----------
        name : str
            Its name.
        factors : sequence of str, optional
            The two factors themselves. With residual-centred products their covariances with the interaction factor are
            then fixed at 0, which the products were made for (Little, Bovaird & Widaman, 2006); with the other methods
            they are free.

        Returns
        -------
        str
            A ``=~`` line and, for each product that shares an indicator with products before it (those of earlier
            calls among them), a ``~~`` line: their errors hold the error of that indicator and so covary (Mao, Harring
            & Hancock, 2015).
        """
        lines = [f"{name} =~ " + " + ".join(self.names)]
        made = [(other, pair) for r in self.earlier for other, pair in zip(r.names, r.pairs, strict=True)]
        for product, pair in zip(self.names, self.recipe.pairs, strict=True):
            related = [other for other, its in made if set(pair) & set(its)]
            if related:
                lines.append(f"{product} ~~ " + " + ".join(related))
            made.append((product, pair))
        if self.recipe.method == "residual_centred":
            lines += [f"{name} ~~ 0*{factor}" for factor in factors]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<ProductIndicators {', '.join(self.names)}; {self.recipe.method}, {len(self.notes)} notes>"


def product_indicators(
    data: object,
    *,
    x: Sequence[str],
    w: Sequence[str],
    method: Method = "double_mean_centred",
    match: Match = "matched",
) -> ProductIndicators:
    r"""Products of the indicators of two factors, as indicators of their interaction.

    Parameters
    ----------
    data : DataFrame, Responses or ProductIndicators
        One row a respondent. For a second interaction hand over the result of the first call, or its ``.data``.
    x, w : sequence of str
        Columns that measure the two factors.
    method : {"double_mean_centred", "mean_centred", "residual_centred"}
        ``mean_centred``: indicators are centred, then multiplied (Marsh, Wen & Hau, 2004). ``double_mean_centred``: the
        products are centred once more, so that no mean structure is needed (Lin, Wen, Marsh & Lin, 2010).
        ``residual_centred``: products are replaced by their residuals from all the indicators (Little, Bovaird &
        Widaman, 2006).
    match : {"matched", "all"}
        ``matched``: the first of ``x`` with the first of ``w`` and so on, each used once (best to worst loading is a
        good order); ``all``: every indicator of ``x`` with every one of ``w``.

    Returns
    -------
    ProductIndicators
        Columns ``a.b`` for the product of ``a`` and ``b``. Means are taken over the answers there are; a product is
        missing where one of its two answers is, and a residual-centred one where any answer to ``x`` or ``w`` is.

    Raises
    ------
    DataError
        For columns that are unknown, named twice or not numbers, and for names of products that are columns already.
    ModelError
        For an unknown ``method`` or ``match``, and for unequal numbers of indicators to be matched.
    UnsupportedError
        For products of products.
    AnalysisError
        When an indicator does not vary or too few rows are complete.

    Notes
    -----
    Which pairs are chosen changes the estimates (Foldnes & Hagtvet, 2014): decide before looking. Products of normal
    variables are not normal; robust standard errors or a bootstrap that makes the products anew are advised.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame(rng.normal(size=(100, 4)), columns=["x1", "x2", "w1", "w2"])
    >>> made = product_indicators(data, x=["x1", "x2"], w=["w1", "w2"])
    >>> made.names
    ('x1.w1', 'x2.w2')
    >>> made.syntax("xw")
    'xw =~ x1.w1 + x2.w2'
    """
    earlier: tuple[ProductRecipe, ...] = ()
    if isinstance(data, ProductIndicators):
        earlier, frame, notes = data.recipes, data.data, data.notes
    else:
        frame, notes = frame_of(data)
    first, second = tuple(map(str, _names(x))), tuple(map(str, _names(w)))
    pairs = _pairs(first, second, method, match)
    _refuse_products(earlier, (*first, *second))
    names = tuple(f"{a}.{b}" for a, b in pairs)
    _check_columns(frame, (*first, *second), names)
    used = [*first, *second]
    values = frame[used].to_numpy(dtype=float, na_value=np.nan)
    recipe = ProductRecipe(names, pairs, first, second, method)
    _check_values(values, used, method)
    made = products(values, recipe.plan(used))
    new = pd.DataFrame(made, index=frame.index, columns=list(names))
    notes = (*notes, *_notes(values, made, recipe))
    return ProductIndicators(pd.concat([frame, new], axis=1), names, recipe, notes, earlier)


def _names(given: object) -> list[Any]:
    return [given] if isinstance(given, str) else list(given) if isinstance(given, Sequence) else [given]


def _pairs(x: Sequence[str], w: Sequence[str], method: str, match: str) -> tuple[tuple[str, str], ...]:
    """The indicators to be multiplied, or every fault of what was asked."""
    faults = []
    for name, value, known in (("method", method, METHODS), ("match", match, get_args(Match))):
        if value not in known:
            faults.append(
                f"{name}= must be one of {', '.join(known)}; found {value!r}.{did_you_mean(str(value), known)}"
            )
    if not x or not w:
        faults.append("x= and w= must each name at least one indicator.")
    for name, columns in (("x", x), ("w", w)):
        if len(set(columns)) < len(columns):
            faults.append(f"{name}= names an indicator twice: {', '.join(columns)}.")
    if shared := [name for name in x if name in w]:
        faults.append(f"x= and w= must be indicators of two factors; both name {', '.join(shared)}.")
    if match == "matched" and len(x) != len(w):
        faults.append(
            f"matched products need as many indicators of x as of w; found {len(x)} and {len(w)}. Ask for match='all', "
            "or average the indicators of the longer list into as many parcels as the other has."
        )
    if faults:
        raise ModelError(faults)
    return tuple(zip(x, w, strict=True)) if match == "matched" else tuple(itertools.product(x, w))


def _refuse_products(earlier: Sequence[ProductRecipe], used: Sequence[str]) -> None:
    made = {name for recipe in earlier for name in recipe.names}
    if again := [name for name in used if name in made]:
        raise UnsupportedError(f"products of products (three-way interactions) are not built: {', '.join(again)}.")


def _check_columns(frame: pd.DataFrame, used: Sequence[str], new: Sequence[str]) -> None:
    faults = []
    for name in used:
        if name not in frame.columns:
            faults.append(f"'{name}' is not a column of the data.{did_you_mean(name, frame.columns)}")
            continue
        kind = frame[name].dtype
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind):
            faults.append(f"'{name}' must hold numbers; its column holds {kind}. Convert it or correct the text in it.")
    taken = [name for name in new if name in frame.columns]
    if taken:
        faults.append(
            f"products would get names that are columns already: {', '.join(taken)}. Rename or drop these columns; "
            "nothing is overwritten."
        )
    if faults:
        raise DataError(faults)


def _check_values(values: Array, names: Sequence[str], method: str) -> None:
    """Refuse infinite and constant indicators and, for residuals, too few complete rows."""
    infinite = [name for name, column in zip(names, values.T, strict=True) if np.isinf(column).any()]
    if infinite:
        raise DataError(f"columns hold infinite values: {', '.join(infinite)}; correct them or mark them as missing.")
    known = [column[~np.isnan(column)] for column in values.T]
    constant = [name for name, column in zip(names, known, strict=True) if len(column) < 2 or np.ptp(column) == 0.0]
    if constant:
        raise AnalysisError(
            f"indicators must vary, but these have fewer than two different answers: {', '.join(constant)}. Leave them "
            "out.",
            "PRODUCTS_CONSTANT",
        )
    complete = int((~np.isnan(values).any(axis=1)).sum())
    if method == "residual_centred" and complete <= len(names) + 1:
        raise AnalysisError(
            f"residual centring regresses each product on {len(names)} indicators and needs more than {len(names) + 1} "
            f"complete rows; found {complete}. Use double mean centring.",
            "PRODUCTS_TOO_FEW_ROWS",
        )


def _notes(values: Array, made: Array, recipe: ProductRecipe) -> list[Note]:
    notes = []
    missing = int(np.isnan(made).any(axis=1).sum())
    if missing:
        lost = " Residual centring needs all of them." if recipe.method == "residual_centred" else ""
        message = f"{missing} of {len(made)} rows lack a product, because an answer to an indicator is missing.{lost}"
        notes.append(Note("PRODUCTS_MISSING", message))
    fewest = min(len(recipe.x), len(recipe.w))
    if len(recipe.names) > fewest and fewest <= 2:
        message = (
            f"One factor has {fewest} indicator(s): with the covariances between errors of products that share an "
            "indicator, the loadings of the interaction factor follow from its relations to other factors alone. They "
            "are poorly determined where it has no effect; matched products or parcels avoid this."
        )
        notes.append(Note("PRODUCTS_WEAK", message, "warning"))
    elif len(recipe.names) == 1:
        message = "The interaction has a single product indicator: it counts as measured without error."
        notes.append(Note("PRODUCTS_WEAK", message, "warning"))
    return notes
