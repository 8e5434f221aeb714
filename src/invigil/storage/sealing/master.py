"""The master keys of an installation: one that wraps, and older ones that still unwrap."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from invigil.domain.errors import KeyMisconfigured
from invigil.storage.key import KEY_BYTES, make_once

_HEAD = """\
# The master keys of this installation, the newest first. Without them no photo and no template
# can be read again: keep a copy, and keep it apart from the backups.
"""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """`newest`: id of the key that wraps. An id is a fingerprint and gives nothing away."""

    newest: str
    by_id: Mapping[str, bytes] = field(repr=False)


def key_id(key: bytes) -> str:
    return hashlib.sha256(b"invigil master key" + key).hexdigest()[:16]


def parse(text: str, where: str) -> MasterKeys:
    """Keys in Base64, the newest first, one a line or separated by commas.

    Raises `KeyMisconfigured`, which names `where` and never the key.
    """
    keys = [_decoded(word, where) for word in _words(text)]
    if not keys:
        raise KeyMisconfigured(f"{where} holds no key.")
    return MasterKeys(key_id(keys[0]), {key_id(key): key for key in keys})


def _words(text: str) -> Iterator[str]:
    for line in text.splitlines():
        plain = line.partition("#")[0]
        yield from (word.strip() for word in plain.split(",") if word.strip())


def _decoded(word: str, where: str) -> bytes:
    try:
        key = base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyMisconfigured(f"{where} is not Base64.") from error
    if len(key) != KEY_BYTES:
        raise KeyMisconfigured(f"{where} holds a key of {len(key)} bytes; {KEY_BYTES} are needed.")
    return key


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """Master keys out of a setting; they stay as they are while the process runs."""

    text: str = field(repr=False)
    where: str

    def load(self) -> MasterKeys:
        """Raises `KeyMisconfigured`."""
        return parse(self.text, self.where)

    def stamp(self) -> object:
        return None


class KeyFile:
    """`master.key` in the data folder (mode 0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """The first key, where there is none yet. Only a start asks for it, and only where nothing
        needs another (`keyring.make_first`): while a server runs, a new file in the place of one
        that was lost would part those who joined before from those who join after."""
        make_once(self.path, _text([secrets.token_bytes(KEY_BYTES)]).encode())

    def load(self) -> MasterKeys:
        """Raises `KeyMisconfigured`."""
        try:
            text = self.path.read_text()
        except FileNotFoundError as error:
            raise KeyMisconfigured(f"{self.path} is not there.") from error
        return parse(text, str(self.path))

    def stamp(self) -> object:
        try:
            return self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def add_newest(self) -> MasterKeys:
        """A fresh key ahead of the others."""
        keys = self.load()
        return self._replace([secrets.token_bytes(KEY_BYTES), *keys.by_id.values()])

    def keep_newest(self) -> MasterKeys:
        """Forget all others."""
        keys = self.load()
        return self._replace([keys.by_id[keys.newest]])

    def _replace(self, keys: Sequence[bytes]) -> MasterKeys:
        part = self.path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(_text(keys))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        return self.load()


def _text(keys: Sequence[bytes]) -> str:
    return _HEAD + "".join(f"{base64.b64encode(key).decode()}\n" for key in keys)
