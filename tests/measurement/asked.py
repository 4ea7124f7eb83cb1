"""Small instruments and answers for the tests of measurement and models."""

import numpy as np
import pandas as pd

from crmstudy.instrument.model import Instrument, Item, Language, Origin, ResponseFormat, Rights, Scale
from crmstudy.responses import Responses

AGREE = ResponseFormat("agree", 1, 5, {1: {"en": "not at all", "fa": "هیچ"}, 5: {"en": "fully", "fa": "کاملا"}}, (9,))
WIDE = ResponseFormat("wide", 0, 100)


def instrument(*scales: Scale, loose: tuple[Item, ...] = ()) -> Instrument:
    items = {item.id: item for scale in scales for item in scale.items} | {item.id: item for item in loose}
    return Instrument(
        id="small", version="1", name={"en": "Small"}, respondent="customer", wording="none",
        languages={"en": Language("en", "ltr", "draft")}, responses={"agree": AGREE, "wide": WIDE},
        items=tuple(items.values()), scales=scales,
        rights=Rights("nobody", "public-domain", "free", Origin()), provenance={},
    )  # fmt: skip


def scale(id: str, items: tuple[Item, ...], **more: object) -> Scale:
    return Scale(id, {"en": id.title(), "fa": "مقیاس"}, items, "mean", 1, **more)  # type: ignore[arg-type]


def likert(*ids: str, reverse: tuple[str, ...] = ()) -> tuple[Item, ...]:
    return tuple(Item(id, order, AGREE, reverse=id in reverse) for order, id in enumerate(ids, start=1))


def answers(n: int, *names: str, seed: int = 1, noise: float = 0.8) -> pd.DataFrame:
    """Answers from 1 to 5 that share one common part."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    values = np.clip(np.rint(3 + common + noise * rng.normal(size=(n, len(names)))), 1, 5)
    return pd.DataFrame(values.astype(int), columns=list(names))


def small_responses(n: int = 60) -> Responses:
    """Trust with a reversed third item, worth with two items, a single complaint, and a variable."""
    trust, worth, complaint = likert("t1", "t2", "t3", reverse=("t3",)), likert("w1", "w2"), likert("c1")
    frame = answers(n, "t1", "t2", "t3", "w1", "w2", "c1")
    frame["t3"] = 6 - frame["t3"]
    frame["age"] = 20 + frame.index % 40
    asked = instrument(scale("trust", trust), scale("worth", worth), scale("complaint", complaint))
    return Responses.from_frame(frame, [asked])
