"""GET /data/v1/me: what was released of a profile, what was not and why, and by which decision (RFC 6750)."""

import json
from typing import Any

import httpx
import pytest

from idp.protocol.audit import Kind
from tests.audit.test_complete import leaves
from tests.provider.apps import KAZE, PAYMENTS_API, STOREFRONT, TABI, TABI_PHONE, tokens_for
from tests.provider.person import Person, as_client
from tests.provider.provider import HTTP, Provider
from tests.provider.waiting import eventually
from tests.test_userinfo import assert_refused, challenge

DAY = 86_400
PURPOSE = "points.credit"


@pytest.fixture
def visitor(shared_provider: Provider) -> Person:
    return Person(shared_provider)


@pytest.fixture
def token(visitor: Person) -> str:
    """Hana shares her prefecture with Tabi Points, and nothing else that it asked for."""
    access_token: str = tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture",))["access_token"]
    return access_token


def me(provider: Provider, token: str | None, **query: str) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return HTTP.get(f"{provider.url}/data/v1/me", headers=headers, params=query)


def body(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def test_everything_that_was_asked_for_with_reasons_for_the_rest(shared_provider: Provider, token: str):
    """Without `fields`: data, withheld, the decision and when the grant ends."""
    answer = body(me(shared_provider, token))
    assert len(answer.pop("sub")) == 43
    assert len(answer.pop("decision_id")) == 22
    assert answer == {
        "purpose": PURPOSE,
        "data": {"prefecture": "Tokyo"},
        "withheld": {
            "email": {"reason": "FIELD_NOT_IN_AGREEMENT", "requestable": False},
            "over_20": {"reason": "FIELD_NOT_CONSENTED", "requestable": True},
        },
        "expires_at": int(shared_provider.clock()) + 90 * DAY,
    }


def test_the_person_goes_by_the_name_that_the_partner_knows(shared_provider: Provider, token: str):
    """The pairwise `sub` of userinfo."""
    userinfo = HTTP.get(f"{shared_provider.url}/userinfo", headers={"Authorization": f"Bearer {token}"}).json()
    assert body(me(shared_provider, token))["sub"] == userinfo["sub"]


def test_named_fields_are_answered_one_by_one(shared_provider: Provider, token: str):
    """Each stands either in the data or among the withheld."""
    answer = body(me(shared_provider, token, fields="prefecture", purpose=PURPOSE))
    assert (answer["data"], answer["withheld"]) == ({"prefecture": "Tokyo"}, {})
    answer = body(me(shared_provider, token, fields="over_20,prefecture,birthdate"))
    assert answer["data"] == {"prefecture": "Tokyo"}
    assert {field: each["reason"] for field, each in answer["withheld"].items()} == {
        "birthdate": "FIELD_NOT_IN_AGREEMENT",
        "over_20": "FIELD_NOT_CONSENTED",
    }


def test_a_field_that_does_not_exist_looks_like_one_that_is_not_agreed(shared_provider: Provider, token: str):
    """A partner cannot find out what there is to know about people."""
    answer = body(me(shared_provider, token, fields="birthdate,blood_type"))
    assert answer["withheld"]["blood_type"] == answer["withheld"]["birthdate"]
    assert (answer["data"], answer["expires_at"]) == ({}, None)


def test_a_token_reaches_no_further_than_its_own_scope(visitor: Person, token: str):
    """The consent is for more, this token was made for less: the rest can be asked for, and is not given."""
    tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture", "over_20"))
    narrow = tokens_for(visitor, TABI, scope="openid prefecture")["access_token"]
    assert eventually(lambda: "over_20" in body(me(visitor.provider, token))["data"])
    answer = body(me(visitor.provider, narrow, fields="prefecture,over_20"))
    assert answer["data"] == {"prefecture": "Tokyo"}
    assert answer["withheld"]["over_20"]["reason"] == "FIELD_NOT_CONSENTED"


def test_the_decision_is_a_leaf_of_the_log(shared_provider: Provider, token: str):
    """By its identifier, with the surface; one without data is none, for nothing was disclosed."""
    given = body(me(shared_provider, token))["decision_id"]
    refused = body(me(shared_provider, token, fields="over_20"))["decision_id"]
    logged = [json.loads(leaf) for leaf in leaves(shared_provider.services)]
    (leaf,) = (leaf for leaf in logged if leaf.get("decision") == given)
    assert (leaf["kind"], leaf["surface"], leaf["fields"]) == (Kind.DISCLOSURE, "data_me", ["prefecture"])
    assert refused not in {leaf.get("decision") for leaf in logged}


def test_the_end_of_a_grant_is_the_end_within_a_second(visitor: Person):
    """By the partner's own hand or the person's: 401, as for every token that stands for nothing."""
    tokens = tokens_for(visitor, TABI, prompt="consent", ticks=("prefecture",))
    assert as_client(visitor.provider, "tabi-points", "/revoke", {"token": tokens["refresh_token"]}).status_code == 200
    assert eventually(lambda: me(visitor.provider, tokens["access_token"]).status_code == 401)
    assert_refused(me(visitor.provider, tokens["access_token"]), 401, "invalid_token")


@pytest.mark.parametrize("purpose", ["marketing.news", "service", "x" * 5000, "ポイント"])
def test_for_another_purpose_nothing_is_answered(shared_provider: Provider, token: str, purpose: str):
    """G11: a grant for one purpose says nothing for another."""
    answer = me(shared_provider, token, purpose=purpose)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "fields", [",", "prefecture,", "Prefecture", "a b", "prefecture\x00", "é", ",".join(["a"] * 65)]
)
def test_what_cannot_be_names_of_fields_is_refused(shared_provider: Provider, token: str, fields: str):
    """Also for a partner that sends nonsense there is one clear sentence."""
    answer = me(shared_provider, token, fields=fields)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_an_app_of_the_group_is_sent_to_userinfo(visitor: Person):
    """RFC 6750 3.1: its tokens are not enough here."""
    token = tokens_for(visitor, STOREFRONT)["access_token"]
    assert_refused(me(visitor.provider, token), 403, "insufficient_scope")


