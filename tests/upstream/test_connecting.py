"""Which account belongs to somebody at another provider: by proof of both sides in one browser, and by nothing else."""

from collections.abc import Callable

import httpx
import pytest

from idp.protocol.authentication import ACR_PASSWORD, ACR_TWO_FACTORS
from tests.provider.apps import STOREFRONT, WALLET
from tests.provider.jose import read
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider
from tests.store.rows import at_once
from tests.upstream.conftest import World
from tests.upstream.scripted import Upstream, come_back, go_by, set_out
from tests.web.pages import Page
from tests.web.visits import error_code, visit

NEW_HERE = "/login/new-here"
CONNECT = "/account/connections/new"
KEN = "ken@example.jp"
HANA = "hana@example.jp"


@pytest.fixture
def somebody(request: pytest.FixtureRequest) -> str:
    """A name that no other test's person has at a provider."""
    return request.node.name


def own(person: Person, path: str = "/account/connections") -> str:
    return person.browser.get(path).text


def sign_in(person: Person, path: str = "/login") -> httpx.Response:
    return person.sign_in(person.browser.get(path))


def connect(person: Person, upstream: Upstream, **claims: object) -> None:
    """Arrive as somebody unknown, sign in to one's own account, and say that both are the same person."""
    assert go_by(person, upstream, **claims) == NEW_HERE
    way = Page(own(person, NEW_HERE)).by_id("have-account").attributes["href"]
    assert sign_in(person, way).headers["location"] == CONNECT
    answer = person.browser.post(CONNECT, data={**hidden(own(person, CONNECT)), "decision": "connect"})
    assert answer.headers["location"] == "/account/connections"


def sign_out(person: Person) -> None:
    person.browser.post("/logout/confirm", data={**hidden(own(person, "/logout")), "decision": "confirm"})


def end_all(provider: Provider, username: str = HANA) -> None:
    """Leave no connection of somebody's to the next test."""
    person = Person(provider, username)
    sign_in(person)
    while 'name="link"' in (page := own(person)):
        person.browser.post("/account/connections", data=hidden(page))


@pytest.fixture(autouse=True)
def _nothing_stays(world: World):
    yield
    end_all(world.provider)


def test_who_is_connected_signs_in(world: World, person: Person, somebody: str):
    """The other provider, this account once, and from then on the other provider alone."""
    connect(person, world.plain, sub=somebody, email="hana@mail.example")
    assert "hana@mail.example" in own(person)
    sign_out(person)
    assert HANA not in own(person, "/")
    assert go_by(person, world.plain, sub=somebody) == "/"
    assert HANA in own(person, "/")


def test_an_app_waits_the_whole_way(world: World, person: Person, somebody: str):
    """The request is answered after connecting, and after signing in by the connection; amr and acr tell the truth."""
    flow = hidden(visit(person, STOREFRONT).text)["flow"]
    assert go_by(person, world.plain, f"/login?flow={flow}", sub=somebody) == NEW_HERE
    sign_in(person, Page(own(person, NEW_HERE)).by_id("have-account").attributes["href"])
    done = person.browser.post(CONNECT, data={**hidden(own(person, CONNECT)), "decision": "connect"})
    assert person.go_on(done).parameters["code"]

    again = Person(world.provider)
    flow = hidden(visit(again, STOREFRONT).text)["flow"]
    location = go_by(again, world.plain, f"/login?flow={flow}", sub=somebody, amr=["mfa", "hwk"], acr="gold")
    code = again.go_on(again.browser.get(location)).parameters["code"]
    tokens = again.exchange(STOREFRONT.client_id, STOREFRONT.redirect_uri, code).json()
    claims = read(world.provider, tokens["id_token"]).claims
    assert (claims["amr"], claims["acr"]) == (["fed"], ACR_PASSWORD)


def test_an_app_waits_for_whoever_signs_in_as_somebody_else(world: World, person: Person, somebody: str):
    """Nothing of another person's session is connected with them, and the request goes on all the same."""
    ken, now = Person(world.provider, KEN), int(world.provider.clock())
    ken.browser = person.browser
    sign_in(ken)
    flow = hidden(visit(ken, STOREFRONT, prompt="login").text)["flow"]
    assert go_by(ken, world.plain, f"/login?flow={flow}", sub=somebody, auth_time=now) == NEW_HERE
    done = sign_in(person, Page(own(person, NEW_HERE)).by_id("have-account").attributes["href"])
    assert done.headers["location"] == f"/authorize/continue?flow={flow}"
    assert person.go_on(done).parameters["code"]
    assert 'name="link"' not in own(person)


