"""The schema of what keeps data, and of what deletes it."""

from __future__ import annotations

import sqlalchemy as sa

from invigil.storage.database.tables import UtcDateTime, metadata

legal_hold = sa.Table(
    "legal_hold",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column(
        "session_id",
        sa.String(32),
        sa.ForeignKey("exam_session.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column(
        "candidate_id",
        sa.String(32),
        sa.ForeignKey("candidate.id", ondelete="CASCADE"),
        index=True,
    ),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("set_at", UtcDateTime, nullable=False),
    sa.Column("set_by", sa.String(64), nullable=False),
    sa.Column("released_at", UtcDateTime),
    sa.Column("released_by", sa.String(64)),
)

# When the last clean-up ran: a much later "now" may be a clock that jumped.
sweep_mark = sa.Table(
    "sweep_mark",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)
