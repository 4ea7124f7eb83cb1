"""What the organisation has and does: modules, electronic CRM, data, processes, channels, practices, staff."""

from __future__ import annotations

from collections.abc import Mapping

from crmstudy.study.assessments.keys import (
    BY_NAME,
    COLUMNS,
    DISCLOSURE,
    LEVEL,
    OTHER_SAMPLE,
    Assessment,
    column,
)
from crmstudy.study.forms import AnyOf, Choice, Code, Day, Flag, Key, ListOf, MapOf, Number, Section, Text

_PROCESSES, _CHECKLISTS = "crmstudy.assessment.processes", "crmstudy.assessment.checklists"
_MODULES = "crmstudy.assessment.modules"
_AREA = Choice(("sales", "contact", "marketing", "service"))
_STANDS = Choice(("stand-alone", "erp-module", "both", "unknown"))
_PERCENT = Number(0, 100)
_THRESHOLD = Key("threshold", _PERCENT, "Percent of a stage, or link, that must be met.", default=75.0)
_WANTED = AnyOf((Number(), MapOf(AnyOf((Number(), BY_NAME)), "numbers, or numbers by characteristic,", pattern=None)))
_ATTRIBUTE = Section(
    (
        column("performance", "Column of what customers find.", required=True),
        column("expectation", "Column of what they expect.", required=True),
        column("importance", "Column of how important it is to them."),
    )
)
_SHIFT = ListOf(Code(), "channel, channel and percent", 3, 3)
_RULE = AnyOf(
    (Text("a pattern"), ListOf(Number(), "two numbers (lowest and highest)", 2, 2), ListOf(Text(), "texts", 1))
)