def test_a_provider_is_believed_what_is_configured_and_no_more(world: World, person: Person, somebody: str):
    """RFC 8176: its words become ours by the table of the settings; the rest is nothing."""
    for claims, amr, acr in (
        ({"amr": ["mfa", "pop", 7]}, ["fed", "mfa", "otp"], ACR_TWO_FACTORS),
        ({"acr": "gold"}, ["fed", "mfa", "hwk"], ACR_TWO_FACTORS),
        ({"acr": "phr", "amr": "mfa"}, ["fed"], ACR_PASSWORD),
    ):
        upstream = world.corp
        sent = set_out(person, upstream)
        upstream.knows(world.provider, sub=somebody, **claims)
        location = come_back(person, upstream, state=sent["state"], code="a code", iss=upstream.issuer)
        if location == NEW_HERE:
            sign_in(person, Page(own(person, NEW_HERE)).by_id("have-account").attributes["href"])
            person.browser.post(CONNECT, data={**hidden(own(person, CONNECT)), "decision": "connect"})
            sent = set_out(person, upstream)
            upstream.knows(world.provider, sub=somebody, **claims)
            come_back(person, upstream, state=sent["state"], code="a code", iss=upstream.issuer)
        code = person.authorize(WALLET.client_id, WALLET.redirect_uri, WALLET.scope).parameters["code"]
        tokens = person.exchange(WALLET.client_id, WALLET.redirect_uri, code).json()
        said = read(world.provider, tokens["id_token"]).claims
        assert (said["amr"], said["acr"]) == (amr, acr)


# ---- by nothing else -------------------------------------------------------------------------------------------------


def test_an_address_connects_nothing(world: World, person: Person, somebody: str):
    """The address of an account, verified as the provider says, opens nothing and is told nothing of."""
    known = go_by(person, world.plain, sub=somebody, email=HANA, email_verified=True)
    page = own(person, NEW_HERE)
    assert known == NEW_HERE
    assert HANA not in own(person, "/")
    stranger = Person(world.provider)
    assert (
        go_by(stranger, world.plain, sub=f"{somebody} too", email="nobody@example.jp", email_verified=True) == NEW_HERE
    )
    told = own(stranger, NEW_HERE).replace(hidden(own(stranger, NEW_HERE))["csrf"], hidden(page)["csrf"])
    assert told == page.replace(HANA, "nobody@example.jp")


def test_one_side_alone_connects_nothing(world: World, person: Person, somebody: str):
    """Whoever arrived is asked to sign in before, and whoever signed in without arriving is asked nothing."""
    go_by(person, world.plain, sub=somebody)
    asked = person.browser.get(CONNECT)
    assert asked.headers["location"] == f"/login?next={CONNECT.replace('/', '%2F')}"
    posted = person.browser.post(CONNECT, data={**hidden(own(person, "/login")), "decision": "connect"})
    assert posted.headers["location"].startswith("/login")
    other = Person(world.provider)
    sign_in(other)
    assert other.browser.get(CONNECT).headers["location"] == "/account/connections"
    form = {**hidden(own(other, "/account")), "decision": "connect"}
    assert other.browser.post(CONNECT, data=form).headers["location"] == "/account/connections"
    assert 'name="link"' not in own(other)


def test_both_sides_are_proved_in_one_browser(world: World, person: Person, somebody: str):
    """Somebody who arrived in another browser is not asked about in this one, and what arrived there is not lost."""
    go_by(person, world.plain, sub=somebody)
    victim = Person(world.provider, KEN)
    sign_in(victim)
    assert victim.browser.get(CONNECT).headers["location"] == "/account/connections"
    assert "Which account is yours?" in own(person, NEW_HERE)


def test_signing_in_afterwards_connects_nothing_by_itself(world: World, person: Person, somebody: str):
    """A shared computer: whoever signs in after somebody who arrived and left is asked, and may say no."""
    go_by(person, world.plain, sub=somebody, email="a.stranger@mail.example")
    sign_in(person)
    assert 'name="link"' not in own(person)
    page = own(person, CONNECT)
    assert "a.stranger@mail.example" in page
    assert HANA in page
    person.browser.post(CONNECT, data={**hidden(page), "decision": "leave"})
    assert 'name="link"' not in own(person)
    assert person.browser.get(CONNECT).headers["location"] == "/account/connections"


def test_who_arrived_is_forgotten_after_a_quarter_of_an_hour(world: World, person: Person, somebody: str):
    go_by(person, world.plain, sub=somebody)
    world.provider.clock.forward(901)
    assert person.browser.get(NEW_HERE).headers["location"] == "/login"
    sign_in(person)
    assert person.browser.get(CONNECT).headers["location"] == "/account/connections"


