"""Personal invites. Part of the schema of `tables`; imported wherever that is used as a whole."""

from __future__ import annotations

import sqlalchemy as sa

from invigil.storage.database.tables import UtcDateTime, metadata

# A person on a session's list. It goes with its session, and with the candidate who came by it.
invite = sa.Table(
    "invite",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column(
        "session_id",
        sa.String(32),
        sa.ForeignKey("exam_session.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("external_id", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("opens_at", UtcDateTime),
    sa.Column("closes_at", UtcDateTime),
    sa.Column("accommodations", sa.JSON(none_as_null=True)),
    sa.Column(
        "candidate_id",
        sa.String(32),
        sa.ForeignKey("candidate.id", ondelete="CASCADE"),
        index=True,
    ),
    sa.Column("joined_at", UtcDateTime),
)

# The links of an invite, by the SHA-256 of their tokens. Old ones stay, to be known as used.
invite_link = sa.Table(
    "invite_link",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column(
        "invite_id",
        sa.String(32),
        sa.ForeignKey("invite.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("issued_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)
