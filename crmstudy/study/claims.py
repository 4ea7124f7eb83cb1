"""Claims: what a hypothesis says of one parameter, read from text such as ``value ~ quality > 0``."""

from __future__ import annotations

import re

from crmstudy.study.parts import Claim, Relation

_CLAIM = re.compile(
    r"^(?P<target>.*\S)\s*(?P<relation>!=|<|>)\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$"
)
_TARGET = re.compile(r"^(?P<lhs>[^~=]*[^~=\s])\s*(?P<op>=~|~~|~)\s*(?P<rhs>\S.*)$")
_RELATIONS: dict[str, Relation] = {">": ">", "<": "<", "!=": "!="}
_SHAPE = "write a parameter, then >, < or != and a number, such as 'value ~ quality > 0' or 'indirect > 0'"


def parse_claim(text: str) -> Claim:
    """Read a claim.

    Raises
    ------
    ValueError
        With a sentence that says what was wanted.

    Examples
    --------
    >>> parse_claim("value ~ quality > 0")
    Claim(lhs='value', op='~', rhs='quality', relation='>', number=0.0)
    >>> str(parse_claim("indirect != 0"))
    'indirect != 0'
    """
    plain = text.strip().replace("−", "-").replace("≠", "!=")
    if re.search(r"[<>=]=|=[<>]|[≥≤]", plain):
        raise ValueError(f"the claim '{text}' compares with >=, <= or =; {_SHAPE}.")
    found = _CLAIM.match(plain)
    if found is None:
        raise ValueError(f"the claim '{text}' cannot be read; {_SHAPE}.")
    target = found["target"]
    relation, number = _RELATIONS[found["relation"]], float(found["number"])
    parameter = _TARGET.match(target)
    if parameter is not None:
        return Claim(parameter["lhs"], parameter["op"], parameter["rhs"].strip(), relation, number)
    if re.fullmatch(r"[^\W\d][\w.]*", target) is None:
        raise ValueError(f"the claim '{text}' says something about '{target}', which is no parameter; {_SHAPE}.")
    return Claim(target, "", "", relation, number)
