"""What must stay secret is in no log line at the most talkative level, and in no column or file of the database."""

import json
import logging
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from joserfc.jwk import ECKey

from idp.protocol.names import JWT_BEARER_ASSERTION
from tests.provider.apps import PHONE, STOREFRONT, TABI, code_for, tokens_for
from tests.provider.jose import sign
from tests.provider.operator import declare_clients
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider, serve_here
from tests.provider.tables import rows

OF_THE_TESTS_OWN = ("httpx", "httpcore", "werkzeug")
"""What tests speak HTTP with, and the development server, which nobody runs in production."""
PERSONAL = ["佐藤", "hana@example.jp", "1994-05-17", "Shibuya", "150-0002", "Asia/Tokyo"]


@dataclass
class Story:
    """A provider that was used in every way, everything secret that came up, and all that was logged."""

    provider: Provider
    secrets: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def keep(self, **named: str) -> None:
        self.secrets.update({f"{name} {len(self.secrets)}": value for name, value in named.items()})


class Listener(logging.Handler):
    """Hears everything, with stack traces and the arguments of each line."""

    def __init__(self, story: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.story = story
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(OF_THE_TESTS_OWN):
            self.story.append(self.format(record))


@pytest.fixture
def story(store_url: str) -> Iterator[Story]:
    """On both databases: everything at DEBUG, SQLAlchemy's statements and rows included, from the first start on."""
    log: list[str] = []
    listener, root, database = Listener(log), logging.getLogger(), logging.getLogger("sqlalchemy")
    levels = root.level, database.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    database.setLevel(logging.DEBUG)
    try:
        with serve_here(store_url) as provider:
            told = Story(provider, log=log)
            live(told)
            yield told
    finally:
        root.removeHandler(listener)
        root.setLevel(levels[0])
        database.setLevel(levels[1])


def live(story: Story) -> None:
    """A day in the life: what works, what is refused, and what is stolen."""
    provider = story.provider
    story.keep(**{name.replace("-", "_"): secret for name, secret in provider.secrets.items() if "@" not in name})
    story.keep(password=provider.secrets["hana@example.jp"])
    person = Person(provider)
    story.keep(verifier=person.verifier)
    for app in (STOREFRONT, PHONE, TABI):
        redeem_and_use(story, person, app)
    story.keep(session=person.browser.cookies["sekisho_session"])
    csrf = person.browser.get("/account/sharing").text.split('name="csrf" value="')[1].split('"')[0]
    story.keep(csrf=csrf)
    refuse(story, person)
    assert_by_key(story)
    person.browser.post("/account/sharing", data={"csrf": csrf, "client_id": "tabi-points", "purpose": "points.credit"})


def redeem_and_use(story: Story, person: Person, app: Any) -> None:
    provider = story.provider
    code = code_for(person, app, state=f"state of {app.client_id}", login_hint="hana@example.jp", ticks=("prefecture",))
    tokens = person.exchange(app.client_id, app.redirect_uri, code).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    newer = as_client(provider, app.client_id, "/token", refresh).json()
    story.keep(code=code, state=f"state of {app.client_id}")
    for each in (tokens, newer):
        story.keep(**{name: each[name] for name in ("access_token", "refresh_token", "id_token")})
        handle, _, secret = each["refresh_token"].partition(".")
        story.keep(handle=handle, secret=secret)
    HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {newer['access_token']}"})
    for path in ("/introspect", "/revoke"):
        as_client(provider, app.client_id, path, {"token": newer["access_token"]})
    assert person.exchange(app.client_id, app.redirect_uri, code).status_code == 400
    as_client(provider, app.client_id, "/token", refresh)
    tokens_for(person, app)


def refuse(story: Story, person: Person) -> None:
    """Wrong passwords, secrets and tokens are secrets too: they are often right somewhere else, or nearly right."""
    provider = story.provider
    stranger = Person(provider)
    wrong = "a wrong password of Hana's"
    page = stranger.browser.get(
        stranger.request("storefront", STOREFRONT.redirect_uri, "openid"), follow_redirects=True
    )
    assert stranger.sign_in(page, wrong).status_code != 303
    credentials = {
        "grant_type": "client_credentials",
        "client_id": "ledger",
        "client_secret": "a-wrong-secret-of-ledger",
    }
    HTTP.post(f"{provider.url}/token", data=credentials)
    HTTP.post(
        f"{provider.url}/token", data={"grant_type": "client_credentials"}, auth=("payments", "another-wrong-one")
    )
    HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": "Bearer a.wrong.token"})
    HTTP.get(f"{provider.url}/userinfo", params={"access_token": "a-token-in-the-query"})
    person.browser.get("/authorize", params={"client_id": "unknown", "login_hint": "a-hint-of-hana@example.jp"})
    person.browser.get("/logout", params={"id_token_hint": "a-wrong-hint"})
    story.keep(a=wrong, b="a-wrong-secret-of-ledger", c="another-wrong-one", d="a.wrong.token")
    story.keep(e="a-token-in-the-query", f="a-hint-of-hana", g="a-wrong-hint")


def assert_by_key(story: Story) -> None:
    provider = story.provider
    key = ECKey.generate_key("P-256")
    declare_clients(
        provider,
        {
            "client_id": "signer",
            "kind": "service",
            "name": "Signer",
            "auth_method": "private_key_jwt",
            "jwks": {"keys": [key.as_dict(private=False)]},
            "grant_types": ["client_credentials"],
            "scopes": ["payments:read"],
        },
    )
    claims = {"iss": "signer", "sub": "signer", "aud": provider.url, "jti": "the jti of an assertion"}
    assertion = sign(key, {**claims, "exp": int(provider.clock()) + 60}, alg="ES256")
    proof = {"client_assertion": assertion, "client_assertion_type": JWT_BEARER_ASSERTION}
    for status in (200, 401):
        form = {"grant_type": "client_credentials", **proof}
        assert HTTP.post(f"{provider.url}/token", data=form).status_code == status
    story.keep(assertion=assertion, jti="the jti of an assertion")


def spellings(value: str) -> set[str]:
    """How a value could be written: as it is, in a URL, in JSON, as bytes of Python, in Base64."""
    return {
        value,
        quote(value),
        quote_plus(value),
        json.dumps(value)[1:-1],
        repr(value.encode())[2:-1],
        b64encode(value.encode()).decode().rstrip("=")[:-1],
    }


def test_nothing_secret_or_personal_is_logged_or_stored(story: Story):
    """Codes, tokens, passwords, secrets, assertions, cookies, and what is known of Hana: searched for everywhere."""
    assert len(story.secrets) > 50
    logged = "\n".join(story.log)
    assert "idp.web.errors" in logged
    assert "INSERT INTO authorization_codes" in logged
    stored = repr(rows(story.provider))
    files = b"".join(files_of(story.provider.database_url))
    for name, value in [*story.secrets.items(), *((value, value) for value in PERSONAL)]:
        for spelling in spellings(value):
            assert spelling not in logged, f"{name} is logged"
            assert spelling not in stored, f"{name} is stored"
            assert spelling.encode() not in files, f"{name} is in the file"


def files_of(database_url: str) -> Iterator[bytes]:
    """The database's own files, its journal included, where there are such files."""
    if database_url.startswith("sqlite:///"):
        for file in Path(database_url.removeprefix("sqlite:///")).parent.iterdir():
            yield file.read_bytes()
