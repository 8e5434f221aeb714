"""Who may do what: one row for every route of the OpenAPI document.

The callers are, in this order of the columns: nobody; the candidate whom the route is about; a
candidate of another session; a proctor; a proctor's browser on a page of another site. "ok" is any
answer but a refusal of the caller; the numbers are the refusals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CALLERS = ("nobody", "candidate", "other candidate", "proctor", "foreign page")

_PROCTOR_READ = (401, 401, 401, "ok", "ok")
_PROCTOR_WRITE = (401, 401, 401, "ok", 403)
_CANDIDATE = (401, "ok", "ok", 401, 401)
_PUBLIC = ("ok",) * 5
# What a candidate's token opens, if it is about that candidate and time to be seen.
_OWN = (401, 404, 404, 401, 401)
# The classic image routes act for the participant of the token only; for others there is nothing.
_PARTICIPANT = (401, "ok", 404, 401, 401)

Answer = int | str


@dataclass(frozen=True)
class Row:
    """What each caller gets. `json`: a body of the right shape; `image`: the body is a picture."""

    answers: tuple[Answer, ...]
    json: Any = None
    image: bool = False


_IMAGE_JSON = {
    "base64_img": "{data_url}",
    "participant_id": "{candidate}",
    "meeting_id": "{session}",
}
_LIST = {"meeting_id": "{session}", "admin_id": "guess"}
_NAME = {"name": "Ben", "meeting_id": "{session}"}
_CONSENT = {"name": "Ben", "consent": {"version": "{consent}", "accepted": True}}
_PAUSE = {"act": "pause", "reason": "A break."}
_DECISION = {"decision": "dismissed", "reason": "A poster."}

TABLE: dict[str, Row] = {
    "GET /healthz": Row(_PUBLIC),
    "GET /readyz": Row(_PUBLIC),
    # Its own token, which none of these has: not a proctor's cookie, not a candidate's token.
    "GET /metrics": Row((401,) * 5),
    "GET /api/v1/system": Row(_PROCTOR_READ),
    # Signing in. The link itself is the secret; a foreign page may not use it.
    "POST /api/v1/sign-in": Row((403, 403, 403, 401, 403), json={"token": "guess"}),
    "POST /api/v1/sign-out": Row(_PROCTOR_WRITE),
    "GET /api/v1/me": Row(_PROCTOR_READ),
    "POST /api/v1/tickets": Row(_PROCTOR_WRITE, json={"session_id": "{session}"}),
    # Sessions.
    "GET /api/v1/sessions": Row(_PROCTOR_READ),
    "POST /api/v1/sessions": Row(_PROCTOR_WRITE, json={"title": "Biology"}),
    "GET /api/v1/sessions/{session_id}": Row(_PROCTOR_READ),
    "POST /api/v1/sessions/{session_id}/close": Row(_PROCTOR_WRITE),
    "GET /api/v1/sessions/{session_id}/snapshot": Row(_PROCTOR_READ),
    "GET /api/v1/sessions/{session_id}/incidents": Row(_PROCTOR_READ),
    "POST /api/v1/sessions/{session_id}/messages": Row(_PROCTOR_WRITE, json={"text": "Hello"}),
    # Personal invites.
    "GET /api/v1/sessions/{session_id}/invites": Row(_PROCTOR_READ),
    "POST /api/v1/sessions/{session_id}/invites": Row(_PROCTOR_WRITE, image=True),
    "GET /api/v1/sessions/{session_id}/invites.csv": Row(_PROCTOR_READ),
    "POST /api/v1/sessions/{session_id}/invites/{invite_id}/revoke": Row(_PROCTOR_WRITE),
    "POST /api/v1/sessions/{session_id}/invites/{invite_id}/reissue": Row(_PROCTOR_WRITE),
    "PUT /api/v1/sessions/{session_id}/admission": Row(
        _PROCTOR_WRITE, json={"invited_only": False}
    ),
    # Live video. The provider's signature is the permission; builtin has no webhooks.
    "GET /api/v1/media": Row(_PROCTOR_READ),
    "POST /api/v1/sessions/{session_id}/media": Row(_PROCTOR_WRITE, json={"page": "page-0001"}),
    "POST /api/v1/candidates/me/media": Row(_CANDIDATE),
    "POST /api/v1/meetings/{provider}/webhook": Row((404,) * 5),
    # Candidates, as proctors see them.
    "POST /api/v1/candidates/{candidate_id}/messages": Row(_PROCTOR_WRITE, json={"text": "Hello"}),
    "POST /api/v1/candidates/{candidate_id}/check-in-decision": Row(
        _PROCTOR_WRITE, json={"decision": "approve"}
    ),
    "GET /api/v1/candidates/{candidate_id}/reference-photo": Row(_PROCTOR_READ),
    "GET /api/v1/candidates/{candidate_id}/still": Row(_PROCTOR_READ),
    "GET /api/v1/candidates/{candidate_id}/observations": Row(_PROCTOR_READ),
    "POST /api/v1/candidates/{candidate_id}/acts": Row(_PROCTOR_WRITE, json=_PAUSE),
    "PUT /api/v1/candidates/{candidate_id}/accommodations": Row(
        _PROCTOR_WRITE, json={"breaks": 1, "break_minutes": 5}
    ),
    # Incidents.
    "GET /api/v1/precision": Row(_PROCTOR_READ),
    "POST /api/v1/incidents/{incident_id}/decisions": Row(_PROCTOR_WRITE, json=_DECISION),
    "DELETE /api/v1/incidents/{incident_id}/decisions/latest": Row(_PROCTOR_WRITE),
    "GET /api/v1/evidence/{evidence_id}": Row(_PROCTOR_READ),
    # What is kept, given out and deleted.
    "GET /api/v1/sessions/{session_id}/holds": Row(_PROCTOR_READ),
    "POST /api/v1/sessions/{session_id}/holds": Row(_PROCTOR_WRITE, json={"reason": "Case 7"}),
    "DELETE /api/v1/holds/{hold_id}": Row(_PROCTOR_WRITE),
    "GET /api/v1/candidates/{candidate_id}/export": Row(_PROCTOR_READ),
    "DELETE /api/v1/candidates/{candidate_id}": Row(_PROCTOR_WRITE),
    # The candidate's own incidents: for each caller there are none, as the exam is not over.
    "GET /api/v1/candidates/me/incidents": Row(_CANDIDATE),
    "GET /api/v1/candidates/me/incidents/{incident_id}/evidence/{evidence_id}": Row(_OWN),
    "POST /api/v1/candidates/me/incidents/{incident_id}/answer": Row(_OWN, json={"text": "No."}),
    # The candidate's own: the token says who it is, so another candidate acts for itself.
    "GET /api/v1/join/{code}": Row(_PUBLIC),
    "POST /api/v1/join/{code}": Row(_PUBLIC, json=_CONSENT),
    "GET /api/v1/candidates/me": Row(_CANDIDATE),
    "PUT /api/v1/candidates/me/reference-photo": Row(_CANDIDATE, image=True),
    "POST /api/v1/candidates/me/check-in-frames": Row(_CANDIDATE, image=True),
    "POST /api/v1/candidates/me/frames": Row(_CANDIDATE, image=True),
    "POST /api/v1/candidates/me/frame-windows": Row(_CANDIDATE),
    "POST /api/v1/candidates/me/ask-proctor": Row(_CANDIDATE, json={}),
    "POST /api/v1/candidates/me/enter": Row(_CANDIDATE),
    "POST /api/v1/candidates/me/leave": Row(_CANDIDATE),
    "POST /api/v1/candidates/me/stop-comparing": Row(_CANDIDATE),
    "POST /api/v1/candidates/me/messages": Row(_CANDIDATE, json={"text": "Hello"}),
    "POST /api/v1/candidates/me/tickets": Row(_CANDIDATE, json={"tab": "tab-0001"}),
    # The classic API. Making meetings is open, as published; the lists need the admin id.
    "POST /meetings": Row(_PUBLIC, json={"title": "Biology"}),
    "POST /meetings/{meeting_id}/participants": Row(_PUBLIC, json=_NAME),
    "POST /is_admin": Row(_PUBLIC, json=_LIST),
    "POST /upload_photo": Row(_PARTICIPANT, json=_IMAGE_JSON),
    "POST /same_faces": Row(_PARTICIPANT, json=_IMAGE_JSON),
    "POST /detect_faces": Row(_PARTICIPANT, json=_IMAGE_JSON),
    "POST /suspicious_list": Row((401,) * 5, json=_LIST),
    "POST /multiple_faces_list": Row((401,) * 5, json=_LIST),
    # The signature in the address is the permission.
    "GET /evidence/{evidence_id}": Row((404,) * 5),
}
