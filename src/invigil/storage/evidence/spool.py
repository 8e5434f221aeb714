"""Images and deletions that wait on this server's disk until the object store is there again."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from invigil.domain.errors import StorageFull, Unavailable
from invigil.domain.system import Space
from invigil.storage.durable import sync_folder
from invigil.storage.evidence.shelf import disk_space, no_space

_ROOM = 1_000_000
"""Less room than for one large picture is none."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An image on its way. `kept_at`: when it was put here, by the server's clock."""

    key: str
    kept_at: datetime

    @property
    def evidence_id(self) -> str:
        return Path(self.key).stem


class Spool:
    """A folder that survives a kill and a power cut: what is in it was written to the disk.

    `waiting/` holds images by key, `stills/` the newest still of each candidate while the store
    is away, `doomed/` one empty file for each object still to be deleted, `damaged/` what was
    altered here and is not sent on. `limit`: bytes of images in all, none is taken beyond it;
    `reserve`: bytes of disk that are left alone.
    """

    def __init__(self, root: Path, limit: int, reserve: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        self._root = root
        self._limit = limit
        self._reserve = reserve
        # Threads of several frames come here at once, and the bound has to hold.
        self._turn = threading.Lock()
        self._used = sum(path.stat().st_size for path in _files(root))
        self._count = sum(1 for _ in _files(root / "waiting"))

    @property
    def count(self) -> int:
        """Images that wait."""
        return self._count

    def space(self) -> Space:
        """How much room there is within the limit, and on the disk."""
        left = self._limit - self._used
        if left < min(_ROOM, self._limit) or disk_space(self._root, self._reserve) is Space.FULL:
            return Space.FULL
        return Space.LOW if left < self._limit // 4 else Space.OK

    def disk(self) -> Space:
        """How much room the disk has, whatever the limit is."""
        return disk_space(self._root, self._reserve)

    def keep(self, key: str, image: bytes, at: datetime) -> None:
        """Write an image to the disk, over an older one of this key. Raises `StorageFull`."""
        path = self._image(key)
        with self._turn:
            before = path.stat().st_size if path.exists() else None
            grown = len(image) - (before or 0)
            if self._used + grown > self._limit or self.disk() is Space.FULL:
                raise StorageFull
            self._write(path, image, at, durable=not _is_still(key))
            self._used += grown
            if before is None and not _is_still(key):
                self._count += 1

    def read(self, key: str) -> bytes | None:
        """The image, None when it does not wait here."""
        try:
            return self._image(key).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, key: str) -> bool:
        """Forget an image; whether there was one."""
        path = self._image(key)
        with self._turn:
            try:
                size = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                return False
            self._used -= size
            if not _is_still(key):
                self._count -= 1
        return True

    def set_aside(self, key: str) -> None:
        """Keep a damaged image out of the way, for whoever wants to look at it."""
        aside = self._root / "damaged" / Path(key).name
        aside.parent.mkdir(exist_ok=True)
        with self._turn:
            self._image(key).replace(aside)
            self._count -= 1

    def discard(self, key: str) -> None:
        """Forget an image wherever it lies here, also what was set aside."""
        self.drop(key)
        aside = self._root / "damaged" / Path(key).name
        with self._turn:
            if aside.exists():
                self._used -= aside.stat().st_size
                aside.unlink()

    def waiting(self) -> list[Waiting]:
        """Oldest first; stills are not sent on, the next one comes with the next frame."""
        found = []
        for path in _files(self._root / "waiting"):
            with contextlib.suppress(FileNotFoundError):
                kept_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                key = path.relative_to(self._root / "waiting").as_posix()
                found.append(Waiting(key, kept_at))
        return sorted(found, key=lambda each: (each.kept_at, each.key))

    def keys(self, folder: str) -> list[str]:
        """Keys of images under `folder/` that lie here."""
        roots = (self._root / "waiting", self._root)
        return [
            path.relative_to(root).as_posix() for root in roots for path in _files(root / folder)
        ]

    def doom(self, key: str, at: datetime) -> None:
        """Note that the store's object of this key has to be deleted."""
        with self._turn:
            self._write(self._root / "doomed" / key, b"", at, durable=True)

    def doomed(self) -> list[str]:
        folder = self._root / "doomed"
        return sorted(path.relative_to(folder).as_posix() for path in _files(folder))

    def spare(self, key: str) -> None:
        """The object is deleted, or there is a new one of this key."""
        (self._root / "doomed" / key).unlink(missing_ok=True)

    def reached(self, url: str) -> bool:
        """Whether the store at `url` was ever reached from here."""
        note = self._root / "reached"
        return note.exists() and note.read_text() == url

    def note_reached(self, url: str) -> None:
        if not self.reached(url):
            (self._root / "reached").write_text(url)

    def _image(self, key: str) -> Path:
        return self._root / key if _is_still(key) else self._root / "waiting" / key

    def _write(self, path: Path, content: bytes, at: datetime, *, durable: bool) -> None:
        part = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    # A row will say that the image is kept: it has to be true after a power cut.
                    os.fsync(file.fileno())
            os.utime(part, (at.timestamp(), at.timestamp()))
            part.replace(path)
            if durable:
                sync_folder(path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            if no_space(error):
                raise StorageFull from error
            raise Unavailable from error


def _is_still(key: str) -> bool:
    return key.startswith("stills/")


def _files(folder: Path) -> Iterator[Path]:
    """Finished files under `folder`; those half written before a crash are none."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".part" and path.name != "reached":
            yield path
