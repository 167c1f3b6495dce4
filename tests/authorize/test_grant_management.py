"""OAuth Grant Management (draft 03) in the authorization request: create, merge, replace, each asked."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from idp.protocol.grants import Initiator, Why
from idp.store import grants
from tests.authorize.test_authorization_details import details, userinfo
from tests.authorize.test_pushed import arrive, push, pushed
from tests.provider.apps import STOREFRONT, TABI_PHONE
from tests.provider.operator import declare_clients
from tests.provider.person import Person, boxes
from tests.provider.provider import Provider, serve_here
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer
from tests.test_grants import KEEPER, STRANGER, document, grant, own_token
from tests.web.pages import Page
from tests.web.visits import answer, decide, end_sharing, shows, sign_in, signed_in, visit

CREATE, MERGE, REPLACE = ({"grant_management_action": action} for action in ("create", "merge", "replace"))
BOTH = ("prefecture", "over_20")


@pytest.fixture(scope="module")
def managed(postgres_server: PostgresServer) -> Iterator[Provider]:
    """A provider that lets partners look after their grants."""
    with postgres_server.database() as url, serve_here(url, IDP_EXPERIMENTAL="grant-management-03") as running:
        declare_clients(running, document(KEEPER, "tabi-points"), document(STRANGER, "kaze-ads"))
        yield running


@pytest.fixture
def hana(managed: Provider) -> Person:
    """Hana, signed in, who shares nothing with the app."""
    hana = signed_in(Person(managed))
    end_sharing(hana, KEEPER, "points.credit")
    return hana


def ask(person: Person, **changed: Any) -> httpx.Response:
    """Where the app's request for fields of one purpose leads."""
    return visit(person, KEEPER, **{**details(), **changed})


def redeem(person: Person, response: httpx.Response) -> dict[str, Any]:
    """The tokens for the code that a redirect carries."""
    response = person.provider.token(
        KEEPER.client_id,
        grant_type="authorization_code",
        code=answer(response)["code"],
        redirect_uri=KEEPER.redirect_uri,
        code_verifier=person.verifier,
    )
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def given(person: Person, *ticks: str, **changed: Any) -> dict[str, Any]:
    """The tokens once the person has answered with these ticks."""
    return redeem(person, decide(person, ask(person, **changed), *ticks))


def refresh(person: Person, tokens: dict[str, Any]) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return person.provider.token(KEEPER.client_id, **form)


def shared(person: Person, tokens: dict[str, Any]) -> set[str]:
    """Which of the two fields goes out."""
    return {*BOTH} & userinfo(person, tokens).keys()


def held(provider: Provider, grant_id: str) -> dict[str, Any]:
    """What the app reads of a grant."""
    described: dict[str, Any] = grant(provider, "GET", grant_id, own_token(provider)).json()
    return described


def test_create_makes_a_fresh_grant_in_place_of_the_old(hana: Person):
    """Another name; what rested on the one before is dead, and no answer of it lives on."""
    first = given(hana, "prefecture", **CREATE)
    page = ask(hana, **details(fields=["over_20"]), **CREATE)
    assert Page(page.text).by_id("goes").text == "What is not shared any more"
    second = redeem(hana, decide(hana, page, "over_20"))
    assert second["grant_id"] != first["grant_id"]
    assert refresh(hana, first).json()["error"] == "invalid_grant"
    assert shared(hana, second) == {"over_20"}
    assert grant(hana.provider, "GET", first["grant_id"], own_token(hana.provider)).status_code == 404
    with hana.provider.services.database.autocommit() as connection:
        assert grants.find_by_id(connection, first["grant_id"]).status == "superseded"


def test_merge_adds_to_a_grant_under_its_name(hana: Person):
    """What was not shown stays as it was; the person reads what that is."""
    first = given(hana, "prefecture", **details(fields=["prefecture"]), **CREATE)
    page = ask(hana, **details(fields=["over_20"]), **MERGE, grant_id=first["grant_id"])
    assert Page(page.text).all("h1")[0].text == "keeper asks to change what you share"
    assert Page(page.text).by_id("stays").text == "What stays shared besides"
    assert "Prefecture" in page.text
    second = redeem(hana, decide(hana, page, "over_20"))
    assert second["grant_id"] == first["grant_id"]
    (detail,) = held(hana.provider, first["grant_id"])["authorization_details"]
    assert detail["fields"] == ["over_20", "prefecture"]


def test_replace_leaves_this_answer_alone(hana: Person):
    """The name stays; what was not asked for any more is gone, and the person reads that before."""
    first = given(hana, *BOTH, **CREATE)
    page = ask(hana, **details(fields=["over_20"]), **REPLACE, grant_id=first["grant_id"])
    assert Page(page.text).by_id("goes").text == "What is not shared any more"
    second = redeem(hana, decide(hana, page, "over_20"))
    assert second["grant_id"] == first["grant_id"]
    (detail,) = held(hana.provider, first["grant_id"])["authorization_details"]
    assert detail["fields"] == ["over_20"]


def test_old_tokens_die_when_the_amendment_succeeded_and_not_before(hana: Person):
    """5.2: asked, refused, agreed but never fetched: they live. Redeemed: they are dead, and the new ones live."""
    first = given(hana, "prefecture", **CREATE)
    wish = {**MERGE, "grant_id": first["grant_id"]}
    page = ask(hana, **wish)
    assert refresh(hana, first).status_code == 200
    first = given(hana, "prefecture", prompt="consent")
    assert answer(decide(hana, page, decision="deny"))["error"] == "access_denied"
    assert shared(hana, first) == {"prefecture"}
    agreed = decide(hana, ask(hana, **wish), *BOTH)
    first = refresh(hana, first).json()
    assert shared(hana, first) == {*BOTH}
    second = redeem(hana, agreed)
    assert refresh(hana, first).json()["error"] == "invalid_grant"
    assert eventually(lambda: userinfo(hana, first).get("error") == "invalid_token")
    assert shared(hana, second) == {*BOTH}
    assert refresh(hana, second).status_code == 200


