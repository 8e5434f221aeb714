"""A certificate that this machine signs for itself, for a trial on a local network.

Browsers give no camera to plain http, except on the machine itself. A certificate that nobody else
has signed makes them warn once; after that everything works as behind a real one.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_FOR = timedelta(days=90)
RENEW_BEFORE = timedelta(days=7)
_SKEW = timedelta(hours=1)
"""Clocks of a local network differ."""

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files for a TLS server. `fingerprint`: SHA-256 of the certificate, as browsers show it."""

    certificate: Path
    key: Path
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Host:
    """What this machine is called and where it is reached."""

    names: tuple[str, ...]
    addresses: tuple[Address, ...]
    """Those that others may reach first; the one towards the default route before all."""

    @property
    def best(self) -> str:
        """What to tell others on the network, as it stands in a link."""
        first = next((x for x in self.addresses if not x.is_loopback), None)
        if first is None:
            return "localhost"
        return f"[{first}]" if isinstance(first, IPv6Address) else str(first)


def this_host() -> Host:
    """Names and addresses of this machine. Link-local IPv6 is left out: links cannot hold it."""
    found: set[Address] = set()
    for several in psutil.net_if_addrs().values():
        for each in several:
            if each.family in {socket.AF_INET, socket.AF_INET6}:
                address = ipaddress.ip_address(each.address.partition("%")[0])
                if not address.is_link_local:
                    found.add(address)
    route = _towards_the_default_route()
    name = socket.gethostname().rstrip(".").lower()
    names = dict.fromkeys(("localhost", name, f"{name.partition('.')[0]}.local"))
    ordered = sorted(found, key=lambda x: (x.is_loopback, x != route, x.version, int(x)))
    return Host(tuple(filter(_is_dns_name, names)), tuple(ordered))


def _towards_the_default_route() -> Address | None:
    """Our address on the network that leads outside: not a container's or a tunnel's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent; it is an address of nobody
        except OSError:
            return None
        return ipaddress.ip_address(probe.getsockname()[0])


def _is_dns_name(name: str) -> bool:
    try:
        x509.DNSName(name.encode("idna").decode())
    except (UnicodeError, ValueError):
        return False
    return bool(name)


def certificate_for(host: Host, folder: Path, now: datetime) -> Certificate:
    """The certificate in `folder`, made anew when it does not cover `host` or ends soon."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = folder / "self-signed.pem", folder / "self-signed.key"
    kept = _load(certificate, key)
    if kept is None or not _serves(kept, host, now):
        kept = _make(host, certificate, key, now)
    return Certificate(certificate, key, _readable(kept.fingerprint(hashes.SHA256())))


def _load(certificate: Path, key: Path) -> x509.Certificate | None:
    """None when there is none, or when it does not go with its key."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError):
        return None
    return found if private.public_key() == found.public_key() else None


def _serves(found: x509.Certificate, host: Host, now: datetime) -> bool:
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc - RENEW_BEFORE:
        return False
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(host.names) <= set(names.get_values_for_type(x509.DNSName)) and set(
        host.addresses
    ) <= set(names.get_values_for_type(x509.IPAddress))


def _make(host: Host, certificate: Path, key: Path, now: datetime) -> x509.Certificate:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Invigil trial")])
    names: Sequence[x509.GeneralName] = [
        *(x509.DNSName(name) for name in host.names),
        *(x509.IPAddress(address) for address in host.addresses),
    ]
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        # Whoever trusts it for this server trusts it for nothing else.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(private, hashes.SHA256())
    )
    _write(
        key,
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    _write(certificate, made.public_bytes(serialization.Encoding.PEM))
    return made


def _write(path: Path, content: bytes) -> None:
    """For the owner alone from its first byte on."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)


def _readable(fingerprint: bytes) -> str:
    return ":".join(f"{byte:02X}" for byte in fingerprint)
