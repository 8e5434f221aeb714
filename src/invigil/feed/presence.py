"""Which sockets are there, at this server and at others. Nothing is decided by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from invigil.feed.bus import Bus, Json, peer_topic, proctors_of
from invigil.feed.elsewhere import Elsewhere, peer_json
from invigil.feed.peer import Peer, Role


class Presence:
    """Peers by session. Candidates learn of proctors only, and proctors of candidates only.

    Servers tell one another who comes and goes (`join`, `leave`), and everything (`here`) whenever
    one of them asks for it (`who`).
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._peers: dict[str, Peer] = {}
        self._pages = Counter[str]()
        """Connected pages of each candidate."""
        self._elsewhere = Elsewhere()
        bus.attend(self)

    def join(self, peer: Peer) -> None:
        self._peers[peer.id] = peer
        if peer.candidate_id is not None:
            self._pages[peer.candidate_id] += 1
        self._tell(peer, {"type": "peer_joined", **peer.as_json()})
        self._bus.tell({"what": "join", "peer": peer_json(peer)})

    def leave(self, peer: Peer) -> None:
        if self._peers.pop(peer.id, None) is not None:
            if peer.candidate_id is not None:
                self._pages -= Counter((peer.candidate_id,))  # drops those at zero
            self._tell(peer, {"type": "peer_left", "peer": peer.id})
            self._bus.tell({"what": "leave", "peer": peer.id})

    def visible_to(self, peer: Peer) -> list[Peer]:
        """The peers of the other role in the same session."""
        return [each for each in (*self._peers.values(), *self._elsewhere) if _sees(peer, each)]

    def forward(self, sender: Peer, to: str, signal: object) -> bool:
        """Hand a signal to one peer that `sender` may see; False when there is none such."""
        target = self._peers.get(to) or self._elsewhere.get(to)
        if target is None or not _sees(sender, target):
            return False
        self._bus.send(peer_topic(to), {"type": "signal", "from": sender.id, "signal": signal})
        return True

    def count(self, role: Role) -> int:
        """Pages of this role that are connected to this server."""
        return sum(peer.page and peer.role is role for peer in self._peers.values())

    def online(self, candidate_id: str) -> bool:
        """Whether a page of the candidate is connected to any server. Any thread may ask."""
        return candidate_id in self._pages or self._elsewhere.online(candidate_id)

    def watched(self, session_id: str) -> bool:
        """Whether a console of the session is open at any server."""
        return any(
            each.page and each.role is Role.PROCTOR and each.session_id == session_id
            for each in (*self._peers.values(), *self._elsewhere)
        )

    # Other servers ----------------------------------------------------------------------------

    def linked(self) -> None:
        self._bus.tell({"what": "who"})
        self._tell_all()

    def still_there(self, node: str) -> None:
        if not self._elsewhere.knows(node):
            # Unheard of, or given up for lost: whatever it says next is only a part.
            self._elsewhere.replace(node, ())
            self._bus.tell({"what": "who"})

    def gone(self, node: str) -> None:
        self._left(self._elsewhere.forget(node))

    def hear(self, node: str, note: Json) -> None:
        match note["what"]:
            case "who":
                self._tell_all()
            case "here":
                joined, left = self._elsewhere.replace(node, map(_peer, note["peers"]))
                self._left(left)
                self._joined(joined)
            case "join":
                peer = _peer(note["peer"])
                if self._elsewhere.join(node, peer):
                    self._joined([peer])
            case "leave":
                peer_left = self._elsewhere.leave(node, note["peer"])
                self._left([peer_left] if peer_left else [])

    def _tell_all(self) -> None:
        peers = [peer_json(peer) for peer in self._peers.values()]
        self._bus.tell({"what": "here", "peers": peers})

    def _joined(self, peers: Iterable[Peer]) -> None:
        for peer in peers:
            self._tell(peer, {"type": "peer_joined", **peer.as_json()})
            self._show(peer)

    def _left(self, peers: Iterable[Peer]) -> None:
        for peer in peers:
            self._tell(peer, {"type": "peer_left", "peer": peer.id})
            self._show(peer)

    def _show(self, peer: Peer) -> None:
        """Let our consoles know whether the candidate is online."""
        if peer.candidate_id is not None:
            self._bus.here.latest(
                proctors_of(peer.session_id),
                f"presence:{peer.candidate_id}",
                {
                    "type": "presence",
                    "candidate_id": peer.candidate_id,
                    "online": self.online(peer.candidate_id),
                },
            )

    def _tell(self, peer: Peer, letter: dict[str, str | None]) -> None:
        """Tell those at this server who may see `peer`; other servers tell theirs."""
        for other in self._peers.values():
            if _sees(other, peer):
                self._bus.here.send(peer_topic(other.id), letter)


def _sees(one: Peer, other: Peer) -> bool:
    return one.session_id == other.session_id and one.role is not other.role


def _peer(found: Json) -> Peer:
    return Peer(
        found["peer"],
        Role(found["role"]),
        found["session_id"],
        found["candidate_id"],
        # A server of the version before says nothing of it.
        found.get("viewer"),
        found.get("page", True),
    )
