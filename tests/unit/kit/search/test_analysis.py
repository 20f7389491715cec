import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.kit.search import analysis


def test_chinese_becomes_pairs_and_the_last_character_english_stems() -> None:
    assert analysis.text_terms("石墨烯 Neural Networks，LiFePO4正极") == {
        *("石墨", "墨烯", "烯", "neural", "network", "lifepo4", "正极", "极")
    }


def test_a_headline_also_has_the_sounds_and_the_order_of_its_words() -> None:
    assert analysis.pinyin_terms("石墨烯 net") == {"~shi'mo", "~mo'xi"}
    assert analysis.bonds("Neural networks 石墨 for games") == {"neural network", "for game"}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("CN202310375785.X", "202310375785X"),
        ("202310375785X", "202310375785X"),
        ("ZL 2023 1 0375785.X", "202310375785X"),
        ("cn202310375785.x", "202310375785X"),
        ("ＣＮ２０２３１０３７５７８５．Ｘ", "202310375785X"),
        ("CN95115608.X", "95115608X"),
        ("CN 106844774 A", "106844774"),
        ("US 9,153,231 B2", "9153231"),
        ("USRE36823", "RE36823"),
        ("PCT/CN2018/082782", "2018082782"),
    ],
)
def test_numbers_have_one_spelling(written: str, number: str) -> None:
    assert [found for found, _ in analysis.numbers_in(written)] == [number]


@pytest.mark.parametrize("written", ["", "石墨烯", "2023", "X", "H01M", "5G 通信", "LiFePO4"])
def test_what_is_no_number(written: str) -> None:
    assert analysis.numbers_in(written) == []


def test_pinyin_is_read_in_the_fewest_syllables() -> None:
    assert analysis.as_syllables("shimoxi") == ("shi", "mo", "xi")
    assert analysis.as_syllables("xian") == (), "one syllable says nothing about where it stands"
    assert analysis.as_syllables("neural") == ()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("networl", "network"), ("netwrok", "network"), ("netwok", "network"), ("nettwork", "network"), ("a", "ab")],
)
def test_one_error_is_one_error(typed: str, meant: str) -> None:
    assert analysis.is_one_error_away(typed, meant)
    assert analysis.deletions(typed) & analysis.deletions(meant)


@pytest.mark.parametrize(("typed", "other"), [("netwrko", "network"), ("net", "network"), ("abcd", "dcba")])
def test_two_errors_are_too_many(typed: str, other: str) -> None:
    assert not analysis.is_one_error_away(typed, other)


@given(some.text(alphabet="abcd", min_size=1, max_size=8), some.data())
def test_any_single_error_is_found_by_a_common_deletion(word: str, data: some.DataObject) -> None:
    place = data.draw(some.integers(0, len(word) - 1))
    letter = data.draw(some.sampled_from("abcd"))
    before, after = word[:place], word[place + 1 :]
    for typed in (before + letter + after, before + after, before + letter + word[place:]):
        assert analysis.is_one_error_away(typed, word)
        assert analysis.deletions(typed) & analysis.deletions(word)


@given(some.text(max_size=200))
def test_any_text_becomes_terms_without_operators(text: str) -> None:
    for term in analysis.text_terms(text) | analysis.pinyin_terms(text):
        assert "=" not in term
        assert " " not in term
        assert "\x00" not in term