def test_tokens_for_others_and_of_clients_themselves_are_invalid(visitor: Person):
    """RFC 9068 4: the audience is this server or the data API; a person stands behind the token."""
    elsewhere = tokens_for(visitor, STOREFRONT, resource=PAYMENTS_API)["access_token"]
    assert_refused(me(visitor.provider, elsewhere), 401, "invalid_token")
    own = visitor.provider.token("kaze-ads", grant_type="client_credentials").json()["access_token"]
    assert_refused(me(visitor.provider, own), 401, "invalid_token")


def test_rfc_6750_3_without_a_token_there_is_a_challenge(shared_provider: Provider):
    """And no error code, for nothing was tried."""
    answer = me(shared_provider, None)
    assert answer.status_code == 401
    assert challenge(answer) == {"realm": "sekisho"}


def test_each_partner_and_purpose_has_a_grant_of_its_own(visitor: Person, token: str):
    """What Hana agreed to with Kaze Ads says nothing to Tabi Points, nor the other way around."""
    theirs = body(me(visitor.provider, tokens_for(visitor, KAZE)["access_token"]))
    ours = body(me(visitor.provider, token))
    assert theirs["data"] == {"email": "hana@example.jp", "email_verified": True}
    assert theirs["purpose"] == "marketing.news"
    assert "email" not in ours["data"]
    assert theirs["sub"] != ours["sub"]


def test_two_apps_of_one_partner_know_the_person_by_one_name(visitor: Person, token: str):
    """The sector is the partner; the grants are two."""
    phone = tokens_for(visitor, TABI_PHONE, prompt="consent", ticks=())["access_token"]
    answer = body(me(visitor.provider, phone))
    assert answer["sub"] == body(me(visitor.provider, token))["sub"]
    assert answer["data"] == {}


def test_what_the_codes_mean_is_open_to_anybody(shared_provider: Provider, token: str):
    """In both languages, each code that any answer can hold, and no more than partners may know."""
    told = HTTP.get(f"{shared_provider.url}/data/v1/reasons")
    assert told.status_code == 200
    withheld = body(me(shared_provider, token, fields="over_20,birthdate,blood_type"))["withheld"]
    assert {each["reason"] for each in withheld.values()} <= told.json().keys()
    assert all(set(words) == {"en", "ja"} for words in told.json().values())
    assert not {"MINOR", "RISK", "OPTED_OUT", "FIELD_UNKNOWN"} & told.json().keys()
