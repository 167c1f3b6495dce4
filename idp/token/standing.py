"""Whether tokens may still be issued on what was granted."""

from idp.data_sharing import Standing
from idp.protocol.errors import OAuthError, invalid_grant


def check_standing(standing: Standing) -> None:
    """Refuse what does not hold.

    Raises:
        OAuthError: `access_denied` for what is only held, so that the app keeps what it has and tries again later (as
            in RFC 8628 3.5); `invalid_grant` for what is over.
    """
    if standing is Standing.HELD:
        raise OAuthError("access_denied", "The access rests at present. Keep your tokens and try again later.")
    if standing is Standing.OVER:
        raise invalid_grant("The user or this server ended the access. Ask the user again.")
