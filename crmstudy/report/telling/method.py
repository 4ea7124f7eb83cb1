"""How a model was fitted, in the words of a table note: estimator, standard errors, test, missing values, sample."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crmstudy.report.document import Citation, Inline, Number, phrase, plain
from crmstudy.report.tables import is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.fitted_model import FittedModel

_ERRORS: Mapping[str, str] = {
    "standard": "standard", "robust.sem": "robust (sandwich, Satorra–Bentler type)",
    "robust.huber.white": "robust (sandwich, Huber–White type)", "robust.cluster": "robust (sandwich over clusters)",
    "robust.cluster.sem": "robust (sandwich over clusters)", "none": "none",
}  # fmt: skip
_INFORMATION: Mapping[str, str] = {
    "expected": "expected", "observed": "observed", "first.order": "first-order",
}  # fmt: skip
#: The corrections of a scaled test: name, and source.
_TESTS: Mapping[str, tuple[str, str]] = {
    "satorra.bentler": ("Satorra–Bentler correction", "satorra_bentler_1994"),
    "mean.var.adjusted": ("mean- and variance-adjusted test", "satorra_bentler_1994"),
    "scaled.shifted": ("mean- and variance-adjusted test by scale and shift", "asparouhov_muthen_2010"),
    "yuan.bentler": ("Yuan–Bentler correction", "yuan_bentler_2000"),
    "yuan.bentler.mplus": ("Yuan–Bentler correction in the form of Mplus", "yuan_bentler_2000"),
}  # fmt: skip


def method_note(model: FittedModel) -> Inline:
    """Estimator, standard errors, information and missing values."""
    call = model.call
    errors = _ERRORS.get(str(call.get("se")), str(call.get("se")))
    if model.drawn is not None:
        errors = "from a bootstrap"
    elif call.get("se") != "none":
        errors += f", {_INFORMATION.get(str(call.get('information')), '')} information"
    missing: Inline = plain("full information maximum likelihood" if model.fiml else "listwise deletion")
    if model.pooled is not None:
        errors += ", pooled by Rubin’s rules"
        missing = phrase("multiple imputation, *m* = {}", Number(model.pooled.m, "n"))
    said = phrase("Estimator: {}; standard errors: {}; missing values: {}",
                  str(call.get("estimator", "ML")), errors, missing)  # fmt: skip
    if call.get("likelihood") == "wishart":
        said += phrase("; covariances divided by *N* − 1")
    if call.get("bounds", "none") != "none":
        said += phrase("; variances bounded at 0 ({})", str(call["bounds"]))
    return said + phrase(". Options resolve as in lavaan {}.", Citation("rosseel_2012"))


def correction_note(model: FittedModel) -> Inline | None:
    """What scaled and robust figures are, with their sources; None where there is the standard test only."""
    fit = model.result.fit
    robust = not is_absent(fit.get("cfi_robust"))
    said: list[Inline] = []
    if model.scaled:
        name, source = _TESTS[str(model.call["test"])]
        said.append(phrase("Scaled: {} {}, *c* its scaling factor.", name, Citation(source)))
    if robust and model.fiml:
        said.append(phrase("Robust: CFI, TLI and RMSEA as for complete rows {}.", Citation("zhang_savalei_2023")))
    elif robust:
        said.append(phrase("Robust: CFI and TLI after {}, RMSEA after {}.", Citation("brosseau_liard_2014", True),
                           Citation("brosseau_liard_2012", True)))  # fmt: skip
    elif model.scaled and model.result.solution.df > 0:
        said.append(plain("Robust indices do not exist for this test." if "cfi_robust" not in fit
                          else "Robust indices have no value for these data."))  # fmt: skip
    if robust:
        said.append(plain("There is no robust χ², and SRMR is not made of χ²."))
    elif model.scaled:
        said.append(plain("SRMR is not made of χ²."))
    return prose.joined(said, " ") if said else None


def assumption_note(model: FittedModel) -> Inline | None:
    """What the test and the standard errors assume about the distribution of the answers; None where neither does."""
    discrepancy = model.discrepancy
    if discrepancy == "WLS":
        text = "χ², standard errors and intervals are asymptotically free of a distribution {}; they need a large *N*."
        return phrase(text, Citation("browne_1984"))
    test = not model.scaled and model.call.get("test") != "none" and discrepancy in ("ML", "GLS")
    errors = model.call.get("se") == "standard" and model.drawn is None
    if test and errors:
        return plain("χ², standard errors and intervals assume multivariate normal answers.")
    if test:
        return plain("χ² assumes multivariate normal answers.")
    if errors:
        return plain("Standard errors and intervals assume multivariate normal answers.")
    if discrepancy == "ULS" and not model.scaled:
        return phrase("The χ² of ULS has no known distribution, so it has no *p*.")
    return None


def missing_note(model: FittedModel) -> Inline | None:
    """What full information assumes and is compared with; None for complete rows."""
    if not model.fiml:
        return None
    return phrase(
        "χ² compares with saturated moments of the same incomplete rows {}; values are taken to be missing at random, "
        "given what was answered.", Citation("arbuckle_1996"),
    )  # fmt: skip


def sample_sentences(model: FittedModel) -> list[Inline]:
    """Who stands behind the figures, beyond their number: clusters, weights, incomplete rows, auxiliary variables."""
    call, samples = model.call, model.result.samples
    said: list[Inline] = []
    if call.get("cluster") is not None and "clusters" in samples:
        by = " by group" if model.groups else ""
        counts = prose.joined([(Number(count, "n"),) for count in samples["clusters"]])
        said.append(phrase("The rows stand in {} clusters{} ({}); standard errors and test allow for dependence within "
                           "them.", counts, by, str(call["cluster"])))  # fmt: skip
    if call.get("weights") is not None:
        said.append(phrase("Rows are weighted by {}, scaled to add up to *N* (pseudo maximum likelihood).",
                           str(call["weights"])))  # fmt: skip
    if model.fiml:
        said.append(_incomplete(model))
    if call.get("aux"):
        said.append(phrase("Auxiliary variables, which correlate with all others and help with missing values {}: {}.",
                           Citation("graham_2003"), ", ".join(map(str, call["aux"]))))  # fmt: skip
    return said


def incomplete_rows(model: FittedModel) -> list[int]:
    """Rows with at least one missing value in a variable of the model, by group."""
    own = len(model.result.observed)
    return [
        sum(len(pattern.rows) for pattern in group.patterns or () if (pattern.present < own).sum() < own)
        for group in model.result.solution.sample.groups
    ]


def _incomplete(model: FittedModel) -> Inline:
    """How many rows lack a value, in how many patterns, and the least that two variables are answered together."""
    counts, patterns = incomplete_rows(model), int(model.result.samples["patterns"].sum())
    rows = int(model.result.samples["n"].sum())
    return phrase(
        "Of the {} rows, {} lack at least one value ({} patterns{}); any two variables are answered together in at "
        "least {} of the rows{}.", Number(rows, "n"), Number(sum(counts), "n"), Number(patterns, "n"),
        " over the groups" if model.groups else "", Number(100 * _least_coverage(model), "percent"),
        " of each group" if model.groups else "",
    )  # fmt: skip


def _least_coverage(model: FittedModel) -> float:
    """The smallest share of rows in which two variables of the model are both answered, over groups."""
    own, least = len(model.result.observed), 1.0
    for group in model.result.solution.sample.groups:
        together, rows = np.zeros((own, own)), 0
        for pattern in group.patterns or ():
            here = pattern.present[pattern.present < own]
            together[np.ix_(here, here)] += len(pattern.rows)
            rows += len(pattern.rows)
        least = min(least, float(together.min()) / rows)
    return least
