"""Makes the services of acts on candidates and of what candidates see afterwards."""

from __future__ import annotations

from invigil.clock import Clock
from invigil.services.acts import Acts
from invigil.services.own_incidents import OwnIncidentsService
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore


def make_acts(
    database: Database, store: EvidenceStore, clock: Clock
) -> tuple[Acts, OwnIncidentsService]:
    return Acts(database, store, clock), OwnIncidentsService(database, store, clock)
