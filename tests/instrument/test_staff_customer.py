"""Keys of the instruments on staff and customers, held against the published ones, and what their texts must not be."""

from __future__ import annotations

import re

import pytest

from crmstudy.instrument import load_instrument

#: Spector's key: the 19 items worded against satisfaction, and the items of each facet.
JSS_REVERSED = [2, 4, 6, 8, 10, 12, 14, 16, 18, 19, 21, 23, 24, 26, 29, 31, 32, 34, 36]
JSS_FACETS = {
    "jss_pay": (1, 10, 19, 28), "jss_promotion": (2, 11, 20, 33), "jss_supervision": (3, 12, 21, 30),
    "jss_benefits": (4, 13, 22, 29), "jss_rewards": (5, 14, 23, 32), "jss_procedures": (6, 15, 24, 31),
    "jss_coworkers": (7, 16, 25, 34), "jss_work": (8, 17, 27, 35), "jss_communication": (9, 18, 26, 36),
}  # fmt: skip
#: Items of each scale and reversed items, as published (or ours, where the items are).
SHAPES = {
    "rfc-holt": ((10, 6, 6, 3), 6),
    "oric": ((5, 7), 0),
    "tcm-acs": ((6,), 3),
    "moaq-jss": ((3,), 1),
    "jss": ((4,) * 9, 19),
    "uwes9": ((3, 3, 3), 0),
    "turnover-intention": ((4,), 1),
    "staff-profile": ((4,) * 6, 3),
    "loy-zbp": ((5, 2, 2, 3, 1), 0),
    "satisfaction": ((5,), 1),
    "kmv": ((5, 5), 1),
    "recommendation": ((1,), 0),
    "ecsi": ((5, 3, 7, 2, 3, 1, 3), 0),
}
#: Cases that a Russian preposition or a past tense would tie to one filling: о/об, в/во before, -л/-ла after.
TIED = re.compile(r"\b(?:о|об|в|во|со) \{\w+|\{\w+(?::\w+)?\}(?: \w+)? \w+(?:ла|ло|ал|ил|ел)\b")


@pytest.mark.parametrize(("name", "shape"), SHAPES.items(), ids=SHAPES)
def test_scales_have_the_published_number_of_items(name, shape):
    one = load_instrument(name)
    counts, reversed_items = shape
    assert tuple(len(scale.items) for scale in one.scales) == counts
    assert sum(item.reverse for item in one.items) == reversed_items
    assert sum(counts) == len(one.items)


def test_the_job_satisfaction_survey_has_spectors_key():
    jss = load_instrument("jss")
    assert [int(item.id[3:]) for item in jss.items if item.reverse] == JSS_REVERSED
    assert {scale.id: tuple(int(id[3:]) for id in scale.item_ids) for scale in jss.scales} == JSS_FACETS
    assert {scale.range for scale in jss.scales} == {(4, 24)}
    assert jss.wording == "none"
    assert not any(item.wording for item in jss.items)


def test_the_total_of_the_job_satisfaction_survey_runs_from_36_to_216():
    (total,) = load_instrument("jss").higher_order
    happy = {f"JSS{n}": 1 if n in JSS_REVERSED else 6 for n in range(1, 37)}
    assert total.range == (36, 216)
    assert total.score(happy) == 216
    assert total.score({id: 7 - answer for id, answer in happy.items()}) == 36
    assert total.score(dict.fromkeys(happy, 6)) == 19 * 1 + 17 * 6  # whoever agrees to everything
    assert total.score({**happy, "JSS1": None, "JSS10": None}) is None  # a facet without a score, so no total
    assert total.bands is not None
    assert [total.bands.band_of(score).label["en"] for score in (108, 109, 143, 144)] == [
        "Dissatisfied", "Ambivalent", "Ambivalent", "Satisfied",
    ]  # fmt: skip
    assert total.bands.source is None


def test_engagement_follows_the_authors_order():
    uwes = load_instrument("uwes9")
    found = {scale.id: scale.item_ids for scale in uwes.scales}
    assert found == {
        "vigor": ("UWES1", "UWES2", "UWES5"),
        "dedication": ("UWES3", "UWES4", "UWES7"),
        "absorption": ("UWES6", "UWES8", "UWES9"),
    }
    assert (uwes.items[0].response.low, uwes.items[0].response.high) == (0, 6)
    assert uwes.higher_order[0].part_ids == ("vigor", "dedication", "absorption")


def test_whoever_fears_no_loss_scores_high_on_personal_valence():
    valence = load_instrument("rfc-holt").scale("change_personal_valence")
    assert valence.score(dict.fromkeys(valence.item_ids, 1)) == 7


def test_loyalty_intentions_have_no_total():
    assert load_instrument("loy-zbp").higher_order == ()
    assert load_instrument("staff-profile").higher_order == ()


def test_readiness_to_implement_describes_the_organisation():
    oric = load_instrument("oric")
    assert oric.level == "organisation"
    assert [item.original for item in oric.items] == [str(n) for n in range(1, 13)]
    assert all("ICC(2)" in oric.notes[tag] and "rwg(j)" in oric.notes[tag] for tag in ("en", "fa", "ru"))


def test_the_recommendation_score_bears_no_registered_name():
    one = load_instrument("recommendation")
    named = [*one.name.values(), *one.scales[0].name.values(), *one.items[0].wording.values()]
    assert not [text for text in named if re.search(r"promoter|nps", text, re.IGNORECASE)]
    assert one.items[0].response.values == tuple(range(11))


def test_ecsi_keeps_the_fingerprint_under_which_answers_were_collected():
    assert load_instrument("ecsi").fingerprint == "1bcb2db0ddc88a9b3b2c169cc8ee7ebb87d8fc7c6bfd4cf853106fe3f4fc319a"


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "jss"])
def test_russian_texts_fit_whatever_fills_their_slots(name):
    one = load_instrument(name)
    texts = [one.instructions.get("ru", ""), *(item.wording["ru"] for item in one.items)]
    assert [text for text in texts if TIED.search(text)] == []


def test_texts_are_filled_in_every_case():
    filled = load_instrument("rfc-holt").filled(
        {
            "change": {
                "en": {"base": "the new CRM system"},
                "fa": {"base": "سامانهٔ جدید CRM", "ezafe": "سامانهٔ جدید CRM"},
                "ru": {
                    "nom": "внедрение CRM",
                    "gen": "внедрения CRM",
                    "dat": "внедрению CRM",
                    "acc": "внедрение CRM",
                    "ins": "внедрением CRM",
                    "pre": "внедрении CRM",
                },
            }
        }
    )
    assert filled.text(filled.item("RFCEF3").wording, "ru") == "Моих навыков для внедрения CRM достаточно."
    assert filled.text(filled.item("RFCAP6").wording, "ru") == "Внедрение CRM отвечает целям нашей организации."
    assert filled.text(filled.item("RFCAP1").wording, "fa") == "سامانهٔ جدید CRM وضع سازمان ما را بهتر خواهد کرد."
    assert filled.text(filled.item("RFCAP8").wording, "en") == "The new CRM system will repay the effort that it costs."
