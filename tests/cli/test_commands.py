"""The command line: what it says, what it exits with, and that it never shows a traceback."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import crmstudy as cs
from crmstudy.cli import main
from crmstudy.cli.app import app
from crmstudy.notes import explanations
from tests.study.small import INSTRUMENT, ITEMS, REGRESSION, STUDY, write_answers, write_small

ROOT = Path(__file__).resolve().parents[2]
MOBI = str(ROOT / "data" / "mobi" / "responses.csv")
CFA = "  - {id: m, kind: cfa, sample: staff, model: 'ease =~ A1 + A2 + A33'}\n"
COMMANDS = [
    ["run"], ["init"], ["instruments", "list"], ["instruments", "show"], ["instruments", "lint"],
    ["instruments", "panel"], ["score"], ["screen"], ["doctor"], ["explain"],
]  # fmt: skip


@pytest.fixture
def cli(capsys):
    """Run the program; gives exit code, stdout, stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def _bad_inputs() -> dict[str, tuple[object, str]]:
    """The table of bad input: what is done to a sound small study, and the sentence it is refused with."""

    def edit(name: str, old: str, new: str):
        def change(folder: Path) -> None:
            path = folder / name
            text = path.read_text(encoding="utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")

        return change

    return {
        "missing data file": (lambda f: (f / "answers.csv").unlink(), "answers.csv' was not found; check the path."),
        "unreadable data file": (
            lambda f: ((f / "answers.csv").unlink(), (f / "answers.csv").mkdir()),
            "answers.csv' is a folder; name the file in it.",
        ),
        "empty data file": (lambda f: (f / "answers.csv").write_text(""), "answers.csv"),
        "unknown column": (
            lambda f: write_answers(f / "answers.csv", header="A1,A2,A_3,B1,B2,B3,age,branch"),
            "wants the column 'A3', which the data do not have. Did you mean 'A_3'?",
        ),
        "text in a numeric item": (
            lambda f: write_answers(f / "answers.csv", B1="seldom"),
            "the item 'B1' wants numbers; found 'seldom' in row 1 (line 2).",
        ),
        "reversed id that does not exist": (
            edit("instruments/small.yaml", "reversed: [A3]", "reversed: [A4]"),
            "reversed names 'A4', but there is no such item.",
        ),
        "three faults in study.yaml": (
            edit("study.yaml", "seed: 7", "seeds: 7\nlang: xx\nscreening: {longstring: no}"),
            "2 faults found",
        ),
        "model with an unknown variable": (
            edit("study.yaml", "A2 + A3", "A2 + A33"),
            "'A33' is neither a column of the data nor measured in the model. Did you mean 'A3'?",
        ),
        "model with a syntax error": (edit("study.yaml", "A2 + A3", "A2 + + A3"), "^"),
        "claim about an unknown parameter": (
            edit("study.yaml", "claim: trust ~ ease", "claim: trust ~ eas"),
            "which 'drivers' does not have. Did you mean 'trust ~ ease'?",
        ),
        "output folder that is a file": (
            lambda f: (f / "out").write_text("x"),
            "is a file; choose another with --out.",
        ),
        "no study at all": (lambda f: (f / "study.yaml").unlink(), "has no study.yaml; name a study's folder"),
    }


SOUND = "  - {id: m, kind: cfa, sample: staff, model: 'ease =~ A1 + A2 + A3'}\n"
CLAIM = "hypotheses:\n  H1: {statement: {en: x}, claim: trust ~ ease > 0, analysis: drivers}\n"


@pytest.mark.parametrize("name", _bad_inputs())
def test_bad_input_is_a_sentence_and_nothing_is_written(tmp_path, cli, name):
    folder = write_small(tmp_path / "s", REGRESSION, SOUND, rest=CLAIM)
    spoil, sentence = _bad_inputs()[name]
    spoil(folder)
    before = sorted(path for path in tmp_path.rglob("*"))
    code, out, err = cli("run", folder)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
    assert sorted(path for path in tmp_path.rglob("*")) == before
    code, out, err = cli("run", folder, "--json")
    told = json.loads(out)
    assert (code, err, told["status"]) == (2, "", 2)
    assert all(set(fault) == {"message", "file", "line"} for fault in told["faults"])


