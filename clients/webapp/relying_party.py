"""Sekisho as one app knows it: a thin layer over Authlib's Flask client, with the checks that Authlib leaves to it.

Authlib finds the endpoints by discovery, makes state, nonce and the PKCE proof (S256), redeems the code and checks the
ID token's signature, times, nonce and at_hash. Checked here: `iss` of the answer, against mix-up (RFC 9207 2.4); the ID
token's issuer and audience (OIDC Core 3.1.3.7), of which Authlib lets a foreign audience pass beside a right `azp`; and
that userinfo speaks of the person who signed in (OIDC Core 5.3.2).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from authlib.integrations.flask_client import OAuth, OAuthError
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, Response, request
from joserfc.errors import JoseError
from requests import HTTPError, RequestException

TIMEOUT_SECONDS = 10
OVER = frozenset({"invalid_grant", "invalid_token"})
"""By these codes Sekisho says that what was granted is over (RFC 6749 5.2, RFC 6750 3.1)."""


class RefusedError(Exception):
    """Sekisho, or the person, said no; `code` is the protocol's word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnreachableError(Exception):
    """Sekisho, or a service, cannot be reached or is in trouble; trying again later may help."""


class RelyingParty:
    """One app, as it is registered with Sekisho."""

    def __init__(
        self, app: Flask, *, issuer: str, client_id: str, client_secret: str, auth_method: str, scope: str
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._auth_method = auth_method
        self._client = OAuth(app).register(
            "sekisho",
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": auth_method,
                "default_timeout": TIMEOUT_SECONDS,
            },
        )

    def send_to_sign_in(self, redirect_uri: str, **parameters: str | list[str]) -> Response:
        """Redirect the browser to Sekisho, with what is asked for; repeated parameters come as lists."""
        with _told_plainly():
            self._check_metadata()
            redirect: Response = self._client.authorize_redirect(redirect_uri, **parameters)
            return redirect

    def take_answer(self, **parameters: str) -> dict[str, Any]:
        """Redeem the code that the browser brought back and return the tokens, with verified claims in `userinfo`."""
        if request.args.get("iss") != self.issuer:
            raise RefusedError("wrong_issuer")
        expected = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
        }
        with _told_plainly():
            tokens: dict[str, Any] = self._client.authorize_access_token(claims_options=expected, **parameters)
        if "userinfo" not in tokens:
            raise RefusedError("no_id_token")
        return tokens

    def refresh(self, refresh_token: str, **parameters: str) -> dict[str, Any]:
        """Swap a refresh token for new tokens; the old one is spent by that."""
        with _told_plainly():
            tokens: dict[str, Any] = self._client.fetch_access_token(
                grant_type="refresh_token", refresh_token=refresh_token, **parameters
            )
            return tokens

    def userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        """Read what this app may know of the person who signed in."""
        with _told_plainly():
            claims: dict[str, Any] = dict(self._client.userinfo(token=_bearer(access_token)))
        if claims.get("sub") != subject:
            raise RefusedError("wrong_subject")
        return claims

    def read(self, url: str, access_token: str) -> dict[str, Any]:
        """Read from an API with an access token that was issued for it."""
        with _told_plainly():
            answer = self._client.get(url, token=_bearer(access_token))
            answer.raise_for_status()
            read: dict[str, Any] = answer.json()
            return read

    def revoke(self, refresh_token: str) -> None:
        """Give back a refresh token, and with it all that descends from it (RFC 7009)."""
        with _told_plainly():
            endpoint = self._client.load_server_metadata()["revocation_endpoint"]
            with OAuth2Session(
                self._client_id,
                self._client_secret,
                revocation_endpoint_auth_method=self._auth_method,
                default_timeout=TIMEOUT_SECONDS,
            ) as session:
                session.revoke_token(endpoint, token=refresh_token).raise_for_status()

    def send_to_sign_out(self, id_token: str, return_to: str) -> Response:
        """Redirect the browser to Sekisho to be signed out there too, and back to `return_to`."""
        with _told_plainly():
            redirect: Response = self._client.logout_redirect(return_to, id_token_hint=id_token)
            return redirect

    def came_back_from_sign_out(self) -> bool:
        """Whether the browser comes from the sign-out that this app began."""
        try:
            self._client.validate_logout_response()
        except OAuthError:
            return False
        return True

    def _check_metadata(self) -> None:
        """The document at an issuer's address must be that issuer's own (OIDC Discovery 4.3)."""
        if self._client.load_server_metadata().get("issuer") != self.issuer:
            raise RefusedError("wrong_issuer")


def _bearer(access_token: str) -> dict[str, str]:
    return {"access_token": access_token, "token_type": "Bearer"}


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what Authlib, joserfc and requests raise into the two things that an app can act on."""
    try:
        yield
    except OAuthError as error:
        raise RefusedError(error.error or "invalid_answer") from error
    except JoseError as error:
        raise RefusedError("invalid_id_token") from error
    except HTTPError as error:
        if error.response is not None and error.response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RefusedError("invalid_token") from error
        raise UnreachableError from error
    except RequestException as error:
        raise UnreachableError from error
