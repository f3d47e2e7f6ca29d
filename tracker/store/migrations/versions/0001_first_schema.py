"""The first schema: runs, studies and their versions, searches and members, changes, reports, deliveries, notes.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER is an alias of SQLite's rowid
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("nct_id", sa.String(length=11), nullable=False),
        sa.Column("mark", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_nct_id"), "note", ["nct_id"], unique=False)
    op.create_table(
        "report_definition",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("since_run", sa.Integer(), nullable=False),
        sa.Column("covered_run", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_report_definition")),
    )
    op.create_table(
        "run",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("searches", sa.JSON(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.Column("data_timestamp", _INSTANT, nullable=True),
        sa.Column("data_date", sa.Date(), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("studies_read", sa.Integer(), nullable=False),
        sa.Column("versions_written", sa.Integer(), nullable=False),
        sa.Column("changes_written", sa.Integer(), nullable=False),
        sa.Column("coverage", sa.JSON(), nullable=False),
        sa.Column("guards", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("program_version", sa.String(length=40), nullable=False),
        sa.Column("process", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_table(
        "report",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("after_run", sa.Integer(), nullable=False),
        sa.Column("until_run", sa.Integer(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("view", sa.LargeBinary(), nullable=False),
        sa.Column("program_version", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["report_definition.name"], name=op.f("fk_report_name_report_definition")),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_report")),
    )
    op.create_table(
        "search",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=True),
        sa.Column("data_timestamp", _INSTANT, nullable=True),
        sa.Column("baseline_run", _ROW_ID, nullable=True),
        sa.Column("complete_run", _ROW_ID, nullable=True),
        sa.Column("suspicious", sa.Text(), nullable=True),
        sa.Column("missing_once", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["baseline_run"], ["run.id"], name=op.f("fk_search_baseline_run_run")),
        sa.ForeignKeyConstraint(["complete_run"], ["run.id"], name=op.f("fk_search_complete_run_run")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search")),
    )
    op.create_table(
        "study",
        sa.Column("nct_id", sa.String(length=11), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("merged_into", sa.String(length=11), nullable=True),
        sa.Column("watched_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("raw_digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("data_date", sa.Date(), nullable=True),
        sa.Column("first_seen_run", _ROW_ID, nullable=False),
        sa.Column("last_seen_run", _ROW_ID, nullable=False),
        sa.Column("first_plans", sa.JSON(), nullable=False),
        sa.Column("brief_title", sa.Text(), nullable=True),
        sa.Column("official_title", sa.Text(), nullable=True),
        sa.Column("acronym", sa.Text(), nullable=True),
        sa.Column("study_type", sa.Text(), nullable=True),
        sa.Column("phases", sa.Text(), nullable=True),
        sa.Column("overall_status", sa.Text(), nullable=True),
        sa.Column("last_known_status", sa.Text(), nullable=True),
        sa.Column("why_stopped", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Text(), nullable=True),
        sa.Column("start_date_type", sa.Text(), nullable=True),
        sa.Column("primary_completion_date", sa.Text(), nullable=True),
        sa.Column("primary_completion_date_type", sa.Text(), nullable=True),
        sa.Column("completion_date", sa.Text(), nullable=True),
        sa.Column("completion_date_type", sa.Text(), nullable=True),
        sa.Column("enrollment", sa.BigInteger(), nullable=True),
        sa.Column("enrollment_type", sa.Text(), nullable=True),
        sa.Column("lead_sponsor", sa.Text(), nullable=True),
        sa.Column("lead_sponsor_class", sa.Text(), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("interventions", sa.Text(), nullable=True),
        sa.Column("countries", sa.Text(), nullable=True),
        sa.Column("site_count", sa.Integer(), nullable=True),
        sa.Column("has_results", sa.Boolean(), nullable=True),
        sa.Column("first_post_date", sa.Text(), nullable=True),
        sa.Column("last_update_post_date", sa.Text(), nullable=True),
        sa.Column("results_first_submit_date", sa.Text(), nullable=True),
        sa.Column("results_first_post_date", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["first_seen_run"], ["run.id"], name=op.f("fk_study_first_seen_run_run")),
        sa.ForeignKeyConstraint(["last_seen_run"], ["run.id"], name=op.f("fk_study_last_seen_run_run")),
        sa.PrimaryKeyConstraint("nct_id", name=op.f("pk_study")),
    )
    op.create_index(op.f("ix_study_overall_status"), "study", ["overall_status"], unique=False)
    op.create_table(
        "change",
        sa.Column("number", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("change_id", sa.String(length=24), nullable=False),
        sa.Column("nct_id", sa.String(length=11), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("weight", sa.String(length=10), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("days_at_least", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("search", sa.String(length=100), nullable=True),
        sa.Column("before_version", sa.Integer(), nullable=True),
        sa.Column("after_version", sa.Integer(), nullable=True),
        sa.Column("run", _ROW_ID, nullable=False),
        sa.Column("detected_at", _INSTANT, nullable=False),
        sa.Column("data_date", sa.Date(), nullable=True),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["nct_id"], ["study.nct_id"], name=op.f("fk_change_nct_id_study")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_change_run_run")),
        sa.ForeignKeyConstraint(["search"], ["search.name"], name=op.f("fk_change_search_search")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_change")),
        sa.UniqueConstraint("change_id", name=op.f("uq_change_change_id")),
    )
    op.create_index(op.f("ix_change_detected_at"), "change", ["detected_at"], unique=False)
    op.create_index(op.f("ix_change_nct_id"), "change", ["nct_id"], unique=False)
    op.create_index(op.f("ix_change_run"), "change", ["run"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("next_attempt_at", _INSTANT, nullable=True),
        sa.Column("sent_at", _INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["name", "number"], ["report.name", "report.number"], name=op.f("fk_delivery_name_number_report")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("message_id", name=op.f("uq_delivery_message_id")),
        sa.UniqueConstraint(
            "name", "number", "recipient", "address", name=op.f("uq_delivery_name_number_recipient_address")
        ),
    )
    op.create_table(
        "member",
        sa.Column("search", sa.String(length=100), nullable=False),
        sa.Column("nct_id", sa.String(length=11), nullable=False),
        sa.Column("stay", sa.Integer(), nullable=False),
        sa.Column("since_run", _ROW_ID, nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("entered_why", sa.Text(), nullable=False),
        sa.Column("until_run", _ROW_ID, nullable=True),
        sa.Column("until", _INSTANT, nullable=True),
        sa.Column("left_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["nct_id"], ["study.nct_id"], name=op.f("fk_member_nct_id_study")),
        sa.ForeignKeyConstraint(["search"], ["search.name"], name=op.f("fk_member_search_search")),
        sa.ForeignKeyConstraint(["since_run"], ["run.id"], name=op.f("fk_member_since_run_run")),
        sa.ForeignKeyConstraint(["until_run"], ["run.id"], name=op.f("fk_member_until_run_run")),
        sa.PrimaryKeyConstraint("search", "nct_id", "stay", name=op.f("pk_member")),
    )
    op.create_index(op.f("ix_member_nct_id"), "member", ["nct_id"], unique=False)
    op.create_table(
        "report_file",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["name", "number"], ["report.name", "report.number"], name=op.f("fk_report_file_name_number_report")
        ),
        sa.PrimaryKeyConstraint("name", "number", "filename", name=op.f("pk_report_file")),
    )
    op.create_table(
        "study_version",
        sa.Column("nct_id", sa.String(length=11), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run", _ROW_ID, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("data_date", sa.Date(), nullable=True),
        sa.Column("last_update_submit_date", sa.Text(), nullable=True),
        sa.Column("last_update_post_date", sa.Text(), nullable=True),
        sa.Column("body_digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("body_size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["nct_id"], ["study.nct_id"], name=op.f("fk_study_version_nct_id_study")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_study_version_run_run")),
        sa.PrimaryKeyConstraint("nct_id", "version", name=op.f("pk_study_version")),
    )
    op.create_index(op.f("ix_study_version_run"), "study_version", ["run"], unique=False)
    op.create_table(
        "term",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("search", sa.String(length=100), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("first_complete_run", _ROW_ID, nullable=True),
        sa.Column("last_complete_run", _ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["first_complete_run"], ["run.id"], name=op.f("fk_term_first_complete_run_run")),
        sa.ForeignKeyConstraint(["last_complete_run"], ["run.id"], name=op.f("fk_term_last_complete_run_run")),
        sa.ForeignKeyConstraint(["search"], ["search.name"], name=op.f("fk_term_search_search")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term")),
        sa.UniqueConstraint("search", "query", name=op.f("uq_term_search_query")),
    )
    op.create_table(
        "term_match",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("term", _ROW_ID, nullable=False),
        sa.Column("nct_id", sa.String(length=11), nullable=False),
        sa.Column("since_run", _ROW_ID, nullable=False),
        sa.Column("until_run", _ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["nct_id"], ["study.nct_id"], name=op.f("fk_term_match_nct_id_study")),
        sa.ForeignKeyConstraint(["since_run"], ["run.id"], name=op.f("fk_term_match_since_run_run")),
        sa.ForeignKeyConstraint(["term"], ["term.id"], name=op.f("fk_term_match_term_term")),
        sa.ForeignKeyConstraint(["until_run"], ["run.id"], name=op.f("fk_term_match_until_run_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_match")),
    )
    op.create_index(op.f("ix_term_match_nct_id"), "term_match", ["nct_id"], unique=False)
    op.create_index(op.f("ix_term_match_term_nct_id"), "term_match", ["term", "nct_id"], unique=False)
