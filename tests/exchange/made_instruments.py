"""Instruments made at random from a seed, with all that an instrument may have and the characters that break files."""

from __future__ import annotations

import random
from typing import Any

from crmstudy.instrument import Instrument
from crmstudy.instrument.load import from_mapping

LANGUAGES = ("en", "fa", "ru", "ar", "tr", "pt-BR")
_WORDS = {
    "en": [
        "work",
        "bank",
        "service",
        "I",
        "my",
        "colleagues",
        "often",
        "rarely",
        "trust",
        "data",
        "customer",
        "quality",
        "R&D",
        "'quoted'",
        "a/b",
        "50%",
        "it's",
    ],
    "fa": [
        "کار",
        "بانک",
        "خدمت",
        "من",
        "همکارانم",
        "می\u200cتوانم",
        "اعتماد",
        "داده",
        "مشتری",
        "کیفیت",
        "۵۰٪",
        "«نقل»",
        "برنامه\u200cریزی",
        "آیندهٔ",
    ],
    "ru": [
        "работа",
        "банк",
        "услуга",
        "я",
        "мои",
        "коллеги",
        "часто",
        "доверие",
        "данные",
        "клиент",
        "качество",
        "«цитата»",
        "ёлка",
        "50%",
        "подъём",
    ],
    "ar": ["العمل", "البنك", "الخدمة", "أنا", "زملائي", "الثقة", "البيانات", "العميل", "الجودة", "٥٠٪"],
    "tr": ["iş", "banka", "hizmet", "ben", "güven", "müşteri", "kalite", "İstanbul", "ığüşöç"],
    "pt-BR": ["trabalho", "banco", "serviço", "eu", "confiança", "cliente", "qualidade", "não"],
}
ODD = (
    "=1+1",
    "+7",
    "-5",
    "@here",
    "'quoted",
    '"all in quotes"',
    'a "word" here',
    "a, b; c",
    "one | two",
    "\\",
    'back\\"slash',
    "${name}",
    "{brace}",
    "{ brace }",
    "<b>bold</b>",
    "a < b & c > d",
    "&amp;",
    "&lt;i&gt;",
    "R&D",
    "&copy 2020",
    "$",
    "#heading",
    "*star*",
    "_under_",
    "`tick`",
    "😀",
    "e\u0301",
    "\u202bright\u202c",
    "1",
    "1.0",
    "true",
    "null",
    "[]",
    "{}",
    "[1, 2]",
    "NaN",
    "_x000D_",
    "%s",
    "{{x}}",
    "C:\\path\\",
    "''",
    '""',
    "\u200c",
    "٪",
    "crmstudy",
    "<script>alert(1)</script>",
    "~",
    "!",
    "?",
    ":",
    "- dash",
    "0",
    "007",
    "1e5",
    "N",
    "Y",
    "no",
    "http://a.b/c?d=e&f=g",
    "\ufffd",
    "\U0001f468\u200d\U0001f469",
)


