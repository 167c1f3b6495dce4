"""Pages: rendering in the person's language, with headers that allow nothing but what the page needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from flask import Flask, Response, after_this_request, current_app, g, render_template, request
from jinja2 import StrictUndefined

from idp.protocol.secrets import encode
from idp.services import Services, current_services
from idp.web.i18n import (
    LANGUAGE_NAMES,
    SOURCE_LANGUAGE,
    Language,
    choose_language,
    install_translations,
    load_catalogues,
)
from idp.web.requests import shown_query
from idp.web.sessions import cookie_name, csrf_token, set_cookie, signed_in_account

LANGUAGE_COOKIE = "sekisho_language"
YEAR = 31_536_000
_ASKED_FOR_BY = {"flow": "flow", "next": "onward", "proof": "proof", "token": "token"}
"""What a page is asked for by, in its address, and the value that it is shown with."""
_STATIC = Path(__file__).parent / "static"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A link to the same page in another language."""

    code: str
    label: str
    url: str
    current: bool


def install_pages(app: Flask) -> None:
    """Give templates their translations and the addresses of static files."""
    catalogues = load_catalogues()
    install_translations(app.jinja_env, catalogues, current_language)
    versions = {file.name: encode(sha256(file.read_bytes()).digest()[:9]) for file in _STATIC.iterdir()}
    app.jinja_env.globals["asset"] = lambda name: f"/static/{name}?v={versions[name]}"
    app.jinja_env.undefined = StrictUndefined
    app.extensions["sekisho.catalogues"] = catalogues
    app.after_request(_never_guess_types)


def _never_guess_types(response: Response) -> Response:
    """Forbid browsers to guess the type of any answer, also of what Flask answers by itself: static files, OPTIONS."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def current_language() -> str:
    """Return the language of the page that is being made."""
    language: str = g.get("language", SOURCE_LANGUAGE)
    return language


def gettext(text: str) -> str:
    """Return a sentence in the language of the page that is being made."""
    translated: str = current_app.extensions["sekisho.catalogues"][current_language()].gettext(text)
    return translated


def settle_language(services: Services, ui_locales: str | None = None) -> Language:
    """Decide the page's language: what the person chose, just now or before; what the app asks for; the browser."""
    clicked = shown_query(request).get("lang")
    cookie = request.cookies.get(cookie_name(services, LANGUAGE_COOKIE))
    language = choose_language(
        clicked or (None if cookie else ui_locales), cookie, request.headers.get("Accept-Language")
    )
    g.language = language
    if clicked in LANGUAGE_NAMES:

        @after_this_request
        def remember(response: Response) -> Response:
            set_cookie(services, response, LANGUAGE_COOKIE, language, YEAR)
            return response

    return language


def ensure_language(services: Services) -> None:
    """Decide the page's language where no route has done so yet."""
    if "language" not in g:
        settle_language(services)


def render_page(
    template: str,
    *,
    status: int = HTTPStatus.OK,
    form_targets: tuple[str, ...] = (),
    frames: tuple[str, ...] = (),
    **values: object,
) -> Response:
    """Render a page.

    `form_targets` are where, besides here, a form of the page may end up: see `form_target`. `frames` are the pages of
    others that it frames.
    """
    services = current_services()
    ensure_language(services)
    body = render_template(
        template,
        language=current_language(),
        language_links=_language_links(values),
        account_name=_account_name(services),
        way_out=_way_out(services),
        frames=frames,
        **values,
    )
    response = Response(body, status, mimetype="text/html")
    response.headers.update(_HEADERS)
    if services.settings.is_https:
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    response.headers["Content-Security-Policy"] = _content_security_policy(form_targets, frames)
    return response


def form_target(redirect_uri: str) -> str:
    """Return the CSP source that lets a form end up at a redirect URI: its scheme.

    Browsers hold every redirect after a form to `form-action` (CSP 3), also those that the app adds once it has its
    code, to addresses that nobody told us. An origin would leave the person on a dead page there, and wherever an app
    listens on an IPv6 address, for which CSP has no words.
    """
    return f"{urlsplit(redirect_uri).scheme}:"


def _frame_source(uri: str) -> str:
    """Return the CSP source for a framed page: its origin, or its scheme where CSP has no words for the host."""
    parts = urlsplit(uri)
    return f"{parts.scheme}:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"


def _content_security_policy(form_targets: tuple[str, ...], frames: tuple[str, ...]) -> str:
    forms = " ".join(("'self'", *form_targets))
    framed = f"frame-src {' '.join(dict.fromkeys(map(_frame_source, frames)))}; " if frames else ""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        f"{framed}form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
    )


def _language_links(values: Mapping[str, object]) -> list[LanguageLink]:
    """Return links to this page in every language; none where the page cannot be asked for again."""
    if request.method == "GET":
        query = {name: value for name, value in shown_query(request).items() if name != "lang"}
    elif "flow" in values:
        query = {name: str(values[value]) for name, value in _ASKED_FOR_BY.items() if values.get(value) is not None}
    else:
        return []
    current = current_language()
    path = quote(request.path)  # browsers take a backslash for a slash, and two of them for another site
    return [
        LanguageLink(code, label, f"{path}?{urlencode({**query, 'lang': code})}", code == current)
        for code, label in LANGUAGE_NAMES.items()
    ]


def _way_out(services: Services) -> str | None:
    """Return what the form that signs out needs, which stands on every page; None where nobody is signed in."""
    return csrf_token(services) if signed_in_account(services) is not None else None


def _account_name(services: Services) -> str | None:
    """Return what the signed-in person calls themselves here."""
    account = signed_in_account(services)
    return account.called if account is not None else None
