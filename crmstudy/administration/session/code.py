"""The code that a respondent makes of four answers, by which the waves of a panel are linked without a name.

Answers are brought to one way of writing and hashed together with a secret of the study. Whoever has the data alone
cannot try codes out; whoever has the secret as well could, as there are few codes, and so the secret is destroyed with
the key of the study. How often two people share a code, and how often four known answers point at one person, follows
from how the answers are spread (:func:`collisions`).
"""

from __future__ import annotations

import hashlib
import hmac
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crmstudy.administration.session.numbers import read_whole
from crmstudy.letters import key

#: The wording key of the fault of every part: it is missing, or cannot be what it should be.
PART = "part"
_LETTERS = 2
#: Logarithms of probabilities are told apart to so much.
_STEP = 0.01


@dataclass(frozen=True, slots=True)
class Element:
    """One of the questions a code is made of.

    ``id`` is its form field behind ``code.``, ``wording`` the key of its text; ``shares`` are the shares of its answers
    as we assume them for planning, which no source gives.
    """

    id: str
    wording: str
    read: Callable[[str], str | None]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MadeCode:
    """The parts of a code in one way of writing, and which questions lack one: ``{element: wording key}``."""

    parts: tuple[str, ...]
    faults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Collisions:
    """What a self-made code can do for one wave of ``n`` people, and to them.

    Attributes
    ----------
    n, population : int
        People with a code, and people there are.
    effective : float
        How many equally likely codes would coincide as often: 1 / Σp².
    pairs : float
        Expected number of pairs of people with one code: n(n − 1)/2 · Σp².
    shared : float
        Expected share of people whose code somebody else has too, so that they cannot be linked:
        1 − Σp(1 − p)^(n−1).
    mislinked : float
        Expected share of newcomers of another wave who meet the code of a stranger: 1 − Σp(1 − p)^n.
    identified : float
        Expected share of people whom their answers point out among the whole population, for somebody who knows these
        answers and has the secret: Σp(1 − p)^(population−1).
    """

    n: int
    population: int
    effective: float
    pairs: float
    shared: float
    mislinked: float
    identified: float


def _letters(text: str) -> str | None:
    """The first letters of a name, without the marks on them; None where there are too few."""
    bare = unicodedata.normalize("NFD", key(text[:200]))
    letters = [letter for letter in bare if letter.isalpha()]
    return "".join(letters[:_LETTERS]) if len(letters) >= _LETTERS else None


def _within(low: int, high: int) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        found = read_whole(text)
        return str(found) if found is not None and low <= found <= high else None

    return read


def _falling(count: int) -> tuple[float, ...]:
    """Shares that fall as 1, 1/2, 1/3 ... (Zipf): a few beginnings of names are common, most are rare."""
    whole = sum(1 / rank for rank in range(1, count + 1))
    return tuple(1 / rank / whole for rank in range(1, count + 1))


#: What is asked, in this order. Nobody is asked for a name, a year or a number by which others know them.
ELEMENTS = (
    Element("mother", "code.ask.mother", _letters, _falling(150)),
    Element("town", "code.ask.town", _letters, _falling(150)),
    Element("day", "code.ask.day", _within(1, 31),
            (*[12 / 365.25] * 28, 11.25 / 365.25, 11 / 365.25, 7 / 365.25)),
    Element("older", "code.ask.older", _within(0, 30), (0.38, 0.30, 0.16, 0.08, 0.04, 0.02, 0.01, 0.01)),
)  # fmt: skip


def read_code(form: Mapping[str, Sequence[str]]) -> MadeCode:
    """Read the answers a code is made of from the form fields ``code.<element>``.

    Examples
    --------
    >>> form = {"code.mother": ["Élise"], "code.town": ["el paso"], "code.day": ["۰۷"], "code.older": ["0"]}
    >>> read_code(form).parts
    ('el', 'el', '7', '0')
    """
    parts: list[str] = []
    faults: dict[str, str] = {}
    for element in ELEMENTS:
        posted = form.get(f"code.{element.id}", ())
        said = element.read(posted[0]) if len(posted) == 1 and isinstance(posted[0], str) else None
        if said is None:
            faults[element.id] = PART
        else:
            parts.append(said)
    return MadeCode(tuple(parts) if not faults else (), faults)


