"""Electronic CRM: which of its services are there, which tier is reached, and what would be the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from crmstudy import letters
from crmstudy.assessment.answered import COMMAS, answered, choices, text_column, within
from crmstudy.assessment.catalogue import catalogue, common_words, language
from crmstudy.assessment.form import Field, write_form
from crmstudy.assessment.result import AssessmentResult, Shown, no_estimates
from crmstudy.assessment.wording import say
from crmstudy.drawing import Bars
from crmstudy.errors import AnalysisError, DataError, ModelError, did_you_mean
from crmstudy.notes import Note
from crmstudy.quoting import shown
from crmstudy.results import sample_table

_ROOM, _WHAT = "ecrm", "services"
#: The answers from least to most.
LEVELS = ("no", "planned", "partly", "yes")
_NAMED = 3


def _words(name: str) -> dict[str, Mapping[str, str]]:
    return dict(catalogue("ecrm")[name])


def form_fields() -> tuple[Field, ...]:
    """The columns of the form."""
    return (
        Field("service", {"en": "service", "fa": "خدمت", "ru": "услуга"}, width=22),
        Field("label", {"en": "what it is", "fa": "شرح", "ru": "описание"}, required=False, width=36),
        Field("question", {"en": "question", "fa": "پرسش", "ru": "вопрос"}, required=False, width=60),
        Field("present", {"en": "is it there?", "fa": "وجود دارد؟", "ru": "имеется?"}, answers=_words("answers"),
              filled=True),
        Field("evidence", {"en": "evidence", "fa": "مدرک", "ru": "подтверждение"}, filled=True, required=False,
              width=50),
        Field("wanted", {"en": "evidence would be", "fa": "مدرک مناسب", "ru": "подошло бы"}, required=False, width=40),
    )  # fmt: skip


def ecrm_form(path: str | Path, lang: str = "en") -> Path:
    """Write the audit form of e-CRM services to fill in (``.xlsx`` or ``.csv``), never over a file.

    Raises
    ------
    OutputError, UnsupportedError
        As :func:`crmstudy.assessment.form.write_form`.
    """
    rows = [
        {"service": name, "label": about["label"][language(lang)], "question": about["question"][lang],
         "wanted": about["evidence"][lang]}
        for name, about in catalogue("ecrm")["services"].items()
    ]  # fmt: skip
    return write_form(path, rows, lang, fields=form_fields(), name="ecrm")


@dataclass(frozen=True, eq=False, repr=False)
class EcrmTiersResult(AssessmentResult):
    """Services of electronic CRM by tier.

    Tables: ``tiers`` (tier, label, services, answered, present, partly, planned, percent, needed, reached,
    reached_with_evidence; ``percent`` of the services that are there at least as much as asked), ``services`` (service,
    label, tier, tier_by, source, present, counts, evidence, wanted), ``next`` (service, label, tier, present,
    question): what the next tier lacks, ``goals`` (goal, label, source, services, present, percent, missing),
    ``without_evidence`` (service, label, present, wanted). ``call["reached"]`` is the highest tier reached or ``none``.
    """

    kind: ClassVar[str] = "ecrm-tiers"
    shown: ClassVar[tuple[Shown, ...]] = (
        Shown("tiers", "Tiers of Electronic CRM",
              (("label", "Tier", "text"), ("services", "Services", "n"), ("answered", "Answered", "n"),
               ("present", "Yes", "n"), ("partly", "Partly", "n"), ("planned", "Planned", "n"),
               ("percent", "There %", "percent"), ("reached", "Reached", "text"),
               ("reached_with_evidence", "With evidence", "text")),
              "A tier is reached when it and all tiers below have enough of their services. The tiers are the "
              "source's; where it gives a service none, the assignment is our own."),
        Shown("services", "Services of Electronic CRM",
              (("label", "Service", "text"), ("tier", "Tier", "text"), ("tier_by", "Tier by", "text"),
               ("present", "There", "text"), ("evidence", "Evidence", "text"))),
        Shown("next", "What the Next Tier Lacks",
              (("label", "Service", "text"), ("tier", "Tier", "text"), ("present", "There", "text"),
               ("question", "Question", "text"))),
        Shown("goals", "Goals of Electronic CRM",
              (("label", "Goal", "text"), ("services", "Services", "n"), ("present", "There", "n"),
               ("percent", "%", "percent"), ("missing", "Missing", "text")),
              "Which services serve a goal is our own assignment."),
    )  # fmt: skip

    def prose(self, lang: str = "en") -> tuple[str, ...]:
        """The tier reached, the share by tier, the next step, the goals, and what has no evidence."""
        language(lang)
        about = catalogue("ecrm")
        labels = {tier["id"]: tier["label"][lang] for tier in about["tiers"]}
        call, tiers = self.call, self.tables["tiers"].to_dict("records")
        said = [
            say(_ROOM, "none", lang) if call["reached"] == "none"
            else say(_ROOM, "reached", lang, tier=labels[call["reached"]])
        ]  # fmt: skip
        if call["reached_with_evidence"] != call["reached"]:
            evident = call["reached_with_evidence"]
            said.append(
                say(_ROOM, "none_evident", lang)
                if evident == "none"
                else say(_ROOM, "evident", lang, tier=labels[evident])
            )
        said += [
            say(_ROOM, "share", lang, tier=labels[row["tier"]], share=(row["percent"], "percent"),
                services=(row["services"], "n"))
            for row in tiers
        ]  # fmt: skip
        return (*said, *self._next(labels, lang), *self._goal(lang), say(_ROOM, "assignment", lang))

    def next_steps(self, lang: str = "en") -> tuple[str, ...]:
        """What the next tier lacks."""
        if self.tables["next"].empty:
            return ()
        return self._next({tier["id"]: tier["label"][lang] for tier in catalogue("ecrm")["tiers"]}, lang)[:1]

    def labels(self, lang: str = "en") -> Mapping[str, Mapping[str, str]]:
        """Names of the tiers, answers, and who put a service into its tier."""
        answers = catalogue("ecrm")["answers"]
        return {
            "tier": {tier["id"]: tier["label"][lang] for tier in catalogue("ecrm")["tiers"]},
            "tier_by": common_words(lang), "present": {id: text[lang] for id, text in answers.items()},
            "reached": {"True": common_words(lang)["yes"], "False": common_words(lang)["no"]},
            "reached_with_evidence": {"True": common_words(lang)["yes"], "False": common_words(lang)["no"]},
        }  # fmt: skip

    def _next(self, labels: Mapping[str, str], lang: str) -> tuple[str, ...]:
        table, services = self.tables["next"], catalogue("ecrm")["services"]
        names = COMMAS[lang].join(services[name]["label"][lang] for name in table["service"].head(_NAMED))
        tier = labels[str(self.call["next_tier"])]
        last = self.call["reached"] == self.call["next_tier"]
        key = "complete" if table.empty else "rest" if last else "next"
        lacking = say(_ROOM, key, lang, tier=tier, n=(len(table), "n"), names=names)
        bare = len(self.tables["without_evidence"])
        return (lacking, say(_ROOM, "bare", lang, n=(bare, "n"))) if bare else (lacking,)

    def _goal(self, lang: str) -> tuple[str, ...]:
        goals, low = self.tables["goals"], self.tables["goals"]["percent"].min()
        if low == goals["percent"].max():
            return (say(_ROOM, "goals_alike", lang, share=(low, "percent")),)
        labels = {goal["id"]: goal["label"][lang] for goal in catalogue("ecrm")["goals"]}
        least = COMMAS[lang].join(labels[goal] for goal in goals.loc[goals["percent"] == low, "goal"])
        return (say(_ROOM, "goal", lang, goal=least, share=(low, "percent")),)

    def drawings(self) -> tuple[Bars, ...]:
        """The share of services of each tier that are there."""
        table = self.tables["tiers"]
        return (
            Bars(
                title="Services of electronic CRM by tier",
                alt=f"Percent of the services of each tier that are there. {self.text}",
                names=tuple(map(str, table["label"])),
                series=(("there", tuple(map(float, table["percent"]))),),
                x_label="Services that are there (%)",
                reference=100.0 * float(self.call["share"]),
            ),
        )


def ecrm_tiers(audit: object, *, at_least: str = "partly", share: float = 1.0) -> EcrmTiersResult:
    """Find the tier of electronic CRM that an organisation has reached.

    Parameters
    ----------
    audit : DataFrame or path
        A row a service: ``service`` (an id of the catalogue, or its label in some language), ``present`` (no, planned,
        partly, yes), and where known ``evidence``. The file may be one that :func:`ecrm_form` wrote.
    at_least : {"planned", "partly", "yes"}
        From which answer on a service counts as there.
    share : float
        The share (above 0, up to 1) of the services of a tier that must be there.

    Returns
    -------
    EcrmTiersResult

    Raises
    ------
    DataError
        For missing columns, unknown services, answers that are none, and two answers on one service.
    AnalysisError
        When nothing is answered.
    ModelError
        For faulty options.

    Notes
    -----
    A tier is reached when at least ``share`` of its services, and of those of each tier below, are there. A service
    without an answer does not count as there. ``reached_with_evidence`` is the same where only services with evidence
    count. The tiers and seven of the services are those of the source document (0.3); it lists eleven more services
    (0.4) without tiers, which are put into tiers by our own judgement, as the column ``tier_by`` says. The rule is our
    own, too. Source documents 0.2, 0.3, 0.4.

    Examples
    --------
    >>> services = ["site-effectiveness", "interactivity", "search", "catalogue-request", "online-survey", "auction"]
    >>> present = ["yes", "yes", "partly", "yes", "partly", "no"]
    >>> found = ecrm_tiers(pd.DataFrame({"service": services, "present": present}))
    >>> found.call["reached"], found.tables["tiers"]["percent"].tolist()
    ('foundational', [100.0, 0.0, 0.0])
    """
    _check(at_least, share)
    services, notes = _services(audit, at_least)
    tiers = _tiers(services, share)
    order = [tier["id"] for tier in catalogue("ecrm")["tiers"]]
    reached, evident = (_highest(tiers, name) for name in ("reached", "reached_with_evidence"))
    following = order[order.index(reached) + 1 :] if reached != "none" else order
    next_tier = following[0] if following else None
    lacking = services[(services["tier"] == next_tier) & ~services["counts"]]
    if next_tier is None:  # the last tier is reached: what is left of any
        lacking = services[~services["counts"]]
    nearest = lacking.assign(_at=lacking["present"].map({name: -place for place, name in enumerate(LEVELS)}).fillna(1))
    nearest = nearest.sort_values("_at", kind="stable")
    bare = services[services["counts"] & services["evidence"].isna()]
    questions = catalogue("ecrm")["services"]
    next_table = nearest[["service", "label", "tier", "present"]].reset_index(drop=True)
    tables = {
        "tiers": tiers,
        "services": services,
        "next": next_table.assign(question=[questions[name]["question"]["en"] for name in next_table["service"]]),
        "goals": _goals(services),
        "without_evidence": bare[["service", "label", "present", "wanted"]].reset_index(drop=True),
    }
    n = int(services["present"].notna().sum())
    return EcrmTiersResult(
        estimates=no_estimates(), n=n, samples=sample_table(n), tables=tables, notes=notes,
        call={"at_least": at_least, "share": float(share), "reached": reached, "reached_with_evidence": evident,
              "next_tier": next_tier or order[-1]},
    )  # fmt: skip


def _check(at_least: str, share: float) -> None:
    faults = []
    if at_least not in LEVELS[1:]:
        hint = did_you_mean(str(at_least), LEVELS[1:])
        faults.append(f"`at_least` is one of {', '.join(LEVELS[1:])}, not {at_least!r}.{hint}")
    if not within(share, 0.0, 1.0) or share == 0.0:
        faults.append(f"`share` is a share above 0 and up to 1, not {share!r}.")
    if faults:
        raise ModelError(faults)


def _services(audit: object, at_least: str) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Every service of the catalogue with its answer; what was not answered is told."""
    known: Mapping[str, Any] = catalogue("ecrm")["services"]
    frame = answered(audit, form_fields(), _WHAT)
    words = {letters.key(word): name for name, about in known.items() for word in (name, *about["label"].values())}
    names = frame["service"].map(lambda word: words.get(letters.key(str(word))), na_action="ignore")
    given, faults = choices(frame["present"], _words("answers"), "present", _WHAT)
    faults += _name_faults(frame["service"], names, known)
    evidence = text_column(frame, "evidence")
    made = pd.DataFrame({"service": names, "present": given, "evidence": evidence})
    # of equal answers, the row that has evidence
    made = made.sort_values("evidence", key=pd.isna, kind="stable").drop_duplicates(["service", "present"])
    twice = made["service"][made["service"].duplicated(keep=False) & made["service"].notna()].unique()
    if len(twice):
        faults.append(f"These services have two different answers: {', '.join(map(str, twice))}. Keep one of each.")
    if faults:
        raise DataError(faults)
    if made["present"].isna().all():
        raise AnalysisError("Nothing is answered: no row says whether its service is there.", "AUDIT_EMPTY")
    made = made.set_index("service").reindex(list(known)).reset_index().astype(object)
    made = made.where(made.notna(), None)
    lacking = made.loc[made["present"].isna(), "service"].tolist()
    present = made["present"].map({name: place for place, name in enumerate(LEVELS)}).fillna(-1)
    table = pd.DataFrame({
        "service": made["service"], "label": [known[name]["label"]["en"] for name in made["service"]],
        "tier": [known[name]["tier"] for name in made["service"]],
        "tier_by": [known[name]["tier_by"] for name in made["service"]],
        "source": [known[name]["source"] for name in made["service"]],
        "present": made["present"], "counts": present >= LEVELS.index(at_least), "evidence": made["evidence"],
        "wanted": [known[name]["evidence"]["en"] for name in made["service"]],
    })  # fmt: skip
    if not lacking:
        return table, ()
    number = (
        "1 service has no answer and does" if len(lacking) == 1 else f"{len(lacking)} services have no answer and do"
    )
    message = f"{number} not count as there: {', '.join(lacking)}."
    return table, (Note("ECRM_NOT_ANSWERED", message, "warning", "services"),)


