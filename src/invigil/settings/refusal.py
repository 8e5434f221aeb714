"""What is wrong with settings, by the names that people gave them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from invigil.settings import Settings

_PREFIX = str(Settings.model_config.get("env_prefix", ""))
# Names of the published tutorial, which have no prefix.
_OWN_NAMES = frozenset(
    field.validation_alias
    for field in Settings.model_fields.values()
    if isinstance(field.validation_alias, str)
)


def complaints(error: ValidationError) -> Iterator[str]:
    """One line each. A rule over several settings names them itself."""
    for problem in error.errors():
        place = "_".join(str(part) for part in problem["loc"])
        words = problem["msg"].removeprefix("Value error, ")
        name = place if place in _OWN_NAMES else f"{_PREFIX}{place.upper()}"
        yield f"{name}: {words}" if place else words
