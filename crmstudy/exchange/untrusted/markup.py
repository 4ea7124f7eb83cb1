"""XML and JSON that nobody vouches for: no document types, no bottomless nesting, faults with their line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from crmstudy.errors import DataError, Fault
from crmstudy.quoting import shown

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEEPEST = 100
#: Brackets, and texts whole (also one without an end), in which brackets mean nothing.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{\]}]', re.DOTALL)
_HALF = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
_LOW_HALF = re.compile(r"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def read_xml(raw: bytes, file: str) -> Element:
    """The root element of an XML file.

    Raises
    ------
    DataError
        When it is not well formed (with the line), declares a document type, or is nested more than 100 deep.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        _check_depth(raw, file)
        root: Element = fromstring(raw, forbid_dtd=True)
    except DataError:
        raise
    except DefusedXmlException:
        raise DataError(Fault(_declares("the file"), file)) from None
    except expat.ExpatError as error:
        raise DataError(Fault(_ill_formed(expat.ErrorString(error.code)), file, error.lineno)) from None
    except SyntaxError as error:  # xml.etree.ElementTree.ParseError
        raise DataError(Fault(_ill_formed(error.msg), file, getattr(error, "position", (None,))[0])) from None
    except (ValueError, LookupError) as error:
        raise DataError(Fault(_ill_formed(str(error)), file)) from None
    return root


def _ill_formed(said: str) -> str:
    return f"this is no well-formed XML ({shown(said, 100)}); export it again from the program it comes from."


def _declares(what: str) -> str:
    return (
        f"{what} declares a document type or entities, with which it could be expanded without end or read other "
        "files; it was not opened. Export it again from the program it comes from."
    )


def _check_depth(raw: bytes, file: str) -> None:
    """Refuse what is nested deeper than anything a survey program writes, and any document type."""
    parser = expat.ParserCreate()
    depth = 0

    def open_element(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            message = f"the elements are nested more than {DEEPEST} deep; this is no export of a survey program."
            raise DataError(Fault(message, file, parser.CurrentLineNumber))

    def close_element(*_: object) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: object) -> None:
        raise DataError(Fault(_declares("the file"), file, parser.CurrentLineNumber))

    parser.StartElementHandler = open_element
    parser.EndElementHandler = close_element
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(raw, True)


def read_json(raw: bytes, file: str) -> Any:
    """The value in a JSON file (UTF-8).

    Raises
    ------
    DataError
        When it is not UTF-8 or not JSON (with the line), nested more than 100 deep, or holds half characters or numbers
        beyond all bounds.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            Fault(f"the file is not UTF-8 (byte {error.start + 1}); save it as UTF-8.", file, line)
        ) from None
    depth = 0
    for token in _TOKENS.finditer(raw):
        sign = token[0][:1]
        depth += (sign in b"[{") - (sign in b"]}")
        if depth > DEEPEST:
            line = raw[: token.start()].count(b"\n") + 1
            message = f"the values are nested more than {DEEPEST} deep; this is no export of a survey program."
            raise DataError(Fault(message, file, line))
    if _lone_half(text):
        raise DataError(Fault("a text holds half of a character; export the file again.", file))
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        message = f"this is no JSON ({shown(error.msg, 100)}); export it again from the program it comes from."
        raise DataError(Fault(message, file, error.lineno)) from None
    except (ValueError, RecursionError) as error:
        message = f"this is no JSON ({shown(error, 100)}); export it again from the program it comes from."
        raise DataError(Fault(message, file)) from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _lone_half(text: str) -> bool:
    """Whether an escape stands for half of a character only."""
    if "\\ud" not in text.lower():
        return False
    return bool(_HALF.search(text) or _LOW_HALF.search(text))