def _name_faults(given: pd.Series[Any], names: pd.Series[Any], known: Mapping[str, Any]) -> list[str]:
    faults = []
    if given.isna().any():
        faults.append(f"Rows that do not name their service: {int(given.isna().sum())}; fill it in or leave them out.")
    for word in given[given.notna() & names.isna()].unique():
        faults.append(f"'{shown(str(word))}' is no service of the catalogue.{did_you_mean(str(word), known)}")
    return faults


def _tiers(services: pd.DataFrame, share: float) -> pd.DataFrame:
    rows = []
    so_far, so_far_evident = True, True
    for tier in catalogue("ecrm")["tiers"]:
        mine = services[services["tier"] == tier["id"]]
        n = len(mine)
        there = int(mine["counts"].sum())
        evident = int((mine["counts"] & mine["evidence"].notna()).sum())
        needed = int(np.ceil(share * n - 1e-9))
        so_far, so_far_evident = so_far and there >= needed, so_far_evident and evident >= needed
        counts = [int((mine["present"] == level).sum()) for level in ("yes", "partly", "planned")]
        rows.append((tier["id"], tier["label"]["en"], n, int(mine["present"].notna().sum()), *counts,
                     100.0 * there / n, needed, so_far, so_far_evident))  # fmt: skip
    return pd.DataFrame(rows, columns=[
        "tier", "label", "services", "answered", "present", "partly", "planned", "percent", "needed", "reached",
        "reached_with_evidence",
    ])  # fmt: skip


def _highest(tiers: pd.DataFrame, column: str) -> str:
    found = tiers.loc[tiers[column], "tier"]
    return str(found.iloc[-1]) if len(found) else "none"


def _goals(services: pd.DataFrame) -> pd.DataFrame:
    there = dict(zip(services["service"], services["counts"], strict=True))
    labels = dict(zip(services["service"], services["label"], strict=True))
    rows = []
    for goal in catalogue("ecrm")["goals"]:
        missing = [labels[name] for name in goal["served_by"] if not there[name]]
        n = len(goal["served_by"])
        present = n - len(missing)
        rows.append(
            (goal["id"], goal["label"]["en"], goal["source"], n, present, 100.0 * present / n, ", ".join(missing))
        )
    return pd.DataFrame(rows, columns=["goal", "label", "source", "services", "present", "percent", "missing"])
