"""`id_token_hint`: about whom the client asks (OIDC Core 3.1.2.1)."""

from idp.protocol.errors import invalid_request
from idp.services import Services
from idp.store.clients import Client
from idp.tokens.hint import read_hint


def hinted_subjects(services: Services, hint: str | None, client: Client) -> frozenset[str]:
    """Return the `sub` that a hint names, as this client knows it; none without a hint.

    Raises:
        OAuthError: `invalid_request` for a hint that is not an ID token of ours for this client.
    """
    if hint is None:
        return frozenset()
    claims = read_hint(hint, services.keys, services.settings.issuer)
    if claims is None or claims["aud"] != client.client_id:
        raise invalid_request("The id_token_hint is not an ID token that this server issued to the app.")
    return frozenset({str(claims["sub"])})
