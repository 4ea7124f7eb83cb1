"""Everything a study names is checked before anything is computed, and all faults are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

import crmstudy as cs
from crmstudy.study.job import run_job
from crmstudy.study.opening import open_study
from tests.study.small import INSTRUMENT, ITEMS, REGRESSION, STUDY, write_answers, write_small

CFA = """\
  - id: measured
    kind: cfa
    sample: staff
    model: |
      ease =~ A1 + A2 + A3
      trust =~ B1 + b*B2 + B3
"""
CORRELATIONS = "  - {id: cor, kind: correlations, sample: staff, items: [ease, A1, age]}\n"


def _refused(folder: Path) -> cs.InputError:
    """What running the study is refused with; it must leave the folder as it was."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(cs.InputError) as caught:
        run_job(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert not (folder / "out").is_dir()
    return caught.value


def test_a_sound_study_is_opened(tmp_path):
    opened = open_study(cs.Study.load(write_small(tmp_path / "s", ITEMS, REGRESSION, CFA, CORRELATIONS)))
    responses = opened.responses["staff"]
    assert responses.n == 60
    assert list(responses.frame["branch"].cat.categories) == ["1", "2", "3"]
    assert responses.values["A3"].tolist() == (6 - responses.frame["A3"]).tolist()


def test_a_missing_file_is_told_at_the_line_that_names_it(tmp_path):
    folder = write_small(tmp_path / "s")
    (folder / "answers.csv").rename(folder / "answer.csv")
    error = _refused(folder)
    assert isinstance(error, cs.DataError)
    assert str(error).startswith(f"{folder / 'study.yaml'}:7: the data file '{folder / 'answers.csv'}' was not found")
    assert "Did you mean 'answer.csv'?" in str(error)


def test_a_folder_or_another_format_in_the_place_of_the_data(tmp_path):
    folder = write_small(tmp_path / "s")
    (folder / "answers.csv").unlink()
    (folder / "answers.csv").mkdir()
    assert str(_refused(folder)).endswith("answers.csv' is a folder; name the file in it.")
    other = write_small(tmp_path / "t", study=STUDY.replace("answers.csv", "answers.sav"))
    (other / "answers.csv").rename(other / "answers.sav")
    assert "SPSS" in str(_refused(other))


def test_unknown_columns_are_told_with_the_near_miss(tmp_path):
    folder = write_small(tmp_path / "s")
    write_answers(folder / "answers.csv", header="A1,A2,A3,B_1,B_2,B3,age,branch")
    error = _refused(folder)
    assert len(error.faults) == 2
    assert "wants the column 'B1', which the data do not have. Did you mean 'B_1'?" in str(error)


def test_text_in_numeric_items_is_told_with_its_row(tmp_path):
    folder = write_small(tmp_path / "s")
    write_answers(folder / "answers.csv", A2="often", B3="seldom")
    error = _refused(folder)
    assert len(error.faults) == 2
    assert "the item 'A2' wants numbers; found 'often' in row 1" in str(error)


def test_faults_of_an_instrument_refuse_the_study(tmp_path):
    folder = write_small(tmp_path / "s", instrument=INSTRUMENT.replace("reversed: [A3]", "reversed: [A33, B9]"))
    error = _refused(folder)
    assert isinstance(error, cs.InstrumentError)
    assert [fault.line for fault in error.faults] == [18, 18]
    assert "reversed names 'A33', but there is no such item. Did you mean 'A3'?" in str(error)


def test_an_unknown_instrument_is_told_with_the_near_miss(tmp_path):
    folder = write_small(tmp_path / "s", study=STUDY.replace("instruments: [small]", "instruments: [smal]"))
    assert "there is no instrument 'smal'. Did you mean 'small'?" in str(_refused(folder))


def test_an_instrument_can_be_a_path(tmp_path):
    text = STUDY.replace("instruments: [small]", "instruments: [instruments/small.yaml]")
    assert open_study(cs.Study.load(write_small(tmp_path / "s", study=text))).responses["staff"].n == 60


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ("agge: {type: number}", "the variable 'agge' is no column of 'answers.csv'. Did you mean 'age'?"),
        ("A1: {type: number}", "the variable 'A1' is an item of an instrument; take it off 'variables'."),
        ("branch: {type: number}", "the variable 'branch' is declared a number, but holds text"),
    ],
)
def test_faults_of_variables(tmp_path, variables, sentence):
    text = STUDY.replace("{age: {type: number}, branch: {type: category}}", f"{{{variables}}}")
    folder = write_small(tmp_path / "s", study=text)
    write_answers(folder / "answers.csv", branch="north")
    error = _refused(folder)
    assert sentence in str(error)
    assert error.faults[0].line == 9


