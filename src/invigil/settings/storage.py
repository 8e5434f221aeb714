"""Settings of what is kept, where, and what several servers share."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from invigil.domain.outage import has_place

DATABASE_SCHEMES = (
    "postgresql://",
    "postgres://",
    "postgresql+psycopg://",
    "sqlite+aiosqlite:///",
    "sqlite:///",
)

IMGUR = "imgur:"
"""The value of `evidence_url` that stands for Imgur."""


class StorageSettings(BaseSettings):
    data_dir: Path = Field(
        Path("invigil-data"),
        description="Folder of the database, the evidence images and the key of this installation.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql://user:password@host:5432/name`. Default: a SQLite file in the "
        "data folder. See docs/postgresql.md.",
    )
    db_user: str | None = Field(
        None,
        validation_alias="DB_USER",
        description="User of PostgreSQL, as the published tutorial names it. "
        "`INVIGIL_DATABASE_URL` wins over these.",
    )
    db_password: SecretStr | None = Field(
        None, validation_alias="DB_PASSWORD", description="Password of `DB_USER`."
    )
    db_host: str | None = Field(
        None,
        validation_alias="DB_HOST",
        description="Host of PostgreSQL, as the published tutorial names it.",
    )
    db_port: int = Field(
        5432, validation_alias="DB_PORT", ge=1, le=65535, description="Port at `DB_HOST`."
    )
    db_name: str | None = Field(
        None,
        validation_alias="DB_NAME",
        description="Database at `DB_HOST`. Default: the one named as `DB_USER`.",
    )
    master_key: SecretStr | None = Field(
        None,
        description="32 random bytes in Base64 (`openssl rand -base64 32`) that encrypt photos and "
        "templates; to change it give the new one, a comma and the old one, and run "
        "`invigil keys rewrap`. Default: `master.key` in the data folder, made the first time.",
    )
    disk_reserve_mb: int = Field(
        200,
        ge=0,
        description="Free disk space in MB below which no more images are stored, so that the "
        "database can go on. The console warns from four times this on.",
    )
    evidence_url: str | None = Field(
        None,
        description="Where images are kept: `file:///folder`, `s3://bucket/prefix`, "
        "`gs://bucket/prefix` or `az://account/container/prefix`. Default: the folder `objects` in "
        "the data folder. Credentials come from the environment, see docs/real-parts.md. `imgur:` "
        "is the published tutorial's store: it makes the pictures PUBLIC, do not use it for exams.",
    )
    imgur_client_id: SecretStr | None = Field(
        None,
        validation_alias="IMGUR_CLIENT_ID",
        description="Client id of an application at Imgur, for `INVIGIL_EVIDENCE_URL=imgur:`.",
    )
    imgur_url: str | None = Field(
        None,
        description="For tests alone: a server that answers as Imgur does, for both its API and "
        "its pictures. Default: Imgur.",
    )
    evidence_spool_mb: int = Field(
        1000,
        ge=1,
        description="Most MB of images that wait in the data folder while the store of "
        "`INVIGIL_EVIDENCE_URL` is away. Beyond it incidents are recorded without photos.",
    )
    feed_url: SecretStr | None = Field(
        None,
        description="Redis or Valkey through which several servers share one feed: "
        "`redis://user:password@host:6379/0`, `rediss://` with TLS. They also need one database "
        "and one image store, see docs/real-parts.md. Default: one server.",
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        # The value is a secret and is not repeated.
        if value is not None and not value.get_secret_value().startswith(DATABASE_SCHEMES):
            msg = "must begin with postgresql:// (or sqlite+aiosqlite:///)"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _whole_tutorial(self) -> Self:
        if self.database_url is None and (self.db_host is None) != (self.db_user is None):
            given, missing = ("DB_HOST", "DB_USER") if self.db_host else ("DB_USER", "DB_HOST")
            msg = f"{given} is set and {missing} is not; both are needed for PostgreSQL"
            raise ValueError(msg)
        return self

    @field_validator("evidence_url")
    @classmethod
    def _known_store(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if value in {IMGUR, IMGUR.rstrip(":")}:
            return IMGUR
        parts = urlsplit(value)
        if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
            return value
        if parts.scheme in {"s3", "gs", "az"} and parts.netloc and "@" not in parts.netloc:
            return value
        msg = (
            "must be file:///folder, s3://bucket/prefix, gs://bucket/prefix or "
            "az://account/container/prefix; credentials go into the environment"
        )
        raise ValueError(msg)

    @model_validator(mode="after")
    def _whole_imgur(self) -> Self:
        if self.evidence_url != IMGUR:
            return self
        if self.imgur_client_id is None:
            msg = "IMGUR_CLIENT_ID is not set; INVIGIL_EVIDENCE_URL=imgur: needs it"
            raise ValueError(msg)
        if self.feed_url is not None:
            msg = (
                "INVIGIL_EVIDENCE_URL=imgur: is for one server alone: only the server that "
                "uploaded a picture can delete it. Use a bucket, or remove INVIGIL_FEED_URL"
            )
            raise ValueError(msg)
        return self

    @field_validator("feed_url")
    @classmethod
    def _known_feed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        parts = urlsplit(value.get_secret_value())
        if parts.scheme in {"redis", "rediss", "valkey", "valkeys"} and has_place(
            value.get_secret_value()
        ):
            return value
        # The value may hold a password and is not repeated.
        msg = "must be redis://host:6379/0, or rediss:// with TLS"
        raise ValueError(msg)

    @property
    def public_pictures(self) -> bool:
        """Whether evidence lies where anybody with a link can see it."""
        return self.evidence_url == IMGUR

    @property
    def models_dir(self) -> Path:
        """Where downloaded models lie."""
        return self.data_dir / "models"
