"""Roles of log-ins, invitations of proctors, accounts, tokens of programs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from invigil.storage.database.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whoever is signed in while this runs came by the server's own link.
    op.add_column(
        "proctor_login",
        sa.Column("role", sa.String(length=16), nullable=False, server_default="organiser"),
    )
    op.add_column("proctor_login", sa.Column("account_id", sa.String(length=32), nullable=True))
    _proctor_invite()
    op.create_table(
        "organiser_account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organiser_account")),
        sa.UniqueConstraint("name", name=op.f("uq_organiser_account_name")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "oidc_attempt",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_oidc_attempt")),
    )


def _proctor_invite() -> None:
    op.create_table(
        "proctor_invite",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("login_id", sa.String(length=32), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["exam_session.id"],
            name=op.f("fk_proctor_invite_session_id_exam_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proctor_invite")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_proctor_invite_token_hash")),
    )
    for column in ("session_id", "login_id"):
        op.create_index(op.f(f"ix_proctor_invite_{column}"), "proctor_invite", [column])


def downgrade() -> None:
    for table in ("oidc_attempt", "api_token", "organiser_account", "proctor_invite"):
        op.drop_table(table)
    op.drop_column("proctor_login", "account_id")
    op.drop_column("proctor_login", "role")
