"""Which sockets are there. Facts of this process only; nothing is decided by them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from invigil.feed.bus import Bus, peer_topic


class Role(StrEnum):
    PROCTOR = "proctor"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Peer:
    """One connected page. `candidate_id` only for a candidate's."""

    id: str
    role: Role
    session_id: str
    candidate_id: str | None = None

    def as_json(self) -> dict[str, str | None]:
        return {"peer": self.id, "role": self.role.value, "candidate_id": self.candidate_id}


class Presence:
    """Peers by session. Candidates learn of proctors only, and proctors of candidates only."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._peers: dict[str, Peer] = {}
        self._pages = Counter[str]()
        """Connected pages of each candidate."""

    def join(self, peer: Peer) -> None:
        self._peers[peer.id] = peer
        if peer.candidate_id is not None:
            self._pages[peer.candidate_id] += 1
        self._tell(peer, {"type": "peer_joined", **peer.as_json()})

    def leave(self, peer: Peer) -> None:
        if self._peers.pop(peer.id, None) is not None:
            if peer.candidate_id is not None:
                self._pages -= Counter((peer.candidate_id,))  # drops those at zero
            self._tell(peer, {"type": "peer_left", "peer": peer.id})

    def visible_to(self, peer: Peer) -> list[Peer]:
        """The peers of the other role in the same session."""
        return [
            other
            for other in self._peers.values()
            if other.session_id == peer.session_id and other.role is not peer.role
        ]

    def forward(self, sender: Peer, to: str, signal: object) -> bool:
        """Hand a signal to one peer that `sender` may see; False when there is none such."""
        target = self._peers.get(to)
        if target is None or target.session_id != sender.session_id or target.role is sender.role:
            return False
        self._bus.send(peer_topic(to), {"type": "signal", "from": sender.id, "signal": signal})
        return True

    def online(self, candidate_id: str) -> bool:
        """Whether a page of the candidate is connected to this process. Any thread may ask."""
        return candidate_id in self._pages

    def _tell(self, peer: Peer, letter: dict[str, str | None]) -> None:
        for other in self.visible_to(peer):
            self._bus.send(peer_topic(other.id), letter)
