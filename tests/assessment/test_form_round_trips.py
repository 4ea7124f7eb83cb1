"""Every form: filled in as people fill it in, in three languages, it gives the figures of the table under names."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.assessment import forms
from crmstudy.assessment.checklists import LISTS, checklist, crm_fit
from crmstudy.assessment.checklists.entries import form_fields as checklist_fields
from crmstudy.assessment.ecrm import ecrm_tiers
from crmstudy.assessment.ecrm import form_fields as ecrm_fields
from crmstudy.assessment.maturity import profitability, rate
from crmstudy.assessment.maturity.form import fields as rating_fields
from crmstudy.assessment.modules import adoption_curve, change_checklist, module_adoption
from crmstudy.assessment.modules.answers import FIELDS as MODULE_FIELDS
from crmstudy.assessment.modules.change import form_fields as change_fields
from crmstudy.assessment.over_service import over_service
from crmstudy.assessment.processes import (
    channel_coverage,
    cost_to_serve,
    data_inventory,
    process_audit,
    single_customer_view,
)
from crmstudy.assessment.processes.audit_rows import form_fields as inventory_fields
from crmstudy.assessment.processes.process_audit import form_fields as process_fields
from crmstudy.assessment.staff import staff_profile

LANGUAGES = ("en", "fa", "ru")
DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """How a form is filled in (from the ids of its rows), and what reads it."""

    fields: tuple[Any, ...]
    fill: Callable[[list[str]], Rows]
    read: tuple[Callable[[Any], Any], ...]


def each(**columns: Callable[[int], Any]) -> Callable[[list[str]], Rows]:
    return lambda ids: [{name: value(place) for name, value in columns.items()} for place in range(len(ids))]


def rows(n: int, **columns: Callable[[int], Any]) -> Callable[[list[str]], Rows]:
    return lambda ids: [{name: value(place) for name, value in columns.items()} for place in range(n)]


def cycle(*values: Any) -> Callable[[int], Any]:
    return lambda place: values[place % len(values)]


def told(place: int) -> str | None:
    return f"file {place}" if place % 2 else None


def day(place: int) -> str:
    return f"2025-{place % 12 + 1:02d}-{place * 7 % 28 + 1:02d}"


def checklist_case(name: str) -> Case:
    fill = each(answer=cycle("yes", "partly", "no", "does_not_apply", "yes"), evidence=told)
    return Case(checklist_fields(), fill, (partial(checklist, list=name),))


def table_case(name: str, fill: Callable[[list[str]], Rows], *read: Callable[[Any], Any]) -> Case:
    return Case(forms.table_fields(name), fill, read)


def staff_rows(ids: list[str]) -> Rows:
    items = [one.name for one in forms.table_fields("staff")[2:]]
    return [
        {"role": ("adviser", "teller")[person % 2], "unit": "مرکزی",
         **{item: (person * 3 + place) % 5 + 1 for place, item in enumerate(items)}}
        for person in range(24)
    ]  # fmt: skip


ELEMENTS = forms.attribute_columns()
ATTRIBUTES = {
    name: dict(zip(("performance", "expectation"), columns, strict=True)) for name, columns in ELEMENTS.items()
}
PURCHASES = rows(60, customer=lambda n: f"K{n % 13}", date=day, amount=lambda n: n * 37 % 90 + 5, cost=lambda n: n % 4)
CASES: dict[str, Case] = {
    "maturity": Case(
        rating_fields(), each(level=cycle("3", "4", "0", "6"), evidence=told, rater=cycle("آنا")), (rate,)
    ),
    "modules": Case(
        MODULE_FIELDS,
        each(respondent=lambda n: f"P{n % 12}", role=cycle("a"), available=cycle("yes", "yes", "unknown"),
             used=cycle("yes", "no", "no"), frequency=cycle(4, 0, None), usefulness=cycle(5, 2, None)),
        (partial(module_adoption, area="marketing"),),
    ),
    "change": Case(change_fields(), each(done=cycle("yes", "partly", "no"), evidence=told), (change_checklist,)),
    "ecrm": Case(ecrm_fields(), each(present=cycle("yes", "partly", "no"), evidence=told), (ecrm_tiers,)),
    "inventory": Case(
        inventory_fields(),
        each(held=cycle("yes", "partly", "no"), system=cycle("till", "web"), identifier=cycle("card; phone"),
             owner=told, privacy=cycle("personal"), filled=cycle(80, 12.5, None)),
        (data_inventory, single_customer_view),
    ),
    "processes": Case(process_fields(), each(level=cycle(3, 4, 0), evidence=told, rater=cycle("Ян")), (process_audit,)),
    **{name: checklist_case(name) for name in LISTS},
    "hours": table_case(
        "hours",
        rows(6, channel=cycle("branch", "web"), day=cycle("mon", "tue", "wed"), opens=cycle("08:30", "00:00"),
             closes=cycle("17:00", "24:00"), staffed=cycle("yes", "no")),
        channel_coverage,
    ),
    "contacts": table_case(
        "contacts", rows(40, customer=lambda n: f"K{n % 9}", channel=cycle("web", "branch"), cost=lambda n: n % 7 + 1),
        partial(cost_to_serve, channel="channel", cost="cost", customer="customer", interval="t"),
    ),
    "first_use": table_case(
        "first_use", rows(40, respondent=lambda n: f"P{n}", first_use=lambda n: day(n) if n % 5 else None),
        partial(adoption_curve, first_use="first_use"),
    ),
    "transactions": table_case(
        "transactions", PURCHASES, cs.value.rfm, partial(cs.value.pareto, cost="cost", bootstrap=100),
        partial(cs.value.retention, amount="amount", every="quarter"),
    ),
    "lifetime_value": table_case(
        "lifetime_value",
        rows(3, customer=cycle("a", "b", "c"), count=cycle(70, 3, 9), margin=cycle(38.5, 640, -2), cost=cycle(6, 90, 1),
             retention=cycle(0.86, 0.9, 0.5)),
        partial(cs.value.clv, rate=0.1, cost="cost", retention="retention", count="count"),
    ),
    "acquisition": table_case(
        "acquisition",
        rows(3, period=cycle("2024", "2025", "2026"), won=cycle(52, 48, 50), winning_cost=cycle(780, 768, 858),
             kept=cycle(790, 801, 812), keeping_cost=cycle(711, 760, 812)),
        cs.value.acquisition,
    ),
    "portfolio": table_case(
        "portfolio",
        rows(20, customer=lambda n: f"K{n}", profit=lambda n: n * 7 % 40 - 8.5, revenue=lambda n: n + 60,
             potential=lambda n: n),
        partial(cs.value.portfolio, revenue="revenue", potential="potential"),
    ),
    "kinds": table_case(
        "kinds", rows(3, kind=cycle("one", "firm", "state"), count=cycle(720, 31, 94)), partial(crm_fit, count="count")
    ),
    "staff": table_case("staff", staff_rows, partial(staff_profile, role="role", unit="unit")),
    "elements": table_case(
        "elements",
        rows(60, **{column: (lambda n, k=k: (n * n * (k + 3) + n // 3 * k) % 7 % 5 + 1) for k, column in enumerate(
            column for columns in ELEMENTS.values() for column in columns)}, loyalty=lambda n: n * 13 % 40 / 10),
        partial(over_service, attributes=ATTRIBUTES, loyalty="loyalty"),
    ),
    "organisations": table_case(
        "organisations",
        rows(24, maturity=lambda n: n % 7, profit=lambda n: n * 11 % 17 - 3.5, switching=lambda n: n * 5 % 8),
        partial(profitability, maturity="maturity", profit="profit", switching="switching"),
    ),
}  # fmt: skip


def ids_of(sheet: Any) -> list[str]:
    return [row[0].value for row in sheet.iter_rows(min_row=2)]


def under_names(case: Case, form: Any) -> pd.DataFrame:
    """The table as a program would write it: names and values, beside what is printed."""
    heads = [one.name for one in case.fields]
    printed = [dict(zip(heads, row, strict=True)) for row in form.iter_rows(min_row=2, values_only=True)]
    filled = case.fill(ids_of(form))
    return pd.DataFrame([{**(printed[place] if printed else {}), **values} for place, values in enumerate(filled)])


def fill(path: Path, case: Case, lang: str) -> pd.DataFrame:
    """Fill a form in as a person would, in its words; gives the same table under names."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    named = under_names(case, sheet)
    place = {one.name: column for column, one in enumerate(case.fields, start=1)}
    words = {one.name: one.answers for one in case.fields}
    for row, values in enumerate(case.fill(ids_of(sheet)), start=2):
        for name, value in values.items():
            said = words[name].get(str(value), {}).get(lang, value) if words[name] else value
            sheet.cell(row, place[name]).value = said
    book.save(path)
    return named


