import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.relevance import Statistics, bm25, document, key_terms, listing_terms, query, vocabulary
from tests.unit.matching.makers import demand, listing, statistics


def test_what_answers_scores_above_what_does_not() -> None:
    answer, other = listing(), listing(title="海带晾晒架", text="一种海带晾晒架，由竹竿和支架组成。")
    known = statistics(answer, other)
    asked = query(demand(), known)
    assert bm25(asked, document(answer), known) > 3 * bm25(asked, document(other), known)


def test_a_word_of_the_title_weighs_more_than_one_of_the_text() -> None:
    known = statistics()
    asked = query(demand(title="电解液", text=""), known)
    in_title = document(listing(title="电解液", text="用于车辆的方案"))
    in_text = document(listing(title="用于车辆的方案", text="电解液"))
    assert bm25(asked, in_title, known) > bm25(asked, in_text, known)


def test_rare_terms_weigh_more() -> None:
    known = Statistics(100, {}, {"方法": 90, "磷腈": 2})
    assert known.idf("磷腈") > 5 * known.idf("方法") > 0


def test_without_statistics_every_term_weighs_alike() -> None:
    asked = query(demand(title="高镍 电解液", text="", industry=""), Statistics())
    assert len(set(asked.weights.values())) == 1


def test_the_key_terms_are_the_most_telling_within_the_limits() -> None:
    known = Statistics(100, {}, {"电解": 1, "解液": 1, "方法": 90})
    chosen = dict(key_terms(demand(title="电解液方法", text="", industry="", ipc=()), known, limit=10, postings=0.05))
    assert {"电解", "解液"} <= chosen.keys()
    assert "方法" not in chosen
    assert sum(chosen.values()) == pytest.approx(1)
    assert len(key_terms(demand(), known, limit=3, postings=9)) == 3


def test_a_shared_symbol_alone_is_a_key_term() -> None:
    chosen = dict(key_terms(demand(), statistics(), limit=128, postings=99))
    assert "ipc:H01M 10/0525" in chosen
    assert "ipc:H01M 10/0525" in listing_terms(listing(title="Electrolyte", text="An electrolyte"))


@given(st.text(max_size=80), st.text(max_size=200), st.integers(1, 50), st.floats(0, 100))
def test_key_terms_of_any_demand_are_known_and_bounded(title: str, text: str, limit: int, postings: float) -> None:
    facts = demand(title=title, text=text)
    chosen = key_terms(facts, statistics(), limit=limit, postings=postings)
    assert {term for term, _ in chosen} <= vocabulary(facts)
    assert len(chosen) <= limit
    assert all(weight >= 0 for _, weight in chosen)
    assert not chosen or sum(weight for _, weight in chosen) == pytest.approx(1)


@given(st.text(max_size=100), st.text(max_size=100))
def test_bm25_of_any_texts_is_no_less_than_nothing(wanted: str, given_text: str) -> None:
    known = statistics()
    asked = query(demand(title=wanted, text=""), known)
    answer = document(listing(title=given_text, text=""))
    value = bm25(asked, answer, known)
    assert value >= 0
    assert (value > 0) == bool(asked.weights.keys() & answer.counts.keys())
