"""Asks Sekisho about the people who agreed: how many are such, or who by names of one campaign. Never who they are."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

from clients.webapp.relying_party import RefusedError, UnreachableError

PURPOSE = "marketing.offers"
SCOPE = "audience"
TOO_SMALL = "audience_too_small"
TIMEOUT_SECONDS = 10


class Audience:
    """The people who agreed that this app chooses offers for them, as Sekisho answers about them."""

    def __init__(self, *, issuer: str, client_id: str, client_secret: str) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret

    def count(self, where: Mapping[str, Any]) -> int | None:
        """How many they are, or None where they are too few to be spoken of."""
        answer = self._ask({"purpose": PURPOSE, "where": dict(where)})
        return None if answer is None else int(answer["count"])

    def members(self, campaign: str, where: Mapping[str, Any]) -> frozenset[str] | None:
        """Who they are within a campaign, or None where they are too few."""
        answer = self._ask({"purpose": PURPOSE, "where": dict(where), "campaign": campaign})
        return None if answer is None else frozenset(answer["members"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """Ask with a token of our own, made for this question (RFC 6749 4.4)."""
        try:
            with OAuth2Session(self._client_id, self._client_secret, scope=SCOPE) as session:
                document = session.get(
                    f"{self._issuer}/.well-known/openid-configuration", withhold_token=True, timeout=TIMEOUT_SECONDS
                ).json()
                session.fetch_token(
                    document["token_endpoint"], grant_type="client_credentials", timeout=TIMEOUT_SECONDS
                )
                answer = session.post(f"{self._issuer}/data/v1/audience", json=question, timeout=TIMEOUT_SECONDS)
        except RequestException as error:
            raise UnreachableError from error
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnreachableError
        told: dict[str, Any] = answer.json()
        if told.get("error") == TOO_SMALL:
            return None
        if "error" in told:
            raise RefusedError(told["error"])
        return told
