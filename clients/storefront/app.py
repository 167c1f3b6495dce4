"""The storefront's pages: welcome, payments, sign-in and sign-out."""

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from clients.storefront import tokens
from clients.webapp.browsers import install_browser_rules
from clients.webapp.relying_party import OVER, RefusedError, RelyingParty, UnreachableError
from clients.webapp.sessions import MemorySessions, start_over

SCOPE = "openid profile email payments:read"
SEE_OTHER = 303

pages = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everybody stands, and how the storefront proves who it is."""

    issuer: str
    url: str
    client_id: str
    client_secret: str
    payments_url: str


@dataclass(frozen=True, slots=True)
class Shop:
    """What the pages work with."""

    settings: Settings
    sekisho: RelyingParty


def create_app(settings: Settings) -> Flask:
    app = Flask(__name__)
    app.session_interface = MemorySessions("storefront_session", secure=settings.url.startswith("https://"))
    install_browser_rules(app, form_targets=(settings.issuer,))
    sekisho = RelyingParty(
        app,
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        auth_method="client_secret_basic",
        scope=SCOPE,
    )
    app.extensions["storefront"] = Shop(settings, sekisho)
    app.jinja_env.filters["day"] = _day
    app.jinja_env.globals["sekisho_url"] = settings.issuer
    app.register_blueprint(pages)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(UnreachableError, _unreachable)
    return app


@pages.get("/")
def home() -> str:
    return render_template("home.html", person=session.get("person"))


@pages.get("/sign-in")
def sign_in() -> Response:
    """Ask for both places where tokens will be shown: userinfo at the issuer, and the payments service."""
    shop = _shop()
    return shop.sekisho.send_to_sign_in(
        shop.settings.url + "/callback", resource=[shop.settings.issuer, shop.settings.payments_url]
    )


@pages.get("/callback")
def callback() -> AnyResponse:
    shop = _shop()
    answer = shop.sekisho.take_answer(resource=shop.settings.issuer)
    person = shop.sekisho.userinfo(answer["access_token"], answer["userinfo"]["sub"])
    start_over()
    tokens.keep(answer, shop.settings.issuer)
    session["person"] = person
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.get("/payments")
def payments() -> str | AnyResponse:
    if "person" not in session:
        return redirect(url_for("pages.home"), SEE_OTHER)
    return render_template("payments.html", person=session["person"], payments=_payments(_shop()))


def _payments(shop: Shop) -> list[dict[str, Any]]:
    token = tokens.access_token_for(shop.sekisho, shop.settings.payments_url, "payments:read")
    listed: list[dict[str, Any]] = shop.sekisho.read(f"{shop.settings.payments_url}/payments", token)["payments"]
    return listed


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    """Forget the person here, whatever happens next, then sign them out at Sekisho."""
    shop = _shop()
    id_token = session.get("id_token")
    start_over()
    if id_token is None:
        return redirect(url_for("pages.home"), SEE_OTHER)
    return shop.sekisho.send_to_sign_out(id_token, shop.settings.url + "/signed-out")


@pages.get("/signed-out")
def signed_out() -> str | AnyResponse:
    if not _shop().sekisho.came_back_from_sign_out():
        return redirect(url_for("pages.home"), SEE_OTHER)
    return render_template("signed_out.html", person=None)


@pages.get("/health")
def health() -> dict[str, str]:
    return {"status": "live"}


def _shop() -> Shop:
    shop: Shop = current_app.extensions["storefront"]
    return shop


def _refused(error: RefusedError) -> tuple[str, int]:
    """Ask the person to sign in again; what a stranger's link can bring about leaves their session alone."""
    if error.code in OVER:
        start_over()
    return render_template("refused.html", person=None, code=error.code), HTTPStatus.FORBIDDEN


def _unreachable(_error: UnreachableError) -> tuple[str, int]:
    return render_template("unreachable.html", person=session.get("person")), HTTPStatus.SERVICE_UNAVAILABLE


def _day(iso: str) -> str:
    """Write a day for people; a birthday without its year (OIDC Core 5.1) stays as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {day:%B %Y}"
