"""Questionnaires for the tests of the session: one with every kind of question, and any that can be thought of."""

from __future__ import annotations

from hypothesis import strategies as st

from crmstudy.administration.fieldwork import Sample
from crmstudy.instrument.drafts import draft
from crmstudy.instrument.model import Item, Question, ResponseFormat, Scale, Section

TAGS = ("en", "fa", "ru")
FIVE = ResponseFormat(
    "five", 1, 5, {n: {tag: f"{tag} {n}" for tag in TAGS} for n in range(1, 6)}, (-8, -9), missing_labels={
        -8: dict.fromkeys(TAGS, "does not apply")
    },
)  # fmt: skip
TWO = ResponseFormat("two", 0, 1, {n: {tag: f"{tag} {n}" for tag in TAGS} for n in (0, 1)}, measure="nominal")
LINE = ResponseFormat("line", 0, 100, {n: dict.fromkeys(TAGS, "end") for n in (0, 100)}, (-8,), missing_labels={
    -8: dict.fromkeys(TAGS, "does not apply")
})  # fmt: skip
LIST = ResponseFormat("list", 1, 4, {n: {tag: f"{tag} {n}" for tag in TAGS} for n in range(1, 5)})
OPEN = ("multi", "rank", "integer", "decimal", "text", "longtext", "date", "info")


def words(id):
    return {tag: f"{tag} {id}" for tag in TAGS}


def item(id, order=1, response=FIVE, **more):
    return Item(id, order, response, wording=words(id), **more)


def question(id, order, kind, **more):
    response = LIST if kind in ("multi", "rank") else None
    return Question(id, order, kind, response, words(id), **more)


def questionnaire(id, entries, *, scales=(), sections=(), **more):
    """An instrument of entries in their order; a scale is (id, ids of its items)."""
    items = [one for one in entries if isinstance(one, Item)]
    known = {one.id: one for one in items}
    made = [Scale(name, words(name), tuple(known[i] for i in ids), "mean", 1) for name, ids in scales]
    return draft(
        id, name=words(id), items=items, questions=[one for one in entries if isinstance(one, Question)],
        scales=made, sections=sections, languages=TAGS, instructions=words(f"{id} instructions"), **more,
    )  # fmt: skip


def every_kind(**more):
    """One sample with every kind of question, in two instruments and three sections."""
    first = questionnaire(
        "first",
        [
            item("a1", 1), item("a2", 2), item("a3", 3, expected=2), item("a4", 4),
            item("uses", 5, TWO, required="hard"), item("wide", 6, LINE), item("line", 7, LINE, slider=True),
        ],
        scales=[("alpha", ["a1", "a2", "a4"])],
        sections=[Section("s1", ("a1", "a2", "a3", "a4"), words("S1"), words("T1")),
                  Section("s2", ("uses", "wide", "line"), words("S2"))],
    )  # fmt: skip
    second = questionnaire(
        "second",
        [question(kind, nth, kind) for nth, kind in enumerate(OPEN, start=1)]
        + [question("age", 10, "integer", low=15, high=99, required="hard"),
           question("share", 11, "decimal", low=0, high=100, required="no"), question("top2", 12, "rank", top=2)],
    )  # fmt: skip
    return Sample("staff", "staff", (first, second), **more)


@st.composite
def samples(draw, conditions=True):
    """Any sample: some instruments, sections or none, random order or none, conditions that look back."""
    instruments, names = [], []
    for nth in range(draw(st.integers(1, 3))):
        entries = []
        for place in range(draw(st.integers(1, 9))):
            id = f"q{nth}_{place}"
            required = draw(st.sampled_from(["soft", "soft", "soft", "no", "hard"]))
            kind = draw(st.sampled_from(["item", "item", "item", "check", "line", *OPEN]))
            if kind in ("item", "check"):
                response = draw(st.sampled_from([FIVE, TWO]))
                entries.append(
                    item(id, place + 1, response, required=required, expected=1 if kind == "check" else None)
                )
            elif kind == "line":
                entries.append(item(id, place + 1, LINE, required=required, slider=draw(st.booleans())))
            else:
                entries.append(question(id, place + 1, kind, required="no" if kind == "info" else required))
        items = [one.id for one in entries if isinstance(one, Item)]
        if all(isinstance(one, Question) and one.type == "info" for one in entries):
            entries.append(item(f"q{nth}_x", len(entries) + 1))
        cut = draw(st.integers(0, len(items)))
        scales = [(f"s{nth}{half}", ids) for half, ids in (("a", items[:cut]), ("b", items[cut:])) if ids]
        ids, sections = [one.id for one in entries], []
        while ids and (sections or draw(st.booleans())):
            size = draw(st.integers(1, len(ids)))
            sections.append(Section(f"part{nth}_{len(sections)}", tuple(ids[:size]), words("part"), words("text")))
            ids = ids[size:]
        instruments.append(questionnaire(f"i{nth}", entries, scales=scales, sections=sections))
        names += entries
    chosen = {}
    closed = [nth for nth, one in enumerate(names) if isinstance(one, Item)]
    for nth, one in enumerate(names):
        earlier = [place for place in closed if place < nth]
        if conditions and earlier and draw(st.integers(0, 3)) == 0:
            by = names[draw(st.sampled_from(earlier))]
            how = draw(st.sampled_from(["{} = {}", "answered({})", "not {} = {}", "{} > {}", "refused({})"]))
            value = by.response.high if ">" not in how else by.response.low
            chosen[one.id] = how.format(by.id, value)
    random = tuple(one.id for one in instruments if draw(st.booleans()))
    return Sample(
        "s", "staff", tuple(instruments), rows=draw(st.integers(2, 6)), conditions=chosen, randomise=random,
        refusal=draw(st.booleans()),
    )  # fmt: skip
