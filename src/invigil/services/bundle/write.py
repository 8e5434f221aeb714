"""Gather a session's evidence and sign it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from invigil import __version__
from invigil.domain.audit import Act, Action, Head
from invigil.domain.errors import CannotOpen, NotFound, Unavailable
from invigil.domain.incident import Evidence
from invigil.services.bundle.container import Writer
from invigil.services.bundle.links import line_of
from invigil.services.bundle.manifest import (
    AUDIT,
    FORMAT,
    MANIFEST,
    SIGNATURE,
    fingerprint,
    signed_text,
)
from invigil.services.bundle.tables import table
from invigil.services.certificate import entries
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore
from invigil.storage.signing import Signer

Rows = list[dict[str, Any]]

README = """Evidence of one exam session, made by Invigil {version} on {made_at} (UTC).

To check it, without the server that made it:   invigil verify THIS-FILE
To check that a server you know made it:        invigil verify THIS-FILE --key FINGERPRINT

manifest.json   SHA-256 of every file, the public key, the signed head of the audit log
manifest.sig    Ed25519 signature over manifest.json
*.json, *.csv   session, candidates, incidents, decisions, gaps, messages, pictures, models
audit.jsonl     who did what in this session, as a chain of hashes
evidence/       pictures; reference photos are among them

An incident says that somebody should look. What was decided is in decisions.json.
"""

_CSV = {
    "incidents": ("id", "candidate_id", "kind", "started_at", "ended_at", "source"),
    "decisions": ("id", "incident_id", "decision", "reason", "by", "decided_at", "undone_at"),
    "candidates": ("id", "name", "state", "joined_at", "consent_version", "consent_at"),
    "messages": ("id", "candidate_id", "sender", "kind", "text", "sent_at"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """`missing`: pictures that rows know of and that could not be read."""

    files: int
    pictures: int
    missing: tuple[str, ...]
    fingerprint: str


class BundleMaker:
    def __init__(self, database: Database, store: EvidenceStore, signer: Signer) -> None:
        self._database = database
        self._store = store
        self._signer = signer

    async def make(self, session_id: str, out: BinaryIO, by: str, now: datetime) -> Made:
        """Write the bundle of a session into `out`. `by`: for the audit log, where the export
        comes before anything of it is read. Raises `NotFound` or `MaintenanceRefused`.

        Pictures go through memory one at a time.
        """
        async with self._database.begin() as work:
            if await work.sessions.get(session_id) is None:
                raise NotFound
            work.audit.note(Act(Action.SESSION_EXPORTED, by, now, session_id))
        async with self._database.read() as work:
            rows = await work.bundle.of_session(session_id)
            images = await work.evidence.of_ids([row["id"] for row in rows["evidence"]])
        lines, head, models = await self._audit(session_id, now)
        hashes, missing = await self._look_at(images)
        for row in rows["evidence"]:
            path = f"evidence/{row['id']}.jpg"
            row["file"] = path if path in hashes else None
        files = _texts(rows, models, now) | {AUDIT: "".join(lines).encode()}
        listed = [
            {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            for path, content in files.items()
        ]
        listed += [
            {"path": path, "sha256": digest, "size": size}
            for path, (digest, size) in hashes.items()
        ]
        manifest = self._manifest(session_id, listed, head, now, missing)
        writer = Writer(out)
        writer.add(MANIFEST, manifest)
        writer.add(SIGNATURE, self._signer.sign(signed_text(manifest)).encode())
        for path, content in files.items():
            writer.add(path, content)
        for image in images:
            path = f"evidence/{image.id}.jpg"
            if path in hashes:
                writer.add(path, await self._store.get(image))
        writer.end()
        return Made(len(listed), len(hashes), tuple(missing), fingerprint(self._signer.public_key))

    async def _audit(
        self, session_id: str, now: datetime
    ) -> tuple[list[str], Head, list[dict[str, Any]]]:
        """The slice, its head, and what judged: the starts of the server.

        It begins with the start of the server before the session's first entry.
        """
        lines: list[str] = []
        starts: list[dict[str, Any]] = []
        last, begun = None, False
        async for entry in entries(self._database):
            begun = begun or entry.session_id == session_id
            if entry.action == Action.SERVER_STARTED:
                if not begun:
                    lines, starts = [], []
                starts.append({"at": entry.at, "entry": entry.seq, **json.loads(entry.detail)})
            lines.append(line_of(entry, session_id) + "\n")
            last = entry
        if last is None:
            raise NotFound
        return lines, Head(last.seq, last.hash, now.isoformat()), starts

    async def _look_at(
        self, images: Sequence[Evidence]
    ) -> tuple[dict[str, tuple[str, int]], list[str]]:
        """SHA-256 and size of each picture that can be read, by its path; the ids of others."""
        found, missing = {}, []
        for image in images:
            try:
                content = await self._store.get(image)
            except (NotFound, Unavailable, CannotOpen):
                missing.append(image.id)
            else:
                digest = hashlib.sha256(content).hexdigest()
                found[f"evidence/{image.id}.jpg"] = (digest, len(content))
        return found, missing

    def _manifest(
        self,
        session_id: str,
        listed: list[dict[str, Any]],
        head: Head,
        now: datetime,
        missing: Iterable[str],
    ) -> bytes:
        key = self._signer.public_key
        found = {
            "format": FORMAT,
            "made_at": now.isoformat(),
            "made_by": f"invigil {__version__}",
            "session_id": session_id,
            "public_key": key,
            "fingerprint": fingerprint(key),
            "audit_head": {
                "seq": head.seq,
                "hash": head.hash,
                "at": head.at,
                "signature": self._signer.sign(head.signed_text()),
            },
            "pictures_not_readable": list(missing),
            "files": listed,
        }
        return json.dumps(found, indent=1).encode()


def _texts(
    rows: Mapping[str, Rows], starts: list[dict[str, Any]], now: datetime
) -> dict[str, bytes]:
    readme = README.format(version=__version__, made_at=f"{now:%Y-%m-%d %H:%M}")
    files = {"README.txt": readme.encode()}
    for name, found in rows.items():
        files[f"{name}.json"] = json.dumps(found, indent=1, ensure_ascii=False).encode()
    models = {"server_starts": starts, "observations": rows["models"]}
    files["models.json"] = json.dumps(models, indent=1).encode()
    for name, columns in _CSV.items():
        files[f"{name}.csv"] = table(columns, rows[name])
    return files
