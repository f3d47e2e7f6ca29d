"""Fixtures of the tests of landscapes."""

from tests.browser import browser

__all__ = ["browser"]
