"""A study in the field, made by hand, with a database of its own."""

import datetime as dt

import pytest

from crmstudy.administration.fieldwork import Fieldwork, Sample, Unit, Wave
from crmstudy.administration.inviting.issuing import Desk
from crmstudy.administration.keys import study_key
from crmstudy.administration.store.store import Store

UNITS = {
    "B1": Unit("B1", {"en": "Central branch", "fa": "شعبهٔ مرکزی", "ru": "Центральный филиал"}, "branch", "D1"),
    "B2": Unit("B2", {"en": "North branch", "fa": "شعبهٔ شمال", "ru": "Северный филиал"}, "branch", "D1"),
    "D1": Unit("D1", {"en": "District one", "fa": "منطقهٔ یک", "ru": "Первый округ"}, "district"),
}


def fieldwork_of(folder, mode="confidential", **more):
    """A study of staff and customers, in three languages."""
    waves = (Wave("w1", dt.date(2020, 1, 1), dt.date(2090, 5, 1)), Wave("w2", dt.date(2090, 6, 1), dt.date(2091, 5, 1)))
    given = {
        "folder": folder,
        "title": {"en": "Work and service 2027", "fa": "کار و خدمت ۱۴۰۵", "ru": "Работа и сервис 2027"},
        "languages": ("en", "fa", "ru"),
        "samples": {
            "staff": Sample("staff", "staff", (), entry="token", waves=waves, attributes=("dyad",)),
            "customers": Sample("customers", "customer", (), entry="both", waves=(Wave(),)),
        },
        "mode": mode,
        "k": 5,
        "notice": {"contact": dict.fromkeys(("en", "fa", "ru"), "survey@bank.example")},
        "levels": ("branch", "district"),
        "units": UNITS,
        "address": "https://survey.example.org",
    }
    return Fieldwork(**{**given, **more})


@pytest.fixture
def make_desk(tmp_path):
    """A maker of desks: (mode, sample, wave) -> where invitations are made, with an open database."""
    stores = []

    def make(mode="confidential", sample="staff", wave=0, **more):
        fieldwork = fieldwork_of(tmp_path / "study", mode, **more)
        fieldwork.folder.mkdir(exist_ok=True)
        store = Store.open(fieldwork.place)
        stores.append(store)
        chosen = fieldwork.samples[sample]
        key = study_key(fieldwork.place)
        return Desk(fieldwork, chosen, chosen.waves[wave], store, key, tmp_path / "letters")

    yield make
    for store in stores:
        store.close()
