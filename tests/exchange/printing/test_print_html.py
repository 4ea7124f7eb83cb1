"""The printed questionnaire as HTML: well nested, tied together, in its direction, harmless, the same bytes always."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crmstudy.errors import InstrumentError, OutputError, UnsupportedError
from crmstudy.exchange.printing.html import export_html, questionnaire_html, write_html
from crmstudy.exchange.questionnaires.formats import write_questionnaire
from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.instrument.load import parse_instrument
from tests.exchange.printing.hostile import HOSTILE, named

LIBRARY = list_instruments()
ASKED = [one for one in LIBRARY if one.wording != "none"]
SHEETS = [one for one in LIBRARY if one.wording == "none"]
VOID = {"meta", "input", "br", "link", "img", "hr"}
LARGEST = 400_000


class Page(HTMLParser):
    """The elements of a page with their ancestors; faults of nesting are kept."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str]]] = []
        self.found: list[tuple[str, dict[str, str], list[str]]] = []
        self.words: list[tuple[list[str], str]] = []
        self.faults: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag, _ in self.open]

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        self.faults += [f"{name} stands twice in <{tag}>" for name in set(names) if names.count(name) > 1]
        self.faults += [f"odd attribute {name!r}" for name in names if not re.fullmatch(r"[a-z-]+", name)]
        self.found.append((tag, dict(attributes), [name for name, _ in self.open]))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1][0] if self.open else 'nothing'}")
        else:
            self.open.pop()

    def handle_data(self, data):
        self.words.append(([name for name, _ in self.open], data))

    def all(self, tag):
        return [(attributes, above) for name, attributes, above in self.found if name == tag]

    @cached_property
    def text(self):
        return " ".join("".join(data for above, data in self.words if "style" not in above).split())


def page_of(instruments, lang):
    return parsed(questionnaire_html(instruments, lang))


def parsed(raw):
    """A page without its style sheet, which is long."""
    return Page(re.sub(r"(?s)<style>.*?</style>", "<style></style>", raw.decode("utf-8")))


@pytest.mark.parametrize("instrument", LIBRARY, ids=named)
def test_every_shipped_instrument_prints_in_every_language(instrument):
    for lang, language in instrument.languages.items():
        raw = questionnaire_html(instrument, lang)
        assert raw == questionnaire_html(instrument, lang)
        assert len(raw) < LARGEST
        page = parsed(raw)
        assert page.faults == []
        root = page.all("html")[0][0]
        assert (root["lang"], root["dir"]) == (lang, language.direction)
        for entry in instrument.entries:
            assert " ".join(instrument.text(entry.wording, lang).split()) in page.text, entry.id
        assert f"{instrument.id} {instrument.version}" in page.text
        assert instrument.fingerprint[:16] in page.text


