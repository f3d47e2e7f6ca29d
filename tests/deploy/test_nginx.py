"""The nginx example: a real nginx serves the reports with it, over TLS and to those who log in."""

from __future__ import annotations

import base64
import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.deploy.unit_file import DEPLOY

EXAMPLE = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
HOST = "trials.hospital.example"
LOGIN = f"Basic {base64.b64encode(b'coordinator:geheim').decode()}"


class Ports(NamedTuple):
    tls: int
    plain: int


def test_it_serves_where_the_service_keeps_its_reports() -> None:
    assert "root /var/lib/tracker/reports;" in EXAMPLE


def test_it_asks_for_nothing_that_only_a_new_nginx_knows() -> None:
    """Debian 12 has nginx 1.22, RHEL 9 1.20."""
    assert "http2 on" not in EXAMPLE


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed here")
class TestServed:
    @pytest.fixture
    def ports(self, tmp_path: Path) -> Iterator[Ports]:
        """nginx with the example, in `tmp_path`: its addresses and files are replaced, and nothing else."""
        ports = Ports(_free_port(), _free_port())
        certificate = trustme.CA().issue_cert(HOST)
        certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "certificate")
        (tmp_path / "users").write_text("coordinator:{PLAIN}geheim\n")
        (tmp_path / "reports" / "weekly" / "1").mkdir(parents=True)
        (tmp_path / "reports" / "weekly" / "1" / "report.html").write_text("<p>Stopped: 1 trial – “Funding”</p>")
        (tmp_path / "tracker.db").write_text("not for colleagues")
        site = EXAMPLE
        for pattern, place in (
            (r"listen 443 ssl;", f"listen 127.0.0.1:{ports.tls} ssl;"),
            (r"listen 80;", f"listen 127.0.0.1:{ports.plain};"),
            (r"listen \[::\].*;", ""),
            (r"(ssl_certificate(?:_key)?) +.+;", rf"\1 {tmp_path}/certificate;"),
            (r"auth_basic_user_file .+;", f"auth_basic_user_file {tmp_path}/users;"),
            (r"root .+;", f"root {tmp_path}/reports;"),
        ):
            site, replaced = re.subn(pattern, place, site)
            assert replaced, pattern
        temporary = "\n".join(
            f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {tmp_path}/pid; error_log stderr;\n"
            f"events {{}}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n"
        )
        command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False, timeout=60)
        assert checked.returncode == 0, checked.stderr
        with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as nginx:
            try:
                _wait_until(lambda: nginx.poll() is not None or _listens(ports.tls))
                assert nginx.poll() is None, (tmp_path / "log").read_text()
                yield ports
            finally:
                nginx.terminate()

    def test_only_those_who_log_in_read_the_reports(self, ports: Ports) -> None:
        assert _answer(ports.tls, "/weekly/1/report.html", login=None)[0] == 401
        wrong = f"Basic {base64.b64encode(b'coordinator:x').decode()}"
        assert _answer(ports.tls, "/weekly/1/report.html", login=wrong)[0] == 401
        status, headers, body = _answer(ports.tls, "/weekly/1/report.html")
        assert (status, body.decode()) == (200, "<p>Stopped: 1 trial – “Funding”</p>")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Strict-Transport-Security"]
        assert headers["Server"] == "nginx"

    def test_nothing_else_of_the_folder_and_no_other_method(self, ports: Ports) -> None:
        assert _answer(ports.tls, "/weekly/")[0] == 200
        assert _answer(ports.tls, "/../tracker.db")[0] in (400, 404)
        assert _answer(ports.tls, "/%2e%2e/tracker.db")[0] in (400, 404)
        assert _answer(ports.tls, "/weekly/1/report.html", method="PUT")[0] == 403
        assert _answer(ports.tls, "/weekly/1/report.html", method="DELETE")[0] == 403

    def test_plain_http_leads_to_tls(self, ports: Ports) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", ports.plain, timeout=30)) as connection:
            connection.request("GET", "/weekly/1/report.html", headers={"Host": HOST, "Authorization": LOGIN})
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/weekly/1/report.html")


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _answer(
    port: int, path: str, *, login: str | None = LOGIN, method: str = "GET", context: ssl.SSLContext | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context or _trusting(), timeout=30)
    with closing(connection):
        connection.request(method, path, headers={"Host": HOST, **({"Authorization": login} if login else {})})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "nginx does not begin"
        time.sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
