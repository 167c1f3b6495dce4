"""Who asks for a person's data, under which grant, with which token (RFC 6750)."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Request

from idp.data_sharing import Released
from idp.protocol.asked import Asked
from idp.protocol.errors import FORBIDDEN, OAuthError, invalid_request
from idp.services import Services
from idp.store.clients import Client
from idp.web import paths
from idp.web.bearer import BEARER, standing_grant, verified_token

RESOURCE = paths.DATA_ME.rpartition("/")[0]
"""With the issuer before it the identifier of the data API as a resource (RFC 8707)."""


@dataclass(frozen=True, slots=True)
class PartnersGrant:
    """A partner's app and what its token lets it ask about one person."""

    client: Client
    account_id: str
    subject: str
    asked: Asked

    def members(self, released: Released, requestable: frozenset[str]) -> Mapping[str, object]:
        """Return what stands beside the data in every answer."""
        withheld = {
            field: {"reason": code, "requestable": field in requestable} for field, code in released.withheld.items()
        }
        return {
            "sub": self.subject,
            "purpose": self.asked.purpose,
            "withheld": withheld,
            "decision_id": released.decision_id,
            "expires_at": released.expires_at,
        }


def partners_grant(services: Services, request: Request, purpose: str | None) -> PartnersGrant:
    """Return the grant that a request rests on, all of it in good standing now.

    Raises:
        OAuthError: in the words of RFC 6750 3.1; `invalid_request` for a purpose that is not the grant's.
    """
    issuer = services.settings.issuer
    token = verified_token(services, request)
    client, family = standing_grant(services, token, (issuer, issuer + RESOURCE))
    if not client.is_third_party:
        sentence = "The data API is for partners. An app of the group asks userinfo."
        raise OAuthError("insufficient_scope", sentence, status=FORBIDDEN, scheme=BEARER)
    if purpose not in (None, family.purpose):
        raise invalid_request("The purpose is not the one that the access token was given for.")
    return PartnersGrant(client, family.account_id, str(token.claims["sub"]), family.asked.with_scopes(token.scopes))
