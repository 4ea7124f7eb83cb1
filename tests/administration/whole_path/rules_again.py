"""The rules of a questionnaire once more, written from what the documentation says, and slow; nothing of the package.

A person's answers are ``{id: value}``; what was seen and left out or refused is None, what was refused stands in
``refused`` too.
"""

from __future__ import annotations

import operator
import unicodedata

from crmstudy.instrument.model import Item

_ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def holds(tree, known, refused, codes):
    """Whether a condition holds; ``codes`` are the missing codes of items, which are above or below nothing."""
    sign, *rest = tree
    if sign == "not":
        return not holds(rest[0], known, refused, codes)
    if sign == "and":
        return holds(rest[0], known, refused, codes) and holds(rest[1], known, refused, codes)
    if sign == "or":
        return holds(rest[0], known, refused, codes) or holds(rest[1], known, refused, codes)
    name = rest[0]
    answer = known.get(name)
    if sign == "refused":
        return name in refused
    if answer is None or answer == "":
        return False
    if sign == "answered":
        return True
    if sign == "has":
        return (rest[1] in answer) != rest[2]
    if sign == "in":
        return (answer in rest[1]) != rest[2]
    value = rest[1]
    if name == "level":  # an attribute is a text that may be compared as a number
        answer = float(answer)
    if isinstance(value, str):
        answer, value = (unicodedata.normalize("NFC", text).casefold() for text in (answer, value))
    if sign in ("=", "!="):
        return (answer == value) == (sign == "=")
    return answer not in codes.get(name, ()) and _ORDERED[sign](answer, value)


def hidden(made, given, refused, context):
    """The ids of what is not asked; a hidden question counts as not answered for every later condition."""
    codes = {one.id: one.response.missing_codes for one in made.entries if isinstance(one, Item)}
    known, still, gone = {**context, **given}, set(refused), set()
    for entry in made.entries:
        if not all(holds(tree, known, still, codes) for tree in made.rules.get(entry.id, ())):
            gone.add(entry.id)
            known.pop(entry.id, None)
            still.discard(entry.id)
    return gone


def quota_holds(made, id, given, refused, context):
    """Whether somebody counts in a quota, by what is handed over of them."""
    gone = hidden(made, given, refused, context)
    codes = {one.id: one.response.missing_codes for one in made.entries if isinstance(one, Item)}
    known = {**context, **{name: answer for name, answer in given.items() if name not in gone}}
    return holds(made.quotas[id][0], known, set(refused) - gone, codes)


def record(made, given, refused, context):
    """Answers, reasons, open answers and completeness, as a hand-over has them."""
    gone = hidden(made, given, refused, context)
    answers, reasons, opened = {}, {}, {}
    complete = True
    for entry in made.entries:
        closed = isinstance(entry, Item)
        if not closed and entry.type == "info":
            continue
        shown = entry.id not in gone
        value = given.get(entry.id) if shown else None
        if shown and entry.id not in given:
            complete = False
        if closed:
            answers[entry.id] = value
            if not shown:
                reasons[entry.id] = "not-shown"
            elif entry.id not in given:
                reasons[entry.id] = "not-reached"
            elif value is None and entry.id in refused:
                reasons[entry.id] = "refused"
        elif value is not None:
            opened[entry.id] = value
    return {"answers": answers, "reasons": reasons, "open": opened, "complete": complete}


def may_change_places(made):
    """Groups of ids that may stand in each other's places, by section and scales."""
    used = set()

    def note(tree):
        if tree[0] in ("and", "or", "not"):
            for part in tree[1:]:
                note(part)
        else:
            used.add(tree[1])

    for tree in (tree for trees in made.rules.values() for tree in trees):
        note(tree)
    groups = []
    for one in made.sample.instruments:
        if one.id not in made.sample.randomise:
            continue
        for part in [section.entries for section in one.sections] or [[entry.id for entry in one.entries]]:
            by_scale = {}
            for scale in one.scales:
                for id in scale.item_ids:
                    if id in part and id not in used and id not in made.sample.conditions:
                        by_scale.setdefault(scale.id, []).append(id)
            groups += [set(ids) for ids in by_scale.values()]
    return groups