def code_digest(parts: Sequence[str], secret: bytes, *, sample: str) -> str:
    """What is stored of a code: 32 hexadecimal digits, which nobody can compute without the secret.

    Raises
    ------
    ValueError
        For parts that are no whole code, and for a secret of less than 16 bytes.
    """
    if len(parts) != len(ELEMENTS) or not all(parts):
        raise ValueError(f"a code has {len(ELEMENTS)} parts, not {len(parts)}")
    if len(secret) < 16:
        raise ValueError("a secret has at least 16 bytes")
    said = "\x1f".join(("crmstudy code", "1", sample, *parts)).encode("utf-8", "surrogatepass")
    return hmac.new(secret, said, hashlib.sha256).hexdigest()[:32]


def collisions(
    n: int, cells: int | Sequence[Sequence[float]] | None = None, *, population: int | None = None
) -> Collisions:
    """How often codes coincide among ``n`` people, and how often they point at one person.

    Parameters
    ----------
    n : int
        People with a code, at least 1.
    cells : int, or sequence of shares
        How many codes there are, if all are as likely; or for every element, independent of the others, the shares of
        its answers; by default those of :data:`ELEMENTS`. The shares of the elements that somebody knows (the day and
        the town of birth stand in a personnel file) tell what that knowledge is worth.
    population : int, optional
        People there are, of whom ``n`` answered; by default nobody else.

    Raises
    ------
    ValueError
        For numbers below 1, a population below ``n``, and shares that are negative or do not add up to 1.

    Examples
    --------
    >>> found = collisions(23, 365)
    >>> round(found.pairs, 3), round(found.shared, 4), found.effective
    (0.693, 0.0586, 365.0)
    """
    people = n if population is None else population
    if n < 1 or people < n:
        raise ValueError(f"people are counted from 1, and are no more than the population; found {n} of {people}")
    spread = _equal(cells) if isinstance(cells, int) else _spread(_shares(cells))
    same = math.fsum(count * p * p for p, count in spread)
    return Collisions(
        n, people, 1 / same, n * (n - 1) / 2 * same,
        1 - _alone(spread, n - 1), 1 - _alone(spread, n), _alone(spread, people - 1),
    )  # fmt: skip


def _alone(spread: Iterable[tuple[float, float]], others: int) -> float:
    """The chance that nobody among some others has one's code."""
    return math.fsum(count * p * (1 - p) ** others for p, count in spread)


def _equal(cells: int) -> list[tuple[float, float]]:
    if cells < 1:
        raise ValueError(f"there is at least one code; found {cells}")
    return [(1 / cells, float(cells))]


def _shares(cells: Sequence[Sequence[float]] | None) -> list[Sequence[float]]:
    given = [element.shares for element in ELEMENTS] if cells is None else [tuple(shares) for shares in cells]
    for shares in given:
        if not shares or min(shares) < 0 or not math.isclose(math.fsum(shares), 1, abs_tol=1e-6):
            raise ValueError("the shares of the answers to a question are 0 or more and add up to 1")
    return [[share for share in shares if share > 0] for shares in given]


def _spread(elements: Iterable[Sequence[float]]) -> list[tuple[float, float]]:
    """The probabilities of all codes, those that are nearly the same put together: (probability, how many)."""
    spread = [(1.0, 1.0)]
    for shares in elements:
        bins: dict[int, list[float]] = {}
        grouped: dict[float, int] = {}
        for share in shares:
            grouped[share] = grouped.get(share, 0) + 1
        for p, count in spread:
            for share, times in grouped.items():
                held = bins.setdefault(round(math.log(p * share) / _STEP), [0.0, 0.0])
                held[0] += p * share * count * times
                held[1] += count * times
        spread = [(mass / count, count) for mass, count in bins.values()]
    return spread
