"""The pages in a real browser: WCAG 2.2 AA by axe, at both widths, light and dark; nothing is fetched or overflows."""

from __future__ import annotations

from functools import cache

import pytest
from playwright.sync_api import Browser

from reports.html import report_html
from tests.browser import assert_anybody_can_read, page_of
from tests.reports.situations import SITUATIONS


@cache
def page(situation: str) -> bytes:
    return report_html(SITUATIONS[situation]())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_anybody_can_read_it(browser: Browser, situation: str, width: int, scheme: str) -> None:
    with page_of(browser, page(situation), width=width, scheme=scheme) as (opened, asked):
        assert_anybody_can_read(opened, width=width)
        assert asked == []


def test_no_script_runs_and_no_style_is_refused(browser: Browser) -> None:
    said: list[str] = []
    context = browser.new_context()
    opened = context.new_page()
    opened.on("console", lambda message: said.append(message.text))
    opened.set_content(page("busy").decode())
    assert opened.evaluate("getComputedStyle(document.querySelector('.masthead')).borderTopWidth") == "8px"
    assert said == []
    context.close()


def test_a_tile_leads_to_its_section(browser: Browser) -> None:
    with page_of(browser, page("busy"), width=360) as (opened, _):
        opened.get_by_role("link", name="5 delayed").click()
        assert opened.url.endswith("#delayed")
        assert opened.locator("#delayed h2").is_visible()


def test_the_keyboard_reaches_the_skip_link_first(browser: Browser) -> None:
    with page_of(browser, page("busy")) as (opened, _):
        opened.keyboard.press("Tab")
        assert opened.evaluate("document.activeElement.textContent") == "Skip to what changed"
