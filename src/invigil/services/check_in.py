"""From the join link to the exam room, and out of it.

Verification is in two steps: live frames are compared with the reference photo once; the exam is
compared with a template made from those live frames. Whatever the comparison cannot settle goes to
a human, and nobody is locked out by a detector.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from invigil.clock import Clock
from invigil.domain.accommodations import NOTHING_ARRANGED
from invigil.domain.actor import Staff
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.candidate import (
    CameraClaim,
    Candidate,
    CandidateState,
    Consent,
    Matching,
    WaitingReason,
)
from invigil.domain.consent import PLAIN, Installation, consent_version
from invigil.domain.errors import (
    ConsentOutdated,
    ConsentRequired,
    IllegalTransition,
    InvigilError,
    InvitedOnly,
    NotFound,
    Removed,
    SessionClosed,
    TakenOver,
    Unavailable,
)
from invigil.domain.incident import Evidence
from invigil.domain.invite import Invite
from invigil.domain.invite_errors import InviteSpent
from invigil.domain.message import Event, EventKind
from invigil.domain.observation import Identity, Observation, Template, TemplateKind
from invigil.domain.secrets import hash_token, new_id, new_token
from invigil.domain.session import ExamSession
from invigil.services.candidates import load, load_open, save
from invigil.services.check_in_steps import (
    NEEDED_FRAMES,
    Progress,
    chosen,
    consent_act,
    decided,
    extend_session_template,
    require_live_frames,
    require_usable_reference,
)
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner
from invigil.storage.incident_log import IncidentLog, close_all, end_gaps
from invigil.storage.opened_templates import OpenedTemplates
from invigil.storage.stills import Stills
from invigil.vision.look import Analysis


@dataclass(frozen=True, slots=True)
class Personal:
    """By which invite somebody comes, and the hash of its link's token."""

    invite: Invite
    link_hash: str


