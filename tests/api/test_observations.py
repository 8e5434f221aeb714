"""What was observed of a candidate, page by page: the record behind every acknowledged picture."""

from __future__ import annotations

import pytest

from tests.support import pictures
from tests.support.house import Json, Proctor, Running, read, refused

pytestmark = pytest.mark.usefixtures("dialect")

NEVER = "0" * 32


def address(candidate_id: str) -> str:
    return f"/api/v1/candidates/{candidate_id}/observations"


async def test_every_acknowledged_picture_is_listed_once_and_in_order(scripted: Running) -> None:
    proctor = await scripted.proctor()
    session = await proctor.open_session()
    ada = await scripted.enter(session, face=b"me")
    ben = await scripted.enter(session, "Ben", face=b"me")
    replies = [*await ada.film(b"me", 12), *await ada.film(b"two", 2)]
    # Two of the same moment are told apart by their ids.
    replies += [read(await ada.send(b"me")) for _ in range(2)]
    await ben.film(b"me", 5)
    acknowledged = [reply["observation"] for reply in replies]

    whole = read(await proctor.client.get(address(ada.id)))
    assert sorted(whole["observations"], key=str) == sorted(acknowledged, key=str)
    times = [each["captured_at"] for each in whole["observations"]]
    assert times == sorted(times)
    assert whole["more"] is False

    found: list[Json] = []
    more = True
    while more:
        query = {"limit": 2, **({"after": found[-1]["id"]} if found else {})}
        page = read(await proctor.client.get(address(ada.id), params=query))
        found += page["observations"]
        more = page["more"]
    assert found == whole["observations"]


async def test_a_page_after_something_unknown_is_not_found(scripted: Running) -> None:
    proctor = await scripted.proctor()
    session = await proctor.open_session()
    ada = await scripted.enter(session, face=b"me")
    ben = await scripted.enter(session, "Ben", face=b"me")
    of_ben = read(await ben.send(b"me"))["observation"]["id"]
    refused(await proctor.client.get(address(NEVER)), 404, "not_found")
    for after in (NEVER, of_ben):
        answer = await proctor.client.get(address(ada.id), params={"after": after})
        refused(answer, 404, "not_found")


async def test_no_score_and_no_box_is_in_it(proctor: Proctor, house: Running) -> None:
    session = await proctor.open_session()
    ada = await house.enter(session)
    read(await ada.send(pictures.obama()))
    (seen,) = read(await proctor.client.get(address(ada.id)))["observations"]
    assert set(seen) == {"id", "captured_at", "faces", "usable", "reason", "identity"}
    assert (seen["faces"], seen["identity"]) == (1, "match")
