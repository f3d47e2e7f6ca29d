"""A real mail server on the loopback, to which a test says what it refuses, keeps quiet about, or does meanwhile."""

# ruff: noqa: ARG002, N802 (the names and signatures are those that the library calls)

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that the server took: its envelope, its bytes, and whether it came over TLS and after which login."""

    sender: str
    addresses: tuple[str, ...]
    content: bytes
    encrypted: bool
    login: str | None

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(slots=True)
class MailServer:
    """`refused` gives the answer to an address, `data_answer` that to a whole mail, `on_data` is called before it."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    sender_answer: str = "250 OK"
    data_answer: str = "250 taken"
    silent: bool = False
    on_data: Callable[[], object] = lambda: None
    connections: int = 0
    passwords: dict[str, str] = field(default_factory=dict)

    def message_ids(self) -> list[str]:
        return [str(one.message["Message-ID"]) for one in self.received]

    def addressed(self) -> list[str]:
        return [address for one in self.received for address in one.addresses]

    # --- what aiosmtpd calls ---------------------------------------------------------------------------

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender_answer.startswith("250"):
            envelope.mail_from = address
        return self.sender_answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.silent:
            await asyncio.sleep(3600)
        if self.data_answer.startswith("250"):
            login = session.auth_data.decode() if session.auth_data else None
            content = envelope.original_content or b""
            self.received.append(
                Received(
                    envelope.mail_from or "",
                    tuple(envelope.rcpt_tos),
                    content,
                    encrypted=server.transport.get_extra_info("sslcontext") is not None,
                    login=login,
                )
            )
        self.on_data()
        return self.data_answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        known = self.passwords.get(given.login.decode()) == given.password.decode()
        return AuthResult(success=known, handled=False, auth_data=given.login)


@contextmanager
def mail_server(
    *, certificate: ssl.SSLContext | None = None, security: str = "none", passwords: dict[str, str] | None = None
) -> Iterator[MailServer]:
    """A server that runs in a thread of its own until the block ends. `security` as in config.toml."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it warns of deprecations of its own
    served = MailServer(passwords=passwords or {})
    options: dict[str, Any] = {"hostname": "mail.example", "enable_SMTPUTF8": False}
    if passwords:
        options |= {"authenticator": served.authenticate, "auth_require_tls": security == "starttls"}
    if security == "starttls":
        options |= {"tls_context": certificate, "require_starttls": True}

    def protocol() -> SMTP:
        served.connections += 1
        return SMTP(served, loop=loop, **options)

    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        loop.create_server(protocol, "127.0.0.1", 0, ssl=certificate if security == "tls" else None)
    )
    served.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(_close(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(listening: asyncio.Server) -> None:
    listening.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
