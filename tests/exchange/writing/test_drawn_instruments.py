"""Instruments drawn at random: what PSPP and R compute with our scripts equals our scores, cell by cell."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmstudy.exchange.writing.r_script import literal
from crmstudy.exchange.writing.write import write_responses
from crmstudy.instrument import Instrument
from crmstudy.instrument.load import parse_instrument
from crmstudy.responses import Responses
from crmstudy.scoring import score

pytest.importorskip("pyreadstat")

ORIGIN = "{unverified: true}"
HEAD = f"""
crmstudy_instrument: 1
id: drawn
version: "1"
name: {{en: "Drawn 'at' random, 100%"}}
respondent: staff
wording: paraphrase
rights: {{holder: nobody, status: public-domain, statement: Made up., unverified: true}}
provenance: {{structure: {ORIGIN}, content: {ORIGIN}, responses: {ORIGIN}, scoring: {ORIGIN}, reversed: {ORIGIN}}}
languages: {{en: {{direction: ltr, status: draft}}}}
"""
IDS = ["BY", "to", "If", "x.", "y_", "Q1.a", "long" * 14, "Longer" * 11, "B", "b2", "ALL", "_N2"]


def drawn(seed: int) -> Instrument:
    """Ranges that begin below, at and above 0, keys, sums and means, rescaling, totals of scores."""
    random = np.random.default_rng(seed)
    ids = [str(id) for id in random.permutation(IDS)] + [f"i{number}" for number in range(int(random.integers(0, 20)))]
    ids = [id for id in ids if id[0] != "_"]
    low = int(random.integers(-4, 3))
    sets = {"one": (low, low + int(random.integers(1, 10))), "two": (0, 100), "three": (1, 5)}
    lines = [HEAD, "responses:"]
    for name, (start, end) in sets.items():
        codes = [start - 5, end + 3, end + 4, end + 5][: int(random.integers(0, 5))]
        labels = f"{{{start}: {{en: low}}, {end}: {{en: high}}}}"
        lines.append(f"  {name}: {{low: {start}, high: {end}, missing_codes: {codes}, labels: {labels}}}")
    response = {id: str(random.choice(list(sets))) for id in ids}
    lines.append("items:")
    lines += [f"  - {{id: '{id}', response: {response[id]}, wording: {{en: \"It's {id}, is it?\"}}}}" for id in ids]
    lines.append(f"reversed: {[id for id in ids if random.random() < 0.4]}")
    lines.append("scales:")
    cuts = sorted({0, len(ids), *random.integers(1, len(ids), 3).tolist()})
    scales = []
    for number, (start, end) in enumerate(itertools.pairwise(cuts)):
        members, method = ids[start:end], str(random.choice(["mean", "sum"]))
        if method == "mean":  # a mean is of items with one range
            kinds = [response[id] for id in members]
            members = [id for id in members if response[id] == max(set(kinds), key=kinds.count)]
        rescale = ", rescale: [-10, 90]" if method == "mean" and random.random() < 0.5 else ""
        scales.append((f"scale.{number}_", method))
        lines.append(
            f"  - {{id: 'scale.{number}', name: {{en: Scale {number}}}, items: {members}, method: {method}, "
            f"min_answered: {int(random.integers(1, len(members) + 1))}, model: reflective{rescale}}}"
        )
    parts = [f"scale.{number}" for number in range(len(scales))]
    lines.append("higher_order:")
    for number, method in enumerate(("mean", "sum")):
        lines.append(
            f"  - {{id: whole{number}, name: {{en: Whole}}, parts: {parts}, reversed_parts: {parts[:number]}, "
            f"method: {method}, min_answered: {int(random.integers(1, len(parts) + 1))}, model: formative}}"
        )
    return parse_instrument("\n".join(lines), "drawn.yaml")


def answers(instrument: Instrument, seed: int, n: int = 40) -> Responses:
    """Answers in the range, beyond it, in fractions, missing codes and nothing."""
    random = np.random.default_rng(seed)
    columns = {}
    for item in instrument.items:
        values = random.integers(item.response.low, item.response.high + 1, n).astype(float)
        values[random.random(n) < 0.1] += 0.25
        values[random.random(n) < 0.05] = item.response.high + 50
        values[random.random(n) < 0.15] = np.nan
        for code in item.response.missing_codes:
            values[random.random(n) < 0.05] = code
        columns[item.id] = values
    return Responses.from_frame(pd.DataFrame(columns), [instrument])


def _compare(path: Path, responses: Responses) -> None:
    found = pd.read_csv(path, dtype=str, keep_default_na=False)
    ours = score(responses).frame
    names = {name.replace(".", "_").lower(): name for name in found.columns}
    for name in ours.columns:
        column = found[name if name in found.columns else names[name.replace(".", "_").lower()]]
        numbers = pd.to_numeric(column.str.strip().replace("", np.nan)).to_numpy(dtype=float)
        np.testing.assert_allclose(numbers, ours[name].to_numpy(), rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.skipif(shutil.which("pspp") is None, reason="PSPP is not installed")
@pytest.mark.parametrize("seed", range(6))
def test_pspp_scores_as_we_do(tmp_path, seed):
    responses = answers(drawn(seed), seed)
    write_responses(responses, tmp_path / "a.sps")
    syntax = (tmp_path / "a.sps").read_text(encoding="utf-8")
    syntax += "SAVE TRANSLATE /OUTFILE='o.csv' /TYPE=CSV /FIELDNAMES /CELLS=VALUES.\n"
    (tmp_path / "run.sps").write_text(syntax, encoding="utf-8")
    done = subprocess.run(
        ["pspp", "-O", "format=txt", "run.sps"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout.lower()
    _compare(tmp_path / "o.csv", responses)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("seed", range(10, 16))
def test_r_scores_as_we_do(tmp_path, seed):
    responses = answers(drawn(seed), seed)
    write_responses(responses, tmp_path / "a.R")
    done = subprocess.run(["Rscript", "--vanilla", "a.R"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _compare(tmp_path / "a-scores.csv", responses)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_a_single_item_with_gaps_keeps_its_rows_in_r(tmp_path):
    text = HEAD + (
        "responses:\n  one: {low: 0, high: 10, labels: {0: {en: low}, 10: {en: high}}}\n"
        "items:\n  - {id: only, response: one, wording: {en: Would you?}}\nreversed: []\n"
        "scales:\n  - {id: nps, name: {en: Score}, items: [only], method: mean, min_answered: 1, model: reflective}\n"
    )
    frame = pd.DataFrame({"only": [np.nan, 3.0, np.nan, np.nan, 10.0, np.nan]})
    responses = Responses.from_frame(frame, [parse_instrument(text, "only.yaml")])
    write_responses(responses, tmp_path / "a.R")
    subprocess.run(["Rscript", "--vanilla", "a.R"], cwd=tmp_path, capture_output=True, text=True, check=True)
    _compare(tmp_path / "a-scores.csv", responses)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("letter", ["a", "ی", "ы", "😀"])
def test_a_long_text_is_read_by_r_in_full(tmp_path, letter):
    text = 'begin "' + letter * 5000 + "\\ end"
    (tmp_path / "a.R").write_text(f"cat(nchar({literal(text)}))", encoding="utf-8")
    done = subprocess.run(["Rscript", "--vanilla", "a.R"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == str(len(text))
