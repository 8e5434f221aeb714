"""Text that people write, as every request takes it."""

from __future__ import annotations

import unicodedata


def plain(value: str) -> str:
    """Refuse control characters: terminals obey them and PostgreSQL cannot store all of them."""
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n" for char in value):
        msg = "must not hold control characters"
        raise ValueError(msg)
    return value