def test_run_prints_path_n_and_what_must_not_be_used(tmp_path, cli):
    stopped = SOUND.replace("A3'}", "A3', control: {max_iter: 1}}")
    folder = write_small(tmp_path / "s", REGRESSION, stopped, rest=CLAIM + "report: {formats: [html]}\n")
    rows = [
        "A1,A2,A3,B1,B2,B3,age,branch",
        *(f"{i % 5 + 1},{i * i % 5 + 1},{(i + 3 * (i % 7)) % 5 + 1},3,3,3,40,1" for i in range(40)),
    ]
    (folder / "answers.csv").write_text("\n".join(rows), encoding="utf-8")
    code, out, err = cli("run", folder, "--out", tmp_path / "o")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "A small study"
    assert f"Report: {tmp_path / 'o' / 'report.html'}" in lines
    assert "N = 40 (staff)" in lines
    assert "Inadmissible: m" in lines
    assert "Failed: drivers" in lines
    assert any(line.startswith("  m: The estimation did not converge") for line in lines)
    assert any(line.startswith("H1 could not be tested") for line in lines)
    assert (tmp_path / "o" / "report.html").is_file()
    assert not (folder / "out").exists()


def test_what_failed_in_part_stands_under_failed(tmp_path, cli):
    folder = write_small(tmp_path / "s", "  - {id: reliability, kind: reliability, sample: staff}\n")
    lines = (folder / "answers.csv").read_text(encoding="utf-8").splitlines()
    rows = [",".join(["4", *line.split(",")[1:]]) for line in lines[1:]]
    (folder / "answers.csv").write_text("\n".join([lines[0], *rows]), encoding="utf-8")
    code, out, err = cli("run", folder)
    assert (code, err) == (1, "")
    assert "Failed: reliability (partly: ease)\n" in out
    assert "everybody gave the same answer to A1" in out
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "FAILED: this part of the analysis has no result" in report
    assert report.count("everybody gave the same answer to A1") >= 2  # on page one, and in the section


def test_a_stage_that_stopped_stands_under_failed(tmp_path, cli, monkeypatch):
    def broken(*arguments, **keywords):
        raise RuntimeError("no")

    monkeypatch.setattr("crmstudy.screening.screen", broken)
    code, out, _ = cli("run", write_small(tmp_path / "s"))
    assert code == 1
    assert "Failed: staff\n  staff: Screening was not done: an unexpected RuntimeError stopped it: no." in out


def test_answers_out_of_range_are_told_in_one_line(tmp_path, cli):
    folder = write_small(tmp_path / "s")
    assert "out of range" not in cli("run", folder)[1]
    write_answers(folder / "answers.csv", A1="55", B1="9")
    assert "N = 60 (staff)\n  answers out of range are missing in every analysis: A1, B1\n" in cli("run", folder)[1]
    screened = cli("screen", folder / "answers.csv", "-i", folder / "instruments" / "small.yaml")[1]
    assert "1 answer to 'A1' outside 1 to 5" in screened


def test_flags_are_shown_without_a_type(cli):
    lines = cli("run", "--help")[1].splitlines()
    shown = next(line for line in lines if "--json" in line)
    assert "bool" not in shown.lower()


def test_run_as_json(tmp_path, cli):
    folder = write_small(tmp_path / "s", ITEMS, rest="report: {formats: [md]}\n")
    code, out, err = cli("run", folder, "--json")
    told = json.loads(out)
    assert (code, err, told["status"]) == (0, "", 0)
    assert str(folder / "out" / "report.md") in told["files"]
    assert told["samples"][0]["n_used"] == 60
    assert told["analyses"][0]["status"] == "fine"


