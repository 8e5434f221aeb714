"""Tables of what proctors did to candidates, what candidates answered, and what is counted."""

from __future__ import annotations

import sqlalchemy as sa

from invigil.storage.database.tables import UtcDateTime, metadata


def _ref(name: str, target: str, *, index: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(
        name,
        sa.String(32),
        sa.ForeignKey(f"{target}.id", ondelete="CASCADE"),
        nullable=False,
        index=index or None,
        primary_key=key,
    )


# One row for each act. A page that asks again with the same `command` adds none.
candidate_act = sa.Table(
    "candidate_act",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    _ref("session_id", "exam_session", index=True),
    _ref("candidate_id", "candidate"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("by_id", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("before", sa.String(24), nullable=False),
    sa.Column("after", sa.String(24), nullable=False),
    sa.Column("command", sa.String(64)),
    sa.Index(None, "candidate_id", "at"),
    sa.Index("uq_candidate_act_command", "candidate_id", "command", unique=True),
)

# What the candidate says to an incident, once.
incident_answer = sa.Table(
    "incident_answer",
    metadata,
    _ref("incident_id", "incident", key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("answered_at", UtcDateTime, nullable=False),
)

# How many incidents of a kind there were that retention has deleted, and how they were decided.
# Nothing of a person is in it, so that it may be kept.
incident_tally = sa.Table(
    "incident_tally",
    metadata,
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("opened", sa.Integer, nullable=False),
    sa.Column("confirmed", sa.Integer, nullable=False),
    sa.Column("dismissed", sa.Integer, nullable=False),
    sa.Column("inconclusive", sa.Integer, nullable=False),
)
