from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.relevance import Statistics
from services.matching.domain.shared_terms import SHOWN, shared_terms
from services.matching.domain.text import fold, units
from tests.unit.matching.makers import demand, listing, statistics


def shared(one: str, other: str, known: Statistics | None = None) -> list[str]:
    return shared_terms(units(one), other, known or statistics())


def test_the_longest_common_runs_are_named_the_most_telling_first() -> None:
    facts, offered = demand(), listing()
    named = shared(f"{facts.title}\n{facts.text}", f"{offered.title}\n{offered.text}")
    assert {"高镍三元正极", "循环寿命长", "电解液", "阻燃"} <= set(named)


def test_no_stray_character_is_named() -> None:
    assert shared("铝合金", "铝板") == []


def test_function_words_at_the_edges_are_cut() -> None:
    assert shared("电池的电解液", "一种电池的电极") == ["电池"]
    assert shared("a method for training of networks", "training of engineers") == ["training"]


def test_english_phrases_are_named_as_the_demand_wrote_them() -> None:
    assert shared("Training neural networks quickly", "a neural network is trained")[0] == "neural networks"


def test_what_every_listing_says_is_not_named() -> None:
    known = Statistics(100, {}, {"方法": 90, "电解": 2, "解液": 2})
    assert shared("方法 电解液", "电解液 方法", known) == ["电解液"]


def test_characters_from_the_middle_of_another_word_are_cut() -> None:
    # 性 and 立 are common, 性立 is not: a word ends between them.
    frequencies = {
        "性": 60,
        "立": 40,
        "方": 50,
        "性立": 1,
        "立方": 20,
        "方氮": 5,
        "氮": 6,
        "氮化": 5,
        "化": 30,
        "化硼": 4,
        "硼": 5,
    }
    known = Statistics(100, {}, frequencies)
    assert shared("改性立方氮化硼", "高性立方氮化硼", known) == ["立方氮化硼"]


@given(st.text(alphabet="电解液高镍的和a b", max_size=40), st.text(alphabet="电解液高镍的和a b", max_size=40))
def test_whatever_is_named_stands_in_both_texts(one: str, other: str) -> None:
    named = shared(one, other)
    assert len(named) <= SHOWN
    for term in named:
        words = " ".join(fold(one).split()), " ".join(fold(other).split())
        assert all(term in text for text in words)
        assert len(term) >= 2
