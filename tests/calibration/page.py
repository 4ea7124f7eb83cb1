"""The page of figures, docs/calibration.md, from the figures and nothing else; and the file the figures are kept in."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

from tests.calibration import wording
from tests.calibration.figures import MARKERS, MISCOUNTED, MONTE_CARLO, NARROW, RATES, WITHOUT_EFFECT, Figure
from tests.calibration.judging import Judgement, as_right
from tests.calibration.populations import BETWEEN, CLUSTER_SIZE, HEAVY_SHAPE, RELATIVE_KURTOSIS, SKEWED_DF
from tests.calibration.promises import PROMISES, Promise, judge, promise_for
from tests.calibration.study import DRAWS, TARGETS, TESTS, Condition

SHAPES = {
    "normal": "normal", "skewed": "skewed", "heavy": "heavy tails", "missing": "missing", "clustered": "clustered",
}  # fmt: skip
_HEADINGS = {
    "x =~ x2": "x =~ x2", "y =~ y3": "y =~ y3", "a": "m ~ x", "b": "y ~ m", "c": "y ~ x", "indirect": "indirect",
    "total": "total", "std b": "y ~ m, std.", "m2 ~~ m2": "m2 ~~ m2", "y2 ~ 1": "y2 ~ 1",
    MONTE_CARLO: "indirect, MC",
    "chisq": "chi-square", "scaled": "scaled", "lrt": "plain", "lrt 2001": "scaled 2001", "lrt 2010": "scaled 2010",
}  # fmt: skip


@dataclass(frozen=True)
class Record:
    """How a run came about; ``sources`` is the fingerprint of package and study when it began.

    ``remark`` is what else a reader should know about it.
    """

    version: str
    sources: str
    replications: int
    seed: int
    minutes: float
    remark: str = ""


# --- the file of figures ------------------------------------------------------------------------------------------


def write_figures(figures: Iterable[Figure], record: Record, file: Path) -> None:
    """Keep figures, one line a condition and method: value, Monte Carlo standard error, replications used."""
    blocks: dict[tuple[Any, ...], dict[str, dict[str, list[float]]]] = {}
    for figure in figures:
        block = blocks.setdefault((figure.kind, figure.shape, figure.n, figure.method), {})
        numbers = [round(figure.value, 5), round(figure.error, 5), figure.used]
        block.setdefault(figure.what, {})[figure.target] = numbers
    lines = [
        json.dumps({"kind": kind, "shape": shape, "n": n, "method": method, "figures": block})
        for (kind, shape, n, method), block in blocks.items()
    ]
    head = json.dumps(asdict(record))
    file.write_text(f'{{"run": {head},\n"conditions": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def read_figures(file: Path) -> tuple[list[Figure], Record]:
    """What :func:`write_figures` kept."""
    whole = json.loads(file.read_text(encoding="utf-8"))
    figures = [
        Figure(block["kind"], block["shape"], block["n"], block["method"], what, target, *numbers)
        for block in whole["conditions"]
        for what, by_target in block["figures"].items()
        for target, numbers in by_target.items()
    ]
    return figures, Record(**whole["run"])


# --- the page -----------------------------------------------------------------------------------------------------


def page(figures: Sequence[Figure], record: Record) -> str:
    """The whole page in Markdown: ``page.md`` with its places filled."""
    book = Book(figures)
    filled = {
        "outcome": wording.outcome(Judgement.of(figures), _HEADINGS),
        "swain": f"{100 * wording.swain(100):.1f}",
        "replications": record.replications,
        "many": f"{record.replications:,}",
        "version": record.version,
        "sources": record.sources,
        "seed": record.seed,
        "minutes": f"{record.minutes:.0f}",
        "remark": f"\n{record.remark}\n" if record.remark else "",
        "skewed_df": SKEWED_DF,
        "heavy_shape": f"{HEAVY_SHAPE:g}",
        "relative_kurtosis": f"{RELATIVE_KURTOSIS:g}",
        "cluster_size": CLUSTER_SIZE,
        "between": f"{100 * BETWEEN:.0f} %",
        "draws": f"{DRAWS:_}",
        "df": wording.DF,
        "wrong_df": wording.DF - MARKERS,
        "convergence": _table(book.convergence()),
        "bias": _table(book.by_target("bias", TARGETS)),
        "ratio": _table(book.by_target("ratio", TARGETS)),
        "coverage": _table(book.by_target("coverage", (*TARGETS, MONTE_CARLO))),
        "chisquare": _table(book.tests("mediated", TESTS[:2])),
        "lrt": _table(book.tests("mediated", TESTS[2:])),
        "groups": _table(book.tests("groups", TESTS)),
        "type_one": _table(book.type_one()),
        "wrong": _table(book.wrong()),
        "promises": _table(_promises(PROMISES)),
    }
    text = Path(__file__).with_name("page.md").read_text(encoding="utf-8")
    return re.sub(r"^- .*\n(?:  .*\n)*", book.with_numbers, Template(text).substitute(filled), flags=re.MULTILINE)


def _table(rows: Iterable[Sequence[str]]) -> str:
    head, *body = (list(row) for row in rows)
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


class Book:
    """Figures by condition, as rows of tables."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self.figures: dict[tuple[Any, ...], Figure] = {
            (f.kind, f.shape, f.n, f.method, f.what, f.target): f for f in figures
        }
        self.lines: dict[str, list[tuple[str, int, str]]] = {}
        for figure in figures:
            line = (figure.shape, figure.n, figure.method)
            known = self.lines.setdefault(figure.kind, [])
            if line not in known:
                known.append(line)

    def figure(self, kind: str, shape: str, n: int, method: str, what: str, target: str = "") -> Figure | None:
        """A figure, where there is one."""
        return self.figures.get((kind, shape, n, method, what, target))

    def with_numbers(self, item: re.Match[str]) -> str:
        """An item of a list with the numbers that ``[[kind|shape|n|method|what|target]]`` stand for."""
        if "[[" not in item[0]:
            return item[0]
        text = re.sub(r"\[\[(.+?)\]\]", self._cited, " ".join(item[0].split()))
        text = text.replace(" %", "\N{NO-BREAK SPACE}%")
        return textwrap.fill(text, 120, subsequent_indent="  ") + "\n"

    def _cited(self, place: re.Match[str]) -> str:
        kind, shape, n, method, what, target = place[1].split("|")
        figure = self.figure(kind, shape, int(n), method, what, target)
        return "–" if figure is None else number(what, figure.value)

    def rows(
        self, kind: str, headings: Sequence[str], cells: Callable[[tuple[str, int, str]], list[str]]
    ) -> Iterator[list[str]]:
        """A table with a row for each condition and method that has a cell."""
        yield ["data", "N", "method", *headings]
        for line in self.lines.get(kind, []):
            shape, n, method = line
            found = cells(line)
            if method not in (NARROW, MISCOUNTED) and any(found):
                yield [SHAPES[shape], f"{n:,}", method, *found]

    def by_target(self, what: str, targets: Sequence[str]) -> Iterator[list[str]]:
        """One figure for each target."""
        return self.rows(
            "mediated", [_HEADINGS[target] for target in targets],
            lambda line: [cell(self.figure("mediated", *line, what, target)) for target in targets],
        )  # fmt: skip

    def convergence(self) -> Iterator[list[str]]:
        """Shares of replications, where a method has estimates of its own."""
        yield ["model", "data", "N", "method", "converged", "proper", "refused"]
        for kind, name in (("mediated", "mediation"), ("groups", "two groups")):
            for line in self.lines.get(kind, []):
                shape, n, method = line
                own = [m.name for m in Condition(kind, shape, n).methods if not m.borrows]  # type: ignore[arg-type]
                if method in own:
                    found = [cell(self.figure(kind, *line, what)) for what in ("converged", "proper", "refused")]
                    yield [name, SHAPES[shape], f"{n:,}", method, *(text.strip("*") for text in found)]

    def tests(self, kind: str, tests: Sequence[str]) -> Iterator[list[str]]:
        """Rejection rates, then means over the degrees of freedom; the share without a statistic where there is one."""
        headings = [f"{_HEADINGS[test]}: rejected" for test in tests]
        headings += [f"{_HEADINGS[test]}: mean/df" for test in tests]
        if "lrt 2001" in tests:
            headings.append("no statistic of 2001")

        def cells(line: tuple[str, int, str]) -> list[str]:
            found = [
                cell(self.figure(kind, *line, what, test)) for what in ("rejection", "mean over df") for test in tests
            ]
            return [*found, self._without_statistic(kind, line)] if "lrt 2001" in tests else found

        return self.rows(kind, headings, cells)

    def _without_statistic(self, kind: str, line: tuple[str, int, str]) -> str:
        plain, scaled = (self.figure(kind, *line, "rejection", test) for test in ("lrt", "lrt 2001"))
        if plain is None or scaled is None:
            return ""
        return f"{100 * (1 - scaled.used / plain.used):.1f}"

    def type_one(self) -> Iterator[list[str]]:
        """Rates at which effects that are zero are found."""
        targets = (*WITHOUT_EFFECT, MONTE_CARLO)
        return self.rows(
            "without", [_HEADINGS[target] for target in targets],
            lambda line: [cell(self.figure("without", *line, "type I", target)) for target in targets],
        )  # fmt: skip

    def wrong(self) -> Iterator[list[str]]:
        """What the judge says of the wrong estimators."""
        yield ["estimator", "N", "figure", "of", "value", "expected of a right one", "flagged"]
        for (_, _, n, method, what, target), figure in self.figures.items():
            if method in (NARROW, MISCOUNTED):
                verdict = judge(as_right(figure))
                expected = "" if verdict.expected is None else number(what, verdict.expected)
                flag = "yes" if verdict.flagged else "no" if verdict.expected is not None else "not judged"
                value = f"{number(what, figure.value)} ({number(what, figure.error)})"
                yield [method, f"{n:,}", what, _HEADINGS[target], value, expected, flag]


