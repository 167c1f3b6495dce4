"""The browser's session: its cookie, who is signed in, and the CSRF token derived from it (ASVS 7, RFC 9700 4.7).

The cookie is a 256-bit secret, stored hashed. It changes at every sign-in, so a session planted beforehand is worth
nothing afterwards. The CSRF token is a keyed hash of the cookie: it needs no storage and dies with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from hmac import compare_digest, digest

from flask import Response, after_this_request, g, request

from idp.protocol.authentication import acr_of
from idp.protocol.secrets import encode, hash_secret, new_identifier, new_secret
from idp.services import Services
from idp.store import sessions
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.sessions import BrowserSession
from idp.tokens.session_end import ToldByBrowser
from idp.web.requests import seen_from
from idp.web.responses import with_query

SESSION_COOKIE = "sekisho_session"
BROWSER_STATE_COOKIE = "sekisho_browser_state"
RECENTLY = 600
"""Seconds for which a sign-in is good enough to change how one signs in (ASVS 7.5.1)."""

_CSRF = b"csrf"


def cookie_name(services: Services, name: str) -> str:
    """Return a cookie's name: bound to this very host wherever the issuer is https (RFC 6265bis 4.1.3.2)."""
    return f"__Host-{name}" if services.settings.is_https else name


def set_cookie(services: Services, response: Response, name: str, value: str, max_age: int) -> None:
    """Set a cookie that no script reads and that no other site's form sends."""
    _set(services, response, name, value, max_age, httponly=True, samesite="Lax")


def set_browser_state(services: Services, response: Response, session: BrowserSession | None) -> None:
    """Tell the browser's scripts whether the session is still the same one (OIDC Session Management 3.2).

    Apps of other sites read it through our iframe, so it goes along with their pages too. It says nothing but that.
    """
    value = browser_state(services, session) if session is not None else ""
    max_age = services.settings.lifetimes.session_absolute if session is not None else 0
    samesite = "None" if services.settings.is_https else "Lax"  # None needs Secure (RFC 6265bis 5.7)
    _set(services, response, BROWSER_STATE_COOKIE, value, max_age, httponly=False, samesite=samesite)


def browser_state(services: Services, session: BrowserSession) -> str:
    """Return the value that changes when somebody else, or nobody, is signed in."""
    return encode(services.sealer.index("browser state", session.sid))


def _set(
    services: Services, response: Response, name: str, value: str, max_age: int, *, httponly: bool, samesite: str
) -> None:
    response.set_cookie(
        cookie_name(services, name),
        value,
        max_age=max_age,
        path="/",
        secure=services.settings.is_https,
        httponly=httponly,
        samesite=samesite,
    )


def current_session(services: Services) -> BrowserSession | None:
    """Return the session of this request's cookie, or None."""
    if "session" not in g:
        secret = _cookie_secret(services)
        g.session = _find(services, secret) if secret else None
    session: BrowserSession | None = g.session
    return session


def ensure_session(services: Services) -> BrowserSession:
    """Return this browser's session, a new one without anybody signed in if there is none."""
    session = current_session(services)
    if session is not None:
        return session
    secret = new_secret(services.random)
    session = BrowserSession(
        id=new_identifier(services.random),
        secret_hash=hash_secret(secret),
        account_id="",
        sid="",
        auth_time=0,
        acr="",
        amr=(),
        seen_at=services.now,
        expires_at=services.now + services.settings.lifetimes.interaction,
    )
    with services.database.transaction() as connection:
        sessions.add(connection, session)
    _adopt(services, session, secret)
    return session


@contextmanager
def sign_in(services: Services, account_id: str, amr: tuple[str, ...]) -> Iterator[tuple[Connection, BrowserSession]]:
    """Sign a user in under a new cookie; whatever waited in the session of somebody else is over.

    What the block writes is committed with it, and the cookie is given once it is.
    """
    before = ensure_session(services)
    is_switch = before.account_id not in ("", account_id)
    is_again = before.account_id == account_id
    secret, seen = new_secret(services.random), seen_from(services, request)
    session_id = new_identifier(services.random) if is_switch else before.id
    session = BrowserSession(
        id=session_id,
        secret_hash=hash_secret(secret),
        account_id=account_id,
        sid=before.sid if is_again else new_identifier(services.random),
        auth_time=services.now,
        acr=acr_of(amr),
        amr=amr,
        seen_at=services.now,
        expires_at=services.now + services.settings.lifetimes.session_absolute,
        started_at=before.started_at if is_again else services.now,
        device=seen.device,
        network=sessions.seal_network(services.sealer, session_id, seen.network),
    )
    with services.database.transaction() as connection:
        if is_switch:
            services.session_end.end(connection, before.sid, before.account_id, services.now)
            sessions.end(connection, before.id)
            sessions.add(connection, session)
        else:
            sessions.sign_in(connection, session)
        yield connection, session
    _adopt(services, session, secret)


