"""Evidence may wait on a server's own disk"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "evidence",
        sa.Column("state", sa.String(length=8), server_default="stored", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("evidence", "state")
