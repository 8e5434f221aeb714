"""What the server saw when it compared posted pictures with live video"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from invigil.storage.database.tables import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tap_look",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
            name=op.f("fk_tap_look_candidate_id_candidate"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_look")),
    )
    op.create_index(op.f("ix_tap_look_candidate_id_at"), "tap_look", ["candidate_id", "at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_tap_look_candidate_id_at"), table_name="tap_look")
    op.drop_table("tap_look")
