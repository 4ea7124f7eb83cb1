"""A study with everything a page can hold, in three languages, for a browser; and what a test asks of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmstudy.administration.inviting.branches import signed_link
from crmstudy.administration.keys import study_key
from crmstudy.administration.wording.texts import numeral
from tests.administration.declaring.made import dumped
from tests.administration.server.gallery import NOTICE, TAGS, TEXTS, said
from tests.faults.studies import Server, free_port

#: Three words an item, for every language.
CLIMATE = {
    "C1": ("My supervisor listens to what I say.", "سرپرستم به حرف‌های من گوش می‌دهد.",
           "Мой руководитель прислушивается ко мне."),
    "C2": ("I can finish my work within working hours.", "می‌توانم کارم را در ساعت اداری تمام کنم.",
           "Я успеваю закончить работу в рабочее время."),
    "C3": ("In my branch colleagues help each other.", "در شعبهٔ ما همکاران به یکدیگر کمک می‌کنند.",
           "В моём отделении коллеги помогают друг другу."),
    "C4": ("Changes are explained to me before they are made.", "پیش از هر تغییر، دلیل آن را برایم توضیح می‌دهند.",
           "Об изменениях меня предупреждают заранее."),
    "check": ("To show that you read this, please choose “Agree”.",
              "برای این‌که نشان دهید این جمله را می‌خوانید، «موافقم» را انتخاب کنید.",
              "Чтобы показать, что Вы читаете внимательно, выберите «Согласен»."),
}  # fmt: skip
AGREEMENT = (
    ("Strongly disagree", "کاملاً مخالفم", "Совсем не согласен"), ("Disagree", "مخالفم", "Не согласен"),
    ("Neither", "نه موافق نه مخالف", "Затрудняюсь"), ("Agree", "موافقم", "Согласен"),
    ("Strongly agree", "کاملاً موافقم", "Совершенно согласен"),
)  # fmt: skip
MORE = {
    "uses": ("Do you use the customer system (CRM 360) in your work?",
             "آیا در کار خود از سامانهٔ مشتریان (CRM 360) استفاده می‌کنید؟",
             "Пользуетесь ли Вы в работе системой для клиентов (CRM 360)?"),
    "trained": ("For how many days were you trained for it?", "چند روز برای آن آموزش دیدید؟",
                "Сколько дней Вас этому обучали?"),
}  # fmt: skip
YES_NO = (("Yes", "بله", "Да"), ("No", "خیر", "Нет"))
CHANNELS = (("Branch", "شعبه", "Отделение"), ("Telephone", "تلفن", "Телефон"),
            ("Mobile app", "برنامک همراه", "Мобильное приложение"), ("Website", "وب‌سایت", "Сайт"))  # fmt: skip
ENDS = (("Not at all helpful", "اصلاً مفید نیست", "Совсем не помогает"),
        ("Extremely helpful", "بسیار مفید است", "Очень помогает"))  # fmt: skip
LIKELY = (("Very unlikely", "بسیار بعید", "Очень маловероятно"), ("Very likely", "بسیار محتمل", "Весьма вероятно"))
REGIONS = [(f"Region {n}", f"منطقهٔ {numeral(n, 'fa')}", f"Регион {n}") for n in range(1, 17)]
TITLES = {
    "about": ("Your work", "کار شما", "Ваша работа"), "climate": ("Your branch", "شعبهٔ شما", "Ваше отделение"),
    "views": ("Your views", "نظر شما", "Ваше мнение"), "service": ("Your customers", "مشتریان شما", "Ваши клиенты"),
    "end": ("In closing", "در پایان", "В заключение"),
}  # fmt: skip
STUDY = ("Working with customers: a survey of Example Bank", "کار با مشتریان: نظرسنجی بانک نمونه",
         "Работа с клиентами: опрос банка «Пример»")  # fmt: skip
CONSENT = ("I have read the information above.", "توضیحات بالا را خوانده‌ام.", "Сведения выше мне понятны.")
#: Every question of the instrument ``kinds`` in its order; ``trained`` is asked of those who use the system.
KINDS = (
    "uses", "trained", "since", "where", "C1", "C2", "check", "C3", "C4", "help", "likely1", "likely2", "ways", "order",
    "years", "share", "post", "more",
)  # fmt: skip


def _labels(words: Any, first: int = 1) -> dict[int, dict[str, str]]:
    return {first + n: said(one) for n, one in enumerate(words)}


def _frame(id: str, respondent: str, **parts: Any) -> dict[str, Any]:
    unknown = {"unverified": True}
    return {
        "crmstudy_instrument": 1, "id": id, "version": "1.0", "name": said((id,) * 3), "respondent": respondent,
        "wording": "paraphrase", "rights": {"holder": "us", "status": "open-licence", "statement": "Ours.", **unknown},
        "languages": {tag: {"direction": "rtl" if tag == "fa" else "ltr", "status": "reviewed"} for tag in TAGS},
        "provenance": dict.fromkeys(("structure", "content", "responses", "scoring", "reversed"), unknown),
        "reversed": [], **parts,
    }  # fmt: skip


def kinds() -> dict[str, Any]:
    """An instrument with every kind of question on five sections."""
    words = {**{id: said(one) for id, one in (TEXTS | CLIMATE | MORE).items()}}
    entries = [
        {"id": "note", "type": "info"},
        {"id": "uses", "response": "yes_no", "required": "hard", "unscored": True},
        {"id": "trained", "type": "integer", "low": 0, "high": 365},
        {"id": "since", "type": "date"},
        {"id": "where", "response": "regions", "unscored": True, "required": "no"},
        *({"id": id, "response": "agreement"} for id in ("C1", "C2")),
        {"id": "check", "type": "attention", "response": "agreement", "key": 4},
        *({"id": id, "response": "agreement"} for id in ("C3", "C4")),
        {"id": "help", "type": "slider", "response": "line", "unscored": True},
        *({"id": id, "response": "likely"} for id in ("likely1", "likely2")),
        {"id": "ways", "type": "multi", "response": "channels"},
        {"id": "order", "type": "rank", "response": "channels", "top": 2},
        {"id": "years", "type": "integer", "low": 0, "high": 60, "required": "hard"},
        {"id": "share", "type": "decimal", "low": 0, "high": 100},
        {"id": "post", "type": "text"},
        {"id": "more", "type": "longtext", "required": "no"},
    ]
    sections = {"about": ["note", "uses", "trained", "since", "where"], "climate": ["C1", "C2", "check", "C3", "C4"],
                "views": ["help", "likely1", "likely2"], "service": ["ways", "order", "years", "share"],
                "end": ["post", "more"]}  # fmt: skip
    scale = {"method": "mean", "min_answered": 2, "model": "reflective"}
    return _frame(
        "kinds", "staff",
        responses={
            "yes_no": {"low": 1, "high": 2, "measure": "nominal", "labels": _labels(YES_NO)},
            "agreement": {"low": 1, "high": 5, "labels": _labels(AGREEMENT)},
            "line": {"low": 0, "high": 100, "labels": {0: said(ENDS[0]), 100: said(ENDS[1])},
                     "missing_codes": {-8: said(("Does not apply", "مصداق ندارد", "Не относится ко мне"))}},
            "likely": {"low": 0, "high": 10, "labels": {0: said(LIKELY[0]), 10: said(LIKELY[1])}},
            "channels": {"low": 1, "high": 4, "measure": "nominal", "labels": _labels(CHANNELS)},
            "regions": {"low": 1, "high": 16, "measure": "nominal", "labels": _labels(REGIONS)},
        },
        items=[{**one, "wording": words[one["id"]]} for one in entries],
        scales=[{"id": "climate", "name": said(TITLES["climate"]), "items": ["C1", "C2", "C3", "C4"], **scale},
                {"id": "loyalty", "name": said(TITLES["views"]), "items": ["likely1", "likely2"], **scale}],
        sections=[{"id": id, "title": said(TITLES[id]), "items": items} for id, items in sections.items()],
    )  # fmt: skip


def visit() -> dict[str, Any]:
    """An instrument of two short pages, for customers."""
    scale = {"method": "mean", "min_answered": 1, "model": "reflective"}
    return _frame(
        "visit", "customer",
        responses={"agreement": {"low": 1, "high": 5, "labels": _labels(AGREEMENT)}},
        items=[{"id": f"V{n}", "response": "agreement", "wording": said(one)}
               for n, one in enumerate((*CLIMATE.values(),)[:4], start=1)],
        scales=[{"id": "visit", "name": said(TITLES["service"]), "items": ["V1", "V2", "V3", "V4"], **scale}],
        sections=[{"id": "one", "items": ["V1", "V2"]}, {"id": "two", "items": ["V3", "V4"]}],
    )  # fmt: skip


def sixty() -> dict[str, Any]:
    """An instrument of sixty items, a page of which is weighed."""
    made = visit()
    words = [said(one) for one in CLIMATE.values()]
    ids = [f"S{n}" for n in range(1, 61)]
    made |= {"id": "sixty", "name": said(("sixty",) * 3), "sections": [{"id": "all", "items": ids}]}
    made["items"] = [{"id": id, "response": "agreement", "wording": words[n % 5]} for n, id in enumerate(ids)]
    made["scales"] = [{**made["scales"][0], "id": "sixty", "items": ids}]
    return made


#: Samples: who is asked what, and how.
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "staff": {"entry": "token", "conditions": {"trained": "uses = 1"}, "feedback": ["climate", "loyalty"]},
    "open": {"conditions": {"trained": "uses = 1"}, "feedback": ["climate"]},
    "branch": {"kiosk": {"idle_seconds": 20, "thanks_seconds": 3}, "branch_links": True},
    "few": {"quotas": {"pleased": {"when": "V1 = 5", "limit": 1}}},
    "scarce": {"quotas": {"pleased": {"when": "V1 = 5", "limit": 1}}},  # of one test, which counts its places
    "panel": {"linking": "self-made-code"},
    "sixty": {"rows": 60},
    "over": {"opens": dt.date(2020, 1, 1), "closes": dt.date(2020, 2, 1)},
}
_ASKED = {"staff": "kinds", "open": "kinds", "sixty": "sixty"}
_POPULATIONS = {"staff": "staff", "open": "staff", "panel": "expert", "sixty": "unit"}


def write_study(folder: Path, address: str = "http://127.0.0.1", mode: str = "anonymous") -> Path:
    """Write a study that may open at once."""
    today = dt.date.today()
    (folder / "instruments").mkdir(parents=True)
    for one in (kinds(), visit(), sixty()):
        _write(folder / "instruments" / f"{one['id']}.yaml", one)
    _write(folder / "study.yaml", {
        "crmstudy": 1, "title": said(STUDY), "lang": "en",
        "samples": {id: {"population": _POPULATIONS.get(id, "customer"), "file": f"handover/{id}",
                         "instruments": [_ASKED.get(id, "visit")]} for id in SAMPLES},
        "analyses": [{"id": "items", "kind": "items", "sample": "staff"}],
    })  # fmt: skip
    days = {"opens": today - dt.timedelta(days=1), "closes": today + dt.timedelta(days=30)}
    _write(folder / "administration.yaml", {
        "crmstudy_administration": 1, "languages": list(TAGS), "mode": mode, "k": 5, "address": address,
        "notice": {key: said(words) for key, words in NOTICE.items()},
        "consent": {"version": 1, "text": said(CONSENT), "statements": [
            said(("I take part of my own free will.", "با میل خود شرکت می‌کنم.", "Я участвую добровольно."))]},
        "retention": {"answers": today + dt.timedelta(days=900)},
        "levels": ["branch"],
        "units": {"B1": {"name": said(("Central branch", "شعبهٔ مرکزی", "Центральное отделение"))}},
        "samples": {id: {**days, **more} for id, more in SAMPLES.items()},
    })  # fmt: skip
    return folder


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(dumped(content), encoding="utf-8")


def command(*words: str | Path) -> str:
    """What a command of the package prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "crmstudy", *map(str, words)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    return done.stdout


