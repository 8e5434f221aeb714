"""The application: routes, middleware, and what runs beside requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import structlog
from fastapi import FastAPI

from invigil import __version__
from invigil.api import (
    acts,
    arrangements,
    candidates,
    check_in,
    classic,
    errors,
    forgery,
    frames,
    health,
    incidents,
    keeping,
    live,
    media,
    metrics,
    oidc,
    own_incidents,
    pages,
    proctor_invites,
    roster,
    sessions,
    sign_in,
)
from invigil.api.deps import House
from invigil.api.events import CandidateLetter, ClientLetter, ProctorLetter
from invigil.api.middleware import BodyLimit, FrameTrace, RequestLog, SecurityHeaders
from invigil.api.render_events import EventRenderer
from invigil.api.schemas import ErrorReply
from invigil.clock import Clock, SteadyClock, system_clock
from invigil.domain.errors import InvigilError
from invigil.feed.redis_bus import RedisBus
from invigil.meetings import Meetings
from invigil.monitoring.tap import Tap
from invigil.monitoring.watch import Watch
from invigil.settings import ClassicApi, Settings
from invigil.storage import retention
from invigil.storage.evidence.orphans import sweep_orphans
from invigil.supervisor import supervise
from invigil.video_wiring import make_meetings
from invigil.vision.factory import missing_kernels, require, versions, wants_kernels
from invigil.vision.port import VisionEngine
from invigil.vision.runtime import WeightsError
from invigil.wiring import Storage, build_house, make_tap

log = structlog.get_logger(__name__)

SWEEP_EVERY = timedelta(hours=1)
LOOK_EVERY_S = 60.0

ROUTERS = (
    frames.router,  # first, because nearly every request is one of its
    pages.router,
    health.router,
    metrics.router,
    sign_in.router,
    oidc.router,
    sessions.router,
    own_incidents.router,
    roster.router,
    proctor_invites.router,
    check_in.router,  # before candidates: /candidates/me is not an id
    forgery.router,
    media.router,
    arrangements.router,
    candidates.router,
    acts.router,
    incidents.router,
    keeping.router,
    live.router,
    classic.router,
)


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock = system_clock,
    monotonic: Callable[[], float] = time.monotonic,
    engine: Callable[[], VisionEngine] | None = None,
) -> FastAPI:
    """The whole server.

    `clock`, `monotonic`: of the machine; the first may be set back, the second may not. `engine`
    makes a vision engine that runs in this process; by default worker processes hold
    the engine of the settings.
    """
    chosen = settings or Settings()
    if engine is None:
        _require_models(chosen)
    steady, meetings = SteadyClock(clock, monotonic), make_meetings(chosen, clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            house, watch, storage = await build_house(
                chosen, steady, engine() if engine else None, stack, meetings=meetings
            )
            tap = make_tap(chosen, house, storage)
            _hold(app, house, watch, storage, tap)
            _warn(chosen)
            await watch.start()
            await house.access.note_start(_what_runs(chosen), chosen.open_values())
            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(supervise(name, work))
                    for name, work in _beside_requests(house, watch, storage, tap).items()
                ]
                yield
                for task in running:
                    task.cancel()

    app = FastAPI(
        title="Invigil",
        version=__version__,
        summary="Self-hosted live proctoring.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses={"4XX": {"model": ErrorReply}},
    )
    return _installed(app, chosen, meetings)


def _hold(app: FastAPI, house: House, watch: Watch, storage: Storage, tap: Tap | None) -> None:
    """Where requests, and tests, find the rooms."""
    app.state.house = house
    app.state.renderer = EventRenderer(house)
    app.state.watch = watch
    app.state.storage = storage
    app.state.tap = tap


def _what_runs(settings: Settings) -> dict[str, str]:
    """Versions for the audit log: what judged frames from this start on."""
    return {"invigil": __version__, **versions(settings.vision.value)}


def _require_models(settings: Settings) -> None:
    """Ends the program with one clear sentence when something of the chosen engine is missing."""
    name = settings.vision.value
    try:
        require(name, settings.models_dir)
    except WeightsError as error:
        raise SystemExit(f"INVIGIL_VISION={name}: {error}") from None


def _installed(app: FastAPI, settings: Settings, meetings: Meetings) -> FastAPI:
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/assets", pages.assets(), name="assets")
    _document_letters(app)
    # A picture grows by a third in a data URL.
    app.add_middleware(BodyLimit, most=settings.max_image_bytes * 4 // 3 + 100_000)
    app.add_middleware(
        SecurityHeaders,
        https=settings.secure and not settings.tls_self_signed,
        page_origins=meetings.page_origins,
    )
    app.add_middleware(FrameTrace, path="/api/v1/candidates/me/frames")
    app.add_middleware(RequestLog)
    return app


def _document_letters(app: FastAPI) -> None:
    """Put the socket's letters into OpenAPI, so that the typed client knows them."""

    @app.webhooks.post("live-to-proctor", tags=["live"])
    def to_proctor(body: ProctorLetter) -> None:
        """A letter of the live socket to a console."""

    @app.webhooks.post("live-to-candidate", tags=["live"])
    def to_candidate(body: CandidateLetter) -> None:
        """A letter of the live socket to a candidate's page."""

    @app.webhooks.post("live-from-page", tags=["live"])
    def from_page(body: ClientLetter) -> None:
        """A letter from a page."""


def _beside_requests(
    house: House, watch: Watch, storage: Storage, tap: Tap | None
) -> dict[str, Callable[[], Awaitable[None]]]:
    """What runs as long as the server does, by its name in the log."""
    work: dict[str, Callable[[], Awaitable[None]]] = {
        "watch": watch.run,
        "housekeeping": lambda: _housekeeping(house, storage),
        "live video": house.media.run,
    }
    if storage.forwarder is not None:
        work["forward"] = storage.forwarder.run
    if tap is not None:
        work["tap"] = tap.run
    if isinstance(house.bus, RedisBus):
        work["feed"] = house.bus.run
    return work


def _warn(settings: Settings) -> None:
    if settings.classic_api is ClassicApi.OPEN:
        log.warning("classic API is open: anybody who knows a participant's id can post as them")
    if settings.public_pictures:
        log.warning(
            "INVIGIL_EVIDENCE_URL=imgur: evidence and reference photos are uploaded to Imgur and "
            "are PUBLIC to anybody who has a picture's link; they cannot be kept private there; "
            "Imgur's terms and limits apply. Do not use it for exams."
        )
    if wants_kernels(settings.vision.value) and (lost := missing_kernels()):
        log.warning(
            "the compiled networks cannot be used, so every frame costs twice as much; "
            "install the package again",
            reason=lost,
        )


async def _housekeeping(house: House, storage: Storage) -> None:
    """Retention and expired secrets, now and then. A failing round is reported and repeated."""
    last: datetime | None = None
    while True:
        now = house.clock()
        if last is None or now - last >= SWEEP_EVERY:
            try:
                plan = house.settings.retention_plan
                await retention.sweep(storage.database, storage.store, now, plan)
                # By the clock that files are stamped with.
                await sweep_orphans(storage.database, storage.store.shelf, storage.wall())
                await house.access.forget_expired()
            except InvigilError as error:
                log.warning("housekeeping could not work", reason=error.code)
            last = now
        try:
            await house.sessions.finish_closed()
        except InvigilError as error:
            log.warning("closing a session could not be finished", reason=error.code)
        await asyncio.sleep(LOOK_EVERY_S)
