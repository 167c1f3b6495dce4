"""The partner's pages: why connect, what came of it, look again, disconnect."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from clients.partner import connection
from clients.partner.messages import ForgedError, Messages
from clients.webapp.browsers import install_browser_rules
from clients.webapp.relying_party import RefusedError, RelyingParty, UnreachableError
from clients.webapp.sessions import MemorySessions

SEE_OTHER = 303

pages = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everybody stands, and how the partner proves who it is."""

    issuer: str
    url: str
    client_id: str
    client_secret: str
    messages_url: str
    certificate_file: str
    """Certificate and key of the address of its messages, in one file."""


@dataclass(frozen=True, slots=True)
class Programme:
    """What the pages work with."""

    settings: Settings
    sekisho: RelyingParty
    messages: Messages


def create_app(settings: Settings) -> Flask:
    app = Flask(__name__)
    app.session_interface = MemorySessions("tabi_session", secure=settings.url.startswith("https://"))
    install_browser_rules(app, form_targets=(settings.issuer,))
    sekisho = RelyingParty(
        app,
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        auth_method="client_secret_basic",
        scope=connection.SCOPE,
    )
    messages = Messages(issuer=settings.issuer, client_id=settings.client_id, client_secret=settings.client_secret)
    app.extensions["partner"] = Programme(settings, sekisho, messages)
    app.jinja_env.globals["sekisho_url"] = settings.issuer
    app.register_blueprint(pages)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(UnreachableError, _unreachable)
    return app


def create_inbox(app: Flask) -> Flask:
    """Make what answers at the address of our messages: Sekisho posts there, and nobody else has to."""
    programme: Programme = app.extensions["partner"]
    inbox = Flask(f"{__name__}.inbox", static_folder=None)

    @inbox.post("/messages")
    def take() -> tuple[dict[str, str], int]:
        try:
            return programme.messages.take(request.get_data(as_text=True)), HTTPStatus.OK
        except ForgedError:
            return {"err": "invalid_request"}, HTTPStatus.BAD_REQUEST
        except UnreachableError:
            return {"err": "try_again"}, HTTPStatus.SERVICE_UNAVAILABLE

    return inbox


@pages.get("/")
def home() -> str:
    connection.hear(_programme().sekisho, _programme().messages)
    if connection.is_connected():
        found = session["found"]
        return render_template("member.html", member=found["sub"], lines=connection.lines(), looks=session["looks"])
    return render_template("welcome.html", how_ended=connection.how_ended())


@pages.get("/connect")
def connect() -> Response:
    """Ask for the data; `?anew` has the person asked again although they agreed before."""
    programme = _programme()
    again = {"prompt": "consent"} if "anew" in request.args else {}
    return programme.sekisho.send_to_sign_in(programme.settings.url + "/callback", **again)


@pages.get("/callback")
def callback() -> AnyResponse:
    sekisho = _programme().sekisho
    connection.begin(sekisho, sekisho.take_answer())
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.post("/look-again")
def look_again() -> AnyResponse:
    if connection.is_connected():
        connection.look_again(_programme().sekisho)
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.post("/disconnect")
def disconnect() -> AnyResponse:
    connection.forget(_programme().sekisho)
    return redirect(url_for("pages.home"), SEE_OTHER)


@pages.get("/health")
def health() -> dict[str, str]:
    return {"status": "live"}


def _programme() -> Programme:
    programme: Programme = current_app.extensions["partner"]
    return programme


def _refused(error: RefusedError) -> tuple[str, int]:
    return render_template("refused.html", code=error.code), HTTPStatus.FORBIDDEN


def _unreachable(_error: UnreachableError) -> tuple[str, int]:
    return render_template("unreachable.html"), HTTPStatus.SERVICE_UNAVAILABLE
