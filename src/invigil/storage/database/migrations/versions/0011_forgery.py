"""What tells live pictures from repeated ones: fingerprints, and the numbers of the uploads"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NEW: dict[str, tuple[sa.Column[object], ...]] = {
    "exam_session": (
        sa.Column("report_repeats", sa.Boolean(), server_default=sa.true(), nullable=False),
    ),
    "candidate": (
        sa.Column("frame_window", sa.String(length=32), nullable=True),
        sa.Column("frame_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("camera_device", sa.String(length=16), nullable=True),
    ),
    "observation": (
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("covered", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("frame_window", sa.String(length=32), nullable=True),
        sa.Column("frame_seq", sa.Integer(), nullable=True),
        sa.Column("frame_digest", sa.LargeBinary(), nullable=True),
    ),
}


def upgrade() -> None:
    for table, columns in _NEW.items():
        for column in columns:
            op.add_column(table, column)


def downgrade() -> None:
    for table, columns in _NEW.items():
        for column in columns:
            op.drop_column(table, column.name)
