"""What a report says about the reliability of scales."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from crmstudy.imputed import Imputed
from crmstudy.measurement.reliability.reliability import reliability
from crmstudy.report.document import FigureBlock, Paragraph
from crmstudy.report.style import Writer
from crmstudy.report.telling.compose import compose
from crmstudy.responses import Responses
from tests.measurement.asked import answers, instrument, likert, scale

#: Six items and three, so that one scale has group factors and the other has none.
LONG, SHORT = likert(*(f"a{j}" for j in range(1, 7))), likert("b1", "b2", "b3")


def two_scales(n=150):
    frame = answers(n, *(item.id for item in (*LONG, *SHORT)), seed=4, noise=1.2)
    return Responses.from_frame(frame, [instrument(scale("long", LONG), scale("short", SHORT))])


@pytest.fixture(scope="module")
def tell(mobile_results):
    """A reliability block told: its tables by name, a writer, and the section."""
    record = mobile_results.record
    block = next(block for block in record.blocks if block.kind == "reliability")

    def told(data=None, **keywords):
        result = reliability(two_scales() if data is None else data, **keywords)
        told_block = replace(block, id="rel", result=result, extras={})
        document = compose(replace(record, blocks=(told_block,), hypotheses=()))
        section = next(section for section in document.sections if section.id == "analysis-rel")
        tables = {table.id.removeprefix("rel_"): table for table in document.tables if table.id.startswith("rel_")}
        return tables, Writer(document), section

    return told


def notes(table, writer):
    return " ".join(writer.text(note) for note in table.notes.general)


def column(table, key):
    place = [column.key for column in table.columns].index(key)
    return [row[place].value for row in table.rows]


def test_tables_stand_in_their_order(tell):
    tables, _, _ = tell()
    assert list(tables) == ["coefficients", "bounds", "precision", "splits", "groups", "loadings", "items"]
    assert list(tell(ordinal=True)[0])[:3] == ["coefficients", "ordinal", "bounds"]


def test_values_are_those_of_the_result(tell):
    tables, _, _ = tell()
    result = reliability(two_scales())
    values = result.estimates.set_index(["scale", "term"])["estimate"]
    for name in ("lambda_2", "lambda_4", "lambda_6"):
        assert column(tables["bounds"], name) == [values["long", name], values["short", name]]
    assert column(tables["bounds"], "omega_h") == [values["long", "omega_h"], None]
    assert column(tables["splits"], "max") == [values["long", "lambda_4"], values["short", "lambda_4"]]
    assert column(tables["splits"], "odd_even")[0] == values["long", "spearman_brown_odd_even"]
    assert column(tables["splits"], "first_second_g")[1] == values["short", "guttman_first_second"]
    precision = result.tables["precision"]
    assert column(tables["precision"], "sem") == precision["sem"].tolist()
    assert column(tables["precision"], "coefficient") == ["α", "ω", "α", "ω"]
    loadings = result.tables["group_factors"]
    assert column(tables["loadings"], "group_2") == loadings["group_2"].tolist()
    assert column(tables["items"], "omega_if_dropped")[:6] == result.tables["items"]["omega_if_dropped"][:6].tolist()
    assert column(tables["items"], "omega_if_dropped")[6:] == [None] * 3


def test_the_number_of_group_factors_is_stated(tell):
    tables, writer, section = tell(group_factors=2)
    assert "two group factors by minimum residuals and oblimin" in notes(tables["bounds"], writer)
    assert "on 2 uncorrelated group factors" in notes(tables["loadings"], writer)
    below = [writer.text(s) for e in section.elements if isinstance(e, Paragraph) for s in e.sentences]
    assert any("rests on 2 group factors" in sentence for sentence in below)
    assert "loadings" not in tell(group_factors=1)[0]


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({}, "interval by the method of Feldt et al. (1987);"),
        ({"interval": "bonett"}, "interval by the method of Bonett (2002);"),
        ({"interval": "asymptotic"}, "interval by the method of Duhachek and Iacobucci (2004) under normality;"),
        ({"interval": "adf"}, "interval by the method of Maydeu-Olivares et al. (2007), which does not assume normal"),
        ({"bootstrap": 200, "seed": 1}, "interval as percentiles of 200 bootstrap samples;"),
        ({"bootstrap": 200, "seed": 1, "interval": "bca"}, "interval by the BCa method (Efron, 1987) from 200"),
    ],
)
def test_the_method_of_the_interval_is_named(tell, keywords, words):
    tables, writer, section = tell(**keywords)
    said = notes(tables["coefficients"], writer)
    assert words in said
    assert ("delta method" in said) == ("bootstrap" not in keywords)
    (figure,) = [element for element in section.elements if isinstance(element, FigureBlock)]
    assert words.removeprefix("interval ").rstrip(";") in " ".join(writer.text(note) for note in figure.notes)


def test_ordinal_coefficients_come_with_what_they_are_of(tell):
    tables, writer, section = tell(ordinal=True)
    assert "not of the score that is used" in notes(tables["ordinal"], writer)
    assert len(column(tables["ordinal"], "alpha_ordinal")) == 2
    below = [writer.text(s) for e in section.elements if isinstance(e, Paragraph) for s in e.sentences]
    assert any("Categorical omega" in sentence for sentence in below)


def test_short_scales_have_no_columns_of_omegas(tell):
    frame = answers(80, "b1", "b2", "b3")
    tables, writer, _ = tell(Responses.from_frame(frame, [instrument(scale("short", SHORT))]))
    assert "omega_h" not in [column.key for column in tables["bounds"].columns]
    assert "group factor" not in notes(tables["bounds"], writer)
    assert not {"groups", "loadings"} & set(tables)


def test_a_scale_of_two_items_has_neither_bounds_nor_splits(tell):
    pair = likert("b1", "b2")
    frame = answers(80, "b1", "b2")
    tables, _, _ = tell(Responses.from_frame(frame, [instrument(scale("pair", pair))]))
    assert list(tables) == ["coefficients", "precision", "items"]
    assert column(tables["precision"], "coefficient") == ["α", "SB"]


def test_pooled_reliabilities_name_rubins_rules(tell):
    frames = [answers(90, "a", "b", "c", "d", "e", "f", seed=4, noise=1.2) for _ in range(3)]
    for j, frame in enumerate(frames):
        frame.loc[:5, "a"] = 1 + (frame.index[:6] + j) % 5
    tables, writer, _ = tell(Imputed(tuple(pd.DataFrame(frame) for frame in frames)))
    assert "interval by Rubin's rules over 3 imputed data sets" in notes(tables["coefficients"], writer)
    assert not {"groups", "loadings"} & set(tables)


def test_full_information_is_said_with_the_rows_it_leaves_out(tell):
    frame = answers(90, *(item.id for item in SHORT), seed=4).astype(float)
    frame.loc[:20, "b1"] = None
    data = Responses.from_frame(frame, [instrument(scale("short", SHORT))])
    tables, writer, _ = tell(data, missing="fiml")
    said = notes(tables["coefficients"], writer)
    assert "interval by the delta method" in said
    assert "all rows with an answer, by maximum likelihood" in said
    assert "rows without any answer to the scale" in " ".join(
        "".join(run.text for run in sentence) for sentence in writer.general_note(tables["items"])
    )
    assert "all rows with an answer" not in notes(tell(data)[0]["coefficients"], writer)
