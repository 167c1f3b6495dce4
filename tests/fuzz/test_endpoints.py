"""Hypothesis writes hostile bytes into every part of a request to every endpoint (RFC 6749 5.2, issue "Bad input")."""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.bend import BENDS, HEADERS, Bend
from tests.fuzz.draft import Draft, Place
from tests.fuzz.endpoints import ENDPOINTS, SESSION, Endpoint
from tests.fuzz.hostile import CHANGES, CLAIMS, HOSTILE, JSON, Change
from tests.fuzz.invariants import check
from tests.fuzz.message import FORM, Framing, Message
from tests.fuzz.world import ISSUER, World

SQLITE, POSTGRESQL = "on_sqlite", "on_postgresql"


def path_of(endpoint: Endpoint) -> str:
    """The part of a route that is always the same."""
    return endpoint.route.partition("<")[0]


AT_ENDPOINTS = [
    pytest.param(store, endpoint, id=f"{endpoint.route} {store}")
    for store in (SQLITE, POSTGRESQL)
    for endpoint in ENDPOINTS
    if endpoint.touches_store or store == SQLITE
]
PUBLISHED = {
    "/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/authzen-configuration",
}
NOTHING_THERE = (
    b"/static/none",
    b"/apps/storefront/logo/ja",
    b"/login/passkey",
    b"/login/recovery",
    b"/account/recovery/none",
    b"/account/email/undo/none",
)
"""Drafts of what there is not, in a world where nobody can be asked for a picture, or has a passkey."""
AT_PATHS = list({(case.values[0], path_of(case.values[1])): case for case in reversed(AT_ENDPOINTS)}.values())
"""One for each beginning of a path: what stands before its first variable."""
METHODS = [
    "GET",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "X7CANARY",
    "\xff",
    "",
]

RAW = st.builds(
    Message,
    st.sampled_from(METHODS),
    st.just(b"/"),
    HOSTILE,
    st.lists(st.tuples(st.sampled_from(HEADERS), HOSTILE), max_size=3).map(tuple),
    HOSTILE,
    st.sampled_from(Framing),
)


def cases(count: int, store: str, of: float = 1) -> settings:
    """Return as many cases as asked, a third of them on the second store; times ten in the profile `hunt`."""
    share = max(1, int(of * (count if store == SQLITE else count // 3)))
    return settings(max_examples=share * settings.default.max_examples // settings.get_profile("ci").max_examples)


@pytest.fixture
def world(request: pytest.FixtureRequest, store: str) -> Iterator[World]:
    """The provider on one of the stores; whatever is asked of it, it holds afterwards what it held before."""
    found: World = request.getfixturevalue(store)
    yield found
    assert found.losses_at_the_end() == []


def ask(world: World, message: Message) -> None:
    """Send a request and check its answer and what it left behind."""
    check(world, message, world.send(message))


def test_every_route_has_a_case(on_sqlite: World):
    """A new endpoint is fuzzed from its first day."""
    answered = {rule.rule for rule in on_sqlite.app.url_map.iter_rules()} | PUBLISHED
    assert {endpoint.route for endpoint in ENDPOINTS} == answered


def test_every_draft_is_accepted(on_sqlite: World):
    """What the fuzzing begins from is right, or it would not reach beyond the first check."""
    for endpoint in ENDPOINTS:
        for index in range(len(endpoint.drafts(on_sqlite))):
            draft = endpoint.drafts(on_sqlite)[index]
            answer = on_sqlite.send(draft.message())
            assert answer.status < 400 or draft.path in NOTHING_THERE, (draft, answer)
            assert "error=" not in answer.header("Location")


@pytest.mark.parametrize(("store", "endpoint"), AT_ENDPOINTS)
def test_any_value_in_any_place(store: str, endpoint: Endpoint, world: World):
    """One part of a valid request is something else: each parameter, cookie and header in its turn."""

    @cases(25, store, endpoint.share)
    @given(CHANGES, st.sampled_from(HEADERS), st.sampled_from(Framing))
    def one_place_at_a_time(change: Change, header: str, framing: Framing) -> None:
        for draft in endpoint.drafts(world):
            for changed in places(draft, change, header):
                ask(world, changed)
            ask(world, draft.message(framing=framing))
        assert world.losses() == []

    one_place_at_a_time()


def places(draft: Draft, change: Change, header: str) -> Iterator[Message]:
    """Return the request with the change in each place, one at a time."""
    for index, part in enumerate(draft.parts):
        changed = replace(part, value=change.of(part.value))
        yield draft.with_part(index, changed).message()
        if part.place is not Place.HEADER:
            yield draft.with_part(index, replace(changed, verbatim=True)).message()
    message = draft.message()
    value = change.of(b"")
    yield message.with_header(header, value)
    yield replace(message, path=message.path + value)
    yield replace(message, query=message.query + b"&" + value)
    yield replace(message, body=message.body + b"&" + value)


@pytest.mark.parametrize(("store", "endpoint"), AT_ENDPOINTS)
def test_several_things_at_once(store: str, endpoint: Endpoint, world: World):
    """Parts of a valid request are changed, dropped, doubled, renamed or put elsewhere, under any method."""

    @cases(100, store, endpoint.share)
    @given(st.lists(BENDS, min_size=1, max_size=3), st.sampled_from(METHODS), st.sampled_from(Framing))
    def several(bends: list[Bend], method: str, framing: Framing) -> None:
        for draft in endpoint.drafts(world):
            bent = reduce(lambda so_far, bend: bend.of(so_far), bends, draft)
            ask(world, bent.message(framing=framing))
            ask(world, bent.message(method))
        assert world.losses() == []

    several()


@pytest.mark.parametrize(("store", "endpoint"), AT_PATHS)
def test_raw_requests(store: str, endpoint: Endpoint, world: World):
    """Nothing about the request is right but its path, and not always that."""
    path = path_of(endpoint).encode("ascii")

    @cases(400, store, endpoint.share)
    @given(RAW, HOSTILE, st.sampled_from(["only", "before", "after", "doubled"]))
    def raw(message: Message, junk: bytes, where: str) -> None:
        paths = {"only": path, "before": b"/" + junk + path, "after": path + junk, "doubled": path.replace(b"/", b"//")}
        message = replace(message, path=paths[where])
        for method in (message.method, "GET", "POST"):
            ask(world, replace(message, method=method))
        as_hana = message.with_header("Cookie", f"{SESSION}={world.hana.session}".encode())
        ask(world, replace(as_hana, method="GET"))
        ask(world, replace(as_hana, method="POST").with_header("Content-Type", FORM))
        assert world.losses() == []

    raw()


@pytest.mark.parametrize("store", [SQLITE, POSTGRESQL])
def test_assertions_with_any_claims(store: str, world: World):
    """A client signs whatever it likes: its signature is right, its claims and header are not (RFC 7523 3)."""

    @cases(600, store)
    @given(st.dictionaries(st.sampled_from(CLAIMS), st.one_of(JSON, st.just(ISSUER)), max_size=3))
    def signed(claims: dict[str, object]) -> None:
        form = (
            b"grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type"
            b"%3Ajwt-bearer&client_assertion=" + world.assertion(**claims).encode("ascii")
        )
        ask(world, Message("POST", b"/token", headers=(("Content-Type", FORM),), body=form))

    signed()
