import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import crmstudy as cs
from crmstudy.errors import DataError
from crmstudy.kernels.classic.printed import is_possible_deviation, is_possible_mean, rounded
from crmstudy.notes import explanations

#: State and private banks, as printed in a thesis.
BANKS = {
    "label": "banks", "n": 370, "mean": "3.28", "sd": ".54", "se": ".046", "n2": 372, "mean2": "3.53", "sd2": ".51",
    "se2": ".044", "diff": "-.25", "ci_low": "-.38", "ci_high": "-.13", "t": "3.93",
}  # fmt: skip


def verdicts(result):
    table = result.tables["checks"]
    return dict(zip(table["check"], table["verdict"], strict=True))


def implied(result, check):
    table = result.tables["checks"].set_index("check")
    return float(table.loc[check, "implied"])


def test_the_table_of_two_kinds_of_banks():
    result = cs.check_table(BANKS)
    assert verdicts(result) == {
        "se": "inconsistent", "se2": "inconsistent", "diff": "consistent", "t": "inconsistent",
        "t_from_se": "consistent", "ci_middle": "consistent", "ci": "inconsistent",
    }  # fmt: skip
    messages = result.tables["checks"].set_index("check")["message"]
    assert "n about 138 follows from SE and SD" in messages["se"]
    assert "n about 134 follows from SE and SD" in messages["se2"]
    assert implied(result, "t") == pytest.approx(-6.48, abs=0.005)
    assert implied(result, "t_from_se") == pytest.approx(-3.93, abs=0.005)
    assert "belongs to the printed standard errors, not to the printed n" in messages["t"]
    assert not result.consistent
    assert result.text.startswith("7 checks of 1 printed row: 4 disagree. banks, se: ")
    assert [note.code for note in result.notes] == ["TABLE_INCONSISTENT"]
    json.loads(result.to_json())


def test_with_the_n_that_follows_the_table_agrees():
    result = cs.check_table(BANKS | {"n": 138, "n2": 134})
    assert result.consistent, result.tables["checks"]
    assert result.text.endswith("the table agrees with itself.")


@pytest.mark.parametrize("seed", range(30))
def test_what_was_computed_and_rounded_is_never_called_inconsistent(seed):
    rng = np.random.default_rng(seed)
    one, two = rng.integers(1, 6, rng.integers(8, 60)), rng.integers(1, 6, rng.integers(8, 60))
    test = stats.ttest_ind(one, two)
    interval = test.confidence_interval()
    row = {
        "n": len(one), "mean": f"{one.mean():.2f}", "sd": f"{one.std(ddof=1):.2f}", "items": 1, "low": 1, "high": 5,
        "se": f"{one.std(ddof=1) / np.sqrt(len(one)):.3f}", "n2": len(two), "mean2": f"{two.mean():.2f}",
        "sd2": f"{two.std(ddof=1):.2f}", "se2": f"{two.std(ddof=1) / np.sqrt(len(two)):.3f}",
        "t": f"{test.statistic:.2f}", "df": len(one) + len(two) - 2, "p": f"{test.pvalue:.3f}",
        "ci_low": f"{interval.low:.2f}", "ci_high": f"{interval.high:.2f}", "diff": f"{one.mean() - two.mean():.2f}",
    }  # fmt: skip
    result = cs.check_table(row)
    assert result.consistent, result.tables["checks"].to_string()


def test_grim_by_the_example_of_its_authors():
    # Brown & Heathers (2017): of 28 people a mean of 5.19 cannot be
    assert verdicts(cs.check_table({"n": 28, "mean": "5.19", "items": 1}))["grim"] == "inconsistent"
    assert verdicts(cs.check_table({"n": 28, "mean": "5.18", "items": 1}))["grim"] == "consistent"
    assert verdicts(cs.check_table({"n": 28, "mean": "5.19", "items": 4}))["grim"] == "cannot be checked"
    assert "grim" not in verdicts(cs.check_table({"n": 28, "mean": "5.19", "sd": "1.2"}))


