"""Every route of the OpenAPI document, with whatever fits it and whatever does not, as each role.

No answer is a server error, and every answer is one that the document describes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from invigil.app import create_app
from invigil.domain.actor import Scope
from tests.server.test_kill import enter, second_person
from tests.support.house import Json, read, token_of
from tests.support.house import settings as house_settings
from tests.support.ports import free_port
from tests.support.process import Served, command, served

load_all_checks()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ROLES = ("nobody", "candidate", "proctor", "organiser", "program")
# They would end what the other calls need.
ENDINGS = ("/leave", "/close", "/sign-out")


def fuzz(
    base_url: str, headers: Mapping[str, str], ids: Mapping[str, str], examples: int
) -> tuple[int, list[str]]:
    """Call everything; how many calls were answered, and what was wrong with which."""
    schema = schemathesis.openapi.from_dict(create_app(house_settings(Path("unused"))).openapi())
    calls, failures = 0, []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path.endswith(ENDINGS):
            continue

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), known=st.booleans())
        def call(case: schemathesis.Case[Any], known: bool) -> None:
            nonlocal calls
            calls += 1
            if known:
                case.path_parameters.update(
                    {name: ids[name] for name in case.path_parameters if name in ids}
                )
            case.call_and_validate(base_url=base_url, headers=dict(headers), checks=CHECKS)

        try:
            call()
        except (FailureGroup, Failure) as error:
            failures.append(f"{operation.label}: {error}")
    return calls, failures


async def accepted(up: Served, invited: Json) -> str:
    """The cookie of the proctor who came by the invitation."""
    async with up.client() as client:
        body = {"token": token_of(invited)}
        read(await client.post("/api/v1/proctor-invites/accept", json=body))
        return f"invigil={client.cookies['invigil']}"


async def api_token(folder: Path) -> str:
    """With every scope there is."""
    scopes = [word for scope in Scope for word in ("--scope", scope.value)]
    where = ("--data-dir", str(folder / "data"))
    code, said = await command("token", "create", "Fuzzer", *scopes, *where, cwd=folder)
    assert code == 0, said
    found = re.search(r"invigil_\S+", said)
    assert found, said
    return found[0]


@pytest.mark.parametrize("examples", [8, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("role", ROLES)
async def test_no_call_of_anybody_is_a_server_error(
    tmp_path: Path, role: str, examples: int
) -> None:
    chosen = {"INVIGIL_ANALYSIS_WORKERS": "1"}
    async with served(tmp_path / "data", free_port(), **chosen) as up:
        organiser = await up.proctor()
        session = await organiser.open_session(sampling_interval_s=1)
        ada = await enter(up, session)
        await second_person(ada)
        (incident,) = await organiser.incidents(session)
        invited = await organiser.invite(session, "Petra")
        ids = {
            "session_id": session["id"],
            "meeting_id": session["id"],
            "candidate_id": ada.id,
            "proctor_invite_id": invited["proctor"]["id"],
            "incident_id": incident["id"],
            "evidence_id": incident["evidence"][0]["id"],
            "code": session["join_url"].rpartition("/")[2],
        }
        headers: dict[str, Any] = {"Origin": up.origin}
        match role:
            case "candidate":
                headers["Authorization"] = f"Bearer {ada.token}"
            case "proctor":
                headers["Cookie"] = await accepted(up, invited)
            case "organiser":
                headers["Cookie"] = f"invigil={organiser.client.cookies['invigil']}"
            case "program":
                headers["Authorization"] = f"Bearer {await api_token(tmp_path)}"
        await organiser.client.aclose()
        await ada.client.aclose()
        calls, failures = await asyncio.to_thread(fuzz, up.base_url, headers, ids, examples)
        assert failures == []
        assert calls > 100
