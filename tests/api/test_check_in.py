"""From the join link to the room: consent, reference photo, comparison, a human when in doubt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from invigil.domain.observation import Unusable
from invigil.storage.database import tables as t
from tests.support import pictures
from tests.support.clock import Clock
from tests.support.house import Json, Proctor, Running, read, refused, running
from tests.support.scripted import ScriptedEngine


def join_path(session: Json) -> str:
    return f"/api/v1/join/{session['join_url'].rpartition('/')[2]}"


async def decide(proctor: Proctor, candidate_id: str, decision: str, **more: str) -> Json:
    answer = await proctor.client.post(
        f"/api/v1/candidates/{candidate_id}/check-in-decision", json={"decision": decision, **more}
    )
    return read(answer)


async def test_the_join_page_says_what_is_watched_and_kept(
    house: Running, proctor: Proctor
) -> None:
    session = await proctor.open_session(
        sampling_interval_s=7, retention_days=1, report_repeats=True
    )
    info = read(await (await house.client()).get(join_path(session)))
    assert info["session"] == {
        "id": session["id"],
        "title": "Algebra",
        "sampling_interval_s": 7,
        "retention_days": 1,
        "exam_url": None,
        "own_incidents": "never",
        "closed": False,
        "closed_at": None,
        "face_matching": True,
    }
    text = " ".join(info["consent"]["text"])
    assert "every 7 seconds" in text
    assert "1 day after" in text
    assert "the same pictures come again" in text
    assert "You can ask your exam office at any time what was noted about you" in text


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"own_incidents": "after_end"}, "When you have finished, this page shows you"),
        ({"own_incidents": "after_review"}, "When you have finished and people have looked at it"),
        ({"own_incidents": "after_end", "answer_days": 1}, "you can answer within 1 day."),
    ],
)
async def test_the_join_page_says_whether_one_sees_what_was_noted(
    house: Running, proctor: Proctor, chosen: Json, said: str
) -> None:
    session = await proctor.open_session(**chosen)
    info = read(await (await house.client()).get(join_path(session)))
    text = " ".join(info["consent"]["text"])
    assert said in text
    assert "come again" not in text


async def test_the_join_page_says_whether_the_server_looks_at_the_live_video(
    tmp_path: Path, clock: Clock
) -> None:
    livekit: dict[str, Any] = {
        "livekit_url": "wss://live.example.edu",
        "livekit_api_key": "key",
        "livekit_api_secret": "north-4711-secret-north-4711-secret",
        "livekit_tap_seconds": 30,
    }
    says = "takes a picture out of the live video"
    async with running(tmp_path / "data", clock, ScriptedEngine(), **livekit) as house:
        proctor = await house.proctor()
        for provider, looks in (("livekit", True), ("builtin", False)):
            session = await proctor.open_session(provider=provider)
            info = read(await (await house.client()).get(join_path(session)))
            assert (says in " ".join(info["consent"]["text"])) is looks


async def test_declining_makes_no_candidate(house: Running, session: Json) -> None:
    client = await house.client()
    version = read(await client.get(join_path(session)))["consent"]["version"]
    body = {"name": "Ada", "consent": {"version": version, "accepted": False}}
    refused(await client.post(join_path(session), json=body), 422, "consent_required")
    assert await house.rows(t.candidate) == 0


async def test_consent_to_another_text_does_not_count(
    house: Running, proctor: Proctor, session: Json
) -> None:
    """Another session keeps things longer, so what was read there is not what is asked here."""
    longer = await proctor.open_session(retention_days=365)
    client = await house.client()
    version = read(await client.get(join_path(session)))["consent"]["version"]
    body = {"name": "Ada", "consent": {"version": version, "accepted": True}}
    refused(await client.post(join_path(longer), json=body), 409, "consent_outdated")
    assert await house.rows(t.candidate) == 0


async def test_consent_is_recorded_with_its_text_and_time(house: Running, session: Json) -> None:
    await house.join(session)
    async with house.database.engine.connect() as connection:
        columns = sa.select(t.candidate.c.consent_version, t.candidate.c.consent_at)
        version, at = (await connection.execute(columns)).one()
    info = read(await (await house.client()).get(join_path(session)))
    assert (version, at) == (info["consent"]["version"], house.clock())


@pytest.mark.parametrize("change", [lambda code: code[:-1], lambda code: code + "x", str.upper])
async def test_a_changed_join_link_is_unknown(
    house: Running, session: Json, change: Callable[[str], str]
) -> None:
    code = session["join_url"].rpartition("/")[2]
    client = await house.client()
    refused(await client.get(f"/api/v1/join/{change(code)}"), 404, "join_link_unknown")
    bare = await client.get(f"/api/v1/join/{session['id']}")
    refused(bare, 404, "join_link_unknown")


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (pictures.empty_room, "reference_no_face"),
        (pictures.two_people, "reference_several_faces"),
        (pictures.far_away, "reference_face_too_small"),
        (pictures.dark, "reference_too_dark"),
        (pictures.bright, "reference_too_bright"),
        (pictures.blurred, "reference_blurred"),
    ],
)
async def test_a_photo_that_cannot_serve_is_refused_with_its_reason(
    house: Running, session: Json, picture: Callable[[], bytes], code: str
) -> None:
    ada = await house.join(session)
    refused(await ada.reference_photo(picture()), 422, code)
    mine = await ada.me()
    assert (mine["state"], mine["has_reference_photo"]) == ("joined", False)
    assert (await ada.reference_photo(pictures.obama())).status_code == 200


@pytest.mark.parametrize("reason", Unusable)
async def test_every_reason_has_words_and_a_way_on(scripted: Running, reason: Unusable) -> None:
    session = await (await scripted.proctor()).open_session()
    ada = await scripted.join(session)
    answer = await ada.reference_photo(reason.value.encode())
    refused(answer, 422, f"reference_{reason.value}")
    assert read(await ada.post("ask-proctor", {}))["state"] == "waiting_for_proctor"


async def test_the_same_person_is_approved_after_three_frames(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ada = await house.join(session)
    mine = read(await ada.reference_photo(pictures.obama()))
    assert (mine["state"], mine["needed_frames"]) == ("checking_in", 3)
    for collected in (1, 2, 3):
        progress = await ada.check_in_frame(pictures.obama_speaking())
        assert progress["collected"] == collected
        assert progress["state"] == ("approved" if collected == 3 else "checking_in")
    assert read(await ada.post("enter"))["state"] == "in_room"
    seen = await proctor.candidate(session, ada.id)
    assert (seen["state"], seen["template"]) == ("in_room", "session")


async def test_unusable_frames_are_hinted_at_and_not_counted(house: Running, session: Json) -> None:
    ada = await house.join(session)
    await ada.reference_photo(pictures.obama())
    for picture, hint in (
        (pictures.empty_room(), "no_face"),
        (pictures.two_people(), "several_faces"),
        (pictures.dark(), "too_dark"),
        (pictures.blurred(), "blurred"),
    ):
        progress = await ada.check_in_frame(picture)
        assert (progress["hint"], progress["collected"]) == (hint, 0)
        assert progress["state"] == "checking_in"
    assert (await ada.check_in_frame(pictures.obama()))["hint"] is None


async def test_somebody_else_waits_for_the_proctor_who_may_let_in(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ben = await house.join(session, "Ben")
    progress = await ben.check_in(pictures.obama(), live=pictures.biden())
    assert progress["state"] == "waiting_for_proctor"
    refused(await ben.post("enter"), 409, "illegal_transition")
    seen = await proctor.candidate(session, ben.id)
    assert seen["waiting_reason"] == "mismatch"
    for what in ("reference-photo", "still"):
        photo = await proctor.client.get(f"/api/v1/candidates/{ben.id}/{what}")
        assert photo.headers["content-type"] == "image/jpeg"
        assert photo.headers["cache-control"] == "no-store"

    approved = await decide(proctor, ben.id, "approve")
    assert (approved["state"], approved["waiting_reason"]) == ("approved", None)
    read(await ben.post("enter"))
    # The person at the check-in is the one who is expected now, whatever the old photo shows.
    assert (await ben.frame(pictures.biden()))["observation"]["identity"] == "match"
    assert (await ben.frame(pictures.obama()))["observation"]["identity"] == "mismatch"


async def test_a_retake_starts_again_with_the_reason(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ben = await house.join(session, "Ben")
    await ben.check_in(pictures.obama(), live=pictures.biden())
    await decide(proctor, ben.id, "retake", reason="Please use your own photo.")
    mine = await ben.me()
    assert (mine["state"], mine["retake_reason"]) == ("joined", "Please use your own photo.")
    progress = await ben.check_in(pictures.biden())
    assert (progress["state"], progress["collected"]) == ("approved", 3)
    assert (await ben.me())["retake_reason"] is None


async def test_asking_the_proctor_is_possible_without_any_photo(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ada = await house.join(session)
    mine = read(await ada.post("ask-proctor", {"note": "My camera shows only black."}))
    assert mine["state"] == "waiting_for_proctor"
    seen = await proctor.candidate(session, ada.id)
    assert (seen["waiting_reason"], seen["note"]) == ("asked", "My camera shows only black.")
    photo = await proctor.client.get(f"/api/v1/candidates/{ada.id}/reference-photo")
    refused(photo, 404, "not_found")
    await decide(proctor, ada.id, "approve")
    assert read(await ada.post("enter"))["state"] == "in_room"
    assert (await ada.frame(pictures.obama()))["observation"]["identity"] == "not_compared"


async def test_an_unclear_comparison_is_for_a_human(scripted: Running) -> None:
    proctor = await scripted.proctor()
    session = await proctor.open_session()
    ada = await scripted.join(session)
    progress = await ada.check_in(b"me", live=b"unsure")
    assert progress["state"] == "waiting_for_proctor"
    assert (await proctor.candidate(session, ada.id))["waiting_reason"] == "unclear"


async def test_nobody_skips_the_check_in(house: Running, session: Json) -> None:
    ada = await house.join(session)
    refused(await ada.post("enter"), 409, "illegal_transition")
    refused(await ada.send(pictures.obama()), 409, "not_in_room")
    await ada.reference_photo(pictures.obama())
    refused(await ada.post("enter"), 409, "illegal_transition")
    refused(await ada.post("leave"), 409, "illegal_transition")


async def test_a_decision_needs_somebody_who_waits(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ada = await house.enter(session)
    address = f"/api/v1/candidates/{ada.id}/check-in-decision"
    again = await proctor.client.post(address, json={"decision": "approve"})
    refused(again, 409, "illegal_transition")
    wrong = await proctor.client.post(address, json={"decision": "expel"})
    refused(wrong, 422, "invalid_request")


async def test_a_new_reference_photo_forgets_the_old_comparison(
    house: Running, session: Json
) -> None:
    ben = await house.join(session, "Ben")
    await ben.reference_photo(pictures.obama())
    await ben.check_in_frame(pictures.biden())
    await ben.check_in_frame(pictures.biden())
    assert (await ben.check_in(pictures.biden()))["state"] == "approved"


async def test_entering_twice_is_fine(house: Running, session: Json) -> None:
    ada = await house.enter(session)
    assert read(await ada.post("enter"))["state"] == "in_room"


@pytest.mark.parametrize("address", ["/join/", "/jion/abc"])
async def test_a_person_at_a_link_that_is_cut_off_reads_words(house: Running, address: str) -> None:
    client = await house.client()
    page = await client.get(address, headers={"Accept": "text/html,application/xhtml+xml"})
    assert (page.status_code, page.headers["cache-control"]) == (404, "no-store")
    assert page.headers["content-type"].startswith("text/html")
    assert "copy the whole of it" in page.text
    # What styles it is let through by the policy that comes with it, and by no other.
    nonce = page.text.partition('<style nonce="')[2].partition('"')[0]
    assert f"style-src 'self' 'nonce-{nonce}'" in page.headers["content-security-policy"]
    refused(await client.get(address), 404, "not_found")
    # Programs and our own pages read JSON, whatever they say they accept.
    api = await client.get(f"/api/v1{address}", headers={"Accept": "text/html"})
    refused(api, 404, "not_found")
