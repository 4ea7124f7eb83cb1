"""The item table of a pilot against PSPP and psych, and what it says of items that were mended."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.errors import AnalysisError, DataError, ModelError, UnsupportedError
from crmstudy.instrument.revising.adapting import Added, Changes
from crmstudy.instrument.revising.adopting import adopt
from crmstudy.notes import explanations
from crmstudy.responses import Responses

STY = cs.load_instrument("crm-sty")


def _answers(n: int, items, seed: int = 1, high: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    level = rng.normal(size=n)
    middle = (1 + high) / 2
    return pd.DataFrame({id: np.clip(np.round(middle + level + rng.normal(size=n)), 1, high) for id in items})


FRAME = _answers(26, ["a", "b", "c", "d", "e"], seed=4)
FRAME.loc[[2, 9], "c"] = np.nan
FRAME["d"] = 6 - FRAME["d"]


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("pspp") is None, reason="PSPP is not installed")
def test_corrected_correlations_and_alpha_without_the_item_are_those_of_pspp(tmp_path):
    FRAME.to_csv(tmp_path / "d.csv", index=False, na_rep="")
    names = " ".join(f"{name} F8.2" for name in FRAME)
    (tmp_path / "r.sps").write_text(
        f"GET DATA /TYPE=TXT /FILE='{tmp_path / 'd.csv'}' /DELIMITERS=',' /FIRSTCASE=2 /VARIABLES={names}.\n"
        "RELIABILITY /VARIABLES=a b c d e /SUMMARY=TOTAL.\n"
    )
    command = ["pspp", "-o", "-", "-O", "format=csv", str(tmp_path / "r.sps")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = {line[0]: line.split(",") for line in told if line[:2] in ("a,", "b,", "c,", "d,", "e,")}
    result = cs.pilot(FRAME)
    table = result.tables["items"].set_index("item")
    assert set(rows) == set(table.index)
    for item, cells in rows.items():
        assert table.loc[item, "item_rest"] == pytest.approx(float(cells[3]), abs=0.0051)
        assert table.loc[item, "alpha_if_dropped"] == pytest.approx(float(cells[4]), abs=0.0051)
    (alpha,) = [float(line.split(",")[0]) for line in told if re.fullmatch(r"-?\d*\.\d+,5", line)]
    assert result.tables["scales"]["alpha"].iloc[0] == pytest.approx(alpha, abs=0.0051)


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_figures_are_those_of_psych(tmp_path):
    FRAME.to_csv(tmp_path / "d.csv", index=False)
    code = f"""
    if (!requireNamespace("psych", quietly = TRUE)) quit(status = 3)
    d <- na.omit(read.csv("{tmp_path / "d.csv"}"))
    s <- var(d); k <- ncol(d); n <- nrow(d)
    a <- k / (k - 1) * (1 - sum(diag(s)) / sum(s))
    f <- psych::alpha.ci(a, n, k, digits = 8)
    cat(sapply(1:k, function(j) cor(d[[j]], rowSums(d[-j]))), "\\n")
    cat(sapply(1:k, function(j) {{ z <- var(d[-j]); (k-1)/(k-2)*(1 - sum(diag(z))/sum(z)) }}), "\\n")
    cat(a, f$lower.ci, f$upper.ci, "\\n")
    cat(psych::r.con(cor(d[[1]], rowSums(d[-1])), n), "\\n")
    """
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    if done.returncode == 3:
        pytest.skip("the R package psych is not installed")
    rest, dropped, alpha, first = ([float(cell) for cell in line.split()] for line in done.stdout.strip().splitlines())
    result = cs.pilot(FRAME)
    items, scale = result.tables["items"], result.tables["scales"].iloc[0]
    assert items["item_rest"].to_numpy() == pytest.approx(rest, abs=1e-6)
    assert items["alpha_if_dropped"].to_numpy() == pytest.approx(dropped, abs=1e-6)
    assert scale[["alpha", "alpha_low", "alpha_high"]].to_numpy(dtype=float) == pytest.approx(alpha, abs=1e-5)
    assert items.loc[0, ["item_rest_low", "item_rest_high"]].to_numpy(dtype=float) == pytest.approx(first, abs=1e-6)


def test_moments_are_of_all_answers_and_missing_are_counted():
    row = cs.pilot(FRAME).tables["items"].set_index("item").loc["c"]
    known = FRAME["c"].dropna()
    assert (row["n"], row["missing"]) == (24, 2)
    assert (row["mean"], row["sd"]) == pytest.approx((known.mean(), known.std()))
    assert row["floor_percent"] == pytest.approx(100 * (known == known.min()).mean())


def test_an_item_that_runs_against_its_scale_is_flagged_with_the_reason():
    flags = cs.pilot(FRAME).tables["flags"]
    assert list(flags.loc[flags["flag"] == "negative", "item"]) == ["d"]
    assert "reversed" in flags.loc[flags["flag"] == "negative", "reason"].iloc[0]
    assert list(flags.loc[flags["flag"] == "alpha", "item"]) == ["d"]


def test_constant_missing_floor_and_ceiling():
    frame = FRAME.assign(
        k=3.0, m=FRAME["a"].where(np.arange(26) % 3 > 0), f=[1.0] * 24 + [2.0, 5.0], g=[5.0] * 25 + [1.0]
    )
    found = cs.pilot(frame).tables["items"].set_index("item")["flags"]
    assert found["k"] == "constant"
    assert "missing" in found["m"]
    assert "floor" in found["f"]
    assert "ceiling" in found["g"]


def test_responses_are_analysed_by_the_key():
    keyed = replace(STY, items=STY.items)
    data = _answers(25, STY.item_ids)
    data["KCF2"] = 6 - data["KCF2"]
    plain = Responses.from_frame(data, [keyed])
    assert "negative" in cs.pilot(plain).tables["items"].set_index("item").loc["KCF2", "flags"]
    one = adopt(STY, None, changes=Changes(drop=("KCF2",), add=(Added("KCF2b", "KCF1", "key_customer_focus",
                dict(STY.item("KCF2").wording), True),))).instrument  # fmt: skip
    reversed_ = Responses.from_frame(data.rename(columns={"KCF2": "KCF2b"}), [one])
    assert "negative" not in cs.pilot(reversed_).tables["items"].set_index("item").loc["KCF2b", "flags"]


def test_every_scale_and_round_has_its_own_rows():
    before = Responses.from_frame(_answers(25, STY.item_ids), [STY])
    result = cs.pilot(before, after=Responses.from_frame(_answers(30, STY.item_ids, 2), [STY]))
    assert len(result.tables["items"]) == 2 * 18
    assert result.samples.set_index("group")["n"].to_dict() == {"before": 25, "after": 30}
    assert set(result.tables["changes"]["change"]) == {"kept"}
    reliability = cs.reliability(before, scale="crm_organisation")
    ours = result.estimates.set_index(["scale", "round"]).loc[("crm_organisation", "before"), "estimate"]
    assert ours == pytest.approx(reliability.estimates.set_index("term").loc["alpha", "estimate"])


def test_changes_between_the_rounds_are_those_of_the_instruments():
    changes = Changes(drop=("KMG1",), add=(Added("KMG5", "KMG4", "knowledge_management", {"en": "New."}),), version="2")
    mended = adopt(STY, None, changes=changes).instrument
    item = mended.item("KCF1")
    worded = replace(item, wording={**item.wording, "fa": "متن تازه"})
    turned = replace(mended.item("TEC2"), reverse=True)
    swap = {"KCF1": worded, "TEC2": turned}
    mended = replace(
        mended,
        items=tuple(swap.get(one.id, one) for one in mended.items),
        scales=tuple(replace(s, items=tuple(swap.get(one.id, one) for one in s.items)) for s in mended.scales),
        higher_order=(),
    )
    before = Responses.from_frame(_answers(22, STY.item_ids), [STY])
    result = cs.pilot(before, after=Responses.from_frame(_answers(24, mended.item_ids, 3), [mended]))
    change = result.tables["changes"].set_index("item")["change"].to_dict()
    assert (change["KMG1"], change["KMG5"], change["KCF1"], change["TEC2"]) == ("dropped", "added", "reworded", "key")
    assert change["KCF2"] == "kept"
    assert "PILOT_CHANGED" in {note.code for note in result.notes}


def test_what_so_few_can_decide_is_said_with_figures():
    notes = {note.code: note for note in cs.pilot(FRAME.iloc[:12]).notes}
    assert "12 respondents" in notes["PILOT_FEW"].message
    assert "n = 12" in notes["PILOT_SMALL"].message
    assert "PILOT_FEW" not in {note.code for note in cs.pilot(FRAME).notes}
    assert {"PILOT_FEW", "PILOT_SMALL", "PILOT_ROUNDS", "PILOT_CHANGED", "PILOT_ROWS_EMPTY"} <= set(explanations())


def test_empty_rows_are_no_respondents():
    empty = pd.concat([FRAME, pd.DataFrame({name: [np.nan] for name in FRAME})], ignore_index=True)
    result = cs.pilot(empty)
    assert (result.n, result.samples["dropped"].iloc[0]) == (26, 1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_tiny_rounds_break_nothing(n):
    result = cs.pilot(FRAME.iloc[:n])
    assert result.n == n
    json.loads(result.to_json())


def test_two_items_and_one():
    pair = cs.pilot(FRAME[["a", "b"]]).tables["items"]
    assert pair["item_rest"].notna().all()
    assert pair["alpha_if_dropped"].isna().all()
    assert cs.pilot(FRAME[["a"]]).tables["scales"]["alpha"].isna().all()


def test_bad_requests_are_refused():
    with pytest.raises(ModelError):
        cs.pilot(FRAME, level=95)
    with pytest.raises(DataError, match="zz"):
        cs.pilot(FRAME, items=["a", "zz"])
    with pytest.raises(UnsupportedError):
        cs.pilot("file.csv")
    with pytest.raises(AnalysisError, match="Nobody answered"):
        cs.pilot(pd.DataFrame({"a": [np.nan, np.nan], "b": [np.nan, np.nan]}))


def test_text_and_picture():
    result = cs.pilot(FRAME)
    assert "α = " in result.text
    assert "flagged: d" in result.text
    assert result.plot().terms == tuple("abcde")
