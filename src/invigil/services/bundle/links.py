"""The slice of the audit log in a bundle.

Entries about the session, and starts of the server with their models and thresholds, are in it as
they are. Of all others there is a link only: number, hash, and the hash before. So the slice is
one chain up to the signed head, and tells nothing of other sessions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from invigil.domain.audit import Action, AuditEntry, Head, hash_of

_OPEN = frozenset({Action.SERVER_STARTED.value, Action.KEYS_REWRAPPED.value})


def line_of(entry: AuditEntry, session_id: str) -> str:
    """One line of JSON."""
    if entry.session_id == session_id or entry.action in _OPEN:
        return json.dumps({"entry": asdict(entry)}, ensure_ascii=False)
    link = {"seq": entry.seq, "previous": entry.previous, "hash": entry.hash}
    return json.dumps({"link": link})


class LinkChecker:
    """Goes through a slice, line by line, and says what is wrong with it."""

    def __init__(self) -> None:
        self.entries = 0
        self._seq: int | None = None
        self._hash = ""

    def take(self, line: str) -> Iterator[str]:
        try:
            found = json.loads(line)
            if "entry" in found:
                entry = AuditEntry(**found["entry"])
                seq, previous, own = entry.seq, entry.previous, entry.hash
                self.entries += 1
                if own != hash_of(entry):
                    yield f"entry {seq} was changed"
            else:
                seq, previous, own = (found["link"][each] for each in ("seq", "previous", "hash"))
        except (ValueError, TypeError, KeyError):
            yield "a line is no entry of an audit log"
            return
        if self._seq is not None and seq != self._seq + 1:
            yield f"entry {seq} comes after entry {self._seq}"
        elif self._seq is not None and previous != self._hash:
            yield f"entry {seq} does not follow the one before it"
        self._seq, self._hash = seq, own

    def end(self, head: Head) -> Iterator[str]:
        if (self._seq, self._hash) != (head.seq, head.hash):
            yield f"the log does not end with the signed entry {head.seq}"
