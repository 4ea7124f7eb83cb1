"""The modules and their functions are those of the source documents, in three languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crmstudy.assessment.catalogue import catalogue
from crmstudy.assessment.modules.listed import module_functions

#: How many functions the document lists for each module, in its order, with a word of each one's label.
DOCUMENT = {
    "3.8.1": ("contact", ["record", "profile", "history", "chart", "groups"]),
    "3.8.2": ("account", ["agents", "relationship", "Deals", "Contracts", "accounting"]),
    "3.8.3": ("sales", ["cycles", "statistics", "territory", "reports", "history", "stages", "forecasts"]),
    "3.8.4": ("time", ["departments", "calendar", "tasks", "fax"]),
    "3.8.5": ("service", ["themselves", "Planning", "requests", "reports", "time", "cost"]),
    "3.8.6": ("field", ["region", "distant", "order", "Statistics", "questions", "telephony"]),
    "3.8.7": ("marketing", ["statistics", "campaigns", "effectiveness", "Modelling", "training", "Segmenting"]),
    "3.8.8": ("lead", ["first information", "Assigning", "sources"]),
    "3.8.9": ("partners", ["partners"]),
    "3.8.10": ("knowledge", ["knowledge", "maps", "News", "internet", "search"]),
    "3.8.11": ("ebusiness", ["content", "Teleconferences", "Chat", "shop", "B2B", "auctions"]),
    "3.8.12": ("intelligence", ["automatically", "before", "Individual", "templates", "Planning", "Modelling"]),
    "3.8.13": ("support", ["Built-in", "Hints"]),
}


@pytest.mark.parametrize("source", list(DOCUMENT))
def test_every_function_of_a_module_is_there(source):
    module, words = DOCUMENT[source]
    rows = module_functions()
    mine = rows[rows["source"] == source]
    assert set(mine["module"]) == {module}
    assert len(mine) == len(words)
    for label, word in zip(mine["label"], words, strict=True):
        assert word in label


def test_thirteen_modules_serve_four_areas():
    """Statement 1.1."""
    about = catalogue("modules")
    assert len(about["modules"]) == 13
    assert [area["label"]["en"] for area in about["areas"].values()] == [
        "Sales automation", "Contact management", "Marketing automation", "Customer service",
    ]  # fmt: skip
    for module in about["modules"].values():
        assert set(module["areas"]) <= set(about["areas"])
    assert {area for module in about["modules"].values() for area in module["areas"]} == set(about["areas"])


def test_lineage_is_three_predecessors_and_what_is_new():
    """Statement 3.2: history, coordination and central sales management came with CRM."""
    assert list(catalogue("modules")["lineage"]) == ["sfa", "sms", "css", "crm"]
    lineage = module_functions().set_index("function")["lineage"]
    for new in ("contact-history", "account-history", "time-departments", "sales-stages"):
        assert lineage[new] == "crm"
    assert set(lineage) == {"sfa", "sms", "css", "crm"}


def test_architecture_is_stand_alone_or_erp():
    """Statement 3.7."""
    answers = catalogue("modules")["architecture"]["answers"]
    assert list(answers) == ["stand-alone", "erp-module", "both", "unknown"]
    assert all(answer["source"] == "3.7" for answer in answers.values())


def test_rogers_categories_part_all_people():
    categories = catalogue("modules")["adopters"]["categories"]
    assert [round(one["high"] - one["low"], 3) for one in categories] == [0.025, 0.135, 0.34, 0.34, 0.16]
    assert [one["low"] for one in categories[1:]] == [one["high"] for one in categories[:-1]]
    assert (categories[0]["low"], categories[-1]["high"]) == (0.0, 1.0)


def texts(entry: Any) -> Iterator[dict[str, str]]:
    if isinstance(entry, dict):
        if "en" in entry:
            yield entry
        else:
            for value in entry.values():
                yield from texts(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from texts(value)


@pytest.mark.parametrize("name", ["modules", "ecrm"])
def test_every_text_is_in_the_letters_of_its_language(name):
    """A comma in an unquoted text would end it without a word."""
    seen = set()
    for text in texts(catalogue(name)):
        assert set(text) == {"en", "fa", "ru"}
        seen.add(text["en"])
        if text["en"].isascii():
            assert any("\u0600" <= letter <= "\u06ff" for letter in text["fa"])
            assert any("\u0400" <= letter <= "\u04ff" for letter in text["ru"])
        assert "ي" not in text["fa"]
        assert "ك" not in text["fa"]
    assert len(seen) > 60
