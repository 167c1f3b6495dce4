"""Which fields and claims a request is about, before anything is decided (OIDC Core 5.4 and 5.5).

A scope and an authorization detail stand for whole fields, in userinfo and wherever the client is registered to have
them. A claim that is named one by one stands for itself, in the place that it was named for. It reaches no further than
the scopes that the client is registered for now, so that naming a claim is asking for less, never for more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.protocol.asked import Asked
from idp.protocol.audit import Surface
from idp.store.clients import Client
from policies.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whole fields, and single claims of further ones."""

    whole: frozenset[str]
    claims: frozenset[str]
    fields: frozenset[str]
    """Both together, as fields: what is decided upon."""

    def trimmed(self, catalogue: Catalogue, claims: Mapping[str, object]) -> dict[str, object]:
        """Return of the claims of these fields those that were asked for."""
        return {
            name: value for name, value in claims.items() if name in self.claims or catalogue.claims[name] in self.whole
        }


def wanted_at(
    catalogue: Catalogue, client: Client, asked: Asked, surface: Surface, only: tuple[str, ...] | None
) -> Wanted:
    """Return what an answer is asked to hold; `only` narrows whole fields to some."""
    whole = _whole(catalogue, asked)
    if only is not None:
        whole &= frozenset(only)
    named = {Surface.ID_TOKEN: asked.id_token_claims, Surface.USERINFO: asked.userinfo_claims}.get(surface, ())
    claims = frozenset(claimable(catalogue, client, named))
    return Wanted(whole, claims, whole | catalogue.fields_for_claims(claims))


def wanted_anywhere(catalogue: Catalogue, client: Client, asked: Asked) -> frozenset[str]:
    """Return every field that a request is about: what the person is asked for."""
    named = claimable(catalogue, client, (*asked.id_token_claims, *asked.userinfo_claims))
    return _whole(catalogue, asked) | catalogue.fields_for_claims(named)


def claimable(catalogue: Catalogue, client: Client, named: tuple[str, ...]) -> tuple[str, ...]:
    """Return of some claims those that exist here and that the client's scopes stand for or give away."""
    if not named:
        return ()
    reach = catalogue.closure_down(catalogue.fields_for_scopes(client.scopes))
    return tuple(claim for claim in named if catalogue.claims.get(claim) in reach)


def _whole(catalogue: Catalogue, asked: Asked) -> frozenset[str]:
    return catalogue.fields_for_scopes(asked.scopes) | catalogue.known.intersection(asked.fields)
