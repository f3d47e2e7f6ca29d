"""Opening a store: made, found, refused; the same on SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from tests.store.rows import a_run
from tracker.errors import StoreMissing, StoreTooNew, StoreUnusable
from tracker.store.engine import Store, open_store
from tracker.store.revisions import HEAD
from tracker.store.schema import run, study
from tracker.store.version import stored_version


def test_a_writing_command_makes_the_store(new_store_url: str) -> None:
    with open_store(new_store_url, create=True) as store, store.connect() as connection:
        assert stored_version(connection) == HEAD
        assert connection.execute(select(study)).all() == []


def test_a_reading_command_says_that_there_is_none_yet(new_store_url: str) -> None:
    with pytest.raises(StoreMissing, match="no store yet") as caught:
        open_store(new_store_url)
    assert "tracker run" in caught.value.advice


def test_a_reading_command_leaves_nothing_behind(new_store_url: str) -> None:
    with pytest.raises(StoreMissing):
        open_store(new_store_url)
    with pytest.raises(StoreMissing):
        open_store(new_store_url)


def test_opening_again_finds_what_was_written(store_url: str) -> None:
    with open_store(store_url, create=True) as store, store.begin() as connection:
        first = a_run(connection)
    with open_store(store_url) as store, store.connect() as connection:
        assert connection.execute(select(run.c.id)).scalars().all() == [first]


def test_what_an_exception_leaves_is_rolled_back(store: Store) -> None:
    with suppress(KeyError), store.begin() as connection:
        a_run(connection)
        raise KeyError
    with store.connect() as connection:
        assert connection.execute(select(run.c.id)).all() == []


def test_tables_made_in_a_transaction_are_rolled_back_with_it(store: Store) -> None:
    with suppress(KeyError), store.begin() as connection:
        connection.execute(text("CREATE TABLE half_made (id INTEGER)"))
        raise KeyError
    with store.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT * FROM half_made"))


def test_a_reading_transaction_sees_one_state(store: Store) -> None:
    with store.connect() as reading:
        assert reading.execute(select(run.c.id)).all() == []
        with store.begin() as writing:
            a_run(writing)
        assert reading.execute(select(run.c.id)).all() == []
    with store.connect() as reading:
        assert len(reading.execute(select(run.c.id)).all()) == 1


def test_a_reading_transaction_can_not_write(store: Store) -> None:
    with pytest.raises(StoreUnusable), store.connect() as connection:
        a_run(connection)
    with store.begin() as connection:
        a_run(connection)


def test_foreign_keys_hold(store: Store) -> None:
    with pytest.raises(IntegrityError), store.begin() as connection:
        connection.execute(text("INSERT INTO term (search, query, active) VALUES ('no such search', '{}', true)"))


def test_a_text_that_no_json_library_agrees_on_survives(store: Store) -> None:
    half_a_pair = "\ud800"
    with store.begin() as connection:
        number = a_run(connection, problems=[{"reason": half_a_pair}, {"reason": "grüß dich"}])
    with store.connect() as connection:
        problems = connection.execute(select(run.c.problems).where(run.c.id == number)).scalar_one()
    assert problems == [{"reason": half_a_pair}, {"reason": "grüß dich"}]


def test_instants_come_back_as_utc_and_naive_ones_are_refused(store: Store) -> None:
    noon = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with store.begin() as connection:
        a_run(connection, started_at=noon)
        stored = connection.execute(select(run.c.started_at)).scalar_one()
    assert stored == noon
    assert stored.tzinfo is UTC
    with pytest.raises(StatementError, match="no time zone"), store.begin() as connection:
        a_run(connection, started_at=datetime(2026, 3, 29, 12))  # noqa: DTZ001


def test_threads_work_side_by_side(store: Store) -> None:
    def work() -> None:
        with store.begin() as connection:
            a_run(connection)
        with store.connect() as connection:
            seen.append(len(connection.execute(select(run.c.id)).all()))

    seen: list[int] = []
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seen) == 6


def test_two_processes_make_one_store(new_store_url: str) -> None:
    program = "import sys; from tracker.store.engine import open_store; open_store(sys.argv[1], create=True).close()"
    makers = [subprocess.Popen([sys.executable, "-c", program, new_store_url]) for _ in range(3)]
    assert [maker.wait() for maker in makers] == [0, 0, 0]
    with open_store(new_store_url) as store, store.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_a_newer_store_is_refused_and_left_alone(store_url: str) -> None:
    with open_store(store_url, create=True) as store, store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for create in (False, True):
        with pytest.raises(StoreTooNew, match="newer version") as caught:
            open_store(store_url, create=create)
        assert "Upgrade" in caught.value.advice


def test_an_older_store_asks_a_reading_command_for_an_upgrade(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.store.version.HEAD", "0002")
    with pytest.raises(StoreUnusable, match="older version") as caught:
        open_store(store_url)
    assert "tracker db upgrade" in caught.value.advice


@pytest.mark.parametrize(
    "url",
    [
        "no url at all",
        "mysql://user:geheim@host/db",
        "postgresql+psycopg2://user:geheim@host/db",
        "sqlite:///file:tracker.db?mode=ro&uri=true",
        "sqlite://host/tracker.db",
        "postgresql+psycopg://user:geheim@host:port/db",
        "postgresql+psycopg://user:p@geheim@host/db",
    ],
)
def test_a_url_that_names_no_store_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(StoreUnusable) as caught:
        open_store(url, create=True)
    assert caught.value.advice
    assert "geheim" not in f"{caught.value.message} {caught.value.subject} {caught.value.advice}"


def test_a_store_in_memory_lasts_while_it_is_open() -> None:
    with open_store("sqlite://", create=True) as store:
        with store.begin() as connection:
            a_run(connection)
        with store.connect() as connection:
            assert len(connection.execute(select(run.c.id)).all()) == 1
    with pytest.raises(StoreMissing):
        open_store("sqlite://")


def test_reading_imports_nothing_heavy(store_url: str) -> None:
    program = (
        "import sys; from tracker.store.engine import open_store\n"
        "with open_store(sys.argv[1]) as store, store.connect() as connection: pass\n"
        "print(*sorted({'alembic', 'mako', 'sqlalchemy.orm', 'filelock', 'zstandard', 'msgspec', 'requests', 'pandas'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program, store_url], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
