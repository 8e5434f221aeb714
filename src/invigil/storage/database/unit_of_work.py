"""One transaction and the repositories that work in it."""

from __future__ import annotations

from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks
from invigil.storage.database.repositories.access import AccessRepository
from invigil.storage.database.repositories.accounts import AccountRepository
from invigil.storage.database.repositories.acts import ActRepository
from invigil.storage.database.repositories.audit import AuditRepository
from invigil.storage.database.repositories.bundle import BundleRepository
from invigil.storage.database.repositories.candidates import CandidateRepository
from invigil.storage.database.repositories.decisions import DecisionRepository
from invigil.storage.database.repositories.events import EventRepository
from invigil.storage.database.repositories.evidence import EvidenceRepository
from invigil.storage.database.repositories.holds import HoldRepository
from invigil.storage.database.repositories.incidents import IncidentRepository
from invigil.storage.database.repositories.keys import KeyRepository
from invigil.storage.database.repositories.media import MediaRepository
from invigil.storage.database.repositories.messages import MessageRepository
from invigil.storage.database.repositories.observations import ObservationRepository
from invigil.storage.database.repositories.oidc import OidcRepository
from invigil.storage.database.repositories.personal import PersonalRepository
from invigil.storage.database.repositories.proctor_invites import ProctorInviteRepository
from invigil.storage.database.repositories.retention import RetentionRepository
from invigil.storage.database.repositories.roster import RosterRepository
from invigil.storage.database.repositories.runs import RunRepository
from invigil.storage.database.repositories.sessions import SessionRepository
from invigil.storage.database.repositories.tap import TapRepository
from invigil.storage.database.repositories.templates import TemplateRepository
from invigil.storage.sealing import Vault


class UnitOfWork:
    """Made by `Database.begin` or `Database.read`; nothing else commits.

    `lock`: what is read by its id stays as it was read until the end, whoever else writes.
    `vault`: what opens templates and keys; None where nobody asks for them.
    """

    def __init__(
        self, connection: Executes, *, vault: Vault | None = None, lock: bool = False
    ) -> None:
        locks = Locks(connection, needed=lock)
        self.access = AccessRepository(connection, locks)
        self.acts = ActRepository(connection, locks)
        self.accounts = AccountRepository(connection, locks)
        self.audit = AuditRepository(connection, locks)
        self.bundle = BundleRepository(connection, locks)
        self.candidates = CandidateRepository(connection, locks)
        self.decisions = DecisionRepository(connection, locks)
        self.events = EventRepository(connection, locks)
        self.evidence = EvidenceRepository(connection, locks)
        self.holds = HoldRepository(connection, locks)
        self.incidents = IncidentRepository(connection, locks, self.decisions)
        self.proctor_invites = ProctorInviteRepository(connection, locks)
        self.keys = KeyRepository(connection, locks, vault)
        self.media = MediaRepository(connection, locks)
        self.messages = MessageRepository(connection, locks)
        self.observations = ObservationRepository(connection, locks)
        self.personal = PersonalRepository(connection, locks)
        self.retention = RetentionRepository(connection, locks, self.decisions)
        self.roster = RosterRepository(connection, locks)
        self.oidc = OidcRepository(connection, locks)
        self.runs = RunRepository(connection, locks)
        self.sessions = SessionRepository(connection, locks)
        self.tap = TapRepository(connection, locks)
        self.templates = TemplateRepository(connection, locks, vault)
