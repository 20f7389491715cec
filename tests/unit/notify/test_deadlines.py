"""deadlines.toml fits the contracts, and both languages can be rendered."""

from dataclasses import replace
from typing import Any

import pytest

from services.notify.adapters import deadlines

RULES = deadlines.load()
OFFER = RULES.by_kind["offer_expires"]


@pytest.mark.parametrize("kind", sorted(RULES.by_kind))
def test_both_languages_can_be_rendered(kind: str) -> None:
    params = {name: f"<{name}>" for name in RULES.by_kind[kind].params}
    for language in ("en", "zh"):
        words = RULES.render(kind, language, params)
        assert "{" not in words.title + words.text + words.link
        assert any("\u4e00" <= character <= "\u9fff" for character in words.title) is (language == "zh")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"set_by": "zayton.nobody.v1.Nothing"}, "no topic carries"),
        ({"cleared_by": ("zayton.listing.v1.ImportFinished",)}, "has no plain field deal.deal_id"),
        ({"due": ("offer.round",)}, "has no time offer.round"),
        ({"due": ("offer.nothing",)}, "has no time offer.nothing"),
        ({"organisations": ("deal.nobody",)}, "no plain field deal.nobody"),
        ({"title": {"en": "{nothing}", "zh": "无"}}, "no such placeholder: nothing"),
    ],
)
def test_a_slip_is_found_and_named(change: dict[str, Any], fault: str) -> None:
    assert fault in (deadlines.fault_of(replace(OFFER, **change)) or "")
    assert deadlines.fault_of(OFFER) is None
