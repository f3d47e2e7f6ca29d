"""The landscape as one self-contained page."""

from __future__ import annotations

from reports.html import page_environment
from reports.landscape.formats import Landscape


def page_of(landscape: Landscape) -> bytes:
    return page_environment().get_template("landscape.html").render(landscape=landscape).encode()
