"""Which scopes and audience a token gets (RFC 6749 3.3, RFC 8707 2.2)."""

from idp.protocol.errors import invalid_scope, invalid_target
from idp.protocol.resources import check_resources
from idp.protocol.scopes import parse_scope
from idp.store.clients import Client
from idp.tokens.scope_rules import ScopeRules


def narrowed(requested: str, granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes of a refreshed token: those asked for, or all that were granted.

    Raises:
        OAuthError: `invalid_scope` for a value beyond what was granted (RFC 6749 6).
    """
    scopes = parse_scope(requested)
    if not set(scopes) <= set(granted):
        raise invalid_scope("The scope is wider than what was granted.")
    return scopes or granted


def audience(requested: tuple[str, ...], granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the audience: the resources asked for now, within those granted, or all that were granted.

    Raises:
        OAuthError: `invalid_target` for a resource beyond what was granted.
    """
    return check_resources(requested, granted) or granted


def still_allowed(rules: ScopeRules, client: Client, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return what of granted scopes the client may have now: some may have been withdrawn since.

    Raises:
        OAuthError: `invalid_scope` when nothing is left.
    """
    left = rules.allowed(client, scopes)
    if scopes and not left:
        raise invalid_scope("The client may have none of these scopes any more.")
    return left


def still_heard(client: Client, resources: tuple[str, ...], issuer: str) -> tuple[str, ...]:
    """Return what of a granted audience the client may address now.

    Raises:
        OAuthError: `invalid_target` when nothing is left.
    """
    left = tuple(resource for resource in resources if resource == issuer or resource in client.resources)
    if not left:
        raise invalid_target("The client may address none of these resources any more.")
    return left


def own_audience(client: Client, requested: tuple[str, ...], issuer: str) -> tuple[str, ...]:
    """Return the audience of a client that acts for itself: what it asks for, or its only resource, or this server.

    Raises:
        OAuthError: `invalid_target` for a resource that is not the client's.
    """
    resources = check_resources(requested, client.resources)
    if resources:
        return resources
    return client.resources if len(client.resources) == 1 else (issuer,)
