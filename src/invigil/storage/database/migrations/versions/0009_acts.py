"""What proctors do to candidates, second reviewers, candidates' answers, and counts of decisions"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from invigil.storage.database.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _added() -> dict[str, list[sa.Column[Any]]]:
    return {
        "exam_session": [
            sa.Column("second_reviewer", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column(
                "own_incidents", sa.String(length=16), nullable=False, server_default="never"
            ),
            sa.Column("answer_days", sa.Integer(), nullable=False, server_default="7"),
        ],
        "candidate": [
            sa.Column("state_since", UtcDateTime(), nullable=True),
            sa.Column("state_reason", sa.Text(), nullable=True),
        ],
        "review_decision": [
            sa.Column("by_id", sa.String(length=64), nullable=True),
            sa.Column("proposed", sa.Boolean(), nullable=False, server_default=sa.false()),
        ],
    }


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    _make_acts()
    op.create_table(
        "incident_answer",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_incident_answer_incident_id_incident"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incident_answer")),
    )
    op.create_table(
        "incident_tally",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("dismissed", sa.Integer(), nullable=False),
        sa.Column("inconclusive", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_incident_tally")),
    )


def _make_acts() -> None:
    op.create_table(
        "candidate_act",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("before", sa.String(length=24), nullable=False),
        sa.Column("after", sa.String(length=24), nullable=False),
        sa.Column("command", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
            name=op.f("fk_candidate_act_candidate_id_candidate"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["exam_session.id"],
            name=op.f("fk_candidate_act_session_id_exam_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_act")),
    )
    op.create_index(
        op.f("ix_candidate_act_candidate_id_at"), "candidate_act", ["candidate_id", "at"]
    )
    op.create_index(
        "uq_candidate_act_command", "candidate_act", ["candidate_id", "command"], unique=True
    )
    op.create_index(op.f("ix_candidate_act_session_id"), "candidate_act", ["session_id"])


def downgrade() -> None:
    for table in ("incident_tally", "incident_answer", "candidate_act"):
        op.drop_table(table)
    for table, columns in reversed(_added().items()):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)
