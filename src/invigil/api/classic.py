"""The routes of the published tutorial: same paths, bodies and answers.

See docs/classic-api.md. Every route answers with and without the slash at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from invigil.api.deps import HouseDep, bearer, candidate_in_exam, client_address
from invigil.api.limiter import PHOTOS_PER_MINUTE
from invigil.api.schemas import MaybeName, Name, Title
from invigil.domain.authorize import Operation, authorize
from invigil.domain.candidate import Candidate
from invigil.domain.errors import InvalidRequest, NotFound
from invigil.monitoring.single import Finding
from invigil.services.classic import image_of
from invigil.settings import ClassicApi

NOT_UPLOADED = "not uploaded"
_CREATES_PER_MINUTE = 60

Id = Annotated[str, StringConstraints(max_length=64)]
ShortText = Annotated[str, StringConstraints(max_length=200)]
Json = dict[str, Any]


class ClassicIn(BaseModel):
    """The tutorial's clients send fields of their own now and then; those are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ClassicMeeting(ClassicIn):
    title: Title


class ClassicParticipant(ClassicIn):
    name: Name
    preset_name: ShortText = ""
    meeting_id: Id


class ClassicAdmin(ClassicIn):
    meeting_id: Id
    admin_id: ShortText


class ClassicImage(ClassicIn):
    base64_img: str = Field(max_length=80_000_000)
    participant_id: Id
    meeting_id: Id
    participant_name: MaybeName = ""
    ref_image_url: Annotated[str, StringConstraints(max_length=2000)] | None = None


async def _refuse_when_off(house: HouseDep) -> None:
    if house.settings.classic_api is ClassicApi.OFF:
        raise NotFound


router = APIRouter(tags=["classic"], dependencies=[Depends(_refuse_when_off)])


def _post(path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a route with and without the slash at the end; OpenAPI shows one."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        router.post(path, **options)(function)
        router.post(f"{path}/", include_in_schema=False, **options)(function)
        return function

    return register


@_post("/meetings")
async def create_meeting(body: ClassicMeeting, request: Request, house: HouseDep) -> Json:
    """Open a session; `admin_id` is shown this once and opens its lists."""
    house.limiter.require(_CREATES_PER_MINUTE, "classic", client_address(request))
    session, admin_id = await house.classic.create_meeting(body.title)
    created = session.created_at.isoformat()
    data = {
        "id": session.id,
        "title": session.title,
        "status": "ACTIVE",
        "created_at": created,
        "updated_at": created,
    }
    return {"success": True, "data": data, "admin_id": admin_id}


@_post("/meetings/{meeting_id}/participants", status_code=201)
async def add_participant(
    meeting_id: Id, body: ClassicParticipant, request: Request, house: HouseDep
) -> Json:
    """Add a candidate; `detail` is the same JSON as a string."""
    if body.meeting_id != meeting_id:
        raise InvalidRequest("meeting_id in the body and in the address differ.")
    house.limiter.require(house.settings.joins_per_minute, "join", client_address(request))
    candidate, token = await house.classic.add_participant(meeting_id, body.name)
    joined = candidate.joined_at.isoformat()
    answer = {
        "success": True,
        "data": {
            "id": candidate.id,
            "token": token,
            "name": candidate.name,
            "preset_name": body.preset_name,
            "created_at": joined,
            "updated_at": joined,
        },
    }
    return {**answer, "detail": json.dumps(answer)}


@_post("/is_admin")
async def is_admin(body: ClassicAdmin, house: HouseDep) -> Json:
    """Whether the admin id belongs to the meeting."""
    return {"admin": await house.classic.is_admin(body.meeting_id, body.admin_id)}


async def _who(body: ClassicImage, request: Request, house: HouseDep) -> Candidate:
    """The participant that the body names, when the caller may act for it."""
    if house.settings.classic_api is ClassicApi.OPEN:
        house.limiter.require(house.settings.frames_per_minute, "frames", body.participant_id)
        return await house.classic.participant(body.meeting_id, body.participant_id)
    actor = await candidate_in_exam(await house.access.candidate(bearer(request)))
    house.limiter.require(house.settings.frames_per_minute, "frames", actor.id)
    found = await house.classic.participant(body.meeting_id, body.participant_id)
    return authorize(actor, Operation.EXAM_TAKE, found)


@_post("/upload_photo")
async def upload_photo(body: ClassicImage, request: Request, house: HouseDep) -> Json:
    """Give the reference photo of a participant."""
    candidate = await _who(body, request, house)
    if body.ref_image_url:
        house.classic.require_own_reference(candidate, body.ref_image_url)
    house.limiter.require(PHOTOS_PER_MINUTE, "photos", candidate.id)
    image = image_of(body.base64_img, house.settings.max_image_bytes)
    url = await house.classic.upload_photo(candidate, image, body.participant_name)
    return {"id": candidate.id, "img_url": url, "reference_image_uploaded": True}


@_post("/same_faces")
async def same_faces(body: ClassicImage, request: Request, house: HouseDep) -> Json:
    """Whether the one face on this image differs from the reference photo."""
    candidate = await _who(body, request, house)
    house.classic.require_own_reference(candidate, body.ref_image_url)
    image = image_of(body.base64_img, house.settings.max_image_bytes)
    await house.classic.ensure_in_room(candidate)
    finding = await house.single.different_person(candidate.id, image)
    return {
        "id": candidate.id,
        "different_faces_detected": finding.found,
        **_url(house, finding),
    }


@_post("/detect_faces")
async def detect_faces(body: ClassicImage, request: Request, house: HouseDep) -> Json:
    """Whether several faces are on this image."""
    candidate = await _who(body, request, house)
    if body.ref_image_url:
        house.classic.require_own_reference(candidate, body.ref_image_url)
    image = image_of(body.base64_img, house.settings.max_image_bytes)
    await house.classic.ensure_in_room(candidate)
    finding = await house.single.several_faces(candidate.id, image)
    return {"id": candidate.id, "multiple_detected": finding.found, **_url(house, finding)}


def _url(house: HouseDep, finding: Finding) -> dict[str, str]:
    if not finding.found:
        return {}
    if finding.evidence_id is None:
        return {"url": NOT_UPLOADED}
    return {"url": f"{house.settings.base_url}/api/v1/evidence/{finding.evidence_id}"}


@_post("/suspicious_list")
@_post("/multiple_faces_list")
async def incident_list(body: ClassicAdmin, house: HouseDep) -> list[list[str]]:
    """Rows of swaps and second persons, newest first."""
    return [
        [
            row.incident.started_at.isoformat(),
            row.incident.session_id,
            row.incident.candidate_id,
            row.link or NOT_UPLOADED,
            row.verdict,
        ]
        for row in await house.classic.rows(body.meeting_id, body.admin_id)
    ]


@router.get("/evidence/{evidence_id}", response_class=Response)
async def linked_evidence(
    evidence_id: Id,
    house: HouseDep,
    expires: Annotated[int, Query(ge=0, le=10**11)],
    signature: Annotated[str, Query(max_length=64)],
) -> Response:
    """An image of the lists; the address is made for two minutes and for this image alone."""
    evidence, image = await house.classic.linked_evidence(evidence_id, expires, signature)
    return Response(
        image,
        media_type=evidence.content_type,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
