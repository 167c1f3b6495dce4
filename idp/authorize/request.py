"""An authorization request, checked in order (RFC 6749 4.1.1, OIDC Core 3.1.2.1, RFC 7636 4.3, RFC 8707 2, RFC 9396).

Errors before the redirect URI is proven are shown to the person; later ones go to the client.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from idp.authorize.grant_management import amended_grant, grant_wish
from idp.authorize.hints import hinted_subjects
from idp.authorize.response_type import (
    answer_mode,
    brings_code,
    check_front_id_token,
    check_response_mode,
    check_response_type,
    wanted_parts,
)
from idp.protocol import pkce
from idp.protocol.asked import Asked
from idp.protocol.authentication import ACRS, AskedLevels
from idp.protocol.authorization_details import PARTNER_DATA, PartnerData, parse_authorization_details
from idp.protocol.claims_request import ClaimsRequest, parse_claims
from idp.protocol.errors import (
    SUSPENDED,
    OAuthError,
    invalid_authorization_details,
    invalid_request,
    invalid_scope,
    unauthorized_client,
    unmet_authentication_requirements,
)
from idp.protocol.names import IMPLICIT, OPENID, GrantType, ResponseMode
from idp.protocol.parameters import Parameters
from idp.protocol.redirect_uris import is_registered
from idp.protocol.resources import check_resources
from idp.protocol.scopes import parse_scope
from idp.services import Services
from idp.settings import Settings
from idp.store.clients import Client

MAX_STATE_CHARACTERS = 2048
MAX_REQUEST_CHARACTERS = 16_384
"""What a stranger may make us keep while a request waits for its user."""
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNSUPPORTED = {
    "registration": "registration_not_supported",
}


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where the answer goes, proven to belong to the client."""

    client: Client
    redirect_uri: str
    was_sent: bool
    response_mode: ResponseMode
    state: str


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request in which every parameter is checked."""

    address: ReturnAddress
    asked: Asked
    resources: tuple[str, ...]
    parts: frozenset[str]
    """What goes through the browser: code, id_token, token."""
    nonce: str
    code_challenge: str
    prompts: frozenset[str]
    max_age: int | None
    subjects: frozenset[str]
    """Each of these must be the `sub` of the person: of `id_token_hint`, of `claims`, of the grant that is amended."""
    levels: AskedLevels

    @property
    def client(self) -> Client:
        """Return the client that asks."""
        return self.address.client


def check_return_address(services: Services, parameters: Parameters) -> ReturnAddress:
    """Prove who asks and where the answer may go. Its errors must never be redirected (RFC 6749 4.1.2.1).

    Raises:
        OAuthError: for an unknown client or a redirect URI that is not registered.
    """
    if sum(map(len, parameters.values())) + sum(map(len, parameters.repeated)) > MAX_REQUEST_CHARACTERS:
        raise _not_redirected("The request is too long.")
    client = services.find_client(parameters.get("client_id", ""))
    if client is None:
        raise _not_redirected("The app is not known here. Its client_id is missing or wrong.")
    if {GrantType.AUTHORIZATION_CODE, IMPLICIT}.isdisjoint(client.grant_types):
        raise _not_redirected("This app is not registered for signing people in.")
    sent = parameters.get("redirect_uri")
    if sent is None and (len(client.redirect_uris) != 1 or OPENID in parameters.get("scope", "").split()):
        raise _not_redirected("The parameter redirect_uri is missing.")
    redirect_uri = sent if sent is not None else client.redirect_uris[0]
    if not is_registered(redirect_uri, client.redirect_uris):
        raise _not_redirected("The redirect_uri is not one that the app has registered. It must be the same, exactly.")
    state = parameters.get("state", "")
    address = ReturnAddress(client, redirect_uri, sent is not None, answer_mode(parameters), state)
    if len(state) > MAX_STATE_CHARACTERS:
        raise _not_redirected("The parameter state is too long.")
    if _CONTROL.search(state):
        raise _not_redirected("The parameter state holds a control character; a form could not carry it back intact.")
    return address


def check_request(services: Services, parameters: Parameters, address: ReturnAddress) -> AuthorizationRequest:
    """Check everything else, in this order.

    Raises:
        OAuthError: the first thing that is wrong; it may be redirected.
    """
    client = address.client
    if not services.sharing.is_welcome(client):
        raise unauthorized_client(SUSPENDED)
    for check in _CHECKS:
        check(parameters, client, services.settings)
    wanted = _wanted(services, parameters, client)
    claims = _claims(parameters)
    scopes = _scopes(services, parameters, client, may_be_empty=wanted is not None)
    check_front_id_token(parameters, scopes)
    asked = services.sharing.asked(client, scopes, wanted, claims)
    asked = replace(asked, wish=grant_wish(services, parameters, client))
    amended = amended_grant(services, client, asked)
    owner = {services.sharing.subject(client, amended.account_id)} if amended else frozenset()
    allowed_resources = (*client.resources, services.settings.issuer)
    return AuthorizationRequest(
        address=address,
        asked=asked,
        resources=check_resources(parameters.repeated, allowed_resources) or (services.settings.issuer,),
        parts=wanted_parts(parameters),
        nonce=parameters.get("nonce", ""),
        code_challenge=parameters.get("code_challenge", ""),
        prompts=_prompts(parameters),
        max_age=_max_age(parameters, client),
        subjects=claims.subjects | owner | hinted_subjects(services, parameters.get("id_token_hint"), client),
        levels=_levels(
            parameters, client, claims.levels, services.settings.sign_in.least_level(client.client_id, scopes)
        ),
    )


def _check_unsupported(parameters: Parameters, _client: Client, _settings: Settings) -> None:
    """Refuse what would change the request's meaning if it were ignored (OIDC Core 3.1.2.6)."""
    for name, code in _UNSUPPORTED.items():
        if name in parameters:
            raise OAuthError(code, f"The parameter {name} is not supported.")


