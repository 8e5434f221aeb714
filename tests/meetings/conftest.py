"""A RealtimeKit for each test, in each of its generations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from invigil.meetings.realtimekit import Access, Basic, Bearer, RealtimeKitMeetings
from invigil.meetings.realtimekit.provider import Presets
from tests.support.clock import Clock
from tests.support.realtimekit import (
    ACCOUNT,
    APP,
    CANDIDATE,
    KEY,
    ORG,
    PROCTOR,
    TOKEN,
    RealtimeKit,
    realtimekit,
)


@pytest.fixture
def service() -> Iterator[RealtimeKit]:
    with realtimekit() as up:
        yield up


@pytest.fixture(params=["basic", "bearer"])
def access(request: pytest.FixtureRequest, service: RealtimeKit) -> Access:
    """Dyte's API and the one in between differ by their address alone."""
    if request.param == "basic":
        return Access(Basic(ORG, KEY), f"{service.origin}/v2")
    return Access(Bearer(ACCOUNT, APP, TOKEN), f"{service.origin}/client/v4")


@pytest.fixture
async def meetings(access: Access, clock: Clock) -> AsyncIterator[RealtimeKitMeetings]:
    made = RealtimeKitMeetings(access, Presets(CANDIDATE, PROCTOR), clock)
    yield made
    await made.aclose()
