"""Somebody about whom there is something in every table."""

from __future__ import annotations

from invigil.domain.acts import ActKind, CandidateAct
from invigil.domain.candidate import CandidateState
from invigil.domain.incident import Answer, Gap, GapCause
from invigil.domain.invite import Invite, InviteLink
from invigil.domain.observation import Identity
from invigil.domain.secrets import hash_token, new_id
from invigil.domain.tap import TapLook
from invigil.storage.database.repositories.media import StoredMediaEvent, StoredRoom
from tests.support.house import Candidate, Json, Proctor, Running, read

NAME = "Zyxwvut Canarybird"
WORDS = "canary-in-a-text-4711"


async def well_known(house: Running, proctor: Proctor, session: Json) -> Candidate:
    """A candidate in the room with rows in all tables that are about candidates.

    `NAME` and `WORDS` are nowhere else.
    """
    who = await house.enter(session, NAME, b"me")
    await who.frame(b"me")
    await who.post("messages", {"text": WORDS})
    await who.film(b"two", 3)
    await who.film(b"me", 20)
    (incident, *_) = await proctor.incidents(session)
    await proctor.decide(incident, "confirmed", WORDS)
    now = house.clock()
    async with house.database.begin() as work:
        await work.tap.add(who.id, TapLook(new_id(), now, 0.5))
        await work.templates.add_check_in_frame(new_id(), who.id, now, Identity.MATCH)
        await work.media.add_room(StoredRoom(session["id"], who.id, "livekit", who.id), now)
        told = StoredMediaEvent("livekit", new_id(), session["id"], who.id, "joined", None, now)
        await work.media.add_event(told)
        await work.incidents.add_gap(
            Gap(new_id(), session["id"], who.id, now, now, GapCause.CONNECTION)
        )
        invite = Invite(new_id(), session["id"], NAME, f"{WORDS}@example.org", None, now)
        link = InviteLink(hash_token(new_id()), invite.id, now)
        await work.roster.add([invite], [link])
        await work.roster.use(link.token_hash, who.id, now)
        await work.decisions.add_answer(incident["id"], Answer(WORDS, now))
        await work.acts.add(
            CandidateAct(
                id=new_id(),
                session_id=session["id"],
                candidate_id=who.id,
                kind=ActKind.PAUSE,
                reason=WORDS,
                by="Proctor",
                by_id=new_id(),
                at=now,
                before=CandidateState.IN_ROOM,
                after=CandidateState.PAUSED,
                command=None,
            )
        )
    read(await who.post("tickets", {"tab": "tab-0001"}))
    held = await hold(proctor, session, who.id, WORDS)
    await release(proctor, held)
    return who


async def hold(
    proctor: Proctor, session: Json, candidate_id: str | None = None, reason: str = "Case 7"
) -> Json:
    body = {"reason": reason, "candidate_id": candidate_id}
    return read(
        await proctor.client.post(f"/api/v1/sessions/{session['id']}/holds", json=body), 201
    )


async def release(proctor: Proctor, held: Json) -> None:
    read(await proctor.client.delete(f"/api/v1/holds/{held['id']}"))
