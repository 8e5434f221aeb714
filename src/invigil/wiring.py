"""Makes every room from the settings and hands each what it may touch."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from invigil import __version__
from invigil.access_wiring import coming_in
from invigil.acts_wiring import make_acts
from invigil.api.deps import House
from invigil.api.limiter import Limiter
from invigil.clock import Clock, SteadyClock, system_clock
from invigil.domain.message import Event
from invigil.domain.telemetry import Telemetry
from invigil.feed.bus import Bus, LocalBus
from invigil.feed.presence import Presence
from invigil.feed.publish import announce
from invigil.feed.redis_bus import RedisBus
from invigil.key_wiring import key_file, vault
from invigil.meetings import Meetings
from invigil.monitoring.analysis import ManagedAnalysis, ThreadAnalysis
from invigil.monitoring.attendance import Attendance
from invigil.monitoring.frames import FramePipeline
from invigil.monitoring.health import Health
from invigil.monitoring.silence import Silence
from invigil.monitoring.single import SingleImage
from invigil.monitoring.tap import Tap
from invigil.monitoring.underway import Underway
from invigil.monitoring.watch import Watch
from invigil.monitoring.workers import WorkerAnalysis
from invigil.services.arrangements import Arrangements
from invigil.services.camera_claims import CameraClaims
from invigil.services.check_in import CheckIn
from invigil.services.classic import Classic
from invigil.services.event_log import EventLog
from invigil.services.keeping import Keeping
from invigil.services.media import Media
from invigil.services.messages import Messages
from invigil.services.review import Review
from invigil.services.roster import Roster
from invigil.services.sessions import Sessions
from invigil.settings import IMGUR, Settings
from invigil.storage.database import Database
from invigil.storage.database.engine import postgres_url, sqlite_url
from invigil.storage.database.migrate import upgrade
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.forward import Forwarder
from invigil.storage.evidence.imgur import ImgurAccess
from invigil.storage.evidence.open import check, open_shelf
from invigil.storage.evidence.remote import RemoteShelf
from invigil.storage.evidence.shelf import Shelf
from invigil.storage.incident_log import IncidentLog
from invigil.storage.key import load_key
from invigil.storage.keyring import KeyRing, give_keys, make_first, require_masters
from invigil.telemetry import Metrics, NoTraces, Teller, require_otel, start_traces
from invigil.video_wiring import check_meetings, make_meetings
from invigil.vision.port import VisionEngine

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Storage:
    """What everything else stands on. `forwarder`: only where images go over a network.

    `wall`: the machine's own clock, which may be set back; for what others stamp.
    """

    database: Database
    store: EvidenceStore
    key: bytes
    forwarder: Forwarder | None
    wall: Clock


async def open_storage(
    settings: Settings,
    bus: Bus,
    telemetry: Telemetry,
    stack: AsyncExitStack,
    *,
    clock: SteadyClock,
    key: bytes,
) -> Storage:
    """Bring the schema up to date and check what durability depends on."""

    def after_commit(events: Sequence[Event]) -> None:
        announce(bus, events)
        for event in events:
            if event.opened is not None:
                telemetry.incident_opened(event.opened)

    await make_master_key(settings)
    url = database_url(settings)
    database = Database(url, after_commit=after_commit, vault=vault(settings))
    stack.push_async_callback(database.close)
    await upgrade(database)
    await database.check()
    await require_masters(database)
    await give_keys(database)
    last = await database.fetch(lambda work: work.runs.last_beat())
    if last is not None:
        clock.not_before(last)
    shelf = shelf_of(settings, clock.wall)
    await check(shelf, settings.evidence_url)
    forwarder = Forwarder(database, shelf, clock.wall) if isinstance(shelf, RemoteShelf) else None
    store = EvidenceStore(shelf, KeyRing(database), public=settings.public_pictures)
    return Storage(database, store, key, forwarder, clock.wall)


def installation_key(settings: Settings) -> bytes:
    """The key in the data folder; both are made the first time. Raises `KeyMisconfigured`."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.data_dir.chmod(0o700)
    return load_key(settings.data_dir / "secret.key")


