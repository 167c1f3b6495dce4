"""A relying party as the official suite plays it: it checks whatever comes back, at every step of every module.

It is plain HTTP on one side and joserfc on the other; nothing of the provider's own code is used.
"""

import itertools
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from unittest.mock import ANY
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from joserfc.jwk import RSAKey

from tests.conformance.modules import FORM_POST, KEY, POST, Variant
from tests.provider.jose import read, sign
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider
from tests.web.pages import Page
from tests.web.visits import follow, shows
from tests.web.visits import sign_in as sign_in_at

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PROTOCOL_CLAIMS = frozenset(
    {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "jti", "sid"}
)
ERROR_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
"""RFC 6749 4.1.2.1 and 5.2."""
MOST_A_MINUTE_OFF = 60
_serial = itertools.count(1)


@dataclass(frozen=True)
class SignedIn:
    """What somebody's sign-in left the relying party with, all of it checked."""

    front: dict[str, str]
    """The members of the authorization response."""
    tokens: dict[str, Any] = field(default_factory=dict)
    """The token response, where there was a code."""
    id_tokens: tuple[str, ...] = ()
    claims: dict[str, Any] = field(default_factory=dict)
    """Those of the last ID token."""

    @property
    def access_token(self) -> str:
        """The last one, "" where none comes."""
        return str(self.tokens.get("access_token") or self.front.get("access_token") or "")

    @property
    def id_token(self) -> str:
        return self.id_tokens[-1]