@dataclass
class Asked:
    """A study that is being asked: its server, and what stands in its database."""

    folder: Path
    server: Server
    tokens: list[str]

    @property
    def address(self) -> str:
        """Where respondents find it."""
        return f"http://127.0.0.1:{self.server.port}"

    def link(self, lang: str = "") -> str:
        """A link of an invitation that nobody has used."""
        return f"{self.address}/s/staff?t={self.tokens.pop()}" + (f"&lang={lang}" if lang else "")

    def device(self, purpose: Any = "kiosk") -> str:
        """The signed link of a device or of a poster."""
        return signed_link(self.address, study_key(self.folder / "administration"), purpose, "branch", "B1")

    def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query of the database finds."""
        path = self.folder / "administration" / "answers.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(question, values).fetchall()

    def count(self, sample: str, table: str = "response") -> int:
        """How many rows of a sample a table holds."""
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE sample = ?", sample)[0][0])

    def answers(self, sample: str) -> list[dict[str, Any]]:
        """Every response of a sample: its answers, and the reasons of what has none."""
        found = self.rows("SELECT answers, opened, reasons FROM response WHERE sample = ?", sample)
        return [
            {**json.loads(closed), **json.loads(opened), "reasons": json.loads(why)} for closed, opened, why in found
        ]

    def mark(self, sample: str) -> set[str]:
        """The ids of the responses so far, so that new ones can be told from them."""
        return {row[0] for row in self.rows("SELECT id FROM response WHERE sample = ?", sample)}

    def since(self, sample: str, before: set[str]) -> list[dict[str, Any]]:
        """The responses that came after a mark."""
        found = self.rows("SELECT id, answers, opened, reasons, language FROM response WHERE sample = ?", sample)
        return [{**json.loads(closed), **json.loads(opened), "reasons": json.loads(why), "lang": lang}
                for id, closed, opened, why, lang in found if id not in before]  # fmt: skip


def ask(folder: Path, people: int = 60) -> Asked:
    """Invite people and start the server."""
    port = free_port()
    write_study(folder, f"http://127.0.0.1:{port}")
    names = folder.parent / f"{folder.name}-people.csv"
    names.write_text(
        "name,email,unit\n" + "".join(f"P{n},p{n}@bank.example,B1\n" for n in range(people)), encoding="utf-8"
    )
    out = folder.parent / f"{folder.name}-letters"
    command("invite", folder, "staff", names, "--out", out)
    lists = "".join(path.read_text(encoding="utf-8-sig") for path in sorted(out.rglob("*.csv")))
    tokens = list(dict.fromkeys(re.findall(r"[?]t=([0-9A-Z]{26})", lists)))
    server = Server(folder, port, options=("--quiet",))
    server.start()
    return Asked(folder, server, tokens)
