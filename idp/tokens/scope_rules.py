"""Which scopes a client may have: its kind may, and it is registered for them (RFC 6749 3.3).

Asked at every issuance.
"""

from collections.abc import Iterable

from idp.data_sharing.policy_in_force import PolicyInForce
from idp.protocol.names import (
    ACCESS_DECISIONS,
    AUDIENCE,
    GRANT_MANAGEMENT,
    GRANT_QUERY,
    GRANT_REVOKE,
    PARTNER_MESSAGES,
    PURPOSE_PREFIX,
    ClientKind,
)
from idp.settings import Settings
from idp.store.clients import Client


class ScopeRules:
    """The rules of one server. What they allowed once, they may refuse at the next token."""

    def __init__(self, settings: Settings, policy: PolicyInForce) -> None:
        """Take the group's own scopes from the settings, and those that need a user from the catalogue in force."""
        self._settings = settings
        self._policy = policy

    def is_known(self, scope: str) -> bool:
        """Whether this server has a meaning for a scope value."""
        return scope in self._policy.user_scopes or scope in self._settings.scopes or scope.startswith(PURPOSE_PREFIX)

    def may_have(self, client: Client, scope: str) -> bool:
        """Whether a client may be given a scope now."""
        return bool(self.allowed(client, (scope,)))

    def allowed(self, client: Client, scopes: Iterable[str]) -> tuple[str, ...]:
        """Return those of some scopes that a client may be given now, all judged by one reading of the policy."""
        user_scopes = self._policy.user_scopes
        return tuple(scope for scope in scopes if self._may_have(client, scope, user_scopes))

    def _may_have(self, client: Client, scope: str, user_scopes: frozenset[str]) -> bool:
        if scope.startswith(PURPOSE_PREFIX):
            return client.is_third_party
        if scope in (GRANT_QUERY, GRANT_REVOKE):
            managed = GRANT_MANAGEMENT in self._settings.experimental
            return managed and client.is_third_party and scope in client.scopes
        if scope in (PARTNER_MESSAGES, AUDIENCE):
            return client.is_third_party and scope in client.scopes
        if scope == ACCESS_DECISIONS:
            return client.kind is not ClientKind.FIRST_PARTY and scope in client.scopes
        if scope in user_scopes:
            return client.kind is not ClientKind.SERVICE and scope in client.scopes
        setting = self._settings.scopes.get(scope)
        return setting is not None and client.kind in setting.kinds and scope in client.scopes
