"""Every address that the application answers, in one list: an endpoint comes or goes by decision, not by accident."""

import base64
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound

from idp.app import create_app
from idp.settings import Mail, Registration, Settings, SignUp
from idp.store import schema
from idp.store.database import open_database
from idp.web import paths

READ = {"GET", "HEAD", "OPTIONS"}
WRITE = {"POST", "OPTIONS"}

ROUTES = {
    "/authorize": READ | WRITE,
    "/authorize/continue": READ,
    "/par": WRITE,
    "/token": WRITE,
    "/userinfo": READ | WRITE,
    "/introspect": WRITE,
    "/revoke": WRITE,
    "/data/v1/me": READ,
    "/data/v1/transactions": READ,
    "/data/v1/verify": WRITE,
    "/data/v1/audience": WRITE,
    "/data/v1/reasons": READ,
    "/access/v1/evaluation": WRITE,
    "/access/v1/evaluations": WRITE,
    "/access/v1/search/subject": WRITE,
    "/access/v1/search/resource": WRITE,
    "/access/v1/search/action": WRITE,
    "/grants/<grant_id>": READ | {"DELETE"},
    "/grants/<grant_id>/events": READ,
    "/register": WRITE,
    "/register/<client_id>": READ | {"PUT", "DELETE"},
    "/login": READ | WRITE,
    "/login/passkey": WRITE,
    "/login/forgotten": READ | WRITE,
    "/login/forgotten/code": READ | WRITE,
    "/login/forgotten/finish": READ | WRITE,
    "/sign-up": READ | WRITE,
    "/sign-up/code": READ | WRITE,
    "/sign-up/finish": READ | WRITE,
    "/account/password": READ | WRITE,
    "/account/email": READ | WRITE,
    "/account/email/code": READ | WRITE,
    "/login/recovery": READ | WRITE,
    "/account/email/finish": READ | WRITE,
    "/account/email/undo/<secret>": READ | WRITE,
    "/account/phone": READ | WRITE,
    "/account/phone/code": READ | WRITE,
    "/account/phone/finish": READ | WRITE,
    "/login/with/<provider>": WRITE,
    "/login/with/<provider>/callback": READ | WRITE,
    "/login/new-here": READ | WRITE,
    "/account/connections": READ | WRITE,
    "/account/connections/new": READ | WRITE,
    "/login/second-factor": READ | WRITE,
    "/account/authenticator": READ | WRITE,
    "/account/recovery-codes": READ | WRITE,
    "/login/accounts": READ | WRITE,
    "/consent": READ | WRITE,
    "/apps/<client_id>/logo/<language>": READ,
    "/": READ,
    "/account": READ,
    "/account/profile": READ | WRITE,
    "/account/sign-in": READ,
    "/account/passkeys": READ | WRITE,
    "/account/passkeys/only": WRITE,
    "/account/recovery": READ | WRITE,
    "/account/recovery/<secret>": READ | WRITE,
    "/account/devices": READ | WRITE,
    "/account/activity": READ,
    "/account/data": READ,
    "/account/download": READ,
    "/account/close": READ | WRITE,
    "/account/come-back": READ | WRITE,
    "/account/sharing": READ | WRITE,
    "/account/sharing/earlier": READ,
    "/account/sharing/<grant_id>": READ | WRITE,
    "/account/sharing/<grant_id>/receipts/<version>": READ,
    "/account/sharing/<grant_id>/receipts/<version>/signed": READ,
    "/account/sharing/<grant_id>/entries/<number>": READ,
    "/account/sharing/export": READ,
    "/account/apps": READ,
    "/partner/v1/acknowledgements": WRITE,
    "/partner": READ,
    "/partner/<partner_id>": READ | WRITE,
    "/partner/<partner_id>/agreement": READ,
    "/partner/<partner_id>/sandbox": READ | WRITE,
    "/partner/<partner_id>/usage": READ,
    "/partner/<partner_id>/apps": READ | WRITE,
    "/partner/<partner_id>/apps/<client_id>": READ | WRITE,
    "/partner/<partner_id>/apps/<client_id>/keys": READ | WRITE,
    "/partner/<partner_id>/apps/<client_id>/webhook": READ | WRITE,
    "/partner/<partner_id>/apps/<client_id>/check": READ,
    "/logout": READ | WRITE,
    "/logout/confirm": WRITE,
    "/session/check": READ,
    "/log/checkpoint": READ,
    "/log/tile/<path:place>": READ,
    "/log/key": READ,
    "/mailbox": READ,
    "/health/live": READ,
    "/health/ready": READ,
    "/static/<path:filename>": READ,
}
# Answered in front of Flask, from memory.
PUBLISHED = {
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/authzen-configuration",
    "/jwks",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    url = f"sqlite:///{tmp_path_factory.mktemp('routes') / 'sekisho.db'}"
    schema.upgrade(open_database(Flask("upgrade"), url, threads=1))
    key = base64.b64encode(bytes(32)).decode("ascii")
    sharing = Path(__file__).parents[2] / "config" / "sharing"
    return create_app(
        Settings(
            "http://127.0.0.1",
            database_url=url,
            key_encryption_key=key,
            sharing_directory=str(sharing),
            experimental=("grant-management-03",),
            registration=Registration(mode="open"),
            mail=Mail(mailbox=True),
            sign_up=SignUp(open=True),
        )
    )


def test_the_application_answers_these_routes_and_no_others(app: Flask):
    """The list above is the application's map, with the methods of each address."""
    answered: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        answered.setdefault(rule.rule, set()).update(rule.methods or ())
    assert answered == ROUTES


def test_the_published_documents_stand_beside_the_routes(app: Flask):
    """Discovery and keys are answered, although no Flask route names them."""
    client = app.test_client()
    assert {path: client.get(path).status_code for path in PUBLISHED} == dict.fromkeys(PUBLISHED, 200)


def test_every_path_that_capabilities_meet_by_is_answered(app: Flask):
    """A path in idp.web.paths that nobody answers would be a dead link."""
    adapter = app.url_map.bind("localhost")
    dead = []
    for path in {value for name, value in vars(paths).items() if name.isupper() and isinstance(value, str)} - PUBLISHED:
        try:
            adapter.match(path)
        except MethodNotAllowed:
            continue
        except NotFound:
            dead.append(path)
    assert dead == []
