"""Declared files: YAML with the line of every key, and a collector that reports all faults of a file at once.

Read is plain YAML: mappings, lists and scalars. Aliases, merge keys and tags are refused, and so are depths and
numbers that no declaration needs, so that no file can make more of itself than it shows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from crmstudy.errors import Fault, InputError, did_you_mean
from crmstudy.files import bytes_of
from crmstudy.quoting import shown

Where = tuple[str | int, ...]
#: Characters that stand in no text: control characters but tab and line ends, halves of characters, noncharacters.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
DEEPEST = 40
#: No declaration has more bytes.
LARGEST_FILE = 16 * 2**20
#: YAML takes 1:30:00 for a number to the base of 60, which takes the longer the more parts it has.
_LONGEST_TIME = 100
#: So many unknown keys of one mapping are told.
_MOST_UNKNOWN = 50
LARGEST = 10**15
#: What YAML makes of << and =; as a value they are texts.
_MERGE, _VALUE = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_SHOWN, _NAMED = 40, 120
#: The same YAML read by libyaml, ten times as fast, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Declared:
    """A YAML file as plain values (``.data``), where every value's line can be asked for and faults are gathered.

    ``where`` arguments are paths into the file: ``("items", 3, "reverse")``. Call :meth:`refuse` for each fault and
    :meth:`raise_faults` once at the end.
    """

    path: Path
    data: Any
    lines: dict[Where, int]
    error: type[InputError] = InputError
    faults: list[Fault] = field(default_factory=list)

    def line(self, where: Where) -> int | None:
        """The line (from 1) of the value at ``where``, or of the nearest parent that exists."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where)

    def refuse(self, message: str, where: Where = ()) -> None:
        """Note one fault at a place of the file."""
        self.faults.append(Fault(message, str(self.path), self.line(where)))

    def get(self, where: Where) -> Any:
        """The value at ``where``, or None when the path does not exist."""
        value = self.data
        for step in where:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def check_keys(self, where: Where, *, required: Iterable[str] = (), optional: Iterable[str] = ()) -> bool:
        """Require a mapping at ``where`` with these keys and no others; False when it is not a mapping at all."""
        value = self.get(where)
        name = ".".join(str(step) for step in where) or "the file"
        if not isinstance(value, Mapping):
            self.refuse(f"{name} must be a mapping of keys to values; found {_describe(value)}.", where)
            return False
        required, optional = list(required), list(optional)
        known = required + optional
        unknown = [key for key in value if key not in known]
        if len(unknown) > _MOST_UNKNOWN:
            self.refuse(f"{name} has {len(unknown):,} unknown keys; the first of them follow.", where)
        for key in unknown[:_MOST_UNKNOWN]:
            hint = did_you_mean(str(key)[:_NAMED], known) or f" Known here: {', '.join(known)}."
            self.refuse(f"unknown key '{shown(key)}' in {name}.{hint}", (*where, key))
        for key in required:
            if key not in value:
                self.refuse(f"{name} lacks the key '{key}'; add it.", where)
        return True

    def check_type(self, where: Where, kind: type | tuple[type, ...], wanted: str) -> bool:
        """Require the value at ``where`` to be of a type (a bool is not an int); ``wanted`` is said in the fault."""
        value = self.get(where)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        fine = isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)
        if not fine:
            self.refuse(f"{'.'.join(map(str, where))} must be {wanted}; found {_describe(value)}.", where)
        return fine

    def check_choice(self, where: Where, choices: Iterable[object]) -> bool:
        """Require the value at ``where`` to be one of ``choices``."""
        value, options = self.get(where), list(choices)
        if value in options:
            return True
        hint = did_you_mean(str(value), options)
        said = ", ".join(str(option) for option in options)
        self.refuse(f"{'.'.join(map(str, where))} must be one of {said}; found {_describe(value)}.{hint}", where)
        return False

    def raise_faults(self) -> None:
        """Raise this file's error with every fault, in the order of their lines, if there is any."""
        if self.faults:
            raise self.error(sorted(self.faults, key=lambda fault: fault.line or 0))


def read_declared(path: str | Path, error: type[InputError] = InputError) -> Declared:
    """Read a YAML file. Raises ``error`` with the line when the file is missing, not UTF-8 or not plain YAML."""
    path = Path(path)
    try:
        text = bytes_of(path, LARGEST_FILE).decode("utf-8-sig")
    except FileNotFoundError:
        raise error(f"'{path}' was not found; check the path.") from None
    except UnicodeDecodeError as bad:
        raise error(Fault(f"the file is not UTF-8 (byte {bad.start}); save it as UTF-8.", str(path))) from None
    except OSError as bad:
        raise error(Fault(f"the file cannot be read: {bad.strerror}.", str(path))) from None
    return parse_declared(text.replace("\r\n", "\n").replace("\r", "\n"), path, error)


def parse_declared(text: str, path: str | Path, error: type[InputError] = InputError) -> Declared:
    """Read the text of a YAML file; ``path`` is what faults name it by. Raises ``error`` as :func:`read_declared`."""
    path = Path(path)
    found = CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise error(Fault(f"the file holds {name_character(found[0])}; remove it.", str(path), line))
    try:
        faults, root = _composed(text, str(path))
    except yaml.YAMLError as bad:
        raise error(_no_yaml(bad, str(path))) from None
    if faults:
        raise error(faults)
    document = Declared(path, None, {(): 1}, error)
    if root is not None:
        document.data = _Builder(document).build(root, ())
    return document