@pytest.mark.parametrize("items", [1, 2])
def test_grim_and_grimmer_know_every_sample(items):
    """Of five people and answers from 1 to 4: possible is exactly what some answers give."""
    from itertools import combinations_with_replacement

    n, totals = 5, range(items, 4 * items + 1)
    samples = np.array(list(combinations_with_replacement(totals, n))) / items
    found = {(f"{m:.2f}", f"{s:.2f}") for m, s in zip(samples.mean(axis=1), samples.std(axis=1, ddof=1), strict=True)}
    means = {mean for mean, _ in found}
    for cents in range(100, 401):
        mean = f"{cents / 100:.2f}"
        assert is_possible_mean(rounded(float(mean), 2), n, items) == (mean in means)
    wrong = 0
    for mean in means:
        for cents in range(180):
            sd = f"{cents / 100:.2f}"
            possible = is_possible_deviation(rounded(float(mean), 2), rounded(float(sd), 2), n, items, 1, 4)
            if (mean, sd) in found:
                assert possible, (mean, sd)
            wrong += bool(possible) and (mean, sd) not in found
    assert wrong <= 0.25 * len(found)  # sums of squares of the right parity that no answers have are the few left


@pytest.mark.parametrize(
    ("row", "check", "verdict"),
    [
        ({"t": "2.20", "df": 28, "p": ".036"}, "p", "consistent"),
        ({"t": "-2.20", "df": 28, "p": ".018"}, "p", "consistent"),  # one-sided
        ({"t": "2.20", "df": 28, "p": ".018", "tails": 2}, "p", "inconsistent"),
        ({"t": "2.20", "df": 28, "p": ".36"}, "p", "inconsistent"),
        ({"t": "12.2", "df": 28, "p": ".000"}, "p", "consistent"),
        ({"t": "12.2", "df": 28, "p": "< .001"}, "p", "consistent"),
        ({"t": "1.2", "df": 28, "p": "p > .05"}, "p", "consistent"),
        ({"t": "3.2", "df": 28, "p": "n.s."}, "p", "inconsistent"),
        ({"f": "3.20", "df1": 2, "df2": 50, "p": ".049"}, "p", "consistent"),
        ({"chisq": "12.1", "df": 4, "p": ".017"}, "p", "consistent"),
        ({"z": "1.96", "p": ".05"}, "p", "consistent"),
        ({"r": ".30", "n": 50, "p": ".034"}, "p", "consistent"),
        ({"r": ".30", "n": 50, "p": ".34"}, "p", "inconsistent"),
        ({"t": "2.1", "p": ".04"}, "p", "cannot be checked"),
        ({"chisq": "120.5", "df": 60, "chisq_df": "2.01"}, "chisq_df", "consistent"),
        ({"chisq": "120.5", "df": 60, "chisq_df": "2.10"}, "chisq_df", "inconsistent"),
        ({"n": 30, "count": 20, "percent": "66.7"}, "percent", "consistent"),
        ({"n": 30, "count": 20, "percent": "66.6"}, "percent", "inconsistent"),
        ({"n": 28, "percent": "21.5%"}, "percent", "inconsistent"),
        ({"n": 2000, "percent": "21.5"}, "percent", "cannot be checked"),
        ({"mean": "5.4", "low": 1, "high": 5}, "range", "inconsistent"),
        ({"n": 20, "mean": "4.8", "sd": "1.4", "low": 1, "high": 5}, "largest_sd", "inconsistent"),
        ({"n": 20, "n2": 22, "t": "2.1", "df": 40}, "df", "consistent"),
        ({"n": 20, "n2": 22, "t": "2.1", "df": 42}, "df", "inconsistent"),
        ({"n": 20, "sd": "1.0", "mean": "3.5", "mu": 3, "t": "2.24"}, "t", "consistent"),
        ({"n": 20, "sd": "1.0", "mean": "3.5", "mu": 3, "d": ".50"}, "d", "consistent"),
        ({"n": 20, "sd": "1.0", "mean": "3.50", "ci_low": "3.03", "ci_high": "3.97"}, "ci", "consistent"),
        ({"n": 20, "sd": "1.0", "mean": "3.50", "ci_low": "3.13", "ci_high": "3.87"}, "ci", "inconsistent"),
        ({"sd": ".54", "se": ".046"}, "se", "cannot be checked"),
    ],
)
def test_single_checks(row, check, verdict):
    assert verdicts(cs.check_table(row))[check] == verdict


def test_a_wrong_decision_is_told():
    table = cs.check_table({"t": "1.50", "df": 28, "p": ".03"}).tables["checks"]
    assert bool(table["decision_error"].iloc[0])
    assert "The decision at 0.05 is another one" in table["message"].iloc[0]


def test_persian_digits_and_decimal_commas():
    result = cs.check_table({"n": "۳۷۰", "sd": "۰٫۵۴", "se": "0,028"})
    assert verdicts(result) == {"se": "consistent"}


