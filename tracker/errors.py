"""Every error that the tracker raises on purpose, and what a person can do about it.

    TrackerError                        exit 1
    ├── UsageError                      exit 2: what was typed or configured can't be meant
    │   ├── InvalidNctId
    │   ├── InvalidTerm
    │   └── ConfigError
    ├── RegistryError                   the registry could not be asked, or its answer not used
    │   ├── RegistryUnreachable         no connection, time-out, 5xx or 429 after all retries
    │   ├── RegistryRefused             403
    │   ├── BadRequest                  400, 404 on a path, 414: the same request would fail again
    │   ├── BadAnswer                   an answer that is no API answer, after all retries
    │   └── OlderData                   the registry answered with data older than the store's
    ├── ImportFileError                 a file that is no registry export
    ├── StoreError
    │   ├── StoreMissing
    │   ├── StoreLost
    │   ├── StoreBusy                   another process is syncing
    │   ├── StoreTooNew
    │   ├── StoreDamaged
    │   └── StoreUnusable               no permission, disk full, no connection
    ├── DeliveryError                   a report that did not reach its recipient
    ├── RunAborted                      a run that lost its lock, or its deadline
    └── OutputError                     a report that can't be written

A fact about one study that could not be read is no error but a `Problem` (see `tracker.study`).
"""

from datetime import datetime


class TrackerError(Exception):
    """The root: a message that names the subject, and the way out.

    `subject` is what it is about (an NCT ID, URL, path or config key), `advice` one sentence on what to do.
    """

    exit_code = 1
    retry_at: datetime | None = None
    """When to try again (aware), where whoever refused has said so."""

    def __init__(self, message: str, *, subject: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.advice = advice

    @property
    def told(self) -> str:
        """The message and the way out, as sentences."""
        end = "" if self.message.endswith((".", "!", "?")) else "."
        return f"{self.message}{end} {self.advice}" if self.advice else self.message


class UsageError(TrackerError):
    exit_code = 2


class InvalidNctId(UsageError):
    def __init__(self, text: object) -> None:
        super().__init__(
            f"{text!r} is no NCT ID",
            subject=str(text),
            advice="An NCT ID is NCT and eight digits, for example NCT00508443.",
        )


class InvalidTerm(UsageError):
    """A search term that the registry would reject or misread; `subject` is its config key."""


class ConfigError(UsageError):
    """config.toml can't be used; `subject` is the file and the key."""


class RegistryError(TrackerError):
    """`subject` is the URL."""


class RegistryUnreachable(RegistryError):
    pass


class RegistryRefused(RegistryError):
    pass


class BadRequest(RegistryError):
    """`status` is the HTTP status, `body` the registry's own text, shortened."""

    def __init__(self, message: str, *, status: int, body: str = "", subject: str = "", advice: str = "") -> None:
        super().__init__(message, subject=subject, advice=advice)
        self.status = status
        self.body = body


class BadAnswer(RegistryError):
    pass


class OlderData(RegistryError):
    pass


class ImportFileError(TrackerError):
    """`subject` is the file."""


class StoreError(TrackerError):
    """`subject` is the store's URL, without its password."""


class StoreMissing(StoreError):
    """There has been no store yet."""


class StoreLost(StoreError):
    """There was a store, and its file is gone: nobody may take it for a new beginning."""


class StoreBusy(StoreError):
    pass


class StoreTooNew(StoreError):
    pass


class StoreDamaged(StoreError):
    pass


class StoreUnusable(StoreError):
    pass


class RunAborted(TrackerError):
    pass


class DeliveryError(TrackerError):
    """`subject` is the address. `permanent`: the server will not take this message, ever. `everyone`: it takes none."""

    def __init__(
        self, message: str, *, permanent: bool = False, everyone: bool = False, subject: str = "", advice: str = ""
    ) -> None:
        super().__init__(message, subject=subject, advice=advice)
        self.permanent = permanent
        self.everyone = everyone


class OutputError(TrackerError):
    """`subject` is the path."""
