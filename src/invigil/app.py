"""Wires the rooms together and starts what runs beside requests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import structlog
from fastapi import FastAPI

from invigil import __version__
from invigil.api import (
    candidates,
    check_in,
    classic,
    errors,
    frames,
    health,
    incidents,
    live,
    pages,
    sessions,
    sign_in,
)
from invigil.api.deps import House, Limiter
from invigil.api.events import CandidateLetter, ClientLetter, ProctorLetter
from invigil.api.middleware import BodyLimit, RequestLog, SecurityHeaders
from invigil.api.render_events import EventRenderer
from invigil.api.schemas import ErrorReply
from invigil.clock import Clock, system_clock
from invigil.domain.errors import InvigilError
from invigil.feed.bus import LocalBus
from invigil.feed.presence import Presence
from invigil.feed.publish import announce
from invigil.meetings import BuiltinMeetings
from invigil.monitoring.analysis import AnalysisPool
from invigil.monitoring.frames import FramePipeline
from invigil.monitoring.health import Health
from invigil.monitoring.silence import Silence
from invigil.monitoring.single import SingleImage
from invigil.monitoring.watch import Watch
from invigil.services.access import Access
from invigil.services.check_in import CheckIn
from invigil.services.classic import Classic
from invigil.services.event_log import EventLog
from invigil.services.messages import Messages
from invigil.services.review import Review
from invigil.services.sessions import Sessions
from invigil.settings import ClassicApi, Settings
from invigil.storage import retention
from invigil.storage.database import Database
from invigil.storage.database.engine import sqlite_url
from invigil.storage.database.migrate import upgrade
from invigil.storage.evidence import EvidenceStore
from invigil.storage.incident_log import IncidentLog
from invigil.storage.key import load_key
from invigil.supervisor import supervise
from invigil.vision.decode import DecodeLimits
from invigil.vision.factory import build_engine
from invigil.vision.port import VisionEngine

log = structlog.get_logger(__name__)

SWEEP_EVERY = timedelta(hours=1)


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock = system_clock,
    engine: Callable[[], VisionEngine] | None = None,
) -> FastAPI:
    """The whole server. `engine` makes the vision engine, by default the one of the settings."""
    chosen = settings or Settings()
    limits = DecodeLimits(max_bytes=chosen.max_image_bytes)
    make_engine = engine or (lambda: build_engine("default", limits=limits))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            house, watch, database, store = await _build(chosen, clock, make_engine(), stack)
            app.state.house = house
            app.state.renderer = EventRenderer(house)
            app.state.watch = watch
            await watch.start()
            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(supervise("watch", watch.run)),
                    tasks.create_task(
                        supervise("housekeeping", lambda: _housekeeping(house, database, store))
                    ),
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
    _install(app, chosen)
    return app


def _install(app: FastAPI, settings: Settings) -> None:
    errors.install(app)
    rooms: Sequence[object] = (
        pages,
        health,
        sign_in,
        sessions,
        check_in,  # before candidates: /candidates/me is not an id
        frames,
        candidates,
        incidents,
        live,
        classic,
    )
    for room in rooms:
        app.include_router(room.router)  # type: ignore[attr-defined]
    app.mount("/assets", pages.assets(), name="assets")
    _document_letters(app)
    # A picture grows by a third in a data URL.
    app.add_middleware(BodyLimit, most=settings.max_image_bytes * 4 // 3 + 100_000)
    app.add_middleware(SecurityHeaders, https=settings.secure)
    app.add_middleware(RequestLog)


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


async def _build(
    settings: Settings, clock: Clock, engine: VisionEngine, stack: AsyncExitStack
) -> tuple[House, Watch, Database, EvidenceStore]:
    data = settings.data_dir
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    key = load_key(data / "secret.key")
    bus = LocalBus()
    database = Database(database_url(settings), after_commit=lambda events: announce(bus, events))
    stack.push_async_callback(database.close)
    await upgrade(database)
    await database.check()
    store = EvidenceStore(data / "objects", settings.disk_reserve_mb * 1_000_000)
    analysis = AnalysisPool(engine, settings.analysis_workers or os.cpu_count() or 1)
    stack.callback(analysis.close)
    presence = Presence(bus)
    silence = Silence(presence, clock())
    health_ = Health(store, analysis, bus)
    sessions_ = Sessions(database, store, clock, key)
    check_in_ = CheckIn(database, store, analysis, clock)
    house = House(
        settings=settings,
        clock=clock,
        events=EventLog(database),
        bus=bus,
        presence=presence,
        meetings=_meetings(settings),
        frames=FramePipeline(
            database=database,
            store=store,
            analysis=analysis,
            health=health_,
            bus=bus,
            silence=silence,
            clock=clock,
        ),
        single=SingleImage(database, store, analysis, clock),
        health=health_,
        access=access(settings, database, clock),
        sessions=sessions_,
        check_in=check_in_,
        review=Review(database, store, clock),
        messages=Messages(database, clock),
        classic=Classic(
            database=database,
            store=store,
            sessions=sessions_,
            check_in=check_in_,
            clock=clock,
            key=key,
            base_url=settings.base_url,
        ),
        limiter=Limiter(),
    )
    if settings.classic_api is ClassicApi.OPEN:
        log.warning("classic API is open: anybody who knows a participant's id can post as them")
    watch = Watch(
        database=database,
        incidents=IncidentLog(store),
        silence=silence,
        health=health_,
        clock=clock,
    )
    return house, watch, database, store


def database_url(settings: Settings) -> str:
    """The URL of the settings, or of the SQLite file in the data folder."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return sqlite_url(settings.data_dir / "invigil.db")


def access(settings: Settings, database: Database, clock: Clock) -> Access:
    return Access(
        database,
        clock,
        link_life=timedelta(minutes=settings.sign_in_link_minutes),
        login_life=timedelta(hours=settings.login_hours),
    )


def _meetings(settings: Settings) -> BuiltinMeetings:
    secret = settings.turn_secret
    return BuiltinMeetings(
        stun_urls=settings.stun_urls,
        turn_urls=settings.turn_urls,
        turn_secret=secret.get_secret_value() if secret else None,
        turn_lifetime=timedelta(minutes=settings.turn_minutes),
        relay_only=settings.relay_only,
    )


async def _housekeeping(house: House, database: Database, store: EvidenceStore) -> None:
    """Retention and expired secrets, now and then. A failing round is reported and repeated."""
    last: datetime | None = None
    while True:
        now = house.clock()
        if last is None or now - last >= SWEEP_EVERY:
            try:
                await retention.sweep(database, store, now)
                await house.access.forget_expired()
            except InvigilError as error:
                log.warning("housekeeping could not work", reason=error.code)
            last = now
        await asyncio.sleep(60)
