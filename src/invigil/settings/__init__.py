"""Every setting, read from `INVIGIL_*` in the environment or `.env`."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from invigil.settings.given import GivenSource
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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library names it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Wherever a value is empty, what comes after it counts."""
        sources = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        return tuple(GivenSource(source) for source in sources)

    def open_values(self) -> dict[str, str]:
        """Every setting that is no secret, as text."""
        found = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {
            name: str(value)
            for name, value in found
            if name not in _SECRET and not isinstance(value, SecretStr)
        }


# A secret that is not set looks like any other setting that is not.
_SECRET = frozenset(
    name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
)
