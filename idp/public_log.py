"""The audit log as anybody may watch it (C2SP tlog-tiles): its checkpoint and the tiles of its hashes.

That is enough to see that the log only grows, and that an entry which somebody holds is in it. The entries themselves
are not served (`tile/entries`): they hold no value and no name, but one person's entries with one partner belong
together visibly, and whoever knows one moment of them could follow the rest. A person gets their own on their own
page; auditors get all from `idp audit export`.
"""

from http import HTTPStatus

from flask import Blueprint, Response

from idp.protocol.merkle import HASH_BYTES
from idp.protocol.tiles import parse_tile
from idp.services import current_services
from idp.store.database import DatabaseUnavailableError
from idp.web import paths

CHECKPOINT_SECONDS = 5
FOREVER = "public, max-age=31536000, immutable"
TEXT = "text/plain"

blueprint = Blueprint("public_log", __name__)


@blueprint.get(paths.LOG_CHECKPOINT)
def checkpoint() -> Response:
    """Sign the log's present state."""
    services = current_services()
    note = services.log_key.sign(services.log_key.checkpoint(services.audit_tree.frontier()))
    return _public(Response(note, mimetype=TEXT), f"public, max-age={CHECKPOINT_SECONDS}")


@blueprint.get(paths.LOG_TILE)
def tile(place: str) -> Response:
    """Return a tile, whole or as far as it was filled at some size of the log: neither ever changes."""
    named = parse_tile(place)
    hashes = current_services().audit_tree.tile(named) if named else b""
    if named is None or len(hashes) < named.width * HASH_BYTES:
        return _public(Response("the log has no such tile\n", HTTPStatus.NOT_FOUND, mimetype=TEXT), "no-store")
    return _public(Response(hashes, mimetype="application/octet-stream"), FOREVER)


@blueprint.get(paths.LOG_KEY)
def key() -> Response:
    """Return the key to verify checkpoints with. Who checks on us should have it from elsewhere, and from before."""
    return _public(Response(f"{current_services().log_key.public}\n", mimetype=TEXT), "public, max-age=3600")


@blueprint.errorhandler(DatabaseUnavailableError)
def unavailable(_error: DatabaseUnavailableError) -> Response:
    """Send programs away in words of their own; nothing of it is to be kept by a cache."""
    response = Response("the log cannot be read at the moment\n", HTTPStatus.SERVICE_UNAVAILABLE, mimetype=TEXT)
    response.headers["Retry-After"] = "1"
    return _public(response, "no-store")


def _public(response: Response, cache_control: str) -> Response:
    """Let anybody's script read an answer, which has nothing to do with who asks."""
    response.headers["Cache-Control"] = cache_control
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
