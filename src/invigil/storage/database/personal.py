"""Which rows of which tables are about a candidate.

Export, erasure and retention all go by this list. A test compares it with the schema, so that a
new table about candidates fails until it is in here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from invigil.storage.database import tables as t
from invigil.storage.database.tables_acts import candidate_act, incident_answer
from invigil.storage.database.tables_bundle import legal_hold
from invigil.storage.database.tables_roster import invite, invite_link

_NEVER_LEAVES = "features of the face, which could be used to rebuild it, never leave the server"
_KEY = "a key, which opens nothing outside this server"
_SCORE = "many scores could be used to rebuild the template; what they mean is in `identity`"
_NUMBERED = {
    "fingerprint": "bits without a meaning, kept to tell recordings from live cameras",
    "frame_digest": "the hash of a picture that was not kept",
}
_STAFF = "the name or the id of a person who works for the exam office"
_BY = {"by": _STAFF, "by_id": _STAFF}


@dataclass(frozen=True, slots=True)
class Personal:
    """A table with rows about candidates. `about`: those about the one with this id.

    `withheld`: columns that an export leaves out, and why. `goes_with`: the class of
    `DataClass` on whose day the rows go; None: never, as the audit log.
    """

    table: sa.Table
    about: Callable[[str], sa.ColumnElement[bool]]
    goes_with: str | None = "records"
    withheld: dict[str, str] = field(default_factory=dict)


def _by(table: sa.Table, column: str = "candidate_id") -> Callable[[str], sa.ColumnElement[bool]]:
    return lambda candidate_id: table.c[column] == candidate_id


def _of_incident(table: sa.Table) -> Callable[[str], sa.ColumnElement[bool]]:
    c = t.incident.c
    return lambda candidate_id: table.c.incident_id.in_(
        sa.select(c.id).where(c.candidate_id == candidate_id)
    )


def _of_invite(candidate_id: str) -> sa.ColumnElement[bool]:
    mine = sa.select(invite.c.id).where(invite.c.candidate_id == candidate_id)
    return invite_link.c.invite_id.in_(mine)


def _events(candidate_id: str) -> sa.ColumnElement[bool]:
    """The candidate's own, and those for proctors about something of the candidate's."""
    own = [
        sa.select(table.c.id).where(table.c.candidate_id == candidate_id)
        for table in (t.incident, t.gap, t.message)
    ]
    c = t.event.c
    return sa.or_(
        c.candidate_id == candidate_id, c.ref == candidate_id, *(c.ref.in_(each) for each in own)
    )


# Those whose condition looks into another table come before that table: erasure deletes in this
# order.
PERSONAL: tuple[Personal, ...] = (
    Personal(t.event, _events),
    Personal(
        t.review_decision, _of_incident(t.review_decision), withheld={"by": _STAFF, "by_id": _STAFF}
    ),
    Personal(incident_answer, _of_incident(incident_answer)),
    Personal(candidate_act, _by(candidate_act), withheld=_BY),
    Personal(t.incident_evidence, _of_incident(t.incident_evidence)),
    Personal(t.incident, _by(t.incident)),
    Personal(t.gap, _by(t.gap)),
    Personal(t.message, _by(t.message)),
    Personal(t.evidence, _by(t.evidence), "evidence"),
    Personal(t.template, _by(t.template), "templates", {"vectors": _NEVER_LEAVES}),
    Personal(t.check_in_frame, _by(t.check_in_frame), "observations"),
    Personal(
        t.observation, _by(t.observation), "observations", {"comparison_score": _SCORE} | _NUMBERED
    ),
    Personal(t.tap_look, _by(t.tap_look), "observations", {"similarity": _SCORE}),
    Personal(invite_link, _of_invite, withheld={"token_hash": _KEY}),
    Personal(invite, _by(invite)),
    Personal(t.media_room, _by(t.media_room)),
    Personal(t.media_event, _by(t.media_event, "identity")),
    Personal(t.ticket, _by(t.ticket, "actor_id"), withheld={"token_hash": _KEY}),
    Personal(legal_hold, _by(legal_hold), withheld={"set_by": _STAFF, "released_by": _STAFF}),
    Personal(t.candidate_key, _by(t.candidate_key), withheld={"wrapped": _KEY}),
    Personal(
        t.candidate, _by(t.candidate, "id"), withheld={"token_hash": _KEY, "frame_window": _KEY}
    ),
    Personal(t.audit_entry, _by(t.audit_entry), None, {"actor": _STAFF}),
)
"""All of them."""

ABOUT_NOBODY: dict[str, str] = {
    "exam_session": "the sitting itself",
    "sign_in_link": "proctors' links",
    "proctor_login": "proctors' log-ins",
    "proctor_invite": "invitations of proctors",
    "organiser_account": "organisers with a password",
    "api_token": "programs that call the API",
    "oidc_attempt": "sign-ins of organisers that are under way elsewhere",
    "server_run": "runs of the server",
    "sweep_mark": "when retention ran",
    "incident_tally": "how many incidents of a kind were deleted, and how they had been decided",
}
"""Tables without rows about a candidate, and what they are about."""
