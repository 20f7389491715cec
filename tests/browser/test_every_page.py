"""Every page in both languages, on a phone and on a desk: it comes, is accessible, and nothing goes wrong unseen."""

from typing import Any

import pytest

from gateway.pages.views import PAGES
from tests.browser.conftest import Visit
from tests.browser.pages import ADDRESSES, Address
from tests.support.markets import Market


def _name(address: Address) -> str:
    return f"{address.path} as {address.who}"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("address", ADDRESSES, ids=_name)
def test_page_is_accessible_at_both_widths_and_schemes(
    address: Address, language: str, visit: Visit, market: Market, request: pytest.FixtureRequest
) -> None:
    state: Any = None if address.who == "visitor" else request.getfixturevalue(f"{address.who}_state")
    with visit(language=language, width=390, scheme="dark", state=state) as someone:
        someone.expected = {address.status}
        answer = someone.open(f"/{language}{address.on(market)}")
        assert answer.status == address.status
        assert someone.page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]
        assert someone.page.locator("h1").count() == 1
        assert someone.violations() == []
        assert not someone.overflows()
        someone.turn_to(1280, "light")
        assert someone.violations() == []
        assert not someone.overflows()


def test_every_page_of_the_hall_is_looked_at() -> None:
    """An address for each route that shows a page, so that no new page escapes the test above."""
    not_pages = {"/live", "/live/unread", "/suggestions", "/listings/{listing_id}/ask"}
    not_pages |= {"/deals/{deal_id}/document", "/deals/{deal_id}/evidence", "/invoices/{invoice_id}"}
    looked_at = [address.path.partition("?")[0] for address in ADDRESSES]
    shown = {page.path for page in PAGES if page.show} - not_pages
    assert shown - set(looked_at) == set()
