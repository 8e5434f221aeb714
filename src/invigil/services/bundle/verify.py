"""Check a bundle with nothing but the bundle, and a key that is trusted if there is one."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from invigil.services.bundle.container import LIST, Member, first_difference
from invigil.services.bundle.links import LinkChecker
from invigil.services.bundle.manifest import (
    AUDIT,
    MANIFEST,
    SIGNATURE,
    Manifest,
    exactly_signed,
    fingerprint,
    signed_text,
)


class NoBundle(Exception):
    """The file cannot be read as a bundle at all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`faults`: what does not hold, each naming a file or an entry. `fingerprint`: of the key."""

    faults: tuple[str, ...]
    fingerprint: str
    files: int
    entries: int
    session_id: str
    made_at: str


def verify(path: Path) -> Verdict:
    """Everything but whose key it is. Raises `NoBundle` when there is no manifest to go by."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(path, archive)
    except OSError as error:
        raise NoBundle(f"{path} cannot be read.") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        raise NoBundle(f"{path} is no bundle, or {LIST} is damaged: {str(error)[:200]}") from error


def _verify(path: Path, archive: zipfile.ZipFile) -> Verdict:
    names = [info.filename for info in archive.infolist()]
    contents = _Contents(archive)
    raw = contents.read(MANIFEST)
    if raw is None:
        raise NoBundle(f"{path} has no {MANIFEST}, or it cannot be read.")
    try:
        manifest = Manifest.read(raw)
    except ValueError as error:
        raise NoBundle(f"{MANIFEST} was changed so that it cannot be read any more.") from error
    faults = list(_signature(raw, manifest, contents.read(SIGNATURE)))
    faults += _files(names, manifest, contents)
    entries, broken = _audit(manifest, contents.read(AUDIT))
    faults += broken
    faults += _evidence(manifest, contents)
    if not faults:
        # Only now: whatever is wrong above is said in better words there.
        with path.open("rb") as file:
            where = first_difference(file, [contents.member(name) for name in names])
        if where is not None:
            faults.append(f"{where} was changed")
    return Verdict(
        tuple(faults),
        manifest.fingerprint,
        len(manifest.files),
        entries,
        manifest.session_id,
        manifest.made_at,
    )


class _Contents:
    """Files of a zip, read one at a time; None for one that cannot be read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def read(self, name: str) -> bytes | None:
        try:
            # Ours are stored as they are; others could unpack to any size.
            if self._archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
                return None
            return self._archive.read(name)
        except (KeyError, zipfile.BadZipFile, ValueError, EOFError, OSError):
            return None
        except (NotImplementedError, RuntimeError):  # as if compressed or encrypted
            return None

    def member(self, name: str) -> Member:
        return Member.of(name, self.read(name) or b"")


def _signature(raw: bytes, manifest: Manifest, signature: bytes | None) -> Iterator[str]:
    if signature is None:
        yield f"{SIGNATURE} is missing or cannot be read"
        return
    text = signature.decode("ascii", "replace")
    if not exactly_signed(manifest.public_key, signed_text(raw), text):
        yield f"{MANIFEST} is not what was signed, or {SIGNATURE} was changed"
    try:
        right = fingerprint(manifest.public_key) == manifest.fingerprint
    except ValueError:
        right = False
    if not right:
        yield f"{MANIFEST}: the fingerprint is not that of the key"


def _files(names: list[str], manifest: Manifest, contents: _Contents) -> Iterator[str]:
    wanted = [MANIFEST, SIGNATURE, *(each.path for each in manifest.files)]
    for each in manifest.files:
        if each.path not in names:
            yield f"{each.path} is missing"
            continue
        content = contents.read(each.path)
        if content is None:
            yield f"{each.path} was changed: it cannot be read any more"
        elif hashlib.sha256(content).hexdigest() != each.sha256 or len(content) != each.size:
            yield f"{each.path} was changed"
    for name in dict.fromkeys(names):
        if name not in wanted:
            yield f"{name} was added"
        elif names.count(name) > 1:
            yield f"{name} is there several times"
    if sorted(names) == sorted(wanted) and names != wanted:
        yield f"{LIST} names the files in another order"


def _audit(manifest: Manifest, content: bytes | None) -> tuple[int, list[str]]:
    """The number of whole entries, and what is wrong."""
    if content is None:
        return 0, []  # said already
    checker = LinkChecker()
    lines = content.decode("utf-8", "replace").splitlines()
    faults = [f"{AUDIT}: {fault}" for line in lines for fault in checker.take(line)]
    faults += [f"{AUDIT}: {fault}" for fault in checker.end(manifest.head)]
    text = manifest.head.signed_text()
    if not exactly_signed(manifest.public_key, text, manifest.head_signature):
        faults.append(f"{MANIFEST}: the head of the audit log is not signed by this key")
    return checker.entries, faults


def _evidence(manifest: Manifest, contents: _Contents) -> Iterator[str]:
    """Whether the pictures are those that the incidents name."""
    raw = contents.read("evidence.json")
    sha256 = {each.path: each.sha256 for each in manifest.files}
    try:
        rows = json.loads(raw or b"[]")
        for row in rows:
            if row["file"] is not None and sha256.get(row["file"]) != row["sha256"]:
                yield f"{row['file']} is not the picture that evidence.json names"
    except (ValueError, TypeError, KeyError):
        yield "evidence.json was changed"
