"""Personal invites, the choice about face comparison, and what is arranged for a candidate"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from invigil.storage.database.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who joined before there was a choice has accepted a text that named the comparison.
    op.add_column(
        "candidate",
        sa.Column("matching", sa.String(16), nullable=False, server_default="agreed"),
    )
    op.add_column("candidate", sa.Column("matching_at", UtcDateTime(), nullable=True))
    op.add_column("candidate", sa.Column("accommodations", sa.JSON(), nullable=True))
    op.add_column(
        "exam_session",
        sa.Column("invited_only", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "exam_session",
        sa.Column("face_matching", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.create_table(
        "invite",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("opens_at", UtcDateTime(), nullable=True),
        sa.Column("closes_at", UtcDateTime(), nullable=True),
        sa.Column("accommodations", sa.JSON(), nullable=True),
        sa.Column("candidate_id", sa.String(length=32), nullable=True),
        sa.Column("joined_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["exam_session.id"],
            name=op.f("fk_invite_session_id_exam_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
            name=op.f("fk_invite_candidate_id_candidate"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
    )
    op.create_index(op.f("ix_invite_session_id"), "invite", ["session_id"])
    op.create_index(op.f("ix_invite_candidate_id"), "invite", ["candidate_id"])
    op.create_table(
        "invite_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invite_id", sa.String(length=32), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invite_id"],
            ["invite.id"],
            name=op.f("fk_invite_link_invite_id_invite"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invite_link")),
    )
    op.create_index(op.f("ix_invite_link_invite_id"), "invite_link", ["invite_id"])


def downgrade() -> None:
    op.drop_table("invite_link")
    op.drop_table("invite")
    op.drop_column("exam_session", "face_matching")
    op.drop_column("exam_session", "invited_only")
    op.drop_column("candidate", "accommodations")
    op.drop_column("candidate", "matching_at")
    op.drop_column("candidate", "matching")
