"""What is written: the same bytes twice, complete files, Word with real tables, HTML that needs nothing else."""

import os
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser

import docx
import pytest

from crmstudy.errors import OutputError, UnsupportedError
from crmstudy.report.document import Cell, Column, Document, Paragraph, Section, Table, phrase
from crmstudy.report.render.render import render
from crmstudy.report.telling.compose import compose


def _small(text="Text."):
    table = Table("t", phrase("T"), (Column("a", phrase("A")),), ((Cell(text),),))
    return Document(
        "Title", "en", "ltr", (Section("findings", phrase("S"), (Paragraph((phrase("{}", text),)), table)),)
    )


@pytest.mark.slow
def test_two_renders_are_byte_identical(told_folder, told_record, tmp_path):
    written = render(compose(told_record), tmp_path, ("html", "docx", "md"))
    names = {path.relative_to(tmp_path) for path in written}
    assert names == {path.relative_to(told_folder) for path in told_folder.rglob("*") if path.is_file()}
    different = [name for name in sorted(names) if (tmp_path / name).read_bytes() != (told_folder / name).read_bytes()]
    assert different == []


def test_no_clock_is_in_the_files(told_folder):
    with zipfile.ZipFile(told_folder / "report.docx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        names = archive.namelist()
        assert names[0] == "[Content_Types].xml"
        assert names[1:] == sorted(names[1:])
    for path in (told_folder / "figures").glob("*.svg"):
        assert "<dc:date>" not in path.read_text(encoding="utf-8")


def test_every_table_and_figure_has_its_files(told_folder, told_document):
    assert {path.stem for path in (told_folder / "tables").iterdir()} == {table.id for table in told_document.tables}
    for figure in told_document.figures:
        assert (told_folder / "figures" / f"{figure.id}.svg").read_bytes().startswith(b"<?xml")
        assert (told_folder / "figures" / f"{figure.id}.png").read_bytes().startswith(b"\x89PNG")


def test_word_holds_real_tables_with_captions_and_described_figures(told_folder, told_document):
    word = docx.Document(str(told_folder / "report.docx"))
    captions = [line.text for line in word.paragraphs if line.style.name == "Caption"]
    assert len(word.tables) == len(told_document.tables)
    assert sum(text.startswith("Table") for text in captions) == len(told_document.tables)
    assert captions[:2] == ["Table 1", "Table 2"]
    for table in word.tables:
        assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
        assert not table._tbl.xpath(".//w:tcBorders/w:left | .//w:tcBorders/w:right | .//w:tcBorders/w:insideV")
        assert table.rows[0]._tr.xpath(".//w:tcBorders/w:top")
        assert table.rows[-1]._tr.xpath(".//w:tcBorders/w:bottom")
    described = word.element.xpath("//wp:docPr/@descr")
    assert len(described) == len(told_document.figures)
    assert all(described)
    assert "PAGE" in "".join(word.sections[0].footer._element.xpath(".//w:instrText/text()"))
    assert word.core_properties.created.year == 2000


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.targets, self.tags, self.loads = [], [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"]] if values.get("id") else []
        if tag == "a" and values.get("href", "").startswith("#"):
            self.targets.append(values["href"][1:])
        self.loads += [values[name] for name in ("src", "srcset", "data") if values.get(name)]
        self.loads += [values["href"]] if tag in ("link", "image") and values.get("href") else []


def test_html_stands_alone_and_its_anchors_exist(told_folder):
    text = (told_folder / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    assert page.loads == []
    assert "url(http" not in text
    assert "@import" not in text
    assert len(page.ids) == len(set(page.ids)), "an id stands twice"
    assert set(page.targets) <= set(page.ids)
    assert page.tags.count("h1") == 1
    assert '<html lang="en" dir="ltr">' in text
    assert len(re.findall(r'<svg[^>]* role="img" aria-label="[^"]+"', text)) == page.tags.count("figure")


def test_text_of_a_study_is_never_markup(tmp_path):
    hostile = "<script>alert(1)</script> *a* | b"
    render(_small(hostile), tmp_path, ("html", "docx", "md"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert r"\<script\>" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert any(hostile in line.text for line in docx.Document(str(tmp_path / "report.docx")).paragraphs)


def test_direction_follows_the_document(tmp_path):
    render(replace(_small(), lang="fa", direction="rtl"), tmp_path, ("html",))
    assert '<html lang="fa" dir="rtl">' in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_unknown_formats_are_refused_together_and_nothing_is_written(tmp_path):
    with pytest.raises(UnsupportedError) as caught:
        render(_small(), tmp_path / "out", ("pdf", "html", "epub"))
    assert "'pdf'" in str(caught.value)
    assert "'epub'" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        render(_small(), tmp_path / "out")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere; Windows has other rights")
def test_a_folder_without_rights_is_refused(tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        render(_small(), tmp_path / "out")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    render(_small("old"), tmp_path, ("md",))

    def refuse(*args):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match="in use"):
        render(_small("new"), tmp_path, ("md",))
    assert "old" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_word_elements_stand_in_the_order_of_the_format(told_folder):
    """Word calls a file damaged when properties stand in another order."""
    word = docx.Document(str(told_folder / "report.docx"))
    orders = {
        "w:tblPr": ["tblStyle", "tblW", "jc", "tblInd", "tblLayout", "tblCellMar", "tblLook"],
        "w:pPr": ["pStyle", "keepNext", "keepLines", "numPr", "shd", "spacing", "ind", "jc", "rPr"],
        "w:tcPr": ["tcW", "gridSpan", "vMerge", "tcBorders", "shd"],
    }
    for name, order in orders.items():
        for properties in word.element.xpath(f"//{name}"):
            found = [child.tag.rsplit("}", 1)[1] for child in properties]
            assert set(found) <= set(order), found
            assert found == sorted(found, key=order.index)
