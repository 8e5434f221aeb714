"""Pages that are connected to other servers of this installation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from invigil.feed.bus import Json
from invigil.feed.peer import Peer


class Elsewhere:
    """Peers by server. While the others cannot be heard, they count as they were last known."""

    def __init__(self) -> None:
        self._by_node: dict[str, dict[str, Peer]] = {}

    def __iter__(self) -> Iterator[Peer]:
        for peers in self._by_node.values():
            yield from peers.values()

    def get(self, peer_id: str) -> Peer | None:
        return next((peer for peer in self if peer.id == peer_id), None)

    def online(self, candidate_id: str) -> bool:
        """Whether a page of the candidate is connected to another server. Any thread may ask."""
        return any(
            peer.candidate_id == candidate_id
            for peers in tuple(self._by_node.values())
            for peer in tuple(peers.values())
        )

    def knows(self, node: str) -> bool:
        return node in self._by_node

    def join(self, node: str, peer: Peer) -> bool:
        """Whether that is news."""
        peers = self._by_node.setdefault(node, {})
        news = peer.id not in peers
        peers[peer.id] = peer
        return news

    def leave(self, node: str, peer_id: str) -> Peer | None:
        """The peer that left, None when it was not known."""
        return self._by_node.get(node, {}).pop(peer_id, None)

    def replace(self, node: str, peers: Iterable[Peer]) -> tuple[list[Peer], list[Peer]]:
        """All peers of a server; gives those that are new and those that are gone."""
        before = self._by_node.get(node, {})
        after = {peer.id: peer for peer in peers}
        self._by_node[node] = after
        return (
            [peer for peer in after.values() if peer.id not in before],
            [peer for peer in before.values() if peer.id not in after],
        )

    def forget(self, node: str) -> list[Peer]:
        """The peers of a server that is gone."""
        return list(self._by_node.pop(node, {}).values())


def peer_json(peer: Peer) -> Json:
    return {**peer.as_json(), "session_id": peer.session_id}
