"""Who asks for a person's data, under which grant, with which token (RFC 6750)."""

from dataclasses import dataclass

from flask import Request

from idp.data_sharing import Asking, Released
from idp.protocol.errors import FORBIDDEN, OAuthError, insufficient_user_authentication, invalid_request
from idp.services import Services
from idp.web import paths
from idp.web.bearer import BEARER, standing_grant, verified_token

RESOURCE = paths.DATA_ME.rpartition("/")[0]
"""With the issuer before it the identifier of the data API as a resource (RFC 8707)."""


@dataclass(frozen=True, slots=True)
class PartnersGrant:
    """What a partner's token lets it ask about one person, and the name that it knows the person by."""

    asking: Asking
    subject: str

    def must_be_for(self, purpose: str | None) -> None:
        """Raise `invalid_request` when a request names another purpose than the grant's."""
        if purpose not in (None, self.asking.asked.purpose):
            raise invalid_request("The purpose is not the one that the access token was given for.")

    def members(self, services: Services, released: Released) -> dict[str, object]:
        """Return what stands beside the data in every answer.

        Raises:
            OAuthError: `insufficient_user_authentication` where nothing goes out only because the person would have to
                sign in again, or more strongly (RFC 9470).
        """
        if released.step_up is not None:
            raise insufficient_user_authentication(released.step_up.acr_values, released.step_up.max_age)
        client, account_id, asked = self.asking.client, self.asking.account_id, self.asking.asked
        requestable = services.sharing.requestable(client, account_id, asked, released, services.now)
        withheld = {
            field: {"reason": code, "requestable": field in requestable} for field, code in released.withheld.items()
        }
        return {
            "sub": self.subject,
            "purpose": asked.purpose,
            "withheld": withheld,
            "decision_id": released.decision_id,
            "expires_at": released.expires_at,
        }


def partners_grant(services: Services, request: Request) -> PartnersGrant:
    """Return the grant that a request rests on, all of it in good standing now, and count the request.

    Raises:
        OAuthError: in the words of RFC 6750 3.1, or `too_many_requests`.
    """
    issuer = services.settings.issuer
    token = verified_token(services, request)
    client, family = standing_grant(services, token, (issuer, issuer + RESOURCE))
    if not client.is_third_party:
        sentence = "The data API is for partners. An app of the group asks userinfo."
        raise OAuthError("insufficient_scope", sentence, status=FORBIDDEN, scheme=BEARER)
    services.sharing.admit(client, family.account_id, family.purpose, services.now)
    asking = Asking(client, family.account_id, family.asked.with_scopes(token.scopes))
    return PartnersGrant(asking, str(token.claims["sub"]))
