"""The partner's app is told by signed messages (RFC 8417): it takes only Sekisho's to it, forgets, and acknowledges."""

import json

import pytest
import requests
from joserfc.jwk import ECKey

from clients.demo.browser import Browser
from tests.clients.group import Group
from tests.provider.jose import sign
from tests.provider.operator import idp
from tests.provider.outside import Authority
from tests.provider.waiting import eventually

EVENT = "urn:sekisho:event:grant-revoked"
TYPE = "secevent+jwt"


@pytest.fixture(scope="module")
def told(group: Group) -> Group:
    """Sekisho knows where the partner takes messages, and has seen that it reads them."""
    done = operator(group, "partner", "webhook", "tabi-points", f"{group.places.messages}/messages")
    assert done == "", done
    return group


def operator(group: Group, *arguments: str) -> str:
    """Run a command of the operator's; return what went wrong."""
    done = idp(group.provider, *arguments, **group.provider.extra)
    return done.stderr if done.returncode else ""


def states(group: Group) -> list[str]:
    """What became of each message to the partner, the newest first."""
    done = idp(group.provider, "partner", "messages", "--partner", "tabi-points", "--json", **group.provider.extra)
    return [message["state"] for message in json.loads(done.stdout)]


def test_the_end_is_told_and_the_person_forgotten(told: Group, hana: Browser):
    """Nobody presses anything: the page says that Sekisho told it, and the message is acknowledged."""
    told.connect(hana, "prefecture")
    told.end_sharing(hana)
    assert eventually(lambda: hana.open(told.places.partner).has("told"), within=20)
    assert "Tokyo" not in hana.open(told.places.partner).source
    assert eventually(lambda: states(told)[:1] == ["acknowledged"], within=20)


def test_what_was_taken_out_is_forgotten_at_once(told: Group, hana: Browser):
    """What stays, stays."""
    told.connect(hana, "prefecture", "over_20")
    page = hana.click(hana.open(f"{told.places.provider}/account/sharing"), "details-1")
    hana.press(page, "narrow", unticks=("prefecture",))
    assert eventually(lambda: hana.open(told.places.partner).has("reason-prefecture"), within=20)
    page = hana.open(told.places.partner)
    assert page.text_of("reason-prefecture") == "FIELD_NOT_CONSENTED"
    assert page.text_of("value-over_20") == "Yes"
    told.end_sharing(hana)


@pytest.mark.parametrize("forged", ["key", "none", "aud", "iss", "typ", "events", "text"])
def test_a_forged_message_changes_nothing(told: Group, hana: Browser, authority: Authority, forged: str):
    """Another key, none, another addressee or sender, an access token's type, no events, no token: 400."""
    page = told.connect(hana, "prefecture", link="connect")
    member = page.text_of("member-number")
    claims = {
        "iss": told.places.provider if forged != "iss" else "https://id.example.test",
        "aud": "tabi-points" if forged != "aud" else "kaze-ads",
        "iat": 1,
        "jti": "a-message",
        "sub_id": {"format": "iss_sub", "iss": told.places.provider, "sub": member},
        "events": {EVENT: {"grant_id": "a-grant"}} if forged != "events" else "x",
    }
    header = {"alg": "none" if forged == "none" else "ES256", "typ": TYPE if forged != "typ" else "at+jwt"}
    kid = requests.get(f"{told.places.provider}/jwks", timeout=20).json()["keys"][0]["kid"]
    message = "no token" if forged == "text" else sign(ECKey.generate_key("P-256"), claims, **header, kid=kid)
    answer = requests.post(f"{told.places.messages}/messages", data=message, verify=authority.ca_file, timeout=20)
    assert answer.status_code == 400
    assert hana.open(told.places.partner).text_of("value-prefecture") == "Tokyo"
    told.end_sharing(hana)
