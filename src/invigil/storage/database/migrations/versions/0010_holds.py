"""Legal holds, and when the last clean-up ran"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from invigil.storage.database.tables import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["exam_session.id"],
            name=op.f("fk_legal_hold_session_id_exam_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
            name=op.f("fk_legal_hold_candidate_id_candidate"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_session_id"), "legal_hold", ["session_id"])
    op.create_index(op.f("ix_legal_hold_candidate_id"), "legal_hold", ["candidate_id"])
    op.create_table(
        "sweep_mark",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sweep_mark")),
    )


def downgrade() -> None:
    op.drop_table("sweep_mark")
    op.drop_index(op.f("ix_legal_hold_candidate_id"), table_name="legal_hold")
    op.drop_index(op.f("ix_legal_hold_session_id"), table_name="legal_hold")
    op.drop_table("legal_hold")
