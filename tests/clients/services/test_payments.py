"""The payments service lets nobody in without a token made for it that holds payments:read (RFC 6750, RFC 9068)."""

import requests

from tests.clients.group import Group


def read(group: Group, token: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{group.places.payments}/payments", headers=headers, timeout=20)


def token_of(group: Group, client_id: str, **form: str) -> str:
    answer = group.token(client_id, grant_type="client_credentials", **form)
    token: str = answer.json()["access_token"]
    return token


def test_no_token(group: Group):
    """RFC 6750 3.1: a challenge without an error code."""
    answer = read(group)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="payments", scope="payments:read"'


def test_a_token_without_the_scope(group: Group):
    """RFC 6750 3.1: insufficient_scope, and which one it takes."""
    answer = read(group, token_of(group, "settlement"))
    assert answer.status_code == 403
    assert answer.json()["error"] == "insufficient_scope"
    assert 'scope="payments:read"' in answer.headers["WWW-Authenticate"]


def test_a_token_for_another_service(group: Group):
    """RFC 9068 4: the right scope does not make up for the wrong audience."""
    answer = read(group, token_of(group, "reader", resource="https://ledger.example.test/api"))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


def test_a_service_that_acts_for_itself_has_no_payments(group: Group):
    """RFC 9068 2.2: its subject is a client, and no person's payments hang on it."""
    answer = read(group, token_of(group, "reader", resource=group.places.payments))
    assert answer.status_code == 200
    assert answer.json() == {"payments": []}
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_speaks_json_when_nothing_is_there(group: Group):
    """An API's clients read no HTML."""
    answer = requests.get(f"{group.places.payments}/nothing", timeout=20)
    assert answer.status_code == 404
    assert answer.json() == {"error": "Not Found"}
