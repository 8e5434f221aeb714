"""`invigil organiser` and `invigil token`: who may sign in by password, and which programs may."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from invigil.access_wiring import accounts
from invigil.clock import system_clock
from invigil.db_commands import DataDir, run_with, settings_of
from invigil.domain.actor import Scope
from invigil.services.accounts import Accounts
from invigil.settings import Settings
from invigil.storage.database import Database
from invigil.wiring import prepare

T = TypeVar("T")

organiser = typer.Typer(help="Organisers who sign in with a password.")
token = typer.Typer(help="Tokens with which programs call the API.")
_console = Console(highlight=False, soft_wrap=True, markup=False)

Name = Annotated[str, typer.Argument(help="The name that the organiser signs in with.")]


def _with_accounts(settings: Settings, work: Callable[[Accounts], Awaitable[T]]) -> T:
    """Also ahead of the server's first start, so that it never runs without the account."""

    async def go(database: Database) -> T:
        await prepare(settings)
        return await work(accounts(settings, database, system_clock))

    return run_with(settings, go, new=True)


def _ask_password() -> str:
    """Twice on a terminal, where it is not shown; otherwise the first line of standard input."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


@organiser.command("add")
def add(name: Name, data_dir: DataDir = None) -> None:
    """Add an organiser. The password is asked for, or read from standard input."""
    settings = settings_of(data_dir)
    password = _ask_password()

    async def work(known: Accounts) -> None:
        await known.add(name, password)

    _with_accounts(settings, work)
    _console.print(f"{name} can sign in at {settings.base_url} now.")


@organiser.command("list")
def list_organisers(data_dir: DataDir = None) -> None:
    """Print the names of all organisers with a password."""
    settings = settings_of(data_dir)

    async def work(known: Accounts) -> None:
        for each in await known.all():
            _console.print(f"{each.name}  since {each.created_at:%Y-%m-%d}")

    _with_accounts(settings, work)


@organiser.command("remove")
def remove(name: Name, data_dir: DataDir = None) -> None:
    """Remove an organiser, who is signed out everywhere at once."""
    settings = settings_of(data_dir)

    async def work(known: Accounts) -> None:
        await known.remove(name)

    _with_accounts(settings, work)
    _console.print(f"{name} cannot sign in any more.")


@organiser.command("password")
def password(name: Name, data_dir: DataDir = None) -> None:
    """Give an organiser a new password; whoever uses the old one is signed out."""
    settings = settings_of(data_dir)
    fresh = _ask_password()

    async def work(known: Accounts) -> None:
        await known.change_password(name, fresh)

    _with_accounts(settings, work)
    _console.print(f"{name} has a new password.")


@token.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; several are possible.")],
    days: Annotated[
        int | None, typer.Option(help="Days until it expires; default: until revoked.", min=1)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token and print it, this once."""
    settings = settings_of(data_dir)
    life = None if days is None else timedelta(days=days)

    async def work(known: Accounts) -> str:
        _, secret = await known.create_token(name, frozenset(scope), life)
        return secret

    print(_with_accounts(settings, work))


@token.command("list")
def list_tokens(data_dir: DataDir = None) -> None:
    """Print all tokens: id, state, scopes, name."""
    settings = settings_of(data_dir)

    async def work(known: Accounts) -> None:
        for each in await known.tokens():
            until = f"until {each.expires_at:%Y-%m-%d}" if each.expires_at else "good"
            state = "revoked" if each.revoked_at else until
            if not each.revoked_at and not each.good(system_clock()):
                state = "expired"
            _console.print(f"{each.id}  {state}  {','.join(sorted(each.scopes))}  {each.name}")

    _with_accounts(settings, work)


@token.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(help="Its id, as `invigil token list` shows it.")],
    data_dir: DataDir = None,
) -> None:
    """Refuse a token from now on."""
    settings = settings_of(data_dir)

    async def work(known: Accounts) -> None:
        await known.revoke_token(token_id)

    _with_accounts(settings, work)
    _console.print("The token is refused from now on.")
