"""The schema. Alembic's migrations build it; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; in the database a timestamp with zone, or UTC where there is none."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a time without a zone cannot be stored"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(32), primary_key=True)


def _ref(name: str, target: str, **options: Any) -> sa.Column[str]:
    options.setdefault("nullable", False)
    return sa.Column(
        name, sa.String(32), sa.ForeignKey(f"{target}.id", ondelete="CASCADE"), **options
    )


exam_session = sa.Table(
    "exam_session",
    metadata,
    _id(),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("sampling_interval_s", sa.Integer, nullable=False),
    sa.Column("retention_days", sa.Integer, nullable=False),
    sa.Column("exam_url", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("join_generation", sa.Integer, nullable=False),
    sa.Column("admin_hash", sa.String(64)),
    sa.Column("event_seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("provider", sa.String(16), nullable=False, server_default="builtin"),
    sa.Column("report_repeats", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("second_reviewer", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("own_incidents", sa.String(16), nullable=False, server_default="never"),
    sa.Column("answer_days", sa.Integer, nullable=False, server_default="7"),
    sa.Column("invited_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("face_matching", sa.Boolean, nullable=False, server_default=sa.true()),
)

# What providers of live video call the rooms of a session. `candidate_id` is empty for a room of
# the whole session; a room goes when its session has been closed at the provider.
media_room = sa.Table(
    "media_room",
    metadata,
    _ref("session_id", "exam_session", primary_key=True),
    sa.Column("candidate_id", sa.String(32), primary_key=True),
    sa.Column("provider", sa.String(16), nullable=False),
    sa.Column("ref", sa.String(128), nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Index("ix_media_room_provider_ref", "provider", "ref"),
)

# What providers told of their rooms, once each. `event_id` is the provider's own.
media_event = sa.Table(
    "media_event",
    metadata,
    sa.Column("provider", sa.String(16), primary_key=True),
    sa.Column("event_id", sa.String(128), primary_key=True),
    _ref("session_id", "exam_session", index=True),
    sa.Column("identity", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("track", sa.String(16)),
    sa.Column("at", UtcDateTime, nullable=False),
)

candidate = sa.Table(
    "candidate",
    metadata,
    _id(),
    _ref("session_id", "exam_session", index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.String(24), nullable=False),
    sa.Column("joined_at", UtcDateTime, nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("consent_version", sa.String(64)),
    sa.Column("consent_at", UtcDateTime),
    sa.Column("tab", sa.String(64)),
    sa.Column("entered_at", UtcDateTime),
    sa.Column("last_frame_at", UtcDateTime),
    sa.Column("next_frame_ms", sa.Integer, nullable=False),
    sa.Column("camera", sa.String(16), nullable=False),
    sa.Column("camera_claimed_at", UtcDateTime),
    sa.Column("reference_photo_id", sa.String(32)),
    sa.Column("has_still", sa.Boolean, nullable=False),
    sa.Column("waiting_reason", sa.String(16)),
    sa.Column("note", sa.Text),
    sa.Column("retake_reason", sa.Text),
    sa.Column("monitored", sa.Boolean, nullable=False),
    sa.Column("frame_window", sa.String(32)),
    sa.Column("frame_seq", sa.Integer, nullable=False, server_default="0"),
    sa.Column("camera_device", sa.String(16)),
    sa.Column("state_since", UtcDateTime),
    sa.Column("state_reason", sa.Text),
    sa.Column("matching", sa.String(16), nullable=False, server_default="agreed"),
    sa.Column("matching_at", UtcDateTime),
    sa.Column("accommodations", sa.JSON(none_as_null=True)),
)

# The candidate's own key, wrapped by the master key `master`. To delete the row is to make all
# images and templates of the candidate unreadable, wherever copies of them lie.
candidate_key = sa.Table(
    "candidate_key",
    metadata,
    _ref("candidate_id", "candidate", primary_key=True),
    sa.Column("master", sa.String(16), nullable=False, index=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

template = sa.Table(
    "template",
    metadata,
    _ref("candidate_id", "candidate", primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("vectors", sa.LargeBinary, nullable=False),
)

check_in_frame = sa.Table(
    "check_in_frame",
    metadata,
    _id(),
    _ref("candidate_id", "candidate", index=True),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("identity", sa.String(16), nullable=False),
)

observation = sa.Table(
    "observation",
    metadata,
    _id(),
    _ref("candidate_id", "candidate"),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("face_count", sa.Integer, nullable=False),
    sa.Column("unusable", sa.String(24)),
    sa.Column("identity", sa.String(16), nullable=False),
    sa.Column("comparison_score", sa.Float),
    sa.Column("brightness", sa.Float, nullable=False),
    sa.Column("sharpness", sa.Float, nullable=False),
    sa.Column("faces", sa.JSON, nullable=False),
    sa.Column("models", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.LargeBinary),
    sa.Column("covered", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("clear", sa.Boolean, nullable=False, server_default=sa.false()),
    # How the page numbered the picture, and the beginning of the SHA-256 of its bytes.
    sa.Column("frame_window", sa.String(32)),
    sa.Column("frame_seq", sa.Integer),
    sa.Column("frame_digest", sa.LargeBinary),
    sa.Index(None, "candidate_id", "received_at"),
)

# How alike a posted picture and the live video were; NULL where nothing could be said.
tap_look = sa.Table(
    "tap_look",
    metadata,
    _id(),
    _ref("candidate_id", "candidate"),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("similarity", sa.Float),
    sa.Index(None, "candidate_id", "at"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    _id(),
    _ref("session_id", "exam_session", index=True),
    _ref("candidate_id", "candidate", index=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("content_type", sa.String(32), nullable=False),
    sa.Column("captured_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(8), nullable=False, server_default="stored"),
    # Of the bytes as they lie in the store, encrypted; NULL where they lie there as they are.
    sa.Column("sealed_sha256", sa.String(64)),
)

incident = sa.Table(
    "incident",
    metadata,
    _id(),
    _ref("session_id", "exam_session"),
    _ref("candidate_id", "candidate"),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("max_faces", sa.Integer),
    sa.Column("comparison", sa.String(24)),
    sa.Column("cause", sa.String(16)),
    sa.Column("evidence_missing", sa.String(16)),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Index(None, "session_id", "started_at"),
    # One open incident per kind and candidate, whatever races there are.
    sa.Index(
        "uq_incident_open",
        "candidate_id",
        "kind",
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)

incident_evidence = sa.Table(
    "incident_evidence",
    metadata,
    _ref("incident_id", "incident", primary_key=True),
    _ref("evidence_id", "evidence", primary_key=True),
)

review_decision = sa.Table(
    "review_decision",
    metadata,
    _id(),
    _ref("incident_id", "incident", index=True),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=False),
    sa.Column("undone_at", UtcDateTime),
    sa.Column("by_id", sa.String(64)),
    sa.Column("proposed", sa.Boolean, nullable=False, server_default=sa.false()),
)

gap = sa.Table(
    "gap",
    metadata,
    _id(),
    _ref("session_id", "exam_session", index=True),
    _ref("candidate_id", "candidate", index=True),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("cause", sa.String(16), nullable=False),
)

message = sa.Table(
    "message",
    metadata,
    _id(),
    _ref("session_id", "exam_session", index=True),
    _ref("candidate_id", "candidate", index=True),
    sa.Column("sender", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("sent_at", UtcDateTime, nullable=False),
)

event = sa.Table(
    "event",
    metadata,
    _ref("session_id", "exam_session", primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("ref", sa.String(64), nullable=False),
    _ref("candidate_id", "candidate", nullable=True),
    sa.Column("at", UtcDateTime, nullable=False),
)

sign_in_link = sa.Table(
    "sign_in_link",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

proctor_login = sa.Table(
    "proctor_login",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("role", sa.String(16), nullable=False, server_default="organiser"),
    sa.Column("account_id", sa.String(32)),
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("actor_id", sa.String(32), nullable=False),
    _ref("session_id", "exam_session"),
    sa.Column("tab", sa.String(64)),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)

# Only ever added to. It refers to sessions and candidates without being tied to them: it outlives
# them. Times are text, as they were hashed.
audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("session_id", sa.String(32), index=True),
    sa.Column("candidate_id", sa.String(32)),
    sa.Column("ref", sa.String(64)),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# One row a run of the server process: the time between one run's last beat and the next one's
# start is a gap that is ours.
server_run = sa.Table(
    "server_run",
    metadata,
    _id(),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("last_beat_at", UtcDateTime, nullable=False),
)
