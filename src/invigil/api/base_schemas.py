"""What all wire models are made of: answers, requests, and texts that people write."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class In(BaseModel):
    """A request. Unknown fields are refused, so that a typing error is never silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def plain(value: str) -> str:
    """Refuse control characters: terminals obey them and PostgreSQL cannot store all of them."""
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n" for char in value):
        msg = "must not hold control characters"
        raise ValueError(msg)
    return value


def _one_line(value: str) -> str:
    if len(value.splitlines()) > 1:
        msg = "must be one line"
        raise ValueError(msg)
    return plain(value)


Title = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
MaybeName = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(plain)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(plain)]
Tab = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[\w-]+$")]