def _check_proof_key(parameters: Parameters, client: Client, _settings: Settings) -> None:
    """Ask for PKCE with S256; only a confidential client may be set to go without (RFC 9700 2.1.1)."""
    challenge = parameters.get("code_challenge")
    if challenge is None:
        if "code_challenge_method" in parameters:
            raise invalid_request("The parameter code_challenge is missing.")
        if brings_code(parameters) and (client.require_pkce or client.is_public):
            raise invalid_request("PKCE is required: send code_challenge with code_challenge_method S256 (RFC 7636).")
        return
    if parameters.get("code_challenge_method") != pkce.S256:
        raise invalid_request("The code_challenge_method must be S256.")
    if not pkce.is_challenge(challenge):
        raise invalid_request("The code_challenge must be 43 base64url characters, the SHA-256 of the verifier.")


def _check_lengths(parameters: Parameters, _client: Client, _settings: Settings) -> None:
    if len(parameters.get("nonce", "")) > MAX_STATE_CHARACTERS:
        raise invalid_request("The parameter nonce is too long.")


_CHECKS: tuple[Callable[[Parameters, Client, Settings], None], ...] = (
    _check_unsupported,
    check_response_mode,
    check_response_type,
    _check_proof_key,
    _check_lengths,
)


def _wanted(services: Services, parameters: Parameters, client: Client) -> PartnerData | None:
    """Return the data that is asked for by authorization details, if any is (RFC 9396 3)."""
    text = parameters.get("authorization_details")
    if text is None:
        return None
    wanted = parse_authorization_details(text)
    if PARTNER_DATA not in client.authorization_details_types:
        raise invalid_authorization_details("The app is not registered for this type of authorization_details.")
    if set(wanted.locations) - {services.settings.issuer}:
        raise invalid_authorization_details("The data can be had from this server alone: its issuer is the location.")
    return wanted


def _claims(parameters: Parameters) -> ClaimsRequest:
    """Return the claims that are asked for one by one (OIDC Core 5.5).

    Raises:
        OAuthError: `unmet_authentication_requirements` when nobody can sign in as the app insists on (5.5.1.1).
    """
    text = parameters.get("claims")
    claims = ClaimsRequest() if text is None else parse_claims(text)
    if claims.levels.essential and not set(claims.levels.essential) & set(ACRS):
        raise unmet_authentication_requirements()
    return claims


def _scopes(
    services: Services, parameters: Parameters, client: Client, *, may_be_empty: bool = False
) -> tuple[str, ...]:
    """Return the scopes to grant: unknown values are ignored (OIDC Core 3.1.2.1), forbidden ones refused."""
    requested = parse_scope(parameters.get("scope", ""))
    known = tuple(scope for scope in requested if services.scope_rules.is_known(scope))
    if not known and not may_be_empty:
        raise invalid_scope("The scope is missing or names nothing that is known here.")
    if not all(services.scope_rules.may_have(client, scope) for scope in known):
        raise invalid_scope("The app may not have this scope.")
    return known


def _prompts(parameters: Parameters) -> frozenset[str]:
    prompts = frozenset(parameters.get("prompt", "").split())
    if not prompts <= PROMPTS:
        raise invalid_request("The prompt is not supported.")
    if "none" in prompts and len(prompts) > 1:
        raise invalid_request("The prompt none stands alone.")
    return prompts


def _max_age(parameters: Parameters, client: Client) -> int | None:
    """Return the age that a sign-in may have: what the request says, or what the client registered for all of its."""
    text = parameters.get("max_age")
    if text is None:
        return client.default_max_age
    if not text.isascii() or not text.isdigit() or len(text) > 10:  # noqa: PLR2004 - three centuries
        raise invalid_request("The max_age must be a number of seconds.")
    return int(text)


def _levels(parameters: Parameters, client: Client, claimed: AskedLevels, least: str) -> AskedLevels:
    """Return the levels asked for; wishes by `acr_values`, else by `claims`, else as registered (OIDC Core 3.1.2.1)."""
    wished = tuple(parameters.get("acr_values", "").split()) or claimed.wished or client.default_acr_values
    return AskedLevels(claimed.essential, tuple(acr for acr in wished if acr in ACRS), least)


def _not_redirected(description: str) -> OAuthError:
    return invalid_request(description, may_redirect=False)