def test_run_refuses_a_language_by_name(tmp_path, cli):
    folder = write_small(tmp_path / "s")
    assert cli("run", folder, "--lang", "fa")[::2] == (2, "reports in the language 'fa' are not built yet; use en.\n")
    assert "the language 'de' is not known" in cli("run", folder, "--lang", "de")[2]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_and_knows_json(cli, command):
    code, out, _ = cli(*command, "--help")
    assert code == 0
    assert "--json" in out


def test_help_and_version(cli):
    code, out, _ = cli("--help")
    assert code == 0
    for command in ("run", "init", "instruments", "score", "screen", "doctor", "explain"):
        assert command in out
    assert cli()[:2][0] == 0
    assert cli("instruments")[0] == 0
    assert cli("--version") == (0, f"crmstudy {cs.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["frobnicate"], "No such command 'frobnicate'."),
        (["run"], "Missing argument"),
        (["run", "x", "--fast"], "No such option: --fast"),
        (["score", MOBI], "Missing option '--instrument'"),
        (["score", "absent.csv", "-i", "ecsi"], "the data file 'absent.csv' was not found"),
        (["score", MOBI, "-i", "ecsy"], "there is no instrument 'ecsy'. Did you mean 'ecsi'?"),
        (["screen", MOBI, "-i", "absent.yaml"], "'absent.yaml' was not found"),
        (["instruments", "show", "ecsi", "--lang", "de"], "has no texts in 'de'"),
        (["explain", "SEM_NOT_CONVERGE"], "Did you mean 'SEM_NOT_CONVERGED'?"),
        (["explain", "what"], "there is no note code 'what'. List them all with: crmstudy explain"),
        (["init", "--answers", "absent.yaml"], "'absent.yaml' was not found"),
        (["init", "--data", "absent.csv"], "the data file 'absent.csv' was not found"),
    ],
)
def test_wrong_command_lines(cli, arguments, sentence):
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") <= 3
    code, out, err = cli(*arguments, "--json")
    assert (code, err) == (2, "")
    assert sentence in json.loads(out)["faults"][0]["message"]


def test_an_unexpected_error_is_a_sentence_too(cli, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("crmstudy.study.job.run_job", broken)
    code, _, err = cli("run", "x")
    assert code == 2
    assert "an unexpected ZeroDivisionError stopped the program: by nothing. This is a fault of crmstudy" in err
    monkeypatch.setenv("CRMSTUDY_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        cli("run", "x")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (KeyboardInterrupt(), 130, "stopped before the end."),
        (cs.AnalysisError("Too few rows."), 1, "Too few rows."),
        (cs.MissingExtraError("typst", "pdf"), 2, "pip install 'crmstudy[pdf]'"),
        (PermissionError(13, "Permission denied", "there"), 2, "'there': Permission denied."),
    ],
)
def test_every_way_of_ending_has_a_code(cli, monkeypatch, error, code, sentence):
    def stop(*arguments, **options):
        raise error

    monkeypatch.setattr("crmstudy.study.job.run_job", stop)
    found, _, err = cli("run", "x")
    assert found == code
    assert sentence in err


def test_a_console_that_cannot_show_the_letters_is_no_error(tmp_path):
    folder = write_small(tmp_path / "s", study=STUDY.replace("answers.csv", "پاسخ.csv"))
    command = [sys.executable, "-m", "crmstudy", "run", str(folder)]
    done = subprocess.run(
        command, capture_output=True, cwd=ROOT, env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == 2
    assert b"????.csv' was not found" in done.stderr
    assert b"Traceback" not in done.stderr
    cyrillic = {"PYTHONIOENCODING": "cp1251", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, "--json"], capture_output=True, cwd=ROOT, env=cyrillic, check=False)
    assert "پاسخ.csv" in json.loads(done.stdout.decode("cp1251"))["faults"][0]["message"]


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m crmstudy explain | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, cwd=ROOT, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("code")


