"""Addresses: which are taken, which are the same, how they are stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.administration.inviting.addresses import address_digest, person_digest, read_address, same


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@bank.example", "ann@bank.example"),
        (" Ann.Lee+crm@Bank.Example ", "Ann.Lee+crm@bank.example"),
        ("\u200fann@bank.example\u200e", "ann@bank.example"),
        ("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"),
        ("o'neil@a-b.example", "o'neil@a-b.example"),
    ],
)
def test_addresses(text, address):
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "ann@", "@bank.example", "ann@bank", "a b@bank.example", "ann@bank..example", ".ann@bank.example",
        "ann@-bank.example", "ann@bank.example\nBcc: eve@x.example", "ann@bank.example\r\nX: y", "ann@bank.example>",
        '"ann"@bank.example', "ann@[10.0.0.1]", "ann@10.0.0.1", "ann@bank.example, eve@x.example", "анна@bank.example",
        "a" * 65 + "@bank.example", "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example", "ann\0@bank.example",
        "<ann@bank.example>", "ann@bank.example;eve@x.example", "a\u2028b@bank.example", "ann@ba\u0000nk.example",
    ],
)  # fmt: skip
def test_what_is_no_address(text):
    assert read_address(text) is None


@given(st.text(max_size=40) | st.from_regex(r"[^@]{1,9}@[^@]{1,12}\.[a-z]{2,5}"))
def test_whatever_is_taken_fits_one_header_line(text):
    address = read_address(text)
    if address is not None:
        assert address.isascii()
        assert address.isprintable()
        assert not set(address) & set(' <>,;:"\\()[]')
        assert read_address(address) == address


def test_capitals_do_not_make_another_mailbox():
    key = bytes(32)
    assert same("Ann@bank.example") == same("ann@bank.example")
    assert address_digest(key, "Ann@bank.example") == address_digest(key, "ann@bank.example")
    assert address_digest(key, "ann@bank.example") != address_digest(bytes(31) + b"1", "ann@bank.example")
    assert address_digest(key, "ann@bank.example") != person_digest(key, "ann@bank.example")
