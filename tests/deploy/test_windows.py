"""Nothing of the program asks for what Windows lacks. It can't be run there by these tests; this is what can be held.

In the source: what only POSIX has stands behind a question for the platform. In a process: everything that a year
brings is done by modules that see a Windows without those things; and what they leave has names that Windows takes.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.unit_file import ROOT

SOURCES = sorted(file for package in ("tracker", "reports", "jobs") for file in (ROOT / package).rglob("*.py"))
MODULES = {"crypt", "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
POSIX = """\
os: O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK WNOHANG chown chroot fchdir fchmod fchown fdatasync fork forkpty getegid
os: geteuid getgid getgroups getloadavg getpgid getpgrp getpriority getsid getuid initgroups killpg lchown lockf mkfifo
os: mknod nice openpty pathconf pipe2 posix_fallocate posix_spawn pread pwrite sched_getaffinity sched_setaffinity
os: sendfile setegid seteuid setgid setpgid setpriority setsid setuid statvfs sync sysconf tcgetpgrp ttyname uname wait
os: wait3 wait4 waitid
signal: SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 alarm pause pthread_kill
signal: pthread_sigmask setitimer sigpending sigtimedwait sigwait sigwaitinfo
socket: AF_UNIX
time: tzset
"""
ATTRIBUTES: dict[str, set[str]] = {}
for line in POSIX.splitlines():
    name, _, attributes = line.partition(": ")
    ATTRIBUTES.setdefault(name, set()).update(attributes.split())
_ASKS = re.compile(r"sys\.platform|os\.name|hasattr")


def _unguarded(tree: ast.AST, *, guarded: bool = False) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        asks = isinstance(node, ast.If | ast.IfExp) and bool(_ASKS.search(ast.unparse(node.test)))
        if not guarded:
            yield from _asked_for(node)
        yield from _unguarded(node, guarded=guarded or asks)


def _asked_for(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES)
    elif isinstance(node, ast.ImportFrom) and node.module:
        if node.module.partition(".")[0] in MODULES:
            yield node.module
        yield from (f"{node.module}.{one.name}" for one in node.names if one.name in ATTRIBUTES.get(node.module, ()))
    elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ATTRIBUTES:
        module = ast.unparse(node.value)
        if node.attr in ATTRIBUTES[module]:
            yield f"{module}.{node.attr}"


def test_what_only_posix_has_is_asked_for_behind_a_guard() -> None:
    assert len(SOURCES) > 100
    found = {file.name: list(_unguarded(ast.parse(file.read_text(encoding="utf-8")))) for file in SOURCES}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import fcntl", ["fcntl"]),
        ("from os import fork", ["os.fork"]),
        ("def f():\n    import signal\n    signal.pause()", ["signal.pause"]),
        ("if sys.platform != 'win32':\n    import fcntl", []),
        ("import os\nif os.name != 'nt': os.getuid()", []),
    ],
)
def test_the_guard_sees(source: str, found: list[str]) -> None:
    assert list(_unguarded(ast.parse(source))) == found


LIFE = """
import importlib, json, os, pkgutil, signal, socket, sys, time, types
import jobs, reports, tracker

missing, folder = json.loads(sys.argv[1]), sys.argv[2]

class Lacking:
    def __init__(self, module, **said):
        self.__dict__.update(module=module, said=said)
    def __getattr__(self, name):
        if name in self.said:
            return self.said[name]
        if name in missing.get(self.module.__name__, ()):
            raise AttributeError(f"module {self.module.__name__} has no attribute {name} on Windows")
        return getattr(self.module, name)
    def __setattr__(self, name, value):
        setattr(self.module, name, value)

windows = {os: Lacking(os, name="nt"), sys: Lacking(sys, platform="win32"), signal: Lacking(signal),
           socket: Lacking(socket), time: Lacking(time)}
for package in (tracker, reports, jobs):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "migrations" in found.name:  # they are for Alembic to import
            continue
        module = importlib.import_module(found.name)
        for name, value in list(vars(module).items()):
            if isinstance(value, types.ModuleType) and value in windows:
                setattr(module, name, windows[value])

from jobs.cli import main
os.chdir(folder)
for line in sys.stdin:
    code = main(line.split())
    print(f"{code} {line}", file=sys.stderr, end="")
    if code not in (0, 3):
        sys.exit(f"{code} from {line}")
os.chdir(os.path.dirname(folder))
"""
COMMANDS = """config init --defaults
import EXPORT --search spine-tumour --complete --data-date 2018-05-29
report
db backup
import LATER --search spine-tumour --complete --data-date 2020-07-28
report
report --since 2018-01-01 --format html,csv,xlsx,json,md --out other
schedule --list
schedule --once
status
list
show NCT00508443
search list
landscape --format csv,html --out landscape
export tables --out tables
export feeds --out feeds
db check
db backup
db copy --to sqlite:///copy.db
db restore BACKUP --replace
report --replay 1 --name changes
status
"""
_ILLEGAL = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


def _lived(folder: Path, lines: str) -> None:
    missing = json.dumps({name: sorted(words) for name, words in ATTRIBUTES.items()})
    ran = subprocess.run(
        [sys.executable, "-c", LIFE, missing, str(folder)],
        input=lines,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]


def test_a_life_without_what_windows_lacks_and_with_names_that_it_takes(tmp_path: Path) -> None:
    bundled = ROOT / "jobs" / "bundled"
    lines = COMMANDS.replace("EXPORT", str(bundled / "2018-05-29.json")).replace(
        "LATER", str(bundled / "2020-07-28.json")
    )
    before, _, after = lines.partition("db restore")
    _lived(tmp_path, before)
    [*_, backup] = sorted((tmp_path / "data" / "backups").iterdir())
    _lived(tmp_path, f"db restore{after.replace('BACKUP', str(backup))}")
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in made} >= {".db", ".html", ".csv", ".xlsx", ".json", ".md", ".atom", ".ics", ".lock"}
    assert any("before-restore" in path.name for path in made)
    named = {part for path in made for part in path.relative_to(tmp_path).parts}
    assert [name for name in named if _ILLEGAL.search(name)] == []