def test_numbers_and_their_decimals():
    frame = pd.DataFrame({"n": [20, 30], "mean": [3.5, np.nan], "sd": [1.0, 1.1], "se": [0.22, 0.2], "items": [1, 1]})
    result = cs.check_table(frame)
    assert result.tables["rows"]["label"].tolist() == ["row 1", "row 2"]
    assert "TABLE_DECIMALS_GUESSED" in [note.code for note in result.notes]
    stated = cs.check_table(frame, decimals={"mean": 2, "sd": 2, "se": 2})
    assert [note.code for note in stated.notes] == []
    assert {note.code for note in result.notes} <= set(explanations())


def test_nothing_to_check_is_said():
    assert [note.code for note in cs.check_table({"n": 20}).notes] == ["TABLE_NOTHING_TO_CHECK"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"maen": 3}, "no figure 'maen'.*Did you mean 'mean'"),
        ({"n": "many"}, "'n' is a number"),
        ({"n": 3.5}, "'n' is a whole number"),
        ({"n": True}, "'n' is a number"),
        ({"p": 1.4}, "'p' is a probability"),
        ({"sd": "-1.2"}, "cannot be negative"),
        ({"n": 0}, "at least 1"),
        ({"low": 5, "high": 1}, "not below"),
        ({"r": "1.4"}, "beyond 1"),
        ({"tails": 3}, "1 or 2"),
        ({"n": 3, "n1": 4}, "stands twice"),
        ([], "there is no row"),
        ("table", "takes rows"),
        ([1], "row 1 is 1"),
    ],
)
def test_what_is_refused(rows, message):
    with pytest.raises(DataError, match=message):
        cs.check_table(rows)


def test_all_faults_at_once_and_faulty_decimals():
    with pytest.raises(DataError) as caught:
        cs.check_table([{"maen": 3}, {"n": "x"}])
    assert len(caught.value.faults) == 2
    with pytest.raises(DataError, match="`decimals`"):
        cs.check_table({"n": 3}, decimals={"mean": True})
    with pytest.raises(DataError, match="names 'maen'"):
        cs.check_table({"n": 3}, decimals={"maen": 2})


def printed(value, rng, most=3):
    """A figure with a random number of decimals, with or without its leading zero."""
    text = f"{value:.{rng.integers(1, most + 1)}f}"
    return text[1:] if text.startswith("0.") and rng.random() < 0.3 else text


def two_samples(rng):
    one, two = (rng.integers(1, 6, rng.choice([4, 9, 30, 200])) + rng.normal() for _ in range(2))
    equal = bool(rng.random() < 0.5)
    test = stats.ttest_ind(one, two, equal_var=equal)
    row = {"n2": len(two), "df": f"{test.df:.{rng.integers(0, 3)}f}"}
    pooled = np.sqrt(((len(one) - 1) * one.var(ddof=1) + (len(two) - 1) * two.var(ddof=1)) / (len(one) + len(two) - 2))
    return one, two, test, row | {"d": printed((one.mean() - two.mean()) / pooled, rng)}


def two_measurements(rng):
    one = rng.integers(1, 6, rng.choice([4, 9, 30, 200])).astype(float)
    two = one + rng.normal(0.3, 0.5, len(one))
    test = stats.ttest_rel(one, two)
    row = {"n2": len(one)} if rng.random() < 0.5 else {}
    return one, two, test, row | ({"df": len(one) - 1} if rng.random() < 0.5 else {})


@pytest.mark.parametrize("design", [two_samples, two_measurements])
@pytest.mark.parametrize("seed", range(60))
def test_no_right_comparison_of_two_means_is_called_inconsistent(design, seed):
    rng = np.random.default_rng(seed)
    one, two, test, more = design(rng)
    interval = test.confidence_interval()
    row = more | {"n": len(one), "t": printed(test.statistic, rng), "p": f"{test.pvalue:.3f}"}
    row |= {"ci_low": printed(interval.low, rng), "ci_high": printed(interval.high, rng)}
    for values, end in ((one, ""), (two, "2")):
        sd = values.std(ddof=1)
        row |= {f"mean{end}": printed(values.mean(), rng), f"sd{end}": printed(sd, rng)}
        row |= {f"se{end}": printed(sd / np.sqrt(len(values)), rng)} if rng.random() < 0.7 else {}
    result = cs.check_table(row)
    assert result.consistent, result.tables["checks"].to_string()


