"""DIF: what does not matter, what is flagged, and input that cannot be answered."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmstudy.errors import AnalysisError, DataError, InputError, ModelError
from crmstudy.measurement.dif.dif import dif, flagged_items
from crmstudy.notes import explanations
from tests import tolerances

ROOT = Path(__file__).resolve().parents[2]
ITEMS = [f"q{i}" for i in range(1, 7)]


def answers(seed: int, n: int = 800, shift: float = 0.0, slope: float = 1.0) -> pd.DataFrame:
    """Six graded items; the last is harder by ``shift`` and less related by ``slope`` in the second group."""
    rng = np.random.default_rng(seed)
    trait, group = rng.normal(size=n), np.arange(n) % 2
    latent = trait[:, None] * 1.7 + rng.logistic(size=(n, 6))
    latent[:, 5] += group * (shift + (slope - 1.0) * 1.7 * trait)
    values = np.searchsorted([-2.5, -0.8, 0.8, 2.5], latent) + 1
    return pd.DataFrame(values, columns=ITEMS).assign(group=np.where(group, "b", "a"))


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return answers(4, shift=1.0)


def codes(result):
    return [note.code for note in result.notes]


def test_uniform_dif_is_found_and_its_size_recovered(data):
    found = dif(data, items=ITEMS, group="group")
    assert flagged_items(found) == ["q6"]
    row = found.tables["items"].set_index("item").loc["q6"]
    assert row["form"] == "uniform"
    assert not row["anchor"]
    term = found.estimates.set_index("term").loc["q6: b"]
    assert abs(term["estimate"] - 1.0) < tolerances.MONTE_CARLO_IN_SE * term["std_error"]
    assert "1 of 6 items" in found.text


def test_non_uniform_dif_is_found():
    found = dif(answers(7, n=2000, slope=0.4), items=ITEMS, group="group")
    assert flagged_items(found) == ["q6"]
    assert found.tables["items"].set_index("item").loc["q6", "form"] == "non-uniform"
    assert found.estimates.set_index("term").loc["q6: score × b", "estimate"] < 0


@pytest.mark.slow
def test_without_dif_the_level_is_held():
    """Familywise: at least one of six items is flagged in about 5 % of samples without DIF."""
    hits = sum(bool(flagged_items(dif(answers(100 + i, n=400), items=ITEMS, group="group"))) for i in range(200))
    assert hits <= 10 + tolerances.MONTE_CARLO_IN_SE * np.sqrt(200 * 0.05 * 0.95)


def test_order_and_names_do_not_matter(data):
    one = dif(data, items=ITEMS, group="group")
    moved = data.sample(frac=1.0, random_state=1)[["group", *ITEMS[::-1]]]
    other = dif(moved, items=ITEMS, group="group")
    pd.testing.assert_frame_equal(one.tables["tests"], other.tables["tests"], rtol=1e-7, atol=1e-10)
    turned = dif(moved, items=ITEMS, group="group", reference="b")
    assert turned.estimates["estimate"].to_numpy()[::2] == pytest.approx(
        -one.estimates["estimate"].to_numpy()[::2], abs=1e-8
    )
    pd.testing.assert_frame_equal(one.tables["tests"], turned.tables["tests"], rtol=1e-6, atol=1e-10)


def test_turning_all_items_turns_only_signs(data):
    one, other = dif(data, items=ITEMS, group="group"), dif(data.assign(**6 - data[ITEMS]), items=ITEMS, group="group")
    pd.testing.assert_frame_equal(one.tables["tests"], other.tables["tests"], rtol=1e-6, atol=1e-9)


def test_the_parts_add_up_to_the_whole(data):
    table = dif(data, items=ITEMS, group="group").tables["tests"]
    uniform, nonuniform, total = table["chisq"].to_numpy().reshape(-1, 3).T
    assert total == pytest.approx(uniform + nonuniform, abs=1e-9)


def test_anchors(data):
    found = dif(data, items=ITEMS, group="group", anchor=["q1", "q2", "q3"], purify=False)
    assert found.tables["items"]["anchor"].tolist() == [True] * 3 + [False] * 3
    assert found.call["anchor"] == ["q1", "q2", "q3"]


def test_missing_cells_are_left_out_and_counted(data):
    holed = data.astype(dict.fromkeys(ITEMS, float))
    holed.loc[0:9, "q1"] = np.nan
    holed.loc[10:12, "group"] = None
    found, rest = dif(holed, items=ITEMS, group="group"), dif(data.iloc[13:], items=ITEMS, group="group")
    assert found.n == len(data) - 13
    assert found.samples["dropped"].tolist() == [13]
    assert "DIF_ROWS_DROPPED" in codes(found)
    pd.testing.assert_frame_equal(found.tables["tests"], rest.tables["tests"])


def test_sparse_categories_can_be_joined(data):
    sparse = data.copy()
    sparse.loc[sparse["group"] == "b", "q1"] = sparse["q1"].clip(lower=2)
    plain, joined = (dif(sparse, items=ITEMS, group="group", purify=False, min_count=least) for least in (0, 5))
    assert "DIF_EMPTY_CATEGORY" in codes(plain)
    assert plain.tables["items"]["categories"].tolist()[0] == 5
    assert joined.tables["items"]["categories"].tolist()[0] == 4
    assert "DIF_CATEGORIES_MERGED" in codes(joined)


def test_separation_is_told_and_other_items_stand(data):
    """An item that only the second group affirms has no finite difference."""
    apart = data.assign(q6=np.where(data["group"] == "b", 5, 1))
    found = dif(apart, items=ITEMS, group="group", purify=False)
    (note,) = [note for note in found.notes if note.code == "DIF_NOT_TESTED"]
    assert note.subject == "q6"
    row = found.tables["items"].set_index("item").loc["q6"]
    assert np.isnan(row["chisq"])
    assert not row["flagged"]
    assert row["jodoin_gierl"] == "not judged"
    assert found.tables["items"]["chisq"].notna().sum() == 5
    assert '"chisq": null' in found.to_json()


def test_an_item_that_does_not_vary_is_named(data):
    found = dif(data.assign(q2=3), items=ITEMS, group="group")
    assert [note.subject for note in found.notes if note.code == "DIF_NOT_TESTED"] == ["q2"]


def test_an_item_keyed_the_other_way_is_named(data):
    found = dif(data.assign(q2=6 - data["q2"]), items=ITEMS, group="group")
    assert [note.subject for note in found.notes if note.code == "DIF_REVERSED_ITEM"] == ["q2"]


def test_groups_of_numbers_and_small_ones(data):
    coded = data.assign(group=(data["group"] == "b").astype(float)).iloc[:300]
    found = dif(coded, items=ITEMS, group="group")
    assert found.call["reference"] == 0.0
    assert "DIF_SMALL_GROUP" in codes(found)
    assert found.plot() is not None


def test_three_groups(data):
    three = data.assign(group=np.arange(len(data)) % 3)
    found = dif(three, items=ITEMS, group="group")
    assert found.tables["items"]["df"].tolist() == [4] * 6
    assert len(found.estimates) == 6 * 2 * 2
    assert found.plot() is None


@pytest.mark.parametrize("criterion", ["jodoin_gierl", "zumbo", "beta"])
def test_a_small_effect_is_not_flagged_by_its_p_alone(criterion):
    found = dif(answers(9, n=4000, shift=0.35), items=ITEMS, group="group", criterion=criterion)
    assert found.tables["items"].set_index("item").loc["q6", "p_adjusted"] < 0.05
    assert flagged_items(found) == []


def test_no_anchors_left(data):
    rng = np.random.default_rng(0)
    shifted = data.copy()
    for item, shift in zip(ITEMS, (2, -2, 2, -2, 2, -2), strict=True):
        shifted[item] = np.clip(
            data[item] + np.where(data["group"] == "b", shift, 0) * (rng.random(len(data)) < 0.7), 1, 5
        )
    found = dif(shifted, items=ITEMS, group="group")
    assert "DIF_NO_ANCHORS" in codes(found)


def test_every_code_is_explained():
    known = explanations()
    source = "".join(
        path.read_text(encoding="utf-8")
        for room in ("dif", "method_bias")
        for path in (ROOT / "crmstudy/measurement" / room).glob("*.py")
    )
    assert re.findall(r'"DIF_[A-Z_]+"', source)
    assert set(re.findall(r'"((?:DIF|BIAS)_[A-Z_]+)"', source)) <= set(known)


@pytest.mark.parametrize("kind", ["category", "boolean", "string"])
def test_groups_of_any_kind(data, kind):
    column = (data["group"] == "b").astype("boolean") if kind == "boolean" else data["group"].astype(kind)
    found = dif(data.assign(group=column), items=ITEMS, group="group")
    assert flagged_items(found) == ["q6"]
    assert found.tables["groups"]["n"].tolist() == [400, 400]


# --- refusals --------------------------------------------------------------------------------------------------------


def test_all_options_are_refused_at_once(data):
    with pytest.raises(ModelError) as refused:
        dif(data, items=ITEMS, group="group", matching="sumscore", test="all", criterion="r2", adjust="fdr",
            min_count=True, level=float("nan"))  # fmt: skip
    assert len(refused.value.faults) == 6
    assert "'sum score'" in str(refused.value)


def test_all_names_are_refused_at_once(data):
    with pytest.raises(DataError) as refused:
        dif(data, items=["q1", "q22", "q3"], group="grup", anchor=None)
    assert len(refused.value.faults) == 2
    assert "Did you mean 'group'" in str(refused.value) or "did you mean 'group'" in str(refused.value).lower()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"items": ["q1"]}, "at least two"),
        ({"items": None}, "Name the items"),
        ({"items": ["q1", "q1", "q2"]}, "2 times"),
        ({"group": "q1"}, "group and an item"),
        ({"anchor": ["q9"]}, "q9"),
        ({"items": ["q1", "q2"], "anchor": ["q3"]}, "not among the items"),
        ({"reference": "c"}, "no group"),
        ({"items": None, "scale": "trust"}, "declares no scales"),
    ],
)
def test_refusals(data, change, words):
    with pytest.raises(InputError, match=words):
        dif(data, **({"items": ITEMS, "group": "group"} | change))


@pytest.mark.parametrize(("column", "words"), [("text", "text"), ("endless", "infinite")])
def test_columns_that_are_no_answers(data, column, words):
    frame = data.assign(text="x", endless=np.inf)
    with pytest.raises(DataError, match=words):
        dif(frame, items=["q1", column], group="group")


def test_data_that_cannot_answer(data):
    with pytest.raises(AnalysisError) as refused:
        dif(data.assign(group="a"), items=ITEMS, group="group")
    assert refused.value.code == "DIF_ONE_GROUP"
    with pytest.raises(AnalysisError) as refused:
        dif(data.assign(q1=1, q2=2), items=["q1", "q2"], group="group")
    assert refused.value.code == "DIF_NOTHING_TO_MATCH"
    with pytest.raises(AnalysisError, match="'q1'") as refused:
        dif(data.assign(q1=np.nan), items=ITEMS, group="group")
    assert refused.value.code == "DIF_NO_ROWS"
    with pytest.raises(DataError, match="column of groups"):
        dif(data.assign(group=np.random.default_rng(0).normal(size=len(data))), items=ITEMS, group="group")


def test_responses_are_reversed(tmp_path):
    """Responses give their items keyed, and a scale by its id."""
    import crmstudy as cs

    answered = cs.read_responses("data/mobi/responses.csv", instruments=["ecsi"])
    frame = answered.frame.copy()
    frame["half"] = np.arange(len(frame)) % 2
    both = cs.read_responses(_written(frame, tmp_path), instruments=["ecsi"])
    found = dif(both, scale="quality", group="half")
    assert found.tables["items"]["item"].tolist() == [f"PERQ{i}" for i in range(1, 8)]


def _written(frame, folder):
    path = folder / "answers.csv"
    frame.to_csv(path, index=False)
    return path
