"""Which settings a start of the server had, for the audit log, without saying them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

_SHORT = 12


def record(values: Mapping[str, str]) -> dict[str, str]:
    """Of settings that are no secrets: one hash over all, and a short one of each.

    The hashes only tell whether a setting is another one than before. Whoever guesses a value can
    check the guess, so that secrets do not belong in here.
    """
    whole = json.dumps(dict(values), sort_keys=True, separators=(",", ":"))
    each = {name: _hash(f"{name}={value}")[:_SHORT] for name, value in sorted(values.items())}
    return {
        "settings_sha256": _hash(whole),
        "settings": json.dumps(each, separators=(",", ":")),
    }


def changed(before: Mapping[str, object], after: Mapping[str, str]) -> str:
    """Names of settings that differ between two records, with commas; those that came or went
    count. Empty when the first is of a version that made no record."""
    if "settings" not in before:
        return ""
    old, new = json.loads(str(before["settings"])), json.loads(after["settings"])
    names = old.keys() | new.keys()
    return ",".join(sorted(name for name in names if old.get(name) != new.get(name)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
