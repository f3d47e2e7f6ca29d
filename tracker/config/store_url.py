"""Where the store is: the address as it is opened, from the file or from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath

from tracker.config.values import store_url
from tracker.errors import ConfigError

DEFAULT = "sqlite:///data/tracker.db"
_SQLITE = "sqlite:///"


def url_in_force(url: str, variable: str | None, *, path: Path, environ: Mapping[str, str] | None = None) -> str:
    """`url`, or what the environment variable holds; the path in it absolute, from the folder of the file `path`.

    Raises ConfigError where the variable is not set, or holds no address of a store.
    """
    if variable:
        url = _from_environment(variable, path=path, environ=os.environ if environ is None else environ)
    if not url.startswith(_SQLITE):
        return url
    written = url.removeprefix(_SQLITE)
    return url if Path(written).is_absolute() else file_url(path.parent) + "/" + written


def file_url(path: PurePath) -> str:
    """The address of a store in the file `path`, whatever its folders are called."""
    return _SQLITE + str(path).replace("%", "%25").replace("?", "%3F")


def _from_environment(variable: str, *, path: Path, environ: Mapping[str, str]) -> str:
    subject = f"{path}: store.url_env"
    if not environ.get(variable):
        raise ConfigError(
            f"{subject}: the environment variable {variable} is not set",
            subject=subject,
            advice="Set it to the store's address.",
        )
    try:
        return store_url(environ[variable])
    except ValueError as fault:
        raise ConfigError(f"{subject}: {variable}: {fault}", subject=subject) from None


def absolute(path: Path) -> Path:
    """`path` from the root, links kept: what is relative to a file is relative to where it seems to be."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (Path.resolve would follow links)
