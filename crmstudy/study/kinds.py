"""The closed table of analysis kinds: what each may be asked, what must be true before it starts, and how it is done.

One row a kind. The reference page, the JSON Schema and the checks of ``study.yaml`` are made from this table; a new
kind is a new row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from crmstudy.declared import Declared, Where
from crmstudy.errors import Fault
from crmstudy.estimating.options import GROUP_EQUAL
from crmstudy.estimating.replicates import Interval, Unit
from crmstudy.estimating.replicates import Kind as BootstrapKind
from crmstudy.measurement.invariance.levels import CRITERIA, LEVELS
from crmstudy.measurement.reliability.result import METHODS
from crmstudy.study import door
from crmstudy.study.analysing import agreement as analysing_agreement
from crmstudy.study.analysing import assessing
from crmstudy.study.analysing import bias as analysing_bias
from crmstudy.study.analysing import describing as analysing_describing
from crmstudy.study.analysing import efa as analysing_efa
from crmstudy.study.analysing import nonresponse as analysing_nonresponse
from crmstudy.study.analysing import piloting as analysing_piloting
from crmstudy.study.analysing import retention as analysing_retention
from crmstudy.study.analysing import tasks as analysing
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.assessments import ASSESSMENTS
from crmstudy.study.assessments.keys import OTHER_SAMPLE, Sampled
from crmstudy.study.door import Ground
from crmstudy.study.forms import (
    NAME_PATTERN,
    Choice,
    Code,
    Either,
    Flag,
    Key,
    ListOf,
    MapOf,
    Number,
    Section,
    Text,
    Translated,
    Unbuilt,
    spell,
)
from crmstudy.study.imputation_keys import IMPUTED
from crmstudy.study.parts import AnalysisPlan


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of analysis.

    ``keys`` are those of its own, beside :data:`SHARED`; ``exclusive`` ones do not go together. ``check`` looks at the
    options once the sample is known and returns the faults; ``analyse`` does the work. ``parameters`` gives what a
    hypothesis may claim something about, or is None when nothing of this kind can be claimed. ``sample`` tells whether
    it names one; ``follows`` the kinds of earlier analyses whose result its key ``of`` may name.
    """

    name: str
    title: str
    meaning: str
    keys: tuple[Key, ...]
    check: Callable[[AnalysisPlan, Ground], list[Fault]]
    analyse: Callable[[Task], Outcome]
    parameters: Callable[[AnalysisPlan, Ground], door.Parameters | None] | None = None
    exclusive: tuple[str, str] | None = None
    sample: Sampled = "needed"
    follows: tuple[str, ...] = ()

    @property
    def section(self) -> Section:
        """All keys an analysis of this kind may have."""
        kind = Key("kind", Choice((self.name,)), "What is done.", required=True)
        id, sample, title = SHARED
        named = () if self.sample == "none" else (replace(sample, required=self.sample == "needed"),)
        return Section((id, kind, *named, title, *self.keys))

    @property
    def other_samples(self) -> tuple[str, ...]:
        """The keys that name a second sample."""
        return tuple(key.name for key in self.keys if key.form == OTHER_SAMPLE)


SHARED = (
    Key(
        "id",
        Text("a name of letters, digits, '_' and '-'", NAME_PATTERN),
        "Its name, once in the file.",
        True,
    ),
    Key("sample", Text("the name of a sample"), "The sample it is done with.", True),
    Key("title", Translated(), "Its heading in the report."),
)

_LEVEL = Key("level", Number(0, 1, open_ends=True), "Confidence level of its intervals.", default=0.95)
_SCALES = Key("scales", ListOf(Text("the id of a scale"), "scales", 1, or_all=True), "Which scales.", default="all")
_ITEMS = Key("items", ListOf(Text("the name of a column"), "columns", 1), "Which columns, in place of scales.")
_SCALES_OR_ITEMS = ("scales", "items")

_BOOTSTRAP = Section(
    (
        Key("n", Number(2, whole=True), "Number of replicates.", True),
        Key("kind", Choice(get_args(BootstrapKind)), "`nonparametric` gives intervals, `bollen.stine` a p of χ²."),
        Key("ci", Choice(get_args(Interval)), "Kind of interval; `percentile`."),
        Key("unit", Choice(get_args(Unit)), "What is drawn: rows, or clusters where there are any."),
    )
)
_COLUMN = "the name of a column"

RELIABILITY_KEYS = (
    _SCALES,
    _LEVEL,
    Key("bootstrap", Number(100, whole=True), "Bootstrap replicates of the intervals; none by default."),
    Key("interval", Choice(tuple(METHODS)), "Interval of alpha; `percentile` with a bootstrap, else `feldt`."),
    Key("ordinal", Flag(), "Also coefficients from polychoric correlations."),
    Key("group_factors", Number(1, whole=True), "Group factors behind the hierarchical omega of scales of six items or "
        "more.", default=3),
    Key("splits", Number(100, whole=True), "Random splits of scales of more than 20 items.", default=10_000),
    Key("missing", Choice(("listwise", "fiml")), "`listwise` uses the complete rows of a scale, `fiml` all of them.",
        default="listwise"),
)  # fmt: skip