@pytest.mark.parametrize(
    ("analysis", "line", "sentence"),
    [
        (CFA.replace("A3", "A33"), 15, "column 19: 'A33' is neither a column of the data nor measured in the model."),
        (CFA.replace("+ A3", "+ + A3"), 15, "the model of the analysis 'measured', column 21"),
        (
            CFA.replace("model: |\n      ease =~ A1 + A2 + A3\n      trust", "model: ease =~ A1 + A2 + A33\n#"),
            14,
            "'A33'",
        ),
        (CFA + "    estimator: WLSX\n", 11, "estimator='WLSX' does not exist"),
        (CFA + "    control: {max_itr: 4}\n", 11, "control= has no key 'max_itr'. Did you mean 'max_iter'?"),
        (CFA.replace("trust =~ B1 +", "B1 | t1 +"), 16, "thresholds (|) are not built yet"),
        (
            REGRESSION.replace("age}", "agee}"),
            11,
            "names 'agee', which is no variable of the data. Did you mean 'age'?",
        ),
        (REGRESSION.replace("trust ~", "truts ~"), 11, "Did you mean 'trust'?"),
        (REGRESSION.replace("ease + age", "ease + exit(1)"), 11, "exit"),
        (CORRELATIONS.replace("A1", "A9"), 11, "the column 'A9' of the analysis 'cor' is not in the sample 'staff'."),
        (ITEMS.replace("all", "[eas]"), 11, "the scale 'eas' of the analysis 'items' is not in the sample 'staff'."),
    ],
)
def test_faults_of_analyses_stand_at_their_lines(tmp_path, analysis, line, sentence):
    error = _refused(write_small(tmp_path / "s", analysis))
    assert [fault.line for fault in error.faults] == [line]
    assert sentence in str(error)


def test_a_model_fault_shows_the_line_with_a_caret(tmp_path):
    message = _refused(write_small(tmp_path / "s", CFA.replace("A3", "A33"))).faults[0].message
    shown, caret = message.split("\n")[1:]
    assert shown[caret.index("^") : caret.rindex("^") + 1] == "A33"


@pytest.mark.parametrize(
    ("claim", "analysis", "sentence"),
    [
        ("trust ~ eas > 0", "drivers", "which 'drivers' does not have. Did you mean 'trust ~ ease'?"),
        ("ease ~ trust > 0", "drivers", "which 'drivers' does not have."),
        ("bb > 0", "measured", "is about 'bb', which 'measured' does not have. Did you mean 'b'?"),
        ("x > 0", "measured", "Its labels: b."),
        ("ease ~ trust > 0", "measured", "It has: none with ~."),
        ("ease =~ A1 > 0", "measured", "which 'measured' fixes, not estimates; free it in the model"),
        ("nonsense ~ branch[T.2] > 0", "levels", "is about 'nonsense ~ branch[T.2]', which 'levels' does not have."),
        ("trust ~ age[T.2] > 0", "levels", "which 'levels' does not have."),
        ("trust ~~ branch[T.2] > 0", "levels", "which 'levels' does not have."),
        ("trust ~~ ease > 0", "apart", "which 'apart' fixes, not estimates; free it in the model"),
        ("ease ~~ trust > 0", "apart", "which 'apart' fixes, not estimates; free it in the model"),
    ],
)
def test_claims_about_what_is_not_estimated(tmp_path, claim, analysis, sentence):
    rest = f"hypotheses:\n  H1: {{statement: {{en: x}}, claim: '{claim}', analysis: {analysis}}}\n"
    levels = REGRESSION.replace("id: drivers", "id: levels").replace("+ age", "* branch")
    apart = CFA.replace("id: measured", "id: apart") + "      ease ~~ 0*trust\n"
    error = _refused(write_small(tmp_path / "s", REGRESSION, CFA, levels, apart, rest=rest))
    assert isinstance(error, cs.StudyError)
    assert sentence in str(error)


