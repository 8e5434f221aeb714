"""Runs the application under uvicorn and prints the link to click once it can be clicked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn

from invigil.api.deps import House
from invigil.app import create_app
from invigil.domain.errors import MediaConfigError, StorageMisconfigured
from invigil.feed.redis_bus import FeedMisconfigured
from invigil.settings import Settings
from invigil.storage.evidence.open import EvidenceMisconfigured
from invigil.wiring import check_parts, database_setting, prepare

KEEP_ALIVE_S = 75
"""Longer than the interval between frames, so that pages need not connect for every one."""

SHUTDOWN_S = 5
"""Long enough for a frame in flight, short enough for a restart on an exam day."""


def print_link(settings: Settings, token: str) -> None:
    """One line to click, and nothing else that could be mistaken for it."""
    print(f"Sign in as proctor (works once): {settings.base_url}/?token={token}", flush=True)


class _Server(uvicorn.Server):
    def __init__(self, settings: Settings, after: Callable[[House], None] | None) -> None:
        self._application = create_app(settings)
        self._settings = settings
        self._after = after
        super().__init__(
            uvicorn.Config(
                self._application,
                host=settings.host,
                port=settings.port,
                log_level="warning",
                access_log=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=SHUTDOWN_S,
                ws_max_size=1 << 17,
                ws_ping_interval=20,
                ws_ping_timeout=20,
                server_header=False,
                proxy_headers=settings.public_url is not None,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit:
            return
        house: House = self._application.state.house
        print_link(self._settings, await house.access.new_sign_in_link())
        if self._after is not None:
            self._after(house)


def run_server(settings: Settings, after: Callable[[House], None] | None = None) -> None:
    """Serve until interrupted. `after` is called once requests are taken.

    Ends the program with one clear sentence when a part of the settings cannot be used.
    """
    try:
        asyncio.run(prepare(settings))
        asyncio.run(check_parts(settings))
    except StorageMisconfigured as error:
        raise SystemExit(f"{database_setting(settings)}: {error.message} {error.fix}") from None
    except (EvidenceMisconfigured, FeedMisconfigured, MediaConfigError) as error:
        raise SystemExit(f"{error.message} {error.fix}") from None
    _Server(settings, after).run()
