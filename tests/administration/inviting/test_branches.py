"""Signed links hold for the unit and sample they were made for, and for nothing else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.administration.inviting.branches import (
    read_branch,
    read_kiosk,
    sign_branch,
    sign_kiosk,
    signed_link,
    token_link,
)
from crmstudy.administration.keys import SIGNS

KEY, OTHER = bytes(32), bytes(31) + b"\1"
words = st.text(max_size=20)


@given(words, words)
def test_a_signature_is_read_back(sample, unit):
    assert read_branch(KEY, sample, sign_branch(KEY, sample, unit)) == unit
    assert read_kiosk(KEY, sample, sign_kiosk(KEY, sample, unit)) == unit


@given(words, words, words, words)
def test_a_signature_holds_for_nothing_else(sample, unit, other, another):
    signed = sign_branch(KEY, sample, unit)
    if other != sample:
        assert read_branch(KEY, other, signed) is None
    if another != unit:
        assert read_branch(KEY, sample, f"{another}.{signed.rpartition('.')[2]}") is None
    assert read_branch(OTHER, sample, signed) is None
    assert read_kiosk(KEY, sample, signed) is None


def test_sample_and_unit_cannot_be_shifted_into_each_other():
    assert read_branch(KEY, "ab", "c." + sign_branch(KEY, "a", "bc").rpartition(".")[2]) is None


def test_every_changed_sign_is_noticed():
    signed = sign_branch(KEY, "customers", "B1")
    for place in range(len(signed)):
        for sign in SIGNS + ".":
            changed = signed[:place] + sign + signed[place + 1 :]
            if changed != signed:
                assert read_branch(KEY, "customers", changed) is None


@given(st.text(max_size=60) | st.just("B1." + "0" * 10**5))
def test_nothing_else_is_read(text):
    assert read_branch(KEY, "customers", text) is None


@pytest.mark.parametrize("unit", ["B1", "شعبهٔ یک", "a&b=c?d#e", "x.y", ""])
def test_links_carry_whatever_a_unit_is_called(unit):
    link = signed_link("https://survey.example.org", KEY, "branch", "customers", unit)
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "survey.example.org", "/s/customers")
    assert read_branch(KEY, "customers", parse_qs(parts.query)["b"][0]) == unit
    kiosk = signed_link("https://survey.example.org", KEY, "kiosk", "customers", unit)
    assert read_kiosk(KEY, "customers", parse_qs(urlsplit(kiosk).query)["k"][0]) == unit
    assert token_link("https://survey.example.org", "staff", "ABC") == "https://survey.example.org/s/staff?t=ABC"
