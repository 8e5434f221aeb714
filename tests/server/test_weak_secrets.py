"""A server that others can reach does not start with secrets that anybody could guess."""

from __future__ import annotations

import base64
import secrets

import pytest
from pydantic import ValidationError

from invigil.settings import Settings

STRONG = "9f3c27d1be5a804e66d2b7c1904f8ae3"
TURN = "turn:turn.example.edu"
OUTSIDE = [
    {"host": "0.0.0.0"},  # noqa: S104
    {"host": "192.0.2.7"},
    {"public_url": "https://proctor.example.edu"},
    {"tls_self_signed": True},
]


def given(**chosen: object) -> Settings:
    return Settings(_env_file=None, **chosen)  # type: ignore[arg-type]


def fault(**chosen: object) -> str:
    with pytest.raises(ValidationError) as error:
        given(**chosen)
    return str(error.value)


@pytest.mark.parametrize("outside", OUTSIDE)
def test_weak_secrets_end_the_start_where_others_come(outside: dict[str, object]) -> None:
    turn = {"turn_urls": TURN, "turn_secret": "north"}
    said = fault(**turn, metrics_token="changeme-changeme", **outside)
    assert "INVIGIL_TURN_SECRET must have at least 16 characters" in said
    assert "INVIGIL_METRICS_TOKEN is a word of an example" in said
    assert "openssl rand -hex 32" in said
    for secret in ("north", "changeme-changeme"):
        assert secret not in said


def test_on_this_machine_alone_they_are_a_matter_of_taste() -> None:
    for local in ({}, {"host": "localhost"}, {"host": "::1"}, {"public_url": "http://localhost:8"}):
        assert given(turn_urls=TURN, turn_secret="north", **local).local


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("livekit_api_secret", "a-short-one-of-LiveKit"),
        ("livekit_api_secret", "abababababababababababababababababab"),
        ("livekit_api_secret", "devkey-devkey-devkey-devkey-devkey-1"),
        ("turn_secret", "replace-me-with-a-secret"),
        ("realtimekit_api_token", "your-token-from-cloudflare"),
        ("realtimekit_api_key", "12345"),
        ("db_password", "postgres-password"),
        ("oidc_client_secret", "my-client-secret-here"),
    ],
)
def test_each_secret_is_looked_at(name: str, value: str) -> None:
    whole = {
        "livekit_url": "wss://live.example.edu",
        "livekit_api_key": "invigil",
        "livekit_api_secret": STRONG,
        "oidc_issuer": "https://login.example.edu",
        "oidc_client_id": "invigil",
        "oidc_client_secret": STRONG,
        "oidc_domains": "exams.example.edu",
        "public_url": "https://proctor.example.edu",
        "turn_urls": TURN,
        "turn_secret": STRONG,
    }
    assert not given(**whole).local
    said = fault(**{**whole, name: value})
    assert name.upper() in said
    assert value not in said


def test_a_master_key_has_to_be_random() -> None:
    outside = {"public_url": "https://proctor.example.edu"}
    good = base64.b64encode(secrets.token_bytes(32)).decode()
    assert given(master_key=good, **outside).master_key
    for weak in (bytes(32), bytes(range(4)) * 8, b"this is the key of the exam room"):
        said = fault(master_key=f"{good},{base64.b64encode(weak).decode()}", **outside)
        assert "INVIGIL_MASTER_KEY is not made of random bytes" in said
        assert good not in said
