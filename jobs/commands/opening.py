"""Opens the configured store for a command."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tracker.errors import StoreMissing, StoreUnusable

if TYPE_CHECKING:
    from tracker.config import Config, Glance
    from tracker.store.engine import Store


def open_for_reading(config: Config | Glance) -> Store:
    """The store as it is. Raises StoreMissing where nothing has been synced yet, and StoreError otherwise."""
    from tracker.store.engine import open_store

    try:
        return open_store(config.store_url)
    except StoreMissing as missing:
        missing.advice = '"tracker run" makes it; "tracker config show" says where it is looked for.'
        raise


def open_for_writing(config: Config, *, create: bool = True) -> Store:
    """The store, made or brought up to date where needed, with the configured reports known to it.

    `create` is False for what makes no sense without a store: StoreMissing is raised as for reading.
    """
    from tracker.store.engine import open_store
    from tracker.store.reports import register_definitions

    if not create:
        with suppress(StoreUnusable):  # an older one, most likely, which is brought up to date below
            open_for_reading(config).close()
    store = open_store(config.store_url, create=True)
    try:
        with store.begin() as connection:
            register_definitions(connection, [report.name for report in config.reports])
    except BaseException:
        store.close()
        raise
    return store
