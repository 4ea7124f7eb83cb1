"""How fitted models are told: scaled and robust fit, groups, incomplete rows, bootstraps, validity, effects."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmstudy as cs
from crmstudy.notes import Note
from crmstudy.report.document import Document, FigureBlock, Listing, Paragraph, Table
from crmstudy.report.record import Block, StudyRecord
from crmstudy.report.render.render import render
from crmstudy.report.render.to_csv import table_csv
from crmstudy.report.style import Writer
from crmstudy.report.telling import prose
from crmstudy.report.telling.compose import compose
from tests.reference import HERE
from tests.tolerances import CLOSED_FORM, CLOSED_FORM_RELATIVE

from .marks import missing_in_csv, missing_in_docx, missing_in_html, missing_in_markdown

TESTS = [f"x{i}" for i in range(1, 10)]
ABILITIES = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\n"
CHAIN = ABILITIES + "visual ~ c(b1, b2)*textual\nspeed ~ c(a1, a2)*visual\nd := a1 - a2\n"
MEDIATED = ABILITIES + "visual ~ b*textual\nspeed ~ a*visual\nindirect := a*b\n"
HEYWOOD = "a =~ a1 + a2 + a3\nb =~ b1 + b2 + b3\n"


def _data(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / "data" / f"{name}.csv")


@pytest.fixture(scope="module")
def holes() -> pd.DataFrame:
    """The ability tests with missing answers, and one row without a school."""
    data = _data("holzinger_holes")
    data.loc[7, "school"] = None
    return data


class Teller:
    """Tells results as blocks of a study that has nothing else."""

    def __init__(self, record: StudyRecord) -> None:
        self.record = record

    def __call__(self, *results: cs.Result, kind: str = "cfa", **extras: object) -> Document:
        blocks = tuple(
            Block(f"m{i}", kind, "customers", f"Model {i}", {}, result, None, extras)  # type: ignore[arg-type]
            for i, result in enumerate(results, start=1)
        )
        return compose(replace(self.record, blocks=blocks, hypotheses=()))


@pytest.fixture(scope="module")
def tell(mobile_results: cs.StudyResults) -> Teller:
    sample = replace(mobile_results.record.samples[0], n_read=301, n_used=301)
    return Teller(replace(mobile_results.record, samples=(sample,)))


def table(document: Document, id: str) -> Table:
    (found,) = [one for one in document.tables if one.id == id]
    return found


def ids(document: Document) -> set[str]:
    return {one.id for one in document.tables}


def notes(document: Document, id: str) -> str:
    writer, of = Writer(document), table(document, id).notes
    return " ".join(writer.text(note) for note in (*of.general, *(text for _, text in of.specific)))


def text(document: Document) -> str:
    """The sentences of paragraphs and lists of the analyses."""
    writer, said = Writer(document), []
    for section in document.sections:
        if section.id.startswith("analysis-"):
            for element in section.elements:
                if isinstance(element, Paragraph):
                    said += [writer.text(sentence) for sentence in element.sentences]
                elif isinstance(element, Listing):
                    said += [writer.text(item) for item, _ in element.items]
    return " ".join(said)


def written(document: Document, id: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table_csv(table(document, id)).decode("utf-8"))))


# --- fit -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schools(holes: pd.DataFrame) -> cs.SemResult:
    return cs.cfa(ABILITIES, holes, group="school", group_equal=["loadings"], estimator="MLR", missing="fiml")


def test_standard_scaled_and_robust_figures_stand_in_three_rows(tell, schools):
    document = tell(schools)
    rows = {row["kind"]: row for row in written(document, "m1_fit")}
    assert list(rows) == ["standard", "scaled", "robust"]
    fit = schools.fit
    for name in ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_pvalue"):
        assert float(rows["standard"][name]) == float(fit[name])
        assert float(rows["scaled"][name]) == float(fit[f"{name}_scaled"])
    for name in ("cfi", "tli", "rmsea"):
        assert float(rows["robust"][name]) == float(fit[f"{name}_robust"])
    assert float(rows["robust"]["rmsea_ci_high"]) == float(fit["rmsea_ci_upper_robust"])
    assert float(rows["scaled"]["scaling"]) == float(fit["chisq_scaling_factor"])
    assert (rows["robust"]["chisq"], rows["scaled"]["srmr"], rows["standard"]["scaling"]) == ("", "", "")
    shown = [table(document, "m1_fit").columns[place].key for place in table(document, "m1_fit").places]
    assert not {"aic", "bic"} & set(shown)
    assert float(written(document, "m1_further_fit")[0]["aic"]) == float(fit["aic"])


def test_the_sentence_names_scaled_and_robust_figures(tell, schools):
    said, fit = text(tell(schools)), schools.fit
    start = f"Scaled χ²({fit['df_scaled']:.0f}) = {fit['chisq_scaled']:.2f}, p < .001; robust CFI = "
    assert start + f"{fit['cfi_robust']:.3f}".lstrip("0") in said
    assert f"robust RMSEA = {fit['rmsea_robust']:.3f}".replace("= 0.", "= .") in said
    assert "is rejected at .05 by the scaled test." in said


def test_full_information_says_what_it_is_compared_with(tell, schools, holes):
    said = notes(tell(schools), "m1_fit")
    assert "full information maximum likelihood" in said
    assert "χ² compares with saturated moments of the same incomplete rows (Arbuckle, 1996)" in said
    assert "as for complete rows (Zhang & Savalei, 2023)" in said
    assert "Yuan–Bentler correction in the form of Mplus (Yuan & Bentler, 2000)" in said
    assert "normal answers" not in said
    plain = cs.cfa(ABILITIES, holes, missing="fiml")
    document = tell(plain)
    assert [row["kind"] for row in written(document, "m1_fit")] == ["standard", "robust"]
    assert text(document).startswith(f"χ²(24) = {plain.fit['chisq']:.2f}, p < .001; robust CFI = ")
    assert "χ², standard errors and intervals assume multivariate normal answers." in notes(document, "m1_fit")


@pytest.mark.parametrize(
    ("keywords", "corrected", "kinds"),
    [
        ({"estimator": "MLM"}, "Satorra–Bentler correction (Satorra & Bentler, 1994)", 3),
        ({"estimator": "MLMV"}, "by scale and shift (Asparouhov & Muthén, 2010)", 3),
        ({"estimator": "MLMVS"}, "mean- and variance-adjusted test (Satorra & Bentler, 1994)", 2),
        ({"estimator": "MLR"}, "in the form of Mplus (Yuan & Bentler, 2000)", 3),
        ({"test": "yuan.bentler"}, "Scaled: Yuan–Bentler correction (Yuan & Bentler, 2000)", 3),
        ({}, "", 1),
    ],
)
def test_each_correction_is_named_with_its_source(tell, keywords, corrected, kinds):
    document = tell(cs.cfa(ABILITIES, _data("holzinger"), **keywords))
    said = notes(document, "m1_fit")
    assert len(table(document, "m1_fit").rows) == kinds
    assert corrected in said
    assert ("its scaling factor" in said) == bool(corrected)
    assert ("RMSEA after Brosseau-Liard et al. (2012)" in said) == (kinds == 3)
    assert ("Robust indices do not exist for this test." in said) == (kinds == 2)


@pytest.mark.parametrize(
    ("keywords", "assumed"),
    [
        ({}, "χ², standard errors and intervals assume multivariate normal answers."),
        ({"se": "robust"}, "χ² assumes multivariate normal answers."),
        ({"bootstrap": 20, "seed": 1}, "χ² assumes multivariate normal answers."),
        ({"test": "satorra.bentler"}, "Standard errors and intervals assume multivariate normal answers."),
        ({"estimator": "GLS"}, "χ², standard errors and intervals assume multivariate normal answers."),
        ({"estimator": "MLM"}, ""),
        ({"estimator": "WLS"}, "asymptotically free of a distribution (Browne, 1984)"),
        ({"estimator": "ULS", "se": "none"}, "The χ² of ULS has no known distribution, so it has no p."),
    ],
)
def test_normal_answers_are_assumed_only_where_they_are(tell, keywords, assumed):
    said = notes(tell(cs.cfa(ABILITIES, _data("holzinger"), **keywords)), "m1_fit")
    assert assumed in said
    assert ("multivariate normal" in said) == ("multivariate normal" in assumed)
    if "χ², standard" not in assumed:
        assert "χ², standard errors and intervals assume" not in said


def test_absent_figures_have_a_reason(tell):
    data = _data("holzinger")
    uls = tell(cs.cfa(ABILITIES, data, estimator="ULS", se="none"))
    assert "AIC and BIC need a likelihood" in notes(uls, "m1_fit")
    assert "aic" not in written(uls, "m1_fit")[0]
    assert text(uls).startswith("χ²(24) = ")
    assert "p =" not in text(uls).split(";")[0]
    assert "Standard errors were not asked for" in notes(uls, "m1_loadings")
    saturated = tell(cs.sem("x1 ~ x2 + x3", data), kind="sem")
    assert (
        "The model has no degrees of freedom: it reproduces any data, and its fit cannot be tested (N = 301)."
        in text(saturated)
    )
    assert "no degrees of freedom, so there is no test" in notes(saturated, "m1_fit")
    assert "m1_further_fit" not in ids(saturated)


def test_further_indices_are_those_of_the_fit_and_explained_once(tell):
    fit = cs.cfa(ABILITIES, _data("holzinger"))
    document = tell(fit, fit)
    row = written(document, "m1_further_fit")[0]
    assert list(row) == ["chisq_df", "gfi", "agfi", "nfi", "ifi", "rmr"]
    assert {name: float(value) for name, value in row.items()} == {name: float(fit.fit[name]) for name in row}
    assert "depend on N as well as on the model (Marsh et al., 1988)" in notes(document, "m1_further_fit")
    assert "Marsh" not in notes(document, "m2_further_fit")
    assert "see the note of Table" in notes(document, "m2_further_fit")


@pytest.mark.parametrize(
    ("p", "used", "said"),
    [
        (0.25, 400, "p = .250: 100 of 400 replicates reach the χ² of the model."),
        (0.0, 500, "p below .002: none of 500 replicates reach the χ² of the model."),
    ],
)
def test_the_bollen_stine_test_counts_its_replicates(p, used, said):
    found = Writer(Document("T", "en", "ltr", ())).text(prose.bollen_stine_sentence(p, used))
    assert found == f"By the Bollen–Stine bootstrap (Bollen & Stine, 1992), {said}"


def test_a_bollen_stine_bootstrap_is_told_where_it_was_asked_for(tell):
    fit = cs.cfa(ABILITIES, _data("holzinger"), bootstrap=cs.Bootstrap(60, "bollen.stine"), seed=3)
    document = tell(fit)
    assert "none of 60 replicates reach the χ²" in text(document)
    assert float(written(document, "m1_fit")[0]["pvalue_bollen_stine"]) == float(fit.fit["pvalue_bollen_stine"])
    assert "95% CI" in Writer(document).text(table(document, "m1_loadings").columns[4].label)
    assert "Bollen–Stine" not in text(tell(cs.cfa(ABILITIES, _data("holzinger"))))


def test_tiny_indices_are_not_said_to_equal_less_than_something():
    fit = {"df": 3.0, "chisq": 1.0, "pvalue": 0.8, "cfi": 1.0, "tli": 1.0, "rmsea": 0.0, "rmsea_ci_lower": 0.0,
           "rmsea_ci_upper": 0.1, "srmr": 0.0002, "ntotal": 100.0}  # fmt: skip
    assert "SRMR < .001" in Writer(Document("T", "en", "ltr", ())).text(prose.fit_sentence(fit))


# --- groups ----------------------------------------------------------------------------------------------------------


def test_groups_have_their_rows_and_their_part_of_the_chi_square(tell, schools, holes):
    document = tell(schools)
    rows = written(document, "m1_groups")
    sizes = holes["school"].value_counts()
    assert {row["group"]: int(row["n"]) for row in rows} == sizes.to_dict()
    assert sum(float(row["chisq"]) for row in rows) == pytest.approx(schools.fit["chisq"], rel=CLOSED_FORM_RELATIVE)
    incomplete = holes.assign(lacks=holes[TESTS].isna().any(axis=1)).groupby("school")["lacks"].sum()
    assert {row["group"]: int(row["incomplete"]) for row in rows} == incomplete.to_dict()
    assert "equal across them: loadings." in notes(document, "m1_groups")
    first = "".join(run.text for run in Writer(document).general_note(table(document, "m1_groups"))[0])
    assert first == "N = 300 used, 1 dropped (rows without a group)."


def test_parameters_stand_under_the_label_of_their_group(tell, schools):
    document = tell(schools)
    loadings = table(document, "m1_loadings")
    assert loadings.group == "group"
    headings = [Writer(document).text(cell.label) for cell in loadings.column("group")]
    assert list(dict.fromkeys(headings)) == [
        f"{group}: {factor}" for group in schools.groups for factor in ("visual", "textual", "speed")
    ]
    assert [cell.value for cell in loadings.column("group")] == ["Pasteur"] * 9 + ["Grant-White"] * 9
    shares = schools.tables["r_squared"].set_index(["group", "variable"])["r_squared"]
    for group, item, share in zip(*(loadings.column(key) for key in ("group", "rhs", "r_squared")), strict=True):
        assert share.value == shares[group.value, item.value]
    ours = schools.estimates[schools.estimates["op"] == "=~"]
    rows = written(document, "m1_loadings")
    for name in ("estimate", "std_error", "std_all_se", "std_lv", "std_lv_se", "std_nox"):
        assert [float(row[name] or 0) for row in rows] == ours[name].tolist(), name
    kinds = [Writer(document).text(cell.label) for cell in table(document, "m1_covariances").column("group")]
    assert list(dict.fromkeys(kinds)) == [
        f"{group}: {kind}" for group in schools.groups for kind in ("covariances", "variances")
    ]


def test_latent_means_are_shown_where_they_are_modelled(tell, holes):
    fit = cs.cfa(ABILITIES, holes, group="school", group_equal=["loadings", "intercepts"], missing="fiml")
    document = tell(fit)
    means = table(document, "m1_intercepts")
    assert Writer(document).text(means.title) == "Means and Intercepts"
    rows = [row for row in written(document, "m1_intercepts") if row["kind"] == "factors"]
    assert [row["lhs"] for row in rows] == ["visual", "textual", "speed"] * 2
    assert [float(row["estimate"]) for row in rows[3:]] == fit.latent_means["Grant-White"].tolist()
    assert [cell.mark for cell in means.column("estimate")[:3]] == ["a"] * 3


def test_paths_diagrams_and_local_fit_name_their_group(tell, holes):
    fit = cs.sem(CHAIN, holes, group="school", group_equal=["loadings"])
    document = tell(fit, kind="sem")
    said = text(document)
    for group in fit.groups:
        assert f"{group}: textual → visual: b = " in said
    assert "d: b = " in said
    (figure,) = [one for one in document.elements() if isinstance(one, FigureBlock)]
    assert Writer(document).text(figure.title) == "Path Diagram of Group Pasteur"
    assert "Drawn is the first of two groups." in Writer(document).text(figure.notes[-1])
    worst = fit.tables["local_fit"].iloc[0]
    assert f"between {worst['lhs']} and {worst['rhs']} in group {worst['group']}." in said
    effects = written(document, "m1_effects")
    assert {row["group"] for row in effects} == set(fit.groups)
    assert [row["group"] for row in written(document, "m1_r_squared")] == ["Pasteur", "Pasteur", *["Grant-White"] * 2]
    assert "The model has no direct path from textual to speed." in said


def test_reliability_is_told_by_group(tell, schools):
    rows = written(tell(schools), "m1_convergent")
    known = schools.reliability()
    assert [(row["group"], row["factor"], float(row["omega"])) for row in rows] == list(
        zip(known["group"], known["factor"], known["omega"], strict=True)
    )


# --- who stands behind the figures -----------------------------------------------------------------------------------


def test_incomplete_rows_patterns_and_coverage_are_counted(tell, holes):
    fit = cs.cfa(ABILITIES, holes, missing="fiml")
    present = holes[TESTS].notna().to_numpy()
    patterns = len(np.unique(present, axis=0))
    together = (present.T.astype(float) @ present).min() / len(holes)
    assert (
        f"Of the 301 rows, {(~present.all(axis=1)).sum()} lack at least one value ({patterns} patterns); any two "
        f"variables are answered together in at least {100 * together:.1f}% of the rows."
    ) in text(tell(fit))
    aux = tell(cs.cfa(ABILITIES, holes, missing="fiml", aux=["ageyr"]))
    assert f", {(~present.all(axis=1)).sum()} lack at least one value" in text(aux)  # ages do not count
    assert "help with missing values (Graham, 2003): ageyr." in text(aux)


def test_clusters_and_weights_are_told(tell):
    companies = _data("companies")
    model = "lead =~ LEAD01 + LEAD02 + LEAD03"
    assert "The rows stand in 49 clusters (COMPID); standard errors and test allow" in text(
        tell(cs.cfa(model, companies, cluster="COMPID"))
    )
    both = text(tell(cs.cfa(model, companies, cluster="COMPID", group="half")))
    assert "clusters by group (COMPID)" in both
    weighted = tell(cs.cfa("visual =~ x1 + x2 + x3 + x4", _data("holzinger_weighted"), weights="weight"))
    assert "Rows are weighted by weight" in text(weighted)
    assert "missing values: listwise deletion" in notes(weighted, "m1_fit")


def test_rows_that_are_dropped_have_a_reason(tell, holes):
    document = tell(cs.cfa(ABILITIES, holes, group="school"))
    lost = int(holes.dropna(subset=["school"])[TESTS].isna().any(axis=1).sum())
    first = "".join(run.text for run in Writer(document).general_note(table(document, "m1_fit"))[0])
    why = "rows with a missing value in a variable of this analysis; 1 of them without a group"
    assert first == f"N = {300 - lost} used, {lost + 1} dropped ({why})."


# --- bootstrap -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> cs.SemResult:
    return cs.sem(MEDIATED, _data("holzinger"), bootstrap=cs.Bootstrap(120, ci="bca"), seed=11)


def test_bootstrap_intervals_are_called_so_and_explained_once(tell, drawn):
    document = tell(drawn, kind="sem", monte_carlo=drawn.monte_carlo(2000, seed=1))
    for name in ("paths", "defined", "loadings", "covariances"):
        (label,) = [
            Writer(document).text(col.label) for col in table(document, f"m1_{name}").columns if col.key == "ci"
        ]
        assert label == "95% bootstrap CI", name
    used = 120 - drawn.solution.drawn.failed
    first = notes(document, "m1_paths")
    assert f"Bootstrap: 120 replicates of the rows, {used} converged; bias-corrected and accelerated intervals" in first
    assert "Efron, 1987" in first
    assert notes(document, "m1_loadings").count("Bootstrap: see the note of Table") == 1
    assert "replicates of the rows" not in notes(document, "m1_loadings")
    assert "textual → visual: b = " in text(document)
    assert "bootstrap 95% CI [" in text(document)
    assert "standard errors: from a bootstrap" in notes(document, "m1_fit")


def test_a_defined_parameter_has_bootstrap_and_monte_carlo_intervals(tell, drawn):
    simulated = drawn.monte_carlo(2000, seed=1)
    document = tell(drawn, kind="sem", monte_carlo=simulated)
    (row,) = written(document, "m1_defined")
    own = drawn.estimates[drawn.estimates["op"] == ":="].iloc[0]
    assert (float(row["ci_low"]), float(row["ci_high"])) == (own["ci_low"], own["ci_high"])
    assert float(row["monte_carlo_low"]) == simulated["ci_low"][0]
    assert "delta" not in notes(document, "m1_defined").casefold()
    assert "indirect: b = " in text(document)
    assert "delta-method" not in text(document)
    without = tell(drawn, kind="sem")
    assert "monte_carlo" not in [col.key for col in table(without, "m1_defined").columns]


def test_the_unit_of_a_bootstrap_is_named(tell):
    model = "lead =~ LEAD01 + LEAD02 + LEAD03"
    data = _data("companies")
    clustered = notes(tell(cs.cfa(model, data, cluster="COMPID", bootstrap=20, seed=1)), "m1_loadings")
    assert "20 replicates of the clusters (COMPID), 20 converged" in clustered
    rows = cs.Bootstrap(20, unit="row")
    assert "replicates of the rows, " in notes(
        tell(cs.cfa(model, data, cluster="COMPID", bootstrap=rows, seed=1)), "m1_loadings"
    )
    grouped = notes(tell(cs.cfa(model, data, group="half", bootstrap=20, seed=1)), "m1_loadings")
    assert "replicates of the rows, within each group, 20 converged" in grouped


def test_a_hypothesis_on_a_bootstrapped_model_goes_by_its_interval(mobile_results):
    indirect = mobile_results.hypotheses[4]
    structure = mobile_results["structure"].result
    own = structure.estimates[structure.estimates["op"] == ":="].iloc[0]
    assert (indirect.ci_low, indirect.ci_high) == (own["ci_low"], own["ci_high"])
    assert indirect.reason.startswith("its bootstrap interval [")


# --- validity, effects, local fit ------------------------------------------------------------------------------------


def test_htmt_stands_below_and_htmt2_above_the_diagonal(tell, drawn):
    fit = cs.cfa(ABILITIES, _data("holzinger"))
    result = cs.validity(fit, bootstrap=100, seed=2)
    document = tell(fit, validity=result)
    rows = table(document, "m1_htmt").rows
    below, above = result.tables["htmt"].to_numpy(), result.tables["htmt2"].to_numpy()
    for i in range(3):
        for j in range(3):
            value = rows[i][j + 1].value
            assert value == ("" if i == j else below[i, j] if j < i else above[j, i])
    intervals = written(document, "m1_htmt_intervals")
    assert [float(row["ci_low"]) for row in intervals] == result.tables["htmt_intervals"]["ci_low"].tolist()
    assert "over 100 samples of the rows" in notes(document, "m1_htmt_intervals")
    pairs = written(document, "m1_discriminant")
    known = result.tables["discriminant"]
    assert [float(row["correlation"]) for row in pairs] == known["correlation"].tolist()
    assert [float(row["chisq_diff"]) for row in pairs] == known["chisq_diff"].tolist()
    assert [float(row["htmt2"]) for row in pairs] == known["htmt2"].tolist()
    assert {row["ave_check"] for row in pairs} <= {"yes", "no"}
    alphas = [float(row["alpha"]) for row in written(document, "m1_convergent")]
    assert alphas == result.tables["convergent"]["alpha"].tolist()


def test_absent_ratios_and_tests_have_their_reason(tell):
    fit = cs.cfa("visual =~ x1 + x2 + x3\nx9l =~ x9\ntextual =~ x4 + x5 + x6\nvisual ~~ 0*textual", _data("holzinger"))
    result = cs.validity(fit)
    reasons = {note.code for note in result.notes}
    assert {"VALIDITY_HTMT_UNDEFINED", "VALIDITY_TEST_NOT_MADE"} <= reasons
    document = tell(fit, validity=result)
    assert "has no value for visual with x9l" in notes(document, "m1_htmt")
    assert "their covariance is fixed in this model" in notes(document, "m1_discriminant")
    assert "No AVE check where a factor has no AVE." in notes(document, "m1_discriminant")
    assert "has no AVE" in notes(document, "m1_fornell_larcker")


def test_a_correlation_beyond_the_cutoff_is_explained(mobile_results):
    document = compose(mobile_results.record)
    assert "A correlation beyond the cutoff is not below it" in notes(document, "measurement_discriminant")
    beyond = next(row for row in written(document, "measurement_discriminant") if row["rhs"] == "satisfaction")
    assert (float(beyond["chisq_diff"]), float(beyond["p_value"])) == (0.0, 1.0)


def test_effects_add_up_and_only_pairs_with_an_indirect_effect_are_listed(tell, drawn):
    model = MEDIATED + "speed ~ textual\n"
    fit = cs.sem(model, _data("holzinger"))
    document = tell(fit, kind="sem")
    rows = written(document, "m1_effects")
    assert [(row["from"], row["to"], row["kind"]) for row in rows] == [
        ("textual", "speed", kind) for kind in ("direct", "indirect", "total")
    ]
    direct, indirect, total = (float(row["estimate"]) for row in rows)
    assert total == pytest.approx(direct + indirect, abs=CLOSED_FORM)
    own = fit.estimates.set_index("label")["estimate"]
    assert indirect == pytest.approx(own["indirect"], abs=CLOSED_FORM)
    assert "has Monte Carlo intervals of what the model defines" in notes(document, "m1_effects")
    assert "with the covariances of the bootstrap" in notes(tell(drawn, kind="sem"), "m1_effects")
    assert "m1_effects" not in ids(tell(cs.sem(ABILITIES + "speed ~ visual", _data("holzinger")), kind="sem"))


def test_large_modification_indices_are_listed_as_exploratory(tell):
    fit = cs.cfa(ABILITIES, _data("holzinger"))
    document = tell(fit)
    known = fit.modification_indices(minimum=10.0)
    rows = written(document, "m1_modification")
    assert [float(row["mi"]) for row in rows] == known["mi"].tolist()[:10]
    assert [float(row["epc"]) for row in rows] == known["epc"].tolist()[:10]
    assert rows[0]["parameter"] == " ".join(known.iloc[0][["lhs", "op", "rhs"]])
    said = notes(document, "m1_modification")
    assert "Exploratory: a model that is changed after looking at this table" in said
    assert "MacCallum et al., 1992" in said
    assert "MI scaled" not in said
    scaled = tell(cs.cfa(ABILITIES, _data("holzinger"), estimator="MLM"))
    assert "MI scaled: over the mean correction of the test" in notes(scaled, "m1_modification")
    rng = np.random.default_rng(2)
    factor = rng.normal(size=300)
    answers = pd.DataFrame({f"y{i}": factor + rng.normal(size=300) for i in range(1, 5)})
    small = tell(cs.cfa("f =~ y1 + y2 + y3 + y4", answers))
    assert "m1_modification" not in ids(small)
    assert "No modification index is above 10." in text(small)


def test_no_more_than_ten_modification_indices_are_listed(tell):
    one = cs.cfa("g =~ " + " + ".join(TESTS), _data("holzinger"))
    count = len(one.modification_indices(minimum=10.0))
    assert count > 10
    document = tell(one)
    assert len(table(document, "m1_modification").rows) == 10
    assert f"the 10 largest of {count} above 10" in notes(document, "m1_modification")


def test_a_parameter_at_its_bound_has_no_test(tell):
    fit = cs.cfa(HEYWOOD, _data("heywood"), bounds="pos.var")
    document = tell(fit)
    cells = {row[1].value: row for row in table(document, "m1_covariances").rows}
    keys = [column.key for column in table(document, "m1_covariances").columns]
    assert cells["a1"][keys.index("estimate")].mark == "b"
    assert cells["a2"][keys.index("estimate")].mark == ""
    assert "At its bound" in notes(document, "m1_covariances")
    assert "variances bounded at 0 (pos.var)" in notes(document, "m1_fit")


@pytest.mark.parametrize(
    ("error", "places"), [(0.2, None), (0.005, None), (0.0032, 3), (0.00049, 4), (0.0, None), (float("nan"), None)]
)
def test_small_standard_errors_have_the_decimals_they_need(error, places):
    assert prose.small_places(error) == places


def test_fixed_paths_and_paths_without_errors_say_no_more_than_they_have(tell):
    data = _data("holzinger")
    fixed = text(tell(cs.sem("x1 ~ 0.5*x2 + x3", data), kind="sem"))
    assert "x2 → x1: b = 0.50, fixed by the model, β = " in fixed
    bare = tell(cs.sem(MEDIATED, data, se="none"), kind="sem")
    assert "textual → visual: b = " in text(bare)
    assert "SE =" not in text(bare)
    assert "There are no standard errors, so there are no intervals and tests." in notes(bare, "m1_effects")


def test_a_small_path_is_not_written_as_zero(tell):
    data = _data("holzinger")
    data["far"] = 1000.0 * data["x9"]
    document = tell(cs.sem("x1 ~ x2 + far", data), kind="sem")
    row = next(row for row in table(document, "m1_paths").rows if row[1].value == "far")
    assert all(cell.decimals is not None and cell.decimals >= 3 for cell in row[2:5])
    assert "SE = 0.00," not in text(document)


# --- marks -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def improper(tell: Teller) -> Document:
    """Inadmissible models of every shape: groups and effects, bootstrap, validity with intervals, clusters, FIML."""
    data = _data("heywood")
    rng = np.random.default_rng(5)
    data = data.assign(
        c=data["b1"] + rng.normal(size=len(data)), half=np.tile(["one", "two"], 30), unit=np.arange(60) // 3
    )
    holes = data.copy()
    holes.loc[3, "a2"] = np.nan
    chain = HEYWOOD + "b ~ p*a\nc ~ q*b\nthrough := p*q\n"
    measured = cs.cfa(HEYWOOD, data, bootstrap=100, seed=1)
    results = [
        measured,
        cs.sem(chain, data, bootstrap=100, seed=1),
        cs.sem(chain, holes, missing="fiml", estimator="MLR"),
        cs.cfa(HEYWOOD, data.assign(half=np.repeat(["one", "two"], 30)), group="half"),
        cs.sem(chain, data, cluster="unit"),
    ]  # fmt: skip
    assert not any(result.admissible for result in results)
    blocks = tuple(
        Block(f"bad{i}", "cfa" if i in (1, 4) else "sem", "customers", f"Improper {i}", {}, result, None,
              {"validity": cs.validity(measured, bootstrap=100, seed=1)} if i == 1 else {})
        for i, result in enumerate(results, start=1)
    )  # fmt: skip
    return compose(replace(tell.record, blocks=blocks, hypotheses=()))


@pytest.mark.slow
def test_every_new_table_of_an_inadmissible_model_is_marked(improper, tmp_path: Path):
    wanted = {
        "bad1_htmt", "bad1_htmt_intervals", "bad1_discriminant", "bad1_further_fit", "bad2_effects", "bad2_defined",
        "bad3_intercepts", "bad4_groups", "bad4_convergent",
    }  # fmt: skip
    assert wanted <= ids(improper)
    assert all(one.mark == "inadmissible" for one in improper.tables if one.id.startswith("bad"))
    render(improper, tmp_path, ("html", "docx", "md"), figures=())
    names = {f"bad{i}": f"Improper {i}" for i in range(1, 6)}
    assert missing_in_html((tmp_path / "report.html").read_text(encoding="utf-8"), names) == []
    assert missing_in_docx(tmp_path / "report.docx", names) == []
    assert missing_in_markdown((tmp_path / "report.md").read_text(encoding="utf-8"), names) == []
    assert missing_in_csv(tmp_path / "tables", names) == []


@pytest.mark.parametrize("name", ["effects", "further_fit", "defined"])
def test_a_new_table_that_forgets_its_mark_is_found(improper, name, tmp_path: Path):
    sections = []
    for section in improper.sections:
        if section.id not in ("findings", "analysis-bad2"):
            continue
        elements = tuple(
            replace(one, mark="") if isinstance(one, Table) and one.id == f"bad2_{name}" else one
            for one in section.elements
        )
        sections.append(replace(section, elements=elements))
    render(replace(improper, sections=tuple(sections)), tmp_path, ("html", "docx", "md"), figures=())
    names = {"bad2": "Improper 2"}
    assert missing_in_html((tmp_path / "report.html").read_text(encoding="utf-8"), names)
    assert missing_in_docx(tmp_path / "report.docx", names)
    assert missing_in_markdown((tmp_path / "report.md").read_text(encoding="utf-8"), names)
    assert missing_in_csv(tmp_path / "tables", names) == [f"bad2_{name}.csv"]


def test_the_second_engine_says_in_words_why_it_did_not_run(schools):
    from crmstudy.models.second_engine import check_sem

    note = check_sem(schools)
    assert isinstance(note, Note)
    assert note.message.endswith(
        "did not run: it cannot check a model with several groups, incomplete rows, means and the estimator MLR."
    )
