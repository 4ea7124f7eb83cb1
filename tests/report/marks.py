"""Walks a written report and lists where the mark of an inadmissible or failed analysis is missing."""

from __future__ import annotations

import re
from pathlib import Path

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

WORDS = re.compile(r"INADMISSIBLE|FAILED")
_TAGS = re.compile(r"<[^>]+>")
#: How lines of Markdown begin that are no sentences of a section: tables, notes, captions, pictures, boxes.
_APART = ("|", "*", "<sup>", "![", ">")
_FREE = {"Caption", "Table Note", "Table Title", "Table Text"}


def missing_in_html(page: str, names: dict[str, str]) -> list[str]:
    """Where the HTML lacks a mark; ``names`` are titles of the marked analyses by id."""
    lacking = [f"first page: {name}" for name in names if not _line_is_marked(_first_page(page), name)]
    for name in names:
        section = re.search(rf'<section aria-labelledby="analysis-{name}">(.*?)</section>', page, re.DOTALL)
        if section is None:
            lacking.append(f"{name}: no section")
            continue
        body = section[1]
        heading = re.search(r"<h2.*?</h2>", body, re.DOTALL)
        if heading is None or not WORDS.search(heading[0]):
            lacking.append(f"{name}: heading")
        tables = re.findall(r'<div class="table.*?</table>', body, re.DOTALL)
        figures = re.findall(r"<figure.*?</figure>", body, re.DOTALL)
        for kind, found in (("table", tables), ("figure", figures)):
            for part in found:
                caption = re.search(r'<p class="caption".*?</p>', part, re.DOTALL)
                if caption is None or not WORDS.search(caption[0]):
                    lacking.append(f"{name}: {kind} {_text(part)[:40]}")
        for figure in figures:
            label = re.search(r'role="img" aria-label="([^"]*)"', figure)
            if label is None or "<!-- INADMISSIBLE" not in figure or not WORDS.search(label[1]):
                lacking.append(f"{name}: drawing")
        rest = re.sub(r"<figure.*?</figure>|<table.*?</table>", "", body, flags=re.DOTALL)
        rest = re.sub(
            r'<div class="(notes|callout|model).*?</div>|<p class="caption".*?</p>', "", rest, flags=re.DOTALL
        )
        for line in re.findall(r"<(?:p|li)\b.*?</(?:p|li)>", rest, re.DOTALL):
            if re.search(r"\d", _text(line)) and not _text(line).strip().startswith("[INADMISSIBLE]"):
                lacking.append(f"{name}: sentence {_text(line)[:60]}")
    return lacking


def missing_in_docx(path: Path, names: dict[str, str]) -> list[str]:
    """Where the Word file lacks a mark."""
    word = docx.Document(str(path))
    lacking, current, captions = [], "", ""
    first_page = True
    lines: list[str] = []
    for block in word.iter_inner_content():
        if isinstance(block, Paragraph):
            style = block.style.name if block.style is not None else ""
            if style == "Heading 1":
                first_page = block.text == "What was found"
                current = next((name for name, title in names.items() if block.text.startswith(title)), "")
                if current and not WORDS.search(block.text):
                    lacking.append(f"{current}: heading")
            elif first_page:
                lines.append(block.text)
            if style == "Caption":
                captions = ""
            if style in ("Caption", "Table Title"):
                captions += block.text
            elif current:
                lacking += _paragraph(block, style, current, captions)
        elif isinstance(block, Table) and current and not WORDS.search(captions):
            lacking.append(f"{current}: table {captions}")
    return lacking + [f"first page: {name}" for name in names if not _line_is_marked("\n".join(lines), name)]


def _paragraph(block: Paragraph, style: str, current: str, captions: str) -> list[str]:
    lacking = []
    if block._p.xpath(".//pic:pic"):
        described = block._p.xpath(".//wp:docPr/@descr")
        if not WORDS.search(captions) or not WORDS.search(str(described)):
            lacking.append(f"{current}: figure {captions}")
    shaded = bool(block._p.xpath("./w:pPr/w:shd"))
    free = shaded or style in _FREE or style.startswith("Heading") or not re.search(r"\d", block.text)
    if not free and not block.text.startswith("[INADMISSIBLE]"):
        lacking.append(f"{current}: sentence {block.text[:60]}")
    return lacking


def missing_in_markdown(text: str, names: dict[str, str]) -> list[str]:
    """Where the Markdown lacks a mark."""
    lacking = []
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    first = next(part for part in parts if part.startswith("What was found"))
    for name, title in names.items():
        if not _line_is_marked(first, name):
            lacking.append(f"first page: {name}")
        section = next(part for part in parts if part.startswith(title))
        if not WORDS.search(section.splitlines()[0]):
            lacking.append(f"{name}: heading")
        for match in re.finditer(r"^\*\*(Table|Figure) \d+\*\*\n\n.*\n\n(.*)$", section, re.MULTILINE):
            if not WORDS.search(match[2]):
                lacking.append(f"{name}: {match[0][:30]}")
        for line in re.sub(r"^```.*?^```", "", section, flags=re.MULTILINE | re.DOTALL).splitlines()[1:]:
            if re.search(r"\d", line) and not line.startswith(_APART) and not WORDS.search(line):
                lacking.append(f"{name}: sentence {line[:60]}")
    return lacking


def missing_in_csv(folder: Path, names: dict[str, str]) -> list[str]:
    """Which CSV files of marked analyses do not say so in every row."""
    lacking = []
    for name in names:
        for path in sorted(folder.glob(f"{name}_*.csv")):
            head, *rows = path.read_text(encoding="utf-8").splitlines()
            if not head.endswith(",status") or not all(row.endswith(",inadmissible") for row in rows):
                lacking.append(path.name)
    return lacking


def _first_page(page: str) -> str:
    found = re.search(r'<section aria-labelledby="findings">(.*?)</section>', page, re.DOTALL)
    if found is None:
        return ""
    return "\n".join(_text(line) for line in re.findall(r"<li.*?</li>", found[1], re.DOTALL))


def _line_is_marked(lines: str, name: str) -> bool:
    """Every line of the first page that names an analysis (in any look) carries a mark, and there is one."""
    about = [line for line in lines.splitlines() if re.search(rf"(\(`?{name}`?|'{name}')", line)]
    return bool(about) and all(WORDS.search(line) for line in about)


def _text(html: str) -> str:
    return _TAGS.sub("", html).replace("\n", " ")
