"""The mail: whole in itself, small enough not to be cut, and only text where the registry wrote text."""

from __future__ import annotations

import re

from reports.mail import LARGEST, mail_parts
from tests.reports.example import HEADLINE, example_view
from tests.reports.situations import SITUATIONS, busy
from tests.reports.stories import change, recorded, studies, trial, view_of
from tests.reports.test_files import big_view
from tracker.changes import Kind

HOSTILE = '<img src=x onerror=alert(1)> =cmd|1 \u202egnp.exe\r\nBcc: all@example.org {{ 7*7 }} <a href="javascript:x">'


def test_it_is_one_subject_and_two_parts() -> None:
    subject, html, text = mail_parts(example_view())
    assert subject == HEADLINE
    assert text.startswith(HEADLINE)
    assert "low participant accrual" in html
    assert "NCT04033536" in text


def test_it_needs_nothing_that_mail_programs_drop() -> None:
    for situation in SITUATIONS.values():
        _, html, text = mail_parts(situation())
        assert not re.search(r"<(style|script|svg|details|link|img|form|meta http)\b", html)
        assert not re.search(r"\b(class|onclick|src)=", html)
        assert set(re.findall(r'href="([^"]*?)"', html)) <= {
            f"https://clinicaltrials.gov/study/{one}" for one in re.findall(r"NCT\d{8}", html)
        }
        assert max(len(html.encode()), len(text.encode())) <= LARGEST


def test_a_long_report_stops_before_it_is_cut_and_says_so() -> None:
    _, html, text = mail_parts(big_view(3000, 3))
    assert 60_000 < len(html.encode()) <= LARGEST
    assert 60_000 < len(text.encode()) <= LARGEST
    assert re.search(r"\d+ entries more in the attached report: a longer mail would be cut\.", html)
    assert re.search(r"… \d+ more in the attached report", text)
    assert html.rstrip().endswith("</html>")


def test_registry_text_is_text() -> None:
    view = view_of(
        recorded([change("NCT00000001", Kind.TITLE, "brief_title", "before", HOSTILE)]),
        studies(trial("NCT00000001", HOSTILE, sponsor=HOSTILE)),
    )
    subject, html, text = mail_parts(view)
    assert "\n" not in subject
    assert "<img" not in html
    assert "javascript:x&#34;" in html
    assert "\u202e" not in html + text + subject
    assert not re.search(r"^Bcc:", text, re.MULTILINE)


def test_remarks_and_estimates_are_in_it() -> None:
    _, html, text = mail_parts(busy())
    for part in (html, text):
        assert "ask the site about the delay" in part
        assert "its start is still Aug 2019 (estimated)" in part
