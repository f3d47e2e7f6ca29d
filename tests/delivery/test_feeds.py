"""Feeds and calendar: valid, the same bytes from the same state, stable ids, and hostile text as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar, Event
from lxml import etree

from reports.calendar import CalendarTrial, calendar
from reports.feeds import CHANGES_LISTED, ReportEntry, changes_feed, reports_feed
from tests.reports.stories import change, entered, left, moved, recorded, status, studies, trial
from tests.reports.test_hostile import HOSTILE
from tracker.changes import Kind, RecordedChange
from tracker.study import (
    DateType,
    PartialDate,
    Phase,
    Site,
    Status,
    Study,
    StudyDate,
    StudyType,
    nct_id,
)

ONE, TWO = "NCT00000001", "NCT00000002"
IDENTITY = "0123456789abcdef0123456789abcdef"
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


def feed_of(found: list[RecordedChange], title: str = "A trial") -> bytes:
    held = studies(trial(ONE, title), trial(TWO, title))
    return changes_feed(found, held, identity=IDENTITY, since=SINCE)


def entries(content: bytes) -> list[dict[str, str]]:
    root = etree.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    for needed in ("id", "title", "updated", "author"):
        assert root.find(f"{ATOM}{needed}") is not None
    found = []
    for entry in root.iter(f"{ATOM}entry"):
        texts = {name: entry.findtext(f"{ATOM}{name}") or "" for name in ("id", "title", "updated", "content")}
        assert all(texts.values())
        link = entry.find(f"{ATOM}link")
        assert link is not None
        found.append(texts | {"link": link.get("href", "")})
    return found


def test_a_change_as_an_entry() -> None:
    found = recorded([moved(ONE, "completion_date", "2020-08", "2021-08", 365)])
    [entry] = entries(feed_of(found, "Radiosurgery of the spine"))
    assert entry["title"] == f"Date moved: {ONE} Radiosurgery of the spine"
    assert entry["content"].startswith("Study completion: Aug 2020")
    assert "Aug 2021" in entry["content"]
    assert entry["link"] == f"https://clinicaltrials.gov/study/{ONE}"
    assert entry["id"].startswith("urn:uuid:")
    assert datetime.fromisoformat(entry["updated"]) == found[0].detected_at


def test_every_sort_of_change_has_its_words() -> None:
    told = [
        entered(ONE, "newly registered"),
        left(TWO, "removed from the registry"),
        status(ONE, Kind.STOPPED, "RECRUITING", "TERMINATED", "low accrual"),
        change(ONE, Kind.OUTCOMES, "primary_outcomes", ("pain",), ("survival",)),
    ]
    outcomes, stopped, gone, new = entries(feed_of(recorded(told)))  # the newest first
    assert "− pain\n+ survival" in outcomes["content"]
    assert "“low accrual”" in stopped["content"]
    assert "removed from the registry" in gone["content"]
    assert "newly registered" in new["content"]


def test_ids_stay_and_are_never_shared() -> None:
    first = recorded([moved(ONE, "completion_date", "2020-08", "2021-08", 365)])
    both = recorded(
        [moved(ONE, "completion_date", "2020-08", "2021-08", 365), status(TWO, Kind.OPENED, "A", "RECRUITING")]
    )
    [alone] = entries(feed_of(first))
    _, again = entries(feed_of(both))
    assert alone["id"] == again["id"]
    assert len({entry["id"] for entry in entries(feed_of(both))}) == 2
    elsewhere = changes_feed(first, {}, identity="f" * 32, since=SINCE)
    assert entries(elsewhere)[0]["id"] != alone["id"]


def test_the_same_state_gives_the_same_bytes() -> None:
    found = recorded([moved(ONE, "completion_date", "2020-08", "2021-08", 365)])
    assert feed_of(found) == feed_of(found)
    assert of(a_study(), found) == of(a_study(), found)


def test_an_empty_feed_is_valid() -> None:
    assert entries(feed_of([])) == []
    assert entries(reports_feed([], identity=IDENTITY, since=SINCE)) == []
    assert b"2020-01-01T00:00:00+00:00" in feed_of([])


def test_a_feed_holds_the_newest() -> None:
    many = [
        status(nct_id(f"NCT{number:08}"), Kind.OPENED, "NOT_YET_RECRUITING", "RECRUITING")
        for number in range(1, CHANGES_LISTED + 2)
    ]
    listed = entries(feed_of(recorded(many)))
    assert len(listed) == CHANGES_LISTED
    assert f"NCT{CHANGES_LISTED + 1:08}" in listed[0]["title"]


@pytest.mark.parametrize("text", [*HOSTILE, "]]>", "&amp;<b>", "\ufffe\uffff\ud800", "x" * 100_000])
def test_hostile_text_is_text(text: str) -> None:
    found = recorded(
        [status(ONE, Kind.STOPPED, "RECRUITING", text, text), change(ONE, Kind.TITLE, "brief_title", text, text)]
    )
    content = feed_of(found, text)
    reports = [
        ReportEntry(name="weekly", number=1, created_at=SINCE, headline=text or "-", link="../weekly/1/report.html")
    ]
    for root in (etree.fromstring(content), etree.fromstring(reports_feed(reports, identity=IDENTITY, since=SINCE))):
        assert all(str(element.tag).startswith(ATOM) for element in root.iter())
        shown = "".join(root.itertext())
        assert not any(sign in shown for sign in "\x00\x07\x1b\u202e\u200b\ufeff")
    assert len(content) < 20_000
    study = a_study(brief_title=text)
    for first in (*events(of(study)), *events(of(a_study(brief_title=text, completion=None), before=[study]))):
        assert set(first) <= {
            *("SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "DESCRIPTION", "LAST-MODIFIED", "TRANSP"),
            *("URL", "STATUS"),
        }
        assert "\n" not in str(first["SUMMARY"])


# The calendar


def a_study(**values: object) -> Study:
    given = {
        "nct_id": nct_id(ONE),
        "brief_title": "Radiosurgery, of the spine; metastases",
        "overall_status": Status.RECRUITING,
        "completion": StudyDate(PartialDate("2027-05-31"), DateType.ESTIMATED),
    }
    return Study(**(given | values))  # type: ignore[arg-type]


def events(content: bytes) -> list[Event]:
    parsed = Calendar.from_ical(content)
    assert isinstance(parsed, Calendar)
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 75
    return list(parsed.events)


def days(content: bytes) -> dict[str, date]:
    return {str(event["SUMMARY"]).partition(":")[0]: event["DTSTART"].dt for event in events(content)}


def of(
    study: Study, changes: list[RecordedChange] | None = None, *, before: Sequence[Study] = (), tracked: bool = True
) -> bytes:
    trial = CalendarTrial(study=study, tracked=tracked, before=tuple(before))
    return calendar([trial], changes or [], identity=IDENTITY, since=SINCE)


def test_a_date_that_moves_moves_its_entry() -> None:
    [before] = events(of(a_study()))
    later = recorded([moved(ONE, "completion_date", "2027-05-31", "2028-01-31", 245)])
    moved_study = a_study(completion=StudyDate(PartialDate("2028-01-31"), DateType.ESTIMATED))
    [after] = events(of(moved_study, later))
    assert before["UID"] == after["UID"]
    assert (before["DTSTART"].dt, after["DTSTART"].dt) == (date(2027, 5, 31), date(2028, 1, 31))
    assert after["DTEND"].dt - after["DTSTART"].dt == timedelta(days=1)
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt
    assert str(after["SUMMARY"]) == f"Completion expected: {ONE} Radiosurgery, of the spine; metastases"


@pytest.mark.parametrize(
    ("text", "day"), [("2027-05-31", date(2027, 5, 31)), ("2028-02", date(2028, 2, 29)), ("2027", date(2027, 12, 31))]
)
def test_a_partial_date_stands_on_its_last_day(text: str, day: date) -> None:
    [event] = events(of(a_study(completion=StudyDate(PartialDate(text), DateType.ESTIMATED))))
    assert event["DTSTART"].dt == day
    assert ("gives no day" in str(event["DESCRIPTION"])) is (len(text) < 10)


@pytest.mark.parametrize(
    "values",
    [
        {"overall_status": Status.COMPLETED},
        {"overall_status": Status.TERMINATED},
        {"overall_status": Status.WITHDRAWN},
        {"completion": StudyDate(PartialDate("2027-05-31"), DateType.ACTUAL)},
        {"completion": StudyDate(PartialDate("2027-05-31"), None)},
        {"completion": StudyDate(PartialDate("2023-02-30"), DateType.ESTIMATED)},
        {"completion": None},
    ],
)
def test_what_is_not_expected_has_no_entry(values: dict[str, object]) -> None:
    assert events(of(a_study(**values))) == []


ENDED = {
    "overall_status": Status.COMPLETED,
    "completion": StudyDate(PartialDate("2027-02-10"), DateType.ACTUAL),
}


def test_an_entry_that_lapses_is_cancelled_under_its_id() -> None:
    """RFC 5546, 3.2.1: whoever has taken it over strikes it out; whoever subscribes may stop showing it."""
    [before] = events(of(a_study()))
    changes = recorded([status(ONE, Kind.COMPLETED, "RECRUITING", "COMPLETED")])
    [after] = events(of(a_study(**ENDED), changes, before=[a_study()]))
    assert (after["UID"], after["DTSTART"].dt) == (before["UID"], before["DTSTART"].dt)
    assert ("STATUS" in before, after["STATUS"]) == (False, "CANCELLED")
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert str(after["SUMMARY"]).startswith(f"Completion no longer expected: {ONE} ")
    assert "Completed" in str(after["DESCRIPTION"])
    assert "10 Feb 2027 (actual)" in str(after["DESCRIPTION"])


def test_a_trial_that_left_leaves_the_calendar_with_a_word() -> None:
    [after] = events(of(a_study(), recorded([left(ONE, "no longer matches")]), tracked=False))
    assert (after["STATUS"], after["DTSTART"].dt) == ("CANCELLED", date(2027, 5, 31))
    assert str(after["DESCRIPTION"]).startswith("The trial is no longer tracked.")


def test_what_is_still_expected_is_not_cancelled() -> None:
    earlier = a_study(completion=StudyDate(PartialDate("2026-12"), DateType.ESTIMATED))
    [event] = events(of(a_study(), before=[earlier]))
    assert "STATUS" not in event
    assert event["DTSTART"].dt == date(2027, 5, 31)


def test_a_calendar_says_its_name_and_how_often_it_changes() -> None:
    """RFC 7986, 5.1 and 5.7."""
    parsed = Calendar.from_ical(of(a_study()))
    assert (str(parsed["NAME"]), parsed["REFRESH-INTERVAL"].dt) == ("Trials: expected completions", timedelta(days=1))


def test_results_that_may_be_due_are_called_an_estimate() -> None:
    due = a_study(
        overall_status=Status.COMPLETED,
        completion=None,
        study_type=StudyType.INTERVENTIONAL,
        phases=(Phase.PHASE2,),
        is_fda_regulated_drug=True,
        is_fda_regulated_device=False,
        start=StudyDate(PartialDate("2018-03"), DateType.ACTUAL),
        primary_completion=StudyDate(PartialDate("2026-04"), DateType.ACTUAL),
        sites=(Site(country="United States"),),
    )
    assert days(of(due)) == {"Results may be due (estimate)": date(2027, 4, 30)}
    [event] = events(of(due))
    assert "Not a finding of non-compliance." in str(event["DESCRIPTION"])
    submitted = a_study(
        **{name: getattr(due, name) for name in ("overall_status", "completion", "study_type", "phases", "start")},
        is_fda_regulated_drug=True,
        is_fda_regulated_device=False,
        primary_completion=due.primary_completion,
        sites=due.sites,
        results_first_submitted=PartialDate("2026-06-01"),
    )
    assert days(of(submitted)) == {}
    [lapsed] = events(of(submitted, before=[due]))
    assert (lapsed["UID"], lapsed["STATUS"]) == (event["UID"], "CANCELLED")
    assert str(lapsed["SUMMARY"]).startswith("Results no longer waited for: ")
