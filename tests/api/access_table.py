"""Who may do what: a row for every route of the OpenAPI document, and for every letter of a page.

"ok" is any answer but a refusal of the caller; the numbers are the refusals. A proctor of another
session gets what an unknown id gets: 404, with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CALLERS = (
    "nobody",
    "expired",  # a log-in that was good once
    "candidate",  # whom the route is about
    "neighbour",  # another candidate of the same session
    "stranger",  # a candidate of another session
    "proctor",  # invited to the session
    "other proctor",  # invited to another one
    "organiser",
    "foreign page",  # the organiser's browser on a page of another site
    "token",  # a program with every scope
)

Answer = int | str

_ALL = len(CALLERS)
_NOT_STAFF = (401,) * 5
_STAFF_READ = (*_NOT_STAFF, "ok", 404, "ok", "ok", "ok")
# Not for programs.
_PEOPLE_WRITE = (*_NOT_STAFF, "ok", 404, "ok", 403, 404)
_STAFF_WRITE = (*_NOT_STAFF, "ok", 404, "ok", 403, "ok")
# About the installation or oneself, so that there is no other session.
_ANY_READ = (*_NOT_STAFF, "ok", "ok", "ok", "ok", "ok")
_SELF_READ = (*_NOT_STAFF, "ok", "ok", "ok", "ok", 404)
_SELF_WRITE = (*_NOT_STAFF, "ok", "ok", "ok", 403, 404)
_ORGANISER_READ = (*_NOT_STAFF, 404, 404, "ok", "ok", 404)
_ORGANISER_WRITE = (*_NOT_STAFF, 404, 404, "ok", 403, 404)
_ORGANISER_OR_TOKEN = (*_NOT_STAFF, 404, 404, "ok", 403, "ok")
_CANDIDATE = (401, 401, "ok", "ok", "ok", 401, 401, 401, 401, 401)
# What a candidate's token opens, if it is about that candidate and time to be seen.
_OWN = (401, 401, 404, 404, 404, 401, 401, 401, 401, 401)
_PUBLIC: tuple[Answer, ...] = ("ok",) * _ALL
# For a link that nobody made; and never for a page of another site, nor for what is none of ours.
_LINK = (403, 401, 403, 403, 403, 401, 401, 401, 403, 403)
# The classic image routes act for participants of the classic API, and for nobody else.
_NO_PARTICIPANT = _OWN


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
    "GET /metrics": Row((401,) * _ALL),
    "GET /api/v1/system": Row(_ANY_READ),
    # Signing in. The link itself is the secret; a foreign page may not use it.
    "POST /api/v1/sign-in": Row(_LINK, json={"token": "guess"}),
    "POST /api/v1/sign-in/password": Row(
        _LINK, json={"name": "Olga", "password": "a guess that is long"}
    ),
    "GET /api/v1/sign-in/ways": Row(_PUBLIC),
    # Not set up here.
    "GET /api/v1/sign-in/oidc": Row((404,) * _ALL),
    "GET /api/v1/sign-in/oidc/callback": Row((404,) * _ALL),
    "POST /api/v1/sign-out": Row(_SELF_WRITE),
    "GET /api/v1/me": Row(_SELF_READ),
    "POST /api/v1/tickets": Row(_PEOPLE_WRITE, json={"session_id": "{session}"}),
    # Sessions.
    "GET /api/v1/sessions": Row(_ANY_READ),
    "POST /api/v1/sessions": Row(_ORGANISER_OR_TOKEN, json={"title": "Biology"}),
    "GET /api/v1/sessions/{session_id}": Row(_STAFF_READ),
    "POST /api/v1/sessions/{session_id}/close": Row(_ORGANISER_OR_TOKEN),
    "GET /api/v1/sessions/{session_id}/snapshot": Row(_STAFF_READ),
    "GET /api/v1/sessions/{session_id}/incidents": Row(_STAFF_READ),
    "GET /api/v1/sessions/{session_id}/messages": Row(_STAFF_READ),
    "POST /api/v1/sessions/{session_id}/messages": Row(_PEOPLE_WRITE, json={"text": "Hello"}),
    # Who watches.
    "GET /api/v1/sessions/{session_id}/proctors": Row(_ORGANISER_READ),
    "POST /api/v1/sessions/{session_id}/proctors": Row(_ORGANISER_WRITE, json={"name": "Petra"}),
    "DELETE /api/v1/sessions/{session_id}/proctors/{proctor_invite_id}": Row(_ORGANISER_WRITE),
    "POST /api/v1/proctor-invites/show": Row((401,) * _ALL, json={"token": "guess"}),
    "POST /api/v1/proctor-invites/accept": Row(_LINK, json={"token": "guess"}),
    # Personal invites of candidates.
    "GET /api/v1/sessions/{session_id}/invites": Row(_STAFF_READ),
    "POST /api/v1/sessions/{session_id}/invites": Row(_ORGANISER_OR_TOKEN, image=True),
    "GET /api/v1/sessions/{session_id}/invites.csv": Row(_STAFF_READ),
    "POST /api/v1/sessions/{session_id}/invites/{invite_id}/revoke": Row(_STAFF_WRITE),
    "POST /api/v1/sessions/{session_id}/invites/{invite_id}/reissue": Row(_STAFF_WRITE),
    "PUT /api/v1/sessions/{session_id}/admission": Row(_STAFF_WRITE, json={"invited_only": False}),
    # Live video. The provider's signature is the permission; builtin has no webhooks.
    "GET /api/v1/media": Row(_ANY_READ),
    "POST /api/v1/sessions/{session_id}/media": Row(_PEOPLE_WRITE, json={"page": "page-0001"}),
    "POST /api/v1/candidates/me/media": Row(_CANDIDATE),
    "POST /api/v1/meetings/{provider}/webhook": Row((404,) * _ALL),
    # Candidates, as proctors see them.
    "POST /api/v1/candidates/{candidate_id}/messages": Row(_PEOPLE_WRITE, json={"text": "Hello"}),
    "POST /api/v1/candidates/{candidate_id}/check-in-decision": Row(
        _PEOPLE_WRITE, json={"decision": "approve"}
    ),
    "GET /api/v1/candidates/{candidate_id}/reference-photo": Row(_STAFF_READ),
    "GET /api/v1/candidates/{candidate_id}/still": Row(_STAFF_READ),
    "GET /api/v1/candidates/{candidate_id}/observations": Row(_STAFF_READ),
    "POST /api/v1/candidates/{candidate_id}/acts": Row(_PEOPLE_WRITE, json=_PAUSE),
    "PUT /api/v1/candidates/{candidate_id}/accommodations": Row(
        _PEOPLE_WRITE, json={"breaks": 1, "break_minutes": 5}
    ),
    # Incidents.
    "GET /api/v1/precision": Row(_ANY_READ),
    "POST /api/v1/incidents/{incident_id}/decisions": Row(_STAFF_WRITE, json=_DECISION),
    "DELETE /api/v1/incidents/{incident_id}/decisions/latest": Row(_STAFF_WRITE),
    "GET /api/v1/evidence/{evidence_id}": Row(_STAFF_READ),
    # What is kept, given out and deleted.
    "GET /api/v1/sessions/{session_id}/holds": Row(_ORGANISER_READ),
    "POST /api/v1/sessions/{session_id}/holds": Row(_ORGANISER_WRITE, json={"reason": "Case 7"}),
    "DELETE /api/v1/holds/{hold_id}": Row(_ORGANISER_WRITE),
    "GET /api/v1/candidates/{candidate_id}/export": Row(_ORGANISER_READ),
    "DELETE /api/v1/candidates/{candidate_id}": Row(_ORGANISER_WRITE),
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
    # The classic API. Making meetings is open, as published; the lists need the admin id. The
    # session of this table is none of its meetings.
    "POST /meetings": Row(_PUBLIC, json={"title": "Biology"}),
    "POST /meetings/{meeting_id}/participants": Row((404,) * _ALL, json=_NAME),
    "POST /is_admin": Row(_PUBLIC, json=_LIST),
    "POST /upload_photo": Row(_NO_PARTICIPANT, json=_IMAGE_JSON),
    "POST /same_faces": Row(_NO_PARTICIPANT, json=_IMAGE_JSON),
    "POST /detect_faces": Row(_NO_PARTICIPANT, json=_IMAGE_JSON),
    "POST /suspicious_list": Row((401,) * _ALL, json=_LIST),
    "POST /multiple_faces_list": Row((401,) * _ALL, json=_LIST),
    # The signature in the address is the permission.
    "GET /evidence/{evidence_id}": Row((404,) * _ALL),
}


# Letters of pages on the live socket, and what each does to the candidate: "reaches" it (a signal
# arrives, its camera is noted, the ping is answered), is "ignored", or there is "no socket".
_NO_SOCKET = ("no socket", "no socket")
LETTERS: dict[str, tuple[str, ...]] = {
    "ping": (*_NO_SOCKET, *("reaches",) * 6),
    "signal": (*_NO_SOCKET, "ignored", "ignored", "ignored", "reaches", "ignored", "reaches"),
    "camera": (*_NO_SOCKET, "reaches", "ignored", "ignored", "ignored", "ignored", "ignored"),
}
"""By the letter's type, for the first eight callers: programs get no socket."""