class RelyingParty:
    """One client of the provider, for one run of one module."""

    def __init__(
        self, provider: Provider, variant: Variant, client: dict[str, Any], key: RSAKey, person: Person
    ) -> None:
        self.provider, self.variant, self.client, self.key, self.person = provider, variant, client, key, person
        self.redirect_uri: str = client["redirect_uris"][0]
        self.client_id: str = client["client_id"]
        self.algorithm: str = client.get("id_token_signed_response_alg", "RS256")
        self.scope = "openid"

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(self.variant.response_type.split())

    @property
    def has_access_token(self) -> bool:
        return not self.parts.isdisjoint({"code", "token"})

    # ---- the request ------------------------------------------------------------------------------------------------

    def parameters(self, **changed: str | None) -> dict[str, str]:
        """A new request, with a state and a nonce of its own; None leaves a parameter out."""
        number = next(_serial)
        usual = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": f"state {number} +&é",
            "nonce": f"nonce-{number}",
            "response_type": self.variant.response_type,
            **({"response_mode": FORM_POST} if self.variant.response_mode == FORM_POST else {}),
        }
        return {name: value for name, value in {**usual, **changed}.items() if value is not None}

    def open(self, sent: dict[str, str], person: Person | None = None) -> httpx.Response:
        """Send somebody to the provider; return the page, or the redirect, where that ends."""
        person = person or self.person
        return follow(person, person.browser.get(f"/authorize?{urlencode(sent)}"))

    # ---- the answer -------------------------------------------------------------------------------------------------

    def answer(self, response: httpx.Response, sent: dict[str, str], *, in_query: bool = False) -> dict[str, str]:
        """The members of an answer, which must come in the mode of the variant and nowhere else."""
        if self.variant.response_mode == FORM_POST:
            form = Page(response.text).all("form")[0].attributes
            assert (response.status_code, form["method"], form["action"]) == (200, "post", sent["redirect_uri"])
            members = hidden(response.text)
        else:
            assert response.status_code in (302, 303), f"{response.status_code} {response.text}"
            location = response.headers["location"]
            address, _, fragment = location.partition("#")
            query = urlsplit(address).query.removeprefix(urlsplit(sent["redirect_uri"]).query).removeprefix("&")
            assert address.startswith(sent["redirect_uri"])
            where, elsewhere = (query, fragment) if in_query or self.parts == {"code"} else (fragment, query)
            assert elsewhere == ""
            pairs = parse_qsl(where, strict_parsing=True, keep_blank_values=True)
            members = dict(pairs)
            assert len(members) == len(pairs), "each once"
        assert members.get("state") == sent.get("state")
        assert members["iss"] == self.provider.url, "RFC 9207 2"
        return members

    def refusal(self, response: httpx.Response, sent: dict[str, str], *, in_query: bool = False) -> str:
        """The code of an error that came back (RFC 6749 4.1.2.1), with nothing beside it."""
        members = self.answer(response, sent, in_query=in_query)
        assert set(members) == {"error", "error_description", "state", "iss"}
        assert ERROR_DESCRIPTION.fullmatch(members["error_description"])
        return members["error"]

    def sign_in(self, person: Person | None = None, **changed: str | None) -> SignedIn:
        """Go all the way, through whatever pages come."""
        sent = self.parameters(**changed)
        return self.finish(self.open(sent, person), sent, person)

    def finish(self, page: httpx.Response, sent: dict[str, str], person: Person | None = None) -> SignedIn:
        """Go on from a page to the end: the answer, the tokens, userinfo."""
        if "location" not in page.headers and shows(page, "sign-in"):
            page = sign_in_at(person or self.person, page)
        front = self.answer(page, sent)
        parts = set(sent["response_type"].split())
        assert {part for part in ("code", "id_token") if part in front} == parts - {"token"}, front
        assert ("access_token" in front) == ("token" in parts)
        got = SignedIn(front)
        if "id_token" in parts:
            claims = self.check_id_token(front["id_token"], sent, front, from_front=True)
            got = SignedIn(front, {}, (front["id_token"],), claims)
        if "token" in parts:
            assert (front["token_type"], int(front["expires_in"]) > 0) == ("Bearer", True)
            assert self.userinfo(front["access_token"])["sub"] == got.claims.get("sub", ANY)
        if "code" not in parts:
            return got
        tokens = self.redeem(front["code"], sent["redirect_uri"]).raise_for_status().json()
        claims = self.check_tokens(tokens, sent, front["code"])
        if got.claims:
            assert {got.claims[name] == claims[name] for name in ("iss", "sub", "auth_time")} == {True}
        return SignedIn(front, tokens, (*got.id_tokens, tokens["id_token"]), claims)

    # ---- the token endpoint -----------------------------------------------------------------------------------------

    def redeem(self, code: str, redirect_uri: str = "", **more: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri or self.redirect_uri}
        return self.token({**form, **more})

    def token(self, form: dict[str, str]) -> httpx.Response:
        """POST /token, proven by the method of the variant."""
        url = f"{self.provider.url}/token"
        if self.variant.client_auth == KEY:
            return HTTP.post(url, data={**form, **self.assertion(url)})
        credentials = {"client_id": self.client_id, "client_secret": self.client["client_secret"]}
        if self.variant.client_auth == POST:
            return HTTP.post(url, data={**form, **credentials})
        return HTTP.post(url, data=form, auth=(self.client_id, self.client["client_secret"]))

    def assertion(self, audience: str) -> dict[str, str]:
        now = int(self.provider.clock())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": audience, "iat": now, "exp": now + 60}
        signed = sign(self.key, {**claims, "jti": f"{next(_serial)}"}, alg="RS256", kid=self.key.kid)
        return {"client_assertion_type": ASSERTION, "client_assertion": signed}

    def refused(self, response: httpx.Response) -> str:
        """The code of an error of the token endpoint (RFC 6749 5.2)."""
        assert (response.status_code, response.headers["content-type"]) == (400, "application/json")
        body = response.json()
        assert ERROR_DESCRIPTION.fullmatch(body["error_description"])
        return str(body["error"])

    # ---- what came --------------------------------------------------------------------------------------------------

    def check_tokens(self, tokens: dict[str, Any], sent: dict[str, str], code: str = "") -> dict[str, Any]:
        """Check a token response (RFC 6749 5.1, OIDC Core 3.1.3.3); return the claims of its ID token."""
        assert tokens["token_type"] == "Bearer"
        assert tokens["expires_in"] > 0
        assert len(tokens["access_token"]) > 20
        claims = self.check_id_token(tokens["id_token"], sent, {"access_token": tokens["access_token"], "code": code})
        userinfo = self.userinfo(tokens["access_token"])
        assert userinfo["sub"] == claims["sub"], "OIDC Core 5.3.2"
        return claims

    def check_id_token(
        self, token: str, sent: dict[str, str], beside: dict[str, str], *, from_front: bool = False
    ) -> dict[str, Any]:
        """Check an ID token as OIDC Core 3.1.3.7, 3.2.2.11 and 3.3.2.12 tell a client to, and that it holds no more."""
        if self.algorithm == "none":
            header, claims = unsigned(token)
        else:
            verified = read(self.provider, token)
            header, claims = verified.header, verified.claims
            assert header["kid"], "OIDC Core 10.1"
        assert header["alg"] == self.algorithm
        now = self.provider.clock()
        assert (claims["iss"], claims["aud"]) == (self.provider.url, self.client_id)
        assert claims["exp"] > now
        assert abs(claims["iat"] - now) < MOST_A_MINUTE_OFF
        assert claims["auth_time"] <= now
        assert claims.get("nonce") == sent.get("nonce")
        assert 0 < len(claims["sub"]) < 256
        hashed = {"at_hash": beside.get("access_token"), "c_hash": beside.get("code")}
        for name, value in hashed.items():
            required = bool(value) and from_front
            if name in claims or required:
                assert value is not None
                assert claims[name] == left_half(value)
        return claims

    def userinfo(self, access_token: str, method: str = "GET", **how: Any) -> dict[str, Any]:
        """Ask userinfo (OIDC Core 5.3), by the Authorization header unless told otherwise."""
        sent = how or {"headers": {"Authorization": f"Bearer {access_token}"}}
        response = HTTP.request(method, f"{self.provider.url}/userinfo", **sent)
        is_signed = "userinfo_signed_response_alg" in self.client
        media_type = "application/jwt" if is_signed else "application/json"
        assert (response.status_code, response.headers["content-type"]) == (200, media_type), response.text
        found: dict[str, Any] = read(self.provider, response.text).claims if is_signed else response.json()
        return found

    # ---- request objects --------------------------------------------------------------------------------------------

    def request_object(self, sent: dict[str, str], algorithm: str = "none", **more: Any) -> str:
        """The request as a JWT (OIDC Core 6.1), signed or not."""
        header = {"alg": algorithm} if algorithm == "none" else {"alg": algorithm, "kid": self.key.kid}
        return sign(b"" if algorithm == "none" else self.key, {**sent, **more}, **header)


def left_half(value: str) -> str:
    """`at_hash` and `c_hash` beside RS256 (OIDC Core 3.1.3.6)."""
    return urlsafe_b64encode(sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


def unsigned(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token without a signature (RFC 7515, A.5)."""
    header, payload, signature = token.split(".")
    assert signature == ""
    return json.loads(urlsafe_b64decode(header + "===")), json.loads(urlsafe_b64decode(payload + "==="))