def test_the_page_of_an_amendment_says_what_is_new_and_ticks_nothing(hana: Person):
    """Also where the app asks without naming an action: an empty box is a no to what was shared until now."""
    given(hana, "prefecture")
    page = ask(hana, prompt="consent")
    marks = [tag.text for tag in Page(page.text).all("span", **{"class": "tag"})]
    assert marks == ["part of your address", "shared now", "answer only", "new"]
    assert "checked" not in page.text
    assert "A box that you leave empty is not shared from now on" in page.text
    assert shared(hana, redeem(hana, decide(hana, page, "over_20"))) == {"over_20"}
    japanese = ask(hana, prompt="consent", ui_locales="ja").text
    assert all(words in japanese for words in ("共有中", "新しい項目", "先方に伝わります"))


def test_it_is_always_a_question(hana: Person):
    """An answer that is remembered does not do, and without a page there is none."""
    first = given(hana, *BOTH)
    assert not shows(ask(hana), "allow")
    for wish in (CREATE, {**MERGE, "grant_id": first["grant_id"]}):
        assert shows(ask(hana, **wish), "allow")
        assert answer(ask(hana, **wish, prompt="none"))["error"] == "consent_required"


def test_by_par(hana: Person):
    """RFC 9126: checked when it is pushed, and the same from there on."""
    first = given(hana, "prefecture", **CREATE)
    parameters = {**details(fields=["over_20"]), **MERGE, "grant_id": first["grant_id"]}
    assert push(hana, KEEPER, **{**parameters, "grant_id": "A" * 22}).json()["error"] == "invalid_grant_id"
    page = arrive(hana, pushed(hana, KEEPER, **parameters), KEEPER.client_id)
    assert boxes(page.text) == ["over_20"]
    assert redeem(hana, decide(hana, page, "over_20"))["grant_id"] == first["grant_id"]


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"grant_management_action": "update"}, "invalid_request"),
        ({"grant_management_action": "query"}, "invalid_request"),
        ({"grant_id": "A" * 22}, "invalid_request"),
        (MERGE, "invalid_request"),
        (REPLACE, "invalid_request"),
        ({**CREATE, "grant_id": "A" * 22}, "invalid_request"),
        ({**MERGE, "grant_id": "A" * 22}, "invalid_grant_id"),
        ({**REPLACE, "grant_id": "x 花'"}, "invalid_grant_id"),
        ({**REPLACE, "grant_id": "x" * 3000}, "invalid_grant_id"),
    ],
)
def test_5_3_what_cannot_be_meant_is_refused(hana: Person, wish: dict[str, str], error: str):
    """An action that there is not, without its grant or with one too many, and grants that there are not."""
    assert answer(ask(hana, **wish))["error"] == error


def test_a_grant_of_somebody_else_is_not_amended(hana: Person, managed: Provider):
    """Another app's does not exist; another person's asks for that person to sign in; another purpose's is no match."""
    name = given(hana, "prefecture")["grant_id"]
    wish = {**MERGE, "grant_id": name}
    foreign = visit(hana, STRANGER, scope="openid purpose:marketing.news", **wish)
    assert answer(foreign)["error"] == "invalid_grant_id"
    assert answer(ask(hana, **wish, scope="openid", authorization_details=None, prompt="none"))["error"] == (
        "consent_required"
    )
    ken = signed_in(Person(managed, "ken@example.jp"))
    page = ask(ken, **wish)
    assert shows(page, "sign-in")
    assert answer(sign_in(ken, page))["error"] == "login_required"
    once = ask(hana, **details(one_time=True), **wish)
    assert answer(once)["error"] == "invalid_request"


def test_a_grant_that_ends_while_the_page_is_open_is_not_revived(hana: Person):
    """A yes to amend what is over writes nothing down."""
    name = given(hana, "prefecture")["grant_id"]
    page = ask(hana, **MERGE, grant_id=name)
    end_sharing(hana, KEEPER, "points.credit")
    assert answer(decide(hana, page, *BOTH))["error"] == "invalid_grant_id"
    assert "keeper" not in hana.browser.get("/account/sharing").text


def test_a_fresh_grant_is_no_way_around_a_suspension(hana: Person):
    """What holds a grant holds it until it is lifted, also if it came while the page was open."""
    services, name = hana.provider.services, given(hana, "prefecture")["grant_id"]
    page = ask(hana, **CREATE)
    with services.database.transaction() as connection:
        found = grants.find_by_id(connection, name)
        services.sharing.suspend(connection, found, "a cause", Initiator.PLATFORM, Why.SECURITY, services.now)
    assert answer(decide(hana, page, *BOTH))["error"] == "access_denied"
    assert answer(ask(hana, **CREATE))["error"] == "access_denied"


def test_5_1_confidential_apps_of_partners_only(hana: Person):
    """A public app cannot keep a grant's tokens to itself, and the group's own apps rest on no grant."""
    for app in (TABI_PHONE, STOREFRONT):
        assert answer(visit(hana, app, **CREATE))["error"] == "invalid_request"


def test_where_grants_are_not_managed_the_parameters_mean_nothing(shared_provider: Provider):
    """RFC 6749 3.1: unrecognised parameters are ignored."""
    hana = signed_in(Person(shared_provider))
    assert "code" in answer(visit(hana, STOREFRONT, grant_management_action="replace", grant_id="x"))
