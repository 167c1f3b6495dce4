"""The end of a sharing reaches every worker within a second: the data API refuses, whoever ended it and however."""

from collections.abc import Callable
from time import monotonic

import httpx
import pytest

from tests.data_api.conftest import reach
from tests.provider.apps import TABI, tokens_for
from tests.provider.operator import idp
from tests.provider.person import Person, as_client, hidden
from tests.provider.provider import NO_TLS, ServedProvider

WORKERS_ASKED = 40
"""Connections of their own after the second is over: with two workers, each of them is asked."""
REFUSED = "refused"


def ends_it(person: Person, _tokens: dict[str, str]) -> None:
    """The person, on their page."""
    page = person.browser.get("/account/sharing").text
    form = page.split("<section")[1].split("<form")[2]
    assert person.browser.post("/account/sharing", data=hidden(form)).status_code == 303


def revokes_it(person: Person, tokens: dict[str, str]) -> None:
    """The partner, by RFC 7009."""
    revoked = as_client(person.provider, TABI.client_id, "/revoke", {"token": tokens["refresh_token"]})
    assert revoked.status_code == 200


def opts_out(person: Person, _tokens: dict[str, str]) -> None:
    """The operator, at the person's wish."""
    done = idp(person.provider, "user", "opt-out", person.username)
    assert done.returncode == 0, done.stderr


def suspends_it(person: Person, _tokens: dict[str, str]) -> None:
    """The operator, the partner as a whole."""
    done = idp(person.provider, "partner", "suspend", TABI.client_id, "--by", "Aiko", "--reason", "a breach")
    assert done.returncode == 0, done.stderr


End = Callable[[Person, dict[str, str]], None]


@pytest.mark.parametrize("end", [ends_it, revokes_it, opts_out, suspends_it])
def test_after_a_second_no_worker_gives_anything(served_provider: ServedProvider, end: End):
    """401, or an answer that holds nothing; and what is asked in between may go either way."""
    leaves_all = end in (ends_it, opts_out)
    person = Person(served_provider, "hana@example.jp" if leaves_all else "ken@example.jp")
    tokens = tokens_for(person, TABI, prompt="consent", ticks=("prefecture",))
    assert asked(served_provider, tokens) != REFUSED
    end(person, tokens)
    deadline = monotonic() + 1
    while monotonic() < deadline:
        asked(served_provider, tokens)
    assert {asked(served_provider, tokens) for _ in range(WORKERS_ASKED)} == {REFUSED}
    person.browser.close()


def asked(provider: ServedProvider, tokens: dict[str, str]) -> str:
    """The prefecture, or that it was refused."""
    with httpx.Client(verify=NO_TLS, headers=reach(tokens["access_token"])) as client:
        answer = client.get(f"{provider.url}/data/v1/me")
    assert answer.status_code in (200, 401)
    return answer.json()["data"].get("prefecture", REFUSED) if answer.status_code == 200 else REFUSED
