"""The number of factors, as an analysis of a study."""

from __future__ import annotations

from crmstudy.errors import Fault
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.door import Ground, at, check_columns
from crmstudy.study.forms import Choice, Flag, Key, ListOf, Number, Text
from crmstudy.study.parts import AnalysisPlan

RETENTION_KEYS = (
    Key("scales", ListOf(Text("the id of a scale"), "scales", 1, or_all=True), "The scales whose items are analysed "
        "together.", default="all"),
    Key("items", ListOf(Text("the name of a column"), "columns", 3), "Which columns, in place of scales."),
    Key("ordinal", Flag(), "Polychoric correlations in place of Pearson's.", default=False),
    Key("missing", Choice(("listwise", "pairwise", "em")), "What happens to missing answers: rows that have all, each "
        "correlation from the rows that have both, or maximum likelihood (not with `ordinal`).", default="listwise"),
    Key("draws", Number(20, whole=True), "Random data sets of the parallel analysis.", default=500),
    Key("percentile", Number(50, 99.9), "Percentile of the random eigenvalues that must be exceeded.", default=95),
    Key("parallel", Choice(("both", "components", "factors")), "Which parallel analysis.", default="both"),
    Key("random", Choice(("normal", "permutation")), "Random data: normal, or the answers shuffled; left out: normal, "
        "and with `ordinal` the answers shuffled."),
    Key("communalities", Choice(("smc", "minres")), "Communalities of the parallel analysis of factors: squared "
        "multiple correlations, or of one minres factor.", default="smc"),
    Key("max_factors", Number(1, whole=True), "Most factors the Hull method tries; left out: one more than the "
        "parallel analysis finds."),
    Key("level", Number(0.5, 1, open_ends=True), "Confidence level of the intervals of the eigenvalues.", default=0.95),
)  # fmt: skip


def retention(task: Task) -> Outcome:
    """Ask every rule how many factors the items of the scales, or the named columns, have."""
    from crmstudy.measurement.factors.retention import retention as count_factors

    items = task.plan.options.get("items")
    about = {"scale": list(task.scales)} if items is None else {"items": list(items)}
    return Outcome(count_factors(task.data, seed=task.own_seed, **about, **task.keywords))


def check_retention(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """Every scale and column exists, and the options go together."""
    faults, options = check_columns(plan, ground), plan.options
    clashes = (
        ("ordinal", options.get("ordinal") and options.get("missing") == "em",
         "'missing: em' is likelihood under normality; with 'ordinal' use listwise or pairwise."),
        ("ordinal", options.get("ordinal") and options.get("random") == "normal",
         "random data for polychoric correlations are the answers shuffled; leave 'random' out."),
        ("random", not options.get("ordinal") and options.get("random") == "permutation"
         and options.get("missing", "listwise") != "listwise",
         "'random: permutation' shuffles complete rows; use 'missing: listwise', or 'random: normal'."),
    )  # fmt: skip
    return faults + [
        at(plan.places.get(option, plan.place), f"the analysis '{plan.id}': {message}")
        for option, wrong, message in clashes
        if wrong
    ]
