"""Makes the services of acts on candidates and of what candidates see afterwards."""

from __future__ import annotations

from typing import TypedDict

from invigil.clock import Clock
from invigil.services.acts import Acts
from invigil.services.own_incidents import OwnIncidentsService
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore


class ActsAndAfter(TypedDict):
    """Those services, by their names in the house."""

    acts: Acts
    own_incidents: OwnIncidentsService


def make_acts(database: Database, store: EvidenceStore, clock: Clock) -> ActsAndAfter:
    return ActsAndAfter(
        acts=Acts(database, store, clock),
        own_incidents=OwnIncidentsService(database, store, clock),
    )
