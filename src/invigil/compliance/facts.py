"""What is true of this installation, read from its settings and from the registry of models."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from invigil.domain.incident import SEVERITY, IncidentKind
from invigil.domain.retention import DataClass
from invigil.settings import LiveVideo, Settings
from invigil.vision.registry import load_registry

_MEASURED = Path(__file__).parent / "measured.toml"

_DETECTORS: Mapping[IncidentKind, str] = {
    IncidentKind.MULTIPLE_FACES: "more than one face in the picture",
    IncidentKind.DIFFERENT_PERSON: "the face does not match the one of check-in",
    IncidentKind.NO_FACE: "no face in the picture",
    IncidentKind.CAMERA_LOST: "no pictures come any more",
    IncidentKind.NOT_RECOGNISED: "the face is hidden for half a minute, or seen clearly and not "
    "recognised (information)",
    IncidentKind.FRAMES_DO_NOT_MATCH_VIDEO: "posted pictures and live video show different scenes",
    IncidentKind.FEED_LOOPED: "pictures from before come again to the finest detail",
    IncidentKind.CAMERA_FROZEN: "one picture again and again",
    IncidentKind.CAMERA_COVERED: "the picture shows nothing: covered, or dark",
    IncidentKind.FRAME_REPLAYED: "a picture was sent under a number that was used",
    IncidentKind.VIRTUAL_CAMERA: "the page names its camera like a program (information)",
    IncidentKind.CAMERA_CHANGED: "the page names another camera than before (information)",
}

_KEPT: Mapping[DataClass, str] = {
    DataClass.TEMPLATES: "features of the face, from the reference photo and the check-in",
    DataClass.STILLS: "the newest picture of the camera",
    DataClass.REFERENCE_PHOTOS: "reference photos",
    DataClass.EVIDENCE: "pictures of incidents",
    DataClass.OBSERVATIONS: "what was measured on each picture: counts, boxes, scores, how clear "
    "it was, fingerprint",
    DataClass.RECORDS: "names, times, consent, incidents, decisions with reasons, messages",
}


@dataclass(frozen=True, slots=True)
class Rate:
    what: str
    says: str


@dataclass(frozen=True, slots=True)
class Detector:
    kind: IncidentKind
    what: str
    severity: str
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    task: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class Kept:
    """`days` None: as long as each session says. `ends_early`: what deletes it before."""

    data_class: DataClass
    what: str
    days: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where data goes. `outside`: whether it leaves what runs here, so that a contract and a
    transfer have to be thought of."""

    what: str
    where: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Facts:
    engine: str
    models: tuple[Model, ...]
    thresholds: tuple[str, ...]
    detectors: tuple[Detector, ...]
    verification: tuple[Rate, ...]
    measured: str
    kept: tuple[Kept, ...]
    places: tuple[Place, ...]
    public: bool


def facts(settings: Settings) -> Facts:
    """Of the server that runs with these settings."""
    entry = load_registry().engines[settings.vision.value]
    models = entry.models
    measured = tomllib.loads(_MEASURED.read_text(encoding="utf-8"))
    fits = measured["engine"] == settings.vision.value
    rates = measured["rates"] if fits else {}
    plan = settings.retention_plan
    return Facts(
        engine=settings.vision.value,
        models=tuple(
            Model(each.name, each.task.value, each.licence, each.licence_note) for each in models
        ),
        thresholds=tuple(
            f"{each.name}, {kind.value}: match from {limits.match}, mismatch under "
            f"{limits.mismatch}"
            for each in entry.embedders
            for kind, limits in each.comparison.items()
        ),
        detectors=tuple(
            Detector(kind, what, SEVERITY[kind].value, _rates(rates.get(kind.value, ())))
            for kind, what in _DETECTORS.items()
            if _enabled(kind, settings)
        ),
        verification=_rates(rates.get("verification", ())),
        measured=f"{measured['date']}, on {measured['data']}" if fits else "",
        kept=tuple(
            Kept(each, what, _shortest(getattr(plan, each.value), plan.records))
            for each, what in _KEPT.items()
        ),
        places=tuple(_places(settings)),
        public=settings.public_pictures,
    )


def _enabled(kind: IncidentKind, settings: Settings) -> bool:
    tap = kind is IncidentKind.FRAMES_DO_NOT_MATCH_VIDEO
    return not tap or settings.livekit_tap_seconds is not None


def _shortest(own: int | None, records: int | None) -> int | None:
    return min((days for days in (own, records) if days is not None), default=None)


def _rates(found: object) -> tuple[Rate, ...]:
    return tuple(Rate(**each) for each in found)  # type: ignore[attr-defined]


def _places(settings: Settings) -> list[Place]:
    pictures = _store(settings)
    found = [
        Place(
            "rows; templates among them are encrypted",
            _database(settings),
            outside=False,
        ),
        pictures,
    ]
    if settings.feed_url is not None:
        host = urlsplit(settings.feed_url.get_secret_value()).hostname
        found.append(Place("ids and tiles of consoles, in passing", f"Redis at {host}", False))
    found.append(Place("live video of new sessions", *_video(settings.meetings, settings)))
    if settings.meetings is not LiveVideo.LIVEKIT and settings.livekit_url:
        video = _video(LiveVideo.LIVEKIT, settings)
        found.append(Place("live video of sessions that choose it", *video))
    found.extend(
        Place("network addresses, relayed video", url, outside=True)
        for url in (*settings.stun_urls, *settings.turn_urls)
    )
    if settings.traces:
        found.append(
            Place("traces of requests: ids and times", "OTEL_EXPORTER_OTLP_ENDPOINT", True)
        )
    return found


def _database(settings: Settings) -> str:
    if settings.database_url is not None:
        return f"PostgreSQL at {urlsplit(settings.database_url.get_secret_value()).hostname}"
    if settings.db_host is not None:
        return f"PostgreSQL at {settings.db_host}"
    return "SQLite in the data folder"


def _store(settings: Settings) -> Place:
    what = "pictures, encrypted"
    if settings.public_pictures:
        return Place("reference photos and pictures of incidents, PUBLIC", "Imgur", outside=True)
    url = settings.evidence_url
    if url is None or url.startswith("file:"):
        return Place(what, "the data folder" if url is None else url, outside=False)
    return Place(what, url, outside=True)


def _video(provider: LiveVideo, settings: Settings) -> tuple[str, bool]:
    match provider:
        case LiveVideo.BUILTIN:
            return "from browser to browser", False
        case LiveVideo.LIVEKIT:
            return f"LiveKit at {settings.livekit_url}", True
        case LiveVideo.REALTIMEKIT:
            return "RealtimeKit (Cloudflare)", True
