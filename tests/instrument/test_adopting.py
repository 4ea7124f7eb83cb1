"""Published wording: taken over where it is that of the key, refused with the whole list where it is not."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crmstudy.errors import InstrumentError
from crmstudy.instrument import list_instruments, load_instrument
from crmstudy.instrument.lints.wording import LANGUAGES
from crmstudy.instrument.load import parse_instrument
from crmstudy.instrument.revising.adapting import Added, Changes, adapt, read_changes
from crmstudy.instrument.revising.adopting import Worded, Wording, adopt, template_rows
from crmstudy.instrument.writing import write_yaml

STY = load_instrument("crm-sty")
ALL = list_instruments()
_NUMERALS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def _text(id: str, lang: str) -> str:
    spelled = " ".join(_NUMERALS[int(sign)] if sign.isdigit() else sign for sign in id)
    return {"fa": f"جملهٔ {spelled} این پرسشنامه", "ru": f"Утверждение {spelled}"}.get(lang, f"Satz {spelled}")


def _wording(one, *languages: str, without=(), more=()):
    ids = [entry.id for entry in one.entries if entry.id not in without] + list(more)
    rows = [Worded(id, {tag: _text(id, tag) for tag in languages}, line=n) for n, id in enumerate(ids, start=2)]
    return Wording(tuple(rows), languages, "texts.csv", "ab" * 32)


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.id}@{one.version}")
@pytest.mark.parametrize("lang", ["fa", "de"])
def test_every_instrument_takes_wording_and_keeps_its_key(one, lang):
    made = adopt(one, _wording(one, lang)).instrument
    assert made.wording == "published"
    assert made.fingerprint == one.fingerprint
    assert list(made.languages) == [lang]
    assert made.languages[lang].status == "draft"
    assert all(entry.wording == {lang: _text(entry.id, lang)} for entry in made.entries)
    assert parse_instrument(write_yaml(made)) == made
    for entry in made.items:
        assert entry.response.missing_codes == one.item(entry.id).response.missing_codes


def test_our_texts_in_other_languages_go_and_it_is_said():
    made = adopt(STY, _wording(STY, "fa"))
    assert "ru" not in made.instrument.languages
    assert any(line.startswith("Texts in en, ru were left out") for line in made.told)
    assert "Not compared with a source" in made.instrument.provenance["content"].note


def test_a_source_is_named_only_when_it_is_there():
    assert adopt(STY, _wording(STY, "fa"), source="sin_2005").instrument.provenance["content"].source == "sin_2005"
    with pytest.raises(InstrumentError, match="Did you mean 'sin_2005'"):
        adopt(STY, _wording(STY, "fa"), source="sin_2006")


def test_the_whole_list_of_what_differs_is_refused_at_once():
    rows = list(_wording(STY, "fa", without=["TEC5", "KMG1"], more=["KMG11"]).rows)
    rows += [Worded("KCF1", {"fa": "دیگر"}, line=40), Worded("", {"fa": "بی‌نام"}, line=41)]
    rows[3] = Worded(rows[3].id, {"fa": ""}, line=5)
    rows[5] = Worded(rows[5].id, rows[6].texts, line=7)
    with pytest.raises(InstrumentError) as caught:
        adopt(STY, Wording(tuple(rows), ("fa",), "texts.csv"))
    said = [str(fault) for fault in caught.value.faults]
    for part in ("'KCF1' stands twice", "has no item id", f"'{rows[3].id}' has no text in fa",
                 "no text for the item 'TEC5'",
                 "no text for the item 'KMG1'", "have the same text in fa",
                 "'KMG11' is no item of the key. Did you mean 'KMG1'?"):  # fmt: skip
        assert any(part in line for line in said), part
    assert len(said) >= 7


def test_more_items_than_the_key_has_are_refused_unless_declared():
    with pytest.raises(InstrumentError, match="the key has 18 items and the wording 20"):
        adopt(STY, _wording(STY, "fa", more=["X1", "X2"]))


def test_numbers_of_another_order_are_refused():
    rows = [Worded(id, {"fa": _text(id, "fa")}, str(n)) for n, id in enumerate(STY.item_ids, start=1)]
    assert adopt(STY, Wording(tuple(rows), ("fa",))).instrument.wording == "published"
    rows[0], rows[1] = Worded(rows[0].id, rows[0].texts, "۲"), Worded(rows[1].id, rows[1].texts, "۱")
    with pytest.raises(InstrumentError, match=r"has the number [2۲] here"):
        adopt(STY, Wording(tuple(rows), ("fa",)))


def test_items_named_by_number_are_found():
    jss = load_instrument("jss")
    rows = [Worded(f"{item.order}.", {"en": _text(item.id, "en")}) for item in jss.items]
    bare = [Worded(str(item.order), row.texts) for item, row in zip(jss.items, rows, strict=True)]
    made = adopt(jss, Wording(tuple(bare), ("en",)))
    assert made.instrument.item(jss.item_ids[9]).wording["en"] == _text(jss.item_ids[9], "en")
    assert any("by number" in line for line in made.told)


def test_a_copy_of_our_paraphrase_is_told():
    rows = list(_wording(STY, "en").rows)
    rows[4] = Worded(rows[4].id, {"en": STY.text(STY.items[4].wording, "en").upper() + " "})
    told = adopt(STY, Wording(tuple(rows), ("en",))).told
    assert any("same as our paraphrase" in line and STY.items[4].id in line for line in told)


def test_a_slipped_row_is_told():
    ours = [STY.text(item.wording, "en") for item in STY.items]
    slipped = [*ours[1:4], "Nothing like it whatever"]
    rows = list(_wording(STY, "en").rows)
    for place, text in enumerate(slipped):
        rows[place] = Worded(rows[place].id, {"en": text})
    told = adopt(STY, Wording(tuple(rows), ("en",))).told
    assert any("rows have slipped" in line for line in told) or any("same as our" in line for line in told)


def test_labels_and_instructions_come_along():
    more = [Worded("agreement=1", {"de": "nein"}), Worded("agreement = 5", {"de": "ja"}),
            Worded("instructions", {"de": "Bitte ankreuzen."})]  # fmt: skip
    made = adopt(STY, Wording((*_wording(STY, "de").rows, *more), ("de",))).instrument
    response = made.items[0].response
    assert (response.label(1, "de"), response.label(5, "de"), response.shared) == ("nein", "ja", "")
    assert made.instructions == {"de": "Bitte ankreuzen."}


def test_a_second_published_language_joins_the_first():
    first = adopt(STY, _wording(STY, "fa")).instrument
    made = adopt(first, _wording(first, "ru"))
    one = made.instrument
    assert set(one.languages) == {"fa", "ru"}
    assert one.item("KCF1").wording == {"fa": _text("KCF1", "fa"), "ru": _text("KCF1", "ru")}
    assert not any("left out" in line for line in made.told)
    assert one.rights.statement == first.rights.statement
    assert parse_instrument(write_yaml(one)) == one


def test_labels_of_an_adapted_range_are_those_of_the_new_set():
    changes = Changes(rescale={"agreement": "agreement-7"})
    more = Worded("agreement=7", {"fa": "بسیار زیاد"})
    made = adopt(STY, Wording((*_wording(STY, "fa").rows, more), ("fa",)), changes=changes).instrument
    response = made.item("KCF1").response
    assert (response.low, response.high, response.label(7, "fa")) == (1, 7, "بسیار زیاد")
    assert response.label(1, "fa")


def test_a_template_asks_for_every_text():
    head, rows = template_rows(STY, LANGUAGES)
    assert head[:3] == ["item", "number", "scale"]
    assert [row[0] for row in rows[: len(STY.entries)]] == [entry.id for entry in STY.entries]
    assert all(row[3:6] == ["", "", ""] for row in rows)


CHANGES = Changes(
    drop=("KCF2", "TEC1"), add=(Added("NEW1", "KCF1", "key_customer_focus", {"en": "A new one."}, reverse=True),),
    rescale={"agreement": "agreement-7"},
)  # fmt: skip


def test_an_adaptation_is_a_version_of_its_own():
    data, told = adapt(STY, CHANGES)
    made = adopt(STY, None, changes=CHANGES).instrument
    assert (made.id, made.version) == ("crm-sty", "1.0-adapted")
    assert made.fingerprint != STY.fingerprint
    adaptation = made.adaptation
    assert (adaptation.of, adaptation.version, adaptation.fingerprint) == ("crm-sty", "1.0", STY.fingerprint)
    assert (adaptation.dropped, adaptation.added) == (("KCF2", "TEC1"), ("NEW1",))
    assert adaptation.rescaled == {"agreement": "agreement-5 -> agreement-7"}
    assert made.item("NEW1").reverse
    assert made.item_ids[:3] == ("KCF1", "NEW1", "KCF3")
    assert made.item("KMG1").response.high == 7
    assert made.scale("technology_based_crm").item_ids == ("TEC2", "TEC3", "TEC4", "TEC5")
    assert made.published is None
    assert parse_instrument(write_yaml(made)) == made
    assert data["version"] == made.version
    assert any("'technology_based_crm' has 4 items now, not 5" in line for line in told)


def test_scores_of_answers_follow_the_adapted_key():
    made = adopt(STY, None, changes=CHANGES).instrument
    answers = dict.fromkeys(made.item_ids, 7.0)
    assert made.scale("key_customer_focus").score(answers) == pytest.approx((3 * 7 + 1) / 4)


def test_published_wording_of_an_adapted_form_is_held_against_the_adapted_key():
    ids = [id for id in STY.item_ids if id not in CHANGES.drop]
    rows = [Worded(id, {"fa": _text(id, "fa")}) for id in (*ids, "NEW1")]
    assert adopt(STY, Wording(tuple(rows), ("fa",)), changes=CHANGES).instrument.wording == "published"
    with pytest.raises(InstrumentError, match="no text for the item 'NEW1'"):
        adopt(STY, Wording(tuple(rows[:-1]), ("fa",)), changes=CHANGES)


def test_norms_and_bands_of_a_changed_scale_go():
    with_norms = next(one for one in ALL if any(scale.bands or scale.norms for scale in one.scores))
    score = next(score for score in with_norms.scores if score.bands or score.norms)
    made = adopt(with_norms, None, changes=Changes(drop=(score.items[0].id,))).instrument
    left = next(one for one in made.scores if one.id == score.id)
    assert (left.bands, left.norms, left.published) == (None, (), ())


def test_every_fault_of_an_adaptation_is_told_at_once(tmp_path):
    bad = Changes(
        drop=("KCF22",), add=(Added("KCF1"), Added("N", "KCF9", "focus", {"de": "x"}, True, "likert")),
        rescale={"agree": "agreement-7"}, min_answered={"x": 1},
    )  # fmt: skip
    with pytest.raises(InstrumentError) as caught:
        adapt(STY, bad, version="1.0")
    said = "\n".join(map(str, caught.value.faults))
    for part in (
        "'KCF22'",
        "'KCF1', which there is already",
        "'KCF9'",
        "'focus'",
        "likert",
        "de",
        "'agree'",
        "'x'",
        "1.0",
    ):
        assert part in said


def test_an_adaptation_file_is_read_with_all_faults(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("drop: [KCF2]\nrescale: {agreement: {low: 0, high: 10, labels: {0: {en: none}, 10: {en: all}}}}\n")
    made = adopt(STY, None, changes=read_changes(path)).instrument
    assert (made.item("KCF1").response.low, made.item("KCF1").response.high) == (0, 10)
    path.write_text("drop: KCF2\nad: []\nadd: [{after: KCF1, reverse: maybe}]\n")
    with pytest.raises(InstrumentError) as caught:
        read_changes(path)
    assert len(caught.value.faults) >= 3
    path.write_text("reason: none\n")
    with pytest.raises(InstrumentError, match="changes nothing"):
        read_changes(path)


def test_a_response_range_that_does_not_fit_is_refused():
    with pytest.raises(InstrumentError):
        adopt(STY, None, changes=Changes(rescale={"agreement": {"low": 5, "high": 1}}))
    with pytest.raises(InstrumentError):
        adopt(STY, None, changes=Changes(rescale={"agreement": "no-such-set"}))


@given(st.lists(st.tuples(st.sampled_from([*STY.item_ids, "", "X", "agreement=3", "instructions",
                "7"]), st.text(max_size=20)),
                max_size=25))  # fmt: skip
def test_any_rows_are_taken_or_refused_with_sentences(rows):
    wording = Wording(tuple(Worded(id, {"fa": text}) for id, text in rows), ("fa",))
    try:
        made = adopt(STY, wording).instrument
    except InstrumentError as error:
        faults = error.faults
    else:
        faults = ()
        assert yaml.safe_load(write_yaml(made))["wording"] == "published"
    assert all(str(fault).endswith((".", "?")) for fault in faults)
