"""The published tutorial's routes: same paths, bodies and answers."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import AsyncClient, Response

from invigil.storage.database import tables as t
from invigil.vision.port import VisionEngine
from tests.support import pictures
from tests.support.clock import Clock
from tests.support.house import Json, Running, read, refused, running

pytestmark = pytest.mark.usefixtures("dialect")


def data_url(image: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(image).decode()


@dataclass
class Participant:
    """One participant's page of the tutorial, and its meeting's host."""

    client: AsyncClient
    meeting: str
    admin: str
    id: str
    photo_url: str | None = None

    async def post(self, path: str, image: bytes, **more: object) -> Response:
        body = {
            "base64_img": data_url(image),
            "participant_id": self.id,
            "meeting_id": self.meeting,
            "participant_name": "Ada",
            "ref_image_url": self.photo_url,
            **more,
        }
        return await self.client.post(path, json=body)

    async def rows(self, path: str = "/suspicious_list") -> list[list[str]]:
        body = {"meeting_id": self.meeting, "admin_id": self.admin}
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        found: list[list[str]] = answer.json()
        return found


async def join(house: Running, *, slash: str = "", photo: bytes | None = None) -> Participant:
    client = await house.client()
    made = read(await client.post(f"/meetings{slash}", json={"title": "Finals"}))
    meeting = made["data"]["id"]
    body = {"name": "Ada", "preset_name": "group_call_participant", "meeting_id": meeting}
    added = await client.post(f"/meetings/{meeting}/participants{slash}", json=body)
    data = read(added, 201)["data"]
    client.headers["Authorization"] = f"Bearer {data['token']}"
    participant = Participant(client, meeting, made["admin_id"], data["id"])
    if photo is not None:
        answer = read(await participant.post("/upload_photo", photo))
        participant.photo_url = answer["img_url"]
    return participant


@pytest.fixture
async def ada(house: Running) -> Participant:
    return await join(house, photo=pictures.obama())


async def test_the_root_is_html_for_browsers_and_json_for_programs(house: Running) -> None:
    client = await house.client()
    page = await client.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.headers["content-type"].startswith("text/html")
    assert "message" in read(await client.get("/", headers={"Accept": "*/*"}))


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_meeting_and_its_participant_as_published(house: Running, slash: str) -> None:
    client = await house.client()
    made = read(await client.post(f"/meetings{slash}", json={"title": "Finals"}))
    assert set(made) == {"success", "data", "admin_id"}
    assert (made["success"], made["data"]["title"]) == (True, "Finals")
    body = {"name": "Ada", "preset_name": "group_call_host", "meeting_id": made["data"]["id"]}
    address = f"/meetings/{made['data']['id']}/participants{slash}"
    added = read(await client.post(address, json=body), 201)
    detail = added.pop("detail")
    assert json.loads(detail) == added
    assert set(added) == {"success", "data"}
    assert added["data"]["name"] == "Ada"
    assert added["data"]["preset_name"] == "group_call_host"
    for admin_id, answer in (
        (made["admin_id"], True),
        ("guess", False),
        (added["data"]["id"], False),
    ):
        who = {"meeting_id": made["data"]["id"], "admin_id": admin_id}
        assert read(await client.post(f"/is_admin{slash}", json=who)) == {"admin": answer}
    who = {"meeting_id": "0" * 32, "admin_id": made["admin_id"]}
    assert read(await client.post(f"/is_admin{slash}", json=who)) == {"admin": False}


@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_image_route_answers_with_and_without_slash(house: Running, slash: str) -> None:
    ada = await join(house, slash=slash)
    uploaded = read(await ada.post(f"/upload_photo{slash}", pictures.obama()))
    assert (uploaded["id"], uploaded["reference_image_uploaded"]) == (ada.id, True)
    ada.photo_url = uploaded["img_url"]
    same = read(await ada.post(f"/same_faces{slash}", pictures.obama_speaking()))
    assert same == {"id": ada.id, "different_faces_detected": False}
    alone = read(await ada.post(f"/detect_faces{slash}", pictures.obama()))
    assert alone == {"id": ada.id, "multiple_detected": False}
    assert await ada.rows(f"/suspicious_list{slash}") == []
    assert await ada.rows(f"/multiple_faces_list{slash}") == []


async def test_a_swap_and_a_second_person_are_found_and_listed(
    house: Running, ada: Participant
) -> None:
    swap = read(await ada.post("/same_faces", pictures.biden()))
    assert swap["different_faces_detected"] is True
    assert swap["url"].startswith("http://localhost:8000/api/v1/evidence/")
    house.clock.advance(1)
    two = read(await ada.post("/detect_faces", pictures.two_people()))
    assert two["multiple_detected"] is True
    rows = await ada.rows()
    assert await ada.rows("/multiple_faces_list") == rows
    assert [row[1:3] for row in rows] == [[ada.meeting, ada.id]] * 2
    assert [row[4] for row in rows] == [
        f"Participant Name: Ada <> Anomaly: {anomaly} <> Participant ID: {ada.id}"
        for anomaly in ("Multiple Faces Detected", "Different Faces Detected")
    ]
    assert rows[0][0] > rows[1][0]


async def test_one_row_per_participant_and_kind_in_ten_minutes(
    house: Running, ada: Participant
) -> None:
    assert read(await ada.post("/same_faces", pictures.biden()))["url"] != "not uploaded"
    house.clock.advance(minutes=9.9)
    again = read(await ada.post("/same_faces", pictures.biden()))
    assert again == {"id": ada.id, "different_faces_detected": True, "url": "not uploaded"}
    assert len(await ada.rows()) == 1
    # Another kind, and another participant, have ten minutes of their own.
    assert read(await ada.post("/detect_faces", pictures.two_people()))["url"] != "not uploaded"
    house.clock.advance(minutes=0.2)
    assert read(await ada.post("/same_faces", pictures.biden()))["url"] != "not uploaded"
    assert len(await ada.rows()) == 3


async def test_what_is_found_is_on_the_console(house: Running, ada: Participant) -> None:
    url = read(await ada.post("/same_faces", pictures.biden()))["url"]
    proctor = await house.proctor()
    snapshot = await proctor.snapshot({"id": ada.meeting})
    (incident,) = snapshot["incidents"]
    assert (incident["kind"], incident["source"]) == ("different_person", "classic")
    assert (incident["state"], incident["candidate_name"]) == ("closed", "Ada")
    assert url.endswith(incident["evidence"][0]["url"])
    assert snapshot["candidates"][0]["state"] == "in_room"


async def test_the_lists_need_the_admin_id(house: Running, ada: Participant) -> None:
    other = await join(house)
    for admin in ("", "guess", other.admin):
        for path in ("/suspicious_list", "/multiple_faces_list"):
            body = {"meeting_id": ada.meeting, "admin_id": admin}
            refused(await ada.client.post(path, json=body), 401, "not_meeting_admin")
    body = {"meeting_id": "0" * 32, "admin_id": ada.admin}
    refused(await ada.client.post("/suspicious_list", json=body), 401, "not_meeting_admin")


async def test_a_listed_image_opens_without_a_cookie_for_two_minutes(
    house: Running, ada: Participant
) -> None:
    await ada.post("/same_faces", pictures.biden())
    ((_, _, _, link, _),) = await ada.rows()
    browser = await house.client()
    house.clock.advance(119)
    opened = await browser.get(link)
    assert (opened.status_code, opened.headers["content-type"]) == (200, "image/jpeg")
    assert opened.headers["cache-control"] == "no-store"
    house.clock.advance(2)
    refused(await browser.get(link), 404, "not_found")
    # A list that is read again has fresh addresses.
    ((_, _, _, fresh, _),) = await ada.rows()
    assert (await browser.get(fresh)).status_code == 200


async def test_a_link_is_for_one_image_and_one_time(house: Running, ada: Participant) -> None:
    await ada.post("/same_faces", pictures.biden())
    await ada.post("/detect_faces", pictures.two_people())
    (one, two) = [row[3] for row in await ada.rows()]
    browser = await house.client()
    path, query = one.split("?")
    longer = query.replace("expires=1", "expires=2")
    assert longer != query
    for forged in (
        f"{two.split('?')[0]}?{query}",
        f"{path}?{longer}",
        f"{path}?{query[:-1]}",
        f"{path}?expires=9999999999&signature=",
    ):
        refused(await browser.get(forged), 404, "not_found")
    refused(await browser.get(path), 422, "invalid_request")
    refused(await browser.get(path.replace("/evidence", "/api/v1/evidence")), 401, "not_signed_in")


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        yield listener


async def test_no_address_is_ever_fetched(
    house: Running, ada: Participant, trap: socket.socket
) -> None:
    port = trap.getsockname()[1]
    for address in (
        f"http://127.0.0.1:{port}/photo.jpg",
        f"http://localhost:8000@127.0.0.1:{port}/",
        f"{ada.photo_url}#http://127.0.0.1:{port}/",
        "file:///etc/passwd",
    ):
        for path in ("/same_faces", "/detect_faces", "/upload_photo"):
            answer = await ada.post(path, pictures.biden(), ref_image_url=address)
            refused(answer, 422, "foreign_reference_image")
    with pytest.raises(TimeoutError):
        trap.accept()
    assert await ada.rows() == []


async def test_a_comparison_needs_a_reference_photo(house: Running) -> None:
    ada = await join(house)
    refused(await ada.post("/same_faces", pictures.obama()), 422, "foreign_reference_image")
    refused(await ada.post("/upload_photo", pictures.two_people()), 422, "reference_several_faces")


async def test_the_photo_itself_is_for_proctors_only(house: Running, ada: Participant) -> None:
    assert ada.photo_url
    refused(await ada.client.get(ada.photo_url), 401, "not_signed_in")
    photo = await (await house.proctor()).client.get(ada.photo_url)
    assert photo.headers["content-type"] == "image/jpeg"


async def test_a_token_acts_for_its_own_participant_only(house: Running, ada: Participant) -> None:
    ben = await join(house, photo=pictures.biden())
    for path in ("/upload_photo", "/same_faces", "/detect_faces"):
        theft = await ben.post(
            path, pictures.biden(), participant_id=ada.id, meeting_id=ada.meeting
        )
        refused(theft, 404, "not_found")
        elsewhere = await ada.post(path, pictures.obama(), meeting_id=ben.meeting)
        refused(elsewhere, 404, "not_found")
        anonymous = await (await house.client()).post(
            path,
            json={
                "base64_img": data_url(pictures.obama()),
                "participant_id": ada.id,
                "meeting_id": ada.meeting,
            },
        )
        refused(anonymous, 401, "not_signed_in")


async def test_there_is_no_way_into_an_exam_that_was_not_made_this_way(house: Running) -> None:
    """Its candidates check in and are watched; participants of the classic API are not."""
    proctor = await house.proctor()
    session = await proctor.open_session()
    eve = await house.client()
    body = {"name": "Eve", "meeting_id": session["id"]}
    refused(await eve.post(f"/meetings/{session['id']}/participants", json=body), 404, "not_found")
    assert (await proctor.snapshot(session))["candidates"] == []


async def test_whoever_is_watched_cannot_have_single_images_judged_instead(house: Running) -> None:
    proctor = await house.proctor()
    session = await proctor.open_session()
    candidate = await house.enter(session, "Ada Example")
    page = Participant(candidate.client, session["id"], "", candidate.id)
    before = await proctor.candidate(session, candidate.id)
    await house.tick(20)
    for path in ("/detect_faces", "/same_faces", "/upload_photo"):
        refused(await page.post(path, pictures.obama(), participant_name="Eve"), 404, "not_found")
    after = await proctor.candidate(session, candidate.id)
    assert (after["name"], after["last_frame_at"]) == ("Ada Example", before["last_frame_at"])


async def test_a_body_that_names_another_meeting_than_the_address_is_refused(
    house: Running, ada: Participant
) -> None:
    body = {"name": "Ben", "preset_name": "x", "meeting_id": "0" * 32}
    answer = await ada.client.post(f"/meetings/{ada.meeting}/participants", json=body)
    refused(answer, 422, "invalid_request")


@pytest.mark.parametrize(
    "image", ["", "no comma", "data:image/jpeg;base64", "data:image/jpeg,raw", "data:;base64,%%%"]
)
async def test_what_is_no_data_url_is_refused(house: Running, ada: Participant, image: str) -> None:
    answer = await ada.post("/detect_faces", b"", base64_img=image)
    refused(answer, 422, "image_broken")
    read(await ada.post("/detect_faces", pictures.obama()))


async def test_fields_of_other_clients_are_passed_over(house: Running, ada: Participant) -> None:
    read(await ada.post("/detect_faces", pictures.obama(), colour="blue"))


async def test_open_mode_asks_for_no_token(
    tmp_path: Path, clock: Clock, engine: VisionEngine
) -> None:
    async with running(tmp_path / "data", clock, engine, classic_api="open") as house:
        ada = await join(house)
        del ada.client.headers["Authorization"]
        uploaded = read(await ada.post("/upload_photo", pictures.obama()))
        ada.photo_url = uploaded["img_url"]
        found = read(await ada.post("/same_faces", pictures.biden()))
        assert found["different_faces_detected"] is True
        wrong = await ada.post("/same_faces", pictures.biden(), meeting_id="0" * 32)
        refused(wrong, 404, "not_found")


async def test_off_mode_has_no_such_routes(
    tmp_path: Path, clock: Clock, engine: VisionEngine
) -> None:
    async with running(tmp_path / "data", clock, engine, classic_api="off") as house:
        client = await house.client()
        body: Json = {"title": "Finals"}
        for path in ("/meetings", "/meetings/"):
            refused(await client.post(path, json=body), 404, "not_found")
        refused(await client.post("/is_admin", json={}), 404, "not_found")
        read(await client.get("/healthz"))


async def test_leaving_ends_it(house: Running, ada: Participant) -> None:
    await ada.post("/detect_faces", pictures.obama())
    read(await ada.client.post("/api/v1/candidates/me/leave"))
    answer = await ada.post("/detect_faces", pictures.two_people())
    assert answer.status_code == 409
    assert await ada.rows() == []


async def test_making_meetings_is_limited_per_address(house: Running) -> None:
    client = await house.client()
    answers = [await client.post("/meetings", json={"title": "x"}) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {200}
    refused(answers[60], 429, "too_many_requests")


async def test_faces_are_counted_where_the_photo_can_no_longer_be_compared_with(
    house: Running, ada: Participant
) -> None:
    """The comparison is refused: an answer would be taken for one."""
    async with house.database.engine.begin() as connection:
        await connection.execute(t.template.update().values(vectors=b"IVG1"))
    refused(await ada.post("/same_faces", pictures.obama()), 503, "seal_broken")
    two = read(await ada.post("/detect_faces", pictures.two_people()))
    assert two["multiple_detected"] is True
