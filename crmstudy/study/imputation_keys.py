"""How the gaps of a sample are filled: the keys of ``imputation``, and which analyses may ask for it."""

from __future__ import annotations

from crmstudy.study.forms import Flag, Key, ListOf, Number, Section, Text

IMPUTATION = Section(
    (
        Key("m", Number(2, whole=True), "Number of completed data sets.", default=20),
        Key("group", Text("the name of a column"), "Column of groups to compare: imputed apart where large enough."),
        Key("cluster", Text("the name of a column"), "Column of clusters: random intercepts in the imputation models."),
        Key("auxiliary", ListOf(Text("the name of a column"), "columns"), "Columns that say something about the gaps; "
            "left out: all declared variables.", default=()),
        Key("iterations", Number(1, whole=True), "Rounds of the chains.", default=10),
        Key("donors", Number(1, whole=True), "Nearest respondents one of whom gives the answer.", default=5),
    )
)  # fmt: skip
#: The key of an analysis that is done with the imputed sets.
IMPUTED = Key(
    "imputed", Flag(), "Analyse the imputed sets of the sample (see its `imputation`) and pool.", default=False
)
