"""An attacker who holds everything after a wave was closed, and tries to tell whose answers are whose.

The attacker knows every token's secret, in which order people answered, all tables with the columns the database keeps
by itself, and the bytes of all files. Of every second person the attacker knows the answers too, and learns from them
which way of matching works best; it is then tried on the others. Ways of matching: the k-th of any ordering of tokens
with the k-th of any ordering of answers, equal values, values that can be computed from a token, nearness in files.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from crmstudy.administration.keys import KINDS, digest, new_secret
from crmstudy.administration.store import invitations
from crmstudy.administration.store.respondents import (
    Compose,
    Composed,
    Draft,
    Given,
    Response,
    begin,
    save_page,
    submit,
)
from crmstudy.administration.store.store import Store
from tests.administration.conftest import Database

ITEMS = 24
#: What answers, digests and ids look like in a file.
_WORDS = re.compile(rb'\{"Q0":\d[^{}]*\}|(?<![0-9a-f])[0-9a-f]{32}(?:[0-9a-f]{32})?(?![0-9a-f])')


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who answered: the secret of the token, and what was answered."""

    secret: str
    answers: str


@dataclass(slots=True)
class Evidence:
    """What the attacker holds: people in the order in which they answered, rows of both kinds, words in files.

    Of a file the words count that look like answers, digests or ids: (where it stands, the word).
    """

    people: Sequence[Person]
    tokens: list[dict[str, Any]]
    responses: list[dict[str, Any]]
    others: dict[str, list[dict[str, Any]]]
    files: dict[str, list[tuple[int, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What an attack came to: the way that looked best, and how many of the unknown people it matched rightly."""

    way: str
    hits: int
    tried: int
    learnt: int

    @property
    def by_chance(self) -> float:
        """So many hits are no more than chance: 1 of all, and two standard errors."""
        share = 1 / self.tried
        return self.tried * (share + 2 * (share * (1 - share) / self.tried) ** 0.5)


def answer(store: Store, n: int, *, mode: str, compose: Compose | None = None, seed: int = 1) -> list[Person]:
    """Let ``n`` people answer one after the other, by tokens that were made in another order."""
    source = random.Random(seed)
    secrets = [new_secret() for _ in range(n)]
    tokens = [
        invitations.NewToken(digest("token", one), f"{i:05}", "", f"p{i}" if mode != "anonymous" else "")
        for i, one in enumerate(secrets)
    ]
    store.do_now(lambda work: invitations.add_tokens(work, "staff", "", tokens))
    person_of = {token.digest: token.person for token in tokens}
    source.shuffle(secrets)
    people = []
    for secret in secrets:
        given = {f"Q{i}": source.randint(1, 5) for i in range(ITEMS)}
        held, draft = digest("token", secret), digest("draft", new_secret())
        made = Draft(draft, "staff", "", "en", source.getrandbits(30), 1, "2026-11-19", held, person=person_of[held])
        store.do_now(lambda work, made=made: begin(work, made))
        page = Given(1, {name: value for name, value in given.items() if int(name[1:]) < ITEMS // 2}, seconds=9)
        store.do_now(lambda work, draft=draft, page=page: save_page(work, draft, page))
        last = Given(2, {name: value for name, value in given.items() if int(name[1:]) >= ITEMS // 2}, seconds=9)
        receipt = digest("submission", new_secret())
        job = _submitting(draft, receipt, last, compose or plain)
        assert store.do_now(job) == "stored"
        people.append(Person(secret, json.dumps(given, separators=(",", ":"))))
    return people


def _submitting(draft: str, receipt: str, last: Given, compose: Compose) -> Callable[..., str]:
    return lambda work: submit(work, draft, receipt, last, compose)


def plain(draft: Draft, pages: Sequence[Given]) -> Composed:
    """The answer of a draft, as a study of any mode keeps it."""
    answers = {name: value for page in pages for name, value in page.answers.items()}
    paradata = {"complete": True, "device": "phone", "duration": "0-1"}
    return Composed(
        Response(
            draft.sample, draft.wave, draft.language, True, 1, answers,
            unit=draft.unit, person=draft.person, paradata=paradata,
        )
    )  # fmt: skip


def evidence(store: Store, database: Database, people: Sequence[Person]) -> Evidence:
    """Everything that can be read, system columns included, in the order in which the database gives it."""
    hidden = (
        "" if store.in_file else ", ctid::text AS _ctid, xmin::text AS _xmin, cmin::text AS _cmin, xmax::text AS _xmax"
    )
    tables = {}
    for table in ("token", "response", "draft", "draft_page", "tally", "quota", "closed", "setting", "mailing"):
        query = text(f"SELECT *{hidden} FROM {table}")
        found = store.read(lambda c, query=query: c.execute(query).mappings().all())
        tables[table] = [{**row, "_place": place} for place, row in enumerate(found)]
    return Evidence(people, tables.pop("token"), tables.pop("response"), tables, files_of(database))


def files_of(database: Database) -> dict[str, list[tuple[int, str]]]:
    """The words in every file: of the folder, and of PostgreSQL's data, log and log of changes."""
    places = [database.folder]
    if database.cluster is not None:
        oid = database.cluster.run(f"SELECT oid FROM pg_database WHERE datname = '{database.name}'")
        data = database.cluster.data
        places += [data / "base" / oid, data / "pg_wal", data.parent / "log"]
    found = {}
    for place in places:
        paths = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
        for path in paths:
            content = path.read_bytes()
            words = [(match.start(), match[0].decode("ascii", "replace")) for match in _WORDS.finditer(content)]
            if words:
                found[str(path)] = words
    return found


def attack(held: Evidence, seed: int = 2) -> Found:
    """Learn from every second person which way of matching works, and try it on the others."""
    source = random.Random(seed)
    truth = {digest("token", person.secret): person.answers for person in held.people}
    assert len(set(truth.values())) == len(truth), "answers are all different, so that a match can be checked"
    order = [digest("token", person.secret) for person in held.people]
    known, unknown = order[::2], order[1::2]
    best: tuple[int, str, Mapping[str, str]] = (-1, "", {})
    for way, guess in _ways(held, source):
        learnt = sum(guess.get(one) == truth[one] for one in known)
        if learnt > best[0]:
            best = (learnt, way, guess)
    learnt, way, guess = best
    return Found(way, sum(guess.get(one) == truth[one] for one in unknown), len(unknown), learnt)


def _ways(held: Evidence, source: random.Random) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every way of matching: its name, and token -> answers."""
    tokens, responses = _token_features(held), _response_features(held)
    for one, by_token in tokens.items():
        ordered = _sorted(by_token, source)
        for other, by_response in responses.items():
            answers = _sorted(by_response, source)
            yield f"{one} ~ {other}", dict(zip(ordered, answers, strict=False))
            yield f"{one} ~ -{other}", dict(zip(ordered, reversed(answers), strict=False))
    yield "equal values", _equal(held)
    yield "computed values", _computed(held)
    for name, words in held.files.items():
        yield f"near in {Path(name).name}", _near(held, words)


def _token_features(held: Evidence) -> dict[str, dict[str, Any]]:
    """Feature -> token -> value; the order in which people answered is one of them."""
    made: dict[str, dict[str, Any]] = {
        "answered": {digest("token", person.secret): place for place, person in enumerate(held.people)},
        "secret": {digest("token", person.secret): person.secret for person in held.people},
    }
    for row in held.tokens:
        for name, value in row.items():
            made.setdefault(f"token.{name}", {})[row["digest"]] = value
    places = _places(held, {row["digest"]: row["digest"] for row in held.tokens})
    return made | {f"token at {name}": found for name, found in places.items()}


def _response_features(held: Evidence) -> dict[str, dict[str, Any]]:
    """Feature -> answers -> value, with the parts of what is kept as JSON."""
    made: dict[str, dict[str, Any]] = {}
    for row in held.responses:
        for name, value in row.items():
            if name == "answers":
                continue
            made.setdefault(f"response.{name}", {})[row["answers"]] = value
            if name in ("paradata", "attributes", "reasons", "opened"):
                for part, inner in json.loads(value).items():
                    made.setdefault(f"response.{name}.{part}", {})[row["answers"]] = inner
    by_id = _places(held, {row["id"]: row["answers"] for row in held.responses})
    by_answers = _places(held, {row["answers"]: row["answers"] for row in held.responses})
    made |= {f"id at {name}": found for name, found in by_id.items()}
    return made | {f"answers at {name}": found for name, found in by_answers.items()}


def _places(held: Evidence, wanted: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """File and first or last -> what -> where a word stands in it."""
    made: dict[str, dict[str, int]] = {}
    for name, words in held.files.items():
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for place, word in words:
            if word in wanted:
                first.setdefault(wanted[word], place)
                last[wanted[word]] = place
        if len(first) > 1:
            made[f"{name}, first"], made[f"{name}, last"] = first, last
    return made


def _sorted(feature: Mapping[str, Any], source: random.Random) -> list[str]:
    """What has a feature, in its order; equal ones in a random order, so that no order of rows comes in by itself."""
    shuffled = sorted(feature)
    source.shuffle(shuffled)
    return sorted(shuffled, key=lambda one: _key(feature[one]))


def _key(value: Any) -> tuple[float, str]:
    written = str(value)
    numbers = re.fullmatch(r"\((\d+),(\d+)\)", written)  # a place in a file of PostgreSQL
    if numbers:
        return int(numbers[1]) * 10_000 + int(numbers[2]), ""
    return (float(written), "") if re.fullmatch(r"-?\d{1,15}(\.\d+)?", written) else (0.0, written)


def _values(row: Mapping[str, Any]) -> Iterator[str]:
    """All values of a row that could be of one person only."""
    for name, value in row.items():
        if value not in (None, "", "{}", "[]") and not name.startswith("_"):
            yield str(value)
            if str(value).startswith("{") and name != "answers":
                yield from (str(one) for one in json.loads(value).values())


def _joined(values_of_token: Mapping[str, set[str]], held: Evidence) -> dict[str, str]:
    """Token -> answers, where they share a value that nobody else has."""
    by_value: dict[str, set[str]] = defaultdict(set)
    for row in held.responses:
        for value in _values(row):
            by_value[value].add(row["answers"])
    shared = Counter(value for values in values_of_token.values() for value in values)
    guess = {}
    for token, values in values_of_token.items():
        for value in values:
            if shared[value] == 1 and len(by_value.get(value, ())) == 1:
                guess[token] = next(iter(by_value[value]))
    return guess


def _equal(held: Evidence) -> dict[str, str]:
    return _joined({row["digest"]: set(_values(row)) for row in held.tokens}, held)


def _computed(held: Evidence) -> dict[str, str]:
    """Everything simple that can be made of a token's secret or digest."""
    made = {}
    for person in held.people:
        token = digest("token", person.secret)
        values: set[str] = set()
        for seed in (person.secret, token):
            values |= {hashlib.new(name, seed.encode()).hexdigest() for name in ("sha256", "sha1", "md5")}
            values |= {digest(kind, seed) for kind in KINDS}
        made[token] = values | {value[:32] for value in values}
    return _joined(made, held)


def _near(held: Evidence, words: Sequence[tuple[int, str]]) -> dict[str, str]:
    """Token -> the answers that stand nearest to it in a file, most often."""
    kinds = {row["digest"]: row["digest"] for row in held.tokens}
    answers = {row["answers"]: row["answers"] for row in held.responses}
    answers |= {row["id"]: row["answers"] for row in held.responses}
    wanted = kinds | answers
    spots = [(at, wanted[word]) for at, word in words if word in wanted]
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for place, (at, what) in enumerate(spots):
        if what in kinds:
            beside = [spots[i] for i in (place - 1, place + 1) if 0 <= i < len(spots) and spots[i][1] not in kinds]
            if beside:
                votes[what][min(beside, key=lambda spot: abs(spot[0] - at))[1]] += 1
    return {token: counted.most_common(1)[0][0] for token, counted in votes.items()}
