"""How the journey is played: step after step, each told with its outcome, until one does not hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from clients.demo.browser import Browser
from clients.demo.places import Places

TIMEOUT_SECONDS = 20


class DidNotHoldError(Exception):
    """A step came out otherwise than it must; the message is what was seen."""


@dataclass
class Journey:
    """Everybody who takes part, and what they learn on the way that a later step needs."""

    places: Places
    secrets: Mapping[str, str]
    browser: Browser
    endpoints: dict[str, Any] = field(default_factory=dict)
    settlement_token: str = ""
    customer_number: str = ""
    partner_code: str = ""
    numbers: set[str] = field(default_factory=set)
    """By which the advertiser knows those who joined."""

    def post_as(self, client_id: str, endpoint: str, **form: str) -> requests.Response:
        """A client's request to one of the provider's endpoints, with its secret (RFC 6749 2.3.1)."""
        with _direct() as session:
            return session.post(
                self.endpoints[endpoint], data=form, auth=(client_id, self.secrets[client_id]), timeout=TIMEOUT_SECONDS
            )

    def get(self, url: str, token: str = "") -> requests.Response:
        """A request of a program, with an access token if there is one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with _direct() as session:
            return session.get(url, headers=headers, timeout=TIMEOUT_SECONDS)


Step = tuple[str, Callable[[Journey], str]]
"""What is tried, and the function that tries it and returns what came of it."""


def play(journey: Journey, steps: Sequence[Step]) -> bool:
    """Play the steps in order, tell each, and return whether all held."""
    for number, (title, step) in enumerate(steps):
        try:
            outcome = step(journey)
        except Exception as error:  # noqa: BLE001 - whatever went wrong in a step, the step did not hold
            tell(held=False, title=title, outcome=f"{type(error).__name__}: {error}")
            left = len(steps) - number - 1
            print(f"    Not tried after this: {left} more.", flush=True)
            return False
        tell(held=True, title=title, outcome=outcome)
    return True


def tell(*, held: bool, title: str, outcome: str) -> None:
    print(f"  {'✓' if held else '✗'} {title}\n      {outcome}", flush=True)


def must(condition: object, seen: str) -> None:
    """Go on only if something holds; else say what was seen instead."""
    if not condition:
        raise DidNotHoldError(seen)


def must_equal(seen: object, expected: object, what: str) -> None:
    must(seen == expected, f"{what}: expected {expected!r}, saw {seen!r}")


def _direct() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy stands between this machine and itself
    return session