class CheckIn:
    def __init__(
        self, database: Database, store: EvidenceStore, analysis: Analysis, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._analysis = analysis
        self._clock = clock
        self._incidents = IncidentLog(store)
        self._stills = Stills(database, store)
        self._templates = OpenedTemplates()

    async def join(
        self,
        session: ExamSession,
        name: str,
        text_version: str,
        *,
        accepted: bool,
        compare_face: bool = False,
        installation: Installation = PLAIN,
        personal: Personal | None = None,
    ) -> tuple[Candidate, str]:
        """Record the consent and make the candidate. Gives the candidate and its token.

        `compare_face`: the choice made with the consent; whoever says nothing is not compared.
        `personal`: the invite that is used up by this. Raises `InviteSpent` when it was.
        """
        if not accepted:
            raise ConsentRequired
        if text_version != consent_version(session, installation):
            raise ConsentOutdated
        matching = chosen(session, compare_face=compare_face)
        return await self.add(session, name, text_version, matching=matching, personal=personal)

    async def add(
        self,
        session: ExamSession,
        name: str,
        text_version: str | None = None,
        *,
        monitored: bool = True,
        matching: Matching = Matching.ELSEWHERE,
        personal: Personal | None = None,
    ) -> tuple[Candidate, str]:
        """`text_version` None and not `monitored`: for the classic API, whose clients show a
        text of their own."""
        now, token = self._clock(), new_token()
        arranged = personal.invite.accommodations if personal else NOTHING_ARRANGED
        candidate = Candidate(
            id=new_id(),
            session_id=session.id,
            name=name,
            state=CandidateState.JOINED,
            joined_at=now,
            token_hash=hash_token(token),
            consent=None if text_version is None else Consent(text_version, now),
            monitored=monitored,
            matching=matching,
            matching_at=now,
            accommodations=arranged,
        )
        interval = candidate.policy(session).sampling
        candidate = replace(candidate, next_frame_ms=int(interval.total_seconds() * 1000))

        async def record(work: UnitOfWork) -> None:
            current = await work.sessions.get(session.id)
            if current is None or current.closed:
                raise SessionClosed
            if current.invited_only and personal is None:
                raise InvitedOnly
            await work.candidates.add(candidate)
            await work.keys.add(session.id, candidate.id)
            if personal and not await work.roster.use(personal.link_hash, candidate.id, now):
                raise InviteSpent
            if text_version is not None:
                invite_id = personal.invite.id if personal else None
                work.audit.note(consent_act(candidate, text_version, invite_id))
            work.events.note(Event(session.id, EventKind.CANDIDATE_CHANGED, candidate.id, now))

        # A whole year joins in the same minute.
        await self._database.write(record)
        return candidate, token

    async def get(self, candidate_id: str) -> tuple[Candidate, ExamSession]:
        return await self._database.fetch(lambda work: load(work, candidate_id))

    async def seen_by_itself(self, candidate_id: str) -> tuple[Candidate, ExamSession, bool]:
        """With whether there are features of the face to compare with."""

        async def see(work: UnitOfWork) -> tuple[Candidate, ExamSession, bool]:
            return *await load(work, candidate_id), await work.templates.exist(candidate_id)

        return await self._database.fetch(see)

    async def set_reference_photo(
        self, candidate_id: str, image: bytes, *, name: str | None = None
    ) -> Candidate:
        """Keep the reference photo, its template where the face may be compared, and `name` where
        one comes with it.

        Raises `ReferenceRefused` with the reason when it does not show exactly one usable face.
        """
        looked = await self._analysis.look(image, photo=True)
        require_usable_reference(looked.observation)
        now = self._clock()
        async with self._database.read() as work:
            candidate, _ = await load_open(work, candidate_id)
        template = None
        if candidate.compared:
            template = await self._analysis.make_template(TemplateKind.REFERENCE, [image])
        owner = Owner(candidate.session_id, candidate.id)
        photo = await self._store.put(new_id(), owner, looked.jpeg, now)
        try:
            return await self._note_reference(photo, template, name)
        except Unavailable:
            # Nobody knows whether it was committed: a row may point at the photo.
            raise
        except InvigilError:
            await self._store.delete(photo.key)
            raise

    async def _note_reference(
        self, photo: Evidence, template: Template | None, name: str | None
    ) -> Candidate:
        now, candidate_id = self._clock(), photo.candidate_id
        async with self._database.begin() as work:
            candidate, _ = await load_open(work, candidate_id)
            candidate.require_transition(CandidateState.CHECKING_IN)
            await work.evidence.add(photo)
            await work.templates.delete(candidate_id)
            await work.templates.clear_check_in(candidate_id)
            # Asked once more: the choice may have been withdrawn meanwhile.
            if template is not None and candidate.compared:
                await work.templates.put(candidate_id, template)
            changed = replace(
                candidate,
                name=name or candidate.name,
                state=CandidateState.CHECKING_IN,
                reference_photo_id=photo.id,
                waiting_reason=None,
                retake_reason=None,
            )
            await save(work, changed, now)
        return changed

    async def live_frame(self, candidate_id: str, image: bytes) -> Progress:
        """Compare one live frame with the reference photo; decide after `NEEDED_FRAMES`.

        Without a comparison the frames show that the picture is fit for a proctor's eye.
        """
        async with self._database.read() as work:
            candidate, _ = await load_open(work, candidate_id)
            require_live_frames(candidate)
            opened = await self._templates.of(work, candidate_id)
        reference = tuple(x for x in opened.templates if x.kind is TemplateKind.REFERENCE)
        looked = await self._analysis.look(image, reference)
        observed = looked.observation
        fresh = None
        checking = observed.usable and candidate.state is CandidateState.CHECKING_IN
        if checking and candidate.compared:
            fresh = await self._analysis.make_template(TemplateKind.SESSION, [image])
        progress = await self._note_live_frame(candidate, observed, fresh)
        await self._stills.keep(candidate, looked.jpeg, self._clock())
        return progress

    async def _note_live_frame(
        self, seen: Candidate, observed: Observation, fresh: Template | None
    ) -> Progress:
        """`seen`: the candidate with the photo that the frame was compared with."""
        now, candidate_id = self._clock(), seen.id
        async with self._database.begin() as work:
            candidate, _ = await load_open(work, candidate_id)
            require_live_frames(candidate)
            candidate = replace(candidate, has_still=True, last_frame_at=now)
            identity = observed.identity if candidate.compared else Identity.NOT_COMPARED
            counts = (
                observed.usable
                and candidate.state is CandidateState.CHECKING_IN
                and (fresh is not None or not candidate.compared)
                # With another photo since it says nothing about that one.
                and candidate.reference_photo_id == seen.reference_photo_id
            )
            outcomes = list(await work.templates.check_in_outcomes(candidate_id))
            if not counts or len(outcomes) >= NEEDED_FRAMES:
                await work.candidates.save(candidate)
                return Progress(candidate.state, len(outcomes), observed.unusable, now)
            await work.templates.add_check_in_frame(new_id(), candidate_id, now, identity)
            outcomes.append(identity)
            if fresh is not None and candidate.compared:
                await extend_session_template(work, candidate_id, fresh)
            if len(outcomes) == NEEDED_FRAMES:
                candidate = decided(candidate, outcomes)
                await save(work, candidate, now)
            else:
                await work.candidates.save(candidate)
        return Progress(candidate.state, len(outcomes), None, now)

    async def ask_proctor(self, candidate_id: str, note: str | None) -> Candidate:
        """The way out of every dead end: a human looks."""
        now = self._clock()
        async with self._database.begin() as work:
            candidate, _ = await load_open(work, candidate_id)
            candidate.require_transition(CandidateState.WAITING_FOR_PROCTOR)
            if candidate.state is CandidateState.WAITING_FOR_PROCTOR and candidate.note == note:
                return candidate
            reason = candidate.waiting_reason or WaitingReason.ASKED
            changed = replace(
                candidate,
                state=CandidateState.WAITING_FOR_PROCTOR,
                waiting_reason=reason,
                note=note,
            )
            await save(work, changed, now)
        return changed

    async def decide(
        self, proctor: Staff, candidate_id: str, *, approve: bool, reason: str | None
    ) -> Candidate:
        """A human's decision about a check-in: let in, or ask for a new photo."""
        now = self._clock()
        async with self._database.begin() as work:
            authorize(proctor, Operation.CHECK_IN_DECIDE, await work.candidates.get(candidate_id))
            candidate, _ = await load_open(work, candidate_id)
            to = CandidateState.APPROVED if approve else CandidateState.JOINED
            candidate.require_transition(to)
            if approve:
                await self._trust_live_frames(work, candidate)
            else:
                await work.templates.delete(candidate_id)
                await work.templates.clear_check_in(candidate_id)
            changed = replace(
                candidate,
                state=to,
                waiting_reason=None,
                retake_reason=None if approve else (reason or ""),
            )
            await save(work, changed, now)
            action = Action.CANDIDATE_APPROVED if approve else Action.PHOTO_RETAKE_ASKED
            work.audit.note(
                Act(action, actor_name(proctor), now, candidate.session_id, candidate_id)
            )
        return changed

    async def _trust_live_frames(self, work: UnitOfWork, candidate: Candidate) -> None:
        """After a human approval the reference photo is out: it may be the cause of the doubt."""
        outcomes = await work.templates.check_in_outcomes(candidate.id)
        if any(outcome is not Identity.MATCH for outcome in outcomes) or not outcomes:
            await work.templates.delete(candidate.id, TemplateKind.REFERENCE)

    async def enter(self, candidate_id: str) -> Candidate:
        """Into the room: from now on frames are expected. Being there already is fine."""
        now = self._clock()

        async def enter(work: UnitOfWork) -> Candidate:
            candidate, _ = await load_open(work, candidate_id)
            if candidate.state is CandidateState.IN_ROOM:
                return candidate
            if candidate.monitored and candidate.state is not CandidateState.APPROVED:
                raise IllegalTransition(fix="Finish the check-in first.")
            candidate.require_transition(CandidateState.IN_ROOM)
            changed = replace(
                candidate, state=CandidateState.IN_ROOM, entered_at=now, last_frame_at=None
            )
            # Who was out of the room for a while is back.
            await end_gaps(work, candidate, now, now)
            await save(work, changed, now)
            return changed

        return await self._database.write(enter)

    async def leave(self, candidate_id: str) -> Candidate:
        """The candidate is done. Templates and the newest still go at once."""
        now = self._clock()
        async with self._database.begin() as work:
            candidate, _ = await load(work, candidate_id)
            if candidate.state is CandidateState.FINISHED:
                return candidate
            candidate.require_transition(CandidateState.FINISHED)
            await close_all(self._incidents, work, candidate, now)
            await work.templates.delete(candidate_id)
            changed = replace(
                candidate,
                state=CandidateState.FINISHED,
                state_since=now,
                state_reason=None,
                has_still=False,
            )
            await save(work, changed, now)
        await self._store.delete_still(Owner(candidate.session_id, candidate_id))
        return changed

    async def take_tab(
        self, candidate_id: str, tab: str, *, force: bool, instead_of: str | None = None
    ) -> None:
        """Make `tab` the one that may send frames. The newest tab wins when `force`; with
        `instead_of` only where that one is in use, and not another device that it knows nothing of.
        """
        now = self._clock()
        async with self._database.begin() as work:
            candidate, _ = await load(work, candidate_id)
            if candidate.state is CandidateState.REMOVED:
                raise Removed
            if candidate.tab == tab:
                return
            refused = candidate.tab is not None and not force
            if refused or (instead_of is not None and candidate.tab != instead_of):
                raise TakenOver
            # Another page numbers its pictures anew.
            await work.candidates.save(replace(candidate, tab=tab, frame_window=None, frame_seq=0))
            work.events.note(
                Event(candidate.session_id, EventKind.TAKEN_OVER, tab, now, candidate_id)
            )

    async def claim_camera(self, candidate_id: str, claim: CameraClaim) -> None:
        """Note what the page says about its camera; shown to the proctor as the page's word."""
        now = self._clock()
        async with self._database.begin() as work:
            candidate = await work.candidates.get(candidate_id)
            if candidate is None:
                raise NotFound
            if candidate.camera is claim:
                return
            changed = replace(candidate, camera=claim, camera_claimed_at=now)
            await work.candidates.save(changed)
            work.events.note(
                Event(candidate.session_id, EventKind.CANDIDATE_CHANGED, candidate_id, now)
            )
