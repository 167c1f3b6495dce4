"""The configured providers: where a person is sent, and who they are once they are back with a code."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from idp.client_keys import ClientKeys
from idp.outbound import Fetcher, FetchError
from idp.protocol.authentication import AMR_FEDERATED
from idp.protocol.names import CODE, ResponseMode
from idp.protocol.pkce import S256, challenge_of
from idp.protocol.secrets import Clock, Randomness
from idp.protocol.strict_json import load_strictly
from idp.protocol.upstreams import Identity, Setback, UpstreamError
from idp.settings import Settings, Upstream
from idp.store.upstream_flows import UpstreamFlow
from idp.upstream.credentials import Credentials
from idp.upstream.directory import Directory
from idp.upstream.id_token import LEEWAY, Expected, read_id_token
from idp.web import paths
from idp.web.requests import FORM
from idp.web.responses import with_query

MAX_TEXT = 320
_OK = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, ready to be asked."""

    name: str
    upstream: Upstream
    credentials: Credentials

    @property
    def budget(self) -> str:
        """On whose account fetches are."""
        return f"upstream {self.name}"


class Providers:
    """Every configured provider."""

    def __init__(
        self, settings: Settings, fetcher: Fetcher, keys: ClientKeys, clock: Clock, random: Randomness
    ) -> None:
        """Read every secret and key.

        Raises:
            SettingsError: when one of them will not do.
        """
        self._issuer = settings.issuer
        self._fetcher = fetcher
        self._keys = keys
        self._clock = clock
        self._directory = Directory(fetcher, clock)
        self._providers = {
            name: Provider(name, upstream, Credentials(name, upstream, clock, random))
            for name, upstream in settings.upstream.items()
        }

    def find(self, name: str) -> Provider | None:
        """Return the provider of a name."""
        return self._providers.get(name)

    def address(self, provider: Provider, flow: UpstreamFlow, state: str) -> str:
        """Return where the person is sent (OIDC Core 3.1.2.1, RFC 7636, RFC 9700 2.1).

        Raises:
            UpstreamError: `unavailable` when the provider's own address is not known.
        """
        parameters = {
            "response_type": CODE,
            "client_id": provider.upstream.client_id,
            "redirect_uri": self._redirect_uri(provider),
            "scope": " ".join(provider.upstream.scopes),
            "state": state,
            "nonce": flow.nonce,
            "code_challenge": challenge_of(flow.verifier),
            "code_challenge_method": S256,
        }
        if provider.upstream.response_mode != ResponseMode.QUERY:
            parameters["response_mode"] = provider.upstream.response_mode
        if flow.max_age is not None:
            parameters["max_age"] = str(flow.max_age)
        metadata = self._directory.metadata(provider.upstream.issuer, provider.budget)
        return with_query(metadata.authorization_endpoint, parameters)

    def check_answerer(self, provider: Provider, iss: str) -> None:
        """Check that an answer, an error too, is this provider's and nobody else's (RFC 9207 2.4).

        Raises:
            UpstreamError: `refused` when it names another, or none although this one always does.
        """
        metadata = self._directory.metadata(provider.upstream.issuer, provider.budget)
        if iss != provider.upstream.issuer and (iss or metadata.says_issuer):
            raise UpstreamError(Setback.REFUSED, "the answer's iss is not that of the provider that was asked")

    def identify(self, provider: Provider, code: str, flow: UpstreamFlow) -> Identity:
        """Redeem a code, and return whom its ID token names.

        Raises:
            UpstreamError: `unavailable` when the provider does not answer, `refused` when its answer does not hold,
                `not_fresh` when it is older than was asked for.
        """
        metadata = self._directory.metadata(provider.upstream.issuer, provider.budget)
        answer = self._redeem(provider, metadata.token_endpoint, code, flow.verifier)
        now = int(self._clock())
        upstream = provider.upstream
        claims = read_id_token(
            answer["id_token"],
            Expected(upstream.issuer, upstream.client_id, flow.nonce, upstream.id_token_algorithms, now),
            partial(self._keys.published, provider.budget, metadata.jwks_uri),
            provider.credentials.secret,
            _text(answer, "access_token", None),
        )
        identity = _identity(provider, claims)
        if flow.max_age is not None and flow.interaction_id and identity.auth_time + flow.max_age + LEEWAY < now:
            raise UpstreamError(Setback.NOT_FRESH, "auth_time is missing or too long ago (OIDC Core 3.1.3.7, 13)")
        return identity

    def _redeem(self, provider: Provider, endpoint: str, code: str, verifier: str) -> Mapping[str, Any]:
        proof, headers = provider.credentials.prove()
        form = {
            "grant_type": "authorization_code",
            CODE: code,
            "redirect_uri": self._redirect_uri(provider),
            "code_verifier": verifier,
            **proof,
        }
        try:
            fetched = self._fetcher.ask(
                endpoint,
                urlencode(form).encode("ascii"),
                content_type=FORM,
                budget=provider.budget,
                headers={"Accept": "application/json", **headers},
            )
        except FetchError as error:
            raise UpstreamError(Setback.UNAVAILABLE, f"the token endpoint: {error}") from error
        if fetched.status != _OK:
            raise UpstreamError(Setback.REFUSED, f"the token endpoint answered with status {fetched.status}")
        try:
            answer = load_strictly(fetched.body.decode("utf-8"))
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
            raise UpstreamError(Setback.REFUSED, "the token endpoint gave no ID token")
        return answer

    def _redirect_uri(self, provider: Provider) -> str:
        return self._issuer + paths.upstream_callback(provider.name)


def _identity(provider: Provider, claims: Mapping[str, Any]) -> Identity:
    auth_time = claims.get("auth_time")
    return Identity(
        provider=provider.name,
        issuer=provider.upstream.issuer,
        subject=claims["sub"],
        email=_text(claims, "email", MAX_TEXT),
        is_email_verified=claims.get("email_verified") in (True, "true"),  # Apple writes it as text
        name=_text(claims, "name", MAX_TEXT),
        amr=(AMR_FEDERATED, *_believed(provider.upstream, claims)),
        auth_time=auth_time if type(auth_time) is int else 0,
    )


def _believed(upstream: Upstream, claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the provider's words on how the person signed in mean here: nothing, but for what is configured."""
    said, acr = claims.get("amr"), claims.get("acr")
    methods = [value for value in said if isinstance(value, str)] if isinstance(said, list) else []
    meant = [name for value in methods for name in upstream.amr.get(value, ())]
    meant += upstream.acr.get(acr, ()) if isinstance(acr, str) else ()
    return tuple(dict.fromkeys(name for name in meant if name != AMR_FEDERATED))


def _text(claims: Mapping[str, Any], name: str, longest: int | None) -> str:
    """Return a claim that is text that can be shown, "" for any other."""
    value = claims.get(name)
    return value if isinstance(value, str) and value.isprintable() and len(value) <= (longest or len(value)) else ""
