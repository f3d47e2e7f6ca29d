"""One run per store: seen by real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from tests.store.rows import a_run
from tracker.errors import StoreBusy
from tracker.store.engine import Store, open_store
from tracker.store.locking import run_lock, this_process

_HOLD = """
import sys
from tracker.store.engine import open_store
from tracker.store.locking import run_lock

with open_store(sys.argv[1], create=True) as store, run_lock(store):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_and_told_who_runs(store: Store, store_url: str) -> None:
    with another_run(store_url) as process:
        with store.begin() as connection:
            a_run(connection, state="running", outcome=None, process=f"ward-7 (process {process.pid})")
        with pytest.raises(StoreBusy) as caught, run_lock(store):
            pytest.fail("two runs at once")
        assert f"ward-7 (process {process.pid}), since 2026-03-02 12:00 UTC" in caught.value.message
        assert caught.value.advice


def test_the_holder_is_named_even_before_its_run_is_recorded(store: Store, store_url: str) -> None:
    with another_run(store_url) as process, pytest.raises(StoreBusy) as caught, run_lock(store):
        pass
    if store.is_sqlite:
        assert f"(process {process.pid})" in caught.value.message


def test_a_holder_that_is_killed_frees_the_lock(store: Store, store_url: str) -> None:
    with another_run(store_url) as process:
        process.kill()
        process.wait()
        _wait_until_free(store)
        with run_lock(store):
            pass


_HELD = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""


def _wait_until_free(store: Store) -> None:
    # The file's lock ends with the process. PostgreSQL's ends when the server has read the end of the connection.
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while connection.execute(text(_HELD)).scalar():
                pass


def test_the_lock_is_free_after_a_run_and_after_its_failure(store: Store) -> None:
    with run_lock(store):
        pass
    with pytest.raises(ZeroDivisionError), run_lock(store):
        raise ZeroDivisionError
    with run_lock(store):
        pass


def test_two_runs_of_one_process_exclude_each_other(store: Store, store_url: str) -> None:
    with run_lock(store), open_store(store_url) as other, pytest.raises(StoreBusy), run_lock(other):
        pass


def test_readers_and_writers_are_not_kept_out(store: Store, store_url: str) -> None:
    with another_run(store_url), open_store(store_url, create=True) as other, other.begin() as connection:
        assert a_run(connection)


def test_a_store_in_memory_needs_no_lock() -> None:
    with open_store("sqlite://", create=True) as store, run_lock(store), store.begin() as connection:
        assert a_run(connection)


def test_a_process_is_named_by_host_and_id() -> None:
    assert this_process().endswith(f"(process {os.getpid()})")
