"""The client over TLS: a certificate of the hospital's own, and one that nobody vouches for."""

from __future__ import annotations

import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.registry.fake_time import FakeTime, client
from tracker.errors import ConfigError, RegistryUnreachable

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="makes its certificate with openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a new key and its own certificate, for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "hospital-ca.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    keys = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    subprocess.run(["openssl", *options.split(), *keys], check=True, capture_output=True)
    made.write_bytes((folder / "key").read_bytes() + (folder / "certificate").read_bytes())
    return made


class _Version(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"apiVersion":"2.0.5","dataTimestamp":"2026-03-02T09:00:05"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that does not trust the certificate hangs up."""


@contextmanager
def tls_server(certificate: Path) -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Version)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}/api/v2"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_hospitals_own_certificate(certificate: Path) -> None:
    with tls_server(certificate) as url, client(url, ca_bundle=certificate) as made:
        assert made.version() == made.version()
    assert made.traffic.requests == 2


def test_a_certificate_that_nobody_vouches_for_is_not_asked_twice(certificate: Path) -> None:
    time = FakeTime()
    with (
        tls_server(certificate) as url,
        client(url, time) as made,
        pytest.raises(RegistryUnreachable, match=r"127\.0\.0\.1: its certificate is not trusted$") as caught,
    ):
        made.version()
    assert "ca_bundle" in caught.value.advice
    assert time.slept == []


def test_a_certificate_file_that_holds_none(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")
    with pytest.raises(ConfigError, match=r"nonsense\.pem can't be read") as caught:
        client("https://127.0.0.1/api/v2", ca_bundle=nonsense)
    assert caught.value.subject == "registry.ca_bundle"