def as_text(path: Path, target: Path, delimiter: str, digits: bool) -> Path:
    """The first sheet as Excel saves it as text; with ``digits`` numbers are in Persian digits."""

    def written(cell: Any) -> str:
        if isinstance(cell, int | float):
            text = f"{cell:g}"
            return text.replace(".", "٫").translate(DIGITS) if digits else text
        return "" if cell is None else str(cell)

    sheet = openpyxl.load_workbook(path).worksheets[0]
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerows([written(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
    return target


def same(found: Any, wanted: Any) -> None:
    pd.testing.assert_frame_equal(found.estimates, wanted.estimates, check_dtype=False)
    assert found.n == wanted.n
    assert set(found.tables) == set(wanted.tables)
    for name, table in wanted.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], table, check_dtype=False, obj=name)


def test_every_form_has_a_case():
    assert set(CASES) == {one.id for one in forms.forms()}


def test_what_needs_a_table_has_a_form():
    from crmstudy.study.assessments import ASSESSMENTS

    served = {line.split(",")[0].removeprefix("kind: ") for one in forms.forms() for line in one.analyses}
    assert served <= set(ASSESSMENTS)
    #: Answers to a questionnaire, a register with columns of its own, and what the form of purchases serves, too.
    without = {"maturity_items", "customer_data", "transactions", "value_migration"}
    assert {kind for kind, one in ASSESSMENTS.items() if one.sample == "needed"} - served == without


#: Every form in one language, in turn; in the others with the slow tests.
TURNS = [
    pytest.param(name, lang, marks=() if place % 3 == turn else pytest.mark.slow)
    for place, name in enumerate(CASES)
    for turn, lang in enumerate(LANGUAGES)
]


@pytest.mark.parametrize(("name", "lang"), TURNS)
def test_a_form_reads_back_as_its_table_under_names(tmp_path, name, lang):
    case = CASES[name]
    path = forms.write(name, tmp_path / "form.xlsx", lang)
    named = fill(path, case, lang)
    text = as_text(path, tmp_path / "form.csv", "," if lang == "en" else ";", lang == "fa")
    for read in case.read:
        wanted = read(named)
        for file in (path, text):
            same(read(file), wanted)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("localc") is None, reason="LibreOffice Calc is not installed")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_libreoffice_saves_reads_back(tmp_path, lang):
    named, saved = {}, tmp_path / "saved"
    for name, case in CASES.items():
        named[name] = fill(forms.write(name, tmp_path / f"{name}.xlsx", lang), case, lang)
    sources = [str(path) for path in sorted(tmp_path.glob("*.xlsx"))]
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    semicolons = "csv:Text - txt - csv (StarCalc):59,34,76,1"
    for kind in ("xlsx:Calc MS Excel 2007 XML", semicolons):
        command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(saved), *sources]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    for name, case in CASES.items():
        for read in case.read:
            for suffix in ("xlsx", "csv"):
                same(read(saved / f"{name}.{suffix}"), read(named[name]))
