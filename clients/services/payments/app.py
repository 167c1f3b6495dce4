"""GET /payments: guard lets in only a token for this service that holds payments:read (RFC 6750)."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from clients.services.payments.ledger import Ledger
from sekisho_guard import Guard
from sekisho_guard.flask import FlaskGuard, current_claims


@dataclass(frozen=True, slots=True)
class Settings:
    """Whose tokens are taken, and where this service stands."""

    issuer: str
    url: str


def create_app(settings: Settings) -> Flask:
    app = Flask(__name__, static_folder=None)
    guarded = FlaskGuard(Guard(issuer=settings.issuer, audience=settings.url), realm="payments")
    ledger = Ledger()

    @app.get("/payments")
    @guarded.require("payments:read")
    def payments() -> Response:
        claims = current_claims()
        # The token of a service that acts for itself speaks of no person (RFC 9068 section 2.2, `sub`).
        is_person = claims.subject != claims.client_id
        listed = ledger.payments_of(claims.subject, datetime.now(UTC).date()) if is_person else ()
        response = jsonify(payments=[asdict(payment) for payment in listed])
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="live")

    @app.errorhandler(HTTPException)
    def problem(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.name), error.code or 500

    return app