def renew(services: Services) -> BrowserSession:
    """Give this browser's session another cookie: what somebody planted here knows nothing of what comes now."""
    return _renewed(services, ensure_session(services))


def strengthen(services: Services, session: BrowserSession, amr: tuple[str, ...]) -> BrowserSession:
    """Write down what was proved besides, by setting it up, under a new cookie.

    When the person signed in stays as it was (OIDC Core 2, `auth_time`), and with it how long that is good for.
    """
    methods = tuple(dict.fromkeys((*session.amr, *amr)))
    return _renewed(services, replace(session, amr=methods, acr=acr_of(methods)))


def _renewed(services: Services, before: BrowserSession) -> BrowserSession:
    secret = new_secret(services.random)
    session = replace(before, secret_hash=hash_secret(secret))
    with services.database.transaction() as connection:
        sessions.sign_in(connection, session)
    _adopt(services, session, secret)
    return session


def sign_out(services: Services) -> tuple[ToldByBrowser, ...]:
    """End the session and what was granted only for its time; return whom the browser has still to tell."""
    session = current_session(services)
    told: tuple[ToldByBrowser, ...] = ()
    if session is None:
        return told
    with services.database.transaction() as connection:
        sessions.end(connection, session.id)
        if session.is_signed_in:
            told = services.session_end.end(connection, session.sid, session.account_id, services.now)
    g.session = None

    @after_this_request
    def remove(response: Response) -> Response:
        set_cookie(services, response, SESSION_COOKIE, "", 0)
        set_browser_state(services, response, None)
        return response

    return told


def logout_frames(services: Services, told: tuple[ToldByBrowser, ...]) -> tuple[str, ...]:
    """Return what a page frames, so that its browser tells the apps that want it so (Front-Channel Logout 3)."""
    issuer = services.settings.issuer
    return tuple(with_query(client.uri, {"iss": issuer, "sid": client.sid}) for client in told)


def signed_in_account(services: Services) -> Account | None:
    """Return the account that is signed in here and may act, or None."""
    session = current_session(services)
    return services.sharing.account(session.account_id) if session is not None and session.is_signed_in else None


def signed_in_recently(services: Services) -> bool:
    """Whether somebody signed in here just now."""
    session = current_session(services)
    return session is not None and session.is_signed_in and services.now - session.auth_time <= RECENTLY


def csrf_token(services: Services) -> str:
    """Return the token for this browser's forms."""
    ensure_session(services)
    return _csrf_of(_cookie_secret(services))


def csrf_matches(services: Services, presented: str) -> bool:
    """Whether a form came from a page that this browser was given."""
    if current_session(services) is None:
        return False
    expected = _csrf_of(_cookie_secret(services))
    return compare_digest(expected.encode("ascii"), presented.encode("utf-8", "surrogatepass"))


def _csrf_of(secret: str) -> str:
    return encode(digest(secret.encode("utf-8", "surrogatepass"), _CSRF, sha256))


def _cookie_secret(services: Services) -> str:
    """Return the secret that this request came with, or was just given."""
    given: str = g.get("session_secret", "")
    return given or request.cookies.get(cookie_name(services, SESSION_COOKIE), "")


def _find(services: Services, secret: str) -> BrowserSession | None:
    with services.database.autocommit() as connection:
        return sessions.find(connection, hash_secret(secret), services.now, services.settings.lifetimes.session_idle)


def _adopt(services: Services, session: BrowserSession, secret: str) -> None:
    """Make a session this request's, and give the browser its cookie."""
    g.session = session
    g.session_secret = secret

    @after_this_request
    def give(response: Response) -> Response:
        set_cookie(services, response, SESSION_COOKIE, secret, services.settings.lifetimes.session_absolute)
        if session.is_signed_in:
            set_browser_state(services, response, session)
        return response