def name_character(character: str) -> str:
    """A character that cannot be printed, in words."""
    return f"the control character U+{ord(character):04X}"


def refuse_control(document: Declared, value: Any, where: Where = ()) -> None:
    """Refuse control characters in texts and names of plain values that were not read from YAML."""
    if isinstance(value, str):
        found = CONTROL.search(value)
        if found:
            name = shown(".".join(map(str, where)) or "the file", _NAMED)
            document.refuse(f"a text in {name} holds {name_character(found[0])}; remove it.", where)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if isinstance(key, str):
                refuse_control(document, key, where)
            refuse_control(document, one, (*where, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            refuse_control(document, one, (*where, place))


def _no_yaml(bad: yaml.YAMLError, file: str) -> Fault:
    mark = getattr(bad, "problem_mark", None)
    problem = getattr(bad, "problem", None) or " ".join(str(bad).split())
    line = mark.line + 1 if mark else None
    return Fault(f"this is not YAML: {problem}. Check indentation and colons.", file, line)


def _composed(text: str, file: str) -> tuple[list[Fault], yaml.Node | None]:
    """Faults, or the tree of nodes; what libyaml stumbles over is read again by PyYAML's own, laxer reader."""
    try:
        return _nodes(text, file, _LOADER)
    except yaml.YAMLError:
        return _nodes(text, file, yaml.SafeLoader)


def _nodes(text: str, file: str, loader: Any) -> tuple[list[Fault], yaml.Node | None]:
    faults = _unread(text, file, loader)
    return faults, None if faults else yaml.compose(text, Loader=loader)


def _unread(text: str, file: str, loader: Any) -> list[Fault]:
    """Aliases, anchors and tags, each with its line, and a depth beyond any use; found before anything is built."""
    faults: list[Fault] = []
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            message = f"aliases (&, *) are not read here; write out what {sign}{event.anchor} stands for."
            faults.append(Fault(message, file, line))
        tag = getattr(event, "tag", None)
        if tag is not None:
            said = tag.replace("tag:yaml.org,2002:", "!!")
            faults.append(Fault(f"tags are not read here; take '{said}' off (a text is put in quotes).", file, line))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                message = f"brackets and indentation go deeper than {DEEPEST} levels; write it flatter."
                return [*faults, Fault(message, file, line)]
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return faults


class _Builder:
    """Makes plain values of nodes, keeps the line of each in the document, and refuses what is not plain."""

    def __init__(self, document: Declared) -> None:
        self.document = document
        self.scalars = yaml.SafeLoader("")

    def build(self, node: yaml.Node, where: Where) -> Any:
        """The value of a node; None, after a fault, where it cannot be one."""
        self.document.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(value, (*where, index)) for index, value in enumerate(node.value)]
        return self.scalar(node, where)

    def mapping(self, node: yaml.MappingNode, where: Where) -> dict[Any, Any]:
        """Build a mapping; keys that stand twice, merge keys and keys that are no scalars are refused."""
        built: dict[Any, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.refuse("a key must be a word or a number, not a list or a mapping.", key)
                continue
            if key.tag == _MERGE:
                self.refuse("merge keys (<<) are not read here; write the keys out.", key)
                continue
            name = self.scalar(key, where)
            place = (*where, name if isinstance(name, str | int) else str(key.value))
            twice = place in self.document.lines
            self.document.lines[place] = key.start_mark.line + 1
            if twice:
                self.refuse(f"the key '{key.value}' stands twice; keep one.", key)
            built[name] = self.build(value, place)
        return built

    def scalar(self, node: yaml.Node, where: Where) -> Any:
        """A text, number, flag, date or nothing; what is refused becomes nothing, or a text without its fault."""
        if node.tag in (_MERGE, _VALUE):
            return str(node.value)
        shown = node.value if len(node.value) <= _SHOWN else f"{node.value[:_SHOWN]}..."
        advice = "put it in quotes if it is a text"
        if node.tag in _NUMBERS and ":" in node.value and len(node.value) > _LONGEST_TIME:
            return self.refuse(f"'{shown}' cannot be read as a number or a date; {advice}.", node)
        try:
            value = self.scalars.construct_object(node)
        except (ValueError, OverflowError):
            return self.refuse(f"'{shown}' cannot be read as a number or a date; {advice}.", node)
        if isinstance(value, int) and abs(value) > LARGEST:
            return self.refuse(f"the number {shown} is too large; {advice}.", node)
        if isinstance(value, float) and not math.isfinite(value):
            return self.refuse(f"'{shown}' is no finite number; {advice}.", node)
        found = CONTROL.search(value) if isinstance(value, str) else None
        if found:
            name = ".".join(map(str, where)) or "the file"
            self.refuse(f"a text in {name} holds {name_character(found[0])}; remove it.", node)
            return CONTROL.sub("", value)
        return value

    def refuse(self, message: str, node: yaml.Node) -> None:
        """Note a fault at the line of a node."""
        self.document.faults.append(Fault(message, str(self.document.path), node.start_mark.line + 1))


def _describe(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"'{shown(value)}'" if isinstance(value, str) else f"{value!r}"
