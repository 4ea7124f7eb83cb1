"""Texts with markup, as survey programs keep them, as plain text; and plain text as such a text."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from crmstudy.exchange.questionnaires.seen import one_line

_BREAKS = frozenset(
    ("p", "div", "br", "li", "ul", "ol", "table", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "option")
)
_UNSEEN = frozenset(("script", "style", "head", "title", "template"))
_ENTITY = re.compile(r"&(?=[#\w])")
_INLINE = re.compile(r"</?(?:a|b|em|font|i|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>", re.IGNORECASE)
_TAGS = re.compile(r"</?(?:br|div|h[1-6]|hr|li|ol|p|ul)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MARKUP = re.compile(r"[<&]")
#: What a spreadsheet, or the importer of LimeSurvey, could take for something else at the head of a cell.
_HEADS = "=+-@\"'"


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self.unseen += 1
        elif tag in _BREAKS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag in _BREAKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(data)


def text_of(markup: str) -> str:
    """The text a reader sees of markup: without tags, with its entities as characters, in one line."""
    if not _MARKUP.search(markup):
        return one_line(markup)
    if "<" not in markup:
        return one_line(unescape(markup))
    end = markup.rfind(">") + 1  # what is begun behind the last > is no tag, and looking for its end takes long
    parser = _Plain()
    parser.feed(markup[:end])
    parser.close()
    rest = "" if parser.unseen else unescape(markup[end:])
    return one_line("".join(parser.parts) + rest)


def without_tags(text: str) -> str:
    """A text without the few tags that forms show as markup; every other sign stays, also ``a < b``."""
    return one_line(_TAGS.sub(" ", _INLINE.sub("", text))) if "<" in text else one_line(text)


def markup_of(text: str) -> str:
    """A text in which no character is taken for markup, an expression or a formula; :func:`text_of` gives it back."""
    made = _ENTITY.sub("&amp;", one_line(text)).replace("<", "&lt;").replace("{", "&#123;").replace("}", "&#125;")
    return f"&#{ord(made[0])};{made[1:]}" if made[:1] and made[0] in _HEADS else made
