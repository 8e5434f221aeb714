"""The installation's signature: Ed25519, so that others can check it without any secret."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from invigil.storage.key import make_once, read_key

SIGNING_KEY = "signing.key"
_ADVICE = (
    "Restore it from its copy. Without one, delete it: a new one is made, and what is signed from "
    "then on no longer agrees with the fingerprint that you told others."
)


class Signer:
    """Signs with the key in `path`, which is made the first time. Raises `KeyMisconfigured`."""

    def __init__(self, path: Path) -> None:
        make_once(path, Ed25519PrivateKey.generate().private_bytes_raw())
        self._key = Ed25519PrivateKey.from_private_bytes(read_key(path, _ADVICE))

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
