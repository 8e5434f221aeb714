"""Makes the rooms that say who may come in."""

from __future__ import annotations

from datetime import timedelta

from invigil.clock import Clock
from invigil.oidc import OidcClient, OidcSetting
from invigil.services.access import Access
from invigil.services.accounts import Accounts
from invigil.services.invites import Invites
from invigil.services.oidc_sign_in import Allowed, OidcSignIn
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
