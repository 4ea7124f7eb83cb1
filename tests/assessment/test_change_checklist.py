"""The six steps of the change and the two conditions: status, evidence, odd marks, forms."""

from __future__ import annotations

import pandas as pd
import pytest

from crmstudy.assessment.modules.change import change_checklist, change_form
from crmstudy.errors import DataError

STEPS = ["purpose", "strategy", "involve", "pilot", "train", "measure"]
CONDITIONS = ["project", "executives"]


def marks(**done: str) -> pd.DataFrame:
    return pd.DataFrame({"step": list(done), "done": list(done.values()), "evidence": ["seen"] * len(done)})


def test_six_steps_and_what_the_document_names():
    """Statement 4.13: six key steps, of which it names one, and two conditions."""
    table = change_checklist(marks(purpose="yes")).tables["steps"].set_index("step")
    assert table.index[table["kind"] == "step"].tolist() == STEPS
    assert table.index[table["kind"] == "condition"].tolist() == CONDITIONS
    assert table.index[table["origin"] == "document"].tolist() == ["strategy", *CONDITIONS]
    assert set(table["source"]) == {"4.13"}


def test_share_done_counts_partly_as_half():
    result = change_checklist(marks(purpose="yes", strategy="partly", involve="planned", pilot="no", project="yes"))
    summary = result.tables["summary"].set_index("kind")
    assert summary.loc["step", ["n", "answered", "done", "partly", "planned"]].tolist() == [6, 4, 1, 1, 1]
    assert summary.loc["step", "percent"] == pytest.approx(25.0)
    assert summary.loc["condition", "percent"] == 50.0
    assert result.tables["open"]["step"].tolist() == ["strategy", "involve", "pilot", "train", "measure", "executives"]
    assert [note.code for note in result.notes] == ["CHANGE_NOT_ANSWERED"]
    assert "The next step is: Adopt a change management strategy" in result.text
    assert result.plot().series[0][1] == (100.0, 50.0, 0.0, 0.0, None, None, 100.0, None)


def test_what_has_no_evidence_is_stated_only():
    given = marks(purpose="yes", strategy="partly", pilot="no").assign(evidence=[None, "", None])
    table = change_checklist(given).tables["steps"].set_index("step")
    assert table.loc[["purpose", "strategy", "pilot", "train"], "status"].tolist() == [
        "stated", "stated", "open", "not answered",
    ]  # fmt: skip
    assert "For 2 entries" in change_checklist(given).text


def test_all_done():
    result = change_checklist(marks(**dict.fromkeys([*STEPS, *CONDITIONS], "yes")))
    assert (result.tables["steps"]["status"] == "met").all()
    assert "All steps are done" in result.text
    assert result.notes == ()
    assert {len(result.prose(lang)) for lang in ("en", "fa", "ru")} == {3}


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_form_is_read_back(tmp_path, lang, suffix):
    path = change_form(tmp_path / f"change{suffix}", lang)
    with pytest.raises(DataError) as caught:  # nothing is filled in: no answers, but no fault of the form
        change_checklist(path.with_name("other.csv"))
    assert "not found" in str(caught.value)
    result = change_checklist(path)
    assert result.n == 0
    assert (result.tables["steps"]["status"] == "not answered").all()


def test_faults_of_marks():
    given = pd.DataFrame({"step": ["purpose", "purpose", "pilots", None], "done": ["yes", "no", "nearly", "yes"]})
    with pytest.raises(DataError) as caught:
        change_checklist(given)
    assert len(caught.value.faults) == 4
    assert "Did you mean 'pilot'" in str(caught.value)