ORGANISATION: Mapping[str, Assessment] = {
    "module_adoption": Assessment(
        "Adoption of the modules",
        "What is available, used, how often and how useful, by module, function and role.",
        f"{_MODULES}:module_adoption",
        ("respondent", "function", "available", "used"),
        (
            column("role", "Column of the role."),
            column("unit", "Column of the unit."),
            column("wave", "Column of the wave."),
            Key("area", AnyOf((_AREA, ListOf(_AREA, "areas", 1))), "Only functions of these service areas."),
            Key("architecture", AnyOf((_STANDS, MapOf(_STANDS, "answers", 1, pattern=None))),
                "How the system stands, or each module of it."),
            Key("often", Choice(("scale", "monthly")), "Frequency as 0 to 4, or times a month.", default="scale"),
            Key("weights", MapOf(Number(0), "numbers", 1), "How much `coverage`, `depth` and `frequency` count in the "
                "index; left out: all the same."),
            Key("unused_below", _PERCENT, "Percent of use below which a function counts as unused.", default=20.0),
            DISCLOSURE,
            LEVEL,
        ),
        called={"disclosure": "rules"},
        further=("frequency", "usefulness"),
    ),
    "adoption_curve": Assessment(
        "Adoption over time",
        "Cumulative share of those who use it, in Rogers' categories.",
        f"{_MODULES}:adoption_curve",
        ("respondent", "first_use"),
        (
            column("first_use", "Column of the date of first use.", "first_use"),
            Key("period", Choice(("month", "quarter", "year")), "By which periods is counted.", default="month"),
            DISCLOSURE,
            LEVEL,
        ),
        called={"disclosure": "rules"},
    ),
    "change": Assessment(
        "Steps of the change",
        "Six steps and two conditions of a change, with evidence.",
        f"{_MODULES}:change_checklist",
        ("step", "done"),
        further=("evidence",),
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
        further=("evidence",),
    ),
    "data_inventory": Assessment(
        "Inventory of customer data",
        "Which data are held, by whom they are entered and when updated, and for what.",
        f"{_PROCESSES}:data_inventory",
        ("field", "held"),
        further=(
            "group", "system", "identifier", "owner", "entered_by", "updated_at", "purpose", "privacy", "basis",
            "filled",
        ),
    ),
    "customer_view": Assessment(
        "Single view of the customer",
        "Whether all that is known of a customer can be brought together.",
        f"{_PROCESSES}:single_customer_view",
        ("field", "held", "system", "identifier"),
    ),
    "customer_data": Assessment(
        "Quality of customer data",
        "Whether the records of customers are complete, valid, accurate, up to date, and each customer there once.",
        f"{_PROCESSES}:customer_data_quality",
        (),
        (
            column("key", "Column of the customer number.", required=True),
            Key("fields", COLUMNS, "Columns whose completeness is asked.", True),
            Key("duplicates", ListOf(COLUMNS, "lists of columns"), "Sets of columns that together tell customers "
                "apart: `[[name, birth_date]]`.", default=()),
            column("updated", "Column of the date of the last update; with it `as_of`."),
            Key("as_of", Day(), "The day for which ages are reckoned."),
            Key("stale_after", Number(1, whole=True), "Days after which a record is stale.", default=365),
            Key("rules", MapOf(_RULE, "rules", 1, pattern=None), "What a filled column must obey, by column: a pattern "
                "for the whole text, lowest and highest number, or the texts that are allowed."),
            Key("truth", OTHER_SAMPLE, "Sample with verified records: the customer number and the verified columns."),
            Key("placeholders", ListOf(Text(), "texts"), "Texts that stand for nothing; left out: `-`, `n/a` and "
                "such."),
            LEVEL,
        ),
    ),
    "process_audit": Assessment(
        "Functions and tasks",
        "Three functions and four tasks of CRM, as they are practised.",
        f"{_PROCESSES}:process_audit",
        ("practice", "level"),
        (
            Key("bootstrap", Number(100, whole=True, or_off=True), "Samples for the interval of the mean kappa of "
                "three raters and more.", default=1000),
            LEVEL,
        ),
        further=("evidence", "rater", "unit"),
    ),
    "channels": Assessment(
        "Channels and hours",
        "How much of the week customers can reach the organisation.",
        f"{_PROCESSES}:channel_coverage",
        ("channel", "day", "opens", "closes"),
        further=("staffed",),
    ),
    "cost_to_serve": Assessment(
        "Cost to serve",
        "What contacts cost by channel and customer, and what moving some of them would save.",
        f"{_PROCESSES}:cost_to_serve",
        ("customer",),
        (
            column("channel", "Column of the channel.", required=True),
            column("cost", "Column of the cost."),
            Key("unit_costs", MapOf(Number(0), "costs", 1, pattern=None), "What a contact costs on each channel, for "
                "contacts that have no cost of their own."),
            column("customer", "Column of the customer.", "customer"),
            Key("margins", OTHER_SAMPLE, "Sample with the columns `customer` and `margin`: who costs more than he "
                "brings."),
            Key("shift", AnyOf((_PERCENT, ListOf(_SHIFT, "lists of channel, channel and percent", 1))),
                "Percent of contacts that move from each channel to every cheaper one, or from one to another: "
                "`[[telephone, internet, 20]]`."),
            Key("again", _PERCENT, "Percent of them that come back.", default=0.0),
            Key("interval", Choice(("bootstrap", "t", "log")), "Kind of interval.", default="bootstrap"),
            Key("bootstrap", Number(100, whole=True), "Bootstrap samples of customers.", default=2000),
            LEVEL,
        ),
    ),
    "checklist": Assessment(
        "Checklist",
        "Factors and practices, entry by entry, with evidence.",
        f"{_CHECKLISTS}:checklist",
        ("entry", "answer"),
        (Key("list", Choice(("success", "failure", "readiness", "loyalty_stages", "loyalty_programmes",
             "personalisation", "employer_brand", "goals", "key_customer_chain")), "Which list.", True),),
        further=("evidence", "unit"),
    ),
    "readiness": Assessment(
        "Readiness before the introduction",
        "Necessary conditions and what else is ready; a condition that is not met blocks.",
        f"{_CHECKLISTS}:readiness",
        ("entry", "answer"),
        (Key("require_evidence", Flag(), "Conditions without evidence are undecided.", default=False),),
        further=("evidence", "unit"),
    ),
    "loyalty_stage": Assessment(
        "Stage of loyalty",
        "How far the way from adaptation to lasting relations is gone.",
        f"{_CHECKLISTS}:loyalty_stage",
        ("entry", "answer"),
        (_THRESHOLD,),
        further=("evidence", "unit"),
    ),
    "key_customer_chain": Assessment(
        "The chain to key customers",
        "Where the chain from technology to key customers breaks.",
        f"{_CHECKLISTS}:key_customer_chain",
        ("entry", "answer"),
        (_THRESHOLD,),
        further=("evidence", "unit"),
    ),
    "crm_fit": Assessment(
        "The kind of CRM that fits",
        "Diversity of the customers, and the kind of CRM that our rule names for it.",
        f"{_CHECKLISTS}:crm_fit",
        ("customer_kind",),
        (
            column("customer_kind", "Column of the kind of customer.", "kind"),
            column("count", "Column of the number of customers of a kind, where there is a row a kind."),
            Key("rating", Number(1, 5), "Judged diversity, from all alike to all different; in place of a sample, or "
                "beside it."),
            Key("sampled", Flag(), "The rows are a random sample of the customers: intervals are given.",
                default=False),
            Key("cuts", ListOf(Number(1), "two numbers", 2, 2), "Effective numbers of kinds from which the middle and "
                "the high kind of CRM fit.", default=(2.0, 5.0)),
            LEVEL,
        ),
        "optional",
        called={"customer_kind": "kind", "sampled": "sample"},
    ),
    "staff_profile": Assessment(
        "Profile of the staff",
        "Six characteristics by role and unit against the targets of the roles; small groups are not shown.",
        "crmstudy.assessment.staff:staff_profile",
        (),
        (
            column("role", "Column of the role.", required=True),
            column("unit", "Column of the unit."),
            Key("targets", _WANTED, "What is needed: of all, by characteristic, or by role and characteristic."),
            Key("weights", _WANTED, "How much a characteristic counts, said in the same way."),
            DISCLOSURE,
            LEVEL,
        ),
        called={"disclosure": "rules"},
        people=True,
    ),
    "over_service": Assessment(
        "Where more is given than expected",
        "Importance, performance and expectation of each element of value: where to save without harming loyalty.",
        "crmstudy.assessment.over_service:over_service",
        (),
        (
            Key("attributes", MapOf(_ATTRIBUTE, "attributes", 2, pattern=None), "The columns of each attribute: "
                "`performance`, `expectation`, and `importance` where it is stated.", True),
            Key("importance", Choice(("stated", "regression", "correlation")), "Where importance comes from."),
            column("loyalty", "Column or scale with which performance goes."),
            Key("cut", Number(), "The line between low and high importance."),
            LEVEL,
        ),
        people=True,
    ),
}  # fmt: skip
