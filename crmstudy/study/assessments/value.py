"""What customers are worth, what investments returned, and the figures that the source documents print."""

from __future__ import annotations

from collections.abc import Mapping

from crmstudy.study.assessments.keys import (
    COLUMN,
    LEVEL,
    NUMBERS,
    OTHER_SAMPLE,
    PERIODS,
    READING,
    ROWS,
    SERIES,
    Assessment,
    column,
    figure,
)
from crmstudy.study.forms import AnyOf, Choice, Code, Day, Key, ListOf, MapOf, Number, Text

_VALUE, _FACTS = "crmstudy.assessment.value", "crmstudy.assessment.facts"
_PART = Number(0, 1, open_ends=True)
_FOUR = ListOf(Number(), "four numbers", 4, 4)
_CUSTOMER = column("customer", "Column of the customer.", "customer")
_DATE = column("date", "Column of the dates.", "date")
_DATED = column("date", "Column of the dates; left out: none are read.")
_RATE = Key("rate", Number(), "Discount rate; 0.12 is 12 per cent.", default=0.0)
_SUMMED = (
    column("amount", "In place of `value`: column of the amounts of transactions, which are added up by customer."),
    column("cost", "With `amount`: column of what a transaction cost; the value is then the profit."),
    column("profit", "With `amount`, in place of `cost`: column of what was earned; the value is then the profit."),
)
_TIERS = (
    Key("cuts", NUMBERS, "Values from which the second tier, the third ... begins."),
    Key("quantiles", ListOf(_PART, "numbers", 1), "In place of `cuts`: parts of the customers below each; left out: "
        "0.5, 0.8, 0.95."),
    Key("names", ListOf(Text(), "texts", 1), "Of the tiers, the lowest first."),
)  # fmt: skip
_PAIR = ListOf(Number(), "two numbers", 2, 2, repeats=True)

