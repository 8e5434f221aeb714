"""Who gets a live socket, and who loses it."""

from __future__ import annotations

import pytest

from tests.support.house import Candidate, Json, Proctor, Running, read, refused
from tests.support.server import candidate_ticket, console, dial, exam_page, proctor_ticket

BAD_TICKET, BAD_ORIGIN, TAKEN_OVER, CLOSED, REMOVED = 4401, 4403, 4409, 4410, 4411


async def test_a_ticket_opens_one_socket_once(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ticket = await proctor_ticket(proctor, session)
    async with await dial(house, ticket) as first:
        assert (await first.next())["type"] == "hello"
        async with await dial(house, ticket) as second:
            assert await second.closed_with() == BAD_TICKET
        assert await first.all_so_far() == []


async def test_a_ticket_is_good_for_thirty_seconds(
    house: Running, proctor: Proctor, session: Json
) -> None:
    answer = await proctor.client.post("/api/v1/tickets", json={"session_id": session["id"]})
    assert read(answer)["expires_in_s"] == 30
    late, in_time = [await proctor_ticket(proctor, session) for _ in range(2)]
    house.clock.advance(29)
    async with await dial(house, in_time) as page:
        await page.until("hello")
    house.clock.advance(1)
    async with await dial(house, late) as page:
        assert await page.closed_with() == BAD_TICKET


@pytest.mark.parametrize("ticket", ["", "guess", "0" * 43])
async def test_no_ticket_no_socket(house: Running, session: Json, ticket: str) -> None:
    async with await dial(house, ticket) as page:
        assert await page.closed_with() == BAD_TICKET


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_pages_of_other_sites_are_turned_away(
    house: Running, proctor: Proctor, session: Json, origin: str | None
) -> None:
    ticket = await proctor_ticket(proctor, session)
    async with await dial(house, ticket, origin=origin) as page:
        assert await page.closed_with() == BAD_ORIGIN
    # The ticket is not used up by somebody else's page.
    async with await dial(house, ticket) as page:
        await page.until("hello")


async def test_hello_says_who_one_is_and_who_else_is_there(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with await console(house, proctor, session) as theirs:
        async with await exam_page(house, ada) as mine:
            hello, seen = mine.letters[0], theirs.letters[0]
            assert (hello["role"], hello["provider"]) == ("candidate", "builtin")
            assert (hello["ice_servers"], hello["ice_transport_policy"]) == ([], "all")
            assert hello["peers"] == [
                {
                    "peer": seen["peer"],
                    "role": "proctor",
                    "candidate_id": None,
                    "viewer": None,
                }
            ]
            joined = await theirs.until("peer_joined")
            assert (joined["peer"], joined["candidate_id"]) == (hello["peer"], ada.id)
            assert (await theirs.until("presence"))["online"] is True
            snapshot = await proctor.snapshot(session)
            assert snapshot["candidates"][0]["online"] is True
            assert hello["cursor"] == snapshot["cursor"]
        assert (await theirs.until("peer_left"))["peer"] == hello["peer"]
        assert (await theirs.until("presence"))["online"] is False


async def test_signing_out_closes_the_socket_at_the_next_ping(
    house: Running, proctor: Proctor, session: Json
) -> None:
    async with await console(house, proctor, session) as page:
        assert await page.all_so_far() == []
        await proctor.client.post("/api/v1/sign-out")
        await page.send(type="ping")
        assert await page.closed_with() == BAD_TICKET


async def test_a_log_in_that_ends_closes_the_socket_too(
    house: Running, proctor: Proctor, session: Json
) -> None:
    async with await console(house, proctor, session) as page:
        house.clock.advance(days=1)
        await page.send(type="ping")
        assert await page.closed_with() == BAD_TICKET


async def test_the_newest_tab_wins(house: Running, session: Json, ada: Candidate) -> None:
    old, new = "tab-old-1", "tab-new-1"
    async with await exam_page(house, ada, tab=old) as first:
        read(await ada.send(b"me", tab=old))
        async with await exam_page(house, ada, tab=new) as second:
            assert await first.closed_with() == TAKEN_OVER
            refused(await ada.send(b"me", tab=old), 409, "taken_over")
            read(await ada.send(b"me", tab=new))
            answer = await ada.post("tickets", {"tab": old, "take_over": False})
            refused(answer, 409, "taken_over")
            assert await second.all_so_far() == []


async def test_the_same_tab_may_come_back(house: Running, session: Json, ada: Candidate) -> None:
    async with await exam_page(house, ada) as first:
        pass
    read(await ada.post("tickets", {"tab": "tab-0001", "take_over": False}))
    async with await exam_page(house, ada, since=first.letters[0]["cursor"]) as again:
        assert await again.all_so_far() == []


async def test_a_tab_goes_on_by_itself_only_for_the_one_that_it_knows_is_gone(
    house: Running, ada: Candidate
) -> None:
    here, closed, elsewhere = "tab-here-1", "tab-closed-1", "tab-elsewhere-1"
    for tab in (here, closed):
        async with await exam_page(house, ada, tab=tab):
            pass
    instead = {"tab": here, "take_over": True, "instead_of": closed}
    async with await exam_page(house, ada, tab=elsewhere) as page:
        refused(await ada.post("tickets", instead), 409, "taken_over")
        read(await ada.send(b"me", tab=elsewhere))
        assert await page.all_so_far() == []
    async with await exam_page(house, ada, tab=closed):
        read(await ada.post("tickets", instead))
    read(await ada.send(b"me", tab=here))


async def test_a_tab_that_takes_the_exam_back_is_not_hung_up_by_old_news(
    house: Running, ada: Candidate
) -> None:
    async with await exam_page(house, ada, tab="tab-old-1") as first:
        cursor = first.letters[0]["cursor"]
        async with await exam_page(house, ada, tab="tab-new-1"):
            await first.closed_with()
        async with await exam_page(house, ada, tab="tab-old-1", since=cursor) as back:
            assert await back.all_so_far() == []


async def test_closing_the_session_hangs_candidates_up_and_leaves_proctors(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with (
        await console(house, proctor, session) as theirs,
        await exam_page(house, ada) as mine,
    ):
        await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")
        assert await mine.closed_with() == CLOSED
        told = [each["event"] for each in mine.letters if each["type"] == "event"]
        assert told[-1]["kind"] == "session_changed"
        assert told[-1]["session"]["closed"] is True
        changed = await theirs.event("session_changed")
        assert changed["event"]["session"]["closed_at"]
        assert all(each["type"] != "pong" for each in await theirs.all_so_far())


async def test_a_ticket_for_a_session_that_is_not_there_is_refused(proctor: Proctor) -> None:
    answer = await proctor.client.post("/api/v1/tickets", json={"session_id": "0" * 32})
    refused(answer, 404, "not_found")


async def test_a_candidates_ticket_is_for_its_own_events_only(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    ben = await house.enter(session, "Ben", b"me")
    async with await dial(house, await candidate_ticket(ben), since=0) as page:
        await page.until("hello")
        await ada.film(b"two", 3)
        address = f"/api/v1/candidates/{ada.id}/messages"
        read(await proctor.client.post(address, json={"text": "For Ada alone."}), 201)
        received = await page.all_so_far()
        kinds = {each["event"]["kind"] for each in received if each["type"] == "event"}
        assert kinds <= {"state_changed"}
        assert ada.id not in str(received)


async def test_whoever_is_erased_loses_the_socket_at_once(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    async with await dial(house, await candidate_ticket(ada)) as page:
        await page.until("hello")
        read(await ada.post("leave"))
        await page.until("event")
        read(await proctor.client.delete(f"/api/v1/candidates/{ada.id}"))
        assert await page.closed_with() == BAD_TICKET
    # The page asks why, and is not known any more.
    refused(await ada.client.get("/api/v1/candidates/me"), 401, "not_signed_in")


async def test_whoever_was_removed_does_not_come_back_with_a_ticket_kept_in_hand(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    kept = [await candidate_ticket(ada) for _ in range(2)]
    async with await exam_page(house, ada) as mine:
        read(await proctor.act(ada.id, "remove", "Two phones."))
        assert await mine.closed_with() == REMOVED
    async with await dial(house, kept[0]) as back:
        assert await back.closed_with() == REMOVED
        assert back.letters == []
    assert not (await proctor.candidate(session, ada.id))["online"]
    read(await proctor.act(ada.id, "readmit", "It was a calculator."))
    async with await dial(house, kept[1]) as back:
        assert (await back.next())["type"] == "hello"


async def test_the_ticket_of_a_tab_that_lost_the_exam_is_not_good_any_more(
    house: Running, ada: Candidate
) -> None:
    kept = await candidate_ticket(ada, "tab-old-1")
    await candidate_ticket(ada, "tab-new-1")
    async with await dial(house, kept) as page:
        assert await page.closed_with() == TAKEN_OVER


async def test_a_ticket_from_before_the_end_is_not_good_after_it(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    kept = await candidate_ticket(ada)
    await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")
    async with await dial(house, kept) as page:
        assert await page.closed_with() == CLOSED


async def test_a_ticket_of_somebody_who_signed_out_gets_no_word(
    house: Running, proctor: Proctor, session: Json
) -> None:
    kept = await proctor_ticket(proctor, session)
    await proctor.client.post("/api/v1/sign-out")
    async with await dial(house, kept) as page:
        assert await page.closed_with() == BAD_TICKET
        assert page.letters == []


async def test_a_new_link_ends_what_the_one_before_it_opened(
    house: Running, proctor: Proctor, session: Json
) -> None:
    """Somebody else had the first link: nothing that is for the candidate reaches them."""
    address = f"/api/v1/sessions/{session['id']}/invites"
    made = read(await proctor.client.post(address, content=b"name\nAda Example\n"), 201)
    invite = made["invites"][0]
    thief = await _come_by(house, invite["link"])
    kept = await candidate_ticket(thief)
    async with await exam_page(house, thief) as theirs:
        new = read(await proctor.client.post(f"{address}/{invite['id']}/reissue"))
        ada = await _come_by(house, new["link"])
        assert ada.id == thief.id
        assert await theirs.closed_with() == BAD_TICKET
    async with await dial(house, kept) as page:
        assert await page.closed_with() == BAD_TICKET
        assert page.letters == []
    # The same tab has changed hands: what counts is the token.
    async with await exam_page(house, ada) as mine:
        assert await mine.all_so_far() == []


async def _come_by(house: Running, link: str) -> Candidate:
    """Consent, and join by a personal link."""
    client = await house.client()
    address = f"/api/v1/join/{link.rpartition('/')[2]}"
    version = read(await client.get(address))["consent"]["version"]
    consent = {"version": version, "accepted": True, "compare_face": True}
    joined = read(await client.post(address, json={"consent": consent}), 201)
    client.headers["Authorization"] = f"Bearer {joined['token']}"
    return Candidate(client, house.clock, joined["candidate"]["id"], joined["token"])
