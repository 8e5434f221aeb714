"""One file with all that an installation keeps: database, evidence images, a note on the key.

A tar archive, so that any machine can look into it:

    database.sqlite3 or database.dump    the database at one moment
    objects/...                          images, encrypted, as they lie in the data folder
    imgur/...                            for pictures at Imgur: where, and what deletes them
    KEY.txt                              which keys are needed (the keys too when asked for)
    manifest.json                        what it is, and SHA-256 of every file; the last entry

The database comes first: an image is always stored before its row, so every row finds its image.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from invigil.domain.errors import MaintenanceRefused
from invigil.storage.database import Database
from invigil.storage.database.migrate import known_revisions, revision, upgrade
from invigil.storage.key import load_key
from invigil.storage.maintenance import postgres_tools
from invigil.storage.maintenance.tally import filled

FORMAT = 1
RECEIPTS = "imgur"
MANIFEST, KEY_NOTE, KEY, MASTER_KEY = "manifest.json", "KEY.txt", "secret.key", "master.key"
_DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}


@dataclass(frozen=True, slots=True)
class Result:
    """`images`: number of files under objects/. `key`: whether the keys are in the archive."""

    images: int
    key: bool


async def backup(
    database: Database, data: Path, to: Path, now: datetime, *, with_key: bool
) -> Result:
    """Write the archive while the server goes on. Raises `MaintenanceRefused`.

    `data`: the data folder. `to`: a path that must not exist yet.
    """
    _require_free(to)
    found = await revision(database) if (data / KEY).exists() else None
    if found is None:
        raise MaintenanceRefused(
            f"There is no installation of Invigil in {data}; nothing was backed up.",
            fix="Set INVIGIL_DATA_DIR and INVIGIL_DATABASE_URL as the server has them.",
        )
    head = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "database": database.engine.dialect.name,
        "revision": found,
        "key": fingerprint(load_key(data / KEY)),
    }
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=to.parent) as scratch:
        saved = Path(scratch) / _DATABASES[str(head["database"])]
        _save_database(database, saved)
        part = Path(scratch) / "archive"
        result = _write(part, head, saved, data, with_key=with_key)
        part.replace(to)
    return result


def _require_free(to: Path) -> None:
    if to.exists():
        raise MaintenanceRefused(
            f"{to} exists already and is not overwritten.", fix="Choose another name."
        )
    if not to.parent.is_dir():
        raise MaintenanceRefused(f"There is no folder {to.parent}.", fix="Make it first.")


def _save_database(database: Database, to: Path) -> None:
    url = database.engine.url
    if not database.is_sqlite:
        postgres_tools.dump(url, to)
        return
    # SQLite's online backup: one moment of the file, whoever writes meanwhile.
    with closing(sqlite3.connect(str(url.database))) as live, closing(sqlite3.connect(to)) as copy:
        live.backup(copy)


def _write(part: Path, head: dict[str, Any], saved: Path, data: Path, *, with_key: bool) -> Result:
    hashes: dict[str, str] = {}
    images = 0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        _add_file(archive, saved.name, saved, hashes)
        for path in _objects(data / "objects"):
            # Retention may have deleted it since it was listed.
            with suppress(FileNotFoundError):
                _add_file(archive, path.relative_to(data).as_posix(), path, hashes)
                images += 1
        for path in sorted((data / RECEIPTS).rglob("*.json")):
            with suppress(FileNotFoundError):
                _add_file(archive, path.relative_to(data).as_posix(), path, hashes)
        _add(archive, KEY_NOTE, _key_note(head["key"], with_key=with_key).encode(), hashes)
        if with_key:
            for name in (KEY, MASTER_KEY):
                if (data / name).exists():
                    _add_file(archive, name, data / name, hashes)
        manifest = json.dumps({**head, "sha256": hashes}, indent=1)
        _add(archive, MANIFEST, manifest.encode(), hashes)
        archive.close()
        file.flush()
        os.fsync(file.fileno())
    return Result(images, with_key)


def _objects(root: Path) -> Iterator[Path]:
    # Only pictures that are complete: a picture in the making has another ending.
    yield from (path for path in sorted(root.rglob("*.jpg")) if path.is_file())


def _add(archive: tarfile.TarFile, name: str, content: bytes, hashes: dict[str, str]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))
    hashes[name] = hashlib.sha256(content).hexdigest()


def _add_file(archive: tarfile.TarFile, name: str, path: Path, hashes: dict[str, str]) -> None:
    with path.open("rb") as file:
        entry = tarfile.TarInfo(name)
        entry.mode = 0o600
        hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
        entry.size = file.tell()
        file.seek(0)
        archive.addfile(entry, file)


def fingerprint(key: bytes) -> str:
    """Tells keys apart without giving anything of them away."""
    return hashlib.sha256(b"invigil key fingerprint" + key).hexdigest()[:16]


def _key_note(found: str, *, with_key: bool) -> str:
    if with_key:
        where = (
            "secret.key and master.key are in this archive: whoever has it can make join links and "
            "see every photo. With INVIGIL_MASTER_KEY set there is no master.key: keep a copy of "
            "the setting."
        )
    else:
        where = (
            "The keys are NOT in this archive. Keep copies of secret.key and master.key of the "
            "data folder (or of the setting INVIGIL_MASTER_KEY) elsewhere and put them into the "
            "new data folder before the first start. Without secret.key all join links become "
            "invalid; without master.key no photo and no template can ever be read."
        )
    return f"Fingerprint of secret.key: {found}\n{where}\n"


async def restore(database: Database, data: Path, archive: Path) -> Result:
    """Bring an archive into an empty installation. Raises `MaintenanceRefused`, with nothing
    changed, when the archive is damaged or something is there already."""
    await revision(database)  # the first connection, with words of its own when there is none
    await _require_empty(database, data)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as scratch:
        unpacked = Path(scratch)
        manifest = _unpack(archive, unpacked)
        _require_fitting(manifest, database, data)
        _require_same_master(unpacked / MASTER_KEY, data / MASTER_KEY)
        saved = unpacked / _DATABASES[manifest["database"]]
        await _bring_back(database, saved)
        objects = unpacked / "objects"
        images = sum(1 for _ in _objects(objects))
        if objects.exists():
            shutil.rmtree(data / "objects", ignore_errors=True)
            objects.replace(data / "objects")
        if (unpacked / RECEIPTS).exists():
            shutil.rmtree(data / RECEIPTS, ignore_errors=True)
            (unpacked / RECEIPTS).replace(data / RECEIPTS)
        key = (unpacked / KEY).exists()
        for name in (KEY, MASTER_KEY):
            if (unpacked / name).exists():
                (unpacked / name).replace(data / name)
    await upgrade(database)
    return Result(images, key)


async def _require_empty(database: Database, data: Path) -> None:
    async with database.engine.connect() as connection:
        occupied = await filled(connection)
    if occupied:
        raise MaintenanceRefused(
            f"This installation has rows already (in {', '.join(occupied)}); nothing was restored.",
            fix="Restore into another INVIGIL_DATA_DIR and another, empty database.",
        )
    if any(_objects(data / "objects")):
        raise MaintenanceRefused(
            f"There are images in {data / 'objects'} already; nothing was restored.",
            fix="Restore into another INVIGIL_DATA_DIR.",
        )


def _unpack(archive: Path, to: Path) -> dict[str, Any]:
    """Write the files of the archive into `to` and compare each with the manifest."""
    damaged = MaintenanceRefused(
        f"{archive} is no complete backup of Invigil; nothing was restored.",
        fix="Take another copy of the file, or an older backup.",
    )
    try:
        with tarfile.open(archive) as file:
            for member in file:
                _unpack_file(file, member, to)
        manifest: dict[str, Any] = json.loads((to / MANIFEST).read_bytes())
        wanted: dict[str, str] = manifest["sha256"]
        for name, sha256 in wanted.items():
            with (to / name).open("rb") as unpacked:
                if hashlib.file_digest(unpacked, "sha256").hexdigest() != sha256:
                    raise damaged
        if manifest["format"] != FORMAT or _DATABASES[manifest["database"]] not in wanted:
            raise damaged
    except (OSError, tarfile.TarError, ValueError, KeyError) as error:
        raise damaged from error
    return manifest


def _unpack_file(archive: tarfile.TarFile, member: tarfile.TarInfo, to: Path) -> None:
    """Nothing but ordinary files, and none outside `to`. Raises `ValueError` for anything else.

    By hand, because the filters of `tarfile` came only with Python 3.11.4.
    """
    target = (to / member.name).resolve()
    if not target.is_relative_to(to.resolve()):
        raise ValueError(f"{member.name} lies outside the archive")
    if member.isdir():
        return
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise ValueError(f"{member.name} is no ordinary file")
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("wb") as written:
        shutil.copyfileobj(content, written)
    # Keys are for their owner alone, and stay so.
    target.chmod(member.mode & 0o755 | 0o600)


def _require_fitting(manifest: dict[str, Any], database: Database, data: Path) -> None:
    ours, theirs = database.engine.dialect.name, manifest["database"]
    if ours != theirs:
        raise MaintenanceRefused(
            f"This backup is of {theirs}, and this installation is set to {ours}.",
            fix=f"Restore it into {theirs}, then run `invigil db copy-to`.",
        )
    if manifest["revision"] not in known_revisions():
        raise MaintenanceRefused(
            "This backup was made by a newer version of Invigil.", fix="Install that version first."
        )
    key = data / KEY
    if key.exists() and fingerprint(key.read_bytes()) != manifest["key"]:
        raise MaintenanceRefused(
            f"{key} is another key than the one of the backup.",
            fix="Put the right key there, or remove this one (old join links then stop working).",
        )


def _require_same_master(theirs: Path, ours: Path) -> None:
    if theirs.exists() and ours.exists() and theirs.read_bytes() != ours.read_bytes():
        raise MaintenanceRefused(
            f"{ours} is another key than the one of the backup.",
            fix="Move it away: the key of the backup is needed for the photos in it.",
        )


async def _bring_back(database: Database, saved: Path) -> None:
    if not database.is_sqlite:
        postgres_tools.restore(database.engine.url, saved)
        return
    await database.close()  # nobody may hold the empty file while it is filled
    target = Path(str(database.engine.url.database))
    with closing(sqlite3.connect(saved)) as copy, closing(sqlite3.connect(target)) as live:
        copy.backup(live)
