"""Makes the rooms that say who may come in."""

from __future__ import annotations

from datetime import timedelta

from invigil.clock import Clock
from invigil.services.access import Access
from invigil.services.invites import Invites
from invigil.settings import Settings
from invigil.storage.database import Database


def access(settings: Settings, database: Database, clock: Clock) -> Access:
    return Access(
        database,
        clock,
        link_life=timedelta(minutes=settings.sign_in_link_minutes),
        login_life=_login_life(settings),
    )


def invites(settings: Settings, database: Database, clock: Clock) -> Invites:
    return Invites(database, clock, login_life=_login_life(settings))


def _login_life(settings: Settings) -> timedelta:
    return timedelta(hours=settings.login_hours)
