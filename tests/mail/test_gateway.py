"""Texts go through the same outbox as mail, to the gateway of the settings by HTTP, with its secret."""

import json
import logging
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from flask import Flask

from idp.delivery import THREADS, deliver_due
from idp.services import EXTENSION, Services
from idp.store import outbox
from tests.provider.outside import Site
from tests.provider.provider import Provider, another_process
from tests.store.rows import contents

NUMBER, SECRET = "+819012345678", "a secret for the gateway"
FINE = (200, {}, b"{}")


def texting(provider: Provider, site: Site, **more: str) -> AbstractContextManager[Flask]:
    """A process whose texts go to a gateway at a site."""
    settings = {
        "IDP_OUTBOUND__EXTRA_CA_FILE": str(site.ca_file),
        "IDP_SMS__URL": site.url("/texts"),
        "IDP_SMS__SECRET": SECRET,
    }
    return another_process(provider, **{**settings, **more})


def tell(services: Services) -> None:
    with services.database.transaction() as connection:
        services.mailer.text(
            connection, NUMBER, "notice", "en", now=services.now, event="passkey_added", device="", network=""
        )


def deliver(services: Services) -> int:
    """Do the round of the thread that texts."""
    (kinds,) = [each for each in THREADS if outbox.SMS in each]
    return deliver_due(services, kinds)


def test_a_text_is_posted_as_json_with_the_secret(provider: Provider, outside: Site):
    outside.pages["/texts"] = FINE
    with texting(provider, outside) as app:
        services: Services = app.extensions[EXTENSION]
        tell(services)
        assert deliver(services) == 1
        assert deliver(services) == 0
    (asked,) = outside.requests
    assert (asked.headers["Content-Type"], asked.headers["Authorization"]) == ("application/json", f"Bearer {SECRET}")
    assert json.loads(asked.body) == {"to": NUMBER, "text": "A passkey was added"}


def test_a_gateway_may_want_a_form_and_other_names(provider: Provider, outside: Site, tmp_path: Path):
    outside.pages["/texts"] = FINE
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    names = {"IDP_SMS__TO_FIELD": "To", "IDP_SMS__TEXT_FIELD": "Body", "IDP_SMS__SENDER_FIELD": "From"}
    wanted = {"IDP_SMS__FORMAT": "form", "IDP_SMS__SENDER": "Sekisho", "IDP_SMS__SECRET_FILE": str(file), **names}
    with texting(provider, outside, **wanted) as app:
        services: Services = app.extensions[EXTENSION]
        tell(services)
        assert deliver(services) == 1
    (asked,) = outside.requests
    assert asked.headers["Authorization"] == "Bearer from a file"
    assert parse_qs(asked.body.decode()) == {"To": [NUMBER], "Body": ["A passkey was added"], "From": ["Sekisho"]}


@pytest.mark.parametrize("status", [400, 429, 503])
def test_a_gateway_that_is_away_is_asked_again(
    provider: Provider, outside: Site, status: int, caplog: pytest.LogCaptureFixture
):
    """And neither a log line nor a plain column holds number or text meanwhile."""
    outside.pages["/texts"] = (status, {}, b"not now")
    with texting(provider, outside) as app, caplog.at_level(logging.DEBUG, logger="idp"):
        services: Services = app.extensions[EXTENSION]
        tell(services)
        assert deliver(services) == 0
        kept = repr(contents(services.database)["outbox"])
        outside.pages["/texts"] = FINE
        provider.clock.forward(60)
        assert deliver(services) == 1
    assert [each for each in (NUMBER, NUMBER[1:], "passkey was added", SECRET) if each in kept + caplog.text] == []


def test_without_a_gateway_nothing_is_texted(provider: Provider):
    with another_process(provider, IDP_MAIL__MAILBOX="false") as app:
        services: Services = app.extensions[EXTENSION]
        tell(services)
        assert contents(services.database)["outbox"] == []
