"""What is kept, given out and deleted, at one place for the edge."""

from __future__ import annotations

from dataclasses import dataclass

from invigil.clock import Clock
from invigil.services.erasure import Erasure
from invigil.services.holds import Holds
from invigil.services.personal_export import PersonalExport
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore


@dataclass(frozen=True, slots=True)
class Keeping:
    holds: Holds
    erasure: Erasure
    personal_export: PersonalExport

    @classmethod
    def of(cls, database: Database, store: EvidenceStore, clock: Clock) -> Keeping:
        return cls(
            Holds(database, clock),
            Erasure(database, store, clock),
            PersonalExport(database, store, clock),
        )