@pytest.mark.parametrize(
    "claim",
    ["trust ~ ease:branch[T.2] > 0", "trust ~ branch[T.2]:ease > 0", "trust ~ branch[T.3] > 0", "trust ~ ease > 0",
     "trust ~ `ease` > 0", "trust ~ age : ease > 0"],
)  # fmt: skip
def test_terms_may_be_claimed_in_any_order(tmp_path, claim):
    rest = f"hypotheses:\n  H1: {{statement: {{en: x}}, claim: '{claim}', analysis: drivers}}\n"
    formula = REGRESSION.replace("ease + age", "ease * branch + ease * age")
    results = cs.run(cs.Study.load(write_small(tmp_path / "s", formula, rest=rest)))
    assert results.hypotheses[0].estimate is not None


def test_claims_about_what_the_model_implies_are_known(tmp_path):
    claims = ("ease ~~ trust != 0", "trust ~~ ease > 0", "b > 0", "trust =~ B3 > 0", "A1 ~~ A1 > 0")
    rest = "hypotheses:\n" + "".join(
        f"  H{number}: {{statement: {{en: x}}, claim: {claim}, analysis: measured}}\n"
        for number, claim in enumerate(claims)
    )
    opened = open_study(cs.Study.load(write_small(tmp_path / "s", CFA, rest=rest)))
    assert len(opened.study.hypotheses) == len(claims)


def test_what_an_analysis_refuses_refuses_the_study(tmp_path):
    wrong = CORRELATIONS.replace("items:", "method: kendal, items:")
    error = _refused(write_small(tmp_path / "s", REGRESSION.replace("age}", "age, se: HC9}"), wrong))
    assert isinstance(error, cs.UnsupportedError)
    assert [fault.line for fault in error.faults] == [11, 12]
    assert "Did you mean 'HC3'?" in str(error)
    assert "the analysis 'cor'" in str(error)


def test_categories_are_not_computed_with_as_numbers(tmp_path):
    error = _refused(write_small(tmp_path / "s", CORRELATIONS.replace("age", "branch")))
    assert "'branch' holds categories, not numbers" in str(error)


def test_an_output_folder_that_is_a_file_is_refused_with_the_rest(tmp_path):
    folder = write_small(tmp_path / "s", CFA.replace("A3", "A33"), study=STUDY.replace("seed: 7", "seed: x"))
    (folder / "out").write_text("mine", encoding="utf-8")
    (folder / "answers.csv").unlink()
    error = _refused(folder)
    told = str(error)
    assert type(error) is cs.InputError
    assert len(error.faults) == 3  # the model names columns of data that are not there to look at
    assert "seed must be a whole number" in told
    assert f"the output folder '{folder / 'out'}' cannot be made: '{folder / 'out'}' is a file" in told
    assert "was not found" in told


def test_an_output_folder_below_a_file_is_refused(tmp_path):
    folder = write_small(tmp_path / "s")
    with pytest.raises(cs.OutputError, match="is a file"):
        run_job(folder, folder / "study.yaml" / "deep" / "out")


