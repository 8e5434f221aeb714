"""Pages that are connected to other servers of this installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from invigil.feed.bus import Json
from invigil.feed.peer import Peer


class Elsewhere:
    """Peers by server. While the others cannot be heard, they count as they were last known."""

    def __init__(self) -> None:
        self._by_node: dict[str, dict[str, Peer]] = {}
        self._peers: dict[str, Peer] = {}
        self._pages = Counter[str]()
        """Connected pages of each candidate: asked for every candidate every second."""

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._peers.values())

    def get(self, peer_id: str) -> Peer | None:
        return self._peers.get(peer_id)

    def online(self, candidate_id: str) -> bool:
        """Whether a page of the candidate is connected to another server. Any thread may ask."""
        return candidate_id in self._pages

    def knows(self, node: str) -> bool:
        return node in self._by_node

    def join(self, node: str, peer: Peer) -> bool:
        """Whether that is news."""
        peers = self._by_node.setdefault(node, {})
        if peer.id in peers:
            return False
        peers[peer.id] = self._peers[peer.id] = peer
        if peer.candidate_id is not None:
            self._pages[peer.candidate_id] += 1
        return True

    def leave(self, node: str, peer_id: str) -> Peer | None:
        """The peer that left, None when it was not known."""
        peer = self._by_node.get(node, {}).pop(peer_id, None)
        if peer is not None:
            self._peers.pop(peer_id, None)
            if peer.candidate_id is not None:
                self._pages -= Counter((peer.candidate_id,))  # drops those at zero
        return peer

    def replace(self, node: str, peers: Iterable[Peer]) -> tuple[list[Peer], list[Peer]]:
        """All peers of a server; gives those that are new and those that are gone."""
        now = {peer.id: peer for peer in peers}
        before = self._by_node.setdefault(node, {})
        gone = [peer for peer in before.values() if peer.id not in now]
        for peer in gone:
            self.leave(node, peer.id)
        return [peer for peer in now.values() if self.join(node, peer)], gone

    def forget(self, node: str) -> list[Peer]:
        """The peers of a server that is gone."""
        _, gone = self.replace(node, ())
        self._by_node.pop(node)
        return gone


def peer_json(peer: Peer) -> Json:
    return {**peer.as_json(), "session_id": peer.session_id, "page": peer.page}
