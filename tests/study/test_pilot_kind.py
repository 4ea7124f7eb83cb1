"""A pilot and the round after it as an analysis of a study, from its file to its report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import InputError
from crmstudy.report.document import Table
from crmstudy.report.telling.compose import compose

STUDY = """\
crmstudy: 1
title: {en: Pilot}
samples:
  first: {population: staff, file: a.csv, instruments: [crm-sty]}
  second: {population: staff, file: b.csv, instruments: [crm-sty]}
analyses:
"""


def _write(folder, analyses):
    rng = np.random.default_rng(5)
    items = cs.load_instrument("crm-sty").item_ids
    for name, n in (("a.csv", 24), ("b.csv", 29)):
        answers = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, len(items)))), 1, 5).astype(int)
        frame = pd.DataFrame(answers, columns=list(items))
        frame["KCF2"] = 6 - frame["KCF2"] if name == "a.csv" else frame["KCF2"]
        frame.to_csv(folder / name, index=False)
    (folder / "study.yaml").write_text(STUDY + analyses, encoding="utf-8")
    return folder


def test_two_rounds_reach_the_report(tmp_path):
    folder = _write(tmp_path, "  - {id: tried, kind: pilot, sample: first, after: second, level: 0.9}\n")
    results = cs.run(cs.Study.load(folder))
    result = results["tried"].result
    assert result.samples.set_index("group")["n"].to_dict() == {"before": 24, "after": 29}
    assert result.call["level"] == 0.9
    document = compose(results.record)
    section = next(section for section in document.sections if section.id.endswith("tried"))
    tables = [element for element in section.elements if isinstance(element, Table)]
    assert len(tables) == 4
    assert len(tables[1].rows) == len(tables[2].rows) == 18
    results.report(tmp_path / "out", formats=["html"])
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Items of the Round after the Pilot" in html
    assert "whether it has to be reversed" in html


def test_one_round_of_one_scale(tmp_path):
    folder = _write(tmp_path, "  - {id: tried, kind: pilot, sample: first, scales: [key_customer_focus]}\n")
    result = cs.run(cs.Study.load(folder))["tried"].result
    assert set(result.tables["items"]["scale"]) == {"key_customer_focus"}
    assert "negative" in result.tables["items"].set_index("item").loc["KCF2", "flags"]


@pytest.mark.parametrize(
    ("analysis", "said"),
    [
        ("after: secnd", "secnd"),
        ("after: first", "the sample 'first' itself"),
        ("scales: [x]", "'x'"),
        ("level: 95", "level"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(tmp_path, analysis, said):
    folder = _write(tmp_path, f"  - {{id: tried, kind: pilot, sample: first, {analysis}}}\n")
    with pytest.raises(InputError, match=said):
        cs.run(cs.Study.load(folder))
