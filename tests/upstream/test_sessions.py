"""A session that somebody else planted is worth nothing once its person came in by another provider (ASVS 7.2.4)."""

import httpx

from tests.provider.apps import STOREFRONT
from tests.provider.person import Person
from tests.provider.provider import NO_TLS
from tests.upstream.conftest import World
from tests.upstream.scripted import go_by
from tests.upstream.test_connecting import connect, end_all, sign_out
from tests.web.visits import error_code, flow_of, visit

COOKIE = "sekisho_session"


def test_what_was_planted_before_is_worth_nothing_after(world: World, person: Person):
    """Neither as somebody known, nor for the request that the attacker had begun."""
    connect(person, world.plain, sub="planted")
    sign_out(person)
    flow = flow_of(visit(person, STOREFRONT))
    planted = person.browser.cookies[COOKIE]
    go_by(person, world.plain, f"/login?flow={flow}", sub="planted")
    assert person.username in person.browser.get("/").text
    with httpx.Client(base_url=world.provider.url, cookies={COOKIE: planted}, verify=NO_TLS) as attacker:
        assert person.username not in attacker.get("/").text
        assert error_code(attacker.get(f"/authorize/continue?flow={flow}")) == "flow_over"
    assert person.browser.cookies[COOKIE] != planted
    end_all(world.provider)