VALUE: Mapping[str, Assessment] = {
    "transactions": Assessment(
        "Purchases",
        "How many purchases of how many customers, what they add up to, and which rows were left out.",
        f"{_VALUE}:transactions",
        ("customer", "amount"),
        (*READING, _DATED),
    ),
    "pareto": Assessment(
        "Who brings what",
        "Shares of the top, Lorenz curve and Gini by revenue and by profit.",
        f"{_VALUE}:pareto",
        ("customer", "amount"),
        (
            *READING,
            _DATED,
            Key("top", _PART, "Share of customers at the top.", default=0.2),
            Key("target", _PART, "Share of the sum whose customers are counted.", default=0.8),
            Key("listed", Number(0, whole=True), "Length of the list of key customers.", default=100),
            Key("bootstrap", Number(0, whole=True), "Bootstrap samples of customers; 0: intervals without. Left out: "
                "2000, none with more than 50,000 customers."),
            Key("interval", Choice(("bca", "percentile")), "Kind of bootstrap interval.", default="bca"),
            LEVEL,
        ),
    ),
    "rfm": Assessment(
        "Recency, frequency, monetary value",
        "Scores and segments of the customers, with what they bring.",
        f"{_VALUE}:rfm",
        ("customer", "amount", "date"),
        (
            *READING,
            _DATE,
            Key("cuts", MapOf(_FOUR, "lists of four numbers", 1), "Cut points of `recency`, `frequency` and "
                "`monetary`; what is left out is cut at its quintiles."),
            Key("monetary", Choice(("total", "mean")), "Revenue of a customer, or by purchase.", default="total"),
        ),
    ),
    "value_tiers": Assessment(
        "Tiers by value",
        "Customers in tiers of a loyalty programme, and what each tier brings.",
        f"{_VALUE}:tiers",
        ("customer", "value"),
        (_CUSTOMER, column("value", "Column of the value; a row a customer.", "value"), *_SUMMED, *_TIERS),
        spared={"amount": ("value",)},
    ),
    "value_migration": Assessment(
        "Movements among tiers",
        "How customers moved among tiers between two periods, and who changed the total.",
        f"{_VALUE}:migration",
        ("customer", "value"),
        (
            Key("after", OTHER_SAMPLE, "Sample of the second period; `sample` is then that of the first."),
            column("wave", "In place of `after`: column of the period in one table."),
            Key("waves", ListOf(Code(), "two periods", 2, 2), "With `wave`: the two periods, where there are more."),
            column("date", "In place of `after`, with `split` and `amount`: column of the dates of transactions."),
            Key("split", Day(), "With `date`: the first day of the second period."),
            _CUSTOMER,
            column("value", "Column of the value; a row a customer and period.", "value"),
            *_SUMMED,
            *_TIERS,
        ),
        spared={"amount": ("value",)},
        apart=("after", "wave"),
    ),
    "portfolio": Assessment(
        "Customers as a portfolio",
        "Segments by profitability and potential: what each contributes, and the key customers.",
        f"{_VALUE}:portfolio",
        ("customer", "profit"),
        (
            _CUSTOMER,
            column("profit", "Column of the profit; a row a customer.", "profit"),
            column("revenue", "Column of the revenue."),
            column("potential", "Column of the potential."),
            column("segment", "Column of segments of your own."),
            column("amount", "In place of a row a customer: column of the amounts of transactions, which are added up; "
                "with `cost` or `profit`."),
            column("cost", "With `amount`: column of what a transaction cost."),
            Key("profit_cut", Number(), "A customer is profitable above it.", default=0.0),
            Key("potential_cut", AnyOf((Number(), Choice(("median",)))), "Potential is high from it on.",
                default="median"),
            Key("key", Number(0), "Key customers: a part of all below 1, or their number.", default=0.2),
        ),
        spared={"amount": ("profit",)},
    ),
    "lifetime_value": Assessment(
        "Customer lifetime value",
        "Margins net of the cost of keeping, discounted, with sensitivity and break-even. Without a sample: of one "
        "customer, given by numbers.",
        f"{_VALUE}:clv",
        ("margin",),
        (
            Key("rate", Number(), "Discount rate; 0.12 is 12 per cent.", True),
            Key("margin", AnyOf((Number(), SERIES, COLUMN)), "Column of the margins; without a sample the margin, or "
                "one a period.", default="margin"),
            Key("cost", AnyOf((Number(), SERIES, COLUMN)), "Column of what keeping a customer costs in a period, or "
                "the cost itself."),
            figure("retention", Number(0, 1), "Column of the probability of staying, or the probability."),
            figure("acquisition", Number(0), "Column of what it cost to win a customer, or the cost."),
            column("customer", "Column of the customer or segment.", "customer"),
            column("count", "Column of the number of customers in a segment."),
            column("period", "Column of the period, where there is a row a period."),
            column("date", "Column of the dates, where there is a row a transaction."),
            *PERIODS,
            Key("growth", Number(), "By which part the margin grows each period.", default=0.0),
            Key("origin", Choice(("common", "own")), "Whether time starts with the first period of the table, or with "
                "each customer's own.", default="common"),
            Key("rates", NUMBERS, "Discount rates of the sensitivity table; left out: steps around `rate`."),
            Key("retentions", ListOf(Number(0, 1), "numbers", 1), "Probabilities of the sensitivity table."),
        ),
        "optional",
    ),
    "customer_retention": Assessment(
        "Retention of customers",
        "Cohorts, repeat purchases, losses and survival from transactions.",
        f"{_VALUE}:retention",
        ("customer", "date"),
        (
            _CUSTOMER,
            _DATE,
            column("amount", "Column of the amounts."),
            *ROWS,
            Key("every", Choice(("month", "quarter", "year")), "Calendar periods.", default="month"),
            Key("until", Day(), "Last day of observation; left out: that of the last transaction."),
            Key("gap", Number(1, whole=True), "Days without a purchase after which a customer counts as lost."),
            Key("interval", Choice(("log-log", "log", "plain")), "Scale of the intervals of survival.",
                default="log-log"),
            LEVEL,
        ),
    ),
    "acquisition": Assessment(
        "Winning and keeping customers",
        "What winning and keeping cost, from own data: a row a period, or without a sample numbers.",
        f"{_VALUE}:acquisition",
        (),
        (
            figure("won", Number(0), "Column of customers won, or their number.", "won"),
            figure("winning_cost", Number(0), "Column of what was spent on winning, or the sum.", "winning_cost"),
            figure("kept", Number(0), "Column of customers kept, or their number.", "kept"),
            figure("keeping_cost", Number(0), "Column of what was spent on keeping, or the sum.", "keeping_cost"),
            column("period", "Column of the period, where there is one.", "period"),
            Key("margin", Number(), "What a customer brings in a period."),
            Key("retention", Number(0, 1), "Probability of staying."),
            Key("without", Number(0, 1), "The same were nothing spent on keeping."),
            _RATE,
            *PERIODS,
        ),
        "optional",
    ),
    "investment": Assessment(
        "What an investment returned",
        "Returns, payback and net present value of an investment in customer relationships.",
        f"{_VALUE}:investment",
        (),
        (
            Key("invested", Number(), "Spent at the start.", True),
            Key("returned", AnyOf((SERIES, COLUMN)), "Returns of the periods at their ends; with a sample their "
                "column.", True),
            _RATE,
            Key("every", Choice(("month", "quarter", "year")), "Length of a period.", default="month"),
            Key("rate_per", Choice(("year", "period")), "What the rate is for.", default="year"),
            Key("profit_before", Number(), "Profit a customer before it; with `profit_after`."),
            Key("profit_after", Number(), "Profit a customer after it."),
        ),
        "optional",
    ),
    "printed_facts": Assessment(
        "Figures of the source documents",
        "The figures that the source documents print, with what is missing to check them and their contradictions.",
        f"{_FACTS}:printed",
        (),
        (Key("statement", Text("a number in quotes, as '4.18'"), "The number of one statement, in quotes; left out: "
             "all."),),
        "none",
    ),
    "dmr_sensitivity": Assessment(
        "A printed difference that cannot be tested",
        "What a printed difference of two means would say under assumed group sizes and standard deviations; no "
        "p-value.",
        f"{_FACTS}:dmr_sensitivity",
        (),
        (
            Key("splits", ListOf(AnyOf((Number(2, whole=True), _PAIR)), "group sizes", 1), "Assumed sizes of the group "
                "without a customer-centred view, or of both."),
            Key("sds", ListOf(AnyOf((Number(0), _PAIR)), "standard deviations", 1), "Assumed standard deviations, in "
                "percentage points: of both groups, or of each."),
            Key("without", Number(0, 100), "Printed mean without the view, in percent.", default=53.0),
            Key("with_view", Number(0, 100), "Printed mean with it, in percent.", default=71.0),
            Key("n", Number(4, whole=True), "Number of all experts.", default=219),
            LEVEL,
        ),
        "none",
    ),
}  # fmt: skip
