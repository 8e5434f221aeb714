"""Words in both directions, and to everybody."""

from __future__ import annotations

import pytest

from tests.support.house import Candidate, Json, Proctor, Running, read, refused


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def ada(scripted: Running, session: Json) -> Candidate:
    return await scripted.enter(session, face=b"me")


async def test_words_go_both_ways_and_stay_after_a_reload(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    address = f"/api/v1/candidates/{ada.id}/messages"
    body = {"kind": "warning", "text": "  Please put the phone away.  "}
    first = read(await proctor.client.post(address, json=body), 201)
    assert (first["from"], first["kind"]) == ("proctor", "warning")
    assert first["text"] == "Please put the phone away."
    scripted.clock.advance(1)
    second = read(await ada.post("messages", {"text": "It was a calculator."}), 201)
    assert (second["from"], second["kind"]) == ("candidate", "message")
    assert (await ada.me())["messages"] == [first, second]
    assert (await proctor.snapshot(session))["messages"] == [first, second]


async def test_older_messages_come_page_by_page(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """Three of one moment, with the clock standing still."""
    sent = [read(await ada.post("messages", {"text": f"No. {n}"}), 201) for n in range(3)]
    address = f"/api/v1/sessions/{session['id']}/messages"
    first = read(await proctor.client.get(address, params={"limit": 2}))
    last = {"limit": 2, "before": first["messages"][-1]["id"]}
    second = read(await proctor.client.get(address, params=last))
    assert (first["more"], second["more"]) == (True, False)
    found = [*first["messages"], *second["messages"]]
    assert sorted(each["id"] for each in found) == sorted(each["id"] for each in sent)
    assert (await proctor.snapshot(session))["messages"] == found[::-1]
    other = await proctor.open_session()
    elsewhere = f"/api/v1/sessions/{other['id']}/messages"
    refused(await proctor.client.get(elsewhere, params=last), 404, "not_found")


async def test_a_message_to_all_reaches_everybody_who_is_not_finished(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    ben = await scripted.join(session, "Ben")
    gone = await scripted.enter(session, "Gone", b"me")
    await gone.post("leave")
    elsewhere = await scripted.enter(await proctor.open_session(), "Elsewhere", b"me")
    address = f"/api/v1/sessions/{session['id']}/messages"
    sent = read(await proctor.client.post(address, json={"text": "Ten minutes left."}), 201)
    assert {each["candidate_id"] for each in sent["messages"]} == {ada.id, ben.id}
    for candidate, count in ((ada, 1), (ben, 1), (gone, 0), (elsewhere, 0)):
        assert len((await candidate.me())["messages"]) == count


async def test_a_message_that_nobody_would_read_is_refused(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    left, ended = [await scripted.enter(session, name, b"me") for name in ("Left", "Ended")]
    read(await left.post("leave"))
    await proctor.act(ended.id, "end", "The time is over.")
    body = {"text": "One more thing."}
    for candidate in (left, ended):
        address = f"/api/v1/candidates/{candidate.id}/messages"
        error = refused(await proctor.client.post(address, json=body), 409, "candidate_finished")
        assert "no longer arrive" in error["message"]
        assert (await candidate.me())["messages"] == []
    to_ada = f"/api/v1/candidates/{ada.id}/messages"
    await proctor.act(ada.id, "pause", "A break.")
    read(await proctor.client.post(to_ada, json=body), 201)  # who is paused reads on

    to_all = f"/api/v1/sessions/{session['id']}"
    read(await proctor.client.post(f"{to_all}/close"))
    for address in (to_ada, f"{to_all}/messages"):
        refused(await proctor.client.post(address, json=body), 410, "session_closed")
    assert len((await proctor.snapshot(session))["messages"]) == 1


async def test_a_candidate_sees_its_own_messages_only(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    ben = await scripted.join(session, "Ben")
    address = f"/api/v1/candidates/{ada.id}/messages"
    read(await proctor.client.post(address, json={"text": "For Ada."}), 201)
    assert (await ben.me())["messages"] == []


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t", "x" * 1001, "a\x00b", "\x1b[2J", None, 7, ["x"]]
)
async def test_empty_and_endless_texts_are_refused(
    proctor: Proctor, ada: Candidate, text: object
) -> None:
    refused(await ada.post("messages", {"text": text}), 422, "invalid_request")
    address = f"/api/v1/candidates/{ada.id}/messages"
    refused(await proctor.client.post(address, json={"text": text}), 422, "invalid_request")


async def test_markup_stays_text(ada: Candidate) -> None:
    text = "<script>alert(1)</script> & 'x' 😀 \u202e abc"
    assert read(await ada.post("messages", {"text": text}), 201)["text"] == text


async def test_a_candidate_cannot_flood_the_proctor(
    scripted: Running, session: Json, ada: Candidate
) -> None:
    answers = [await ada.post("messages", {"text": "Hey"}) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {201}
    refused(answers[30], 429, "too_many_requests")
    # The limit is the candidate's, not that of the network that all of a campus share.
    ben = await scripted.join(session, "Ben")
    read(await ben.post("messages", {"text": "Hello"}), 201)
