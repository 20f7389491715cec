"""One hall with a market, and one Chromium, for all tests of this folder.

`visit(...)` gives a person before a screen (tests.support.browsers.person); at its end a complaint of the browser fails
the test. `signed_in` is the state of a browser in which a member of the company, or the university, has signed in.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.pages import sign_in
from tests.support.brokers import lacking
from tests.support.browsers import Person, chromium, launch, person
from tests.support.halls import HallProcess
from tests.support.markets import Account, Market, build_market, operator_of

Visit = Callable[..., AbstractContextManager[Person]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(300))


# Package scope, not session: while Playwright runs, no other test could run an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        lacking("Chromium is missing (Debian: apt-get install chromium fonts-noto-cjk)")
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HallProcess]:
    hall = HallProcess(tmp_path_factory.mktemp("browser") / "home")
    hall.start()
    yield hall
    hall.stop()


@pytest.fixture(scope="package")
def market(hall: HallProcess) -> Market:
    return build_market(hall.url)


@pytest.fixture
def visit(browser: Browser, hall: HallProcess, market: Market) -> Visit:  # noqa: ARG001  # pages have something to show
    def begin(**choices: Any) -> AbstractContextManager[Person]:
        return person(browser, hall.url, **choices)

    return begin


@pytest.fixture(scope="package")
def company_state(browser: Browser, hall: HallProcess, market: Market) -> Any:
    return _state(browser, hall, market.company)


@pytest.fixture(scope="package")
def university_state(browser: Browser, hall: HallProcess, market: Market) -> Any:
    return _state(browser, hall, market.university)


@pytest.fixture(scope="package")
def operator(hall: HallProcess, market: Market) -> Account:  # noqa: ARG001  # with something to see
    return operator_of(hall.url, hall.home)


@pytest.fixture(scope="package")
def operator_state(browser: Browser, hall: HallProcess, operator: Account) -> Any:
    return _state(browser, hall, operator)


@pytest.fixture
def both(company_state: Any, university_state: Any) -> tuple[Any, Any]:
    """The engineer's browser and the officer's."""
    return company_state, university_state


def _state(browser: Browser, hall: HallProcess, account: Account) -> Any:
    with person(browser, hall.url) as someone:
        sign_in(someone, account)
        return someone.page.context.storage_state()
