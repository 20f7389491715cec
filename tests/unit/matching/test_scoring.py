import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain import features, ipc
from services.matching.domain.facts import AskingPrice, DealForm, Money, PriceForm
from services.matching.domain.feedback import GREATEST_PENALTY, PENALTY, Dismissal, DismissalReason
from services.matching.domain.reasons import PRIVATE_TO_DEMAND, public
from services.matching.domain.relevance import Tally
from services.matching.domain.scoring import TEXT, THRESHOLD, Asked, Fit, Offered, explain, score
from tests.unit.matching.makers import NOW, demand, listing, right, statistics, yuan

SAMPLE = Path(__file__).parents[3] / "deploy" / "local" / "sample"


def fit(wanted: Any, offered: Any, *dismissals: Dismissal) -> Fit:
    known = statistics(offered)
    asked, ready = Asked.of(wanted, known, dismissals), Offered.of(offered)
    return explain(score(asked, ready, NOW), asked, ready)


def test_the_greatest_contributions_sum_to_one() -> None:
    best = (TEXT, features.IPC[ipc.Level.GROUP], features.PRICE, features.DEAL_FORM, features.INDUSTRY)
    rest = (features.TERRITORY, max(features.MATURITY.values()), max(features.STATUS.values()))
    assert sum(best) + sum(rest) == pytest.approx(1)


def test_the_reasons_are_facts_that_sum_to_the_score() -> None:
    found = fit(demand(), listing())
    assert found.score == pytest.approx(sum(each.contribution for each in found.reasons), abs=1e-3)
    told = {each.code: each.parameters for each in found.reasons}
    assert told["same_ipc_group"] == {"symbol": "H01M 10/0525"}
    assert told["price_within_budget"] == {"asking": "800,000 CNY", "budget": "1,000,000 CNY"}
    assert told["deal_form"] == {"forms": "ordinary_licence"}
    assert "电解液" in told["shared_terms"]["terms"]
    assert found.score > 0.7


def test_reasons_come_by_weight() -> None:
    weights = [abs(each.contribution) for each in fit(demand(), listing()).reasons]
    assert weights == sorted(weights, reverse=True)


def test_across_languages_the_symbols_speak() -> None:
    english = listing(
        title="Flame-retardant electrolyte",
        text="An electrolyte with a phosphazene flame retardant for nickel-rich cathodes.",
        language="en",
    )
    found = fit(demand(), english)
    assert found.score >= THRESHOLD
    assert {"texts_in_two_languages", "same_ipc_group"} <= {each.code for each in found.reasons}
    assert fit(demand(ipc=()), english).score < THRESHOLD


def test_a_number_named_in_the_demand_is_found_in_any_language() -> None:
    wanted = demand(title="寻求ZL202119900001.9的许可", text="", ipc=(), industry="")
    english = listing(title="Electrolyte", text="An electrolyte.", language="en", ipc=())
    found = fit(wanted, english)
    assert "202119900001" in next(each for each in found.reasons if each.code == "shared_terms").parameters["terms"]


def test_what_only_the_demand_may_read_names_every_reason_with_the_budget() -> None:
    prices = [
        AskingPrice(PriceForm.FIXED, yuan(800_000)),
        AskingPrice(PriceForm.FIXED, yuan(2_000_000)),
        AskingPrice(PriceForm.RANGE, yuan(800_000), yuan(2_000_000)),
        AskingPrice(PriceForm.FIXED, Money(1, "USD")),
    ]
    for asking in prices:
        reasons = fit(demand(), listing(price=asking)).reasons
        assert any("budget" in each.parameters for each in reasons)
        assert not any("budget" in each.parameters for each in public(reasons))
    assert "like_dismissed" in PRIVATE_TO_DEMAND


