"""Mail: a report's recorded bytes as a message, and one message to one address over SMTP.

Nothing here knows the outbox: whoever calls decides when to try again, by the DeliveryError's `permanent`.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import blake2b
from pathlib import Path, PurePath
from threading import Timer

from tracker.errors import DeliveryError
from tracker.untrusted import plain_line

SENDER_NAME = "Trial tracker"
SUBJECT_LENGTH = 150
"""Longer subjects are cut: mail programs show less, and the words that count come first."""

DEADLINE_S = 300.0
"""For one message altogether. The time-out is for each answer, and a server could drip for ever."""

_TYPES = {
    ".html": ("text", "html"),
    ".csv": ("text", "csv"),
    ".json": ("application", "json"),
    ".md": ("text", "markdown"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_SAID_LENGTH = 300
_ADVICE = "Check [smtp] in config.toml, then `tracker deliver --retry`."


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """`security` is tls, starttls or none. Without a `username` there is no login. `ca_bundle` None: the system's."""

    host: str
    port: int
    security: str
    sender: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = 30
    deadline_s: float = DEADLINE_S
    ca_bundle: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


def letter(
    *,
    sender: str,
    address: str,
    subject: str,
    text: str,
    html: str | None = None,
    attachments: Mapping[str, bytes] | None = None,
    message_id: str,
    date: datetime,
    list_name: str,
) -> EmailMessage:
    """The message: plain text and, as its alternative, HTML; the attachments by file name. `date` is aware.

    The same values give the same bytes. Raises DeliveryError (permanent) for what can't stand in a header.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(SENDER_NAME, addr_spec=sender)
        message["To"] = Address(addr_spec=address)
        message["Subject"] = subject_line(subject)
        message["Date"] = format_datetime(date)
        message["Message-ID"] = message_id
        message["List-Id"] = f"<{plain_line(list_name)}.{sender.rpartition('@')[2]}>"
    except (ValueError, LookupError) as error:
        raise DeliveryError(
            f"{plain_line(address)} can't be written as a mail's address: {error}", permanent=True, subject=address
        ) from error
    # Auto-replies are for people; the second header is what Exchange knows.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_encodable(text))
    if html is not None:
        message.add_alternative(_encodable(html), subtype="html")
    for filename, content in (attachments or {}).items():
        maintype, subtype = _TYPES.get(PurePath(filename).suffix, ("application", "octet-stream"))
        message.add_attachment(content, maintype=maintype, subtype=subtype, filename=filename)
    _set_boundaries(message)
    return message


def _encodable(text: str) -> str:
    """Half a surrogate pair, which no encoding can write, becomes a question mark."""
    return text.encode(errors="replace").decode()


def subject_line(text: str) -> str:
    """`text` as a subject: one line without invisible characters, cut to a length that is read."""
    line = " ".join(plain_line(text).split())
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 1]}…"


def _set_boundaries(message: EmailMessage) -> None:
    """Boundaries that depend on the Message-ID alone: a second attempt sends the very same bytes."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            digest = blake2b(f"{message['Message-ID']} {number}".encode(), digest_size=16)
            part.set_boundary(f"={digest.hexdigest()}=")


def send(server: MailServer, message: EmailMessage, *, address: str) -> None:
    """Hands one message to the server, for one address. Raises DeliveryError.

    A refusal of 5xx is `permanent`; what keeps every message from being sent (no connection, no login) concerns
    `everyone`.
    """
    with _failures(server, address):
        client = _connected(server)
        try:
            with _deadline(client, server.deadline_s):
                _log_in(client, server)
                client.send_message(message, from_addr=server.sender, to_addrs=[address])
        finally:
            _hang_up(client)


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=_tls(server))
    return smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)


def _log_in(client: smtplib.SMTP, server: MailServer) -> None:
    client.ehlo()
    if server.security == "starttls":
        # The library raises where the server does not offer it: mail never goes out in the open instead.
        client.starttls(context=_tls(server))
        client.ehlo()
    if server.username is not None:
        client.login(server.username, server.password or "")


def _tls(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_bundle)


@contextmanager
def _deadline(client: smtplib.SMTP, seconds: float) -> Iterator[None]:
    def cut() -> None:
        with suppress(OSError, AttributeError):
            client.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # None once it is closed

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(client: smtplib.SMTP) -> None:
    """The answer to QUIT is of no use: the message was taken or refused before."""
    with suppress(smtplib.SMTPException, OSError):
        if client.sock is not None:
            client.sock.settimeout(1)
        client.quit()
    client.close()


@contextmanager
def _failures(server: MailServer, address: str) -> Iterator[None]:
    """Turns what the library raises into DeliveryErrors, which repeat the server's words and never our own."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        raise _refused(server, address, code, words) from refused
    except smtplib.SMTPAuthenticationError as refused:
        raise DeliveryError(
            f"{server.name} refuses the login of {server.username}: {_said(refused.smtp_code, refused.smtp_error)}",
            everyone=True,
            subject=address,
            advice="Check username and password in [smtp] of config.toml, then `tracker deliver --retry`.",
        ) from refused
    except smtplib.SMTPHeloError as refused:
        raise _no_use(server, address, _said(refused.smtp_code, refused.smtp_error)) from refused
    except smtplib.SMTPConnectError as refused:
        raise _no_use(server, address, _said(refused.smtp_code, refused.smtp_error)) from refused
    except smtplib.SMTPResponseException as refused:  # the sender, or the message itself
        raise _refused(server, address, refused.smtp_code, refused.smtp_error) from refused
    except smtplib.SMTPNotSupportedError as missing:
        international = not address.isascii()
        reason = "it does not take addresses with letters beyond ASCII" if international else str(missing)
        raise DeliveryError(
            f"{server.name} can't take the mail: {reason}",
            permanent=international,
            everyone=not international,
            subject=address,
            advice=_ADVICE,
        ) from missing
    except (smtplib.SMTPException, OSError) as failure:
        raise _no_use(server, address, _reason(failure)) from failure
    except UnicodeError as error:
        raise DeliveryError(f"{address} can't be written as an address", permanent=True, subject=address) from error


def _refused(server: MailServer, address: str, code: int, words: bytes | str) -> DeliveryError:
    return DeliveryError(
        f"{server.name} refuses the mail to {address}: {_said(code, words)}",
        permanent=500 <= code < 600,
        subject=address,
        advice="" if code < 500 else "Check the address in config.toml, then `tracker deliver --retry`.",
    )


def _no_use(server: MailServer, address: str, reason: str) -> DeliveryError:
    return DeliveryError(
        f"the mail server {server.name} can't be used: {reason}", everyone=True, subject=address, advice=_ADVICE
    )


def _reason(failure: Exception) -> str:
    if isinstance(failure, TimeoutError) or isinstance(failure.__context__, TimeoutError):
        return "it does not answer in time"
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({failure.verify_message}); see ca_bundle"
    if isinstance(failure, socket.gaierror):
        return "its name is not known"
    return plain_line(getattr(failure, "strerror", None) or str(failure) or type(failure).__name__)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(plain_line(text).split())[:_SAID_LENGTH]}"


def try_login(server: MailServer) -> None:
    """Connects and logs in as for a mail, and sends none. Raises DeliveryError."""
    with _failures(server, server.name):
        client = _connected(server)
        try:
            with _deadline(client, server.deadline_s):
                _log_in(client, server)
        finally:
            _hang_up(client)