@pytest.mark.parametrize(
    ("row", "check", "verdict"),
    [
        # groups of equal size: related or not, unless the degrees of freedom tell
        ({"n": 40, "mean": "3.28", "sd": ".54", "n2": 40, "mean2": "3.53", "sd2": ".51", "t": "3.93", "df": 78}, "t",
         "inconsistent"),
        ({"n": 40, "mean": "3.28", "sd": ".54", "n2": 40, "mean2": "3.53", "sd2": ".51", "t": "3.93"}, "t",
         "cannot be checked"),
        ({"n": 40, "mean": "3.28", "sd": ".54", "n2": 40, "mean2": "3.53", "sd2": ".51", "t": "3.93", "df": 39}, "t",
         "consistent"),
        ({"n": 40, "mean": "3.28", "sd": ".54", "mean2": "3.53", "sd2": ".51", "t": "0.93", "df": 39}, "t",
         "inconsistent"),  # no correlation makes it so small
        ({"n": 5, "n2": 40, "t": "1.9", "df": "5"}, "df", "consistent"),  # Welch's, rounded
        ({"n": 5, "n2": 40, "t": "1.9", "df": "44"}, "df", "inconsistent"),
        # a regression's t, and that of two groups of n people in all
        ({"n": 178, "t": "2.31", "df": 174, "p": ".022"}, "df", "cannot be checked"),
        ({"n": 178, "t": "2.31", "df": 176, "d": ".35"}, "df", "consistent"),
        ({"n": 178, "t": "2.31", "df": 176, "d": ".35"}, "d", "consistent"),
        ({"n": 178, "t": "2.31", "df": 178}, "df", "inconsistent"),
        ({"n": 10, "t": "2.31", "p": ".001"}, "p", "inconsistent"),
        ({"n": 40, "r": ".30", "df": 39}, "df", "inconsistent"),
        ({"n": 40, "r": ".300", "df": 25, "t": "1.57"}, "t", "consistent"),  # a partial correlation
        ({"n": 40, "r": ".300", "t": "1.57"}, "t", "inconsistent"),
        # one-sided, on the side that was not expected
        ({"t": "-2.1", "df": 38, "p": ".979", "tails": 1}, "p", "consistent"),
        ({"t": "-2.1", "df": 38, "p": ".042", "tails": 1}, "p", "inconsistent"),
        # the interval of the difference from the value tested, as SPSS prints it
        ({"n": 40, "mean": "3.50", "mu": 3, "sd": ".50", "ci_low": ".34", "ci_high": ".66"}, "ci_middle", "consistent"),
        ({"n": 40, "mean": "3.50", "mu": 3, "sd": ".50", "ci_low": ".24", "ci_high": ".56"}, "ci_middle",
         "inconsistent"),
        ({"mean": "3.50", "mu": 3, "diff": ".60"}, "diff", "inconsistent"),
        ({"n": 100_000, "sd": ".54", "se": ".00"}, "se", "consistent"),
        ({"n": 370, "sd": ".54", "se": ".00"}, "se", "inconsistent"),
        ({"t": "5.1", "df": 200, "p": 1e-6}, "p", "consistent"),
        ({"z": "3.00", "p": 0.0}, "p", "consistent"),  # .00 as a number
        ({"t": "5.1", "df": 200, "p": "7.9e-7"}, "p", "consistent"),
        ({"t": "5.1", "df": 200, "p": "2.9e-7"}, "p", "inconsistent"),
        ({"t": "5.1", "df": 200, "p": "<.000"}, "p", "consistent"),
        ({"t": "2.1", "df": 200, "p": "<.000"}, "p", "inconsistent"),
    ],
)  # fmt: skip
def test_what_the_row_leaves_open_is_not_called_wrong(row, check, verdict):
    assert verdicts(cs.check_table(row))[check] == verdict


def test_related_measurements_are_told_as_such():
    row = {"n": 40, "mean": "3.3", "sd": ".54", "n2": 40, "mean2": "3.6", "sd2": ".54", "t": "9.0", "df": 39}
    table = cs.check_table(row).tables["checks"].set_index("check")
    assert table.loc["df", "implied"] == 39
    assert "39 degrees of freedom for two measurements of the same people" in table.loc["df", "message"]
    assert table.loc["t", "message"].startswith("t is possible: of two measurements of the same people")
