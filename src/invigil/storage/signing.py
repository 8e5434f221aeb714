"""The installation's signature: Ed25519, so that others can check it without any secret."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNING_KEY = "signing.key"


class Signer:
    """Signs with the key in `path`, which is made the first time (mode 0600)."""

    def __init__(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "wb") as file:
                file.write(Ed25519PrivateKey.generate().private_bytes_raw())
                file.flush()
                os.fsync(file.fileno())
        self._key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())

    @property
    def public_key(self) -> str:
        """32 bytes in Base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, text: bytes) -> str:
        """64 bytes in Base64."""
        return base64.b64encode(self._key.sign(text)).decode()


def signed_by(public_key: str, text: bytes, signature: str) -> bool:
    """Whether `signature` is of this text by this key. Anything malformed is not."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text)
    except (ValueError, InvalidSignature):
        return False
    return True
