"""Events come in order, and whoever was away gets exactly what was missed."""

from __future__ import annotations

from datetime import datetime

from invigil.domain.message import EventKind
from invigil.storage.database import tables as t
from tests.support.house import Candidate, Json, Proctor, Running, read
from tests.support.server import Page, console, exam_page


def seqs(letters: list[Json]) -> list[int]:
    return [letter["seq"] for letter in letters if letter["type"] == "event"]


async def say(proctor: Proctor, candidate: Candidate, text: str) -> None:
    address = f"/api/v1/candidates/{candidate.id}/messages"
    read(await proctor.client.post(address, json={"text": text}), 201)


async def texts(page: Page, last: str) -> list[str]:
    """Texts of messages up to this one."""
    found: list[str] = []
    while not found or found[-1] != last:
        found.append((await page.event("message"))["event"]["message"]["text"])
    return found


async def test_an_incident_is_on_the_console_at_once(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with await console(house, proctor, session) as page:
        await ada.film(b"two", 3)
        letter = await page.event("incident_changed")
        assert letter["event"]["opened"] is True
        assert [letter["event"]["incident"]] == await proctor.incidents(session)
        await ada.film(b"me", 3)
        letter = await page.event("incident_changed")
        assert letter["event"]["opened"] is False
        assert letter["event"]["incident"]["state"] == "closed"


async def test_a_tile_follows_every_frame(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with await console(house, proctor, session) as page:
        read(await ada.send(b"two"))
        tile = await page.until("tile")
        assert tile == {
            "type": "tile",
            "candidate_id": ada.id,
            "last_frame_at": tile["last_frame_at"],
            "next_frame_ms": 500,
            "has_still": True,
            "live": {
                "faces": 2,
                "usable": False,
                "reason": "several_faces",
                "identity": "not_compared",
            },
        }


async def test_a_page_that_comes_back_gets_exactly_what_it_missed(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with await console(house, proctor, session) as page:
        await say(proctor, ada, "1")
        assert await texts(page, "1") == ["1"]
        seen = page.letters[-1]["seq"]
    for text in ("2", "3", "4"):
        await say(proctor, ada, text)
    async with await console(house, proctor, session, since=seen) as page:
        assert await texts(page, "4") == ["2", "3", "4"]
        await say(proctor, ada, "5")
        assert await texts(page, "5") == ["5"]
        found = seqs(page.letters)
        assert found == sorted(set(found))
        assert found[0] > seen


async def test_without_since_only_what_is_new_comes(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await say(proctor, ada, "old")
    async with await console(house, proctor, session) as page:
        await say(proctor, ada, "new")
        assert await texts(page, "new") == ["new"]


async def test_the_snapshot_and_the_events_after_it_fit_without_a_seam(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await say(proctor, ada, "in the snapshot")
    snapshot = await proctor.snapshot(session)
    await say(proctor, ada, "between")
    async with await console(house, proctor, session, since=snapshot["cursor"]) as page:
        assert await texts(page, "between") == ["between"]
    assert [each["text"] for each in snapshot["messages"]] == ["in the snapshot"]


async def test_both_sides_see_a_message_and_the_candidates_word_too(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with (
        await console(house, proctor, session) as theirs,
        await exam_page(house, ada) as mine,
    ):
        await say(proctor, ada, "Please sit up.")
        for page in (theirs, mine):
            message = (await page.event("message"))["event"]["message"]
            assert (message["from"], message["text"]) == ("proctor", "Please sit up.")
        read(await ada.post("messages", {"text": "Sorry!"}), 201)
        for page in (theirs, mine):
            message = (await page.event("message"))["event"]["message"]
            assert (message["from"], message["text"]) == ("candidate", "Sorry!")


async def test_a_replay_shows_the_present_and_not_what_was(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    before = (await proctor.snapshot(session))["cursor"]
    await ada.film(b"two", 3)
    await proctor.decide((await proctor.incidents(session))[0], "dismissed", "A poster.")
    async with await console(house, proctor, session, since=before) as page:
        first = await page.event("incident_changed")
        assert first["event"]["incident"]["decision"]["reason"] == "A poster."


async def test_who_missed_too_much_is_told_to_load_again(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    cursor = (await proctor.snapshot(session))["cursor"]
    many = [
        {
            "session_id": session["id"],
            "seq": seq,
            "kind": EventKind.CANDIDATE_CHANGED.value,
            "ref": ada.id,
            "at": house.clock(),
        }
        for seq in range(cursor + 1, cursor + 2002)
    ]
    async with house.database.engine.begin() as connection:
        await connection.execute(t.event.insert(), many)
        await connection.execute(t.exam_session.update().values(event_seq=cursor + 2001))
    async with await console(house, proctor, session, since=cursor) as page:
        assert (await page.next())["type"] == "resync"
        await say(proctor, ada, "afterwards")
        assert await texts(page, "afterwards") == ["afterwards"]


async def test_a_since_from_the_future_is_no_reason_to_be_silent(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """As after a restored backup."""
    async with await console(house, proctor, session, since=10**6) as page:
        await say(proctor, ada, "here")
        assert await texts(page, "here") == ["here"]


async def test_the_pages_word_about_its_camera_is_shown(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with (
        await console(house, proctor, session) as theirs,
        await exam_page(house, ada) as mine,
    ):
        await mine.send(type="camera", state="muted")
        changed = await theirs.event("candidate_changed")
        assert changed["event"]["candidate"]["camera"] == "muted"
        await theirs.send(type="camera", state="ok")  # a proctor has no camera to speak of
        assert not seqs(await theirs.all_so_far())


async def test_a_gap_is_on_the_console(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with await console(house, proctor, session) as page:
        await house.tick(15)
        gap = (await page.event("gap"))["event"]["gap"]
        assert (gap["candidate_id"], gap["ended_at"]) == (ada.id, None)
        read(await ada.send(b"me"))
        gap = (await page.event("gap"))["event"]["gap"]
        assert gap["ended_at"]


async def test_the_exam_goes_on_when_the_proctor_leaves_and_nothing_is_lost(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with await exam_page(house, ada) as mine:
        async with await console(house, proctor, session) as page:
            hello = page.letters[0]
        assert (await mine.until("peer_left"))["peer"] == hello["peer"]
        await ada.film(b"two", 3)
        async with await console(house, proctor, session, since=hello["cursor"]) as page:
            letter = await page.event("incident_changed")
    assert letter["event"]["opened"] is True
    assert [letter["event"]["incident"]] == await proctor.incidents(session)


async def test_whoever_lets_in_sees_who_sits_there_now(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ben = await house.join(session, "Ben")
    read(await ben.post("ask-proctor", {}))
    async with await console(house, proctor, session) as page:
        for _ in range(2):
            progress = await ben.check_in_frame(b"me")
            assert (progress["state"], progress["next_frame_ms"]) == ("waiting_for_proctor", 5000)
            tile = await page.until("tile", candidate_id=ben.id)
            seen = await proctor.candidate(session, ben.id)
            assert tile["has_still"] is True
            assert datetime.fromisoformat(tile["last_frame_at"]) == datetime.fromisoformat(
                seen["last_frame_at"]
            )
            assert datetime.fromisoformat(tile["last_frame_at"]) == house.clock.now
