"""notifications.toml says of every event of the hall who is told of it, and fits the contracts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from zayton.contract.v1.events_pb2 import DealState, OfferMade

from services.kit.envelope import Event
from services.kit.topics import all_topics
from services.notify.adapters import catalogue
from services.notify.domain.rules import Rule

RULES, SILENT = catalogue.load()
EVERY_EVENT = {message for topic in all_topics() for message in topic.messages}
SOME_RULE = RULES.by_kind["matches_for_demand"]


def test_every_event_is_told_of_or_silent_for_a_reason() -> None:
    told = set(RULES.by_event)
    assert told | set(SILENT) == EVERY_EVENT
    assert not told & set(SILENT)
    assert all(len(reason) > 10 for reason in SILENT.values())


@pytest.mark.parametrize("kind", RULES.kinds)
def test_both_languages_can_be_rendered_for_one_and_for_many(kind: str) -> None:
    rule = RULES.by_kind[kind]
    params = {name: f"<{name}>" for name in (*rule.params, *rule.names)}
    for language in ("en", "zh"):
        for count in (1, 7):
            rendered = RULES.render(kind, language, count, params, {})
            assert rendered.title
            assert rendered.text
            assert rendered.link.startswith("/api/v1/")
            assert "{" not in rendered.title + rendered.text + rendered.link
            assert bool(rule.many and count > 1) is ("7" in rendered.text)
            assert any("\u4e00" <= character <= "\u9fff" for character in rendered.text) is (language == "zh")


@pytest.mark.parametrize("silent", ["listing.v1.ListingPublished", "listing.v1.RightRegistered"])
def test_an_import_of_thousands_tells_nobody_of_each_row(silent: str) -> None:
    assert f"zayton.{silent}" in SILENT


def test_a_side_exit_of_each_kind_has_its_own_words() -> None:
    closed = RULES.by_event["zayton.contract.v1.DealClosed"]
    states = [rule.when["deal.state"] for rule in closed]
    assert len(set(states)) == len(states)
    assert all(state in DealState.keys() for state in states)  # noqa: SIM118  # an enum wrapper is no dict


def test_an_offer_is_told_to_the_other_side_and_the_broker() -> None:
    offer = OfferMade()
    offer.deal.licensor_organisation_id = "uni"
    offer.deal.licensee_organisation_id = "firm"
    offer.deal.broker_organisation_id = "broker"
    offer.deal.title = "A kiln"
    offer.offer.from_organisation_id = "firm"
    offer.offer.round = 2
    now = datetime(2026, 1, 1, tzinfo=UTC)
    event = Event("e1", "/zayton/contract", "zayton.contract.v1.OfferMade", now, "d1", 3, offer)
    notices = RULES.notices([catalogue.happening(event)])
    assert [notice.organisation_id for notice in notices] == ["uni", "broker"]
    rendered = RULES.render("offer_made", "en", 1, notices[0].params, {"firm": "Anxi Tea"})
    assert rendered.text == "Anxi Tea has made an offer for “A kiln” (round 2)."


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"event_type": "zayton.nobody.v1.Nothing"}, "no topic carries"),
        ({"organisations": ("match.nobody",)}, "no plain field match.nobody"),
        ({"organisations": ("match",)}, "no plain field match"),
        ({"params": {"demand": "match.reasons"}}, "no plain field match.reasons"),
        ({"roles": ("owner",)}, "unknown: owner"),
        ({"channels": ("pigeon",)}, "unknown: pigeon"),
        ({"window": None}, "go together"),
        ({"text": {"en": "{nothing}", "zh": "无"}}, "no such placeholder: nothing"),
        ({"link": "/api/v1/matches/{nothing}"}, "no such placeholder: nothing"),
    ],
)
def test_a_slip_is_found_and_named(change: dict[str, Any], fault: str) -> None:
    slipped: Rule = replace(SOME_RULE, **change)
    assert fault in (catalogue.fault_of(slipped) or "")


def test_a_state_that_does_not_exist_is_found() -> None:
    slipped = replace(RULES.by_kind["deal_rejected"], when={"deal.state": "DEAL_STATE_NAPPING"})
    assert catalogue.fault_of(slipped) == "deal.state is never DEAL_STATE_NAPPING"


def test_a_file_with_a_slip_does_not_load(tmp_path: Path) -> None:
    path = tmp_path / "notifications.toml"
    path.write_text(
        catalogue.PATH.read_text(encoding="utf-8").replace('"deal.title"', '"deal.titel"'), encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"notifications\.toml: deal_opened: .* no plain field deal\.titel"):
        catalogue.load(path)


def test_groups_are_short_enough_to_be_news() -> None:
    windows = [rule.window for rule in RULES.by_kind.values() if rule.window]
    assert windows
    assert max(windows) <= timedelta(hours=1)
