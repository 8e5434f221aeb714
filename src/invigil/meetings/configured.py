"""The providers of this installation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from invigil.domain.errors import MediaConfigError
from invigil.meetings.port import MediaProvider, ServerTap


class Meetings:
    """Providers by id. `default` is the id that a session gets when nobody chooses.

    `taps`: by the id of the provider, where the server itself is to look at live tracks.
    """

    def __init__(
        self,
        providers: Sequence[MediaProvider],
        default: str,
        taps: Mapping[str, ServerTap] | None = None,
    ) -> None:
        self._providers = {provider.id: provider for provider in providers}
        self.taps = dict(taps or {})
        self.default = default
        self.get(default)

    def __iter__(self) -> Iterator[MediaProvider]:
        return iter(self._providers.values())

    def find(self, provider_id: str) -> MediaProvider | None:
        return self._providers.get(provider_id)

    def get(self, provider_id: str) -> MediaProvider:
        """Raises `MediaConfigError` for one that is not set up here."""
        found = self._providers.get(provider_id)
        if found is None:
            raise MediaConfigError(
                f"Live video by {provider_id} is not set up on this server.",
                fix="Set it up again in the settings, or open a new session without it.",
            )
        return found

    @property
    def page_origins(self) -> tuple[str, ...]:
        """All that pages may connect to besides ourselves."""
        return tuple(origin for each in self for origin in each.page_origins)

    async def aclose(self) -> None:
        for provider in self:
            await provider.aclose()
