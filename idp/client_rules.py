"""What a client's metadata may say, given who it is and what this server allows; asked for every client that is saved.

`protocol.client_checks` judges the metadata by itself; here come the kind of client, the operator's settings, and the
one thing that has to be fetched.
"""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from idp.outbound import Fetcher, FetchError
from idp.protocol.authorization_details import TYPES
from idp.protocol.client_checks import Problem, problems_with
from idp.protocol.client_metadata import PAIRWISE, PUBLIC
from idp.protocol.names import IMPLICIT, NO_SIGNATURE, ClientKind, GrantType
from idp.settings import Settings
from idp.store.clients import Client
from idp.tokens.scope_rules import ScopeRules

MAX_SECTOR_BYTES = 65_536


def client_problems(client: Client, settings: Settings, scope_rules: ScopeRules) -> Iterator[Problem]:
    """Yield everything that is wrong with a client, short of what `sector_problems` has to fetch."""
    yield from problems_with(client)
    yield from _kind_problems(client)
    yield from _subject_problems(client)
    yield from _impersonation_problems(client)
    for response_type in client.response_types:
        if response_type not in settings.response_types:
            yield Problem("response_types", "is not in the setting 'response_types'", response_type)
    if client.id_token_algorithm == NO_SIGNATURE and not settings.unsigned_id_tokens:
        yield Problem("id_token_algorithm", "id_token_algorithm none needs the setting 'unsigned_id_tokens'")
    for scope in client.scopes:
        if not scope_rules.may_have(client, scope):
            yield Problem("scopes", f"is unknown, or not for kind {client.kind}", scope)


def _kind_problems(client: Client) -> Iterator[Problem]:
    if client.is_public and not client.require_pkce:
        yield Problem("require_pkce", "a public client cannot go without PKCE (RFC 9700 2.1.1)")
    if client.kind is ClientKind.SERVICE and {GrantType.AUTHORIZATION_CODE, IMPLICIT} & set(client.grant_types):
        yield Problem("grant_types", "a service has no users to sign in; use kind first_party or third_party")
    if client.authorization_details_types and not client.is_third_party:
        sentence = "authorization_details_types goes with kind third_party only: others ask by scope"
        yield Problem("authorization_details_types", sentence)
    for unknown in client.authorization_details_types:
        if unknown not in TYPES:
            yield Problem("authorization_details_types", f"is not one of {', '.join(TYPES)}", unknown)


def _subject_problems(client: Client) -> Iterator[Problem]:
    """Check that it is clear to whom a pairwise `sub` belongs (OIDC Core 8.1)."""
    if client.is_third_party and client.subject_type == PUBLIC:
        sentence = "subject_type public is not for third parties: what two of them know of a person must not meet"
        yield Problem("subject_type", sentence)
    if client.sector_identifier_uri and client.subject_type != PAIRWISE and not client.is_third_party:
        yield Problem("sector_identifier_uri", "sector_identifier_uri goes with subject_type pairwise")
    undecided = client.is_pairwise and not client.partner_id and not client.sector_identifier_uri
    if undecided and len(client.redirect_hosts) > 1:
        sentence = "redirect_uris have several hosts, so that a pairwise sub needs a sector_identifier_uri (Core 8.1)"
        yield Problem("sector_identifier_uri", sentence)


def _impersonation_problems(client: Client) -> Iterator[Problem]:
    """Check that nobody shows another's logo or policy, unless an operator vouches for it (OIDC Registration 9.1)."""
    if not client.application_type:
        return
    hosts = {urlsplit(uri).hostname for uri in client.redirect_uris}
    translations: dict[str, str] = json.loads(client.translations) if client.translations else {}
    for member in ("logo_uri", "policy_uri"):
        shown = [getattr(client, member), *(uri for name, uri in translations.items() if name.startswith(f"{member}#"))]
        if any(uri and urlsplit(uri).hostname not in hosts for uri in shown):
            yield Problem(member, f"{member} is not on the host of one of redirect_uris (OIDC Registration 9.1)")


def sector_problems(client: Client, fetcher: Fetcher, budget: str) -> Iterator[Problem]:
    """Fetch what the client's sector publishes, and yield whatever keeps the client from being one of it (Core 8.1)."""
    if not client.sector_identifier_uri:
        return
    member = "sector_identifier_uri"
    try:
        document = fetcher.document(
            client.sector_identifier_uri, budget=budget, accept=("application/json",), max_bytes=MAX_SECTOR_BYTES
        )
        listed = json.loads(document)
    except FetchError as error:
        yield Problem(member, f"sector_identifier_uri could not be read ({error.code}): {error.detail}")
        return
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        yield Problem(member, "sector_identifier_uri does not hold a JSON array of redirect URIs (Core 8.1)")
    elif any(uri not in listed for uri in client.redirect_uris):
        yield Problem(member, "sector_identifier_uri does not list all redirect_uris (OIDC Registration 5)")
