"""The addresses of the hall's pages, without their language. A page that is not here is not looked at."""

from dataclasses import dataclass

from tests.support.browsers import Person
from tests.support.markets import Account, Market


@dataclass(frozen=True)
class Address:
    """`path` may name {listing_id}, {demand_id}, {match_id}, {deal_id} and {signed_id}. `who`: visitor, company or university."""

    path: str
    who: str = "visitor"
    status: int = 200

    def on(self, market: Market) -> str:
        return self.path.format(
            listing_id=market.listings[0]["listing_id"],
            demand_id=market.demands[0]["id"],
            match_id=market.matches[0]["id"],
            deal_id=market.deals[0]["deal_id"],
            signed_id=market.deals[1]["deal_id"],
        )


ADDRESSES = (
    Address("/"),
    Address("/", "company"),
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
    Address("/no-such-page", status=404),
)


def sign_in(someone: Person, account: Account, language: str = "zh") -> None:
    someone.open(f"/{language}/sign-in")
    someone.page.locator("[name=email]").fill(account.email)
    someone.page.locator("[name=password]").fill(account.password)
    someone.page.locator("main button[type=submit]").click()
    someone.page.wait_for_url(lambda url: "sign-in" not in url)
