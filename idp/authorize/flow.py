"""The dispatcher: what comes next for a request, decided from stored state alone (OIDC Core 3.1.2.3 and 3.1.2.4)."""

from dataclasses import dataclass
from enum import Enum, auto

from idp import completion
from idp.authorize.request import AuthorizationRequest
from idp.protocol.errors import OAuthError, unmet_authentication_requirements
from idp.services import Services
from idp.store.interactions import ALLOWED, DENIED, Interaction
from idp.store.sessions import BrowserSession


class Step(Enum):
    """What a request waits for."""

    SIGN_IN = auto()
    SECOND_FACTOR = auto()
    CONSENT = auto()
    ANSWER = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the user came within this request."""

    started_at: int
    authenticated: bool = False
    decision: str = ""


def progress_of(interaction: Interaction | None, now: int) -> Progress:
    """Return how far an interaction came; without one, the request has only just begun."""
    if interaction is None:
        return Progress(now)
    return Progress(interaction.created_at, interaction.authenticated_at is not None, interaction.decision)


def next_step(
    services: Services, request: AuthorizationRequest, session: BrowserSession | None, progress: Progress
) -> Step:
    """Return the next step.

    Raises:
        OAuthError: `access_denied` when the user said no, cannot be asked, or is made up for a sandbox that is not this
            app's; `login_required` when somebody else signed in than the client asked for (OIDC Core 3.1.2.1);
            `unmet_authentication_requirements` when they signed in by another way than it insists on (5.5.1.1);
            `login_required` or `consent_required` when the client asked for no page (`prompt=none`).
    """
    if progress.decision == DENIED:
        raise OAuthError("access_denied", "The user said no.")
    silent = "none" in request.prompts
    if session is None or _needs_sign_in(services, request, session, progress):
        if silent:
            raise OAuthError("login_required", "The user must sign in first.")
        return Step.SIGN_IN
    _check_person(services, request, session)
    if missing_level(services, request, session) and not silent:
        return Step.SECOND_FACTOR
    if not request.levels.are_met_by(session.acr):
        raise unmet_authentication_requirements()
    if _needs_consent(services, request, session, progress):
        if not services.sharing.may_be_asked(request.client, session.account_id, request.asked.purpose, services.now):
            raise OAuthError("access_denied", "The user shares nothing with this app at present.")
        if silent:
            raise OAuthError("consent_required", "The user must agree first.")
        return Step.CONSENT
    return Step.ANSWER


def _needs_sign_in(
    services: Services, request: AuthorizationRequest, session: BrowserSession, progress: Progress
) -> bool:
    if not session.is_signed_in or services.sharing.account(session.account_id) is None:
        return True
    if progress.authenticated:
        return False
    if not _is_expected(services, request, session) or _needs_stronger_sign_in(services, request, session):
        return True
    if not _may_meet(services, request, session):
        return True
    if "login" in request.prompts or ("select_account" in request.prompts and not progress.decision):
        return True
    return request.max_age is not None and progress.started_at - session.auth_time >= request.max_age


def _check_person(services: Services, request: AuthorizationRequest, session: BrowserSession) -> None:
    if not _is_expected(services, request, session):
        raise OAuthError("login_required", "Somebody else signed in than the id_token_hint or the claims name.")
    if not _may_meet(services, request, session):
        raise OAuthError("access_denied", "The account that signed in is not for this app.")


def _may_meet(services: Services, request: AuthorizationRequest, session: BrowserSession) -> bool:
    """Whether the app and the user are of one world: that of people, or one partner's sandbox."""
    account = services.sharing.account(session.account_id)
    return account is not None and services.sharing.may_meet(request.client, account)


def _is_expected(services: Services, request: AuthorizationRequest, session: BrowserSession) -> bool:
    """Whether this is the user whom the client asks for, if it asks for one (OIDC Core 3.1.2.1, 5.5.1)."""
    return request.subjects <= {services.sharing.subject(request.client, session.account_id)}


def missing_level(services: Services, request: AuthorizationRequest, session: BrowserSession) -> str:
    """Return the level that a second factor would lift this session to, as the client asks for (RFC 9470 5), or ""."""
    account = services.sharing.account(session.account_id)
    return completion.missing_level(services, account, session.acr, request.levels) if account is not None else ""


def _needs_stronger_sign_in(services: Services, request: AuthorizationRequest, session: BrowserSession) -> bool:
    """Whether the client asks for a level that no second factor would lift this session to (OIDC Core 5.5.1.1)."""
    if not request.levels.are_met_by(session.acr):
        return not missing_level(services, request, session)
    account = services.sharing.account(session.account_id)
    silent = "none" in request.prompts  # a wish that would need a page is let go
    return (
        not silent
        and account is not None
        and completion.prefers_passkey(services, account, session.acr, request.levels)
    )


def _needs_consent(
    services: Services, request: AuthorizationRequest, session: BrowserSession, progress: Progress
) -> bool:
    if progress.decision == ALLOWED or not request.client.is_third_party:
        return False
    services.feed.read_now()  # what was ended or suspended a moment ago must not be taken up again
    if "consent" in request.prompts or request.asked.wish is not None:
        return True
    return not services.sharing.is_consented(request.client, session.account_id, request.asked, services.now)