@pytest.mark.parametrize(
    ("reason", "like", "unlike"),
    [
        (DismissalReason.NO_FIT, {}, {"ipc": ("A01B 1/00",)}),
        (DismissalReason.PRIOR_ART, {}, {"ipc": ()}),
        (DismissalReason.PRICE, {}, {"price": AskingPrice(PriceForm.FIXED, yuan(1))}),
        (DismissalReason.REMAINING_LIFE, {}, {"right": right(expires_at=NOW.replace(year=2045))}),
    ],
)
def test_a_no_lowers_what_resembles_it_in_what_was_objected_to(
    reason: DismissalReason, like: dict[str, Any], unlike: dict[str, Any]
) -> None:
    dismissal = Dismissal(listing(title="被拒的专利"), reason)
    lowered = fit(demand(), listing(**like), dismissal)
    (lesson,) = [each for each in lowered.reasons if each.code == "like_dismissed"]
    assert lesson.contribution == PENALTY
    assert lesson.parameters == {"dismissed": "被拒的专利", "dismissal_reason": reason}
    assert lowered.score == pytest.approx(fit(demand(), listing(**like)).score + PENALTY, abs=1e-3)
    assert "like_dismissed" not in {each.code for each in fit(demand(), listing(**unlike), dismissal).reasons}


def test_unclear_words_say_nothing_of_other_listings() -> None:
    dismissal = Dismissal(listing(), DismissalReason.DESCRIPTION_UNCLEAR)
    assert "like_dismissed" not in {each.code for each in fit(demand(), listing(), dismissal).reasons}


def test_many_a_no_costs_no_more_than_the_greatest_penalty() -> None:
    many = [Dismissal(listing(), DismissalReason.NO_FIT)] * 10
    lessons = [each for each in fit(demand(), listing(), *many).reasons if each.code == "like_dismissed"]
    assert sum(each.contribution for each in lessons) == pytest.approx(GREATEST_PENALTY)


TEXTS = st.text(alphabet="电解液高镍三元阻燃 battery charge10.,", max_size=60)


@given(
    title=TEXTS,
    text=TEXTS,
    forms=st.lists(st.sampled_from(list(DealForm)), max_size=3),
    asking=st.integers(1, 10**13),
    budget=st.integers(1, 10**13),
)
def test_any_pair_scores_between_0_and_1_and_says_why(
    title: str, text: str, forms: list[DealForm], asking: int, budget: int
) -> None:
    wanted = demand(title=title, text=text, deal_forms=tuple(forms), budget=Money(budget, "CNY"))
    found = fit(wanted, listing(price=AskingPrice(PriceForm.FIXED, Money(asking, "CNY"))))
    total = sum(each.contribution for each in found.reasons)
    assert 0 <= found.score <= 1
    assert found.score == pytest.approx(min(1, max(0, total)), abs=1e-3)


def test_the_sample_finds_what_a_person_would_call_a_fit() -> None:
    rows = [json.loads(line) for line in (SAMPLE / "listings.jsonl").read_text(encoding="utf-8").splitlines()]
    wanted = [json.loads(line) for line in (SAMPLE / "demands.jsonl").read_text(encoding="utf-8").splitlines()]
    offered = [Offered.of(_from_sample(row)) for row in rows]
    tally = Tally()
    for each in offered:
        tally.add(each.document, each.listing.ipc)
    first, unwanted = 0, 0
    for row in wanted:
        asked = Asked.of(demand(**_words(row), budget=None, territories=(), deal_forms=()), tally.statistics())
        ranked = sorted(offered, key=lambda each: -score(asked, each, NOW).score)
        best = score(asked, ranked[0], NOW).score
        if row["expects"]:
            first += ranked[0].listing.right.number in row["expects"] and best >= THRESHOLD
        else:
            unwanted += best >= THRESHOLD
    assert (first, unwanted) == (sum(bool(row["expects"]) for row in wanted), 0)


def _words(row: dict[str, Any]) -> dict[str, Any]:
    symbols = tuple(filter(None, map(ipc.canonical, row["ipc"])))
    return {"title": row["title"], "text": row["problem"], "industry": row["industry"] or "", "ipc": symbols}


def _from_sample(row: dict[str, Any]) -> Any:
    return listing(
        title=row["title"],
        text=f"{row['abstract']}\n{row.get('prospect') or ''}",
        industries=tuple(row.get("industry") or ()),
        ipc=tuple(filter(None, map(ipc.canonical, row["ipc"]))),
        right=right(number=row["number"]),
    )
