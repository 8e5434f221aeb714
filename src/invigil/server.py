"""Runs the application under uvicorn and prints the link to click once it can be clicked."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from invigil.api.deps import House
from invigil.app import create_app
from invigil.clock import system_clock
from invigil.domain.errors import KeyMisconfigured, MediaConfigError, StorageMisconfigured
from invigil.ending import Socket, end_within
from invigil.feed.redis_bus import FeedMisconfigured
from invigil.settings import Settings
from invigil.storage.evidence.open import EvidenceMisconfigured
from invigil.telemetry import TracesMisconfigured
from invigil.tls import Certificate, certificate_for, this_host
from invigil.wiring import check_parts, database_setting, prepare

KEEP_ALIVE_S = 75
"""Longer than the interval between frames, so that pages need not connect for every one."""

SHUTDOWN_S = 5
"""Long enough for a frame in flight, short enough for a restart on an exam day."""

GONE_S = 15
"""After so long a server that is told to end is gone, also when something of it hangs."""

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a trial on a local network is about

_WARNING = """\
Certificate made by this machine for itself. Every browser warns once: Chrome and Edge say "Your
connection is not private" (Advanced, then Proceed), Firefox "Potential Security Risk Ahead"
(Advanced, then Accept the Risk), Safari "This Connection Is Not Private" (Show Details, then
visit this website).
Before going on, compare what the browser shows of the certificate with this SHA-256 fingerprint:
{fingerprint}
For real exams use a certificate that browsers know: see docs/operations.md."""


def print_link(settings: Settings, token: str) -> None:
    """One line to click, and nothing else that could be mistaken for it."""
    print(f"Sign in (works once): {settings.base_url}/?token={token}", flush=True)


async def print_way_in(settings: Settings, house: House) -> None:
    """The address, once there are accounts; until then a link. What is printed ends up in logs."""
    if house.oidc is not None or await house.accounts.any():
        print(f"Sign in with your account: {settings.base_url}/", flush=True)
    else:
        print_link(settings, await house.access.new_sign_in_link())


def reachable(settings: Settings) -> Settings:
    """With our own certificate: listen for the network too, and make links that work there."""
    if not settings.tls_self_signed:
        return settings
    chosen: dict[str, object] = {}
    host = settings.host if "host" in settings.model_fields_set else _EVERYWHERE
    if host != settings.host:
        chosen["host"] = host
    if settings.public_url is None and host in {_EVERYWHERE, "::"}:
        chosen["public_url"] = f"https://{this_host().best}:{settings.port}"
    return settings.model_copy(update=chosen)


def spare_collector() -> None:
    """Take what the program is made of out of the way of Python's collector of cycles.

    It stays for as long as the server runs, and walking over it takes a tenth of a second a time.
    How often is collected is left as it is: what was dropped without being closed is closed then.
    """
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    def __init__(self, settings: Settings, after: Callable[[House], None] | None) -> None:
        self._application = create_app(settings)
        self._settings = settings
        self._after = after
        self._signals = 0
        self._own = _own_certificate(settings)
        super().__init__(
            uvicorn.Config(
                self._application,
                host=settings.host,
                port=settings.port,
                # Our own logging takes in what uvicorn has to say.
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=SHUTDOWN_S,
                ws=Socket,
                ws_max_size=1 << 17,
                ws_ping_interval=20,
                ws_ping_timeout=20,
                server_header=False,
                # Nothing is in front of our own certificate that could say who really asks.
                proxy_headers=settings.public_url is not None and self._own is None,
                ssl_certfile=self._own.certificate if self._own else None,
                ssl_keyfile=self._own.key if self._own else None,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit:
            return
        spare_collector()
        await print_way_in(self._settings, self._house)
        if self._own is not None:
            print(_WARNING.format(fingerprint=self._own.fingerprint), flush=True)
        if self._after is not None:
            self._after(self._house)

    @property
    def _house(self) -> House:
        house: House = self._application.state.house
        return house

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals += 1
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that nobody new should come, serve on for a while, then close.

        Frames in flight get their answers, sockets are closed with 1012 (service restart). A
        second signal ends the wait.
        """
        self._house.doors.closing = True
        end_within(self._settings.drain_seconds + GONE_S)
        asked = self._signals
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.drain_seconds
        while loop.time() < until and self._signals == asked:  # noqa: ASYNC110 - a handler counts
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def _own_certificate(settings: Settings) -> Certificate | None:
    if not settings.tls_self_signed:
        return None
    return certificate_for(this_host(), settings.data_dir / "tls", system_clock())


def _refuse_a_taken_port(settings: Settings) -> None:
    """Before anything else is done: most often it is this server that runs already."""
    where = f"{settings.host}, port {settings.port}"
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            _bind(family, kind, protocol, address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SystemExit(
                f"Something listens on {where} already. If it is Invigil, `invigil sign-in-link` "
                "gives a new link to it; if not, choose another port (--port or INVIGIL_PORT)."
            ) from None
        raise SystemExit(
            f"It is not possible to listen on {where}: {error.strerror}. Check INVIGIL_HOST and "
            "INVIGIL_PORT."
        ) from None


def _bind(family: int, kind: int, protocol: int, address: Any) -> None:
    """As asyncio's servers do; a family that this machine does not have is left out there too."""
    try:
        probe = socket.socket(family, kind, protocol)
    except OSError:
        return
    with probe:
        # What only lingers from an earlier server is not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)


def run_server(settings: Settings, after: Callable[[House], None] | None = None) -> None:
    """Serve until interrupted. `after` is called once requests are taken.

    Ends the program with one clear sentence when a part of the settings cannot be used.
    """
    _refuse_a_taken_port(settings)
    try:
        asyncio.run(prepare(settings))
        asyncio.run(check_parts(settings))
    except StorageMisconfigured as error:
        raise SystemExit(f"{database_setting(settings)}: {error.message} {error.fix}") from None
    except (
        EvidenceMisconfigured,
        FeedMisconfigured,
        KeyMisconfigured,
        MediaConfigError,
        TracesMisconfigured,
    ) as error:
        raise SystemExit(f"{error.message} {error.fix}") from None
    _Server(settings, after).run()
