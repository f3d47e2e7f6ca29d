"""Mail as it arrives: over each kind of connection, with what a server may say, and with hostile words in it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
import trustme

from jobs import mailing
from jobs.mailing import MailServer as Server
from tests.delivery.mail_server import MailServer, mail_server
from tests.delivery.outbox import ANA, FILES, Outbox
from tracker.errors import DeliveryError

PASSWORD = "open=sesame"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "hospital-ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def to(server: MailServer, **values: object) -> Server:
    known = Server(host="127.0.0.1", port=server.port, security="none", sender="tracker@hospital.example", timeout_s=5)
    return replace(known, **values)  # type: ignore[arg-type]


def a_letter(**values: object) -> EmailMessage:
    given: dict[str, object] = {
        "sender": "tracker@hospital.example",
        "address": ANA,
        "subject": "Trial tracker: 2 trials with news",
        "text": "2 trials → news\n",
        "html": "<p>2 trials → news</p>",
        "attachments": {"weekly-1-report.html": b"<p>the page</p>", "weekly-1-changes.csv": b"\xef\xbb\xbfa\r\n"},
        "message_id": "<abc@hospital.example>",
        "date": datetime(2026, 3, 2, 7, tzinfo=UTC),
        "list_name": "weekly",
    }
    return mailing.letter(**{**given, **values})  # type: ignore[arg-type]


def failure(server: Server, **values: object) -> DeliveryError:
    address = str(values.get("address", ANA))
    with pytest.raises(DeliveryError) as failed:
        mailing.send(server, a_letter(**values), address=address)
    return failed.value


# What arrives


def test_a_report_arrives_whole(outbox: Outbox, server: MailServer) -> None:
    outbox.report()
    outbox.deliver()
    [received] = server.received
    message = received.message
    [recorded] = outbox.content()
    assert received.sender == "tracker@hospital.example"
    assert {name: str(message[name]) for name in ("From", "To", "Subject", "Message-ID", "List-Id", "Date")} == {
        "From": "Trial tracker <tracker@hospital.example>",
        "To": ANA,
        "Subject": "Trial tracker: 2 trials with news",
        "Message-ID": recorded.message_id,
        "List-Id": "<weekly.hospital.example>",
        "Date": "Mon, 02 Mar 2026 07:00:00 +0000",
    }
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == "2 trials → news\n"
    assert html.get_content().strip() == "<p>2 trials → news</p>"
    attached = {one.get_filename(): one.get_payload(decode=True) for one in message.iter_attachments()}
    assert attached == {
        "weekly-1-report.html": FILES["report.html"],
        "weekly-1-changes.csv": FILES["changes.csv"],
    }


def test_the_same_letter_is_the_same_bytes() -> None:
    assert a_letter().as_bytes() == a_letter().as_bytes()
    assert a_letter().as_bytes() != a_letter(message_id="<other@hospital.example>").as_bytes()


def test_half_a_surrogate_pair_in_the_text_does_no_harm() -> None:
    message = message_from_bytes(a_letter(text="half \ud800", html="<p>\udfff</p>").as_bytes(), policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "half ?"


def test_without_attachments_and_html() -> None:
    message = a_letter(html=None, attachments=None)
    assert message.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("news\r\nBcc: everybody@example.org", "news Bcc: everybody@example.org"),
        ("news\n\n<script>alert(1)</script>", "news <script>alert(1)</script>"),
        ("\u202egnp.exe \u200bnews\x1b[2J\x00", "gnp.exe news[2J"),
        ("half a pair \ud800", "half a pair \ufffd"),
        ("=?utf-8?q?news?= é", "=?utf-8?q?news?= é"),
        ("n" * 400, "n" * 149 + "…"),
    ],
)
def test_a_subject_is_one_harmless_line(server: MailServer, subject: str, line: str) -> None:
    mailing.send(to(server), a_letter(subject=subject), address=ANA)
    [received] = server.received
    assert received.addresses == (ANA,)
    header = received.content.split(b"\r\n\r\n")[0]
    parsed = message_from_bytes(header, policy=default)
    assert parsed["Bcc"] is None
    if "=?" not in subject:  # an encoded word in the text is encoded once more, which not every parser undoes
        assert str(parsed["Subject"]) == line
    assert header.isascii()
    assert mailing.subject_line(subject) == line


def test_an_address_that_could_be_a_header_is_refused() -> None:
    with pytest.raises(DeliveryError) as refused:
        a_letter(address="ana@hospital.example\r\nBcc: everybody@example.org")
    assert refused.value.permanent


@pytest.mark.parametrize("address", ["ána@hospital.example", "ana@spitál.example"])
def test_an_address_with_letters_beyond_ascii_is_refused_in_words(server: MailServer, address: str) -> None:
    error = failure(to(server), address=address)
    assert (error.permanent, error.everyone) == (True, False)
    assert "ASCII" in error.message


# Connections


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_an_encrypted_connection(security: str, certificate: ssl.SSLContext, ca_bundle: Path) -> None:
    passwords = {"tracker": PASSWORD} if security == "starttls" else {}
    login = {"username": "tracker", "password": PASSWORD} if passwords else {}
    with mail_server(certificate=certificate, security=security, passwords=passwords) as server:
        mailing.send(to(server, security=security, ca_bundle=ca_bundle, **login), a_letter(), address=ANA)
        [received] = server.received
    assert received.encrypted
    assert received.login == ("tracker" if passwords else None)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for(security: str, certificate: ssl.SSLContext) -> None:
    with mail_server(certificate=certificate, security=security) as server:
        error = failure(to(server, security=security))
        assert server.received == []
    assert error.everyone
    assert not error.permanent
    assert "its certificate is not trusted" in error.message
    assert "see ca_bundle" in error.message


def test_mail_never_goes_out_in_the_open_instead(server: MailServer) -> None:
    error = failure(to(server, security="starttls"))
    assert error.everyone
    assert "STARTTLS" in error.message
    assert server.received == []


def test_a_login(server: MailServer) -> None:
    with mail_server(passwords={"tracker": PASSWORD}) as guarded:
        mailing.send(to(guarded, username="tracker", password=PASSWORD), a_letter(), address=ANA)
        assert [one.login for one in guarded.received] == ["tracker"]


def test_a_login_that_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with mail_server(passwords={"tracker": PASSWORD}) as guarded:
        known = to(guarded, username="tracker", password="wrong secret")
        error = failure(known)
    assert error.everyone
    assert not error.permanent
    assert "refuses the login of tracker: 535 " in error.message
    assert "wrong secret" not in f"{error.told}{caplog.text}{known!r}{error.__cause__}"


# Answers


@pytest.mark.parametrize(("code", "permanent"), [(450, False), (452, False), (550, True), (552, True)])
def test_a_refused_address(server: MailServer, code: int, permanent: bool) -> None:
    server.refused[ANA] = f"{code} words\x1b of the server"
    error = failure(to(server))
    assert (error.permanent, error.everyone) == (permanent, False)
    assert f"{code} words of the server" in error.message


@pytest.mark.parametrize(("code", "permanent"), [(421, False), (451, False), (554, True)])
def test_a_refused_mail(server: MailServer, code: int, permanent: bool) -> None:
    server.data_answer = f"{code} looks like spam"
    error = failure(to(server))
    assert (error.permanent, error.everyone) == (permanent, False)
    assert "looks like spam" in error.message


def test_a_refused_sender(server: MailServer) -> None:
    server.sender_answer = "553 who are you"
    error = failure(to(server))
    assert error.permanent
    assert "553 who are you" in error.message


def test_a_server_that_falls_silent(server: MailServer) -> None:
    server.silent = True
    error = failure(to(server, timeout_s=0.2))
    assert error.everyone
    assert error.message.endswith("it does not answer in time")


def test_a_server_that_drips_is_cut_off() -> None:
    """It sends a letter of its greeting whenever it likes, which keeps each single read in time."""
    with dripping() as port:
        known = Server(
            host="127.0.0.1", port=port, security="none", sender="t@hospital.example", timeout_s=5, deadline_s=0.3
        )
        error = failure(known)
    assert error.everyone
    assert not error.permanent


@contextmanager
def dripping() -> Iterator[int]:
    """A server that greets, and then answers EHLO a letter at a time, without an end."""
    done = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"220 mail.example\r\n250-")
            while not done.wait(0.01):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        done.set()
        thread.join()


def test_a_name_that_nobody_knows(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert failure(to(server, host="mail.hospital.example")).message.endswith("its name is not known")
