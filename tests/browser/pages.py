"""The addresses of the hall's pages, without their language. A page that is not here is not looked at.

And what stories do on pages and beside them.
"""

from dataclasses import dataclass
from typing import Any

import httpx
from playwright.sync_api import Page

from tests.support.browsers import Person
from tests.support.halls import HallProcess
from tests.support.markets import Account, Market, bearer


@dataclass(frozen=True)
class Address:
    """`path` may name {listing_id}, {right_id}, {import_id}, {demand_id}, {match_id}, {endpoint_id},
    {deal_id} (being negotiated) and {signed_id}.

    `who`: visitor, company, university or operator.
    """

    path: str
    who: str = "visitor"
    status: int = 200

    def on(self, market: Market) -> str:
        return self.path.format(
            listing_id=market.listings[0]["listing_id"],
            right_id=market.listings[0]["right_id"],
            import_id=market.import_id,
            demand_id=market.demands[0]["id"],
            match_id=market.matches[0]["id"],
            deal_id=market.deals[0]["deal_id"],
            signed_id=market.deals[1]["deal_id"],
            endpoint_id=market.webhook["endpoint_id"],
        )


ADDRESSES = (
    Address("/"),
    Address("/", "company"),
    Address("/listings"),
    Address("/listings?q=%E9%9E%8B%E5%BA%95&kind=invention&sort=newest"),
    Address("/listings?q=qqqqqq"),
    Address("/listings?kind=nonsense&price_from=ten", status=422),
    Address("/listings/{listing_id}"),
    Address("/listings/{listing_id}", "company"),
    Address("/listings/{listing_id}", "university"),
    Address("/listings/00000000-0000-7000-8000-000000000000", status=404),
    Address("/demands"),
    Address("/demands?q=sensor&language=en"),
    Address("/demands/{demand_id}"),
    Address("/demands/{demand_id}", "company"),
    Address("/demands/new", "company"),
    Address("/demands/mine", "company"),
    Address("/demands/mine", "university"),
    Address("/sign-in"),
    Address("/sign-in?next=/zh/listings"),
    Address("/register"),
    Address("/about"),
    Address("/legal"),
    Address("/desk", "company"),
    Address("/desk", "university"),
    Address("/matches", "company"),
    Address("/matches?side=listing&show=open", "university"),
    Address("/matches/{match_id}", "company"),
    Address("/deals", "company"),
    Address("/deals/{deal_id}", "company"),
    Address("/deals/{deal_id}", "university"),
    Address("/deals/{signed_id}", "company"),
    Address("/notifications", "university"),
    Address("/listings/mine", "university"),
    Address("/listings/mine?status=draft", "company"),
    Address("/listings/new", "university"),
    Address("/listings/{listing_id}/manage", "university"),
    Address("/listings/{listing_id}/manage", "company", status=404),
    Address("/rights/{right_id}/offer", "university"),
    Address("/imports", "university"),
    Address("/imports/{import_id}", "university"),
    Address("/organisation", "company"),
    Address("/account", "company"),
    Address("/preferences", "company"),
    Address("/webhooks", "university"),
    Address("/webhooks/{endpoint_id}", "university"),
    Address("/payments", "university"),
    Address("/verify"),
    Address("/operator", "operator"),
    Address("/operator", "company", status=403),
    Address("/operator/organisations", "operator"),
    Address("/operator/listings", "operator"),
    Address("/operator/listings/{listing_id}", "operator"),
    Address("/operator/money", "operator"),
    Address("/no-such-page", status=404),
)


def sign_in(someone: Person, account: Account, language: str = "zh") -> None:
    someone.open(f"/{language}/sign-in")
    someone.page.locator("[name=email]").fill(account.email)
    someone.page.locator("[name=password]").fill(account.password)
    someone.page.locator("main button[type=submit]").click()
    someone.page.wait_for_url(lambda url: "sign-in" not in url)


def press(page: Page, act: str, *, within: str = "main") -> None:
    """The button of the form of an act."""
    page.locator(f"{within} form:has(input[name=act][value={act}]) button[type=submit]").click()


def at_the_api(hall: HallProcess, who: Account, path: str) -> Any:
    return httpx.get(f"{hall.url}/api/v1{path}", headers=bearer(who), timeout=30).json()
