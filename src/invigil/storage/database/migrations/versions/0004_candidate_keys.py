"""Images and templates are encrypted with a key of the candidate's own"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "candidate_key",
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.Column("master", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
            name=op.f("fk_candidate_key_candidate_id_candidate"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_candidate_key")),
    )
    op.create_index(op.f("ix_candidate_key_master"), "candidate_key", ["master"])
    op.add_column("evidence", sa.Column("sealed_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("evidence", "sealed_sha256")
    op.drop_index(op.f("ix_candidate_key_master"), table_name="candidate_key")
    op.drop_table("candidate_key")