def test_a_language_of_the_report_that_is_not_built_is_refused(tmp_path):
    folder = write_small(tmp_path / "s")
    with pytest.raises(cs.UnsupportedError, match="reports in the language 'fa' are not built yet; use en"):
        run_job(folder, lang="fa")
    with pytest.raises(cs.UnsupportedError, match="the report format 'pdf' is not built; this version writes html"):
        run_job(folder, formats=["pdf"])


def test_screening_that_leaves_nobody_is_refused(tmp_path):
    text = STUDY.replace("seed: 7", "seed: 7\nscreening: {missing: 0.5, exclude: [missing]}")
    folder = write_small(tmp_path / "s", study=text)
    (folder / "answers.csv").write_text("A1,A2,A3,B1,B2,B3,age,branch\n" + "1,,,,,,30,1\n" * 9, encoding="utf-8")
    assert "leave no row of the sample 'staff'" in str(_refused(folder))


def test_faults_of_five_sections_are_told_at_once(tmp_path):
    text = STUDY.replace("seed: 7", "seed: 7\nscreening: {longstrin: 9}")
    rest = "hypotheses:\n  H1: {statement: {en: x}, claim: trust ~ eas > 0, analysis: drivers}\n"
    rest += "report: {formats: [htm]}\n"
    folder = write_small(tmp_path / "s", REGRESSION, CFA.replace("A3", "A33"), study=text, rest=rest)
    write_answers(folder / "answers.csv", A2="often")
    error = _refused(folder)
    told = {(Path(fault.file or "").name, fault.line): fault.message for fault in error.faults}
    assert list(told) == [
        ("study.yaml", 4), ("study.yaml", 21), ("answers.csv", 2), ("study.yaml", 17), ("study.yaml", 20),
    ]  # fmt: skip
    for place, sentence in {
        ("study.yaml", 4): "unknown key 'longstrin' in screening. Did you mean 'longstring'?",
        ("study.yaml", 21): "found 'htm'. Did you mean 'html'?",
        ("answers.csv", 2): "the item 'A2' wants numbers; found 'often' in row 1",
        ("study.yaml", 17): "'A33' is neither a column of the data nor measured in the model.",
        ("study.yaml", 20): "which 'drivers' does not have. Did you mean 'trust ~ ease'?",
    }.items():
        assert sentence in told[place]


def test_faults_of_data_files_of_one_name_are_told_apart(tmp_path):
    second = "  guests: {population: customer, file: data/answers.csv, instruments: [small]}\nanalyses:\n"
    folder = write_small(tmp_path / "s", study=STUDY.replace("analyses:\n", second))
    (folder / "data").mkdir()
    write_answers(folder / "answers.csv", A2="often")
    write_answers(folder / "data" / "answers.csv", B3="seldom")
    assert [(fault.file, fault.line) for fault in _refused(folder).faults] == [
        ("answers.csv", 2), ("data/answers.csv", 2),
    ]  # fmt: skip


def test_a_country_code_is_no_level_when_it_says_no_answer(tmp_path):
    folder = write_small(tmp_path / "s", study=STUDY.replace("instruments:", "missing_codes: [-99]\n    instruments:"))
    lines = (folder / "answers.csv").read_text(encoding="utf-8").splitlines()
    for row, branch in enumerate(("north", "NA", "", "-99"), start=1):
        lines[row] = lines[row].rsplit(",", 1)[0] + f",{branch}"
    (folder / "answers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    branch = open_study(cs.Study.load(folder)).responses["staff"].frame["branch"]
    assert list(branch.cat.categories) == ["1", "2", "3", "north"]
    assert branch.isna().sum() == 3


def test_a_screening_rule_that_makes_no_sense_is_refused(tmp_path):
    text = STUDY.replace("seed: 7", "seed: 7\nscreening: {missing: 0}")
    assert "screening: missing must be a share above 0" in str(_refused(write_small(tmp_path / "s", study=text)))