async def make_master_key(settings: Settings, *, starting: bool = True) -> None:
    """The file of the master key, where it is the first. Raises `KeyMisconfigured`."""
    file = key_file(settings)
    if settings.master_key is None and not file.path.exists():
        database = database_of(settings)
        try:
            await upgrade(database)
            await make_first(database, file, starting=starting)
        finally:
            await database.close()


def make_bus(settings: Settings, key: bytes) -> Bus:
    """In this process, or through the Redis of the settings."""
    if settings.feed_url is None:
        return LocalBus()
    return RedisBus(settings.feed_url.get_secret_value(), key)


def shelf_of(settings: Settings, clock: Clock) -> Shelf:
    return open_shelf(
        settings.evidence_url,
        settings.data_dir,
        reserve=settings.disk_reserve_mb * 1_000_000,
        spool_limit=settings.evidence_spool_mb * 1_000_000,
        clock=clock,
        imgur=_imgur(settings),
    )


def _imgur(settings: Settings) -> ImgurAccess | None:
    if settings.evidence_url != IMGUR or settings.imgur_client_id is None:
        return None
    client_id = settings.imgur_client_id.get_secret_value()
    other = settings.imgur_url
    return ImgurAccess(client_id, other, other) if other else ImgurAccess(client_id)


async def check_parts(settings: Settings) -> None:
    """Try image store and Redis once, ahead of everything else.

    Raises `EvidenceMisconfigured`, `FeedMisconfigured`, `MediaConfigError` or
    `TracesMisconfigured`, which name the setting, or `KeyMisconfigured`.
    """
    if settings.traces:
        require_otel()
    await _reachable(make_bus(settings, installation_key(settings)))
    await check(shelf_of(settings, system_clock), settings.evidence_url)
    await check_meetings(make_meetings(settings, system_clock), settings)


async def build_house(
    settings: Settings,
    clock: SteadyClock,
    engine: VisionEngine | None,
    stack: AsyncExitStack,
    *,
    meetings: Meetings,
) -> tuple[House, Watch, Storage]:
    """The rooms for requests, the clockwork beside them, and the storage under both."""
    key = installation_key(settings)
    stack.push_async_callback(meetings.aclose)
    bus = await _reachable(make_bus(settings, key))
    presence = Presence(bus)
    telemetry = make_telemetry(settings, meetings.default, stack)
    storage = await open_storage(settings, bus, telemetry, stack, clock=clock, key=key)
    database, store = storage.database, storage.store
    analysis = await _start_analysis(settings, engine, stack)
    health = Health(store, analysis, bus)
    frames, watch, attendance = _monitoring(
        storage, analysis, health, presence, bus, telemetry=telemetry, clock=clock
    )
    sessions = Sessions(database, store, clock, storage.key, meetings)
    check_in = CheckIn(database, store, analysis, clock)
    house = House(
        settings=settings,
        clock=clock,
        events=EventLog(database),
        bus=bus,
        presence=presence,
        attendance=attendance,
        media=Media(database, meetings, storage.wall, storage.key),
        frames=frames,
        single=SingleImage(database, store, analysis, clock),
        health=health,
        # What links say of times, and other programs of what they made, is of the machine's clock.
        **coming_in(settings, database, storage.wall),
        sessions=sessions,
        check_in=check_in,
        camera_claims=CameraClaims(database, IncidentLog(store), clock),
        review=Review(database, store, clock),
        **make_acts(database, store, clock),
        messages=Messages(database, clock),
        roster=Roster(database, storage.wall),
        arrangements=Arrangements(database, clock),
        classic=_classic(settings, storage, sessions, check_in, clock),
        keeping=Keeping.of(database, store, clock),
        limiter=Limiter(),
        telemetry=telemetry,
    )
    return house, watch, storage


async def _reachable(bus: Bus) -> Bus:
    if isinstance(bus, RedisBus):
        await bus.check()
    return bus


def make_tap(settings: Settings, house: House, storage: Storage) -> Tap | None:
    """The server's own eye on live video, where it is asked for."""
    if settings.livekit_tap_seconds is None:
        return None
    return Tap(
        database=storage.database,
        store=storage.store,
        presence=house.presence,
        eye=house.media,
        every=timedelta(seconds=settings.livekit_tap_seconds),
        clock=house.clock,
    )


