"""Small studies in a folder: two instruments in three languages, and whatever ``administration.yaml`` a test wants."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from crmstudy.administration.declaring.reading import read_fieldwork
from crmstudy.administration.fieldwork import Fieldwork
from crmstudy.errors import InputError

TAGS = ("en", "fa", "ru")


def in_all(text: str) -> dict[str, str]:
    """A text in every language."""
    return {tag: f"{text} ({tag})" for tag in TAGS}


def instrument(id: str, items: list[dict[str, Any]], scales: dict[str, list[str]], **more: Any) -> dict[str, Any]:
    """An instrument as a mapping."""
    unknown = {"unverified": True}
    return {
        "crmstudy_instrument": 1, "id": id, "version": "1.0", "name": in_all(id), "respondent": "staff",
        "wording": "paraphrase", "rights": {"holder": "us", "status": "open-licence", "statement": "Ours.", **unknown},
        "languages": {tag: {"direction": "rtl" if tag == "fa" else "ltr", "status": "reviewed"} for tag in TAGS},
        "provenance": dict.fromkeys(("structure", "content", "responses", "scoring", "reversed"), unknown),
        "responses": {"five": {"low": 1, "high": 5}, "two": {"low": 1, "high": 2, "measure": "nominal"}},
        "items": [{"wording": in_all(item["id"]), **item} for item in items],
        "reversed": [],
        "scales": [{"id": scale, "name": in_all(scale), "items": members, "method": "mean", "min_answered": 1,
                    "model": "reflective"} for scale, members in scales.items()],
        **more,
    }  # fmt: skip


PULSE = instrument(
    "pulse",
    [
        {"id": "manager", "response": "two", "unscored": True},
        {"id": "team", "type": "integer", "low": 1, "high": 500},
        *({"id": id, "response": "five"} for id in ("A1", "A2", "A3", "B1", "B2")),
        {"id": "check", "type": "attention", "response": "five", "key": 4},
        {"id": "tools", "type": "multi", "response": "five"},
        {"id": "remark", "type": "longtext", "required": "no"},
    ],
    {"a": ["A1", "A2", "A3"], "b": ["B1", "B2"]},
    sections=[
        {"id": "about", "items": ["manager", "team"]},
        {"id": "core", "items": ["A1", "A2", "A3", "B1", "B2", "check"]},
        {"id": "last", "items": ["tools", "remark"]},
    ],
)
VISIT = instrument("visit", [{"id": "V1", "response": "five"}, {"id": "V2", "response": "five"}], {"v": ["V1", "V2"]})

STUDY: dict[str, Any] = {
    "crmstudy": 1,
    "title": in_all("A study"),
    "lang": "en",
    "samples": {
        "staff": {"population": "staff", "file": "answers.csv", "instruments": ["pulse"]},
        "customers": {"population": "customer", "file": "answers.csv", "instruments": ["visit"]},
    },
}

GOOD: dict[str, Any] = {
    "crmstudy_administration": 1,
    "languages": ["fa", "en", "ru"],
    "mode": "confidential",
    "k": 6,
    "address": "https://survey.example.org/",
    "notice": {key: in_all(key) for key in ("controller", "contact", "purpose", "legal_basis", "recipients", "ethics")},
    "consent": {"version": 2, "text": in_all("Please read.\n\nThank you."), "statements": [in_all("I am of age.")]},
    "retention": {"answers": "2028-12-31", "key": "2028-01-31", "drafts_days": 14},
    "withdrawal": "retention",
    "paradata": {"times": "coarse", "device": False},
    "levels": ["branch", "region"],
    "units": {
        "north": {"name": in_all("North"), "units": {"B01": {"name": "Central"}, "B02": None}},
        "B03": {"level": "branch"},
    },
    "samples": {
        "staff": {
            "entry": "token",
            "waves": {"spring": {"opens": "2027-03-01", "closes": "2027-03-31"},
                      "autumn": {"opens": "2027-09-01", "closes": "2027-09-30"}},
            "rows": 8,
            "refusal": False,
            "randomise": ["pulse"],
            "conditions": {"team": "manager = 1", "last": "B1 >= 3 or answered(A2)"},
            "quotas": {"managers": {"when": "manager = 1 and unit = 'B01'", "limit": 40}},
            "feedback": ["a"],
            "attributes": ["shift"],
            "unfinished": "keep",
        },
        "customers": {"entry": "open", "opens": "2027-03-01", "closes": "2027-05-31", "branch_links": True,
                      "kiosk": {"idle_seconds": 60}, "refusal": True},
    },
    "invitation": {"subject": in_all("Please answer: {title}"),
                   "text": in_all("Here: {link}\n\nUntil {closes}. {contact}"), "reminders": "everyone"},
    "mail": {"host": "mail.example.org", "security": "tls", "user": "survey",
             "sender": "Survey <survey@example.org>", "per_minute": 10, "stop_list": "stop.txt"},
}  # fmt: skip


def write(folder: Path, administration: Any = None, study: Any = None, instruments: Any = (PULSE, VISIT)) -> Path:
    """A study folder; an administration that is a text is written as it stands."""
    (folder / "instruments").mkdir(parents=True, exist_ok=True)
    for one in instruments:
        _put(folder / "instruments" / f"{one['id']}.yaml", one)
    _put(folder / "study.yaml", STUDY if study is None else study)
    if administration is not None:
        _put(folder / "administration.yaml", administration)
    return folder


_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Plain(_DUMPER):  # type: ignore[misc]
    """Writes values out wherever they stand."""

    def ignore_aliases(self, data: Any) -> bool:
        """No anchors."""
        return True


def dumped(content: Any) -> str:
    """A value as YAML."""
    return yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False)


def _put(path: Path, content: Any) -> None:
    path.write_text(content if isinstance(content, str) else dumped(content), encoding="utf-8")


def changed(where: str, value: Any, base: dict[str, Any] = GOOD) -> dict[str, Any]:
    """The good file with another value at a place (``samples.staff.entry``); ``...`` takes the key away."""
    data = copy.deepcopy(base)
    *path, last = [int(step) if step.isdigit() else step for step in where.split(".")]
    here: Any = data
    for step in path:
        here = here[step]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return data


def read(folder: Path, administration: Any = None, **more: Any) -> Fieldwork:
    """What is read of a study."""
    return read_fieldwork(write(folder, administration, **more))


def faults(folder: Path, administration: Any = None, **more: Any) -> list[str]:
    """The sentences with which a study is refused; none where it is not."""
    try:
        read(folder, administration, **more)
    except InputError as error:
        return [str(fault) for fault in error.faults]
    return []
