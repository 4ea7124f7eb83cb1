"""Instrument → XLSForm, LimeSurvey's TSV, REDCap → instrument: nothing is lost, whatever stands in the texts."""

from __future__ import annotations

import pytest

from crmstudy.exchange.export_log import ExportLog
from crmstudy.exchange.questionnaires import taking_apart
from crmstudy.exchange.questionnaires.formats import FORMATS
from crmstudy.instrument import list_instruments
from crmstudy.instrument.load import from_mapping
from tests.exchange.made_instruments import ODD, made

#: How many made instruments a plain run and a run with ``-m slow`` take through each format.
FEW, ALL = 40, 500
READERS = {
    "xlsform": (taking_apart.xlsform, "form.xlsx"),
    "limesurvey": (taking_apart.limesurvey, "survey.txt"),
    "redcap": (taking_apart.redcap, "dictionary.csv"),
    "yaml": (taking_apart.yaml, "instrument.yaml"),
    "json": (taking_apart.json, "instrument.json"),
}


def there_and_back(instrument, format, lang=None):
    """The instrument that a file of it gives, which must have nothing to say about changes or losses."""
    read, name = READERS[format]
    told = read(FORMATS[format].write(instrument, ExportLog(), lang), name)
    assert (told["unsure"], told["left_out"], told["carried"]) == ([], [], True)
    return from_mapping(told["instrument"], name)


def check(format, seeds):
    for seed in seeds:
        instrument = made(seed)
        assert there_and_back(instrument, format) == instrument, f"seed {seed}"


@pytest.mark.parametrize("format", ["xlsform", "limesurvey"])
def test_made_instruments_come_back_equal(format):
    check(format, range(FEW))


@pytest.mark.parametrize("format", ["redcap", "yaml", "json"])
def test_made_instruments_come_back_equal_from_the_other_formats(format):
    check(format, range(15))


@pytest.mark.slow
@pytest.mark.parametrize("format", ["xlsform", "limesurvey", "redcap"])
def test_500_made_instruments_come_back_equal(format):
    check(format, range(ALL))


def test_what_is_made_has_everything_an_instrument_may_have():
    """The proof is worth as much as what goes into it."""
    all_of_them = [made(seed) for seed in range(FEW)]
    text = "\n".join(w for one in all_of_them for entry in one.entries for w in entry.wording.values())
    assert {len(one.languages) for one in all_of_them} == {1, 2, 3, 4}
    assert max(len(one.entries) for one in all_of_them) > 50
    assert {q.type for one in all_of_them for q in one.questions} == {
        "multi",
        "rank",
        "info",
        "integer",
        "decimal",
        "text",
        "longtext",
        "date",
    }
    assert any(i.reverse for one in all_of_them for i in one.items)
    assert any(i.slider for one in all_of_them for i in one.items)
    assert any(q.top for one in all_of_them for q in one.questions)
    assert any(one.slots for one in all_of_them)
    assert any(i.expected is not None for one in all_of_them for i in one.items)
    assert any(r.missing_labels for one in all_of_them for r in one.responses.values())
    assert any(one.higher_order for one in all_of_them)
    assert any(one.sections for one in all_of_them)
    assert any(r.measure == "nominal" for one in all_of_them for r in one.responses.values())
    assert {one.wording for one in all_of_them} == {"paraphrase", "published", "none"}
    assert sum(odd in text for odd in ODD) >= 55
    assert max(len(w) for one in all_of_them for i in one.items for w in i.wording.values()) > 3000


@pytest.mark.parametrize("format", ["xlsform", "limesurvey", "redcap"])
def test_the_library_comes_back_equal(format):
    for instrument in list_instruments():
        assert there_and_back(instrument, format) == instrument, instrument.id


@pytest.mark.parametrize("format", ["xlsform", "limesurvey", "redcap"])
def test_a_file_in_one_language_carries_the_others(format):
    instrument = next(one for one in map(made, range(100)) if len(one.languages) == 4)
    for lang in instrument.languages:
        assert there_and_back(instrument, format, lang) == instrument


@pytest.mark.parametrize("format", ["xlsform", "limesurvey", "redcap", "yaml", "json"])
def test_the_same_instrument_gives_the_same_bytes(format):
    instrument = made(4)
    first, second = (FORMATS[format].write(instrument, ExportLog(), None) for _ in range(2))
    assert first == second
