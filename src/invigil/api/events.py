"""What goes over the live socket. Documented in OpenAPI under `webhooks`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from invigil.api.media_schemas import IceServer
from invigil.api.schemas import (
    Candidate,
    ExamSession,
    Gap,
    Incident,
    LiveFacts,
    Message,
    MyCandidate,
    MySession,
    Out,
    SystemStatus,
)


class CandidateChanged(Out):
    kind: Literal["candidate_changed"] = "candidate_changed"
    candidate: Candidate


class IncidentChanged(Out):
    kind: Literal["incident_changed"] = "incident_changed"
    incident: Incident
    opened: bool


class MessageSent(Out):
    kind: Literal["message"] = "message"
    message: Message


class GapChanged(Out):
    kind: Literal["gap"] = "gap"
    gap: Gap


class SessionChanged(Out):
    kind: Literal["session_changed"] = "session_changed"
    session: ExamSession


class MySessionChanged(Out):
    kind: Literal["session_changed"] = "session_changed"
    session: MySession


class StateChanged(Out):
    kind: Literal["state_changed"] = "state_changed"
    candidate: MyCandidate


ProctorEvent = Annotated[
    CandidateChanged | IncidentChanged | MessageSent | GapChanged | SessionChanged,
    Field(discriminator="kind"),
]
CandidateEvent = Annotated[
    StateChanged | MessageSent | MySessionChanged, Field(discriminator="kind")
]


class PeerOut(Out):
    """`viewer`: what a proctor's page is called in rooms of live video."""

    peer: str
    role: Literal["proctor", "candidate"]
    candidate_id: str | None
    viewer: str | None


class Hello(Out):
    type: Literal["hello"] = "hello"
    peer: str
    role: Literal["proctor", "candidate"]
    cursor: int
    provider: str
    ice_servers: list[IceServer]
    ice_transport_policy: Literal["all", "relay"]
    peers: list[PeerOut]


class EventForProctor(Out):
    type: Literal["event"] = "event"
    seq: int
    at: datetime
    event: ProctorEvent


class EventForCandidate(Out):
    type: Literal["event"] = "event"
    seq: int
    at: datetime
    event: CandidateEvent


class Tile(Out):
    type: Literal["tile"] = "tile"
    candidate_id: str
    last_frame_at: datetime
    next_frame_ms: int
    has_still: bool
    live: LiveFacts | None


class PresenceChanged(Out):
    type: Literal["presence"] = "presence"
    candidate_id: str
    online: bool


class System(Out):
    type: Literal["system"] = "system"
    system: SystemStatus


class PeerJoined(PeerOut):
    type: Literal["peer_joined"] = "peer_joined"


class PeerLeft(Out):
    type: Literal["peer_left"] = "peer_left"
    peer: str


class SignalIn(Out):
    type: Literal["signal"] = "signal"
    sender: str = Field(serialization_alias="from")
    signal: dict[str, Any]


class Pong(Out):
    type: Literal["pong"] = "pong"


class Resync(Out):
    type: Literal["resync"] = "resync"


ProctorLetter = Annotated[
    Hello
    | EventForProctor
    | Tile
    | PresenceChanged
    | System
    | PeerJoined
    | PeerLeft
    | SignalIn
    | Pong
    | Resync,
    Field(discriminator="type"),
]
CandidateLetter = Annotated[
    Hello | EventForCandidate | PeerJoined | PeerLeft | SignalIn | Pong | Resync,
    Field(discriminator="type"),
]


class Ping(Out):
    type: Literal["ping"]


class SignalOut(Out):
    type: Literal["signal"]
    to: str = Field(max_length=64)
    signal: dict[str, Any]


class CameraClaimed(Out):
    type: Literal["camera"]
    state: Literal["ok", "ended", "muted", "hidden"]
    device: str | None = Field(None, max_length=256)
    label: str = Field("", max_length=256)


ClientLetter = Annotated[Ping | SignalOut | CameraClaimed, Field(discriminator="type")]
