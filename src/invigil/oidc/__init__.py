"""Accounts of a provider of OpenID Connect: its addresses, its answers, and who they speak of."""

from invigil.oidc.client import Claims, OidcClient, OidcSetting

__all__ = ["Claims", "OidcClient", "OidcSetting"]
