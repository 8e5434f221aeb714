"""Who may come in: invitations, accounts, tokens of programs, sign-ins under way."""

from __future__ import annotations

import sqlalchemy as sa

from invigil.storage.database.tables import UtcDateTime, metadata

# An invitation of one proctor to one session. `login_id`: of the sign-in that used it up, and so
# what gives that sign-in the session, until `revoked_at`. It is tied to no row: log-ins end.
proctor_invite = sa.Table(
    "proctor_invite",
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
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
    sa.Column("login_id", sa.String(32), index=True),
    sa.Column("revoked_at", UtcDateTime),
)

organiser_account = sa.Table(
    "organiser_account",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

api_token = sa.Table(
    "api_token",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)

# A sign-in by OpenID Connect that has left for the provider and not come back yet.
oidc_attempt = sa.Table(
    "oidc_attempt",
    metadata,
    sa.Column("state_hash", sa.String(64), primary_key=True),
    sa.Column("browser_hash", sa.String(64), nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("verifier", sa.String(128), nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)
