"""Two providers out of one database file, and a few people's grants, each to a partner's app and for other fields."""

import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

from flask import Flask

from idp.admin.apply import Declarations, apply, read_declarations
from idp.app import create_app
from idp.passwords.hashing import Passwords
from idp.services import EXTENSION, Services
from tests.fuzz.answer import call
from tests.fuzz.browser import VERIFIER, Browser
from tests.fuzz.message import Message
from tests.noninterference.people import NOW, Somebody
from tests.provider.apps import App
from tests.provider.provider import ROOT, Clock, declare, prepare, testing_settings

ISSUER = "http://127.0.0.1:8400"
BANK_FILE = ROOT / "tests" / "provider" / "minato-bank.toml"
SHARING = ROOT / "config" / "sharing"
PASSWORD = "a pass phrase"
QUESTIONS = ("over_18", "over_20", "name_match", "same_prefecture", "kyc_level")
PURCHASES = ("transactions", "transactions.amounts", "transactions.items")
POINTS = App(
    "mirror-points", "https://points.example.test/callback", "openid profile email prefecture over_20 offline_access"
)
BANK = App(
    "mirror-bank", "https://bank.example.test/callback", f"openid offline_access {' '.join((*QUESTIONS, *PURCHASES))}"
)
PURPOSE = {POINTS.client_id: "points.credit", BANK.client_id: "service.payment"}
PARTNER = {POINTS.client_id: "tabi-points", BANK.client_id: "minato-bank"}
TICKS = (
    *((POINTS, ticks) for ticks in ((), ("prefecture",), ("over_20",), ("prefecture", "over_20"))),
    *((BANK, ticks) for ticks in ((), *((question,) for question in QUESTIONS), QUESTIONS)),
    *((BANK, ticks) for ticks in (PURCHASES[:1], PURCHASES[:2], ("over_20", "name_match", "transactions"))),
)
"""The grants: what each person ticked on the consent page."""
COMMON = {
    "kind": "third_party",
    "name": "Mirror",
    "auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    # Of our algorithms the one whose signature is a function of key and text alone (RFC 8032): it can be compared.
    "access_token_algorithm": "EdDSA",
    "id_token_algorithm": "EdDSA",
}
OUT_OF_THE_WAY = {"IDP_DATA_API__GUESSES": "1000000000", "IDP_LIFETIMES__ACCESS_TOKEN": "86400"}


Reply = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers in their order, body."""


class Stream:
    """A stream of randomness that can be begun anew."""

    def __init__(self) -> None:
        self._random = Random(0)

    def begin(self, seed: int) -> None:
        self._random.seed(seed)

    def __call__(self, count: int) -> bytes:
        return self._random.randbytes(count)


@dataclass
class Grantee:
    """An app, somebody's account, what they ticked, and the app's tokens; both worlds have the same."""

    app: App
    account_id: str
    ticks: tuple[str, ...]
    basic: str
    own_token: str
    """With which the app asks for decisions."""
    grant_id: str
    subject: str
    access_token: str
    refresh_token: str


class World:
    """One of the two providers."""

    def __init__(self, app: Flask, stream: Stream) -> None:
        self.app = app
        self.stream = stream
        self.services: Services = app.extensions[EXTENSION]

    def put(self, account_id: str, somebody: Somebody, seed: int) -> None:
        """Let an account be somebody else's."""
        services = self.services
        self.stream.begin(seed)
        with services.database.transaction() as connection:
            services.accounts.change_profile(connection, account_id, somebody.profile, services.now)
            services.transactions.replace(connection, account_id, somebody.purchases)
        services.feed.read_now()
        with services.database.autocommit() as connection:  # what was read is forgotten, as it is in time
            connection.exec_driver_sql("DELETE FROM changes WHERE id < (SELECT max(id) FROM changes)")

    def ask(self, message: Message, seed: int) -> Reply:
        """Return status, headers in their order, and body."""
        self.stream.begin(seed)
        answer = call(self.app, message)
        if answer.escaped is not None:
            raise answer.escaped
        return answer.status_line, answer.headers, answer.body


@contextmanager
def two_worlds(folder: Path) -> Iterator[tuple[World, World, list[Grantee]]]:
    """Make a provider with its grants, and a second one from a copy of its database."""
    first, second = folder / "first.db", folder / "second.db"
    settings = testing_settings(f"sqlite:///{first}", ISSUER, **OUT_OF_THE_WAY)
    prepare(settings)
    stream = Stream()
    app = create_app(settings, Clock(), stream)
    secrets = declare(app)
    grantees = _grantees(app, secrets)
    app.extensions[EXTENSION].database.engine.dispose()
    shutil.copyfile(first, second)
    worlds = []
    for file in (first, second):
        stream = Stream()
        settings = testing_settings(f"sqlite:///{file}", ISSUER, **OUT_OF_THE_WAY)
        worlds.append(World(create_app(settings, Clock(NOW), stream), stream))
    try:
        yield worlds[0], worlds[1], grantees
    finally:
        for world in worlds:
            world.services.database.engine.dispose()


def _grantees(app: Flask, secrets: dict[str, str]) -> list[Grantee]:
    services: Services = app.extensions[EXTENSION]
    hasher = Passwords(services.settings.sign_in).hash
    apps = [
        {
            **COMMON,
            "client_id": one.client_id,
            "partner_id": PARTNER[one.client_id],
            "redirect_uris": [one.redirect_uri],
        }
        | {"scopes": [*one.scope.split(), "access_decisions"]}
        for one in (POINTS, BANK)
    ]
    apps[0] |= {"id_token_fields": ["prefecture", "over_20"], "access_token_fields": ["prefecture"]}
    for declarations in (read_declarations((BANK_FILE,)), Declarations(apps, [], [])):
        changes = apply(services, declarations, hasher, dry_run=False)
        secrets |= {change.id: change.secret for change in changes if change.secret}
    services.feed.read_now()
    hashed = hasher(PASSWORD)
    made = []
    for number, (one, ticks) in enumerate(TICKS):
        username = f"person-{number}@example.jp"
        with services.database.transaction() as connection:
            account_id = services.accounts.create(connection, username, hashed, {}, services.now)
        assert account_id is not None
        browser = Browser(app).sign_in(username, PASSWORD)
        pair = f"{one.client_id}:{secrets[one.client_id]}".encode()
        made.append(_granted(services, browser, one, account_id, ticks, f"Basic {b64encode(pair).decode()}"))
    return made


def _granted(
    services: Services, browser: Browser, app: App, account_id: str, ticks: tuple[str, ...], basic: str
) -> Grantee:
    page, proof = browser.open_consent(app), {"Authorization": basic}
    browser.tab.post("/consent", data={**page, "decision": "allow", "fields": list(ticks)})
    sent = browser.tab.get("/authorize/continue", query_string={"flow": page["flow"]}).headers["Location"]
    code = parse_qs(urlsplit(sent).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": app.redirect_uri}
    tokens = browser.as_app("/token", {**form, "code_verifier": VERIFIER}, proof, 200)
    own = browser.as_app("/token", {"grant_type": "client_credentials", "scope": "access_decisions"}, proof, 200)
    grant = services.sharing.grant_of(account_id, app.client_id, PURPOSE[app.client_id])
    assert grant is not None
    client = services.find_client(app.client_id)
    assert client is not None
    subject = services.sharing.subject(client, account_id)
    kept = (own["access_token"], grant.id, subject, tokens["access_token"], tokens["refresh_token"])
    return Grantee(app, account_id, ticks, basic, *kept)
