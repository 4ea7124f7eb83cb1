"""Whatever the platform, language and layout: the answers that were given are the answers that are read."""

from __future__ import annotations

import csv
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmstudy.errors import DataError
from crmstudy.exchange.read import read_responses
from tests.exchange.reading.platform_files import instrument, put

CODES = (None, -9, 1, 2, 3, 4, 5)
ANSWERS = st.lists(st.tuples(*[st.sampled_from(CODES)] * 3), min_size=1, max_size=6)
CHOSEN = st.lists(st.frozensets(st.sampled_from((1, 2, 3))), min_size=6, max_size=6)
LANGUAGE = st.sampled_from(["en", "fa", "ru"])
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
quick = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def _text(entry, lang):
    return instrument().text(entry.wording, lang)


def _label(response, code, lang):
    if code is None:
        return ""
    texts = response.missing_labels[code] if code < 0 else response.labels[code]
    return texts[lang]


def _written_code(code, lang):
    return "" if code is None else str(code).translate(PERSIAN) if lang == "fa" else str(code)


def _export(platform, answers, chosen, lang, labels):
    """Names and rows of an export of CARE1 to CARE3 and via."""
    care = instrument()
    agree, channels = care.responses["agree"], care.responses["channels"]
    write = (lambda code: _label(agree, code, lang)) if labels else (lambda code: _written_code(code, lang))
    texts = [_text(item, lang) for item in care.items]
    via = _text(care.questions[0], lang)
    options = [_label(channels, code, lang) for code in (1, 2, 3)]
    if platform == "google-forms":
        names = ["Timestamp", *(f"? [{text}]" for text in texts), via]
        rows = [["2026/03/01 10:00", *map(write, row), ", ".join(options[c - 1] for c in sorted(said))]
                for row, said in zip(answers, chosen, strict=False)]  # fmt: skip
        return [names, *rows]
    apart = [["1" if code in said else "0" for code in (1, 2, 3)] for said in chosen]
    body = [[*map(write, row), *cells] for row, cells in zip(answers, apart, strict=False)]
    if platform == "qualtrics":
        ids = [item.id for item in care.items]
        head = [["ResponseId", *ids, "via_1", "via_2", "via_3"],
                ["Response ID", *texts, *(f"{via} - {option}" for option in options)],
                [f'{{"ImportId":"{n}"}}' for n in range(7)]]  # fmt: skip
        return [*head, *(["R", *row] for row in body)]
    if platform == "limesurvey":
        names = [
            "id",
            "submitdate",
            "lastpage",
            *(f"g[{item.id}]" for item in care.items),
            "via[1]",
            "via[2]",
            "via[3]",
        ]
        return [names, *(["1", "2026", "1", *row] for row in body)]
    if platform == "redcap":
        names = ["record_id", *(item.id.lower() for item in care.items), "via___1", "via___2", "via___3", "f_complete"]
        return [names, *(["1", *row, "2"] for row in body)]
    names = ["_id", "_uuid", *(f"g/{text}" for text in texts), *(f"{via}/{option}" for option in options)]
    return [names, *(["1", "u", *row] for row in body)]


def _read(rows, **layout):
    with tempfile.TemporaryDirectory() as folder:
        return read_responses(put(Path(folder), rows, **layout), instruments=[instrument()])


@quick
@given(
    st.sampled_from(["google-forms", "qualtrics", "limesurvey", "redcap", "kobo"]), ANSWERS, CHOSEN, LANGUAGE,
    st.booleans(), st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_what_was_answered_is_read(platform, answers, chosen, lang, labels, delimiter, encoding, end):
    rows = _export(platform, answers, chosen, lang, labels)
    read = _read(rows, delimiter=delimiter, encoding=encoding, end=end, quoting=csv.QUOTE_ALL)
    wanted = np.array([[np.nan if code is None or code < 0 else code for code in row] for row in answers])
    np.testing.assert_array_equal(read.frame[["CARE1", "CARE2", "CARE3"]].to_numpy(), wanted)
    missing = {(row, place) for row, said in enumerate(answers) for place, code in enumerate(said) if code == -9}
    there = {(row, int(name[-1]) - 1) for name, found in read.codes.items() for row in found.index}
    assert there == missing
    for row, said in enumerate(chosen[: len(answers)]):
        wanted_row = [float(code in said) for code in (1, 2, 3)]
        found = read.frame.loc[row, ["via_1", "via_2", "via_3"]].tolist()
        assert found == wanted_row or (not said and platform == "google-forms" and np.isnan(found).all())


@quick
@given(ANSWERS, CHOSEN, st.permutations(range(5)))
def test_the_order_of_columns_and_rows_does_not_matter(answers, chosen, order):
    rows = _export("google-forms", answers, chosen, "fa", True)
    turned = [[row[place] for place in order] for row in rows]
    straight, other = _read(rows), _read([turned[0], *reversed(turned[1:])])
    np.testing.assert_array_equal(straight.values.to_numpy(), other.values.to_numpy()[::-1])


@pytest.mark.parametrize("lang", ["en", "fa", "ru"])
def test_a_typing_error_in_a_label_never_gives_another_answer(lang):
    """100 labels with one letter changed, left out or put in: the same answer, or a refusal."""
    care = instrument()
    draw = random.Random(f"typing-{lang}")
    letters = "".join(text[lang] for text in care.responses["agree"].labels.values())
    refused = 0
    for _ in range(100):
        code = draw.choice((1, 2, 3, 4, 5))
        word = list(_label(care.responses["agree"], code, lang))
        place = draw.randrange(len(word))
        word[place : place + draw.choice((0, 1))] = draw.choice(letters) * draw.choice((0, 1))
        rows = _export("google-forms", [(code, 1, 1), (1, 1, 1)], [frozenset()] * 2, lang, True)
        rows[1][1] = "".join(word)
        try:
            read = _read(rows)
        except DataError as error:
            refused += 1
            sentences = [fault.message for fault in error.faults]
            continue
        assert read.frame["CARE1"][0] == code or not rows[1][1].strip()
    assert refused > 40
    assert all("label" in sentence for sentence in sentences)


def test_mixed_digits_and_labels_in_one_column():
    care = instrument()
    rows = _export("google-forms", [(1, 2, 3)] * 4, [frozenset()] * 4, "en", True)
    for row, cell in zip(rows[1:], ["٥", "5 - Strongly agree", "Всё верно", "۱"], strict=True):
        row[1] = cell
    assert _read(rows).frame[care.items[0].id].tolist() == [5, 5, 4, 1]
