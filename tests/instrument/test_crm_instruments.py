"""Instruments on CRM and adoption: keys against hand-worked scores, versions, sources, and the look of the texts."""

from __future__ import annotations

import re

import pytest

import crmstudy as cs
from crmstudy.instrument import list_instruments, load_instrument

OWN = ("crm-benefits", "crm-failure", "crm-strategy", "customer-culture", "data-quality", "crm-commitment",
       "switching-ease", "relationship-attachment")  # fmt: skip
TAKEN_OVER = ("crm-sty", "crm-csf", "crm-rip", "tam", "utaut", "soco")
ALL = [one for one in list_instruments() if one.id in (*OWN, *TAKEN_OVER)]
NAMES = [f"{one.id}-{one.version}" for one in ALL]
CYRILLIC, LATIN = "А-Яа-яЁё", "A-Za-z"


def scored(tmp_path, id, answers):
    """Scores of one person whose answers are given by item."""
    file = tmp_path / "answers.csv"
    names = [item.id for item in load_instrument(id).items]
    row = ",".join(str(answers.get(name, "")) for name in names)
    file.write_text(",".join(names) + "\n" + row + "\n", encoding="utf-8")
    return cs.score(cs.read_responses(file, instruments=[id])).frame.iloc[0]


def test_the_combined_score_of_customer_orientation_turns_selling_round(tmp_path):
    answers = {f"SCO{i}": value for i, value in enumerate((9, 8, 8, 7, 8), 1)}
    answers |= {f"SSO{i}": value for i, value in enumerate((1, 2, 3, 4, 5), 1)}
    scores = scored(tmp_path, "soco", answers)
    assert scores["customer_oriented_selling"] == pytest.approx(8.0)
    assert scores["selling_orientation"] == pytest.approx(3.0)
    assert scores["customer_orientation"] == pytest.approx((8.0 + (10 - 3.0)) / 2)


def test_the_clash_of_programs_counts_against_facilitating_conditions(tmp_path):
    scores = scored(tmp_path, "utaut", {"FAC1": 7, "FAC2": 6, "FAC3": 1, "FAC4": 6})
    assert scores["facilitating_conditions"] == pytest.approx((7 + 6 + 7 + 6) / 4)


def test_the_four_elements_make_up_the_orientation(tmp_path):
    elements = {"KCF": (4, 5), "CRO": (5, 3), "KMG": (4, 2), "TEC": (5, 4)}
    answers = {f"{stem}{i}": value for stem, (count, value) in elements.items() for i in range(1, count + 1)}
    assert len(answers) == 18
    assert scored(tmp_path, "crm-sty", answers)["crm_orientation"] == pytest.approx(3.5)


def test_an_index_of_benefits_asks_for_nearly_all_answers(tmp_path):
    most = {f"BEN{i}": 4 for i in range(1, 6)}
    assert scored(tmp_path, "crm-benefits", most)["crm_working_benefits"] == pytest.approx(4.0)
    del most["BEN5"]
    assert scored(tmp_path, "crm-benefits", most).isna()["crm_working_benefits"]


def test_the_persian_layout_adds_three_items_and_changes_none():
    short, long = load_instrument("crm-sty"), next(one for one in ALL if one.version == "21")
    assert [len(scale.items) for scale in short.scales] == [4, 5, 4, 5]
    assert [len(scale.items) for scale in long.scales] == [6, 6, 4, 5]
    added = set(long.item_ids) - set(short.item_ids)
    assert added == {"KCF5", "KCF6", "CRO6"}
    assert set(short.item_ids) < set(long.item_ids)
    texts = {item.id: item.wording for item in long.items}
    assert all(item.wording == texts[item.id] for item in short.items)
    assert all(item.origin.unverified for item in long.items if item.id in added)
    assert short.fingerprint != long.fingerprint
    for text in long.notes.values():  # the contradiction of the source stays visible
        assert re.search("24|۲۴", text)
        assert re.search("32|۳۲", text)


@pytest.mark.parametrize("id", OWN)
def test_our_own_instruments_claim_no_validation(id):
    one = load_instrument(id)
    assert one.rights.holder == "the crmstudy project"
    assert one.rights.status == "open-licence"
    assert "No validation study exists" in one.notes["en"]
    assert not any(score.published or score.bands or score.norms for score in one.scores)
    for item in one.items:  # every statement names the text it was written from
        assert item.origin.source in one.sources
        assert item.note
    assert all(len(scale.items) >= 4 for scale in one.scales)


@pytest.mark.parametrize("one", ALL, ids=NAMES)
def test_texts_look_right_in_their_language(one):
    texts = [entry.wording for entry in one.entries] + [score.higher_means for score in one.scores]
    texts += [one.description, one.instructions, one.notes]
    assert all(set(each) == {"en", "fa", "ru"} for each in texts)
    for each in texts:
        said = {tag: one.text(each, tag) for tag in each}
        assert not any(re.search("[{}]", text) for text in said.values()), said
        assert not re.search(f"[{CYRILLIC}][{LATIN}]|[{LATIN}][{CYRILLIC}]", said["ru"]), said["ru"]
        assert not re.search(r"[?;٠-٩\u064a\u0643]|[\u0600-\u06ff],", said["fa"]), said["fa"]
        assert not re.search(r"\bвы\b|\bваш", said["ru"]), said["ru"]
        assert all(text[-1] in ".?؟" for text in said.values()), said
    for entry in one.entries:
        text = one.text(entry.wording, "ru")
        assert text[0].isupper(), text


def test_a_system_is_named_in_its_case():
    named = load_instrument("tam").filled({"system": {
        "en": {"base": "Sputnik"}, "fa": {"base": "اسپوتنیک", "ezafe": "اسپوتنیکِ"},
        "ru": {"nom": "«Спутник»", "gen": "«Спутника»", "dat": "«Спутнику»", "acc": "«Спутник»",
               "ins": "«Спутником»", "pre": "«Спутнике»"},
    }})  # fmt: skip
    texts = {item.id: item.wording for item in named.items}
    assert named.text(texts["PEU1"], "ru") == "Чтобы освоить «Спутник», мне не требуется больших усилий."
    assert named.text(texts["PEU2"], "ru") == "Я без труда получаю от «Спутника» то, чего жду."
    assert named.text(texts["PUS5"], "en") == "Sputnik takes part of the load off me."
    assert named.text(texts["PUS5"], "fa") == "با اسپوتنیک بار کارم سبک‌تر می‌شود."
