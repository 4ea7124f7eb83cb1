"""The library that ships: every file passes lint, loads quickly, reads back what it writes, and keeps its ids apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from crmstudy import letters
from crmstudy.instrument import lint, list_instruments, load_instrument, read_instrument
from crmstudy.instrument.library import glossary, library_folders, shared_sets
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.writing import write_yaml

FOLDER = next(folder for folder in library_folders() if folder.name == "instruments")
FILES = sorted(FOLDER.glob("*.yaml"))
NAMES = [path.stem for path in FILES]
#: What the library promises to hold.
PROMISED = {
    "crm-sty", "crm-csf", "crm-rip", "crm-benefits", "crm-failure", "crm-strategy", "customer-culture", "data-quality",
    "crm-commitment", "switching-ease", "relationship-attachment", "tam", "utaut", "soco", "qwl-walton", "qwl-sirgy",
    "niosh-qwl", "wrqol", "rfc-holt", "oric", "tcm-acs", "moaq-jss", "jss", "uwes9", "turnover-intention",
    "staff-profile", "employer-brand", "crm-tasks", "loy-zbp", "ecsi", "satisfaction", "kmv", "recommendation",
    "demographics",
}  # fmt: skip


@pytest.fixture(scope="module")
def library():
    return list_instruments()


def test_everything_promised_is_there(library):
    assert {one.id for one in library} >= PROMISED
    assert {(one.id, one.version) for one in library} >= {("crm-sty", "21"), ("qwl-walton", "20")}
    assert len(load_instrument("crm-sty").items) == 18
    assert len(load_instrument("qwl-walton").items) == 35


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_each_file_passes_lint(path):
    assert [str(note) for note in lint(read_instrument(path)) if note.level == "warning"] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_each_file_reads_back_what_it_writes(path):
    one = read_instrument(path)
    again = parse_instrument(write_yaml(one))
    assert again == one
    assert again.fingerprint == one.fingerprint


def test_each_file_has_its_texts_in_three_languages_or_says_why_not(library):
    for one in library:
        assert one.wording in ("paraphrase", "none"), one.id  # nothing that ships is the published wording
        assert list(one.languages) == ["en", "fa", "ru"]
        assert {language.status for language in one.languages.values()} == {"draft"}
        if one.wording == "none":
            assert one.rights.status in ("commercial", "permission", "free-research"), one.id
            continue
        for entry in one.entries:
            assert all(entry.wording[tag].strip() for tag in ("en", "fa", "ru")), (one.id, entry.id)


def test_ids_are_kept_apart(library):
    homes = defaultdict(set)
    for one in library:
        for id in (*(entry.id for entry in one.entries), *(score.id for score in one.scores)):
            homes[id].add(one.id)
    assert {id: found for id, found in homes.items() if len(found) > 1} == {}
    for one in library:
        for entry in one.entries:
            assert entry.id.isascii()
            assert entry.id.isalnum()
            assert len(entry.id) <= 10


def test_no_two_instruments_ask_the_same_sentence(library):
    """Scales that share a sentence would overlap by their making; versions of one instrument may."""
    for tag in ("en", "fa", "ru"):
        homes = defaultdict(set)
        for one in library:
            for entry in one.entries:
                if entry.wording.get(tag):
                    homes[letters.key(one.text(entry.wording, tag))].add(one.id)
        assert {text: found for text, found in homes.items() if len(found) > 1} == {}


def test_every_score_has_its_term_in_the_glossary(library):
    terms = glossary()
    used = Counter(score.construct for one in library for score in one.scores)
    assert "" not in used
    assert set(used) <= set(terms)
    for tag in ("fa", "ru"):  # one term a construct, and no term for two
        twice = [name for name, times in Counter(term.names[tag] for term in terms.values()).items() if times > 1]
        assert twice == []


def test_shared_answer_sets_are_complete():
    for name, declared in shared_sets().items():
        values = range(declared["low"], declared["high"] + 1)
        labels = declared["labels"]
        ends = {declared["low"], declared["high"]}
        assert set(labels) in (set(values), ends), name
        for texts in labels.values():
            assert set(texts) == {"en", "fa", "ru"}, name
        for tag in ("en", "fa", "ru"):
            assert len({texts[tag] for texts in labels.values()}) == len(labels), (name, tag)


def test_files_are_named_by_id_and_version():
    for path in FILES:
        one = read_instrument(path)
        assert path.stem in (one.id, f"{one.id}-{one.version}"), path.name
    assert isinstance(FOLDER, Path)