def test_instruments_are_listed_shown_and_checked(cli):
    code, out, _ = cli("instruments", "list")
    assert code == 0
    assert "ecsi" in out
    listed = json.loads(cli("instruments", "list", "--json")[1])["instruments"]
    ecsi = next(one for one in listed if one["id"] == "ecsi")
    assert (ecsi["items"], len(ecsi["scales"]), len(ecsi["fingerprint"])) == (24, 7, 64)
    code, out, _ = cli("instruments", "show", "ecsi")
    assert code == 0
    assert out.startswith("ecsi 1.0: ")
    assert "PERQ7" in out
    assert "paraphrase" in out
    assert cli("instruments", "show", "ecsi", "--lang", "fa")[1] != out
    shown = json.loads(cli("instruments", "show", "ecsi", "--json", "--lang", "ru")[1])
    assert shown["items"]["IMAG1"]["high"] == 10
    assert shown["scales"]["value"]["items"] == ["PERV1", "PERV2"]
    code, out, _ = cli("instruments", "lint", "ecsi")
    assert code in (0, 1)
    assert out.rstrip().splitlines()[-1].startswith("ecsi 1.0: ")


def test_lint_tells_warnings_from_faults(cli, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(INSTRUMENT, encoding="utf-8")
    code, _, _ = cli("instruments", "lint", path)
    assert code == 0
    path.write_text(INSTRUMENT.replace("items: [B1, B2, B3]", "items: [B1, B2]"), encoding="utf-8")
    code, out, _ = cli("instruments", "lint", path, "--json")
    assert code == json.loads(out)["status"] == 1
    path.write_text(INSTRUMENT.replace("[B1, B2, B3]", "[B1, B2, B33]"), encoding="utf-8")
    code, _, err = cli("instruments", "lint", path)
    assert code == 2
    assert "small.yaml:21: the scale 'trust' names the item 'B33'" in err


def test_scores(cli, tmp_path):
    code, out, _ = cli("score", MOBI, "-i", "ecsi", "--out", tmp_path / "scores.csv")
    assert code == 0
    assert "responses.csv: N = 250" in out
    rows = (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("row,image,")
    assert len(rows) == 251
    assert cli("score", MOBI, "-i", "ecsi", "--out", tmp_path / "scores.csv")[0] == 2
    told = json.loads(cli("score", MOBI, "-i", "ecsi", "--json")[1])
    means = {row["scale"]: row["mean"] for row in told["tables"]["scales"]}
    assert means["value"] == pytest.approx((6.156 + 6.916) / 2)


def test_screening(cli, tmp_path):
    code, out, _ = cli("screen", MOBI, "-i", "ecsi", "--out", tmp_path / "flags.csv")
    assert code == 0
    assert "Of 250 respondents" in out
    assert len((tmp_path / "flags.csv").read_text(encoding="utf-8").splitlines()) == 251
    told = json.loads(cli("screen", MOBI, "-i", "ecsi", "--json")[1])
    assert {row["rule"] for row in told["tables"]["rules"]} >= {"longstring", "mahalanobis"}
    assert all(1 <= row["row"] <= 250 and row["reasons"] for row in told["flagged"])


def test_screening_by_rules_of_a_file_and_of_the_command_line(cli, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("screening: {irv: 1, longstring: 20, sensitivity: false}\n", encoding="utf-8")
    arguments = ("screen", MOBI, "-i", "ecsi", "--rules", rules)
    told = json.loads(cli(*arguments, "--rules", "longstring=24", "--rules", "exclude=[longstring]", "--json")[1])
    settings = {row["rule"]: row["setting"] for row in told["tables"]["rules"]}
    assert settings["irv"] == 1
    assert settings["longstring"] == 24
    assert told["call"]["exclude"] == ["longstring"]
    assert {"mcar", "normality", "overlap", "missing_patterns"} <= set(told["tables"])
    out = cli(*arguments)[1]
    assert "below 1" in out
    assert "Missing: 0 of 6,000 answers (0.0%), of 0 respondents." in out
    assert "Distributions: skewness" in out


def test_a_rule_that_stands_twice_in_a_file_is_refused(cli, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("irv: 1\nirv: 2\n", encoding="utf-8")
    code, out, err = cli("screen", MOBI, "-i", "ecsi", "--rules", rules)
    assert (code, out) == (2, "")
    assert "rules.yaml:2" in err


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("absent.yaml", "the rules 'absent.yaml' were not found"),
        ("irvv=1", "Did you mean 'irv'?"),
        ("irv={", "cannot be read as YAML"),
        ("irv=yes", "irv must be a number of at least 0; found True"),
    ],
)
def test_bad_screening_rules(cli, rule, sentence):
    code, out, err = cli("screen", MOBI, "-i", "ecsi", "--rules", rule)
    assert (code, out) == (2, "")
    assert sentence in err


def test_littles_test_on_the_command_line(cli, tmp_path):
    folder = write_small(tmp_path / "s")
    write_answers(folder / "answers.csv", A1="", B2="")
    out = cli("screen", folder / "answers.csv", "-i", folder / "instruments" / "small.yaml")[1]
    assert "Missing: 2 of 360 answers (0.6%), of 1 respondent." in out
    assert "Little's test (missing completely at random): χ²(4) =" in out


def test_missing_codes_of_a_data_file(cli, tmp_path):
    folder = write_small(tmp_path / "s")
    write_answers(folder / "answers.csv", A1="77", A2="refused")
    file, instrument = folder / "answers.csv", folder / "instruments" / "small.yaml"
    assert cli("score", file, "-i", instrument)[0] == 2
    assert cli("score", file, "-i", instrument, "--missing-code", "77", "--missing-code", "refused")[0] == 0


def test_codes_are_explained(cli):
    code, out, _ = cli("explain", "sem-not-converged")
    assert code == 0
    entry = explanations()["SEM_NOT_CONVERGED"]
    for part in (entry.title, entry.meaning, entry.advice, entry.write):
        assert part in out
    assert json.loads(cli("explain", "SEM_NOT_CONVERGED", "--json")[1])["write"] == entry.write
    code, out, _ = cli("explain")
    assert code == 0
    assert all(name in out for name in explanations())
    assert set(json.loads(cli("explain", "--json")[1])["codes"]) == set(explanations())


def test_the_doctor_checks_and_leaves_nothing(cli, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, out, _ = cli("doctor", "--json")
    told = json.loads(out)
    checks = {check["check"]: check for check in told["checks"]}
    assert code == told["status"] == 0
    assert {"crmstudy", "python", "numpy", "font", "console", "example study", "Rscript"} <= set(checks)
    assert checks["example study"]["found"].startswith("6 of 6 analyses fine")
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_what_is_missing(cli, monkeypatch):
    def broken(*arguments, **options):
        raise cs.DataError("no data today")

    monkeypatch.setattr("crmstudy.study.job.run_job", broken)
    monkeypatch.setattr("crmstudy.cli.checks.NEEDED", ("numpy", "no-such-package"))
    monkeypatch.setattr("crmstudy.cli.checks.EXTRAS", {"no-server": ("server", "asks respondents")})
    code, out, _ = cli("doctor")
    assert code == 1
    assert "not installed; install it with: pip install no-such-package" in out
    assert "asks respondents: not installed; install it with: pip install 'crmstudy[server]'" in " ".join(out.split())
    assert "DataError: no data today" in out


def test_progress_goes_to_a_terminal_only(tmp_path, monkeypatch):
    from crmstudy.cli.console import progress_bar

    with progress_bar(quiet=False) as progress:
        assert progress is None

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(quiet=False) as progress:
        progress("analysis items", 1, 3)
    assert "analysis items" in terminal.getvalue()
    with progress_bar(quiet=True) as progress:
        assert progress is None


def test_the_program_is_a_typer_program():
    import typer

    assert isinstance(app, typer.Typer)
