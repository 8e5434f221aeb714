"""What docs/postgresql.md says of waits is what the code has."""

from __future__ import annotations

from pathlib import Path

from invigil.storage.database import postgres

PAGE = Path(__file__).parents[2] / "docs" / "postgresql.md"


def test_the_page_names_the_waits_of_the_code() -> None:
    said = " ".join(PAGE.read_text().split())
    lock, statement, idle = (
        milliseconds // 1000
        for milliseconds in (
            postgres.LOCK_TIMEOUT_MS,
            postgres.STATEMENT_TIMEOUT_MS,
            postgres.IDLE_IN_TRANSACTION_MS,
        )
    )
    assert (
        f"{postgres.CONNECT_TIMEOUT_S} s to connect, "
        f"{postgres.POOL_TIMEOUT_S:g} s for a free connection, "
        f"{lock} s for a lock, {statement} s for a statement; "
        f"a transaction that stands still for {idle} s is ended."
    ) in said
    assert f"Each server opens {postgres.MOST_CONNECTIONS} connections at most." in said
