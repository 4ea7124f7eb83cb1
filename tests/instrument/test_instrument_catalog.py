"""Where an id is looked for, in which order, and what is said when it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmstudy.errors import InstrumentError
from crmstudy.instrument import library, list_instruments, load_instrument
from tests.instrument.test_instrument_load import GOOD

ROOT = Path(__file__).resolve().parents[2]


def _put(folder: Path, file: str = "tiny.yaml", **changes: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = GOOD
    for old, new in changes.items():
        text = text.replace({"id": "id: tiny", "version": 'version: "1.0"'}[old], new)
    (folder / file).write_text(text, encoding="utf-8")
    return folder


def test_shipped_instruments_are_found_without_a_search():
    assert "ecsi" in [instrument.id for instrument in list_instruments()]
    assert load_instrument("ecsi").path.name == "ecsi.yaml"


def test_the_studys_own_folder_comes_first(tmp_path):
    own = _put(tmp_path / "own", id="id: ecsi")
    assert len(load_instrument("ecsi", search=[own]).items) == 3
    assert [i.version for i in list_instruments([own]) if i.id == "ecsi"] == ["1.0"]
    assert len([i for i in list_instruments([own]) if i.id == "ecsi"]) == 1
    second = _put(tmp_path / "second", id="id: ecsi", version='version: "9"')
    assert load_instrument("ecsi", search=[second, own]).version == "9"


def test_the_id_stands_in_the_file_not_in_its_name(tmp_path):
    folder = _put(tmp_path / "own", file="some other name.yml")
    assert load_instrument("tiny", search=[folder]).id == "tiny"
    assert load_instrument("tiny", search=str(folder)).id == "tiny"


def test_an_unknown_id_is_answered_with_the_near_miss_and_the_list(tmp_path):
    folder = _put(tmp_path / "own")
    with pytest.raises(InstrumentError, match=r"no instrument 'tinny'. Did you mean 'tiny'\? Known are: .*tiny"):
        load_instrument("tinny", search=[folder, tmp_path / "absent"])


def test_several_versions_are_told_apart_by_name(tmp_path):
    folder = _put(tmp_path / "own")
    _put(folder, "tiny-2.yaml", version='version: "2.0"')
    assert load_instrument("tiny", search=[folder]).version == "1.0"  # tiny.yaml is meant by the plain id
    (folder / "tiny.yaml").rename(folder / "tiny-1.yaml")
    with pytest.raises(InstrumentError, match=r"tiny@2\.0, tiny@1\.0|tiny@1\.0, tiny@2\.0"):
        load_instrument("tiny", search=[folder])
    assert load_instrument("tiny@2.0", search=[folder]).version == "2.0"
    with pytest.raises(InstrumentError, match=r"no version '3'"):
        load_instrument("tiny@3", search=[folder])
    assert [i.version for i in list_instruments([folder]) if i.id == "tiny"] == ["1.0", "2.0"]


def test_a_list_tells_the_faults_of_every_file(tmp_path):
    folder = _put(tmp_path / "own")
    for name in ("bad1", "bad2"):
        (folder / f"{name}.yaml").write_text(f"id: {name}\n", encoding="utf-8")
    with pytest.raises(InstrumentError) as caught:
        list_instruments([folder])
    assert {Path(str(fault.file)).name for fault in caught.value.faults} == {"bad1.yaml", "bad2.yaml"}


def test_the_sibling_folder_counts_only_beside_our_own_pyproject(tmp_path):
    assert library._is_checkout(ROOT)
    assert not library._is_checkout(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n', encoding="utf-8")
    assert not library._is_checkout(tmp_path)
    (tmp_path / "pyproject.toml").write_text("not toml [", encoding="utf-8")
    assert not library._is_checkout(tmp_path)


def test_a_path_is_a_path_and_a_word_is_an_id(tmp_path):
    folder = _put(tmp_path / "پوشه من")
    assert load_instrument(folder / "tiny.yaml").id == "tiny"
    assert load_instrument(str(folder / "tiny.yaml")).id == "tiny"


def test_a_version_of_the_studys_own_hides_no_other_version(tmp_path):
    own = _put(tmp_path / "own", "qwl-walton-bank.yaml", id="id: qwl-walton", version='version: "bank"')
    listed = [i.version for i in list_instruments([own]) if i.id == "qwl-walton"]
    assert listed == ["1.0", "20", "bank"]
    with pytest.raises(InstrumentError) as refused:
        load_instrument("qwl-walton@9", search=[own])
    message = str(refused.value)
    assert all(message.count(f"qwl-walton@{version}") == 1 for version in listed)
