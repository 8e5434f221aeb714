"""What a bundle says of itself, and its signature. docs/evidence.md describes the format."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from invigil.domain.audit import Head
from invigil.storage.signing import signed_by

FORMAT = "invigil-bundle/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
AUDIT = "audit.jsonl"


def signed_text(manifest: bytes) -> bytes:
    """What the signature is over."""
    return b"invigil bundle manifest\n" + manifest


def fingerprint(public_key: str) -> str:
    """SHA-256 of the key's 32 bytes, in hexadecimal. Raises `ValueError`."""
    return hashlib.sha256(base64.b64decode(public_key, validate=True)).hexdigest()


def exactly_signed(public_key: str, text: bytes, signature: str) -> bool:
    """As `signed_by`; of the several ways to write the same 64 bytes only the usual one."""
    if not signed_by(public_key, text, signature):
        return False
    return base64.b64encode(base64.b64decode(signature)).decode() == signature


@dataclass(frozen=True, slots=True)
class Listed:
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a checker needs of it."""

    files: tuple[Listed, ...]
    public_key: str
    fingerprint: str
    head: Head
    head_signature: str
    session_id: str
    made_at: str

    @classmethod
    def read(cls, content: bytes) -> Manifest:
        """Raises `ValueError` when it is none of this format."""
        try:
            found: dict[str, Any] = json.loads(content)
            if found["format"] != FORMAT:
                raise ValueError(found["format"])
            head = found["audit_head"]
            return cls(
                files=tuple(Listed(f["path"], f["sha256"], int(f["size"])) for f in found["files"]),
                public_key=str(found["public_key"]),
                fingerprint=str(found["fingerprint"]),
                head=Head(int(head["seq"]), str(head["hash"]), str(head["at"])),
                head_signature=str(head["signature"]),
                session_id=str(found["session_id"]),
                made_at=str(found["made_at"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no manifest") from error