@pytest.mark.parametrize("token", [None, "", "x" * 43])
def test_connecting_takes_this_browsers_form(world: World, person: Person, somebody: str, token: str | None):
    """CSRF (RFC 9700 4.7)."""
    go_by(person, world.plain, sub=somebody)
    sign_in(person)
    form = {"decision": "connect", **({} if token is None else {"csrf": token})}
    refused = person.browser.post(CONNECT, data=form)
    assert (refused.status_code, error_code(refused)) == (403, "page_expired")
    assert 'name="link"' not in own(person)


def test_a_provider_knows_people_by_sub_within_its_issuer(world: World, person: Person, somebody: str):
    """OIDC Core 5.7: the same `sub` of another issuer is somebody else, whatever the address."""
    connect(person, world.plain, sub=somebody, email="hana@mail.example")
    sign_out(person)
    assert go_by(person, world.line, sub=somebody) != "/"
    assert go_by(person, world.plain, sub=somebody.upper(), email="hana@mail.example") == NEW_HERE


# ---- from one's own pages --------------------------------------------------------------------------------------------


def add(person: Person, upstream: Upstream, **claims: object) -> str:
    return go_by(person, upstream, "/account/connections", {"purpose": "connect"}, **claims)


def test_a_connection_is_added_and_taken_away(world: World, person: Person, somebody: str):
    """Both are told to the person by mail."""
    sign_in(person)
    assert add(person, world.plain, sub=somebody, name="Hana at Plain") == "/account/connections"
    page = own(person)
    assert "Hana at Plain" in page
    assert add(person, world.plain, sub=somebody) == "/account/connections", "connected already"
    assert own(person).count('name="link"') == 1
    ended = person.browser.post("/account/connections", data=hidden(page))
    assert "signs nobody in here any more" in own(person, ended.headers["location"])
    sign_out(person)
    assert go_by(person, world.plain, sub=somebody) == NEW_HERE


def test_somebody_elses_connection_stays_theirs(world: World, person: Person, somebody: str):
    """One person of a provider signs in to one account; another account can neither take that nor end it."""
    connect(person, world.plain, sub=somebody)
    (link,) = [each.attributes["value"] for each in Page(own(person)).all("input", name="link")]
    ken = Person(world.provider, KEN)
    sign_in(ken)
    told = add(ken, world.plain, sub=somebody)
    assert told == "/account/connections?with=plain&problem=taken"
    assert "is connected to another account here" in own(ken, told)
    done = ken.browser.post("/account/connections", data={**hidden(own(ken)), "link": link})
    assert done.headers["location"] == "/account/connections?done=unchanged"
    assert go_by(Person(world.provider), world.plain, sub=somebody) == "/"


def test_connecting_takes_a_sign_in_of_just_now(world: World, person: Person, somebody: str):
    """ASVS 7.5.1: to add, to take away and to say that two are one."""
    sign_in(person)
    form = hidden(own(person))
    world.provider.clock.forward(601)
    to_sign_in = "/login?next=%2Faccount%2Fconnections"
    start = person.browser.post("/login/with/plain", data={**form, "purpose": "connect"})
    assert start.headers["location"] == to_sign_in
    assert person.browser.post("/account/connections", data={**form, "link": "x"}).headers["location"] == to_sign_in
    assert person.browser.get(CONNECT).headers["location"] == f"{to_sign_in}%2Fnew"


def test_whoever_signed_in_meanwhile_is_not_connected(world: World, person: Person, somebody: str):
    """Hana sets out to connect, Ken signs in in the same browser, the answer arrives: it was meant for Hana."""
    sign_in(person)
    sent = set_out(person, world.plain, "/account/connections", purpose="connect")
    world.plain.knows(world.provider, sub=somebody)
    person.username = KEN
    sign_in(person)
    come_back(person, world.plain, state=sent["state"], code="a code")
    assert 'name="link"' not in own(person)
    assert go_by(Person(world.provider), world.plain, sub=somebody) == NEW_HERE


def test_a_no_leads_back_to_the_connections(world: World, person: Person):
    sign_in(person)
    sent = set_out(person, world.plain, "/account/connections", purpose="connect")
    told = come_back(person, world.plain, state=sent["state"], error="access_denied")
    assert Page(own(person, told)).by_id("problem").text.startswith("You came back from Plain without signing in.")


def change(provider: Provider, act: Callable[..., object]) -> None:
    services = provider.services
    assert services is not None
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, HANA)
        assert account is not None
        act(services, connection, account)
    services.feed.read_now()


