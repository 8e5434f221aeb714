"""Organisers with a password, and tokens for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from invigil.clock import Clock
from invigil.domain.access_errors import AccountMisconfigured, WrongPassword
from invigil.domain.account import LONGEST_PASSWORD, SHORTEST_PASSWORD, Account, ApiToken
from invigil.domain.actor import ApiClient, Organiser, Scope
from invigil.domain.audit import COMMAND_LINE, SERVER, Act, Action, actor_name
from invigil.domain.errors import NotSignedIn
from invigil.domain.secrets import hash_token, new_id, new_token
from invigil.services.access import Login
from invigil.storage.database import Database, UnitOfWork

P = ParamSpec("P")
R = TypeVar("R")
API_TOKEN_PREFIX = "invigil_"  # noqa: S105 - what every token begins with, for secret scanners
_AT_ONCE = 2
"""Passwords that are checked at the same time: each costs 64 MB for a moment."""


class Accounts:
    """`login_life`: how long whoever gave a password stays signed in."""

    def __init__(self, database: Database, clock: Clock, *, login_life: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._login_life = login_life
        self._hasher = PasswordHasher()  # Argon2id with the library's (RFC 9106) parameters
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._of_nobody: str | None = None

    async def any(self) -> bool:
        """Whether anybody can sign in by password here."""
        async with self._database.read() as work:
            return await work.accounts.any()

    async def sign_in(self, name: str, password: str) -> Login:
        """Raises `WrongPassword`, after the same work for an unknown name as for a known one."""
        async with self._database.read() as work:
            account = await work.accounts.by_name(name)
        # What the password of an unknown name is compared with, so that it takes as long; made
        # for whoever comes first, whether the name is known or not.
        if self._of_nobody is None:
            self._of_nobody = await self._in_turn(self._hasher.hash, new_token())
        known = account.password_hash if account else self._of_nobody
        right = await self._in_turn(self._fits, known, password)
        if account is None or not right:
            # On record for an unknown name too, as the time it takes must not tell which are known.
            async with self._database.begin() as work:
                act, ref = Action.SIGN_IN_REFUSED, account.id if account else None
                work.audit.note(Act(act, SERVER, self._clock(), ref=ref))
            raise WrongPassword
        better = None
        if self._hasher.check_needs_rehash(account.password_hash):
            better = await self._in_turn(self._hasher.hash, password)
        return await self._let_in(account, better)

    async def _let_in(self, account: Account, better: str | None) -> Login:
        now, cookie = self._clock(), new_token()
        organiser = Organiser(new_id(), account.name, account_id=account.id)
        async with self._database.begin() as work:
            current = await work.accounts.by_name(account.name)
            if current is None or current.password_hash != account.password_hash:
                raise WrongPassword  # removed or changed while this one was looked at
            if better is not None:
                await work.accounts.set_password(account.id, better)
            await work.access.add_login(organiser, hash_token(cookie), now, now + self._login_life)
            act = Act(Action.SIGNED_IN, actor_name(organiser), now, ref=account.id)
            work.audit.note(act)
        return Login(organiser, cookie, self._login_life)

    # From the command line --------------------------------------------------------------------

    async def add(self, name: str, password: str) -> Account:
        """Raises `AccountMisconfigured` for a bad or taken name and for a weak password."""
        if not name.strip() or name != name.strip() or len(name) > LONGEST_PASSWORD:
            raise AccountMisconfigured("An account needs a name without spaces around it.")
        _require_strong(password, name)
        hashed = await self._in_turn(self._hasher.hash, password)
        account = Account(new_id(), name, hashed, self._clock())
        async with self._database.begin() as work:
            if await work.accounts.by_name(name) or not await work.accounts.add(account):
                raise AccountMisconfigured(
                    "There is an organiser of this name already.",
                    fix="`invigil organiser password` gives them a new password.",
                )
            self._note(work, Action.ORGANISER_ADDED, account.id)
        return account

    async def all(self) -> Sequence[Account]:
        async with self._database.read() as work:
            return await work.accounts.all()

    async def change_password(self, name: str, password: str) -> None:
        """Whoever is signed in with the old one is signed out."""
        _require_strong(password, name)
        hashed = await self._in_turn(self._hasher.hash, password)
        async with self._database.begin() as work:
            account = await _existing(work, name)
            await work.accounts.set_password(account.id, hashed)
            await work.accounts.end_logins(account.id)
            self._note(work, Action.PASSWORD_CHANGED, account.id)

    async def remove(self, name: str) -> None:
        """Gone, and signed out everywhere."""
        async with self._database.begin() as work:
            account = await _existing(work, name)
            await work.accounts.end_logins(account.id)
            await work.accounts.delete(account.id)
            self._note(work, Action.ORGANISER_REMOVED, account.id)

    async def create_token(
        self, name: str, scopes: frozenset[Scope], life: timedelta | None
    ) -> tuple[ApiToken, str]:
        """The token's record, and its secret, which is shown this once."""
        if not name.strip() or not scopes:
            raise AccountMisconfigured("A token needs a name and at least one scope.")
        now, secret = self._clock(), API_TOKEN_PREFIX + new_token()
        token = ApiToken(new_id(), name, scopes, now, None if life is None else now + life)
        async with self._database.begin() as work:
            await work.accounts.add_token(token, hash_token(secret))
            detail = {"scopes": " ".join(sorted(scopes))}
            act = Action.API_TOKEN_CREATED
            work.audit.note(Act(act, COMMAND_LINE, now, ref=token.id, detail=detail))
        return token, secret

    async def tokens(self) -> Sequence[ApiToken]:
        async with self._database.read() as work:
            return await work.accounts.tokens()

    async def revoke_token(self, token_id: str) -> None:
        """Raises `AccountMisconfigured` when there is none such."""
        async with self._database.begin() as work:
            if not await work.accounts.revoke_token(token_id, self._clock()):
                raise AccountMisconfigured(
                    "There is no such token, or it was revoked before.",
                    fix="`invigil token list` shows the ids.",
                )
            self._note(work, Action.API_TOKEN_REVOKED, token_id)

    async def api_client(self, secret: str) -> ApiClient:
        """Who has this token. Raises `NotSignedIn`."""
        async with self._database.read() as work:
            token = await work.accounts.token_by(hash_token(secret))
        if token is None or not token.good(self._clock()):
            raise NotSignedIn
        return ApiClient(token.id, token.name, token.scopes)

    def _note(self, work: UnitOfWork, action: Action, ref: str) -> None:
        work.audit.note(Act(action, COMMAND_LINE, self._clock(), ref=ref))

    # Argon2 -----------------------------------------------------------------------------------

    async def _in_turn(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        async with self._turns:
            return await asyncio.to_thread(work, *args, **kwargs)

    def _fits(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False


async def _existing(work: UnitOfWork, name: str) -> Account:
    account = await work.accounts.by_name(name)
    if account is None:
        raise AccountMisconfigured(
            "There is no organiser of this name.", fix="`invigil organiser list` shows the names."
        )
    return account


def _require_strong(password: str, name: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountMisconfigured(
            f"A password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        )
    if len(set(password)) < 5 or name.lower() in password.lower():  # noqa: PLR2004
        raise AccountMisconfigured(
            "This password is too easy to guess: it has the name in it, or hardly any "
            "different characters."
        )
