"""The pages by which people join, and the API of the marketing team, which guard stands before (RFC 6750)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, redirect, render_template, request, session, url_for
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as AnyResponse

from clients.services.marketing.audience import PURPOSE, Audience
from clients.services.marketing.campaigns import Campaigns
from clients.webapp.browsers import install_browser_rules
from clients.webapp.relying_party import RefusedError, RelyingParty, UnreachableError
from clients.webapp.sessions import MemorySessions, start_over
from sekisho_guard import Guard
from sekisho_guard.flask import FlaskGuard

SCOPE = f"openid prefecture over_20 purpose:{PURPOSE}"
RUN = "campaigns:run"
SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everybody stands, and how the desk proves who it is."""

    issuer: str
    url: str
    client_id: str
    client_secret: str


def create_app(settings: Settings) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.session_interface = MemorySessions("desk_session", secure=settings.url.startswith("https://"))
    install_browser_rules(app, form_targets=(settings.issuer,))
    sekisho = RelyingParty(
        app,
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        auth_method="client_secret_basic",
        scope=SCOPE,
    )
    _add_pages(app, settings, sekisho)
    _add_api(app, settings)

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="live")

    return app


def _add_pages(app: Flask, settings: Settings, sekisho: RelyingParty) -> None:
    @app.get("/")
    def home() -> str:
        return render_template(
            "marketing.html", sekisho_url=settings.issuer, number=session.get("number"), declined=False
        )

    @app.get("/join")
    def join() -> Response:
        return sekisho.send_to_sign_in(f"{settings.url}/callback", prompt="consent")

    @app.get("/callback")
    def callback() -> AnyResponse:
        """Greet whoever agreed. The tokens are dropped: nothing is done here in anybody's name."""
        number = sekisho.take_answer()["userinfo"]["sub"]
        start_over()
        session["number"] = number
        return redirect(url_for("home"), SEE_OTHER)

    @app.errorhandler(RefusedError)
    def refused(error: RefusedError) -> tuple[str | Response, int]:
        if request.method == "POST":
            return jsonify(error=error.code), HTTPStatus.BAD_GATEWAY
        page = render_template("marketing.html", sekisho_url=settings.issuer, number=None, declined=True)
        return page, HTTPStatus.FORBIDDEN


def _add_api(app: Flask, settings: Settings) -> None:
    guarded = FlaskGuard(Guard(issuer=settings.issuer, audience=settings.url), realm="campaigns")
    audience = Audience(issuer=settings.issuer, client_id=settings.client_id, client_secret=settings.client_secret)
    campaigns = Campaigns()
    app.extensions["campaigns"] = campaigns

    @app.post("/segments")
    @guarded.require(RUN)
    def segment() -> Response:
        """How many people a segment holds; null where they are too few to be spoken of."""
        return jsonify(people=audience.count(_where()))

    @app.post("/campaigns/<campaign>/sends")
    @guarded.require(RUN)
    def send(campaign: str) -> tuple[Response, int]:
        """Write to everybody who is in the segment now."""
        members = audience.members(campaign, _where())
        if members is None:
            return jsonify(error="too_few_people"), HTTPStatus.CONFLICT
        return jsonify(asdict(campaigns.send(campaign, members))), HTTPStatus.CREATED

    @app.errorhandler(UnreachableError)
    def unreachable(_error: UnreachableError) -> tuple[Response, int]:
        return jsonify(error="sekisho_unreachable"), HTTPStatus.SERVICE_UNAVAILABLE

    @app.errorhandler(HTTPException)
    def problem(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.name), error.code or HTTPStatus.INTERNAL_SERVER_ERROR


def _where() -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    where = body.get("where") if isinstance(body, dict) else None
    if not isinstance(where, dict):
        raise BadRequest
    return where
