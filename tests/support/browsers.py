"""Chromium as a person's browser, for tests: what goes wrong unseen (errors in the console, breaches of the content
security policy, files that do not come) fails a test, and axe-core looks at pages as WCAG 2.2 AA has it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, Response

WIDTHS = {390: 844, 1280: 900}  # a phone and a desk: width → height
Scheme = Literal["light", "dark"]
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium() -> str | None:
    """Its program. The headless shell draws the same pages with less work."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium") or shutil.which("chromium-browser")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=chromium(), headless=True, args=_ARGUMENTS)


@dataclass
class Person:
    """A person before a screen of their own: `page`, and what their browser complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)  # statuses that a story provokes on purpose

    def watch(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("response", self._on_response)
        self.page.on("requestfailed", self._on_failure)

    def open(self, path: str) -> Response:
        answer = self.page.goto(f"{self.url}{path}")
        assert answer is not None
        return answer

    def turn_to(self, width: int, scheme: Scheme) -> None:
        """The same page on another screen."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": WIDTHS[width]})

    def violations(self) -> list[str]:
        """What axe-core has against the page as it is now: rule, and the elements."""
        options: dict[str, Any] = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
        found = Axe().run(self.page, options=options).response["violations"]
        return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]]

    def overflows(self) -> bool:
        """Whether the page can be pushed sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def _on_console(self, message: ConsoleMessage) -> None:
        # That a document or file did not come is told by its status below.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status}: {response.url}")

    def _on_failure(self, request: Request) -> None:
        # A page that is left ends what it was asking for, such as its live stream.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure}: {request.url}")


@contextmanager
def person(
    browser: Browser,
    url: str,
    *,
    language: str = "zh",
    width: int = 1280,
    scheme: Scheme = "light",
    scripts: bool = True,
    state: Any = None,
) -> Iterator[Person]:
    """`state` is another person's `context.storage_state()`: the same person at another screen."""
    context: BrowserContext = browser.new_context(
        locale={"zh": "zh-CN", "en": "en-GB"}[language],
        viewport={"width": width, "height": WIDTHS.get(width, 900)},
        color_scheme=scheme,
        # Colours on their way from one scheme to the other are no colours of a page.
        reduced_motion="reduce",
        java_script_enabled=scripts,
        has_touch=width < 600,
        storage_state=state,
    )
    context.set_default_timeout(45_000)
    someone = Person(context.new_page(), url)
    someone.watch()
    try:
        yield someone
    finally:
        context.close()
    assert not someone.complaints, someone.complaints
