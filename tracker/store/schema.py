"""The tables. Migrations build them (`migrations/`); a test holds the two against each other.

Instants are UTC: aware in Python and on PostgreSQL, ISO text on SQLite (`UtcDateTime`). Partial dates stay the
registry's text. JSON columns hold what is only ever read whole.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC going in and coming out; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NCT = String(11)
_ROW_ID = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER is an alias of SQLite's rowid

run = Table(
    "run",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("state", String(20), nullable=False),  # runs.RunState
    Column("outcome", String(20)),  # runs.Outcome, once finished
    Column("source", Text, nullable=False),
    Column("searches", JSON, nullable=False),  # names of the searches it was to sync
    Column("full", Boolean, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("data_timestamp", UtcDateTime),
    Column("data_date", Date),
    Column("rounds", Integer, nullable=False, default=0),
    Column("requests", Integer, nullable=False, default=0),
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("studies_read", Integer, nullable=False, default=0),
    Column("versions_written", Integer, nullable=False, default=0),
    Column("changes_written", Integer, nullable=False, default=0),
    Column("coverage", JSON, nullable=False, default=list),  # [runs.TermCoverage]
    Column("guards", JSON, nullable=False, default=list),  # [runs.Guard]
    Column("problems", JSON, nullable=False, default=list),  # [study.Problem]
    Column("error", Text),
    Column("rules_version", Integer, nullable=False),
    Column("program_version", String(40), nullable=False),
    Column("process", String(120), nullable=False),  # host and pid that ran it
)

study = Table(
    "study",
    metadata,
    Column("nct_id", _NCT, primary_key=True),
    Column("state", String(20), nullable=False),  # tracked, watched, left, removed, merged
    Column("merged_into", _NCT),
    Column("watched_until", Date),
    Column("version", Integer, nullable=False),  # the newest study_version
    Column("raw_digest", LargeBinary(16), nullable=False),  # of the bytes last seen, less the stamp
    Column("data_date", Date),  # the newest registry data date that it was seen in
    Column("first_seen_run", ForeignKey("run.id"), nullable=False),
    Column("last_seen_run", ForeignKey("run.id"), nullable=False),  # the last run that found it different
    Column("first_plans", JSON, nullable=False),  # field -> [date, type, known since]
    Column("brief_title", Text),
    Column("official_title", Text),
    Column("acronym", Text),
    Column("study_type", Text),
    Column("phases", Text),  # joined by |, as the registry's CSV has them
    Column("overall_status", Text),
    Column("last_known_status", Text),
    Column("why_stopped", Text),
    Column("start_date", Text),
    Column("start_date_type", Text),
    Column("primary_completion_date", Text),
    Column("primary_completion_date_type", Text),
    Column("completion_date", Text),
    Column("completion_date_type", Text),
    Column("enrollment", BigInteger),
    Column("enrollment_type", Text),
    Column("lead_sponsor", Text),
    Column("lead_sponsor_class", Text),
    Column("conditions", Text),  # joined by |
    Column("interventions", Text),  # "Type: Name" joined by |
    Column("countries", Text),  # joined by |
    Column("site_count", Integer),
    Column("has_results", Boolean),
    Column("first_post_date", Text),
    Column("last_update_post_date", Text),
    Column("results_first_submit_date", Text),
    Column("results_first_post_date", Text),
    Index(None, "overall_status"),
)

study_version = Table(
    "study_version",
    metadata,
    Column("nct_id", ForeignKey("study.nct_id"), primary_key=True),
    Column("version", Integer, primary_key=True),  # from 1
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("data_date", Date),
    Column("last_update_submit_date", Text),
    Column("last_update_post_date", Text),
    Column("body_digest", LargeBinary(16), nullable=False),  # of the bytes in `body`, unpacked
    Column("body_size", Integer, nullable=False),  # bytes, unpacked
    Column("body", LargeBinary, nullable=False),  # the record's own bytes, packed with zstandard
    Index(None, "run"),
)

search = Table(
    "search",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("description", Text, nullable=False, default=""),
    Column("active", Boolean, nullable=False, default=True),  # false once it is gone from config
    Column("definition", Text),  # digest of the definition, as of its last complete sweep
    Column("data_timestamp", UtcDateTime),  # of its last complete sweep
    Column("baseline_run", ForeignKey("run.id")),  # its first complete run
    Column("complete_run", ForeignKey("run.id")),  # its last complete run
    Column("suspicious", Text),  # why its last sweep is not believed
    Column("missing_once", JSON, nullable=False, default=list),  # ids that leave if missing once more
)

term = Table(
    "term",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("search", ForeignKey("search.name"), nullable=False),
    Column("query", Text, nullable=False),  # TermQuery.key
    Column("active", Boolean, nullable=False, default=True),
    Column("first_complete_run", ForeignKey("run.id")),
    Column("last_complete_run", ForeignKey("run.id")),
    UniqueConstraint("search", "query"),
)

member = Table(
    "member",
    metadata,
    Column("search", ForeignKey("search.name"), primary_key=True),
    Column("nct_id", ForeignKey("study.nct_id"), primary_key=True),
    Column("stay", Integer, primary_key=True),  # ordinal of the stay, from 1
    Column("since_run", ForeignKey("run.id"), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("entered_why", Text, nullable=False),  # changes.EnteredWhy
    Column("until_run", ForeignKey("run.id")),
    Column("until", UtcDateTime),
    Column("left_why", Text),  # changes.LeftWhy
    Index(None, "nct_id"),
)

term_match = Table(
    "term_match",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("term", ForeignKey("term.id"), nullable=False),
    Column("nct_id", ForeignKey("study.nct_id"), nullable=False),
    Column("since_run", ForeignKey("run.id"), nullable=False),
    Column("until_run", ForeignKey("run.id")),
    Index(None, "term", "nct_id"),
    Index(None, "nct_id"),
)

change = Table(
    "change",
    metadata,
    Column("number", _ROW_ID, primary_key=True, autoincrement=True),
    Column("change_id", String(24), nullable=False, unique=True),
    Column("nct_id", ForeignKey("study.nct_id"), nullable=False),
    Column("kind", String(30), nullable=False),  # changes.Kind
    Column("field", String(60), nullable=False),
    Column("weight", String(10), nullable=False),  # changes.Weight
    Column("before", JSON(none_as_null=True)),  # changes.Value; a list as an array
    Column("after", JSON(none_as_null=True)),
    Column("days", Integer),
    Column("days_at_least", Boolean, nullable=False, default=False),
    Column("why", Text),
    Column("detail", JSON, nullable=False, default=dict),
    Column("search", ForeignKey("search.name")),  # entered and left only
    Column("before_version", Integer),
    Column("after_version", Integer),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("detected_at", UtcDateTime, nullable=False),
    Column("data_date", Date),
    Column("rules_version", Integer, nullable=False),
    Index(None, "nct_id"),
    Index(None, "run"),
    Index(None, "detected_at"),
)

report_definition = Table(
    "report_definition",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("since_run", Integer, nullable=False),  # the newest finished run when it was new; 0 in an empty store
    Column("covered_run", Integer, nullable=False),  # the last run that its reports have told
    Column("reports", Integer, nullable=False, default=0),  # how many there are: the number of the newest
)

report = Table(
    "report",
    metadata,
    Column("name", ForeignKey("report_definition.name"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1
    Column("created_at", UtcDateTime, nullable=False),
    Column("after_run", Integer, nullable=False),  # the window: runs after this one ...
    Column("until_run", Integer, nullable=False),  # ... up to this one
    Column("folder", Text, nullable=False),  # where its copies belong
    Column("view", LargeBinary, nullable=False),  # the ReportView as JSON, packed with zstandard
    Column("program_version", String(40), nullable=False),
)

report_file = Table(
    "report_file",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("filename", String(100), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),  # of the bytes, unpacked
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # packed with zstandard
    Column("confirmed", Boolean, nullable=False, default=False),  # the copy is known to be on disk
    ForeignKeyConstraint(["name", "number"], ["report.name", "report.number"]),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Column("recipient", String(100), nullable=False),
    Column("address", Text, nullable=False),  # never a secret
    Column("message_id", Text, nullable=False, unique=True),
    Column("subject", Text, nullable=False, server_default=""),
    Column("attachments", JSON, nullable=False, server_default="[]"),  # names of the report's files
    Column("state", String(20), nullable=False),  # deliveries.DeliveryState
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", UtcDateTime, nullable=False),
    # While it is being sent: when its sender is taken for dead. Given up: when that was, until the admins know.
    Column("next_attempt_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("last_error", Text),
    UniqueConstraint("name", "number", "recipient", "address"),
    ForeignKeyConstraint(["name", "number"], ["report.name", "report.number"]),
)

note = Table(
    "note",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("nct_id", _NCT, nullable=False),
    Column("mark", String(20), nullable=False),  # marks.Mark
    Column("text", Text, nullable=False),
    Column("kind", String(30)),  # a mute of one kind of change only
    Column("author", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("until", Date),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_by", Text),
    Index(None, "nct_id"),
)

identity = Table(
    "identity",
    metadata,
    Column("id", String(32), primary_key=True),  # random: tells this store's mails from another's
    Column("made_at", UtcDateTime, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("covered", UtcDateTime, nullable=False),  # what was due up to this instant is done
    Column("started_at", UtcDateTime),  # the last attempt
    Column("succeeded_at", UtcDateTime),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("failing_since", UtcDateTime),
    Column("retry_at", UtcDateTime),  # what is due has failed, and is tried again then
    Column("error", Text),  # of the last failure; none after a success
    Column("alerted_at", UtcDateTime),  # the last alert about the present failures
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("job", ForeignKey("job.name"), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("outcome", String(20)),  # job_log.Ended, once finished
    Column("said", Text),
    Column("process", String(120), nullable=False),  # host and pid that made it
    Index(None, "job"),
)
