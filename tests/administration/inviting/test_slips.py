"""Slips and posters: what stands on them, in three languages, and squares that hold the link."""

import re

import pytest

from crmstudy.administration.fieldwork import Unit
from crmstudy.administration.inviting.slips import SLIPS_A_PAGE, Slip, poster, qr_svg, slip_sheet
from crmstudy.administration.keys import grouped, new_secret
from tests.administration.inviting.conftest import fieldwork_of

segno = pytest.importorskip("segno")


def slips_of(n):
    return [
        Slip(str(i), code, f"https://survey.example.org/s/staff?t={code}")
        for i in range(1, n + 1)
        for code in [new_secret()]
    ]


def sheet(fieldwork, unit, slips, lang, **more):
    sample = fieldwork.samples["staff"]
    return slip_sheet(fieldwork, sample, sample.waves[0], unit, slips, lang, **{"pdf": False, **more})


@pytest.mark.parametrize(
    ("lang", "head", "number", "page", "direction"),
    [
        ("en", "Central branch: access slips (11)", "No. 11", "Page 2 of 2", "ltr"),
        ("fa", "شعبهٔ مرکزی: ۱۱ برگهٔ دسترسی", "شمارهٔ ۱۱", "صفحهٔ ۲ از ۲", "rtl"),
        ("ru", "Центральный филиал: талоны доступа, 11 шт.", "№ 11", "Страница 2 из 2", "ltr"),
    ],
)
def test_sheets(tmp_path, lang, head, number, page, direction):
    slips = slips_of(11)
    html = sheet(fieldwork_of(tmp_path), "B1", slips, lang)["html"].decode()
    assert f'<html lang="{lang}" dir="{direction}">' in html
    for said in (head, number, page, "survey.example.org/s/staff"):
        assert said in html
    assert html.count('class="sheet"') == 2
    assert html.count('class="slip"') == 11
    assert all(html.count(grouped(slip.secret)) == 1 and qr_svg(slip.link) in html for slip in slips)
    assert not any(slip.secret in html for slip in slips)  # the link stands in the square only
    assert not re.search(r'(src|href)="?http|url\((?!"data:)', html)  # nothing is loaded from anywhere
    assert SLIPS_A_PAGE == 8


def test_a_square_holds_its_link():
    link = f"https://survey.example.org/s/staff?t={new_secret()}"
    svg = qr_svg(link)
    assert svg.startswith("<svg")
    assert segno.make(link, error="m", micro=False).symbol_size(border=4)[0] == int(
        re.search(r'viewBox="0 0 (\d+)', svg)[1]
    )
    assert svg != qr_svg(link[:-1] + ("0" if link[-1] != "0" else "1"))


def test_words_of_a_study_are_words(tmp_path):
    evil = "<script>alert(1)</script>"
    units = {"B1": Unit("B1", {"en": evil}, "branch")}
    fieldwork = fieldwork_of(tmp_path, units=units, title={"en": evil}, notice={"contact": {"en": evil}})
    made = sheet(fieldwork, "B1", slips_of(1), "en")["html"].decode()
    made += poster(
        fieldwork, fieldwork.samples["customers"].waves[0], "B1", "https://x.example/?b=1", ["en"], pdf=False
    )["html"].decode()
    assert "<script" not in made
    assert "&lt;script&gt;" in made


def test_the_hint_fits_the_mode(tmp_path):
    anonymous = sheet(fieldwork_of(tmp_path, "anonymous"), "B1", slips_of(1), "en")["html"].decode()
    named = sheet(fieldwork_of(tmp_path, "confidential"), "B1", slips_of(1), "en")["html"].decode()
    assert "Do not note who has which" in anonymous
    assert "Do not note who has which" not in named


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_pdf(tmp_path, lang):
    pytest.importorskip("typst")
    made = sheet(fieldwork_of(tmp_path), "B1", slips_of(9), lang, pdf=True)
    assert made["pdf"].startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", made["pdf"])) == 2


def test_posters_speak_several_languages(tmp_path):
    pytest.importorskip("typst")
    fieldwork = fieldwork_of(tmp_path)
    wave = fieldwork.samples["customers"].waves[0]
    made = poster(fieldwork, wave, "B2", "https://survey.example.org/s/customers?b=B2.X", ["fa", "ru", "en"], pdf=True)
    html = made["html"].decode()
    for said in ("شعبهٔ شمال", "Северный филиал", "North branch", 'dir="rtl"', "s/customers?b=B2.X"):
        assert said in html
    assert len(re.findall(rb"/Type\s*/Page\b", made["pdf"])) == 3
