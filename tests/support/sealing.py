"""Keys for tests that have no data folder."""

from __future__ import annotations

import base64

from invigil.storage.sealing import CandidateKey, Vault
from invigil.storage.sealing.master import GivenKeys

VAULT = Vault(GivenKeys(base64.b64encode(bytes(range(32))).decode(), "the tests"))


class KeysOfTests:
    """A key for whoever asks, the same each time."""

    def __init__(self) -> None:
        self._known: dict[str, CandidateKey] = {}

    async def of(self, candidate_id: str) -> CandidateKey:
        if candidate_id not in self._known:
            made = VAULT.new_key(candidate_id)
            self._known[candidate_id] = VAULT.unwrap(made, candidate_id)
        return self._known[candidate_id]

    def forget(self, candidate_id: str) -> None:
        """There is no database to ask."""
