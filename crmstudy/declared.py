"""Declared files: YAML with the line of every key, and a collector that reports all faults of a file at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from crmstudy.errors import Fault, InputError, did_you_mean

Where = tuple[str | int, ...]


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
        for key in value:
            if key not in known:
                hint = did_you_mean(str(key), known) or f" Known here: {', '.join(known)}."
                self.refuse(f"unknown key '{key}' in {name}.{hint}", (*where, key))
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
    """Read a YAML file. Raises ``error`` with the line when the file is missing, not UTF-8 or not YAML."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise error(f"'{path}' was not found; check the path.") from None
    except UnicodeDecodeError as bad:
        raise error(Fault(f"the file is not UTF-8 (byte {bad.start}); save it as UTF-8.", str(path))) from None
    except OSError as bad:
        raise error(Fault(f"the file cannot be read: {bad.strerror}.", str(path))) from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as bad:
        mark = getattr(bad, "problem_mark", None)
        problem = getattr(bad, "problem", None) or str(bad)
        line = mark.line + 1 if mark else None
        raise error(Fault(f"this is not YAML: {problem}. Check indentation and colons.", str(path), line)) from None
    lines: dict[Where, int] = {(): 1}
    document = Declared(path, data, lines, error)
    if root is not None:
        _walk(root, (), document)
    return document


def _walk(node: yaml.Node, where: Where, document: Declared) -> None:
    document.lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = yaml.safe_load(key.value) if isinstance(key, yaml.ScalarNode) and not key.style else key.value
            place = (*where, name if isinstance(name, str | int) else str(key.value))
            if place in document.lines:
                document.lines[place] = key.start_mark.line + 1
                document.refuse(f"the key '{key.value}' stands twice; keep one.", place)
            document.lines[place] = key.start_mark.line + 1
            _walk(value, place, document)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*where, index), document)


def _describe(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"{value!r}"
