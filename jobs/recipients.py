"""Who is told, and how they are reached: config's recipients and their secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import chat
from jobs.mailing import MailServer
from tracker.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tracker.config import Config
    from tracker.config.models import Recipient, Smtp
    from tracker.definitions import ReportDefinition

PATIENCE = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAddress:
    """An environment variable that holds a chat service's address; the address is the secret."""

    variable: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who is to get a report, as config alone says it: what a delivery is recorded from, whatever secret is missing.

    `attach` are formats; `sender` is a mail's, None on a chat service. The address of a chat recipient is its
    variable's name: the store keeps no secret.
    """

    name: str
    addresses: tuple[str, ...]
    attach: tuple[str, ...] = ()
    sender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached(Addressee):
    """A recipient who can be written to: by mail to `addresses` through `server`, or at `chat`."""

    server: MailServer | None = None
    chat: ChatAddress | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """Config's recipients; `environ` holds the secrets that config names."""

    config: Config
    environ: Mapping[str, str]

    def reached(self, name: str) -> Reached:
        """The recipient `name`, ready to be written to. Raises as the function `reached`."""
        return reached(self.config, name, environ=self.environ)

    def of_report(self, definition: ReportDefinition) -> tuple[Addressee, ...]:
        """The recipients of a report. Needs no secret: those are asked for when it is sent."""
        return tuple(_addressee(self.config, _known(self.config, name)) for name in definition.recipients)

    def addressee(self, name: str) -> Addressee | None:
        """The recipient `name`, whatever secret is missing; None where config has none of that name."""
        found = _section(self.config, name)
        return _addressee(self.config, found) if found else None

    def successor(self, addresses: Collection[str], *, report: str) -> Addressee | None:
        """Which recipient of the report has one of `addresses` now, and with which of them: one that was renamed."""
        told = [who for one in self.config.reports if one.name == report for who in self.of_report(one)]
        shared = (replace(who, addresses=tuple(one for one in who.addresses if one in addresses)) for who in told)
        return next((who for who in shared if who.addresses), None)

    def has(self, name: str, address: str) -> bool:
        """Whether `address` is one of the recipient `name`."""
        found = self.addressee(name)
        return found is not None and address in found.addresses

    def troubles(self) -> list[str]:
        """Why recipients can't be written to now, a line for each reason: a secret that is missing, most of all."""
        found: dict[str, None] = {}
        for recipient in self.config.settings.recipient:
            try:
                self.reached(recipient.name)
            except ConfigError as error:
                found[error.told] = None
        return list(found)

    def patience(self, name: str) -> timedelta:
        """How long a delivery to this recipient is tried again; the usual time for one who is gone from config."""
        found = _section(self.config, name)
        return timedelta(days=found.give_up_days) if found else PATIENCE


def reached(config: Config, name: str, *, environ: Mapping[str, str]) -> Reached:
    """The recipient `name`, ready to be written to; `environ` holds the secrets.

    Raises UsageError where config has none of that name, ConfigError where a secret is missing.
    """
    recipient = _known(config, name)
    told = _addressee(config, recipient)
    smtp, variable = config.settings.smtp, recipient.url_env
    return Reached(
        name=told.name,
        addresses=told.addresses,
        attach=told.attach,
        sender=told.sender,
        server=_mail_server(smtp, config.path.parent, environ) if smtp and variable is None else None,
        chat=_chat_address(name, variable, environ) if variable is not None else None,
    )


def _known(config: Config, name: str) -> Recipient:
    if found := _section(config, name):
        return found
    from tracker.config.problems import suggestion

    known = [one.name for one in config.settings.recipient]
    hint = suggestion(name, known) if known else "there is no [[recipient]]"
    raise UsageError(f'"{name}" is no recipient of {config.path}; {hint}', subject=name)


def _section(config: Config, name: str) -> Recipient | None:
    return next((one for one in config.settings.recipient if one.name == name), None)


def _addressee(config: Config, recipient: Recipient) -> Addressee:
    if recipient.url_env is not None:
        return Addressee(name=recipient.name, addresses=(recipient.url_env,))
    if config.settings.smtp is None:  # config's own check refuses this
        raise ConfigError(f"{config.path} has no [smtp]", subject="smtp")
    return Addressee(
        name=recipient.name,
        addresses=tuple(dict.fromkeys(recipient.mail)),
        attach=tuple(dict.fromkeys(("html",) if recipient.attach is None else recipient.attach)),
        sender=config.settings.smtp.sender,
    )


def _chat_address(name: str, variable: str, environ: Mapping[str, str]) -> ChatAddress:
    url = environ.get(variable, "").strip()
    if not url:
        raise ConfigError(
            f'recipient "{name}": the environment variable {variable} is not set',
            subject=f"recipient {name}",
            advice="Set it to the chat service's address, or take the recipient out of config.toml.",
        )
    if not chat.is_installed():
        raise ConfigError(
            f'recipient "{name}" is on a chat service, and what speaks to those is not installed',
            subject=f"recipient {name}",
            advice=f"Run {chat.INSTALL}.",
        )
    if not chat.is_address(url):
        raise ConfigError(
            f'recipient "{name}": {variable} does not hold the address of a chat service that is known',
            subject=f"recipient {name}",
            advice="Apprise's documentation says how each service's address is written.",
        )
    return ChatAddress(variable=variable, url=url)


def _mail_server(smtp: Smtp, folder: Path, environ: Mapping[str, str]) -> MailServer:
    ca_bundle = folder / smtp.ca_bundle if smtp.ca_bundle else None
    if ca_bundle is not None and not ca_bundle.is_file():
        raise ConfigError(f"smtp.ca_bundle: there is no file {ca_bundle}", subject="smtp.ca_bundle")
    return MailServer(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        sender=smtp.sender,
        username=smtp.username,
        password=_password(smtp, folder, environ) if smtp.username else None,
        timeout_s=smtp.timeout_s,
        ca_bundle=ca_bundle,
    )


def _password(smtp: Smtp, folder: Path, environ: Mapping[str, str]) -> str:
    if smtp.password_env is not None:
        password = environ.get(smtp.password_env, "")
        origin = f"smtp.password_env: the environment variable {smtp.password_env}"
        missing = "is not set"
    else:
        path = folder / (smtp.password_file or "")
        origin, missing = f"smtp.password_file: {path}", "is empty"
        try:
            password = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{origin} can't be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}",
                subject="smtp.password_file",
                advice="Put the mail server's password into it.",
            ) from None
    if not password:
        raise ConfigError(f"{origin} {missing}", subject="smtp", advice="It is to hold the mail server's password.")
    if not (password.isascii() and (smtp.username or "").isascii()):
        raise ConfigError(
            f"{origin}: a mail server's login takes neither a name nor a password with letters beyond ASCII",
            subject="smtp",
            advice="Choose another password.",
        )
    return password
