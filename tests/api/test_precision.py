"""How right the rules are, as people decided; it outlives what retention deletes."""

from __future__ import annotations

import pytest

from invigil.domain.incident import IncidentKind
from invigil.domain.precision import ENOUGH, KindTally
from invigil.domain.proportion import wilson
from invigil.storage import retention
from tests.support.house import Json, Proctor, Running, read


async def two_faces(scripted: Running, proctor: Proctor, session: Json, times: int) -> list[Json]:
    """So many incidents, one after the other."""
    ada = await scripted.enter(session, face=b"me")
    for _ in range(times):
        await ada.film(b"two", 3)
        await ada.film(b"me", 8)
    return [each for each in await proctor.incidents(session) if each["candidate_id"] == ada.id]


async def of_kind(proctor: Proctor, kind: str = "multiple_faces") -> Json:
    kinds = read(await proctor.client.get("/api/v1/precision"))["kinds"]
    assert [each["kind"] for each in kinds] == [each.value for each in IncidentKind]
    found: Json = next(each for each in kinds if each["kind"] == kind)
    return found


async def test_decisions_add_up_over_the_whole_installation(scripted: Running) -> None:
    proctor = await scripted.proctor()
    assert (await of_kind(proctor))["words"] == (
        "No incident of this kind has been reviewed here yet."
    )
    one, other = await proctor.open_session(), await proctor.open_session(title="Other")
    found = await two_faces(scripted, proctor, one, 3)
    found += await two_faces(scripted, proctor, other, 2)
    for incident, decision in zip(
        found, ["confirmed", "dismissed", "dismissed", "inconclusive"], strict=False
    ):
        await proctor.decide(incident, decision)
    tally = await of_kind(proctor)
    low, high = wilson(1, 3)
    assert tally == {
        "kind": "multiple_faces",
        "opened": 5,
        "reviewed": 4,
        "confirmed": 1,
        "dismissed": 2,
        "inconclusive": 1,
        "precision": pytest.approx(1 / 3),
        "low": pytest.approx(low),
        "high": pytest.approx(high),
        "enough": False,
        "words": "1 of 4 such incidents were confirmed here. "
        "Too few to tell how often this rule is right.",
    }
    scripted.clock.advance(1)
    await proctor.decide(found[0], "dismissed", "Looked again.")
    assert (await of_kind(proctor))["confirmed"] == 0  # the newest decision is the one that counts


async def test_a_proposal_is_no_decision_yet(scripted: Running) -> None:
    proctor, second = await scripted.proctor(), await scripted.proctor()
    session = await proctor.open_session(second_reviewer=True)
    (incident,) = await two_faces(scripted, proctor, session, 1)
    await proctor.decide(incident, "confirmed")
    assert (await of_kind(proctor))["reviewed"] == 0
    await second.decide(incident, "confirmed")
    assert (await of_kind(proctor))["confirmed"] == 1


async def test_what_retention_deletes_stays_counted_once(scripted: Running) -> None:
    proctor = await scripted.proctor()
    session = await proctor.open_session(retention_days=1)
    first, second = await two_faces(scripted, proctor, session, 2)
    await proctor.decide(first, "confirmed")
    await proctor.decide(second, "dismissed")
    before = await of_kind(proctor)
    for days in (2, 2, 2):
        scripted.clock.advance(days=days)
        await retention.sweep(scripted.storage.database, scripted.storage.store, scripted.clock())
        proctor = await scripted.proctor()
        assert await of_kind(proctor) == before
    kept = await proctor.open_session()
    await two_faces(scripted, proctor, kept, 1)
    assert (await of_kind(proctor))["opened"] == 3


def test_the_words_of_the_base_rate() -> None:
    kind = IncidentKind.NO_FACE
    assert KindTally(kind, 50, 3, 30, 8).words == "3 of 41 such incidents were confirmed here."
    assert "Too few" in KindTally(kind, 20, 1, ENOUGH - 2, 0).words
    assert "Too few" not in KindTally(kind, 20, 1, ENOUGH - 1, 0).words
    assert KindTally(kind, 5, 1, 0, 0).words.startswith("1 of 1 such incident was confirmed here.")
    assert KindTally(kind, 5, 0, 0, 5).precision is None
    assert KindTally(kind, 5, 0, 4, 0).interval == pytest.approx((0.0, 0.4899), abs=1e-4)
