"""A declared study: what ``study.yaml`` may hold, and the study it declares."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crmstudy.declared import Declared, Where, read_declared
from crmstudy.errors import Fault, StudyError, did_you_mean
from crmstudy.screening.nonresponse import flow_faults
from crmstudy.screening.settings import RULES, switched_off
from crmstudy.study.assessments.keys import DISCLOSURE
from crmstudy.study.claims import parse_claim
from crmstudy.study.forms import (
    Choice,
    Code,
    Flag,
    Form,
    Key,
    ListOf,
    MapOf,
    Number,
    Section,
    Text,
    Translated,
    Unbuilt,
    spell,
    unknown_name,
)
from crmstudy.study.imputation_keys import IMPUTATION
from crmstudy.study.kinds import KINDS, SHARED, AnalysisForm
from crmstudy.study.parts import AnalysisPlan, HypothesisPlan, Place, ReportPlan, SamplePlan
from crmstudy.study.screening_keys import SCREENING

FILE_NAME = "study.yaml"
POPULATIONS = ("staff", "customer", "expert", "unit")
FORMATS = ("html", "docx", "md")
#: Kinds whose option `weights` is that of the sample where none is named.
TAKES_WEIGHTS = ("cfa", "sem")

VARIABLE = Section(
    (
        Key(
            "type",
            Choice(("number", "category")),
            "`number`, or `category` for names or codes of groups.",
            True,
        ),
        Key("label", Translated(), "What it is called in the report."),
        Key(
            "values",
            MapOf(Translated(), "names of values", pattern=None),
            "What its values are called in tables: `{'1': {en: women}}`.",
        ),
    )
)
FLOW = Section(
    (
        Key("invited", Number(0, whole=True), "People who were asked."),
        Key("opened", Number(0, whole=True), "People who opened the questionnaire."),
        Key("started", Number(0, whole=True), "People who answered at least one question."),
        Key("completed", Number(0, whole=True), "People who came to its end."),
    )
)
SAMPLE = Section(
    (
        Key("population", Choice(POPULATIONS), "Who answered.", True),
        Key(
            "file",
            Text("the path of a data file"),
            "Data file (CSV, .xlsx, .sav, .dta, Parquet, a hand-over folder), relative to the folder of study.yaml.",
            True,
        ),
        Key("id", Text("the name of a column"), "Column that names the respondent."),
        Key("unit", Unbuilt("samples in units (branch, region) are"), "Column of the branch, region ..."),
        Key("wave", Unbuilt("samples in waves are"), "Column of the wave."),
        Key("missing_codes", ListOf(Code(), "codes"), "Cells that mean 'no answer' in this file.", default=()),
        Key(
            "instruments",
            ListOf(Text("an instrument"), "instruments"),
            "Their ids, or paths of files.",
            default=(),
        ),
        Key("variables", MapOf(VARIABLE, "variables", pattern=None), "Columns that are no items.", default={}),
        Key("weights", Text("the name of a column"), "Column of sampling weights, for the analyses that can use them."),
        Key("simulated", Flag(), "True for made-up data: every report says so.", default=False),
        Key("flow", FLOW, "How many people came how far, for the participant flow and the response rate.", default={}),
        Key("imputation", IMPUTATION, "How gaps are filled for analyses with `imputed: true`."),
    )
)
HYPOTHESIS = Section(
    (
        Key("statement", Translated(), "The hypothesis in words.", True),
        Key(
            "claim",
            Text("a claim"),
            "A parameter (`y ~ x` or a label), then `>`, `<` or `!=` and a number.",
            True,
        ),
        Key("analysis", Text("the id of an analysis"), "The analysis it is tested on.", True),
    )
)
REPORT = Section(
    (
        Key(
            "formats",
            ListOf(Choice(FORMATS), "formats", 1),
            "Files that are written.",
            default=("html", "docx"),
        ),
        Key("style", Choice(("apa",), ("thesis-fa", "thesis-ru")), "How numbers are written.", default="apa"),
        Key("audience", Choice(("research",), ("hr",)), "Who reads it.", default="research"),
    )
)
STUDY = Section(
    (
        Key("crmstudy", Choice((1,)), "Version of this file format.", True),
        Key("title", Translated(), "Title of the study.", True),
        Key("lang", Choice(("en",), ("fa", "ru")), "Language of the report.", default="en"),
        Key("seed", Number(0, whole=True), "Seed of everything random.", default=1),
        Key("samples", MapOf(SAMPLE, "samples", 1), "Who was asked, and where the answers are.", True),
        Key("links", Unbuilt("links between samples are"), "How samples belong together."),
        Key("screening", SCREENING, "Rules that flag doubtful rows.", default={}),
        Key(
            "analyses",
            ListOf(AnalysisForm(), "analyses", 1),
            "What is computed, in the order of the report.",
            True,
        ),
        Key("hypotheses", MapOf(HYPOTHESIS, "hypotheses"), "What is claimed.", default={}),
        Key(
            "disclosure",
            DISCLOSURE.form,
            "From how many people on figures of staff are shown; left out: 5 for means (or the `k` of "
            "administration.yaml), 10 for the rest, numbers of people as they are.",
            default={},
        ),
        Key("report", REPORT, "What the report is to be.", default={}),
    )
)


@dataclass(frozen=True)
class Study:
    """A declared study, checked as far as its own file goes; data and models are checked when it is run.

    ``file`` is the ``study.yaml``, ``digest`` its sha256. ``screening`` holds the rules as ``crmstudy.screen`` takes
    them; ``sensitivity`` says whether the main results are also computed with and without flagged rows. ``disclosure``
    holds what is declared of the sizes of groups that are shown.
    """

    file: Path
    title: str
    lang: str
    seed: int
    samples: Mapping[str, SamplePlan]
    screening: Mapping[str, Any]
    analyses: tuple[AnalysisPlan, ...]
    hypotheses: tuple[HypothesisPlan, ...] = ()
    report: ReportPlan = field(default_factory=ReportPlan)
    digest: str = ""
    sensitivity: bool = True
    disclosure: Mapping[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the study; its data files and ``instruments/`` are found from here."""
        return self.file.parent

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Load a study from its folder or its ``study.yaml``.

        Raises
        ------
        StudyError
            With every fault of the file, each with its line.
        """
        study, faults = draft(path)
        if faults:
            raise StudyError(faults)
        return study

    def __repr__(self) -> str:
        return f"<Study {self.title!r}: {len(self.samples)} samples, {len(self.analyses)} analyses>"


def draft(path: str | Path) -> tuple[Study, list[Fault]]:
    """Read a study as far as it is sound: the study made of its sound parts, and every fault of the rest.

    Raises
    ------
    StudyError
        When there is no file, or nothing in it that could be a study.
    """
    file = find_file(path)
    doc = read_declared(file, StudyError)
    if not isinstance(doc.data, dict):
        doc.refuse(f"a study is a mapping of keys ({', '.join(key.name for key in STUDY.keys)}).")
        doc.raise_faults()
    STUDY.check(doc, ())
    _check_names(doc)
    study = _build(doc)
    return study, sorted(doc.faults, key=lambda fault: fault.line or 0)


def find_file(path: str | Path) -> Path:
    """The ``study.yaml`` of a folder, or the file itself."""
    file = Path(path)
    advice = "name a study's folder, or write one: crmstudy init"
    if file.is_dir():
        file = file / FILE_NAME
        if not file.exists():
            raise StudyError(f"the folder '{path}' has no {FILE_NAME}; {advice}")
    elif not file.exists():
        raise StudyError(f"there is no study at '{path}'; {advice}")
    return file


def _check_names(doc: Declared) -> None:
    """Check that analyses and hypotheses name what is declared, and name it once."""
    samples = _mapping(doc, "samples")
    _check_spelling(doc, [(name, ("samples", name)) for name in samples if isinstance(name, str)])
    _check_flows(doc, samples)
    seen: dict[str, str] = {}
    ids: list[tuple[str, Where]] = []
    for index, analysis in enumerate(_list(doc, "analyses")):
        if not isinstance(analysis, dict):
            continue
        name, sample = analysis.get("id"), analysis.get("sample")
        if isinstance(sample, str) and samples and sample not in samples:
            doc.refuse(unknown_name("the sample", sample, samples), ("analyses", index, "sample"))
        _check_other_samples(doc, index, analysis, samples)
        _check_earlier(doc, index, analysis, seen)
        declared = samples.get(sample) if isinstance(sample, str) else None
        if analysis.get("imputed") is True and isinstance(declared, dict) and declared.get("imputation") is None:
            message = f"the sample '{sample}' says nothing of its imputation; add it there: imputation: {{m: 20}}."
            doc.refuse(message, ("analyses", index, "imputed"))
        if isinstance(name, str) and name in seen:
            doc.refuse(f"two analyses have the id '{name}'; rename one.", ("analyses", index, "id"))
        if isinstance(name, str):
            ids += [] if name in seen else [(name, ("analyses", index, "id"))]
            seen.setdefault(name, str(analysis.get("kind")))
    _check_spelling(doc, ids)
    for name, hypothesis in _mapping(doc, "hypotheses").items():
        if isinstance(hypothesis, dict):
            _check_hypothesis(doc, ("hypotheses", name), hypothesis, seen)
    rules = _mapping(doc, "screening")
    excluding = rules.get("exclude")
    for index, rule in enumerate(excluding if isinstance(excluding, list) else []):
        if rule in RULES and switched_off(rule, rules.get(rule)):
            message = f"'exclude' names the rule '{rule}', which is switched off; switch it on or take it off the list."
            doc.refuse(message, ("screening", "exclude", index))


def _check_other_samples(doc: Declared, index: int, analysis: Mapping[str, Any], samples: Mapping[str, Any]) -> None:
    """A second sample of an analysis is another one that is declared."""
    kind = KINDS.get(str(analysis.get("kind")))
    for key in kind.other_samples if kind is not None and samples else ():
        name = analysis.get(key)
        if not isinstance(name, str):
            continue
        if name not in samples:
            doc.refuse(unknown_name("the sample", name, samples), ("analyses", index, key))
        elif name == analysis.get("sample"):
            message = f"'{key}' is the sample '{name}' itself; name another one."
            doc.refuse(message, ("analyses", index, key))


def _check_earlier(doc: Declared, index: int, analysis: Mapping[str, Any], before: Mapping[str, str]) -> None:
    """An analysis whose result another goes on from stands before it, and is of a kind it can go on from."""
    kind, of = KINDS.get(str(analysis.get("kind"))), analysis.get("of")
    if kind is None or not kind.follows or not isinstance(of, str):
        return
    usable = [name for name, one in before.items() if one in kind.follows]
    if of not in usable:
        hint = did_you_mean(of, usable) or f" There is: {', '.join(usable) or 'none'}."
        wanted = f"an analysis before it of the kind {' or '.join(kind.follows)}"
        doc.refuse(f"'of' names {wanted}; found '{of}'.{hint}", ("analyses", index, "of"))


def _check_flows(doc: Declared, samples: Mapping[str, Any]) -> None:
    """Refuse numbers of a participant flow that grow on the way."""
    for name, sample in samples.items():
        flow = sample.get("flow") if isinstance(sample, dict) else None
        where: Where = ("samples", name, "flow")
        if isinstance(flow, dict) and _sound(doc, FLOW, where):
            for fault in flow_faults(flow):
                doc.refuse(f"{spell(where)}: {fault}", where)


def _check_spelling(doc: Declared, names: list[tuple[str, Where]]) -> None:
    """Refuse names that differ in capitals only: files are named after them, and many disks take those for one."""
    first: dict[str, str] = {}
    for name, where in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in first:
            message = f"'{first[key]}' and '{name}' differ in capitals only, which names of files do not tell apart"
            doc.refuse(f"{message}; rename one.", where)
        first.setdefault(key, name)


def _check_hypothesis(doc: Declared, where: Where, hypothesis: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
    analysis, claim = hypothesis.get("analysis"), hypothesis.get("claim")
    if isinstance(analysis, str) and analysis not in kinds:
        doc.refuse(unknown_name("the analysis", analysis, kinds), (*where, "analysis"))
    elif isinstance(analysis, str) and kinds[analysis] in KINDS and not KINDS[kinds[analysis]].parameters:
        tested = ", ".join(kind.name for kind in KINDS.values() if kind.parameters)
        message = f"the analysis '{analysis}' is of the kind {kinds[analysis]}; a claim is tested on one of: {tested}."
        doc.refuse(message, (*where, "analysis"))
    if isinstance(claim, str) and claim.strip():
        try:
            parse_claim(claim)
        except ValueError as fault:
            doc.refuse(str(fault), (*where, "claim"))


def _build(doc: Declared) -> Study:
    declared = STUDY.values(doc.data)
    lang = declared["lang"] if _sound(doc, Choice(("en", "fa", "ru")), ("lang",)) else "en"
    seed = declared["seed"] if _sound(doc, Number(0, whole=True), ("seed",)) else 1
    report = REPORT.values(_mapping(doc, "report")) if _sound(doc, REPORT, ("report",)) else REPORT.values({})
    rules = {name: rule for name, rule in _mapping(doc, "screening").items() if rule is not None}
    sound = _sound(doc, SCREENING, ("screening",))
    compared = rules.pop("sensitivity", True) is not False
    return Study(
        file=doc.path,
        title=said(doc.data.get("title"), lang),
        lang=lang,
        seed=seed,
        samples={
            name: _sample(doc, name) for name in _mapping(doc, "samples") if _sound(doc, SAMPLE, ("samples", name))
        },
        screening=rules if sound else {},
        analyses=_analyses(doc, lang),
        hypotheses=_hypotheses(doc, lang),
        report=ReportPlan(tuple(report["formats"]), report["style"], report["audience"]),
        digest=hashlib.sha256(doc.path.read_bytes()).hexdigest(),
        sensitivity=compared,
        disclosure=_disclosure(doc),
    )


def _disclosure(doc: Declared) -> dict[str, int]:
    declared = _mapping(doc, "disclosure") if _sound(doc, DISCLOSURE.form, ("disclosure",)) else {}
    return {name: value for name, value in declared.items() if value is not None}


def _sample(doc: Declared, name: str) -> SamplePlan:
    value = SAMPLE.values(_mapping(doc, "samples")[name])
    where = ("samples", name)
    return SamplePlan(
        name=name,
        population=value["population"],
        file=value["file"],
        path=doc.path.parent / value["file"].replace("\\", "/"),
        instruments=tuple(value["instruments"]),
        missing_codes=tuple(value["missing_codes"]),
        id=value["id"],
        variables={column: dict(variable) for column, variable in value["variables"].items()},
        simulated=value["simulated"],
        weights=value["weights"],
        imputation=None if value["imputation"] is None else IMPUTATION.values(value["imputation"]),
        flow={stage: int(number) for stage, number in value["flow"].items() if number is not None},
        place=_place(doc, (*where, "file")),
        variable_places={column: _place(doc, (*where, "variables", column)) for column in value["variables"]},
    )


def _analyses(doc: Declared, lang: str) -> tuple[AnalysisPlan, ...]:
    plans = []
    listed = _list(doc, "analyses")
    many = {kind for kind in KINDS if sum(isinstance(a, dict) and a.get("kind") == kind for a in listed) > 1}
    for index, value in enumerate(listed):
        where: Where = ("analyses", index)
        if not _sound(doc, AnalysisForm(), where):
            continue
        kind = KINDS[value["kind"]]
        heading = f"{kind.title}: {value['id']}" if kind.name in many else kind.title
        own = {name: option for name, option in value.items() if option is not None}
        options = {name: own[name] for name in own if name not in {"kind", *(key.name for key in SHARED)}}
        places = {name: _place(doc, (*where, name)) for name in options}
        sample = str(value.get("sample") or "")
        weights = _weights(doc, sample)
        if weights is not None and kind.name in TAKES_WEIGHTS and "weights" not in options:
            options["weights"] = weights
        if "model" in places and _stands_on_its_line(doc, places["model"]):
            places["model"] = Place(str(doc.path), (places["model"].line or 1) - 1)
        title = said(value.get("title"), lang) or heading
        plans.append(AnalysisPlan(value["id"], kind.name, sample, title, options, _place(doc, where), places))
    return tuple(plans)


def _weights(doc: Declared, sample: str) -> str | None:
    """The column of the weights of a sample, where it is declared and sound."""
    declared = _mapping(doc, "samples").get(sample)
    found = declared.get("weights") if isinstance(declared, dict) else None
    return found if isinstance(found, str) else None


def _hypotheses(doc: Declared, lang: str) -> tuple[HypothesisPlan, ...]:
    plans = []
    for name, value in _mapping(doc, "hypotheses").items():
        if not _sound(doc, HYPOTHESIS, ("hypotheses", name)):
            continue
        try:
            claim = parse_claim(value["claim"])
        except ValueError:
            continue  # among the faults already
        place = _place(doc, ("hypotheses", name, "claim"))
        plans.append(HypothesisPlan(str(name), said(value["statement"], lang), claim, value["analysis"], place))
    return tuple(plans)


def said(texts: Any, lang: str) -> str:
    """A translated text in a language, else in English, else in the first there is; empty when there is none."""
    if not isinstance(texts, dict) or not texts:
        return ""
    return str(texts.get(lang) or texts.get("en") or next(iter(texts.values())))


def _sound(doc: Declared, form: Form, where: Where) -> bool:
    """Whether the value at ``where`` has no fault of its own; a key of the file that is left out has none."""
    if len(where) == 1 and doc.get(where) is None:
        return True
    apart = copy(doc)
    apart.faults = []
    form.check(apart, where)
    return not apart.faults


def _place(doc: Declared, where: Where) -> Place:
    return Place(str(doc.path), doc.line(where))


def _stands_on_its_line(doc: Declared, place: Place) -> bool:
    """Whether a model is written on the line of its key, not as a block below it."""
    lines = doc.path.read_text(encoding="utf-8-sig").splitlines()
    return not lines[(place.line or 1) - 1].split("#")[0].rstrip().rstrip("+-0123456789").endswith(("|", ">"))


def _mapping(doc: Declared, name: str) -> dict[Any, Any]:
    value = doc.data.get(name)
    return value if isinstance(value, dict) else {}


def _list(doc: Declared, name: str) -> list[Any]:
    value = doc.data.get(name)
    return value if isinstance(value, list) else []
