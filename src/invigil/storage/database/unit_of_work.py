"""One transaction and the repositories that work in it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from invigil.storage.database.repositories.access import AccessRepository
from invigil.storage.database.repositories.candidates import CandidateRepository
from invigil.storage.database.repositories.events import EventRepository
from invigil.storage.database.repositories.evidence import EvidenceRepository
from invigil.storage.database.repositories.incidents import IncidentRepository
from invigil.storage.database.repositories.messages import MessageRepository
from invigil.storage.database.repositories.observations import ObservationRepository
from invigil.storage.database.repositories.runs import RunRepository
from invigil.storage.database.repositories.sessions import SessionRepository
from invigil.storage.database.repositories.templates import TemplateRepository


class UnitOfWork:
    """Made by `Database.begin` or `Database.read`; nothing else commits."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.access = AccessRepository(connection)
        self.candidates = CandidateRepository(connection)
        self.events = EventRepository(connection)
        self.evidence = EvidenceRepository(connection)
        self.incidents = IncidentRepository(connection)
        self.messages = MessageRepository(connection)
        self.observations = ObservationRepository(connection)
        self.runs = RunRepository(connection)
        self.sessions = SessionRepository(connection)
        self.templates = TemplateRepository(connection)
