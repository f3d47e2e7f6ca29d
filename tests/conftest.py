"""What all tests share: stores of both kinds."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from tests import postgresql
from tracker.store.engine import Store, open_store

_SERVER_FOLDER = "TRACKER_TESTS_POSTGRESQL"
_TEMPLATE = "tracker_template"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the session's own process; its workers inherit the environment
        os.environ[_SERVER_FOLDER] = str(postgresql.new_folder())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgresql.stop(Path(os.environ.pop(_SERVER_FOLDER)))


@pytest.fixture(scope="session")
def postgresql_server() -> postgresql.Server:
    """The session's PostgreSQL server, started on first use and shared by all workers."""
    return postgresql.shared_server(Path(os.environ[_SERVER_FOLDER]))


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: postgresql.Server) -> str:
    """A database that holds an empty store, to make copies of."""
    with FileLock(postgresql_server.folder / "template.lock"):
        if _TEMPLATE not in postgresql_server.databases():
            open_store(postgresql_server.make_database(_TEMPLATE), create=True).close()
    return _TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds an empty store, to make copies of."""
    path = tmp_path_factory.mktemp("template") / "tracker.db"
    open_store(f"sqlite:///{path}", create=True).close()
    return path


@contextmanager
def _database(request: pytest.FixtureRequest, *, template: str) -> Iterator[str]:
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    name = f"tracker_{uuid.uuid4().hex[:12]}"
    yield server.make_database(name, template=template)
    server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    """Each test that uses a store runs on both kinds."""
    kind: str = request.param
    return kind


@pytest.fixture
def new_store_url(store_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a store that is not there yet: no file, an empty database."""
    if store_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'tracker.db'}"
    else:
        with _database(request, template="template0") as url:
            yield url


@pytest.fixture
def store_url(store_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store."""
    if store_kind == "sqlite":
        path = tmp_path / "tracker.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        with _database(request, template=request.getfixturevalue("postgresql_template")) as url:
            yield url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, open."""
    with open_store(store_url, create=True) as opened:
        yield opened
