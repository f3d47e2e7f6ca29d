"""What is installed: the wheel holds all that the program reads, and the lock all that it imports."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.unit_file import DEPLOY, ROOT

PACKAGES = ("tracker", "reports", "jobs")
_PINNED = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)(?: ; (.+?))?(?= \\|$)", re.MULTILINE)


def _locked(file: Path) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version, _ in _PINNED.findall(file.read_text(encoding="utf-8"))}


LOCKED = _locked(DEPLOY / "requirements.lock")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy: a build leaves folders beside its source."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    build += ["--wheel-dir", str(folder), str(source)]
    built = subprocess.run(build, capture_output=True, text=True, check=False, timeout=300)
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("spine_trial_tracker-*.whl")
    return wheel


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.is_file())
    there = {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}
    for_readers = {name for name in there if name.endswith("README.md")}
    assert there - held <= for_readers
    assert held <= there
    assert "tracker/shipped_config.toml" in held


def test_the_wheel_brings_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [entry_points] = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert "tracker = jobs.cli:main" in archive.read(entry_points).decode()


def test_every_locked_package_has_its_hashes() -> None:
    lock = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert {canonicalize_name(one.partition("==")[0].partition("[")[0]) for one in pinned} == set(LOCKED)
    assert len(LOCKED) > 20
    assert [one.split()[0] for one in pinned if "--hash=sha256:" not in one] == []


def test_the_tests_run_with_the_versions_that_are_installed_in_hospitals() -> None:
    developed = _locked(ROOT / "requirements.lock")
    assert {name: version for name, version in LOCKED.items() if developed.get(name) != version} == {}


def test_the_lock_holds_all_that_the_program_needs() -> None:
    """pip refuses to install from a lock with hashes that lacks what one of its packages asks for."""
    missing = {
        f"{asking} asks for {needed}"
        for asking in ("spine-trial-tracker", *LOCKED)
        for needed in _needed(asking, extras=("chat", "binary") if asking == "spine-trial-tracker" else ("", "binary"))
        if canonicalize_name(needed.name) not in LOCKED
        or not needed.specifier.contains(LOCKED[canonicalize_name(needed.name)], prereleases=True)
    }
    assert missing == set()


def _needed(name: str, *, extras: tuple[str, ...]) -> Iterator[Requirement]:
    try:
        required = distribution(name).requires or ()
    except PackageNotFoundError:  # of another system, say
        return
    for text in required:
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement
