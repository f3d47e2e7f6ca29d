"""What can be wrong with the database server, and what is said about it."""

from __future__ import annotations

import pytest
from psycopg import sql
from sqlalchemy import select, text

from tests import postgresql
from tests.store.rows import a_run
from tracker.errors import StoreUnusable
from tracker.store.engine import open_store
from tracker.store.schema import run


def refused(url: str) -> StoreUnusable:
    with pytest.raises(StoreUnusable) as caught:
        open_store(url, create=True)
    return caught.value


def test_a_server_that_is_down() -> None:
    error = refused("postgresql+psycopg://tracker:geheim@127.0.0.1:1/tracker")
    assert "No connection" in error.message
    assert "server runs" in error.advice
    assert "geheim" not in f"{error.message} {error.subject} {error.advice}"


def test_a_wrong_password(postgresql_server: postgresql.Server) -> None:
    user = f"{postgresql.WITH_PASSWORD}:geheim"
    error = refused(postgresql_server.url("postgres", user=user))
    assert "password" in error.advice
    assert "geheim" not in f"{error.message} {error.subject} {error.advice}"


def test_a_password_in_the_options_is_not_shown(postgresql_server: postgresql.Server) -> None:
    url = postgresql_server.url("postgres", user=postgresql.WITH_PASSWORD)
    error = refused(f"{url}&password=geheim")
    assert "geheim" not in f"{error.message} {error.subject} {error.advice}"


def test_a_database_that_is_not_there(postgresql_server: postgresql.Server) -> None:
    assert "createdb" in refused(postgresql_server.url("no_such_database")).advice


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_can_not_hold_every_letter(postgresql_server: postgresql.Server, encoding: str) -> None:
    name = f"in_{encoding.lower()}"
    with postgresql_server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    error = refused(postgresql_server.url(name))
    assert error.message == f"The database can't hold every letter: its encoding is {encoding}"
    assert "--encoding=UTF8" in error.advice
    postgresql_server.drop_database(name)


@pytest.mark.parametrize("store_kind", ["postgresql"])
def test_a_user_without_rights(new_store_url: str) -> None:
    user = f"{postgresql.WITH_PASSWORD}:{postgresql.PASSWORD}"
    error = refused(new_store_url.replace(f"{postgresql.ADMINISTRATOR}@", f"{user}@"))
    assert "Grant" in error.advice


@pytest.mark.parametrize("store_kind", ["postgresql"])
def test_tables_of_another_program_are_left_alone(new_store_url: str, postgresql_server: postgresql.Server) -> None:
    database = new_store_url.partition("@/")[2].partition("?")[0]
    with postgresql_server.connect(database) as connection:
        connection.execute("CREATE TABLE study (id integer)")
        error = refused(new_store_url)
        assert "another program" in error.message
        assert connection.execute("SELECT count(*) FROM study").fetchone() == (0,)


@pytest.mark.parametrize("store_kind", ["postgresql"])
def test_the_session_is_utc(store_url: str) -> None:
    with open_store(store_url) as store, store.connect() as connection:
        assert connection.execute(text("SHOW TimeZone")).scalar() == "UTC"


@pytest.mark.parametrize("store_kind", ["postgresql"])
def test_a_connection_that_broke_is_replaced(store_url: str, postgresql_server: postgresql.Server) -> None:
    with open_store(store_url, create=True) as store:
        with store.begin() as connection:
            first = a_run(connection)
            broken = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with postgresql_server.connect() as administrator:
            administrator.execute(sql.SQL("SELECT pg_terminate_backend({})").format(broken))
        with store.connect() as connection:
            assert connection.execute(select(run.c.id)).scalars().all() == [first]


@pytest.mark.parametrize("store_kind", ["postgresql"])
def test_a_transaction_that_the_server_breaks_off(store_url: str, postgresql_server: postgresql.Server) -> None:
    with open_store(store_url, create=True) as store:
        with pytest.raises(StoreUnusable, match="No connection"), store.begin() as connection:  # noqa: PT012
            a_run(connection)
            broken = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with postgresql_server.connect() as administrator:
                administrator.execute(sql.SQL("SELECT pg_terminate_backend({})").format(broken))
            a_run(connection)
        with store.connect() as connection:
            assert connection.execute(select(run.c.id)).all() == []