_SEM_KEYS = (
    Key("model", Text("a model in lavaan syntax"), "The model, in lavaan syntax.", True),
    Key("estimator", Text(), "Estimator; `ML`, or `MLR`, `MLM`, `MLMV` for answers that are not normal; `GLS`, `ULS`, "
        "`WLS`, `DWLS`."),
    Key("missing", Text(), "What happens to rows with missing values: `listwise` leaves them out (the default), `fiml` "
        "uses what they have."),
    Key("group", Text(_COLUMN), "Column of the groups; the first that appears is the first."),
    Key("group_equal", ListOf(Choice(GROUP_EQUAL), "kinds of parameters", 1), "What is equal across the groups: "
        "`[loadings, intercepts]`."),
    Key("group_partial", ListOf(Text("a parameter such as f =~ x2"), "parameters", 1),
        "Parameters that stay free all the same: `[visual =~ x3, x3 ~1]`."),
    Key("cluster", Text(_COLUMN), "Column of the clusters: standard errors and test allow for dependence within them."),
    Key("weights", Text(_COLUMN), "Column of sampling weights."),
    Key("aux", ListOf(Text("a column or a scale"), "columns", 1), "With `missing: fiml`: columns that say something "
        "about the missing values and are not in the model."),
    Key("std_lv", Flag(), "Set the scale of every factor by a variance of 1, not by its first loading."),
    Key("fixed_x", Flag(), "Keep observed exogenous variables at their sample moments."),
    Key("meanstructure", Flag(), "Model the means too."),
    Key("information", Text(), "Information matrix of the standard errors: `expected`, `observed` or `first.order`; "
        "left out: as the estimator has it."),
    Key("se", Text(), "Standard errors: `standard`, `robust`, `none` ...; left out: as the estimator has them."),
    Key("test", Text(), "Test of the model: `standard`, `satorra.bentler`, `yuan.bentler`, `scaled.shifted` ...; left "
        "out: as the estimator has it."),
    Key("likelihood", Text(), "`normal` divides by N, `wishart` by N − 1."),
    Key("bounds", Text(), "Variances that may not be negative: `pos.var`, `pos.ov.var` or `pos.lv.var`; `none`."),
    Key("bootstrap", Either(Number(2, whole=True), _BOOTSTRAP), "Bootstrap replicates of standard errors and "
        "intervals: `2000`, or `{n: 2000, kind: nonparametric, ci: bca, unit: cluster}`; none by default."),
    _LEVEL,
    Key("control", MapOf(Number(1, whole=True), "settings"), "Settings of the optimiser: `{max_iter: 500}`."),
)  # fmt: skip

