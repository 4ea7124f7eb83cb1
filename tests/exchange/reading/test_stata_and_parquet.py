"""Stata and Parquet files: what they hold arrives, and what they cannot mean is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import sys

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import DataError, MissingExtraError
from crmstudy.exchange import read_responses
from crmstudy.exchange.stamps import write_stamp
from crmstudy.instrument import load_instrument
from tests.instrument.test_instrument_load import GOOD


@pytest.fixture
def tiny(tmp_path):
    """Items A1, A2 (reversed), A3 on 1 to 5 with the missing code 9; the scale alpha."""
    path = tmp_path / "tiny.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return load_instrument(path)


@pytest.fixture
def frame():
    """Answers, a text and a moment."""
    return pd.DataFrame(
        {
            "A1": [1.0, 2.0, np.nan],
            "A2": [5, 9, 3],
            "A3": np.array([1, 2, 3], dtype="int8"),
            "city": ["تهران می‌رود", "", "Казань"],
            "when": pd.to_datetime(["2026-03-21 10:11:12", None, "1959-12-31 00:00:01"], format="%Y-%m-%d %H:%M:%S"),
        }
    )


@pytest.mark.parametrize("version", [117, 118, 119])
def test_what_pandas_writes_for_stata_is_read(tmp_path, tiny, frame, version):
    if version == 117:
        frame = frame.assign(city=["Tehran", "", "Ufa"])
    path = tmp_path / "a.dta"
    stamp = write_stamp([tiny], room=80)
    labels = {"A3": {1: "Never", 5: "Always"}}
    frame.to_stata(
        path, version=version, write_index=False, data_label=stamp, value_labels=labels, variable_labels={"A1": "One"}
    )
    responses = read_responses(path, instruments=[tiny])
    assert responses.values["A1"].fillna(0).tolist() == [1.0, 2.0, 0.0]
    assert responses.values["A2"].fillna(0).tolist() == [1.0, 0.0, 3.0]
    assert responses.codes["A2"].to_dict() == {1: 9.0}
    assert responses.frame["city"].fillna("").tolist() == frame["city"].tolist()
    assert responses.frame["when"].fillna("").tolist() == ["2026-03-21 10:11:12", "", "1959-12-31 00:00:01"]
    assert responses.meanings["A3"].labels == {1: "Never", 5: "Always"}
    assert [note.code for note in responses.notes] == ["RESPONSES_MISSING_CODES"]


def test_a_cut_fingerprint_is_compared_as_far_as_it_goes(tmp_path, tiny, frame):
    stamp = write_stamp([tiny], room=40)
    assert len(stamp) <= 40
    path = tmp_path / "a.dta"
    frame.to_stata(path, version=118, write_index=False, data_label=stamp)
    assert read_responses(path, instruments=[tiny]).n == 3
    frame.to_stata(path, version=118, write_index=False, data_label=stamp[:-1] + ("0" if stamp[-1] != "0" else "1"))
    with pytest.raises(DataError, match="the same number of version, but another key"):
        read_responses(path, instruments=[tiny])


def test_days_of_stata_are_days(tmp_path, frame):
    path = tmp_path / "a.dta"
    frame[["when"]].to_stata(path, version=118, write_index=False, convert_dates={"when": "td"})
    assert read_responses(path).frame["when"].fillna("").tolist() == ["2026-03-21", "", "1959-12-31"]


def test_what_is_no_dta_is_said(tmp_path):
    path = tmp_path / "a.dta"
    for raw in (b"", b"<stata_dta>", b"PK\x03\x04 and so on"):
        path.write_bytes(raw)
        with pytest.raises(DataError, match="damaged"):
            read_responses(path)


def test_parquet_is_read(tmp_path, tiny, frame):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    pq = pytest.importorskip("pyarrow.parquet")
    day = dt.date(2026, 3, 21)
    columns = {
        "A1": pa.array([1, None, 5], pa.int16()),
        "A2": pa.array([1.5, 9.0, float("nan")], pa.float32()),
        "A3": pa.array(["1", "2", None]).dictionary_encode(),
        "yes": pa.array([True, False, None]),
        "money": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3")]),
        "city": pa.array(["می‌رود", None, "Уфа"], pa.large_string()),
        "day": pa.array([day, None, day]),
        "none": pa.nulls(3),
    }
    labelled = pa.schema(
        [
            pa.field(name, column.type, metadata={"label": "One"} if name == "A1" else None)
            for name, column in columns.items()
        ],
        metadata={"crmstudy": write_stamp([tiny])},
    )
    pq.write_table(pa.table(columns, schema=labelled), tmp_path / "a.parquet")
    responses = read_responses(tmp_path / "a.parquet", instruments=[tiny])
    assert responses.frame["A1"].fillna(0).tolist() == [1.0, 0.0, 5.0]
    assert responses.frame["A2"].fillna(0).tolist() == [1.5, 0.0, 0.0]
    assert responses.frame["A3"].fillna(0).tolist() == [1.0, 2.0, 0.0]
    assert responses.frame["yes"].fillna(-1).tolist() == [1.0, 0.0, -1.0]
    assert responses.frame["money"].fillna(0).tolist() == [1.25, 0.0, -3.0]
    assert responses.frame["city"].fillna("").tolist() == ["می‌رود", "", "Уфа"]
    assert responses.frame["day"].fillna("").tolist() == ["2026-03-21", "", "2026-03-21"]
    assert responses.frame["none"].isna().all()
    assert responses.meanings["A1"].label == "One"


def test_the_row_labels_of_pandas_are_no_column(tmp_path, frame):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    frame.set_axis(["x", "y", "z"]).to_parquet(tmp_path / "a.parquet")
    responses = read_responses(tmp_path / "a.parquet")
    assert list(responses.frame.columns) == list(frame.columns)
    assert responses.frame["when"].tolist()[0] == "2026-03-21 10:11:12"


def test_parquet_of_other_things_and_other_keys_is_refused(tmp_path, tiny):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"A1": [1], "A2": [1], "A3": [2], "list": [[1, 2]], "map": [{"a": 1}], "raw": [b"x"]}), path
    )
    with pytest.raises(DataError) as caught:
        read_responses(path, instruments=[tiny])
    said = [fault.message for fault in caught.value.faults]
    assert [message.split(" holds ")[0] for message in said] == [
        "the column 'list'",
        "the column 'map'",
        "the column 'raw'",
    ]
    stamped = pa.table({"A1": [1], "A2": [1], "A3": [2]}).replace_schema_metadata(
        {"x": "crmstudy: tiny 1.0 " + "0" * 64}
    )
    pq.write_table(stamped, path)
    with pytest.raises(DataError, match="given to 'tiny'"):
        read_responses(path, instruments=[tiny])


def test_without_pyarrow_the_command_is_told(tmp_path, monkeypatch):
    from crmstudy.exchange.reading.parquet import take_apart

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'crmstudy\[parquet\]'"):
        take_apart(b"PAR1", "a.parquet")
