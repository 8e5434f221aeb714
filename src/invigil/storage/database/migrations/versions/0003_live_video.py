"""Who carries a session's live video, its rooms there, and what happened in them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from invigil.storage.database.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "exam_session",
        sa.Column("provider", sa.String(length=16), server_default="builtin", nullable=False),
    )
    op.create_table(
        "media_room",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=128), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["exam_session.id"],
            name=op.f("fk_media_room_session_id_exam_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "candidate_id", name=op.f("pk_media_room")),
    )
    op.create_index("ix_media_room_provider_ref", "media_room", ["provider", "ref"])
    op.create_table(
        "media_event",
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("track", sa.String(length=16), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["exam_session.id"],
            name=op.f("fk_media_event_session_id_exam_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_media_event")),
    )
    op.create_index(op.f("ix_media_event_session_id"), "media_event", ["session_id"])


def downgrade() -> None:
    op.drop_table("media_event")
    op.drop_table("media_room")
    op.drop_column("exam_session", "provider")