_INVARIANCE_KEYS = (
    Key("model", Text("a model in lavaan syntax"), "The model, in lavaan syntax, written once for all.", True),
    Key("group", Text("the name of a column"), "Column of the groups; the first that appears is the reference."),
    Key("waves", ListOf(Text("the end of a name"), "ends of column names", 2),
        "In place of groups: what stands behind each variable's name in each wave, as `[_1, _2]`."),
    Key("levels", ListOf(Choice(tuple(LEVELS)), "levels", 1), "What is tested, step by step; left out: configural, "
        "metric, scalar, strict."),
    Key("criteria", Choice(CRITERIA), "Rule by which a level is held: Chen (2007), the ΔCFI of Cheung and Rensvold "
        "(2002), or p of the difference.", default="chen"),
    Key("group_partial", ListOf(Text("a parameter such as x3 ~1"), "parameters", 1),
        "Parameters left free at every level: `[visual =~ x3, x3 ~1]`."),
    Key("like_items", Flag(), "With waves: residuals of an item covary between waves.", default=True),
    Key("estimator", Text(), "Estimator; `ML`, or `MLR` for answers that are not normal."),
    Key("missing", Text(), "What happens to rows with missing values; `listwise` or `fiml`."),
    Key("std_lv", Flag(), "Set the scale of every factor by a variance of 1, not by its first loading."),
    _LEVEL,
    Key("control", MapOf(Number(1, whole=True), "settings"), "Settings of the optimiser: `{max_iter: 500}`."),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "items",
            "Item descriptives",
            "Mean, spread, shape, floor and ceiling of every item, and its answers as diverging bars.",
            (_SCALES, _ITEMS, IMPUTED),
            door.check_columns,
            analysing.items,
            exclusive=_SCALES_OR_ITEMS,
        ),
        Kind(
            "reliability",
            "Reliability",
            "Alpha with its interval, omegas, Guttman's bounds, split halves, standard errors of measurement, "
            "item-rest correlations and alpha if an item is dropped.",
            (*RELIABILITY_KEYS, IMPUTED),
            door.check_columns,
            analysing.reliability,
        ),
        Kind(
            "frequencies",
            "Characteristics of the respondents",
            "Frequency tables: n, percent, percent of the valid answers, cumulative percent.",
            (*analysing_describing.FREQUENCY_KEYS, IMPUTED),
            analysing_describing.check_described,
            analysing_describing.frequencies,
        ),
        Kind(
            "crosstab",
            "Cross-table",
            "Two categorical variables: counts, percents, residuals, χ² and exact tests, measures of association.",
            (*analysing_describing.CROSSTAB_KEYS, IMPUTED),
            analysing_describing.check_described,
            analysing_describing.crosstab,
        ),
        Kind(
            "midpoint",
            "Means against the midpoint",
            "t tests and signed ranks against the middle of the scale, with Cohen's d and the Hodges–Lehmann estimate.",
            (*analysing_describing.MIDPOINT_KEYS, IMPUTED),
            analysing_describing.check_described,
            analysing_describing.midpoint,
            exclusive=_SCALES_OR_ITEMS,
        ),
        Kind(
            "friedman",
            "Mean ranks",
            "Friedman's test with Kendall's W and comparisons of pairs; beside it the analysis of variance of related "
            "means.",
            (*analysing_describing.FRIEDMAN_KEYS, IMPUTED),
            analysing_describing.check_described,
            analysing_describing.friedman,
            exclusive=_SCALES_OR_ITEMS,
        ),
        Kind(
            "check_table",
            "Check of a printed table",
            "Whether the figures of a printed table agree with each other.",
            analysing_describing.CHECK_TABLE_KEYS,
            analysing_describing.check_printed,
            analysing_describing.check_table,
            sample="optional",
        ),
        Kind(
            "retention",
            "Number of factors",
            "Sampling adequacy, parallel analysis, MAP, empirical Kaiser criterion, Hull and scree: what each says "
            "about the number of factors.",
            (*analysing_retention.RETENTION_KEYS, IMPUTED),
            analysing_retention.check_retention,
            analysing_retention.retention,
            exclusive=_SCALES_OR_ITEMS,
        ),
        Kind(
            "efa",
            "Exploratory factor analysis",
            "Factors of items: loadings with intervals, factor correlations, communalities, variance explained and "
            "fit.",
            analysing_efa.EFA_KEYS,
            analysing_efa.check_efa,
            analysing_efa.efa,
            exclusive=_SCALES_OR_ITEMS,
        ),
        Kind(
            "correlations",
            "Correlations",
            "Correlations with intervals; of scale scores, with their reliabilities on the diagonal.",
            (
                _SCALES,
                _ITEMS,
                Key("method", Text(), "Which correlation: `pearson`, `spearman`, `kendall` or `polychoric`."),
                Key("partial", ListOf(Text(_COLUMN), "columns", 1), "Columns or scales held constant."),
                Key("missing", Text(), "`listwise`, or `pairwise`: for each pair the rows that have both."),
                Key("adjust", Text(), "Correction of p for the number of correlations; `holm`."),
                _LEVEL,
                IMPUTED,
            ),
            analysing_describing.check_correlations,
            analysing.correlations,
            exclusive=_SCALES_OR_ITEMS,
        ),
        Kind(
            "regression",
            "Regression",
            "Linear regression with robust standard errors, standardised coefficients and VIF.",
            (
                Key(
                    "formula",
                    Text("a formula such as y ~ a + b"),
                    "Outcome and predictors: `y ~ a + b`.",
                    True,
                ),
                Key(
                    "blocks",
                    ListOf(Text("terms such as a + b"), "blocks", 1),
                    "Predictors entered step by step, each step as `a + b`.",
                ),
                Key("se", Text(), "Standard errors; `HC3`."),
                Key("cluster", Unbuilt("cluster-robust standard errors are"), "Column of the clusters."),
                Key("weights", Unbuilt("weights are"), "Column of the weights."),
                _LEVEL,
                IMPUTED,
            ),
            door.check_formula,
            analysing.regression,
            door.formula_parameters,
        ),
        Kind(
            "cfa",
            "Confirmatory factor analysis",
            "Confirmatory factor analysis, with composite reliability, AVE and the second engine's check.",
            (*_SEM_KEYS, IMPUTED),
            door.check_model,
            analysing.cfa,
            door.model_parameters,
        ),
        Kind(
            "sem",
            "Structural equation model",
            "Structural equation model, with Monte Carlo intervals of what is defined and the second engine's check.",
            (*_SEM_KEYS, IMPUTED),
            door.check_model,
            analysing.sem,
            door.model_parameters,
        ),
        Kind(
            "invariance",
            "Measurement invariance",
            "Whether a measurement model is the same in groups or waves, level by level, with latent mean differences "
            "and effect sizes of the items.",
            _INVARIANCE_KEYS,
            door.check_invariance,
            analysing.invariance,
            exclusive=("group", "waves"),
        ),
        Kind(
            "method_bias",
            "Common-method bias",
            "Whether the way of asking makes constructs look related: single-factor model, method factor, marker, full "
            "collinearity.",
            analysing_bias.METHOD_BIAS_KEYS,
            analysing_bias.check_method_bias,
            analysing_bias.method_bias,
        ),
        Kind(
            "dif",
            "Differential item functioning",
            "Whether groups of equal standing answer an item alike, by ordinal logistic regression.",
            analysing_bias.DIF_KEYS,
            analysing_bias.check_dif,
            analysing_bias.dif,
            exclusive=("scale", "items"),
        ),
        Kind(
            "nonresponse",
            "Early and late respondents",
            "Standardised differences of early and late respondents, as an indication of what those who did not answer "
            "are like.",
            (
                _SCALES,
                _ITEMS,
                Key("order", Text(_COLUMN), "Column that orders the respondents: a date, a time, a running number."),
                Key(
                    "wave",
                    Text(_COLUMN),
                    "In place of `order`: column of the wave; the first and the last are compared.",
                ),
                Key(
                    "late", ListOf(Code(), "values", 1), "With `wave`: the values that are late; all others are early."
                ),
                Key(
                    "split",
                    Choice(("third", "quarter", "half")),
                    "Share of the respondents at either end of the order.",
                    default="third",
                ),
                _LEVEL,
                IMPUTED,
            ),
            analysing_nonresponse.check,
            analysing_nonresponse.nonresponse,
            exclusive=("order", "wave"),
        ),
        Kind(
            "icc",
            "Intraclass correlations",
            "Six intraclass correlations of the ratings that several raters, or occasions, gave to the same targets.",
            (*analysing_agreement.ICC_KEYS, IMPUTED),
            analysing_agreement.check_agreement,
            analysing_agreement.icc,
        ),
        Kind(
            "test_retest",
            "Test–retest",
            "Stability of a score: correlation, agreement, error of measurement, smallest detectable change, limits of "
            "agreement.",
            (*analysing_agreement.RETEST_KEYS, IMPUTED),
            analysing_agreement.check_agreement,
            analysing_agreement.test_retest,
        ),
        Kind(
            "raters",
            "Agreement of raters",
            "Cohen's, weighted or Fleiss' kappa, Krippendorff's alpha or Kendall's W.",
            (*analysing_agreement.RATERS_KEYS, IMPUTED),
            analysing_agreement.check_agreement,
            analysing_agreement.raters,
        ),
        Kind(
            "pilot",
            "Pilot",
            "The item table of a pilot, and of the round after it: who answered, moments, floor and ceiling, corrected "
            "item-total correlation and alpha without the item, each with its interval.",
            analysing_piloting.KEYS,
            door.check_columns,
            analysing_piloting.pilot,
        ),
        Kind(
            "content_validity",
            "Content validity",
            "What a panel of experts says of the items: CVR, I-CVI, S-CVI, modified kappa, Aiken's V. The sample is "
            "the form of `crmstudy instruments panel`.",
            analysing_agreement.CONTENT_KEYS,
            analysing_agreement.check_panel,
            analysing_agreement.content_validity,
        ),
        *(
            Kind(
                name,
                one.title,
                one.told,
                one.keys,
                assessing.check_assessment,
                assessing.assess,
                exclusive=one.apart,
                sample=one.sample,
                follows=one.follows,
            )
            for name, one in ASSESSMENTS.items()
        ),
    )
}


@dataclass(frozen=True, slots=True)
class AnalysisForm:
    """One analysis of a study: first its kind, then the keys of that kind."""

    wanted: str = "an analysis"

    def check(self, doc: Declared, where: Where) -> None:
        """Refuse an unknown kind, then what does not fit the kind."""
        value = doc.get(where)
        if not isinstance(value, dict) or "kind" not in value:
            doc.check_keys(where, required=("id", "kind"), optional=value if isinstance(value, dict) else ())
            return
        if not doc.check_choice((*where, "kind"), KINDS):
            return
        kind = KINDS[value["kind"]]
        kind.section.check(doc, where)
        if kind.exclusive and all(value.get(name) is not None for name in kind.exclusive):
            first, second = kind.exclusive
            doc.refuse(f"{spell(where)} has both '{first}' and '{second}'; keep one of them.", where)

    def schema(self) -> dict[str, Any]:
        """JSON Schema: exactly one of the kinds."""
        return {"oneOf": [kind.section.schema() for kind in KINDS.values()]}
