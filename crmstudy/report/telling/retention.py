"""What is said about the number of factors: each rule with its number, what it rests on, and no choice among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crmstudy.drawing import ScreePlot
from crmstudy.report.document import (
    Cell,
    Citation,
    Column,
    Element,
    FigureBlock,
    Inline,
    Number,
    PValue,
    Section,
    Table,
    TableNotes,
    phrase,
)
from crmstudy.report.tables import build_table, column, from_frame, is_absent
from crmstudy.report.telling import prose
from crmstudy.report.telling.told import Told

#: How each rule is called in a table, and in a sentence.
_RULES: Mapping[str, tuple[str, str]] = {
    "parallel_components": ("Parallel analysis, components", "parallel analysis of components"),
    "parallel_factors": ("Parallel analysis, factors", "parallel analysis of common factors"),
    "map": ("MAP, squares", "MAP"),
    "map_fourth": ("MAP, fourth powers", "MAP with fourth powers"),
    "ekc": ("Empirical Kaiser criterion", "the empirical Kaiser criterion"),
    "hull_caf": ("Hull, CAF", "Hull (CAF)"),
    "hull_cfi": ("Hull, CFI", "Hull (CFI)"),
    "hull_rmsea": ("Hull, RMSEA", "Hull (RMSEA)"),
    "optimal_coordinates": ("Optimal coordinates", "optimal coordinates"),
    "acceleration": ("Acceleration factor", "the acceleration factor"),
    "kaiser": ("Eigenvalues above 1", "eigenvalues above 1"),
}
#: Eigenvalues after the largest number any rule gives that are still shown, and the fewest shown at all.
_BEYOND, _FEWEST = 3, 10
_BY_HAND = phrase(
    "The rules rest on different ideas and need not agree; none of them is followed here. Which number is taken is to "
    "be justified by what the factors mean and by solutions with one factor more and one fewer."
)


def retention_section(told: Told) -> Section:
    """What the rules say, the eigenvalues they say it from, the scree plot, the hull, and sampling adequacy."""
    elements: list[Element] = [
        told.sentences(_numbers_sentence(told), _BY_HAND),
        told.sentences(_adequacy_sentence(told)),
        _suggested_table(told),
        _eigenvalue_table(told),
        *_scree(told),
        _hull_table(told),
        _adequacy_table(told),
    ]
    return told.section(elements)


def _numbers_sentence(told: Told) -> Inline:
    suggested = told.result.tables["suggested"]
    by_number: dict[int, list[Inline]] = {}
    for row in suggested[suggested["advised"]].to_dict("records"):
        by_number.setdefault(int(row["number"]), []).append(phrase("{}", _RULES[str(row["method"])][1]))
    parts = [
        phrase("{} by {}", prose.counted(number), _listed(names)) for number, names in sorted(by_number.items())
    ]  # fmt: skip
    items = len(told.result.call["items"])
    return phrase(
        "Number of factors of {} items (*N* = {}): {}.",
        Number(items, "n"), Number(told.result.n, "n"), prose.joined(parts, "; "),
    )  # fmt: skip


def _listed(names: list[Inline]) -> Inline:
    if len(names) == 1:
        return names[0]
    return prose.joined([prose.joined(names[:-1]), names[-1]], " and ")


def _adequacy_sentence(told: Told) -> Inline:
    fit = told.result.fit
    said = phrase("Sampling adequacy of the items together: KMO = {}", Number(fit["kmo"], "r"))
    if not is_absent(fit["bartlett_chisq"]):
        test = phrase(
            "; Bartlett's test of sphericity: χ²({}) = {}, {}",
            Number(fit["bartlett_df"], "df"), Number(fit["bartlett_chisq"], "statistic"),
            (PValue(fit["bartlett_p_value"]),),
        )  # fmt: skip
        said += test
        if told.result.call["ordinal"]:
            said += phrase(" (derived for Pearson correlations; with polychoric ones too large)")
    return said + phrase(".")


def _usage_reason(told: Told) -> str:
    listwise = told.result.call["missing"] == "listwise"
    return "rows with a missing answer to one of the items" if listwise else "rows without any answer"


def _matrix_note(told: Told) -> Inline:
    call = told.result.call
    if call["ordinal"]:
        kind = phrase("polychoric correlations in two steps {}", Citation("olsson_1979"))
    else:
        kind = phrase("Pearson correlations")
    how = {
        "listwise": "of the rows that have all items",
        "pairwise": "each from the rows that have both items, tests with the number of all rows",
        "em": "of the means and covariances that are likeliest given all answers (EM)",
    }[call["missing"]]
    return phrase("From {}, {}.", kind, how)


def _suggested_table(told: Told) -> Table:
    suggested = told.result.tables["suggested"]
    columns = [column("rule", "Rule"), Column("number", phrase("Factors"), "n")]
    rows = []
    for row in suggested.to_dict("records"):
        name = _RULES[str(row["method"])][0]
        mark = "" if row["advised"] else "a"
        rows.append([Cell(name, mark=mark), Cell(int(row["number"]), "n")])
    why = phrase(
        "Shown because readers ask for them, and not advised: eigenvalues above 1 {} find too many factors {}; the two "
        "readings of the scree {} miss factors of nearly equal strength.",
        Citation("kaiser_1960"), Citation("zwick_velicer_1986"), Citation("raiche_2013"),
    )  # fmt: skip
    notes = (_matrix_note(told), _parallel_note(told), *_rule_notes(told))
    return build_table(
        told.table_id("suggested"), told.title("Number of Factors by Each Rule"), columns, rows,
        usage=told.usage(_usage_reason(told)), notes=TableNotes(notes, (("a", why),)), mark=told.mark,
    )  # fmt: skip


def _parallel_note(told: Told) -> Inline:
    call = told.result.call
    if call["random"] == "permutation":
        data = phrase("the answers with every column shuffled {}", Citation("buja_eyuboglu_1992"))
    else:
        data = phrase("normal variables")
    said = phrase(
        "Parallel analysis {}: eigenvalues above the {}th percentile {} of those of {} random data sets of the same "
        "size ({}; seed {})",
        Citation("horn_1965"), f"{call['percentile']:g}", Citation("glorfeld_1995"), Number(call["draws"], "n"), data,
        str(call["seed"]),
    )  # fmt: skip
    if call["parallel"] == "components":
        return said + phrase(".")
    diagonal = {"smc": "squared multiple correlations", "minres": "the communalities of one minres factor"}
    return said + phrase(
        "; of common factors: with {} in the diagonal {}, where in large samples minor factors exceed random ones too.",
        diagonal[call["communalities"]], Citation("humphreys_montanelli_1975"),
    )  # fmt: skip


def _rule_notes(told: Told) -> tuple[Inline, ...]:
    likelihood = "CFI" in set(told.result.tables["hull"]["index"])
    extracted = "maximum likelihood" if likelihood else "minimum residuals"
    return (
        phrase(
            "MAP: minimum average partial correlation, squared {} or to the fourth power {}. Empirical Kaiser "
            "criterion {}: eigenvalues above what the first of the rest would be without a further factor. Hull: elbow "
            "of fit against degrees of freedom, factors by {} {}; CAF is the common part accounted for.",
            Citation("velicer_1976"), Citation("velicer_2000"), Citation("braeken_van_assen_2017"), extracted,
            Citation("lorenzo_seva_2011"),
        ),
    )  # fmt: skip


def _eigenvalue_table(told: Told) -> Table:
    """Eigenvalues side by side with what each rule compares them with; the tail that decides nothing is cut."""
    tables, percentile = told.result.tables, f"{told.result.call['percentile']:g}"
    spectrum = tables["eigenvalues"]
    largest = int(tables["suggested"]["number"].max())
    shown = min(max(largest + _BEYOND, _FEWEST), len(spectrum))
    frame = spectrum.head(shown).assign(reference=tables["ekc"]["reference"].head(shown).to_numpy())
    partial, ordinal = tables["map"].set_index("number"), f"{percentile}th"
    for name in ("squared", "fourth"):
        frame[name] = partial[name].reindex(frame["number"]).to_numpy()
    columns = [
        column("number", "No.", "n"), column("component", "PC", "estimate"),
        column("component_percentile", ordinal, "estimate"), column("reference", "EKC", "estimate"),
        column("factor", "Factor", "estimate"), column("factor_percentile", ordinal, "estimate"),
        column("squared", "MAP", "r"), column("fourth", "MAP 4", "r"),
    ]  # fmt: skip
    notes = [
        phrase(
            "PC: eigenvalue of the correlation matrix (principal component); factor: of the matrix with communalities "
            "in its diagonal; beside each the {}th percentile in random data. EKC: reference of the empirical Kaiser "
            "criterion. MAP and MAP 4: average squared and fourth-power partial correlation given that many components "
            "({} and {} given none).",
            percentile, Number(float(partial["squared"].iloc[0]), "r", 4),
            Number(float(partial["fourth"].iloc[0]), "r", 4),
        )
    ]  # fmt: skip
    if shown < len(spectrum):
        notes.append(
            phrase("The first {} of {} eigenvalues are shown.", Number(shown, "n"), Number(len(spectrum), "n"))
        )  # fmt: skip
    return from_frame(
        told.table_id("eigenvalues"), told.title("Eigenvalues and What They Are Compared With"), columns, frame,
        usage=told.usage(_usage_reason(told)), notes=TableNotes(tuple(notes)), mark=told.mark,
        decimals={"squared": 4, "fourth": 4},
    )  # fmt: skip


def _scree(told: Told) -> list[Element]:
    drawing = told.result.plot()
    if not isinstance(drawing, ScreePlot):
        return []
    reading = phrase(
        "Eigenvalues in descending order {}; broken lines: {}th percentile in random data.",
        Citation("cattell_1966"), f"{told.result.call['percentile']:g}",
    )  # fmt: skip
    title = told.title("Scree Plot With Parallel Analysis")
    return [FigureBlock(told.table_id("scree"), title, drawing, (reading,), told.mark)]


def _hull_table(told: Told) -> Table:
    """One row a number of factors; fit and scree test value of each index."""
    hulls = told.result.tables["hull"]
    columns = [Column("number", phrase("Factors"), "n"), Column("df", phrase("*df*"), "df")]
    indices = list(dict.fromkeys(hulls["index"]))
    for index in indices:
        key = index.lower()
        columns += [Column(key, phrase("{}", index), "index"), Column(f"{key}_st", phrase("*st*"), "estimate")]
    rows = []
    for number in dict.fromkeys(hulls["number"]):
        own = hulls[hulls["number"] == number].set_index("index")
        cells = [Cell(int(number), "n"), Cell(int(own["df"].iloc[0]), "df")]
        for index in indices:
            fit, value = own.loc[index, "fit"], own.loc[index, "scree_value"]
            cells.append(
                Cell(None if is_absent(fit) else float(fit), "index", mark="" if own.loc[index, "on_hull"] else "a")
            )
            cells.append(Cell(None if is_absent(value) else float(value), "estimate"))
        rows.append(cells)
    note = phrase(
        "*st*: scree test value, the ratio of the gains in fit a degree of freedom before and after; the largest marks "
        "the elbow."
    )
    below = phrase("Not on the hull: below the line between its neighbours, or no better than a simpler solution.")
    marked = bool(np.any(~hulls["on_hull"].to_numpy(dtype=bool)))
    return build_table(
        told.table_id("hull"), told.title("Hull Method"), columns, rows, usage=told.usage(_usage_reason(told)),
        notes=TableNotes((note,), (("a", below),) if marked else ()), mark=told.mark,
    )  # fmt: skip


def _adequacy_table(told: Told) -> Table:
    kmo = told.result.tables["kmo"]
    columns = [column("item", "Item"), column("msa", "MSA", "r")]
    note = phrase(
        "MSA: measure of sampling adequacy, the share of squared correlations in squared correlations and partial "
        "correlations given all other items {}. He calls values in the .90s marvellous, .80s meritorious, .70s "
        "middling, .60s mediocre, .50s miserable, and below .50 unacceptable; these words are a convention.",
        Citation("kaiser_1974"),
    )  # fmt: skip
    return from_frame(
        told.table_id("kmo"), told.title("Sampling Adequacy"), columns, kmo,
        usage=told.usage(_usage_reason(told)), notes=TableNotes((note,)), mark=told.mark,
        labels={"item": lambda name: phrase("All items (KMO)") if name == "overall" else phrase("{}", name)},
    )  # fmt: skip
