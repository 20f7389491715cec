"""From an event to who is told, and in which words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain.rules import Happening, Rule, Rules

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def rule(**changes: object) -> Rule:
    fields: dict[str, object] = {
        "kind": "deal_opened",
        "event_type": "DealOpened",
        "organisations": ("licensor", "broker"),
        "roles": ("admin",),
        "link": "/api/v1/deals/{deal}",
        "channels": ("in_app",),
        "title": {"en": "A new inquiry", "zh": "收到新的询盘"},
        "text": {"en": "{who} asks.", "zh": "{who}询问。"},
        "actor": "licensee",
        "params": {"deal": "deal"},
        "names": {"who": "licensee"},
    }
    return Rule(**(fields | changes))  # type: ignore[arg-type]


def grouped(**changes: object) -> Rule:
    many = {"en": "{count} of them.", "zh": "共 {count} 个。"}
    return rule(group_by=("deal",), window=timedelta(minutes=10), many=many, **changes)


def happening(event_id: str = "e1", *, after_s: float = 0, **fields: str) -> Happening:
    values = {"licensor": "uni", "licensee": "firm", "broker": "broker", "deal": "d1"} | fields
    read: Callable[[str], str] = values.__getitem__
    return Happening(event_id, "DealOpened", NOON + timedelta(seconds=after_s), read)


def told(rules: Rules, *happenings: Happening) -> list[str]:
    return [notice.organisation_id for notice in rules.notices(happenings)]


def test_the_organisations_concerned_are_told_but_not_the_one_that_acted() -> None:
    assert told(Rules([rule()]), happening()) == ["uni", "broker"]
    assert told(Rules([rule()]), happening(licensee="uni")) == ["broker"]


def test_a_field_left_empty_concerns_nobody() -> None:
    assert told(Rules([rule()]), happening(broker="")) == ["uni"]


def test_an_organisation_in_two_roles_is_told_once() -> None:
    assert told(Rules([rule()]), happening(broker="uni")) == ["uni"]


def test_a_condition_that_does_not_hold_tells_nobody() -> None:
    rules = Rules([rule(when={"state": "REJECTED"})])
    assert told(rules, happening(state="WITHDRAWN")) == []
    assert told(rules, happening(state="REJECTED")) == ["uni", "broker"]


def test_an_event_without_a_rule_tells_nobody() -> None:
    unknown = Happening("e1", "SomethingElse", NOON, {}.__getitem__)
    assert Rules([rule()]).notices([unknown]) == []


def test_two_events_are_two_causes_unless_grouped() -> None:
    assert told(Rules([rule()]), happening("e1"), happening("e2")) == ["uni", "broker", "uni", "broker"]


def test_a_burst_is_folded_into_one_notice_with_a_count_and_the_latest_words() -> None:
    rules = Rules([grouped(organisations=("licensor",), params={"deal": "deal", "note": "note"})])
    burst = [happening(f"e{n}", after_s=n, note=f"note {n}") for n in range(500)]
    (notice,) = rules.notices(burst)
    assert (notice.count, notice.cause, notice.params["note"]) == (500, "d1", "note 499")
    assert (notice.first_at, notice.last_at) == (NOON, NOON + timedelta(seconds=499))


def test_groups_are_kept_apart_by_what_they_have_in_common() -> None:
    rules = Rules([grouped(organisations=("licensor",))])
    notices = rules.notices([happening("e1", deal="d1"), happening("e2", deal="d2"), happening("e3", deal="d1")])
    assert {notice.cause: notice.count for notice in notices} == {"d1": 2, "d2": 1}


@pytest.mark.parametrize(
    ("language", "count", "text"),
    [
        ("en", 1, "Anxi Tea asks."),
        ("zh", 1, "Anxi Tea询问。"),
        ("en", 3, "3 of them."),
        ("zh", 3, "共 3 个。"),
        ("fr", 1, "Anxi Tea asks."),
    ],
)
def test_words_are_in_the_language_asked_for_with_names_and_counts(language: str, count: int, text: str) -> None:
    params = {"deal": "d1", "who": "firm"}
    rendered = Rules([grouped()]).render("deal_opened", language, count, params, {"firm": "Anxi Tea"})
    assert (rendered.text, rendered.link) == (text, "/api/v1/deals/d1")


def test_braces_in_what_people_wrote_are_only_characters() -> None:
    params = {"deal": "{count}{0.__class__}", "who": "firm"}
    rendered = Rules([rule()]).render("deal_opened", "en", 1, params, {"firm": "{oops}"})
    assert rendered.text == "{oops} asks."
    assert rendered.link == "/api/v1/deals/{count}{0.__class__}"


def test_where_a_name_is_not_known_the_id_stands() -> None:
    assert Rules([rule()]).render("deal_opened", "en", 1, {"deal": "d1", "who": "firm"}, {}).text == "firm asks."


def test_two_rules_may_not_share_a_kind() -> None:
    with pytest.raises(ValueError, match="deal_opened"):
        Rules([rule(), rule()])
