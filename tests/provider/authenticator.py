"""An authenticator that also gives answers which no honest one would.

It is put together from Yubico's fido2, which shares nothing with the library that the server checks by. Where the
browser's part matters, Chromium's virtual authenticator is used instead.
"""

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from secrets import token_bytes
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from idp.store.passkeys import Passkey
from tests.provider.person import Person, hidden
from tests.web.pages import Page

PASSKEYS = "/account/passkeys"
FLAG = AuthenticatorData.FLAG
SYNCED = FLAG.BE | FLAG.BS


@dataclass
class Authenticator:
    """One key, and what it claims: where it is used, for which server, how often, and whether its owner was there."""

    origin: str
    rp_id: str = "localhost"
    counter: int = 0
    counts: int = 1
    """By how much its counter goes on each time; 0 for one that does not count."""
    flags: FLAG = FLAG.UP | FLAG.UV
    cross_origin: bool = False
    handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def but(self, **changed: Any) -> "Authenticator":
        """The same key, claiming something else."""
        return replace(self, **changed)

    def create(self, options: str) -> str:
        """Answer `navigator.credentials.create()`."""
        asked = json.loads(options)
        self.handle = websafe_decode(asked["user"]["id"])
        public = ES256.from_cryptography_key(self.key.public_key())
        attested = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public)
        data = AuthenticatorData.create(self._rp_hash(), self.flags | FLAG.AT, self.counter, attested)
        client_data = self._client_data(CollectedClientData.TYPE.CREATE, asked["challenge"])
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            "transports": ["internal"],
        }
        return self._answer(response)

    def get(self, options: str) -> str:
        """Answer `navigator.credentials.get()`."""
        client_data = self._client_data(CollectedClientData.TYPE.GET, json.loads(options)["challenge"])
        data = AuthenticatorData.create(self._rp_hash(), self.flags, self.counter)
        signature = self.key.sign(data + client_data.hash, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": websafe_encode(self.handle),
        }
        return self._answer(response)

    def _rp_hash(self) -> bytes:
        return sha256(self.rp_id.encode()).digest()

    def _client_data(self, kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, challenge, self.origin, cross_origin=self.cross_origin)

    def _answer(self, response: dict[str, Any]) -> str:
        name = websafe_encode(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def options_of(page: httpx.Response, form: str) -> str:
    """What a page asks of the browser."""
    return Page(page.text).by_id(form).attributes["data-options"]


def enrol(person: Person, authenticator: Authenticator, name: str) -> httpx.Response:
    """Make a passkey on a person's page; return the page afterwards."""
    page = person.browser.get(PASSKEYS)
    form = {**hidden(page.text), "action": "add", "name": name}
    answer = authenticator.create(options_of(page, "enrol"))
    response = person.browser.post(PASSKEYS, data={**form, "answer": answer})
    return person.browser.get(response.headers["location"])


def sign_in_with(person: Person, authenticator: Authenticator, page: httpx.Response | None = None) -> httpx.Response:
    """Sign in with a passkey from a sign-in page, as its script would."""
    page = page or person.browser.get("/login")
    authenticator.counter += authenticator.counts
    answer = authenticator.get(options_of(page, "passkey"))
    return person.browser.post("/login/passkey", data={**hidden(page.text), "answer": answer})


def passkeys_of(person: Person) -> tuple[Passkey, ...]:
    """The passkeys of an account, as they are stored."""
    services = person.provider.services
    assert services is not None
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, person.username)
        assert account is not None
        return services.passkeys.of_account(connection, account.id)
