"""Frames of a real camera's worth of pictures: what becomes an incident, and what does not."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image

from tests.support import pictures
from tests.support.house import Candidate, Json, Proctor, Running, read, refused

ME, STRANGER = pictures.obama(), pictures.biden()


@pytest.fixture
async def ada(house: Running, session: Json) -> Candidate:
    return await house.enter(session)


def codes(reply: Json) -> list[str]:
    return [warning["code"] for warning in reply["warnings"]]


async def test_a_quiet_frame_is_answered_with_facts_and_the_next_time(ada: Candidate) -> None:
    reply = await ada.frame(pictures.obama_speaking())
    observation = reply["observation"]
    assert observation.pop("id")
    assert observation == {
        "captured_at": "2026-05-04T09:00:02.100000Z",
        "faces": 1,
        "usable": True,
        "reason": None,
        "identity": "match",
    }
    assert (reply["warnings"], reply["next_frame_ms"]) == ([], 5000)


async def test_somebody_else_becomes_an_incident_with_the_photo(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.frame(ME)
    began = house.clock().isoformat().replace("+00:00", "Z")
    first, second, third = [await ada.frame(STRANGER) for _ in range(3)]
    assert [each["next_frame_ms"] for each in (first, second, third)] == [200, 800, 800]
    assert [codes(each) for each in (first, second, third)] == [[], *[["different_person"]] * 2]
    assert third["warnings"][0]["text"]
    assert third["warnings"][0]["fix"]

    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["severity"]) == ("different_person", "high")
    assert (incident["state"], incident["source"]) == ("open", "rules")
    assert (incident["started_at"], incident["ended_at"]) == (began, None)
    assert incident["detail"] == {"max_faces": None, "comparison": "does_not_match", "cause": None}
    assert (incident["candidate_name"], incident["decision"]) == ("Ada Example", None)
    (evidence,) = incident["evidence"]
    photo = await proctor.client.get(evidence["url"])
    assert hashlib.sha256(photo.content).hexdigest() == evidence["sha256"]
    assert Image.open(io.BytesIO(photo.content)).size == (352, 800)
    reference = await proctor.client.get(incident["reference_photo_url"])
    assert reference.headers["content-type"] == "image/jpeg"


async def test_evidence_is_for_signed_in_proctors_only(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.film(STRANGER, 2)
    (incident,) = await proctor.incidents(session)
    stranger = await house.client()
    for address in (incident["evidence"][0]["url"], incident["reference_photo_url"]):
        refused(await stranger.get(address), 401, "not_signed_in")
        refused(await ada.client.get(address), 401, "not_signed_in")
        answer = await proctor.client.get(address)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_second_person_and_how_many(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    replies = await ada.film(pictures.two_people(), 3)
    assert codes(replies[-1]) == ["multiple_faces"]
    assert replies[-1]["observation"]["reason"] == "several_faces"
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["detail"]["max_faces"]) == ("multiple_faces", 2)


async def test_an_empty_chair(proctor: Proctor, session: Json, ada: Candidate) -> None:
    replies = await ada.film(pictures.empty_room(), 5)
    assert codes(replies[-1]) == ["no_face"]
    assert await proctor.incidents(session) == []  # leaning out of the picture is no incident
    await ada.film(pictures.empty_room(), 2)
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["severity"]) == ("no_face", "medium")


async def test_one_strange_frame_is_no_incident(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    for picture in (STRANGER, ME, pictures.two_people(), ME, pictures.empty_room(), ME):
        await ada.frame(picture)
    assert await proctor.incidents(session) == []


@pytest.mark.parametrize(
    ("picture", "code"), [(pictures.dark(), "too_dark"), (pictures.far_away(), "face_too_small")]
)
async def test_a_bad_picture_is_a_friendly_warning_and_no_incident(
    proctor: Proctor, session: Json, ada: Candidate, picture: bytes, code: str
) -> None:
    replies = await ada.film(picture, 20)
    assert codes(replies[0]) == []
    assert codes(replies[-1]) == [code]
    assert replies[-1]["next_frame_ms"] == 5000
    assert await proctor.incidents(session) == []


async def test_whoever_leans_half_out_of_the_picture_is_asked_to_move_and_not_reported(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    replies = await ada.film(pictures.cut_off("obama", "right", 0.65), 40)
    assert codes(replies[-1]) == ["face_cut_off"]
    assert await proctor.incidents(session) == []


async def test_a_helper_who_is_half_in_the_picture_is_an_incident(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """Who leans in and out: smaller than the candidate, but no picture on a wall."""
    for share in (0.5, 0.65, 0.5, 0.65):
        await ada.frame(pictures.with_a_helper_at_the_edge(share))
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["detail"]["max_faces"]) == ("multiple_faces", 2)


async def test_somebody_too_far_away_to_be_recognised_is_information_after_half_a_minute(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.film(pictures.far_away(), 40)
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["severity"]) == ("not_recognised", "low")
    assert incident["detail"]["comparison"] == "unclear"


async def test_an_incident_lasts_once_and_closes_by_itself(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.film(STRANGER, 40)
    (incident,) = await proctor.incidents(session)
    assert incident["state"] == "open"
    back = house.clock().isoformat().replace("+00:00", "Z")
    replies = [await ada.frame(ME) for _ in range(3)]
    assert [reply["next_frame_ms"] for reply in replies] == [500, 500, 5000]
    (incident,) = await proctor.incidents(session)
    assert (incident["state"], incident["ended_at"]) == ("closed", back)
    assert len(incident["evidence"]) == 1


async def test_a_second_intruder_later_is_a_second_incident(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    for _ in range(2):
        await ada.film(pictures.two_people(), 3)
        await ada.film(ME, 20)
    incidents = await proctor.incidents(session)
    assert [each["kind"] for each in incidents] == ["multiple_faces"] * 2
    assert [each["state"] for each in incidents] == ["closed"] * 2
    urls = {each["evidence"][0]["url"] for each in incidents}
    assert len(urls) == 2


async def test_evidence_carries_no_hidden_data_of_the_camera(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Canary Cameras"
    tagged = pictures.encoded(pictures.opened(pictures.two_people()), exif=exif)
    await ada.film(tagged, 3)
    (incident,) = await proctor.incidents(session)
    photo = await proctor.client.get(incident["evidence"][0]["url"])
    assert b"Canary" not in photo.content
    assert not Image.open(io.BytesIO(photo.content)).getexif()


async def test_the_console_sees_the_newest_facts_and_still(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.frame(ME)
    await ada.frame(pictures.two_people())
    seen = await proctor.candidate(session, ada.id)
    assert seen["live"] == {
        "faces": 2,
        "usable": False,
        "reason": "several_faces",
        "identity": "not_compared",
    }
    assert (seen["next_frame_ms"], seen["has_still"]) == (500, True)
    still = await proctor.client.get(f"/api/v1/candidates/{ada.id}/still")
    assert Image.open(io.BytesIO(still.content)).size == (800, 500)
    assert still.headers["cache-control"] == "no-store"


async def test_incidents_of_one_candidate_are_nobody_elses(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    ben = await house.enter(session, "Ben", STRANGER)
    await ada.film(STRANGER, 3)
    await ben.film(STRANGER, 3)
    (incident,) = await proctor.incidents(session)
    assert incident["candidate_id"] == ada.id


async def test_leaving_closes_what_is_open(proctor: Proctor, session: Json, ada: Candidate) -> None:
    await ada.film(STRANGER, 3)
    left = read(await ada.post("leave"))
    assert left["state"] == "finished"
    (incident,) = await proctor.incidents(session)
    assert incident["state"] == "closed"
    refused(await ada.send(ME), 409, "not_in_room")
    assert read(await ada.post("leave"))["state"] == "finished"
    refused(await ada.post("enter"), 409, "illegal_transition")
    still = await proctor.client.get(f"/api/v1/candidates/{ada.id}/still")
    refused(still, 404, "not_found")