def _classic(
    settings: Settings, storage: Storage, sessions: Sessions, check_in: CheckIn, clock: Clock
) -> Classic:
    return Classic(
        database=storage.database,
        store=storage.store,
        sessions=sessions,
        check_in=check_in,
        clock=clock,
        key=storage.key,
        base_url=settings.base_url,
    )


def _monitoring(
    storage: Storage,
    analysis: ManagedAnalysis,
    health: Health,
    presence: Presence,
    bus: Bus,
    *,
    telemetry: Telemetry,
    clock: Clock,
) -> tuple[FramePipeline, Watch, Attendance]:
    attendance = Attendance(presence)
    underway = Underway(clock)
    silence = Silence(presence, underway, clock())
    frames = FramePipeline(
        database=storage.database,
        store=storage.store,
        analysis=analysis,
        health=health,
        bus=bus,
        silence=silence,
        underway=underway,
        telemetry=telemetry,
        clock=clock,
    )
    watch = Watch(
        database=storage.database,
        incidents=IncidentLog(storage.store),
        silence=silence,
        health=health,
        attendance=attendance,
        clock=clock,
        several=isinstance(bus, RedisBus),
    )
    return frames, watch, attendance


async def _start_analysis(
    settings: Settings, engine: VisionEngine | None, stack: AsyncExitStack
) -> ManagedAnalysis:
    analysis = make_analysis(settings, engine)
    stack.push_async_callback(analysis.close)
    await analysis.start()
    return analysis


def make_telemetry(settings: Settings, provider: str, stack: AsyncExitStack) -> Teller:
    """`provider`: id of the live-video provider."""
    traces = start_traces(__version__) if settings.traces else NoTraces()

    async def close() -> None:
        await asyncio.to_thread(traces.close)

    stack.push_async_callback(close)
    return Teller(Metrics(__version__, provider), traces)


def make_analysis(settings: Settings, engine: VisionEngine | None) -> ManagedAnalysis:
    """Worker processes with the engine of the settings, or threads around a given one."""
    count = settings.analysis_workers or os.cpu_count() or 1
    if engine is not None:
        return ThreadAnalysis(engine, count)
    options = {
        "engine": settings.vision.value,
        "folder": str(settings.models_dir),
        "max_bytes": settings.max_image_bytes,
    }
    command = (sys.executable, "-m", "invigil.vision.worker", json.dumps(options))
    return WorkerAnalysis(command, count)


_FILE = "invigil.db"


def database_url(settings: Settings) -> str:
    """The URL of the settings, or of the SQLite file in the data folder."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    if settings.db_host is not None:
        secret = settings.db_password
        return postgres_url(
            settings.db_host,
            settings.db_port,
            # PostgreSQL's own rule, and what the tutorial relies on.
            settings.db_name or settings.db_user or "",
            user=settings.db_user or "",
            password=secret.get_secret_value() if secret else None,
        )
    return sqlite_url(settings.data_dir / _FILE)


def database_file(settings: Settings) -> Path | None:
    """The SQLite file in the data folder; None where a database was chosen by settings."""
    chosen = settings.database_url is not None or settings.db_host is not None
    return None if chosen else settings.data_dir / _FILE


def database_of(settings: Settings, *, opening: bool = False) -> Database:
    """`opening`: with the keys to what is encrypted in it."""
    keys = vault(settings) if opening else None
    return Database(database_url(settings), vault=keys)


def database_setting(settings: Settings) -> str:
    """The setting that chose the database, to name it when something is wrong with it."""
    if settings.database_url is not None:
        return "INVIGIL_DATABASE_URL"
    return "DB_HOST" if settings.db_host is not None else "INVIGIL_DATA_DIR"


async def prepare(settings: Settings) -> None:
    """Bring the schema up to date and check the database, ahead of everything else.

    Raises `StorageMisconfigured` or `KeyMisconfigured` with what is wrong and what to do.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    await make_master_key(settings)
    database = database_of(settings, opening=True)
    try:
        await upgrade(database)
        await database.check()
        await require_masters(database)
        await give_keys(database)
        await database.warn()
    finally:
        await database.close()
