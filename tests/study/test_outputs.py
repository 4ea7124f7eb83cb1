"""What a run leaves: the same bytes twice, its own files replaced, everybody else's kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import crmstudy as cs
from crmstudy.kernels.threads import one_thread
from crmstudy.study import outputs
from crmstudy.study.job import run_job
from tests.study.small import ITEMS, REGRESSION, write_small

ROOT = Path(__file__).resolve().parents[2]
RELIABILITY = "  - {id: rel, kind: reliability, sample: staff, bootstrap: 200}\n"
SEM = """\
  - id: model
    kind: sem
    sample: staff
    model: |
      ease =~ A1 + A2 + A3
      trust =~ B1 + B2 + B3
      trust ~ a*ease
      twice := 2*a
"""
STUDIES = [*sorted(path.parent for path in (ROOT / "analyses").glob("*/study.yaml"))]


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> cs.StudyResults:
    return cs.run(cs.Study.load(write_small(tmp_path_factory.mktemp("study") / "s", ITEMS, REGRESSION)))


@pytest.fixture(scope="module")
def reported(small, tmp_path_factory) -> Path:
    """The report of the small study, made once; tests work on copies."""
    out = tmp_path_factory.mktemp("reported") / "out"
    small.report(out, formats=["html"])
    return out


@pytest.fixture
def out(reported, tmp_path) -> Path:
    return Path(shutil.copytree(reported, tmp_path / "out"))


@pytest.fixture
def quick(monkeypatch):
    """Reports without drawing: the text of the record in place of a rendered document."""

    def render(document, folder, formats):
        for name in (*(f"report.{one}" for one in formats), "tables/items.csv", "figures/one.svg"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(f"{name} of {document}", encoding="utf-8")
        return []

    monkeypatch.setattr("crmstudy.report.telling.compose.compose", lambda record: record.title)
    monkeypatch.setattr("crmstudy.report.render.render.render", render)


def _by_size(folder):
    """A study as a parameter; the large one takes longer than a newcomer wants to wait."""
    marks = [pytest.mark.slow] if folder.name == "mobile_instrument" else []
    return pytest.param(folder, id=folder.name, marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [_by_size(folder) for folder in STUDIES])
def test_every_shipped_analysis_runs_and_gives_the_same_bytes_twice(folder, tmp_path):
    first = run_job(folder, tmp_path / "first")
    again = run_job(folder, tmp_path / "again")
    assert all(block.status != "failed" for block in first.results.blocks)
    before, after = _digests(tmp_path / "first"), _digests(tmp_path / "again")
    assert {"report.html", "report.docx", "run.json", "timings.json"} <= set(before)
    assert any(name.startswith("tables/") for name in before)
    assert any(name.startswith("figures/") for name in before)
    for name in ("timings.json",):
        before.pop(name)
        after.pop(name)
    assert before == after
    assert len(first.written.files) == len(after) + 1
    assert again.written.kept == ()


def test_run_json_says_what_was_done(small, reported):
    told = json.loads((reported / "run.json").read_text(encoding="utf-8"))
    assert list(told) == sorted(told)
    assert (told["seed"], told["status"], told["title"]) == (7, 0, "A small study")
    assert told["inputs"]["study.yaml"] == hashlib.sha256(small.study.file.read_bytes()).hexdigest()
    assert (
        told["inputs"]["answers.csv"] == hashlib.sha256((small.study.folder / "answers.csv").read_bytes()).hexdigest()
    )
    assert [(one["n_read"], one["n_used"]) for one in told["samples"]] == [(60, 60)]
    assert [(one["id"], one["status"], one["n"]) for one in told["analyses"]] == [
        ("items", "fine", 60),
        ("drivers", "fine", 60),
    ]
    assert {rule["rule"] for rule in told["samples"][0]["rules"]} >= {"longstring", "mahalanobis"}
    assert told["versions"]["crmstudy"] == cs.__version__
    assert str(small.study.folder) not in (reported / "run.json").read_text(encoding="utf-8")


def test_run_json_lists_every_file_with_its_hash(reported):
    listed = json.loads((reported / "run.json").read_text(encoding="utf-8"))["files"]
    found = _digests(reported)
    assert set(listed) == set(found) - {"run.json"}
    assert listed["timings.json"] is None
    assert all(digest in (None, found[name]) for name, digest in listed.items())


def test_wall_times_stand_apart(reported):
    seconds = json.loads((reported / "timings.json").read_text(encoding="utf-8"))
    assert {"sample staff", "analysis items", "analysis drivers", "hypotheses", "report"} == set(seconds)


def test_own_files_of_an_earlier_run_are_replaced_and_removed(small, out, quick):
    before = set(_digests(out))
    small.report(out, formats=["md"])
    after = set(_digests(out))
    assert after == {"report.md", "tables/items.csv", "figures/one.svg", "run.json", "timings.json"}
    assert before - after


def test_files_of_others_are_never_touched(small, out, quick):
    (out / "notes of mine.txt").write_text("mine", encoding="utf-8")
    (out / "tables" / "mine.csv").write_text("mine", encoding="utf-8")
    (out / "report.md").write_text("mine", encoding="utf-8")
    small.report(out, formats=["md"])
    assert (out / "notes of mine.txt").read_text(encoding="utf-8") == "mine"
    assert (out / "tables" / "mine.csv").read_text(encoding="utf-8") == "mine"
    assert (out / "report.kept-1.md").read_text(encoding="utf-8") == "mine"
    assert (out / "report.md").read_text(encoding="utf-8").startswith("report.md of")


def test_a_report_that_was_edited_is_kept_under_another_name(small, out, quick):
    for number in (1, 2):
        (out / "report.html").write_text(f"edited {number}", encoding="utf-8")
        written = outputs.write_outputs(small.record, small.seconds, out, ["html"])
        assert [path.name for path in written.kept] == [f"report.kept-{number}.html"]
        assert (out / f"report.kept-{number}.html").read_text(encoding="utf-8") == f"edited {number}"
    assert outputs.write_outputs(small.record, small.seconds, out, ["html"]).kept == ()


def test_an_edited_file_that_is_no_longer_written_stays(small, out, quick):
    (out / "report.html").write_text("edited", encoding="utf-8")
    small.report(out, formats=["md"])
    assert (out / "report.html").read_text(encoding="utf-8") == "edited"


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"files": 3}', '{"files": {"a": 3}}'])
def test_a_run_json_that_makes_no_sense_counts_as_none(small, tmp_path, quick, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(content, encoding="utf-8")
    small.report(tmp_path / "out", formats=["md"])
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["status"] == 0
    assert (tmp_path / "out" / "run.kept-1.json").exists() == (content in ("", "no json", "[]", '{"files": 3}'))


def test_a_run_json_cannot_reach_outside_its_folder(small, tmp_path, quick):
    out = tmp_path / "out"
    out.mkdir()
    victim = tmp_path / "victim.txt"
    victim.write_text("x", encoding="utf-8")
    digest = hashlib.sha256(b"x").hexdigest()
    names = ["../victim.txt", str(victim), "a/../../victim.txt", "..\\victim.txt"]
    (out / "run.json").write_text(json.dumps({"files": dict.fromkeys(names, digest)}), encoding="utf-8")
    small.report(out, formats=["md"])
    assert victim.read_text(encoding="utf-8") == "x"


def test_a_report_that_fails_on_the_way_leaves_the_folder_as_it_was(small, out, monkeypatch):
    def full(document, folder, formats):
        (folder / "report.html").write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crmstudy.report.render.render.render", full)
    before = _digests(out)
    with pytest.raises(cs.OutputError, match="cannot be written: No space left on device"):
        small.report(out, formats=["html"])
    assert _digests(out) == before
    with pytest.raises(cs.OutputError):
        small.report(out.parent / "new", formats=["html"])
    assert not (out.parent / "new").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is writable for this user")
def test_a_folder_without_permission_is_refused(small, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(cs.OutputError, match="no permission"):
        small.report(tmp_path / "locked" / "out")


def test_a_folder_without_permission_is_refused_whoever_asks(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    faults = outputs.output_faults(tmp_path / "out")
    assert [fault.message for fault in faults] == [
        f"the output folder '{tmp_path / 'out'}' cannot be written: no permission in '{tmp_path}'; choose another."
    ]


def test_formats_and_languages_that_are_not_built_are_refused_by_name(small, tmp_path):
    with pytest.raises(cs.UnsupportedError) as caught:
        small.report(tmp_path / "out", formats=["pdf", "html"], lang="ru")
    assert len(caught.value.faults) == 2
    with pytest.raises(cs.UnsupportedError, match="the report format 'pdf' is not built") as caught:
        small.report(tmp_path / "out", formats="pdf")
    assert len(caught.value.faults) == 1
    assert not (tmp_path / "out").exists()


def test_one_format_may_be_named_without_a_list(small, tmp_path, quick):
    written = [path.name for path in small.report(tmp_path / "out", formats="html")]
    assert "report.html" in written
    assert "report.docx" not in written


@pytest.mark.slow
def test_nothing_of_a_report_depends_on_threads_or_hash_seeds(tmp_path):
    folder = write_small(tmp_path / "s", ITEMS, RELIABILITY, REGRESSION, SEM)
    program = "import sys, crmstudy as cs; cs.run(cs.Study.load(sys.argv[1])).report(sys.argv[2])"
    command = [sys.executable, "-m", "crmstudy", "run", str(folder), "--out"]
    ways = {"one": [sys.executable, "-c", program, str(folder)], "two": [sys.executable, "-c", program, str(folder)]}
    for number, (name, way) in enumerate((ways | {"cli": command}).items(), start=1):
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(number))
        environment = {**os.environ, **threads, "PYTHONHASHSEED": str(number), "PYTHONPATH": str(ROOT)}
        subprocess.run([*way, str(tmp_path / name)], check=True, env=environment, capture_output=True)
    one, two, cli = (_digests(tmp_path / name) for name in ("one", "two", "cli"))
    for digests in (one, two, cli):
        digests.pop("timings.json")
    assert "run.json" in one
    assert one == two
    assert one == cli


def test_linear_algebra_runs_on_one_thread_and_gets_back_what_was_set():
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        with one_thread():
            assert threads() == {1}
        assert threads() == before


def test_the_file_of_an_instrument_is_in_run_json(small):
    inputs = outputs.run_record(small.record)["inputs"]
    path = small.study.folder / "instruments" / "small.yaml"
    digest = inputs["instrument small 1.0, file small.yaml"]
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert inputs["instrument small 1.0"] != digest  # the fingerprint of what it says


def test_failed_and_inadmissible_blocks_are_in_run_json(small):
    from crmstudy.errors import AnalysisError

    failed = replace(small.blocks[0], result=None, error=AnalysisError("It could not.", "SEM_CONSTANT_VARIABLE"))
    results = replace(small, record=replace(small.record, blocks=(failed,)))
    told = outputs.run_record(results.record)
    assert (told["status"], told["analyses"][0]["status"], told["analyses"][0]["n"]) == (1, "failed", None)
    assert told["analyses"][0]["message"] == "It could not."
    assert told["analyses"][0]["notes"][0]["code"] == "SEM_CONSTANT_VARIABLE"
