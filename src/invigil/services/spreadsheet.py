"""Cells of CSV for people who open it in a spreadsheet."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

_INNER = re.compile(r'([;\t\r\n])(?=["\s]*[=+\-@])')
"""Some separate at other characters than commas, whatever the quotation marks say: where a cell
would begin for them, and with a formula."""


def harmless(value: object) -> str:
    """As text. What a spreadsheet would take for a formula begins with an apostrophe."""
    text = _INNER.sub(r"\1'", "" if value is None else str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
