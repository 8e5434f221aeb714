"""Encryption of what belongs to one candidate: AES-256-GCM, in three steps.

The master key wraps the candidate's key, which is a row of the database; the candidate's key wraps
a fresh key for each object; that one encrypts the object. Each step names what it is for as
associated data, so that nothing opens in the place of something else. To rotate the master key,
only the rows are wrapped anew; to destroy a row is to destroy all that it opens.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from invigil.domain.errors import KeyMisconfigured, KeyMissing, SealBroken
from invigil.storage.sealing.master import MasterKeys

log = structlog.get_logger(__name__)

_MAGIC = b"IVG1"
_NONCE = 12
_TAG = 16
_KEY = 32
_WRAPPED = _NONCE + _KEY + _TAG


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A candidate's key as the database keeps it. `master`: id of the key that opens it."""

    master: str
    wrapped: bytes = field(repr=False)


class CandidateKey:
    """Seals and opens what belongs to one candidate."""

    def __init__(self, key: bytes, owner: str) -> None:
        self._aead = AESGCM(key)
        self._owner = owner

    def seal(self, what: str, plain: bytes) -> bytes:
        """`plain`, encrypted. `what`: the object's own name, needed again to open it."""
        context = f"{self._owner}/{what}".encode()
        key = secrets.token_bytes(_KEY)
        return b"".join(
            (_MAGIC, _encrypt(self._aead, key, context), _encrypt(AESGCM(key), plain, context))
        )

    def open(self, what: str, sealed: bytes) -> bytes:
        """What was sealed under this name. Raises `SealBroken` when one bit is another."""
        context = f"{self._owner}/{what}".encode()
        body = memoryview(sealed)
        if body[: len(_MAGIC)] != _MAGIC:
            raise SealBroken
        wrapped, content = body[len(_MAGIC) :][:_WRAPPED], body[len(_MAGIC) + _WRAPPED :]
        return _decrypt(AESGCM(_decrypt(self._aead, wrapped, context)), content, context)


class MasterKeySource(Protocol):
    """Where the master keys come from: a file, or a setting."""

    def load(self) -> MasterKeys:
        """Raises `KeyMisconfigured`."""
        ...

    def stamp(self) -> object:
        """Another one when there may be other keys to load; None when they are lost, or fixed."""
        ...


class Vault:
    """Wraps and unwraps the keys of candidates.

    The source is asked again when it has changed: another process may rotate the keys.
    """

    def __init__(self, source: MasterKeySource) -> None:
        self._source = source
        self._stamp = source.stamp()
        self._keys = source.load()
        self._turn = threading.Lock()

    @property
    def newest(self) -> str:
        """Id of the master key that wraps from now on."""
        self.refresh()
        return self._keys.newest

    @property
    def known(self) -> frozenset[str]:
        """Ids of all master keys that are here."""
        return frozenset(self._keys.by_id)

    def refresh(self) -> None:
        """Take note of keys that were added or retired meanwhile. While the source is lost, what
        was loaded goes on to serve."""
        with self._turn:
            stamp = self._source.stamp()
            if stamp == self._stamp:
                return
            if stamp is None:
                log.error("the master keys are lost: restore them before the next start")
            else:
                self._keys = self._source.load()
            self._stamp = stamp

    def new_key(self, owner: str) -> WrappedKey:
        """A fresh key for `owner`, such as "session/candidate"."""
        return self._wrap(secrets.token_bytes(_KEY), owner)

    def unwrap(self, found: WrappedKey, owner: str) -> CandidateKey:
        """Raises `KeyMissing` when its master key is not here, `SealBroken` when it was altered."""
        return CandidateKey(self._unwrap(found, owner), owner)

    def rewrap(self, found: WrappedKey, owner: str) -> WrappedKey:
        """The same key under the newest master key."""
        return self._wrap(self._unwrap(found, owner), owner)

    def _wrap(self, key: bytes, owner: str) -> WrappedKey:
        # Whatever is wrapped from now on must be under the newest: an older one may be retired.
        newest = self.newest
        aead = AESGCM(self._keys.by_id[newest])
        return WrappedKey(newest, _encrypt(aead, key, owner.encode()))

    def _unwrap(self, found: WrappedKey, owner: str) -> bytes:
        if found.master not in self._keys.by_id:
            try:
                self.refresh()
            except KeyMisconfigured as error:
                raise KeyMissing from error
        master = self._keys.by_id.get(found.master)
        if master is None:
            raise KeyMissing
        return _decrypt(AESGCM(master), found.wrapped, owner.encode())


def _encrypt(aead: AESGCM, plain: bytes, context: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + aead.encrypt(nonce, plain, context)


def _decrypt(aead: AESGCM, sealed: bytes | memoryview, context: bytes) -> bytes:
    if len(sealed) < _NONCE + _TAG:
        raise SealBroken
    try:
        return aead.decrypt(bytes(sealed[:_NONCE]), bytes(sealed[_NONCE:]), context)
    except InvalidTag as error:
        raise SealBroken from error
