"""Screenshots to look at: python -m tests.browser.shots FOLDER PATH… [--as company|university|operator] [--url URL]

Each path in both languages, on a phone and on a desk, light and dark. Without --url a hall with a market is started.
"""

import argparse
import re
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.pages import ADDRESSES, Address, sign_in
from tests.support.browsers import WIDTHS, launch, person
from tests.support.halls import HallProcess
from tests.support.markets import Account, Market, build_market, operator_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("paths", nargs="*", help="without their language; none for all")
    parser.add_argument("--as", dest="who", choices=["visitor", "company", "university", "operator"], default="visitor")
    parser.add_argument("--url", help="of a hall that runs, with the market of these tests")
    parser.add_argument("--scheme", nargs="+", choices=["light", "dark"], default=["light", "dark"])
    wanted = parser.parse_args()
    addresses = [Address(path, wanted.who) for path in wanted.paths] or list(ADDRESSES)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    if wanted.url:
        known = {"company": "engineer@company.test", "university": "tto@university.test"}
        accounts = {who: Account("", "", email, "") for who, email in known.items()}
        shoot(wanted.url, None, accounts, addresses, wanted.folder, schemes=wanted.scheme)
        return
    with tempfile.TemporaryDirectory(prefix="zayton-shots-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        hall = HallProcess(Path(folder) / "home")
        hall.start()
        try:
            market = build_market(hall.url)
            accounts = {
                "company": market.company,
                "university": market.university,
                "operator": operator_of(hall.url, hall.home),
            }
            shoot(hall.url, market, accounts, addresses, wanted.folder, schemes=wanted.scheme)
        finally:
            hall.stop()


def shoot(
    url: str,
    market: Market | None,
    accounts: dict[str, Account],
    addresses: list[Address],
    folder: Path,
    *,
    schemes: list[str],
) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for language, width, scheme, who in product(("zh", "en"), WIDTHS, schemes, ("visitor", *accounts)):
            theirs = [address for address in addresses if address.who == who]
            if not theirs:
                continue
            with person(browser, url, language=language, width=width, scheme=scheme) as someone:
                someone.expected = {address.status for address in theirs} | {404}
                if who in accounts:
                    sign_in(someone, accounts[who])
                for address in theirs:
                    someone.open(f"/{language}{address.on(market) if market else address.path}")
                    name = re.sub(r"[^a-z0-9]+", "_", address.path.strip("/")) or "home"
                    someone.page.screenshot(
                        path=folder / f"{name}-{who}-{language}-{width}-{scheme}.png", full_page=True
                    )
        browser.close()


if __name__ == "__main__":
    main()
