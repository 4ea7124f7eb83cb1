"""Makes the tables of this worked example: an imaginary bank. Every figure is made up.

``python analyses/organisation_audit/make_tables.py`` writes the same bytes each time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.checklists.entries import entries_of
from crmstudy.assessment.maturity.scale import anchors
from crmstudy.assessment.modules import module_functions
from crmstudy.assessment.value import transactions
from crmstudy.instrument import load_instrument

FOLDER = Path(__file__).resolve().parent / "tables"
SEED = 20261126
BRANCHES = ("North", "South", "East", "West")
ROLES = ("adviser", "teller", "manager")


#: The day of the audit.
DAY = pd.Timestamp("2026-11-01")
#: The blocks whose capabilities the branches reported.
BLOCKS = ("vision", "processes", "information", "metrics")


def save(name: str, frame: pd.DataFrame) -> None:
    """Write a table."""
    frame.to_csv(FOLDER / f"{name}.csv", index=False, lineterminator="\n")


def made(name: str) -> pd.DataFrame:
    """A table of random numbers, which depend on its name alone."""
    return MAKERS[name](np.random.default_rng([SEED, zlib.crc32(name.encode())]))


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
                level = int(np.clip(round(true + rng.normal(0, 0.65)), 0, 6))
                evidence = "" if rng.random() < 0.2 else f"file {leaf}, {wave}"
                rows.append((leaf, level, rater, wave, evidence))
    return pd.DataFrame(rows, columns=["leaf", "level", "rater", "wave", "evidence"])


def modules(rng: np.random.Generator) -> pd.DataFrame:
    """Ninety-six people on the functions of the modules: what is there for all is not used by all, nor known to all."""
    functions = module_functions()
    there = {function: rng.random() < 0.75 for function in functions["function"]}
    liked = {function: rng.uniform(0.1, 0.9) for function in functions["function"]}
    rows = []
    for person in range(96):
        role = ROLES[person % 3]
        keen = 0.0 if rng.random() < 0.15 else rng.beta(2.0, 1.5)
        for function in functions["function"]:
            known = "unknown" if rng.random() < 0.06 else "yes" if there[function] else "no"
            used = known == "yes" and rng.random() < keen * liked[function] ** 0.5
            often = int(np.clip(round(4 * liked[function] * keen + rng.normal(0, 0.7)), 1, 4)) if used else 0
            useful = int(np.clip(round(1 + 4 * liked[function] + rng.normal(0, 0.7)), 1, 5)) if used else None
            rows.append((f"P{person:02}", role, function, known, "yes" if used else "no", often, useful))
    names = ["respondent", "role", "function", "available", "used", "frequency", "usefulness"]
    return pd.DataFrame(rows, columns=names).astype({"usefulness": "Int64"})


def first_use(rng: np.random.Generator) -> pd.DataFrame:
    """When each of 240 people first used the system; one in eight has not."""
    months = np.clip(rng.normal(9, 4, 240).round(), 0, 20).astype(int)
    begun = pd.Timestamp("2025-01-15") + pd.to_timedelta(months * 30, unit="D")
    dates = [day.date().isoformat() if rng.random() > 0.125 else "" for day in begun]
    return pd.DataFrame({"respondent": [f"P{n:03}" for n in range(240)], "first_use": dates})


def answers(name: str, yes: float, rng: np.random.Generator) -> pd.DataFrame:
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
            rows.append((f"K{customer:03}", date, amount, round(0.6 * amount + rng.exponential(10), 2)))
    return pd.DataFrame(rows, columns=["customer", "date", "amount", "cost"]).sort_values(["date", "customer"])


def contacts(rng: np.random.Generator) -> pd.DataFrame:
    """What 900 contacts of 150 customers cost, by channel."""
    middle = {"branch": 9.0, "telephone": 4.0, "internet": 0.4}
    channel = rng.choice(list(middle), 900, p=[0.3, 0.4, 0.3])
    cost = [round(middle[one] * rng.lognormal(0, 0.5), 2) for one in channel]
    return pd.DataFrame({"customer": [f"K{n:03}" for n in rng.integers(0, 150, 900)], "channel": channel, "cost": cost})


def branches(rng: np.random.Generator) -> pd.DataFrame:
    """What 90 branches have of five capabilities a block, from the basic to the advanced, and what they earn.

    There are three kinds of branches. Maturity pays where customers cannot switch easily.
    """
    hardest = np.array([-1.6, -0.8, 0.0, 0.8, 1.6])
    kind = rng.choice([-1.3, 0.2, 1.7], 90, p=[0.4, 0.35, 0.25])
    rows: dict[str, object] = {"branch": [f"B{n:02}" for n in range(1, 91)]}
    for block in BLOCKS:
        ability = kind + rng.normal(0, 0.35, 90)
        there = ability[:, None] + rng.logistic(0, 0.45, (90, 5)) > hardest
        rows |= {f"{block}_{place}": there[:, place - 1].astype(int) for place in range(1, 6)}
    frame = pd.DataFrame(rows)
    maturity = 6 * frame.drop(columns="branch").mean(axis=1)
    ease, staff = rng.uniform(1, 5, 90), rng.integers(4, 30, 90)
    earned = 12 + maturity * (4.0 - 0.75 * ease) + 0.3 * staff + rng.normal(0, 3.5, 90)
    return frame.assign(maturity=maturity.round(2), ease=ease.round(1), staff=staff, profit=earned.round(1))


def records(rng: np.random.Generator) -> pd.DataFrame:
    """Records of 420 customers: some are there twice, some telephones are none, some have not been looked at long."""
    first, last = ("Ana", "Boris", "Chen", "Dara", "Elif", "Farid"), ("Amin", "Berg", "Costa", "Danesh", "Ek", "Fox")
    rows = []
    for number in range(1, 401):
        phone = f"0{rng.integers(10**9, 10**10)}"
        phone = str(rng.choice([phone, "n/a", "", phone[:7]], p=[0.78, 0.06, 0.1, 0.06]))
        born = (pd.Timestamp("1945-01-01") + pd.Timedelta(days=int(rng.integers(0, 20000)))).date().isoformat()
        seen = (DAY - pd.Timedelta(days=int(rng.exponential(260)))).date().isoformat()
        name = f"{first[rng.integers(6)]} {last[rng.integers(6)]}"
        rows.append(
            (f"C{number:04}", name, born, phone, str(rng.choice(KINDS["kind"], p=[0.8, 0.05, 0.1, 0.05])), seen)
        )
    again = [(f"C{number:04}", *rows[int(rng.integers(400))][1:]) for number in range(401, 421)]
    return pd.DataFrame([*rows, *again], columns=["number", "name", "born", "phone", "kind", "updated"])


def verified(rng: np.random.Generator) -> pd.DataFrame:
    """What 80 customers drawn at random said on the telephone: of some the number or the kind is another one."""
    known = made("records")
    drawn = known.iloc[np.sort(rng.choice(400, 80, replace=False))]
    phone = [f"0{rng.integers(10**9, 10**10)}" if rng.random() < 0.12 or len(str(one)) != 11 else one
             for one in drawn["phone"]]  # fmt: skip
    kind = ["small firms" if rng.random() < 0.05 else one for one in drawn["kind"]]
    return pd.DataFrame({"number": drawn["number"], "phone": phone, "kind": kind})


def clients(rng: np.random.Generator) -> pd.DataFrame:
    """The purchases of each customer added up, and what an adviser thinks may become of him: 0 to 10."""
    totals = transactions(made("purchases"), cost="cost").customers
    place = totals["revenue"].rank(pct=True)
    potential = np.clip(np.round(10 * (0.5 * place + 0.5 * rng.random(len(totals)))), 0, 10).astype(int)
    return totals[["customer", "revenue", "profit"]].round(2).assign(potential=potential)


def margins(rng: np.random.Generator) -> pd.DataFrame:
    """What customers brought before the cost of serving them."""
    return made("clients").rename(columns={"profit": "margin"})[["customer", "margin"]]


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
    """The practices of the three functions and four tasks, as two people see them."""
    practices = [one["id"] for area in catalogue("data_processes")["areas"] for one in area["practices"]]
    rows = []
    for practice in practices:
        true = rng.choice([0, 1, 2, 3, 4], p=[0.1, 0.25, 0.35, 0.2, 0.1])
        for rater in ("head of service", "head of marketing"):
            level = int(np.clip(true + rng.choice([-1, 0, 1, 2], p=[0.15, 0.65, 0.15, 0.05]), 0, 4))
            rows.append((practice, level, rater, "" if level < 2 else "handbook"))
    return pd.DataFrame(rows, columns=["practice", "level", "rater", "evidence"])


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


RETURNS = pd.DataFrame(
    {"quarter": [f"{year} Q{place}" for year in (2025, 2026) for place in (1, 2, 3, 4)][:7],
     "returned": [4.0, 9.5, 14.0, 18.5, 21.0, 21.0, 22.5]}
)  # fmt: skip
#: How likely an answer is yes, by checklist.
LISTS = {
    "success": 0.6, "failure": 0.2, "readiness": 0.8, "loyalty_stages": 0.7, "goals": 0.5, "loyalty_programmes": 0.45,
    "personalisation": 0.35, "employer_brand": 0.55, "key_customer_chain": 0.65,
}  # fmt: skip
MAKERS: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
    "ratings": ratings, "modules": modules, "first_use": first_use, "staff": staff, "customers": customers,
    "purchases": purchases, "contacts": contacts, "inventory": inventory, "practices": practised,
    "services": services, "branches": branches, "records": records, "verified": verified, "clients": clients,
    "margins": margins, **{name: partial(answers, name, yes) for name, yes in LISTS.items()},
}  # fmt: skip
FIXED = {
    "hours": HOURS, "kinds": KINDS, "change": CHANGE, "segments": SEGMENTS, "years": YEARS, "returns": RETURNS,
}  # fmt: skip


def main() -> None:
    """Write every table."""
    FOLDER.mkdir(exist_ok=True)
    for name, frame in {**{name: made(name) for name in MAKERS}, **FIXED}.items():
        save(name, frame)


if __name__ == "__main__":
    main()
