"""Content validity: printed tables, rules with their sources, shapes of input, missing ratings."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import DataError, ModelError
from crmstudy.instrument import load_instrument
from crmstudy.instrument.panel import write_panel
from crmstudy.kernels.agreement import content as kernel
from crmstudy.measurement.content import content_validity
from tests import tolerances


def rated(agreeing, n, yes=4, no=1):
    return pd.DataFrame([[yes] * agreeing + [no] * (n - agreeing)], index=["q"], columns=[f"e{j}" for j in range(n)])


@pytest.mark.parametrize(
    ("n", "agreeing", "index", "chance", "kappa"),
    [  # Polit, Beck and Owen (2007), Table 1
        (3, 3, 1.00, 0.125, 1.00), (3, 2, 0.67, 0.375, 0.47), (4, 4, 1.00, 0.063, 1.00), (4, 3, 0.75, 0.25, 0.67),
        (5, 5, 1.00, 0.031, 1.00), (5, 4, 0.80, 0.156, 0.76), (6, 6, 1.00, 0.016, 1.00), (6, 5, 0.83, 0.094, 0.81),
        (6, 4, 0.67, 0.234, 0.57), (7, 6, 0.86, 0.055, 0.85), (7, 5, 0.71, 0.164, 0.65), (8, 7, 0.88, 0.031, 0.87),
        (8, 6, 0.75, 0.109, 0.72), (9, 8, 0.89, 0.018, 0.89), (9, 7, 0.78, 0.070, 0.76),
    ],
)  # fmt: skip
def test_the_table_of_polit_beck_and_owen(n, agreeing, index, chance, kappa):
    row = content_validity(rated(agreeing, n)).tables["items"].iloc[0]
    half = tolerances.PRINTED_HALF_UNIT
    # their Table 1 rounds the index and chance agreement before kappa, which moves its last digit by one at most
    for value, printed, unit in (
        (row["i_cvi"], index, 0.01),
        (row["chance"], chance, 0.001),
        (row["kappa"], kappa, 0.02),
    ):
        assert abs(value - printed) <= half * unit + 1e-12


def test_exact_minima_as_ayre_and_scally_print_them():
    printed = {5: 1.0, 6: 1.0, 7: 1.0, 8: 0.75, 9: 0.778, 10: 0.8, 11: 0.636, 12: 0.667, 13: 0.538, 14: 0.571, 15: 0.6,
               20: 0.5, 25: 0.44, 30: 0.333, 35: 0.314, 40: 0.3}  # fmt: skip
    for n, value in printed.items():
        assert abs(kernel.exact_minimum(n) - value) <= tolerances.PRINTED_HALF_UNIT * 0.001
    assert math.isnan(kernel.exact_minimum(4))


def test_tail_is_a_sum_of_binomials():
    for n in (1, 6, 13):
        for count in range(n + 1):
            exact = sum(math.comb(n, j) for j in range(count, n + 1)) / 2**n
            assert kernel.binomial_tail(count, n) == pytest.approx(exact, rel=1e-13)


def test_rows_of_lawshes_table():
    assert kernel.lawshe_minimum(8) == (0.75, 8)
    assert kernel.lawshe_minimum(17) == (0.49, 15)
    assert kernel.lawshe_minimum(60) == (0.29, 40)
    assert kernel.lawshe_minimum(4)[1] == 0


def verdicts(table):
    rules = content_validity(table).tables["rules"]
    return dict(zip(rules["rule"], rules["met"], strict=True))


def test_rules_compare_with_two_decimals_as_the_tables_print():
    words = rated(8, 9, "essential", "useful")
    assert verdicts(words) == {"CVR (Lawshe's table)": "yes", "CVR (exact)": "yes"}
    assert verdicts(rated(7, 9))["I-CVI"] == "yes"  # 7 of 9 is Lynn's .78
    assert verdicts(rated(4, 5))["I-CVI"] == "no"
    assert verdicts(rated(8, 10, "essential", "useful")) == {"CVR (Lawshe's table)": "no", "CVR (exact)": "no"}
    split = content_validity(rated(12, 15, "essential", "useful"))
    assert split.tables["rules"]["met"].tolist() == ["yes", "yes"]
    between = content_validity(rated(9, 10, "essential", "useful"))
    assert between.tables["items"]["cvr_p"][0] == pytest.approx(11 / 1024)


def test_panels_too_small_for_the_rules():
    result = content_validity(rated(2, 2))
    assert set(result.tables["rules"]["met"]) == {"no rule"}
    assert "CONTENT_SMALL_PANEL" in {note.code for note in result.notes}
    four = content_validity(rated(4, 4, "essential", "useful"))
    assert set(four.tables["rules"]["met"]) == {"no rule"}


def whole():
    frame = pd.DataFrame({"item": ["q1", "q2", "q3"], "scale": ["A", "A", "B"]})
    relevance = [[4, 4, 3, 4, 2, 4], [4, 4, 4, 4, 4, 4], [1, 2, 4, 3, np.nan, 4]]
    necessity = [["essential"] * 6, ["essential"] * 5 + ["useful"], ["useful", "not necessary"] + ["essential"] * 4]
    for j in range(6):
        frame[f"relevance_{j + 1}"] = [row[j] for row in relevance]
        frame[f"necessity_{j + 1}"] = [row[j] for row in necessity]
    return frame


def test_scales_and_missing_ratings():
    result = content_validity(whole())
    items = result.tables["items"].set_index("item")
    assert items["experts"].tolist() == [6, 6, 5]
    assert items["i_cvi"].tolist() == pytest.approx([5 / 6, 1.0, 3 / 5])
    assert items["cvr"].tolist() == pytest.approx([1.0, 2 / 3, 1 / 3])
    assert items["aiken_v"]["q3"] == pytest.approx((14 / 5 - 1) / 3)
    scales = result.tables["scales"].set_index("scale")
    assert list(scales.index) == ["A", "B", "all items"]
    assert scales.loc["A", "s_cvi_ave"] == pytest.approx((5 / 6 + 1) / 2)
    assert scales.loc["A", "s_cvi_ua"] == pytest.approx(0.5)
    assert scales.loc["all items", "mean_cvr"] == pytest.approx(2 / 3)
    assert items["fails"]["q3"].split("; ") == ["I-CVI", "κ*", "CVR (Lawshe's table)", "CVR (exact)"]
    assert "CONTENT_RATINGS_MISSING" in {note.code for note in result.notes}
    assert result.tables["experts"]["relevance"].tolist() == [3, 3, 3, 3, 2, 3]
    assert len(result.estimates) == 3 * 4 + 3 * 4
    assert "Below the minimum" in result.text
    assert '"kind": "content_validity"' in result.to_json()


def test_shapes_of_one_panel_give_one_answer():
    wide = whole()
    long = wide.melt(["item", "scale"])
    long[["aspect", "expert"]] = long["variable"].str.split("_", expand=True)
    long = long.pivot(index=["item", "scale", "expert"], columns="aspect", values="value").reset_index()  # noqa: PD010
    plain = wide.set_index("item")[[f"relevance_{j}" for j in range(1, 7)]].set_axis(list("abcdef"), axis=1)
    reference = content_validity(wide)
    pd.testing.assert_frame_equal(content_validity(long).estimates, reference.estimates)
    some = reference.tables["items"][["i_cvi", "kappa", "aiken_v"]]
    pd.testing.assert_frame_equal(content_validity(plain).tables["items"][["i_cvi", "kappa", "aiken_v"]], some)
    mixed = wide.sample(frac=1, axis=1, random_state=2)
    pd.testing.assert_frame_equal(
        content_validity(mixed).tables["items"].drop(columns="fails"), reference.tables["items"].drop(columns="fails")
    )


def test_ends_of_the_rating_and_what_counts_as_relevant():
    five = rated(3, 5, 5, 3)
    result = content_validity(five, relevance=(1, 5), relevant=4)
    assert result.tables["items"]["i_cvi"][0] == pytest.approx(0.6)
    assert result.tables["items"]["aiken_v"][0] == pytest.approx(((3 * 5 + 2 * 3) / 5 - 1) / 4)
    with pytest.raises(DataError, match="found '5'"):
        content_validity(five)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_from_a_file(tmp_path, suffix):
    target = write_panel(load_instrument("ecsi"), tmp_path / f"form{suffix}", experts=3, lang="ru")
    with pytest.raises(DataError, match="nobody has rated"):
        content_validity(target)
    if suffix == ".csv":
        text = target.read_text(encoding="utf-8-sig").replace(",,,,,,,,,,,,", ",4,3,4,,3,необходимо,4,,۴,2,1,")
        target.write_text(text, encoding="utf-8-sig")
    else:
        from openpyxl import load_workbook

        book = load_workbook(target)
        for row in book.active.iter_rows(min_row=2):
            for cell, value in zip(row[3:], (4, 3, 4, None, 3, "необходимо", 4.0, "", "۴", 2, 1, None), strict=True):
                cell.value = value
        book.save(target)
    result = content_validity(str(target))
    items = result.tables["items"]
    assert items["relevant"].tolist() == [3] * 24
    assert items["essential"].tolist() == [2] * 24
    assert items["clear"].tolist() == [2] * 24
    assert len(result.tables["scales"]) == 8


def test_silent_experts_strange_columns_and_unrated_items():
    frame = whole().assign(relevance_7=np.nan, remark="x")
    frame.loc[2, [name for name in frame if name.startswith("necessity")]] = None
    notes = {note.code: note for note in content_validity(frame).notes}
    assert "7" in notes["CONTENT_EXPERT_SILENT"].message or "relevance" in notes["CONTENT_EXPERT_SILENT"].message
    assert "remark" in notes["CONTENT_COLUMNS_IGNORED"].message
    assert notes["CONTENT_ITEM_UNRATED"].subject == "q3"


@pytest.mark.parametrize(
    ("panel", "keywords", "error", "words"),
    [
        (whole(), {"ratings": "beauty", "relevance": (4, 1), "level": True}, ModelError, "3 faults"),
        (whole(), {"relevant": 1}, ModelError, "relevant"),
        (3, {}, DataError, "int"),
        ("no/such/file.csv", {}, DataError, "cannot be read"),
        (pd.DataFrame({"item": ["a"]}), {}, DataError, "no column of ratings"),
        (rated(2, 4) + 0.5, {}, DataError, "found '4.5'"),
        (pd.DataFrame({"item": ["a", "a"], "expert": [1, 1], "relevance": [4, 4]}), {}, DataError, "repeat"),
    ],
)
def test_bad_input(panel, keywords, error, words):
    with pytest.raises(error, match=words):
        content_validity(panel, **keywords)


def test_the_plot():
    drawing = content_validity(whole()).plot()
    assert drawing is not None
    assert drawing.reference == 0.5
    assert content_validity(rated(3, 5)).plot() is None


@pytest.mark.parametrize("cells", [["3", "2", "3", "3"], ["۳", "۲", "۳", "۳"], ["٣", "٢", "٣", "٣"]])
def test_digits_as_text_are_numbers_in_a_plain_table(cells):
    table = pd.DataFrame([cells, cells], columns=list("abcd"), index=["q1", "q2"])
    item = content_validity(table).tables["items"].iloc[0]
    assert item["i_cvi"] == 0.75
    assert np.isnan(item["cvr"])
    assert np.isnan(content_validity(table, ratings="necessity").tables["items"]["i_cvi"].iloc[0])


def test_a_panel_that_no_rule_covers_is_not_said_to_meet_one():
    words = ["essential", "essential", "useful", "useful"]
    table = pd.DataFrame([words], columns=list("abcd"), index=["q1"])
    assert "No item is below" not in content_validity(table).text