def cell(figure: Figure | None) -> str:
    """A figure with its Monte Carlo standard error and its mark."""
    if figure is None:
        return ""
    text = f"{number(figure.what, figure.value)} ({number(figure.what, figure.error)})"
    promise, verdict = promise_for(figure), judge(figure)
    if verdict.flagged:
        return f"**{text} !**"
    if promise is None or promise.factor is None or figure.n < promise.smallest:
        return f"*{text}*"
    return text if promise.factor == 1.0 else f"{text} †"


def number(what: str, value: float) -> str:
    """Rates and bias in per cent, the others as they are."""
    if what in RATES or what == "bias":
        return f"{100 * value + 0.0:.1f}".replace("-0.0", "0.0").replace("-", "−")
    return f"{value:.3f}" if what == "ratio" else f"{value:.2f}"


def _promises(promises: Sequence[Promise]) -> Iterator[list[str]]:
    yield ["data", "method", "what", "factor", "from N", "why"]
    for p in promises:
        factor = "none" if p.factor is None else f"{p.factor:.2f}"
        yield [
            ", ".join(SHAPES[shape] for shape in p.shapes), "; ".join(p.methods),
            ", ".join(_HEADINGS[target] for target in p.targets), factor, f"{p.smallest:,}" if p.smallest else "",
            p.reason,
        ]  # fmt: skip
