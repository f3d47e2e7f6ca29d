"""A real headless Chromium for the tests of pages: the system's, else Playwright's own, else Debian's package.

Nothing is skipped where CI is set: a page that nobody looked at is no tested page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest
from axe_playwright_python.sync_playwright import Axe
from filelock import FileLock
from playwright.sync_api import Browser, Page, Playwright, Route, sync_playwright

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_AXE_RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}
_OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_INSTALLING_S = 600


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Shared by the tests of a process; each takes pages with contexts of their own (`page_of`)."""
    with sync_playwright() as playwright:
        path = _chromium(playwright)
        if path is None:
            said = "no Chromium: neither the system's, nor Playwright's download, nor Debian's package could be had"
            pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


def _chromium(playwright: Playwright) -> str | None:
    with FileLock(Path(gettempdir()) / f"tracker-tests-chromium-{os.getuid()}.lock"):
        return (
            _of_the_system()
            or _own(playwright)
            or _own(playwright, after=[sys.executable, "-m", "playwright", "install", "chromium"])
            or _packaged()
        )


def _of_the_system() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def _own(playwright: Playwright, *, after: list[str] | None = None) -> str | None:
    if after and not _succeeds(after):
        return None
    path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _packaged() -> str | None:
    """Debian's package; only root may install it."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    return _of_the_system() if _succeeds(["apt-get", "update"]) and _succeeds(install) else None


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=_INSTALLING_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@contextmanager
def page_of(
    browser: Browser, html: bytes, *, width: int = 1440, scheme: str = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """The page as a file would be opened, and the list of what it asked for beyond itself (nothing is let through)."""
    asked: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    address = "http://report.test/"

    def answer(route: Route) -> None:
        if route.request.url == address:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            asked.append(route.request.url)
            route.abort()

    try:
        context.route("**/*", answer)
        page = context.new_page()
        page.goto(address)
        yield page, asked
    finally:
        context.close()


def assert_anybody_can_read(page: Page, *, width: int) -> None:
    """Axe finds nothing by WCAG 2.2 AA, whatever is folded away being open, and nothing is wider than the page."""
    page.evaluate(_OPEN_ALL)
    found = Axe().run(page, options=_AXE_RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
