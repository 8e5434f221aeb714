"""Errors that carry their own status and words.

Each error says what happened in plain words and what to do next. One handler at the edge renders
them (`invigil.api.errors`), so that a room never needs to know HTTP beyond the number.
"""

from __future__ import annotations

from collections.abc import Mapping


class InvigilError(Exception):
    """Base of every error that a person or a client may see."""

    status = 500
    code = "internal_error"
    message = "Something went wrong on the server."
    fix = "Try again. If it happens again, tell the exam office."
    retry_after_s: int | None = None
    fields: Mapping[str, str] = {}
    """For forms: what is wrong with which field, as a sentence."""

    def __init__(
        self,
        message: str | None = None,
        *,
        fix: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        if message is not None:
            self.message = message
        if fix is not None:
            self.fix = fix
        if fields is not None:
            self.fields = fields
        super().__init__(self.message)


class NotFound(InvigilError):
    """Unknown and forbidden look the same, so that ids cannot be probed."""

    status = 404
    code = "not_found"
    message = "There is nothing here for you."
    fix = "Check the address, or sign in again."


class NotSignedIn(InvigilError):
    status = 401
    code = "not_signed_in"
    message = "You are not signed in."
    fix = "Open the sign-in link that the server printed, or join by your exam link again."


class ForeignOrigin(InvigilError):
    status = 403
    code = "foreign_origin"
    message = "This request came from another site."
    fix = "Open Invigil at its own address. Behind a proxy, set INVIGIL_PUBLIC_URL."


class InvalidRequest(InvigilError):
    status = 422
    code = "invalid_request"
    message = "The request has a wrong or missing field."
    fix = "Correct the field that is named and send it again."


class ConsentRequired(InvalidRequest):
    code = "consent_required"
    message = "You cannot join without accepting what is watched and kept."
    fix = "Read the text and accept it, or speak to the exam office about another way."


class IllegalTransition(InvigilError):
    status = 409
    code = "illegal_transition"
    message = "That is not possible in the present state."
    fix = "Reload the page to see the present state."


class ConsentOutdated(IllegalTransition):
    code = "consent_outdated"
    message = "The text about what is watched has changed."
    fix = "Reload the page, read it again and accept it."


class NotInRoom(IllegalTransition):
    code = "not_in_room"
    message = "Monitoring has not started for you, or is over."
    fix = "Finish the check-in first."


class Paused(NotInRoom):
    code = "paused"
    message = "A proctor has paused monitoring for you. Nothing is recorded or counted meanwhile."
    fix = "Leave this page open; it goes on by itself."


class Removed(InvigilError):
    status = 403
    code = "removed"
    message = "A proctor has taken you out of the exam room."
    fix = "The reason is on your exam page. Ask the exam office whether you can come back in."


class CandidateFinished(IllegalTransition):
    code = "candidate_finished"
    message = "This candidate has finished: messages no longer arrive."
    fix = "Reach the candidate in another way, such as by the exam office."


class CandidateRemoved(IllegalTransition):
    code = "candidate_removed"
    message = "This candidate is out of the room: messages do not arrive."
    fix = "Let the candidate in again and write then, or write by the exam office."


class AlreadyDone(IllegalTransition):
    code = "already_done"
    message = "Somebody else has done that already."
    fix = "Reload the page to see who did what."


class NeedsAnotherPerson(IllegalTransition):
    code = "needs_another_person"
    message = "You have proposed this already. In this session a second person has to agree."
    fix = "Ask a colleague to look at the incident, or take your proposal back."


class AnswerRefused(IllegalTransition):
    code = "answer_refused"
    message = "This incident cannot be answered any more."
    fix = "If you have more to say, write to your exam office."


class TakenOver(IllegalTransition):
    code = "taken_over"
    message = "This exam is open in another tab."
    fix = "Go on in the other tab, or choose to continue here."


class FrameNotNumbered(IllegalTransition):
    """Also for a window that is over: the page asks for a new one and goes on."""

    code = "frame_not_numbered"
    message = "This picture does not carry a number that is valid now."
    fix = "Reload the page. Nothing is counted against you."


class FrameReplayed(IllegalTransition):
    code = "frame_replayed"
    message = "A picture with this number was sent before."
    fix = "Reload the page, and go on with your camera."


class NothingToUndo(IllegalTransition):
    code = "nothing_to_undo"
    message = "There is no decision to undo."


class NotYourDecision(IllegalTransition):
    code = "not_your_decision"
    message = "This is somebody else's decision. In this session only they can take it back."
    fix = "Ask them to, if you see it differently."


class OnHold(IllegalTransition):
    code = "on_hold"
    message = "This is kept on a legal hold, so that nothing of it can be deleted."
    fix = "Ask whoever set the hold. Once it is released, try again."


class StillInRoom(IllegalTransition):
    code = "still_in_room"
    message = "This candidate is in the exam room."
    fix = "Wait until the candidate has left, or close the session; then try again."


class SessionClosed(InvigilError):
    status = 410
    code = "session_closed"
    message = "This exam session is closed."
    fix = "If you think that is a mistake, contact your exam office."


class JoinLinkUnknown(NotFound):
    code = "join_link_unknown"
    message = "This exam link is not known here."
    fix = "Copy the whole link from your invitation. If it still fails, ask your exam office."


class InvitedOnly(InvigilError):
    status = 403
    code = "invited_only"
    message = "Only people with a personal invitation can join this exam."
    fix = "Open the link that was sent to you alone. If you have none, ask your exam office."


class RosterRefused(InvalidRequest):
    """A list of candidates with lines that cannot be read; the message names each."""

    code = "roster_refused"
    fix = "Correct these lines and import the file again. Nothing of it was imported."


class TooManyRequests(InvigilError):
    status = 429
    code = "too_many_requests"
    message = "Too many requests in a short time."
    fix = "Wait a little and try again."
    retry_after_s = 10


class StorageFull(InvigilError):
    """The disk or database is full. The exam goes on; nothing is blamed on the candidate."""

    status = 503
    code = "storage_full"
    message = "The server cannot save right now."
    fix = "Keep working. This is a technical problem on our side and is not counted against you."
    retry_after_s = 10


class Unavailable(InvigilError):
    status = 503
    code = "unavailable"
    message = "The server cannot look at this right now."
    fix = "Keep working. This is a technical problem on our side and is not counted against you."
    retry_after_s = 5


class StorageMisconfigured(InvigilError):
    """For whoever runs the server: what of the database or its settings is wrong."""

    status = 503
    code = "storage_misconfigured"
    message = "The database cannot be used as it is set up."
    fix = "Check INVIGIL_DATABASE_URL."


class KeyMisconfigured(InvigilError):
    """For whoever runs the server: a key of the installation that cannot be one."""

    status = 503
    code = "key_misconfigured"
    message = "The master key of this installation cannot be used."
    fix = (
        "Restore master.key from its copy, or set INVIGIL_MASTER_KEY to 32 random bytes in Base64 "
        "(`openssl rand -base64 32`)."
    )


class CannotOpen(InvigilError):
    """Base of the reasons why something encrypted cannot be read, or nothing more be encrypted."""

    status = 503


class KeyMissing(CannotOpen):
    """What is asked for was encrypted under a master key that is not here, or not any more."""

    code = "key_missing"
    message = "This was encrypted with a key that this server does not have."
    fix = "Tell whoever runs the server: master.key has to be restored from its copy."


class SealBroken(CannotOpen):
    """An encrypted object that was altered, cut off, or put in the place of another."""

    code = "seal_broken"
    message = "This was changed after it was stored, so it is not shown."
    fix = "Tell whoever runs the server: the stored files were altered."


class MaintenanceRefused(InvigilError):
    """For whoever runs the server: a backup, a restore or a move that was not done, and why."""

    status = 409
    code = "maintenance_refused"


# Live video ---------------------------------------------------------------------------------


class MediaUnavailable(InvigilError):
    """Base of all that a provider of live video can refuse. Everything else of the exam goes on."""

    status = 503
    code = "media_unavailable"
    message = "The live-video server cannot be reached right now."
    fix = "Pictures, incidents and messages go on. Live video comes back by itself."
    retry_after_s: int | None = 3


class MediaRateLimited(MediaUnavailable):
    code = "media_rate_limited"
    message = "The live-video service takes no more requests at the moment."

    def __init__(self, retry_after_s: int = 10) -> None:
        self.retry_after_s = retry_after_s
        super().__init__()


class MediaNotFound(MediaUnavailable):
    """What the provider was asked about does not exist there (any more)."""

    code = "media_not_found"
    message = "The live-video room is not there any more."


class MediaConfigError(MediaUnavailable):
    """For whoever runs the server: a setting of live video is wrong or missing."""

    code = "media_misconfigured"
    message = "Live video is not set up correctly on this server."
    fix = "Pictures, incidents and messages go on. Whoever runs the server must check its settings."
    retry_after_s: int | None = 30


class MediaAuthError(MediaConfigError):
    """The provider refuses our credentials, or somebody else speaks in the provider's name."""

    code = "media_refused"
    message = "The live-video service refuses the credentials of this server."


class WebhookRefused(MediaAuthError):
    status = 401
    code = "webhook_refused"
    message = "This call is not signed by the live-video service."
    fix = "Check that the service and Invigil share one key and secret."
    retry_after_s = None


# Images -------------------------------------------------------------------------------------


class ImageRefused(InvigilError):
    """Base of every reason not to accept the bytes as a picture."""

    status = 422
    code = "image_broken"
    message = "This picture is broken or cut off."
    fix = "Take or choose another picture (JPEG, PNG or WebP)."


class ImageBroken(ImageRefused):
    pass


class ImageTooLarge(ImageRefused):
    status = 413
    code = "image_too_large"
    message = "This picture file is too large."
    fix = "Send a picture of at most 5 MB."


class UnsupportedImage(ImageRefused):
    status = 415
    code = "unsupported_image"
    message = "This is not a JPEG, PNG or WebP picture."
    fix = "Choose a JPEG, PNG or WebP picture."


class ImageAnimated(ImageRefused):
    code = "image_animated"
    message = "This picture is animated."
    fix = "Choose a still picture."


class ImageTooManyPixels(ImageRefused):
    code = "image_too_many_pixels"
    message = "This picture has too many pixels."
    fix = "Choose a JPEG of at most 40 megapixels."


class ReferenceRefused(InvigilError):
    """A picture that was read, but cannot serve as the reference photo."""

    status = 422
    code = "reference_refused"
    message = "This picture cannot be used as your reference photo."
    fix = "Take another one, or send it to the proctor anyway."

    def __init__(self, code: str, message: str, fix: str) -> None:
        self.code = code
        super().__init__(message, fix=fix)