class Maker:
    """Makes instruments; the same seed makes the same one."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.tags = self.random.sample(LANGUAGES, self.random.randint(1, 4))
        self.slots: dict[str, Any] = {}

    def instrument(self) -> Instrument:
        """An instrument that passed every check of the loader."""
        return from_mapping(self.mapping(), f"made {self.seed}")

    def mapping(self) -> dict[str, Any]:
        """The same as plain values."""
        chance = self.random
        if chance.random() < 0.4:
            self.slots = {
                name: self.slot() for name in chance.sample(["system", "bank", "change_2"], chance.randint(1, 2))
            }
        worded = chance.random() < 0.9
        responses = {name: self.response() for name in self.names(chance.randint(1, 5), "answers")}
        items = self.items(responses, worded)
        closed = [
            one["id"] for one in items if one.get("type", "single") in ("single", "slider") and not one.get("unscored")
        ]
        reverse = chance.sample(closed, chance.randint(0, len(closed)))
        held: dict[str, Any] = {
            "crmstudy_instrument": 1,
            "id": chance.choice(["made", "a-b", "crm_x", "made-in-2024", "q1"]),
            "version": chance.choice(["1", "1.0", "2.0-beta", "2024"]),
            "name": self.texts(),
            "respondent": chance.choice(["staff", "customer", "manager", "expert"]),
            "wording": chance.choice(["paraphrase", "published"]) if worded else "none",
            "sources": {"s1": {"reference": self.text("en"), "doi": "10.1000/x"}},
            "rights": {
                "holder": self.text("en"),
                "status": "unknown",
                "statement": self.text("en"),
                "unverified": True,
            },
            "provenance": {
                part: {"unverified": True, "note": self.text("en")}
                for part in ("structure", "content", "responses", "scoring", "reversed")
            },
            "languages": {
                tag: {
                    "direction": "rtl" if tag in ("fa", "ar") else "ltr",
                    "status": chance.choice(["draft", "piloted"]),
                }
                for tag in self.tags
            },
            "responses": responses,
            "items": items,
            "reversed": reverse,
            "scales": self.scales(closed),
        }
        if chance.random() < 0.7:
            held["published"] = {"items": 3, "reversed": chance.choice([2, []]), "source": "s1"}
        for key in ("description", "instructions", "notes"):
            if chance.random() < 0.6:
                held[key] = self.texts()
        if self.slots:
            held["slots"] = self.slots
        if chance.random() < 0.3:
            held["level"] = "organisation"
        if len(held["scales"]) > 1 and chance.random() < 0.6:
            parts = [scale["id"] for scale in held["scales"]]
            held["higher_order"] = [
                {
                    "id": "total_score",
                    "name": self.texts(),
                    "parts": parts,
                    "method": "mean",
                    "model": "formative",
                    "min_answered": chance.randint(1, len(parts)),
                    "reversed_parts": parts[:1],
                }
            ]
        if chance.random() < 0.5:
            held["sections"] = self.sections([one["id"] for one in items])
        return held

    def names(self, count: int, stem: str) -> list[str]:
        pool = [f"{stem}{number}" for number in range(count)] + [
            "agree",
            "how often",
            "yes.no",
            "پاسخ",
            "Agree",
            "q",
            "meta",
        ]
        return self.random.sample(pool, count)

    def item_ids(self, count: int) -> list[str]:
        kinds = [
            "Q{}",
            "item_{}",
            "KCF{}",
            "a.{}",
            "very_long_name_of_an_item_number_{}",
            "س{}",
            "_x{}",
            "data{}",
            "q{}",
        ]
        kind = self.random.choice(kinds)
        ids = [kind.format(number) for number in range(1, count + 1)]
        if self.random.random() < 0.2:
            ids[0] = self.random.choice(["meta", "data", "record_id", "q", "grid", "crm_instructions", "name"])
        if count > 2 and self.random.random() < 0.2:
            ids[1], ids[2] = "Case", "case"
        return ids

    def text(self, tag: str) -> str:
        """A text in a language: words, odd ones among them, and marks of slots."""
        chance = self.random
        length = chance.choice([1, 3, 6, 12, 12, 20]) if chance.random() < 0.99 else 3000
        words = [chance.choice(_WORDS[tag]) for _ in range(length)]
        if chance.random() < 0.25:
            words.insert(chance.choice([0, 0, len(words) // 2, len(words)]), chance.choice(ODD))
        if chance.random() < 0.1:
            words = [chance.choice(ODD)]
        if self.slots and chance.random() < 0.5:
            slot = chance.choice(list(self.slots))
            form = chance.choice(list(self.slots[slot]["default"].get(tag, {"base": ""})))
            words.insert(chance.choice([0, len(words)]), chance.choice([f"{{{slot}}}", f"{{{slot}:{form}}}"]))
        return " ".join(" ".join(words).split()) or "x"

    def texts(self, least: int = 1) -> dict[str, str]:
        tags = (
            self.tags
            if self.random.random() < 0.8
            else self.random.sample(self.tags, self.random.randint(least, len(self.tags)))
        )
        return {tag: self.text(tag) for tag in tags}

    def slot(self) -> dict[str, Any]:
        forms = {"fa": ("base", "ezafe"), "ru": ("nom", "gen", "dat", "acc", "ins", "pre")}
        plain, self_slots = self.slots, {}
        self.slots = self_slots
        made = {
            "description": self.texts(),
            "default": {
                tag: {form: self.text(tag)[:40].strip() or "x" for form in forms.get(tag, ("base",))}
                for tag in self.tags
            },
        }
        self.slots = plain
        return made

    def response(self) -> dict[str, Any]:
        chance = self.random
        low = chance.choice([1, 1, 1, 0, -3, 99990])
        high = low + chance.choice([1, 2, 4, 4, 6, 9, 15])
        held: dict[str, Any] = {"low": low, "high": high}
        if chance.random() < 0.4:
            held["measure"] = chance.choice(["nominal", "ordinal", "interval"])
        labelled = chance.choice([[], [low, high], list(range(low, high + 1))])
        held["labels"] = {value: self.texts() for value in labelled}
        codes = chance.choice([[], [], [-9], [high + 5, -99], [-8, -9]])
        held["missing_codes"] = {code: self.texts() for code in codes} if chance.random() < 0.5 else codes
        return held

    def items(self, responses: dict[str, Any], worded: bool) -> list[dict[str, Any]]:
        chance = self.random
        items: list[dict[str, Any]] = []
        names = list(responses)
        response = chance.choice(names)
        for id in self.item_ids(chance.randint(1, 60)):
            response = response if chance.random() < 0.7 else chance.choice(names)
            one: dict[str, Any] = {"id": id, "response": response}
            kind = chance.random()
            low, high = responses[response]["low"], responses[response]["high"]
            if kind < 0.03:
                one |= {"type": "attention", "key": chance.randint(low, high)}
            elif kind < 0.06:
                one |= {"type": "multi"}
            elif kind < 0.16:
                one = {"id": id, "type": chance.choice(["integer", "decimal", "text", "longtext", "date"])}
                if one["type"] in ("integer", "decimal") and chance.random() < 0.5:
                    one |= {"low": chance.choice([0, 18, -2.5, 0.001]), "high": chance.choice([99, 120.25])}
            elif kind < 0.19:
                one |= {"type": "rank"}
                if high - low > 1 and chance.random() < 0.5:
                    one["top"] = chance.randint(1, high - low)
            elif kind < 0.22:
                one = {"id": id, "type": "info"}
            else:
                if kind < 0.26:
                    one["type"] = "slider"
                if chance.random() < 0.1:
                    one["unscored"] = True
                if chance.random() < 0.3:
                    one["original"] = chance.choice(["1", "12a", "۵"])
                if chance.random() < 0.1:
                    one["shares"] = {low: 0.25, high: 0.75}
            if one.get("type") != "info" and chance.random() < 0.3:
                one["required"] = chance.choice(["no", "soft", "hard"])
            if worded:
                one["wording"] = self.texts()
            if chance.random() < 0.1:
                one["note"] = self.text("en")
            items.append(one)
        return items

    def scales(self, closed: list[str]) -> list[dict[str, Any]]:
        chance = self.random
        scales = []
        for number in range(chance.randint(0, 4)):
            if not closed:
                break
            members = chance.sample(closed, chance.randint(1, min(len(closed), 8)))
            one: dict[str, Any] = {
                "id": f"scale_{number}",
                "name": self.texts(),
                "items": members,
                "method": chance.choice(["mean", "sum"]),
                "min_answered": chance.randint(1, len(members)),
                "model": chance.choice(["reflective", "formative"]),
            }
            if one["method"] == "mean" and chance.random() < 0.3:
                one["rescale"] = [0, 100]
            if chance.random() < 0.3:
                one["published"] = [{"figure": "alpha", "value": 0.875, "n": 312, "source": "s1"}]
            if chance.random() < 0.3:
                one["higher_means"] = self.texts()
            scales.append(one)
        return scales

    def sections(self, ids: list[str]) -> list[dict[str, Any]]:
        chance = self.random
        sections = []
        while ids:
            size = chance.randint(1, max(1, len(ids)))
            one: dict[str, Any] = {"id": f"part{len(sections) + 1}", "items": ids[:size]}
            for key in ("title", "text"):
                if chance.random() < 0.6:
                    one[key] = self.texts()
            if chance.random() < 0.2:
                one["randomise"] = True
            sections.append(one)
            ids = ids[size:]
        return sections


def made(seed: int) -> Instrument:
    """The instrument of a seed."""
    return Maker(seed).instrument()
