"""Random ids, secrets, and what is stored or shown instead of them. Pure but for the dice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets


def new_id() -> str:
    """128 random bits as 32 hex characters."""
    return secrets.token_hex(16)


def new_token() -> str:
    """A bearer secret of 256 random bits, safe in URLs."""
    return secrets.token_urlsafe(32)


def new_nonce() -> str:
    """128 random bits for one page or one exchange, safe in URLs and HTML."""
    return secrets.token_urlsafe(16)


def hash_token(token: str) -> str:
    """What is stored instead of a secret. Random 256-bit secrets need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign(key: bytes, purpose: str, *parts: object) -> str:
    """128 bits of HMAC-SHA256 over `purpose` and `parts`, safe in URLs."""
    text = "\x1f".join([purpose, *(str(part) for part in parts)])
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def same(a: str, b: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(a.encode(), b.encode())