@pytest.mark.parametrize("instrument", ASKED, ids=named)
def test_every_input_has_its_label_and_every_radio_its_question(instrument):
    page = page_of(instrument, next(iter(instrument.languages)))
    named_by = {attributes["for"] for attributes, _ in page.all("label") if "for" in attributes}
    ids = [attributes["id"] for _, attributes, _ in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes, above in page.all("input") + page.all("textarea"):
        assert "label" in above or attributes["id"] in named_by
        if attributes.get("type") == "radio":
            assert "fieldset" in above
    assert len(page.all("fieldset")) == len(page.all("legend"))
    names = [attributes["name"] for attributes, _ in page.all("input") if attributes["type"] == "radio"]
    closed = [item for item in instrument.items if len(item.response.values) <= 13]
    assert len(set(names)) >= len(closed)
    assert not any("role" in attributes for tag, attributes, _ in page.found if tag in ("fieldset", "label", "input"))


@pytest.mark.parametrize("instrument", ASKED, ids=named)
def test_nothing_comes_from_elsewhere_and_no_key_is_told(instrument):
    text = questionnaire_html(instrument, next(iter(instrument.languages))).decode("utf-8")
    page = parsed(text.encode("utf-8"))
    assert "default-src 'none'" in text
    assert not page.all("script") + page.all("link") + page.all("img") + page.all("a")
    assert re.findall(r"url\((?!\"data:)", text) == []
    for _, attributes, _ in page.found:
        assert {"src", "href", "action", "srcset"} & set(attributes) == set()
        assert not any(name.startswith("on") for name in attributes)
    main, _, about = text.partition('<section class="about">')
    assert instrument.rights.statement[:40] not in main
    assert html.escape(instrument.rights.statement, quote=False)[:40] in about.replace("&#34;", '"').replace(
        "&#39;", "'"
    )


def test_values_are_the_codes_of_the_data_file():
    page = page_of(load_instrument("demographics"), "fa")
    values = [attributes["value"] for attributes, _ in page.all("input") if attributes["type"] == "radio"]
    item = load_instrument("demographics").items[0]
    wanted = [*item.response.values, *item.response.missing_labels]
    assert values[: len(wanted)] == [str(value) for value in wanted]
    codes = [data for above, data in page.words if data.strip() in {str(value) for value in wanted} and "span" in above]
    assert codes[: len(wanted)] == [str(value) for value in wanted], "codes stay in Latin digits"
    assert "۱." in page.text
    assert re.search(r"\b[0-9]+\.", page.text.partition("demographics 1.0")[0]) is None


def test_rows_of_a_grid_from_right_to_left_keep_the_order_of_the_answers():
    raw = questionnaire_html(load_instrument("qwl-walton"), "fa").decode("utf-8")
    response = load_instrument("qwl-walton").items[0].response
    row = raw.split('class="row"')[1]
    assert re.findall(r'value="(\d)"', row) == ["1", "2", "3", "4", "5"]
    places = [row.index(response.label(value, "fa")) for value in (1, 5)]
    assert places == sorted(places)


def test_hostile_texts_come_out_as_text():
    instrument = parse_instrument(HOSTILE)
    page = page_of(instrument, "en")
    assert page.faults == []
    assert page.all("script") + page.all("i") + page.all("b") == []
    for entry in instrument.entries:
        assert entry.wording["en"] in page.text
    assert instrument.instructions["en"] in page.text
    assert instrument.rights.holder in page.text
    assert "49" not in page.text
    hard = [attributes for attributes, _ in page.all("input") if "required" in attributes]
    assert {attributes["value"] for attributes in hard} == {"1", "2", "3", "4", "5", "-9"}


def test_the_footer_of_a_sheet_is_a_harmless_string():
    instrument = parse_instrument(HOSTILE.replace('version: "1"', 'version: "1+a.b"'))
    text = questionnaire_html(instrument, "en").decode("utf-8")
    assert '"hostile 1\\2b a.b ' in text


def test_several_instruments_in_one_questionnaire():
    page = page_of([load_instrument("crm-sty"), load_instrument("qwl-walton"), load_instrument("demographics")], "ru")
    assert page.faults == []
    assert [f"Часть {n}" in page.text for n in (1, 2, 3, 4)] == [True, True, True, False]
    radios = {attributes["name"] for attributes, _ in page.all("input") if attributes["type"] == "radio"}
    assert len(radios) == 18 + 35 + 6


def test_the_heading_tells_nothing_of_what_is_measured_unless_asked_to():
    instrument = load_instrument("turnover-intention")
    main = questionnaire_html(instrument, "en").decode("utf-8").partition('<section class="about">')[0]
    assert instrument.name["en"] not in main
    assert "<h1>Staff &amp; work</h1>" in questionnaire_html(instrument, "en", title="Staff & work").decode("utf-8")


@pytest.mark.parametrize("instrument", SHEETS, ids=named)
def test_an_instrument_without_wording_gives_a_structure_sheet(instrument):
    page = page_of(instrument, "fa")
    assert page.faults == []
    assert page.all("fieldset") + page.all("input") == []
    rows = [above for _, above in page.all("tr") if "tbody" in above]
    assert len(rows) == len(instrument.entries) + len(instrument.scores)
    assert page.text.count("(معکوس)") == sum(item.reverse for item in instrument.items)
    with pytest.raises(InstrumentError, match="alone"):
        questionnaire_html([instrument, load_instrument("uwes9")], "fa")


def test_a_language_that_has_no_words_of_its_own_is_printed_with_english_ones():
    text = HOSTILE.replace("en:", "de:").replace("{de: {direction", "{de: {direction")
    raw = questionnaire_html(parse_instrument(text), "de").decode("utf-8")
    assert '<html lang="de" dir="ltr">' in raw
    assert '<p class="how" lang="en" dir="ltr">Please mark' in raw


def test_files_are_written_once_and_the_format_is_in_the_table(tmp_path):
    target = tmp_path / "form.html"
    log = write_html(load_instrument("uwes9"), target, "fa")
    assert log.files == [target]
    before = target.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        write_html(load_instrument("uwes9"), target, "ru")
    assert target.read_bytes() == before
    with pytest.raises(UnsupportedError, match="no texts in 'de'"):
        write_html(load_instrument("uwes9"), tmp_path / "other.html", "de")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["form.html"]
    write_questionnaire(load_instrument("uwes9"), tmp_path / "table.html", lang="fa")
    assert (tmp_path / "table.html").read_bytes() == before


def test_what_paper_cannot_do_is_logged():
    from crmstudy.exchange.export_log import ExportLog

    text = HOSTILE + "sections: [{id: all, items: [A1, A2, B1, B2, T, N], randomise: true}]\n"
    log = ExportLog("html")
    export_html(parse_instrument(text), log, None)
    assert [loss.where for loss in log] == ["hostile, section all"]


def axe() -> Path | None:
    """Where axe-core lies: in the folders Node looks in, or among npm's own packages."""
    places = [Path(place) for place in os.environ.get("NODE_PATH", "").split(os.pathsep) if place]
    npm = shutil.which("npm")
    if npm:
        told = subprocess.run(
            [npm, "root", "-g"], capture_output=True, text=True, timeout=60, check=False
        ).stdout.strip()
        places += [Path(told)] if told else []
    return next((p for place in places if (p := place / "axe-core" / "axe.min.js").is_file()), None)


ASK_AXE = """<script>axe.run(document).then(found => {
  const told = document.createElement("pre"); told.id = "told";
  const fits = document.documentElement.scrollWidth <= innerWidth;
  told.textContent = JSON.stringify([found.violations.map(v => [v.id, v.nodes[0].html]), found.passes.length, fits]);
  document.body.appendChild(told); });</script></body>"""


@pytest.mark.peer
@pytest.mark.parametrize(
    ("ids", "lang", "width"),
    [(["crm-sty", "recommendation", "demographics"], "fa", 1280), (["ecsi"], "ru", 500), (["jss"], "fa", 500)],
)
def test_axe_finds_nothing(tmp_path, ids, lang, width):
    chromium, script = shutil.which("chromium"), axe()
    if chromium is None or script is None:
        pytest.skip("needs chromium and the npm package axe-core")
    text = questionnaire_html([load_instrument(id) for id in ids], lang).decode("utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    tool = script.read_text(encoding="utf-8").replace("</script", "<\\/script")
    (tmp_path / "page.html").write_text(text.replace("</body>", f"<script>{tool}</script>{ASK_AXE}"), encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
               "--virtual-time-budget=60000", "--dump-dom", (tmp_path / "page.html").as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    told = re.search(r'<pre id="told">(.*?)</pre>', dom, re.DOTALL)
    assert told is not None
    violations, passes, fits = json.loads(html.unescape(told[1]))
    assert violations == []
    assert passes > 15
    assert fits, "something is wider than the window"
