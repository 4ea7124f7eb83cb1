"""Assessments of the organisation in a study: one row of a table each, from the keys to the function that does it.

The sample of an assessment is a table (ratings, an audit, transactions); its columns have the names that the function
documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any

from crmstudy.errors import Fault, did_you_mean
from crmstudy.study.analysing.tasks import Outcome, Task
from crmstudy.study.door import Ground, at
from crmstudy.study.forms import Choice, Flag, Key, ListOf, MapOf, Number, Section, Text
from crmstudy.study.parts import AnalysisPlan


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment: its heading, what it is, the function that does it, the columns it needs, its keys.

    ``people`` tells that the rows are respondents, who are screened and counted as such.
    """

    title: str
    meaning: str
    home: str
    columns: tuple[str, ...]
    keys: tuple[Key, ...] = ()
    people: bool = False


_COLUMN = "the name of a column"
_COLUMNS = ListOf(Text(_COLUMN), "columns", 1)
_LEVEL = Key("level", Number(0.5, 1, open_ends=True), "Confidence level of its intervals.", default=0.95)
_TARGETS = MapOf(Number(), "numbers", pattern=None)
_ATTRIBUTE = Section(
    (
        Key("performance", Text(_COLUMN), "Column of what customers find.", True),
        Key("expectation", Text(_COLUMN), "Column of what they expect.", True),
        Key("importance", Text(_COLUMN), "Column of how important it is to them."),
    )
)


def _column(name: str, meaning: str) -> Key:
    return Key(name, Text(_COLUMN), meaning)


_READING = (
    _column("customer", "Column of the customer; `customer`."),
    _column("amount", "Column of the amounts; `amount`. Returns are negative."),
    _column("date", "Column of the dates; `date`."),
    _column("cost", "Column of what a transaction cost, where profit is looked at."),
    _column("profit", "In place of `cost`: column of what was earned."),
    Key("key", ListOf(Text(_COLUMN), "columns", 1), "Columns that together name a transaction."),
)
_PERIODS = (
    Key("timing", Choice(("end", "start")), "Whether margins fall at the ends of periods or at their starts.",
        default="end"),
    Key("every", Choice(("year", "quarter", "month")), "Length of a period.", default="year"),
)  # fmt: skip

