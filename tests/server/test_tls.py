"""A trial over https with our own certificate: the files, the server, cookies, sockets."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from httpx2 import AsyncClient
from websockets.asyncio.client import connect

from invigil.server import reachable
from invigil.settings import Settings
from invigil.tls import Host, certificate_for, this_host
from tests.support.house import read
from tests.support.ports import free_port
from tests.support.process import PATIENCE_S, served

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HALL = Host(("localhost", "hall.example"), (ipaddress.ip_address("192.0.2.7"),))


def loaded(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names(found: x509.Certificate) -> set[str]:
    extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns = extension.get_values_for_type(x509.DNSName)
    return {*dns, *map(str, extension.get_values_for_type(x509.IPAddress))}


def test_it_covers_every_name_and_address_and_is_the_owners_alone(tmp_path: Path) -> None:
    made = certificate_for(HALL, tmp_path / "tls", NOW)
    found = loaded(made.certificate)
    assert names(found) == {"localhost", "hall.example", "192.0.2.7"}
    assert found.not_valid_before_utc < NOW < found.not_valid_after_utc
    assert found.not_valid_after_utc - NOW <= timedelta(days=398), "browsers refuse longer ones"
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.certificate.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.key.parent.stat().st_mode) == 0o700
    digest = ssl.PEM_cert_to_DER_cert(made.certificate.read_text())
    plain = hashes.Hash(hashes.SHA256())
    plain.update(digest)
    assert made.fingerprint.replace(":", "").lower() == plain.finalize().hex()


def test_it_is_kept_as_long_as_it_serves(tmp_path: Path) -> None:
    first = certificate_for(HALL, tmp_path, NOW)
    fewer = Host(("localhost",), ())
    for host, days in ((HALL, 0), (HALL, 80), (fewer, 1)):
        again = certificate_for(host, tmp_path, NOW + timedelta(days=days))
        assert again.fingerprint == first.fingerprint


@pytest.mark.parametrize("days", [-1, 84, 91, 400])
def test_one_that_ends_soon_has_ended_or_has_not_begun_is_made_anew(
    tmp_path: Path, days: int
) -> None:
    first = certificate_for(HALL, tmp_path, NOW)
    later = NOW + timedelta(days=days)
    second = certificate_for(HALL, tmp_path, later)
    assert second.fingerprint != first.fingerprint
    found = loaded(second.certificate)
    assert found.not_valid_before_utc <= later < found.not_valid_after_utc


@pytest.mark.parametrize(
    "moved",
    [
        Host(HALL.names, (ipaddress.ip_address("192.0.2.8"),)),
        Host(("localhost", "other.example"), HALL.addresses),
    ],
)
def test_another_address_makes_another_certificate(tmp_path: Path, moved: Host) -> None:
    first = certificate_for(HALL, tmp_path, NOW)
    second = certificate_for(moved, tmp_path, NOW)
    assert second.fingerprint != first.fingerprint
    assert names(loaded(second.certificate)) == {*moved.names, *map(str, moved.addresses)}


@pytest.mark.parametrize("damaged", ["self-signed.pem", "self-signed.key"])
@pytest.mark.parametrize("content", [b"", b"not a certificate"])
def test_a_damaged_file_is_replaced(tmp_path: Path, damaged: str, content: bytes) -> None:
    certificate_for(HALL, tmp_path, NOW)
    (tmp_path / damaged).write_bytes(content)
    made = certificate_for(HALL, tmp_path, NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)  # raises unless they go together


def test_a_key_of_another_certificate_is_not_served(tmp_path: Path) -> None:
    other = certificate_for(HALL, tmp_path / "other", NOW)
    made = certificate_for(HALL, tmp_path / "tls", NOW)
    made.key.write_bytes(other.key.read_bytes())
    again = certificate_for(HALL, tmp_path / "tls", NOW)
    assert again.fingerprint != made.fingerprint


def test_links_lead_to_this_machine_on_the_network() -> None:
    settings = reachable(Settings(_env_file=None, tls_self_signed=True))
    assert settings.host == "0.0.0.0"  # noqa: S104
    assert settings.base_url == f"https://{this_host().best}:8000"
    assert settings.secure
    chosen = Settings(_env_file=None, tls_self_signed=True, host="192.0.2.7")
    assert reachable(chosen).base_url == "https://192.0.2.7:8000"
    named = Settings(_env_file=None, tls_self_signed=True, public_url="https://hall.example:8000")
    assert reachable(named).base_url == "https://hall.example:8000"
    plain = Settings(_env_file=None)
    assert reachable(plain) is plain


async def test_a_trial_over_https(tmp_path: Path) -> None:
    """The process as people start it: link, certificate, cookie, origin, live socket."""
    data, port = tmp_path / "data", free_port()
    chosen = {"INVIGIL_ANALYSIS_WORKERS": "1"}
    async with served(data, port, "--tls-self-signed", **chosen) as up:
        assert up.base_url == f"https://{this_host().best}:{port}"
        said = [(await up.process.stdout.readline()).decode() for _ in range(7)]  # type: ignore[union-attr]
        trusted = ssl.create_default_context(cafile=str(data / "tls" / "self-signed.pem"))
        kept = loaded(data / "tls" / "self-signed.pem").fingerprint(hashes.SHA256()).hex()
        assert kept in "".join(said).replace(":", "").lower(), "the fingerprint is printed"
        origin = f"https://localhost:{port}"
        # By another name than that of the link: the origin is what the browser shows.
        async with AsyncClient(base_url=origin, verify=trusted, trust_env=False) as client:
            client.headers["Origin"] = origin
            token = up.link.partition("token=")[2]
            answer = await client.post("/api/v1/sign-in", json={"token": token})
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-invigil=")
            assert "Secure" in cookie
            assert "strict-transport-security" not in answer.headers
            session = read(await client.post("/api/v1/sessions", json={"title": "Algebra"}), 201)
            assert session["join_url"].startswith(f"{up.base_url}/join/")
            body = {"session_id": session["id"]}
            foreign = await client.post(
                "/api/v1/tickets", json=body, headers={"Origin": f"http://localhost:{port}"}
            )
            assert foreign.status_code == 403, "plain http is another origin"
            ticket = read(await client.post("/api/v1/tickets", json=body))["ticket"]
        async with asyncio.timeout(PATIENCE_S):
            async with connect(
                f"wss://localhost:{port}/api/v1/live?ticket={ticket}",
                ssl=trusted,
                additional_headers={"Origin": origin},
                proxy=None,
            ) as socket:
                assert json.loads(await socket.recv())["type"] == "hello"
        await up.stop()