def test_the_last_way_to_sign_in_stays(world: World, person: Person, somebody: str):
    """An account without a password keeps one connection; of two, one may go."""
    connect(person, world.plain, sub=somebody)
    kept: list[str] = []

    def without_password(services, connection, account):
        kept.append(account.password_hash)
        services.accounts.change_password(connection, account.id, "", services.now)

    def with_password(services, connection, account):
        services.accounts.change_password(connection, account.id, kept[0], services.now)

    change(world.provider, without_password)
    try:
        ended = person.browser.post("/account/connections", data=hidden(own(person)))
        assert ended.headers["location"] == "/account/connections?done=last_way"
        assert "your last way to sign in" in own(person, ended.headers["location"])
        assert sign_in(Person(world.provider)).status_code == 401
        guess = Person(world.provider)
        assert guess.sign_in(guess.browser.get("/login"), "nobody has this password").status_code == 401
        add(person, world.plain, sub=f"{somebody} too")
        first = Page(own(person)).all("input", name="link")[0].attributes["value"]
        ended = person.browser.post("/account/connections", data={**hidden(own(person)), "link": first})
        assert ended.headers["location"] == "/account/connections?done=disconnected"
    finally:
        change(world.provider, with_password)


def test_of_two_last_ways_one_stays(world: World, person: Person, somebody: str):
    """Both are taken away at the same moment, in two windows: one is, and the other is the last way."""
    connect(person, world.plain, sub=somebody)
    add(person, world.plain, sub=f"{somebody} too")
    kept: list[str] = []

    def without_password(services, connection, account):
        kept.append(account.password_hash)
        services.accounts.change_password(connection, account.id, "", services.now)

    form, page = hidden(own(person)), Page(own(person))
    ids = [each.attributes["value"] for each in page.all("input", name="link")]
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in person.browser.cookies.items())}

    def end(number: int) -> str:
        url = f"{world.provider.url}/account/connections"
        return HTTP.post(url, data={**form, "link": ids[number]}, headers=headers).headers["location"]

    change(world.provider, without_password)
    try:
        told = sorted(answer.partition("done=")[2] for answer in at_once(end, 2))
        assert told == ["disconnected", "last_way"]
        assert own(person).count('name="link"') == 1
    finally:
        change(world.provider, lambda s, c, account: s.accounts.change_password(c, account.id, kept[0], s.now))


def test_a_suspended_account_is_not_signed_in_to(world: World, person: Person, somebody: str):
    connect(person, world.plain, sub=somebody)
    sign_out(person)
    change(world.provider, lambda s, c, account: s.accounts.change_status(c, account.id, "suspended", s.now))
    try:
        told = go_by(person, world.plain, sub=somebody)
        assert told == "/login?with=plain&problem=closed"
    finally:
        change(world.provider, lambda s, c, account: s.accounts.change_status(c, account.id, "active", s.now))


# ---- how long ago ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "sent_on"), [({"prompt": "login"}, "0"), ({"max_age": "300"}, "300"), ({}, None)])
def test_an_app_that_wants_a_fresh_sign_in_gets_one(
    world: World, person: Person, somebody: str, asked: dict[str, str], sent_on: str | None
):
    """OIDC Core 3.1.2.1: max_age goes on to the provider, and auth_time has to keep it (3.1.3.7, 13)."""
    connect(person, world.plain, sub=somebody)
    sign_out(person)
    now = int(world.provider.clock())
    outcomes = []
    for auth_time in (now, now - 3600, None, "now"):
        flow = hidden(visit(person, STOREFRONT, **asked).text)["flow"]
        sent = set_out(person, world.plain, f"/login?flow={flow}")
        assert sent.get("max_age") == sent_on
        world.plain.knows(world.provider, sub=somebody, auth_time=auth_time)
        outcomes.append(come_back(person, world.plain, state=sent["state"], code="a code"))
        sign_out(person)
    assert outcomes[0].startswith("/authorize/continue")
    for told in outcomes[1:]:
        assert ("problem=not_fresh" in told) == (sent_on is not None)


def test_what_is_kept_tells_nobody_who_somebody_is(world: World, person: Person, somebody: str):
    """Neither `sub` nor address stands in a plain column; state and secrets are hashed or sealed."""
    sub = f"a-subject-{len(somebody)}"
    connect(person, world.plain, sub=sub, email="hana@mail.example")
    sent = set_out(person, world.plain)
    services = world.provider.services
    assert services is not None
    with services.database.autocommit() as connection:
        for table in ("upstream_links", "upstream_flows", "upstream_arrivals"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608 - our own names
            assert rows or table == "upstream_arrivals"
            for secret in (sub, "hana@mail.example", sent["state"], sent["nonce"]):
                assert secret not in repr(rows)
