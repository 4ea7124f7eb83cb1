"""Bands and norms of an instrument file: read, looked up, and every fault told at once with its line."""

from __future__ import annotations

import math

import pytest

from crmstudy.errors import InstrumentError
from crmstudy.instrument import read_instrument
from tests.instrument.test_instrument_load import GOOD

BANDS = """\
    bands:
      source: book
      ranges:
        - {from: 3, to: 6, label: {en: Low}}
        - {from: 7, to: 11, label: {en: Middle}}
        - {from: 12, to: 15, label: {en: High}}
"""
NORMS = """\
    norms:
      - {id: staff, population: {en: Bank staff}, n: 400, mean: 9.5, sd: 2.5, source: book,
         ranks: {3: 1, 6: 10, 9: 48, 12: 90}}
      - {id: managers, population: {en: Managers}, mean: 10, sd: 2, source: book}
"""
SUM = GOOD.replace("method: mean", "method: sum")


def written(folder, text):
    path = folder / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder, text):
    with pytest.raises(InstrumentError) as refused:
        read_instrument(written(folder, text))
    return refused.value.faults


@pytest.fixture
def scale(tmp_path):
    return read_instrument(written(tmp_path, SUM + BANDS + NORMS)).scales[0]


def test_they_are_read(scale):
    assert scale.range == (3, 15)
    assert [band.label["en"] for band in scale.bands.bands] == ["Low", "Middle", "High"]
    assert scale.bands.source == "book"
    assert [norm.id for norm in scale.norms] == ["staff", "managers"]
    assert scale.norms[0].n == 400
    assert scale.norms[0].ranks == {3: 1, 6: 10, 9: 48, 12: 90}


@pytest.mark.parametrize(
    ("score", "name"),
    [(3, "Low"), (6, "Low"), (6.5, "Low"), (7, "Middle"), (11.999, "Middle"), (12, "High"), (15, "High"), (2, None)],
)
def test_a_score_belongs_to_the_band_it_has_reached(scale, score, name):
    found = scale.bands.band_of(score)
    assert (found.label["en"] if found else None) == name
    assert scale.bands.band_of(math.nan) is None


def test_t_scores_and_ranks(scale):
    staff, managers = scale.norms
    assert staff.t_score(12.0) == 60.0
    assert managers.t_score(8.0) == 40.0
    assert [staff.percentile(score) for score in (3, 5.9, 6, 9.5, 15)] == [1, 1, 10, 48, 90]
    assert math.isnan(staff.percentile(2))
    assert math.isnan(managers.percentile(9))
    assert math.isnan(staff.t_score(math.nan))


def test_bands_of_a_mean_may_touch(tmp_path):
    ranges = "[{from: 1, to: 2.33, label: {en: Low}}, {from: 2.34, to: 5, label: {en: High}}]"
    text = GOOD + f"    bands: {{source: book, ranges: {ranges}}}\n"
    assert len(read_instrument(written(tmp_path, text)).scales[0].bands.bands) == 2
    touching = text.replace("2.34", "2.33")
    found = read_instrument(written(tmp_path, touching)).scales[0].bands
    assert found.band_of(2.33).label["en"] == "High"


def test_unverified_ones_are_listed(tmp_path):
    text = SUM + (BANDS + NORMS).replace("source: book", "unverified: true")
    names = read_instrument(written(tmp_path, text)).unverified
    assert {"alpha: bands", "alpha: norms staff", "alpha: norms managers"} <= set(names)


def test_the_fingerprint_does_not_change(tmp_path):
    plain = read_instrument(written(tmp_path, SUM)).fingerprint
    assert read_instrument(written(tmp_path, SUM + BANDS + NORMS)).fingerprint == plain


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      source: book\n      ranges", "      ranges", "does not say where it comes from"),
        ("source: book\n      ranges", "source: boook\n      ranges", "there is no source 'boook'"),
        ("{from: 7, to: 11", "{from: 8, to: 11", "leave a gap"),
        ("{from: 7, to: 11", "{from: 6, to: 11", "overlap"),
        ("{from: 7, to: 11", "{from: 1, to: 11", "ascending"),
        ("{from: 7, to: 11", "{from: 11, to: 7", "from must not be above to"),
        ("{from: 3, to: 6", "{from: 4, to: 6", "begin at 4, but scores begin at 3"),
        ("to: 15", "to: 14", "end at 14, but scores end at 15"),
        ("to: 15", "to: high", "must be a number"),
        ("to: 15", "to: .inf", "must be a number"),
        ("label: {en: High}", "label: {fa: High}", "fa"),
        ("label: {en: High}", "name: High", "unknown key 'name'"),
        ("mean: 10, sd: 2,", "mean: 10,", "mean and sd together"),
        ("mean: 10, sd: 2,", "mean: 10, sd: 0,", "must be above 0"),
        ("mean: 10, sd: 2,", "", "neither mean and sd nor ranks"),
        ("id: managers", "id: staff", "defined twice"),
        ("9: 48", "9: 5", "fall from 10 at 6 to 5 at 9"),
        ("9: 48", "9: 480", "from 0 to 100"),
        ("9: 48", "nine: 48", "belongs to a score"),
        ("sd: 2, source: book", "sd: 2", "does not say where it comes from"),
    ],
)
def test_faults(tmp_path, old, new, said):
    text = SUM + BANDS + NORMS
    assert old in text
    found = faults(tmp_path, text.replace(old, new, 1))
    (told, *_) = [fault for fault in found if said in str(fault)]
    assert told.line is not None


def test_all_faults_at_once(tmp_path):
    text = SUM + BANDS.replace("from: 7", "from: 9").replace("to: 15", "to: 14") + NORMS.replace("sd: 2,", "")
    assert len(faults(tmp_path, text)) == 3


def test_no_ranges(tmp_path):
    found = faults(tmp_path, SUM + "    bands: {source: book, ranges: []}\n")
    assert "no ranges" in str(found[0])
