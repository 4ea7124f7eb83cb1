"""Makes the tables of this worked example: an imaginary bank. Every figure is made up.

``python analyses/organisation_audit/make_tables.py`` writes the same bytes each time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.checklists.entries import entries_of
from crmstudy.assessment.maturity.scale import anchors
from crmstudy.assessment.modules import module_functions
from crmstudy.instrument import load_instrument

FOLDER = Path(__file__).resolve().parent / "tables"
SEED = 20261126
BRANCHES = ("North", "South", "East", "West")
ROLES = ("adviser", "teller", "manager")


def save(name: str, frame: pd.DataFrame) -> None:
    """Write a table."""
    frame.to_csv(FOLDER / f"{name}.csv", index=False, lineterminator="\n")


def ratings(rng: np.random.Generator) -> pd.DataFrame:
    """Two raters in two years: practising in technology, developing where people are concerned."""
    told = anchors("en")
    leaves = told.drop_duplicates("leaf")[["block", "leaf"]]
    middle = {"technology": 3.4, "information": 2.8, "metrics": 1.6, "vision": 2.4, "strategy": 2.6}
    rows = []
    for wave, gain in (("2025", 0.0), ("2026", 0.5)):
        for block, leaf in leaves.itertuples(index=False):
            true = middle.get(block, 2.0) + gain + rng.normal(0, 0.4)
            for rater in ("head of service", "outside adviser"):
                level = int(np.clip(round(true + rng.normal(0, 0.45)), 0, 6))
                evidence = "" if rng.random() < 0.2 else f"file {leaf}, {wave}"
                rows.append((leaf, level, rater, wave, evidence))
    return pd.DataFrame(rows, columns=["leaf", "level", "rater", "wave", "evidence"])


def modules(rng: np.random.Generator) -> pd.DataFrame:
    """Sixty people on the functions of the modules: what is there for all is not used by all."""
    functions = module_functions()
    there = {function: rng.random() < 0.75 for function in functions["function"]}
    liked = {function: rng.uniform(0.2, 0.95) for function in functions["function"]}
    rows = []
    for person in range(60):
        role = ROLES[person % 3]
        for function in functions["function"]:
            used = there[function] and rng.random() < liked[function]
            often = int(np.clip(round(4 * liked[function] + rng.normal(0, 0.7)), 1, 4)) if used else 0
            useful = int(np.clip(round(1 + 4 * liked[function] + rng.normal(0, 0.7)), 1, 5)) if used else None
            rows.append((f"P{person:02}", role, function, "yes" if there[function] else "no", "yes" if used else "no",
                         often, useful))  # fmt: skip
    names = ["respondent", "role", "function", "available", "used", "frequency", "usefulness"]
    return pd.DataFrame(rows, columns=names).astype({"usefulness": "Int64"})


def first_use(rng: np.random.Generator) -> pd.DataFrame:
    """When each of 240 people first used the system; one in eight has not."""
    months = np.clip(rng.normal(9, 4, 240).round(), 0, 20).astype(int)
    begun = pd.Timestamp("2025-01-15") + pd.to_timedelta(months * 30, unit="D")
    dates = [day.date().isoformat() if rng.random() > 0.125 else "" for day in begun]
    return pd.DataFrame({"respondent": [f"P{n:03}" for n in range(240)], "first_use": dates})


def answers(name: str, rng: np.random.Generator, yes: float) -> pd.DataFrame:
    """A checklist gone through."""
    entries = [entry["id"] for _, entry in entries_of(name)]
    drawn = rng.choice(["yes", "partly", "no"], len(entries), p=[yes, (1 - yes) / 2, (1 - yes) / 2])
    evidence = [f"minute {place}" if one == "yes" else "" for place, one in enumerate(drawn, start=1)]
    return pd.DataFrame({"entry": entries, "answer": drawn, "evidence": evidence})


def staff(rng: np.random.Generator) -> pd.DataFrame:
    """Answers of 120 people to the instrument of the six characteristics."""
    level = {"positive_attitude": 4.0, "people_orientation": 3.8, "organising_skill": 3.4, "analytical_skill": 3.0,
             "empathy": 3.7, "profit_awareness": 2.8}  # fmt: skip
    rows = {
        "role": rng.choice(ROLES, 120, p=[0.5, 0.35, 0.15]),
        "branch": rng.choice(BRANCHES, 120, p=[0.4, 0.3, 0.2, 0.1]),
    }
    for scale in load_instrument("staff-profile").scales:
        person = rng.normal(level[scale.id], 0.5, 120)
        for item in scale.items:
            given = np.clip(np.round(person + rng.normal(0, 0.6, 120)), 1, 5).astype(int)
            rows[item.id] = 6 - given if item.reverse else given
    return pd.DataFrame(rows)


def customers(rng: np.random.Generator) -> pd.DataFrame:
    """What 200 customers expect and find in five elements, and their loyalty."""
    general = rng.normal(0, 0.6, 200)
    weights = {"advice": 0.7, "speed": 0.35, "hours": 0.1, "branches": 0.0, "app": 0.3}
    means = {"advice": (4.1, 3.6), "speed": (3.9, 3.9), "hours": (3.2, 4.2), "branches": (3.0, 4.1), "app": (3.8, 3.3)}
    made, loyalty = {}, rng.normal(3.5, 0.5, 200)
    for name, (wanted, found) in means.items():
        own = rng.normal(0, 0.7, 200)
        made[f"{name}_found"] = np.clip(np.round(found + general + own), 1, 5).astype(int)
        made[f"{name}_expected"] = np.clip(np.round(wanted + rng.normal(0, 0.6, 200)), 1, 5).astype(int)
        loyalty = loyalty + weights[name] * own
    return pd.DataFrame({**made, "loyalty": np.clip(loyalty, 1, 5).round(2)})


def purchases(rng: np.random.Generator) -> pd.DataFrame:
    """Two years of business of 300 customers; a few bring much, and some cost more than they bring."""
    rows = []
    for customer in range(300):
        worth, start = rng.lognormal(4.0, 1.0), int(rng.integers(0, 540))
        days = start + np.cumsum(rng.exponential(45, 40))
        for day in days[days < 730][: int(rng.integers(1, 25))]:
            amount = round(worth * rng.lognormal(0, 0.3), 2)
            date = (pd.Timestamp("2024-11-01") + pd.Timedelta(days=int(day))).date().isoformat()
            rows.append((f"K{customer:03}", date, amount, round(0.6 * amount + rng.exponential(18), 2)))
    return pd.DataFrame(rows, columns=["customer", "date", "amount", "cost"]).sort_values(["date", "customer"])


def contacts(rng: np.random.Generator) -> pd.DataFrame:
    """What 900 contacts of 150 customers cost, by channel."""
    middle = {"branch": 9.0, "telephone": 4.0, "internet": 0.4}
    channel = rng.choice(list(middle), 900, p=[0.3, 0.4, 0.3])
    cost = [round(middle[one] * rng.lognormal(0, 0.5), 2) for one in channel]
    return pd.DataFrame({"customer": [f"K{n:03}" for n in rng.integers(0, 150, 900)], "channel": channel, "cost": cost})


def inventory(rng: np.random.Generator) -> pd.DataFrame:
    """The fields of the catalogue in two systems that know customers by different numbers."""
    fields = [field["id"] for field in catalogue("data_fields")["fields"]]
    rows = []
    for place, field in enumerate(fields):
        system, identifier = ("branch system", "account number") if place % 2 else ("call centre", "telephone number")
        held = str(rng.choice(["yes", "partly", "no"], p=[0.6, 0.2, 0.2]))
        owner = "" if held == "no" or rng.random() < 0.2 else "customer service"
        rows.append((field, held, system, identifier, owner, "" if held == "no" else "staff", "service"))
    return pd.DataFrame(rows, columns=["field", "held", "system", "identifier", "owner", "entered_by", "purpose"])


def practised(rng: np.random.Generator) -> pd.DataFrame:
    """The practices of the three functions and four tasks."""
    practices = [one["id"] for area in catalogue("data_processes")["areas"] for one in area["practices"]]
    levels = rng.choice([0, 1, 2, 3, 4], len(practices), p=[0.1, 0.25, 0.35, 0.2, 0.1])
    evidence = ["" if level < 2 else "handbook" for level in levels]
    return pd.DataFrame({"practice": practices, "level": levels, "evidence": evidence})


def services(rng: np.random.Generator) -> pd.DataFrame:
    """What the web site offers: all that is foundational, some of what is centred on the customer."""
    rows = []
    for name, service in catalogue("ecrm")["services"].items():
        likely = {"foundational": 1.0, "customer-centred": 0.55}.get(service["tier"], 0.15)
        rows.append((name, "yes" if rng.random() < likely else "planned", "site visit"))
    return pd.DataFrame(rows, columns=["service", "present", "evidence"])


HOURS = pd.DataFrame(
    [("branch", day, "08:00", "15:00", "yes") for day in ("mon", "tue", "wed", "thu", "fri")]
    + [("telephone", "daily", "07:00", "22:00", "yes"), ("internet", "daily", "00:00", "24:00", "no")],
    columns=["channel", "day", "opens", "closes", "staffed"],
)  # fmt: skip
KINDS = pd.DataFrame({"kind": ["private", "wealthy", "small firms", "large firms"], "count": [7200, 310, 940, 45]})
CHANGE = pd.DataFrame(
    [("purpose", "yes", "letter of the board"), ("strategy", "partly", ""), ("involve", "yes", "12 workshops"),
     ("pilot", "yes", "North"), ("train", "partly", ""), ("measure", "no", ""), ("project", "yes", "plan"),
     ("executives", "partly", "")],
    columns=["step", "done", "evidence"],
)  # fmt: skip
SEGMENTS = pd.DataFrame(
    {"segment": ["private", "wealthy", "small firms", "large firms"], "n": [7200, 310, 940, 45],
     "margin": [38.0, 640.0, 210.0, 5200.0], "care": [6.0, 90.0, 40.0, 700.0], "stays": [0.86, 0.94, 0.9, 0.97]}
)  # fmt: skip
YEARS = pd.DataFrame(
    {"period": ["2024", "2025", "2026"], "won": [520, 480, 505], "winning_cost": [78000, 76800, 85850],
     "kept": [7900, 8010, 8120], "keeping_cost": [71100, 76095, 81200]}
)  # fmt: skip


def main() -> None:
    """Write every table, each from random numbers of its own."""
    FOLDER.mkdir(exist_ok=True)
    made = {
        "ratings": ratings, "modules": modules, "first_use": first_use, "staff": staff, "customers": customers,
        "purchases": purchases, "contacts": contacts, "inventory": inventory, "practices": practised,
        "services": services,
    }  # fmt: skip
    seeds = np.random.SeedSequence(SEED).spawn(len(made) + 4)
    for (name, make), seed in zip(made.items(), seeds, strict=False):
        save(name, make(np.random.default_rng(seed)))
    lists = {"success": 0.6, "failure": 0.2, "readiness": 0.8, "loyalty_stages": 0.7}
    for (name, yes), seed in zip(lists.items(), seeds[len(made) :], strict=True):
        save(name, answers(name, np.random.default_rng(seed), yes))
    for name, frame in (
        ("hours", HOURS),
        ("kinds", KINDS),
        ("change", CHANGE),
        ("segments", SEGMENTS),
        ("years", YEARS),
    ):
        save(name, frame)


if __name__ == "__main__":
    main()
