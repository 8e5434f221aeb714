"""One file from the network or from a folder, kept only when it is exactly the pinned one."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2

LOCK = Path(__file__).parent.parent / "vision" / "downloads.toml"
_CHUNK = 1 << 16
_TIMEOUT_S = 30.0
_OK, _PARTIAL, _RANGE_NOT_SATISFIABLE = 200, 206, 416

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes in all."""


def in_silence(_there: int, _size: int) -> None:
    """Shows nothing."""


class DownloadFailed(Exception):
    """Says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Pinned:
    name: str
    url: str
    size: int
    sha256: str
    engines: tuple[str, ...]


def read_lock(path: Path = LOCK) -> list[Pinned]:
    files = tomllib.loads(path.read_text(encoding="utf-8"))["file"]
    return [
        Pinned(name, entry["url"], entry["size"], entry["sha256"], tuple(entry["engines"]))
        for name, entry in files.items()
    ]


def is_there(file: Pinned, folder: Path) -> bool:
    path = folder / file.name
    return path.is_file() and path.stat().st_size == file.size and _sha256(path) == file.sha256


def take_from(file: Pinned, source: Path, folder: Path) -> Path:
    """Copies the file out of the folder `source`. Raises `DownloadFailed`."""
    given = source / file.name
    if not given.is_file():
        raise DownloadFailed(f"There is no {file.name} in {source}. Get it from {file.url}")
    folder.mkdir(parents=True, exist_ok=True)
    part = _part(file, folder)
    shutil.copyfile(given, part)
    return _accepted(file, part, folder, f"{given} is")


def download(file: Pinned, folder: Path, *, progress: Progress = in_silence) -> Path:
    """Fetches the file, going on where an earlier try stopped. Raises `DownloadFailed`."""
    folder.mkdir(parents=True, exist_ok=True)
    part, tag = _part(file, folder), _tag(file, folder)
    try:
        with httpx2.Client(follow_redirects=True, timeout=_TIMEOUT_S) as client:
            _receive(client, file, part, tag, progress)
    except (httpx2.HTTPError, OSError) as error:
        kept = part.stat().st_size if part.is_file() else 0
        raise DownloadFailed(
            f"{file.url} could not be fetched ({error or type(error).__name__}); {kept} of "
            f"{file.size} bytes are there. Run the same command again to go on. Without internet, "
            f"bring {file.name} by hand and use --from DIR. Behind a proxy, set HTTPS_PROXY."
        ) from error
    tag.unlink(missing_ok=True)
    return _accepted(file, part, folder, f"What {file.url} gave is")


def _receive(
    client: httpx2.Client, file: Pinned, part: Path, tag: Path, progress: Progress
) -> None:
    there = part.stat().st_size if part.is_file() and tag.is_file() else 0
    headers = {"Accept-Encoding": "identity"}
    if there:
        # If the file was changed meanwhile, the server sends all of it.
        headers |= {"Range": f"bytes={there}-", "If-Range": tag.read_text(encoding="ascii")}
    with client.stream("GET", file.url, headers=headers) as reply:
        if reply.status_code == _RANGE_NOT_SATISFIABLE and there >= file.size:
            return
        if reply.status_code not in {_OK, _PARTIAL}:
            raise DownloadFailed(
                f"{file.url} answered {reply.status_code}. If it moved, bring {file.name} by "
                "hand and use --from DIR."
            )
        goes_on = reply.status_code == _PARTIAL
        there = there if goes_on else 0
        _remember_tag(reply, tag)
        with part.open("ab" if goes_on else "wb") as out:
            progress(there, file.size)
            for chunk in reply.iter_bytes(_CHUNK):
                there += len(chunk)
                if there > file.size:
                    break
                out.write(chunk)
                progress(there, file.size)
            if there > file.size:
                # Longer than pinned whatever follows: the hash refuses it.
                out.write(b"\0")
    if there < file.size:
        raise httpx2.RemoteProtocolError("the connection ended early")


def _remember_tag(reply: httpx2.Response, tag: Path) -> None:
    """Only a strong ETag promises that the bytes are the same."""
    etag = reply.headers.get("ETag", "")
    if etag.startswith('"'):
        tag.write_text(etag, encoding="ascii")
    else:
        tag.unlink(missing_ok=True)


def _accepted(file: Pinned, part: Path, folder: Path, subject: str) -> Path:
    size = part.stat().st_size
    if size != file.size or _sha256(part) != file.sha256:
        part.unlink()
        raise DownloadFailed(
            f"{subject} not the pinned {file.name} ({size} bytes, {file.size} are right, or "
            "another SHA-256). It was removed."
        )
    return part.replace(folder / file.name)


def _part(file: Pinned, folder: Path) -> Path:
    return folder / f"{file.name}.part"


def _tag(file: Pinned, folder: Path) -> Path:
    return folder / f"{file.name}.etag"


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
