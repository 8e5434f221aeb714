"""Makes the rooms that say who may come in."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from invigil.clock import Clock
from invigil.oidc import OidcClient, OidcSetting
from invigil.services.access import Access
from invigil.services.accounts import Accounts
from invigil.services.oidc_sign_in import Allowed, OidcSignIn
from invigil.services.proctor_invites import ProctorInvites
from invigil.settings import Settings
from invigil.storage.database import Database


class ComingIn(TypedDict):
    """Those rooms, by their names in the house."""

    access: Access
    proctor_invites: ProctorInvites
    accounts: Accounts
    oidc: OidcSignIn | None


def coming_in(settings: Settings, database: Database, clock: Clock) -> ComingIn:
    return ComingIn(
        access=access(settings, database, clock),
        proctor_invites=proctor_invites(settings, database, clock),
        accounts=accounts(settings, database, clock),
        oidc=oidc(settings, database, clock),
    )


def access(settings: Settings, database: Database, clock: Clock) -> Access:
    return Access(
        database,
        clock,
        link_life=timedelta(minutes=settings.sign_in_link_minutes),
        login_life=_login_life(settings),
    )


def proctor_invites(settings: Settings, database: Database, clock: Clock) -> ProctorInvites:
    return ProctorInvites(database, clock, login_life=_login_life(settings))


def accounts(settings: Settings, database: Database, clock: Clock) -> Accounts:
    return Accounts(database, clock, login_life=_login_life(settings))


def oidc(settings: Settings, database: Database, clock: Clock) -> OidcSignIn | None:
    """None where no provider is set up."""
    issuer, client_id, secret = (
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
    )
    if issuer is None or client_id is None or secret is None:
        return None
    client = OidcClient(
        OidcSetting(
            issuer=issuer,
            client_id=client_id,
            client_secret=secret.get_secret_value(),
            scopes=settings.oidc_scopes,
            groups_claim=settings.oidc_groups_claim,
            redirect_uri=f"{settings.base_url}/api/v1/sign-in/oidc/callback",
        )
    )
    allowed = Allowed(
        emails=frozenset(each.lower() for each in settings.oidc_emails),
        domains=frozenset(each.lower().lstrip("@") for each in settings.oidc_domains),
        groups=frozenset(settings.oidc_groups),
    )
    return OidcSignIn(database, clock, client, allowed, login_life=_login_life(settings))


def _login_life(settings: Settings) -> timedelta:
    return timedelta(hours=settings.login_hours)
