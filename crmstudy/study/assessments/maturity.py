"""Maturity of customer relationship management: rated, scored from items, grouped, placed and set against profit."""

from __future__ import annotations

from collections.abc import Mapping

from crmstudy.study.assessments.keys import (
    AFTER,
    COLUMNS,
    LEVEL,
    Assessment,
    column,
)
from crmstudy.study.forms import AnyOf, Choice, Key, ListOf, MapOf, Number

_HOME = "crmstudy.assessment.maturity"
_SIX = ListOf(Number(), "numbers", 6, 6)
_TWO = ListOf(Number(), "numbers", 2, 2)
_RATED = ("maturity", "maturity_items")
_STAGE = Number(0, 6)

MATURITY: Mapping[str, Assessment] = {
    "maturity": Assessment(
        "Maturity of CRM",
        "Levels of 29 capabilities by one or more raters: agreement, profiles of blocks and lenses, gaps, roadmap, "
        "change between waves.",
        f"{_HOME}:rate",
        ("leaf", "level"),
        (
            column("rater", "Column of the rater; left out: `rater`, where there is one."),
            column("wave", "Column of the wave; left out: `wave`, where there is one."),
            column("unit", "Column of the unit; left out: `unit`, where there is one."),
            Key("target", AnyOf((_STAGE, MapOf(_STAGE, "levels", pattern=None))),
                "The level wanted: of all, or by block and leaf."),
            Key("weights", MapOf(Number(0), "numbers", pattern=None), "How much a step counts in the roadmap, by block "
                "and leaf."),
            Key("bootstrap", Number(100, whole=True, or_off=True), "Samples for the interval of the mean kappa of "
                "three raters and more.", default=1000),
            LEVEL,
        ),
        further=("evidence",),
    ),
    "maturity_items": Assessment(
        "Maturity from items",
        "Levels from the answers to items by cut points, and whether the capabilities form a scale.",
        f"{_HOME}:bottom_up",
        (),
        (
            Key("blocks", MapOf(COLUMNS, "blocks", 1, pattern=None), "Items by block; left out: the scales of the "
                "instrument of the sample."),
            Key("cuts", AnyOf((_SIX, MapOf(_SIX, "lists of six numbers", pattern=None))),
                "Scores from which on a unit is at level 1, 2 ... 6; or such by block."),
            column("unit", "Column with the names of the units."),
            Key("ends", AnyOf((_TWO, MapOf(_TWO, "pairs of numbers", pattern=None))),
                "Lowest and highest answer; or these by block."),
            Key("present", Number(), "The answer from which on a capability counts as there."),
            Key("order", Choice(("popularity", "declared")), "The order of capabilities that errors are counted "
                "against: the one found, or that of `blocks`.", default="popularity"),
            Key("min_answered", Number(0, 1), "Share of a block's items that a unit must have answered.", default=0.5),
            LEVEL,
        ),
        scales=True,
    ),
    "maturity_clusters": Assessment(
        "Groups of units by maturity",
        "Units grouped by their levels, and how stable the groups are.",
        f"{_HOME}:cluster_levels",
        (),
        (
            AFTER,
            Key("columns", COLUMNS, "Columns of the scores, all on one scale; with `of` blocks. Left out: all."),
            column("unit", "Column with the names of the units."),
            Key("method", Choice(("optimal", "kmeans", "ward")), "`optimal` parts the mean of the columns, the others "
                "the columns side by side.", default="optimal"),
            Key("k", Number(2, whole=True), "Number of groups; left out: the one with the largest silhouette."),
            Key("largest", Number(2, whole=True), "Largest number of groups looked at.", default=6),
            Key("bootstrap", Number(0, whole=True), "Samples for the stability; 0: none.", default=200),
        ),
        "optional",
        follows=_RATED,
        apart=("of", "sample"),
    ),
    "maturity_positions": Assessment(
        "Position beside seven companies",
        "Levels beside those of the seven companies that the source documents print: an illustration, not a norm.",
        f"{_HOME}:positions",
        ("unit", "level"),
        (
            AFTER,
            Key("own", AnyOf((_STAGE, MapOf(_STAGE, "levels", 1, pattern=None))),
                "In place of a sample: the level of one organisation, or levels by name."),
        ),
        "optional",
        called={"own": "level"},
        follows=_RATED,
        apart=("of", "sample"),
    ),
    "maturity_profit": Assessment(
        "Maturity and profitability",
        "Profit by maturity, with ease of switching as moderator.",
        f"{_HOME}:profitability",
        (),
        (
            column("maturity", "Column of maturity.", required=True),
            column("profit", "Column of profit.", required=True),
            column("switching", "Column of how easily customers switch.", required=True),
            Key("covariates", COLUMNS, "Columns held constant.", default=()),
            LEVEL,
        ),
    ),
}  # fmt: skip
