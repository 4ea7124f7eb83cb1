"""Names in the alphabet of another tool, and back: legal, unique, every change told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from crmstudy.exchange.export_log import ExportLog

_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LONGEST = 60

#: Names of languages as questionnaires write them, in their own language.
LANGUAGES: Mapping[str, str] = {
    "ar": "العربية", "az": "Azərbaycanca", "ckb": "کوردی", "de": "Deutsch", "en": "English", "es": "Español",
    "fa": "فارسی", "fr": "Français", "hy": "Հայերեն", "it": "Italiano", "ka": "ქართული", "kk": "Қазақша",
    "ky": "Кыргызча", "nl": "Nederlands", "pl": "Polski", "ps": "پښتو", "pt": "Português", "ru": "Русский",
    "sw": "Kiswahili", "tg": "Тоҷикӣ", "tk": "Türkmençe", "tr": "Türkçe", "tt": "Татарча", "uk": "Українська",
    "ur": "اردو", "uz": "Oʻzbekcha", "zh": "中文",
}  # fmt: skip
_ENGLISH = {
    "arabic": "ar", "azerbaijani": "az", "chinese": "zh", "dari": "fa", "dutch": "nl", "english": "en", "farsi": "fa",
    "french": "fr", "georgian": "ka", "german": "de", "hindi": "hi", "italian": "it", "kazakh": "kk", "kurdish": "ku",
    "kyrgyz": "ky", "nepali": "ne", "pashto": "ps", "persian": "fa", "polish": "pl", "portuguese": "pt",
    "russian": "ru", "spanish": "es", "swahili": "sw", "tajik": "tg", "turkish": "tr", "ukrainian": "uk",
    "urdu": "ur", "uzbek": "uz", "فارسي": "fa",
}  # fmt: skip
_CHINESE = {"zh-s": "zh-Hans", "zh-t": "zh-Hant"}
_KNOWN = {name.casefold(): tag for tag, name in LANGUAGES.items()} | _ENGLISH


def tag_of(name: str) -> str:
    """The tag of a language by how a file names it: ``fa``, ``فارسی (fa)``, ``Persian``; empty where it is unknown."""
    name = " ".join(name.split())
    coded = re.fullmatch(r".*\(([^()]*)\)", name)
    for said in ([coded[1]] if coded else []) + [name]:
        tag = said.strip().replace("_", "-")
        first, mark, rest = tag.partition("-")
        tag = _CHINESE.get(tag.lower(), first.lower() + mark + rest)
        if _TAG.fullmatch(tag) and (len(tag.split("-")[0]) == 2 or coded):
            return tag
    plain = re.sub(r"\s*\([^()]*\)$", "", name).casefold()
    return _KNOWN.get(plain, "")


def unknown_tag(name: str) -> str:
    """A tag for a language whose name says nothing: ``und-`` with its first letters."""
    made = re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", name).lower())[:8]
    return f"und-{made}" if len(made) >= 2 else "und"


def slug(text: str, fallback: str) -> str:
    """A text as the id of an instrument: small letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    made = re.sub(r"[^a-z0-9_]+", "-", plain)
    made = re.sub(r"[-_]*-[-_]*|_{2,}", "-", made).strip("-_")[:_LONGEST].rstrip("-_")
    return made or fallback


def identifier(text: str, fallback: str) -> str:
    """A text as the id of an item, scale or section: letters, digits and _, not beginning with a digit."""
    made = re.sub(r"[^\w.]", "_", unicodedata.normalize("NFKC", text).strip())[:_LONGEST]
    made = made if made and made.replace(".", "_").isidentifier() else f"q_{made}"
    return made if made.replace(".", "_").isidentifier() else fallback


def unique(name: str, taken: Iterable[str], *, folded: bool = False, longest: int = 0) -> str:
    """A name that is not taken yet: with a number behind it where need be."""
    known = {one.casefold() if folded else one for one in taken}
    made, number = name, 1
    while (made.casefold() if folded else made) in known:
        number += 1
        end = f"_{number}"
        made = (name[: longest - len(end)] if longest else name) + end
    return made


class Renamer:
    """Names for a tool that allows fewer letters: the same id has the same name, no two have one."""

    def __init__(self, tool: str, pattern: str, *, longest: int = 0, folded: bool = True, join: str = "_") -> None:
        self.tool = tool
        self.legal = re.compile(pattern)
        self.longest = longest
        self.folded = folded
        self.join = join
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()

    def reserve(self, *names: str) -> None:
        """Keep names for other uses."""
        self.taken.update(self._key(name) for name in names)

    def keep(self, ids: Iterable[str]) -> None:
        """Give those that need no change their own name first, so that no other takes it."""
        for id in ids:
            if id not in self.names and self._fits(id) and self._key(id) not in self.taken:
                self._give(id, id)

    def name(self, id: str, log: ExportLog | None = None) -> str:
        """The name of an id; a change goes into the log."""
        if id not in self.names:
            self.keep([id])
        if id not in self.names:
            made = self._made(id)
            self._give(id, made)
            if log is not None:
                log.add(f"{self.tool} does not allow this name, or has it already; there it is called '{made}'.", id)
        return self.names[id]

    def new(self, wanted: str) -> str:
        """A name for something that has no id of its own."""
        made = wanted
        number = 1
        while self._key(made) in self.taken:
            number += 1
            end = f"{self.join}{number}"
            made = (wanted[: self.longest - len(end)] if self.longest else wanted) + end
        self.taken.add(self._key(made))
        return made

    def _give(self, id: str, name: str) -> None:
        self.names[id] = name
        self.taken.add(self._key(name))

    def _key(self, name: str) -> str:
        return name.casefold() if self.folded else name

    def _fits(self, name: str) -> bool:
        return bool(self.legal.fullmatch(name)) and not (self.longest and len(name) > self.longest)

    def _made(self, id: str) -> str:
        plain = unicodedata.normalize("NFKD", id).encode("ascii", "ignore").decode("ascii")
        made = re.sub(r"[^A-Za-z0-9]+", self.join, plain).strip(self.join)
        made = made if self.legal.fullmatch(made) else made.lower()
        made = made if made and self.legal.fullmatch(made) else f"q{self.join}{made}".rstrip(self.join)
        made = made if self.legal.fullmatch(made) else "q"
        made = made[: self.longest] if self.longest else made
        name, number = made, 1
        while self._key(name) in self.taken:
            number += 1
            end = f"{self.join}{number}"
            name = (made[: self.longest - len(end)] if self.longest else made) + end
        return name
