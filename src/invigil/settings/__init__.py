"""Every setting, read from `INVIGIL_*` in the environment or `.env`."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from invigil.settings.live_video import LiveVideo
from invigil.settings.server import ClassicApi, LogFormat, Vision
from invigil.settings.storage import DATABASE_SCHEMES, IMGUR
from invigil.settings.weak import StrongSettings

__all__ = [
    "DATABASE_SCHEMES",
    "IMGUR",
    "ClassicApi",
    "LiveVideo",
    "LogFormat",
    "Settings",
    "Vision",
]


# The last is listed first in the documentation.
class Settings(StrongSettings):
    """Defaults are for one machine and a first try; docs/configuration.md lists them all."""

    model_config = SettingsConfigDict(
        env_prefix="INVIGIL_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        # A URL holds a password: errors name the setting, not its value.
        hide_input_in_errors=True,
    )
