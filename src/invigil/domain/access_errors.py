"""What can go wrong for whoever wants to come in: accounts, invitations of proctors."""

from __future__ import annotations

from invigil.domain.errors import InvigilError


class SignInLinkUnknown(InvigilError):
    """Also for a link that is too old: those are forgotten."""

    status = 401
    code = "sign_in_link_unknown"
    message = "This sign-in link does not work: it is too old, or was not copied whole."
    fix = "Check that the whole link was copied, or run `invigil sign-in-link` on the server."


class SignInLinkUsed(SignInLinkUnknown):
    code = "sign_in_link_used"
    message = "This sign-in link was used already."
    fix = "Run `invigil sign-in-link` on the server to get a new one."


class WrongPassword(InvigilError):
    """The same for an unknown name as for a wrong password."""

    status = 401
    code = "wrong_password"
    message = "This name and password do not belong together."
    fix = "Check both. Whoever runs the server can set a new password, or print a sign-in link."


class OidcRefused(InvigilError):
    status = 401
    code = "oidc_refused"
    message = "Signing in with your account there did not work."
    fix = "Try again. If it fails again, tell whoever runs the server."


class OidcNotAllowed(InvigilError):
    status = 403
    code = "oidc_not_allowed"
    message = "Your account is known, but not as that of an organiser of exams here."
    fix = "Ask whoever runs the server to let your address or group in."


class OidcUnavailable(InvigilError):
    status = 503
    code = "oidc_unavailable"
    message = "The server that knows the accounts cannot be reached right now."
    fix = "Try again in a moment, or sign in by a link of the server."
    retry_after_s = 10


class AccountMisconfigured(InvigilError):
    """For whoever runs the server: an account or token that cannot be as it was asked for."""

    status = 409
    code = "account_misconfigured"
    fix = "Choose another one and run the command again."


class ProctorInviteUsed(InvigilError):
    status = 401
    code = "proctor_invite_used"
    message = "This invitation was used already, has expired or was taken back."
    fix = "Ask whoever sent it for a new one."


class AlreadySignedIn(InvigilError):
    status = 409
    code = "already_signed_in"
    message = "You are signed in as an organiser, who sees every session without an invitation."
    fix = "Open the link in the browser of the person whom it is for."