_VALUE, _PROCESSES = "crmstudy.assessment.value", "crmstudy.assessment.processes"
_CHECKLISTS, _MATURITY = "crmstudy.assessment.checklists", "crmstudy.assessment.maturity"
_MODULES = "crmstudy.assessment.modules"
ASSESSMENTS: Mapping[str, Assessment] = {
    "maturity": Assessment(
        "Maturity of CRM",
        "Levels of 29 capabilities by one or more raters: agreement, profiles of blocks and lenses, gaps, roadmap, "
        "change between waves.",
        f"{_MATURITY}:rate",
        ("leaf", "level"),
        (
            _column("rater", "Column of the rater."),
            _column("wave", "Column of the wave."),
            _column("unit", "Column of the unit."),
            Key("target", _TARGETS, "The level wanted, by block and leaf."),
            Key("weights", MapOf(Number(0), "numbers", pattern=None), "How much a step counts in the roadmap."),
            Key("bootstrap", Number(100, whole=True), "Samples for the interval of the mean kappa.", default=1000),
        ),
    ),
    "maturity_items": Assessment(
        "Maturity from items",
        "Levels from the answers to items by cut points, and whether the capabilities form a scale.",
        f"{_MATURITY}:bottom_up",
        (),
        (
            Key("blocks", MapOf(_COLUMNS, "blocks", 1, pattern=None), "Items by block.", True),
            Key("cuts", ListOf(Number(), "numbers", 6, 6), "Scores from which on a unit is at level 1, 2 ... 6."),
            _column("unit", "Column with the names of the units."),
            Key("ends", ListOf(Number(), "numbers", 2, 2), "Lowest and highest answer."),
            Key("present", Number(), "The answer from which on a capability counts as there."),
            _LEVEL,
        ),
    ),
    "maturity_profit": Assessment(
        "Maturity and profitability",
        "Profit by maturity, with ease of switching as moderator.",
        f"{_MATURITY}:profitability",
        (),
        (
            Key("maturity", Text(_COLUMN), "Column of maturity.", True),
            Key("profit", Text(_COLUMN), "Column of profit.", True),
            Key("switching", Text(_COLUMN), "Column of how easily customers switch.", True),
            Key("covariates", ListOf(Text(_COLUMN), "columns", 1), "Columns held constant."),
            _LEVEL,
        ),
    ),
    "module_adoption": Assessment(
        "Adoption of the modules",
        "What is available, used, how often and how useful, by module, function and role.",
        f"{_MODULES}:module_adoption",
        ("respondent", "function", "available", "used"),
        (
            _column("role", "Column of the role."),
            _column("unit", "Column of the unit."),
            _column("wave", "Column of the wave."),
            Key("area", ListOf(Choice(("sales", "contact", "marketing", "service")), "areas", 1), "Service areas."),
            Key("often", Choice(("scale", "monthly")), "Frequency as 0 to 4, or times a month.", default="scale"),
            Key("unused_below", Number(0, 100), "Percent of use below which a function counts as unused."),
            _LEVEL,
        ),
    ),
    "adoption_curve": Assessment(
        "Adoption over time",
        "Cumulative share of those who use it, in Rogers' categories.",
        f"{_MODULES}:adoption_curve",
        ("respondent",),
        (
            Key("first_use", Text(_COLUMN), "Column of the date of first use.", True),
            Key("period", Choice(("month", "quarter", "year")), "By which periods is counted.", default="month"),
            _LEVEL,
        ),
    ),
    "change": Assessment(
        "Steps of the change", "Six steps and two conditions of a change, with evidence.",
        f"{_MODULES}:change_checklist", ("step", "done"),
    ),
    "ecrm_tiers": Assessment(
        "Tier of electronic CRM",
        "Which services there are on the internet, the tier reached and the next step.",
        "crmstudy.assessment.ecrm:ecrm_tiers",
        ("service", "present"),
        (
            Key("at_least", Choice(("planned", "partly", "yes")), "From which answer on a service counts.",
                default="partly"),
            Key("share", Number(0, 1), "Share of a tier that must be there.", default=1.0),
        ),
    ),
    "data_inventory": Assessment(
        "Customer data", "Which data are held, by whom they are entered and when updated, and for what.",
        f"{_PROCESSES}:data_inventory", ("field", "held"),
    ),
    "customer_view": Assessment(
        "Single view of the customer", "Whether all that is known of a customer can be brought together.",
        f"{_PROCESSES}:single_customer_view", ("field", "held", "system", "identifier"),
    ),
    "process_audit": Assessment(
        "Functions and tasks", "Three functions and four tasks of CRM, as they are practised.",
        f"{_PROCESSES}:process_audit", ("practice", "level"),
    ),
    "channels": Assessment(
        "Channels and hours", "How much of the week customers can reach the organisation.",
        f"{_PROCESSES}:channel_coverage", ("channel", "day", "opens", "closes"),
    ),
    "cost_to_serve": Assessment(
        "Cost to serve",
        "What contacts cost by channel and customer, and what moving some of them would save.",
        f"{_PROCESSES}:cost_to_serve",
        ("channel", "cost"),
        (
            _column("channel", "Column of the channel; `channel`."),
            _column("cost", "Column of the cost; `cost`."),
            _column("customer", "Column of the customer; `customer`."),
            Key("shift", Number(0, 100), "Percent of contacts that move to a cheaper channel."),
            Key("again", Number(0, 100), "Percent of them that come back."),
            Key("interval", Choice(("bootstrap", "t", "log")), "Kind of interval.", default="bootstrap"),
            _LEVEL,
        ),
    ),
    "checklist": Assessment(
        "Checklist",
        "Factors and practices, entry by entry, with evidence.",
        f"{_CHECKLISTS}:checklist",
        ("entry", "answer"),
        (Key("list", Choice(("success", "failure", "readiness", "loyalty_stages", "loyalty_programmes",
             "personalisation", "employer_brand", "goals", "key_customer_chain")), "Which list.", True),),
    ),
    "readiness": Assessment(
        "Readiness before the introduction", "Necessary conditions and what else is ready; a condition that is not met "
        "blocks.", f"{_CHECKLISTS}:readiness", ("entry", "answer"),
        (Key("require_evidence", Flag(), "Conditions without evidence are undecided."),),
    ),
    "loyalty_stage": Assessment(
        "Stage of loyalty", "How far the way from adaptation to lasting relations is gone.",
        f"{_CHECKLISTS}:loyalty_stage", ("entry", "answer"),
        (Key("threshold", Number(0, 100), "Percent of a stage that must be met."),),
    ),
    "lifetime_value": Assessment(
        "Customer lifetime value",
        "Margins net of the cost of keeping, discounted, with sensitivity and break-even.",
        f"{_VALUE}:clv",
        (),
        (
            Key("rate", Number(), "Discount rate; 0.12 is 12 per cent.", True),
            _column("margin", "Column of the margins; `margin`."),
            _column("cost", "Column of what keeping a customer costs in a period."),
            _column("retention", "Column of the probability of staying."),
            _column("acquisition", "Column of what it cost to win a customer."),
            _column("customer", "Column of the customer or segment; `customer`."),
            _column("count", "Column of the number of customers in a segment."),
            _column("period", "Column of the period, where there is a row a period."),
            Key("horizon", Number(1, whole=True), "Number of periods; left out: without end."),
            *_PERIODS,
        ),
    ),
    "customer_retention": Assessment(
        "Retention of customers",
        "Cohorts, repeat purchases, losses and survival from transactions.",
        f"{_VALUE}:retention",
        ("customer", "date"),
        (
            _column("customer", "Column of the customer; `customer`."),
            _column("date", "Column of the dates; `date`."),
            _column("amount", "Column of the amounts."),
            Key("every", Choice(("month", "quarter", "year")), "Calendar periods.", default="month"),
            Key("gap", Number(1, whole=True), "Days without a purchase after which a customer counts as lost."),
            Key("interval", Choice(("log-log", "log", "plain")), "Scale of the intervals of survival."),
            _LEVEL,
        ),
    ),
    "rfm": Assessment(
        "Recency, frequency, monetary value", "Scores and segments of the customers, with what they bring.",
        f"{_VALUE}:rfm", ("customer", "amount", "date"),
        (*_READING, Key("monetary", Choice(("total", "mean")), "Revenue of a customer, or by purchase.",
                        default="total")),
    ),
    "pareto": Assessment(
        "Who brings what",
        "Shares of the top, Lorenz curve and Gini by revenue and by profit.",
        f"{_VALUE}:pareto",
        ("customer", "amount"),
        (
            *_READING,
            Key("top", Number(0, 1, open_ends=True), "Share of customers at the top.", default=0.2),
            Key("target", Number(0, 1, open_ends=True), "Share of the sum whose customers are counted.", default=0.8),
            _LEVEL,
        ),
    ),
    "portfolio": Assessment(
        "Customers as a portfolio",
        "Segments by profitability and potential: what each contributes, and the key customers.",
        f"{_VALUE}:portfolio",
        (),
        (
            _column("customer", "Column of the customer; `customer`."),
            _column("profit", "Column of the profit; `profit`."),
            _column("revenue", "Column of the revenue; `revenue`."),
            _column("potential", "Column of the potential."),
            _column("segment", "Column of segments of your own."),
            Key("profit_cut", Number(), "A customer is profitable above it."),
            Key("key", Number(0), "Key customers: a part of all, or their number."),
        ),
    ),
    "crm_fit": Assessment(
        "The kind of CRM that fits",
        "Diversity of the customers, and the kind of CRM that our rule names for it.",
        f"{_CHECKLISTS}:crm_fit",
        ("kind",),
        (
            _column("count", "Column of the number of customers of a kind."),
            _LEVEL,
        ),
    ),
    "key_customer_chain": Assessment(
        "The chain to key customers", "Where the chain from technology to key customers breaks.",
        f"{_CHECKLISTS}:key_customer_chain", ("entry", "answer"),
        (Key("threshold", Number(0, 100), "Percent of a link that must be met."),),
    ),
    "staff_profile": Assessment(
        "Profile of the staff",
        "Six characteristics by role and unit against the targets of the roles; small groups are not shown.",
        "crmstudy.assessment.staff:staff_profile",
        (),
        (
            Key("role", Text(_COLUMN), "Column of the role.", True),
            _column("unit", "Column of the unit."),
            Key("targets", _TARGETS, "What is needed, by characteristic."),
            Key("weights", _TARGETS, "How much a characteristic counts."),
            _LEVEL,
        ),
        people=True,
    ),
    "over_service": Assessment(
        "Where more is given than expected",
        "Importance, performance and expectation of each element of value: where to save without harming loyalty.",
        "crmstudy.assessment.over_service:over_service",
        (),
        (
            Key("attributes", MapOf(_ATTRIBUTE, "attributes", 2, pattern=None), "The columns of each attribute.", True),
            Key("importance", Choice(("stated", "regression", "correlation")), "Where importance comes from."),
            _column("loyalty", "Column or scale with which performance goes."),
            Key("cut", Number(), "The line between low and high importance."),
            _LEVEL,
        ),
        people=True,
    ),
    "acquisition": Assessment(
        "Winning and keeping customers", "What winning and keeping cost, from own data.",
        f"{_VALUE}:acquisition", (),
        (
            *(_column(name, meaning) for name, meaning in (
                ("won", "Column of customers won."), ("winning_cost", "Column of what was spent on winning."),
                ("kept", "Column of customers kept."), ("keeping_cost", "Column of what was spent on keeping."),
                ("period", "Column of the period."))),
            Key("margin", Number(), "What a customer brings in a period."),
            Key("retention", Number(0, 1), "Probability of staying."),
            Key("without", Number(0, 1), "The same were nothing spent on keeping."),
            Key("rate", Number(), "Discount rate.", default=0.0),
        ),
    ),
}  # fmt: skip


def check_assessment(plan: AnalysisPlan, ground: Ground) -> list[Fault]:
    """The columns that the assessment needs are there, under their names or those that its keys give them."""
    if ground.columns is None:
        return []
    faults = []
    for name in ASSESSMENTS[plan.kind].columns:
        column = str(plan.options.get(name, name))
        if column not in ground.columns:
            message = f"the analysis '{plan.id}' needs the column '{column}', which '{plan.sample}' does not have."
            place = plan.places.get(name, plan.place)
            faults.append(at(place, message + did_you_mean(column, ground.columns)))
    return faults


def assess(task: Task) -> Outcome:
    """Do it with the rows of the sample."""
    assessment = ASSESSMENTS[task.plan.kind]
    module, _, name = assessment.home.partition(":")
    function: Any = getattr(import_module(module), name)
    asked = task.asked
    if "seed" in signature(function).parameters:
        asked["seed"] = task.own_seed
    return Outcome(function(task.responses if assessment.people else task.responses.frame, **asked))
