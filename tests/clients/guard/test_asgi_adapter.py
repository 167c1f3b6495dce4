"""RFC 6750 sections 2.1 and 3 before an ASGI application, HTTP and WebSocket."""

import asyncio

import httpx
import pytest

from sekisho_guard.asgi import CLAIMS, GuardMiddleware
from tests.clients.guard.issuer import NOW


async def application(scope, receive, send):
    """Answers with the subject of the claims it finds; accepts every WebSocket."""
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
    elif scope["type"] == "websocket":
        await send({"type": "websocket.accept", "subprotocol": scope[CLAIMS].client_id})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope[CLAIMS].subject.encode()})


@pytest.fixture
def get(guard):
    """Send one request through the middleware."""

    def request(headers, scopes=("payments:write",)):
        async def run():
            guarded = GuardMiddleware(application, guard, scopes=scopes, realm="payments")
            async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded)) as client:
                return await client.get("https://payments.example/", headers=headers)

        return asyncio.run(run())

    return request


def send_raw(guard, scope, **options):
    """Drive the middleware message by message."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        raise AssertionError("nothing is read from a request that is refused")

    asyncio.run(GuardMiddleware(application, guard, **options)(scope, receive, send))
    return sent


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def test_a_good_token_reaches_the_application_with_its_claims(get, issuer, key):
    token = key.sign(issuer.claims())
    for _ in range(2):  # verified, then remembered
        answer = get(bearer(token))
        assert (answer.status_code, answer.text) == (200, "u_8Zr2Qw13Xk9v")


def test_rfc_6750_section_3_1_without_a_token_no_error_is_named(get):
    for headers in ([], [("Authorization", "Basic dTpw")]):
        answer = get(headers)
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="payments", scope="payments:write"'
    assert get([], scopes=()).headers["WWW-Authenticate"] == 'Bearer realm="payments"'


def test_rfc_6750_section_3_1_an_invalid_token(get, issuer, key):
    answer = get(bearer(key.sign(issuer.claims(exp=NOW - 60))), scopes=())
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="payments", error="invalid_token", error_description="The access token expired."'
    )
    assert answer.json()["error"] == "invalid_token"


def test_rfc_6750_section_3_1_insufficient_scope(get, issuer, key):
    token = key.sign(issuer.claims(scope="payments:read"))
    for _ in range(2):  # verified, then remembered
        answer = get(bearer(token))
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert answer.headers["WWW-Authenticate"].endswith(', scope="payments:write"')


def test_rfc_6750_section_3_1_repeated_and_malformed_credentials(get, issuer, key):
    good = bearer(key.sign(issuer.claims()))
    for headers in (good * 2, [("Authorization", "Bearer")], [(b"Authorization", b"Bearer \xff\xfe")]):
        answer = get(headers)
        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_keys_that_cannot_be_had_are_no_fault_of_the_token(get, issuer, key):
    issuer.break_down()
    answer = get(bearer(key.sign(issuer.claims())))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_the_event_loop_goes_on_while_keys_are_fetched(guard, issuer, key):
    """The answer of the issuer is let through by the very loop that would be blocked by waiting for it."""
    issuer.open.clear()
    scope = http_scope(key.sign(issuer.claims()))
    sent = []

    async def send(message):
        sent.append(message)

    async def run():
        guarded = asyncio.ensure_future(GuardMiddleware(application, guard)(scope, None, send))
        assert await asyncio.to_thread(issuer.arrived.wait, 10)
        issuer.open.set()
        await guarded

    asyncio.run(run())
    assert sent[0]["status"] == 200


def http_scope(token):
    return {"type": "http", "headers": [(b"authorization", b"Bearer " + token.encode())]}


def test_startup_and_shutdown_pass(guard):
    assert send_raw(guard, {"type": "lifespan"}) == [{"type": "lifespan.startup.complete"}]


def test_a_websocket_needs_a_token_too(guard, issuer, key):
    scope = {"type": "websocket", "headers": http_scope(key.sign(issuer.claims()))["headers"]}
    assert send_raw(guard, scope) == [{"type": "websocket.accept", "subprotocol": "storefront"}]
    assert send_raw(guard, {"type": "websocket", "headers": []}) == [{"type": "websocket.close", "code": 1008}]


def test_a_websocket_is_refused_by_a_full_answer_where_the_server_can(guard):
    scope = {"type": "websocket", "headers": [], "extensions": {"websocket.http.response": {}}}
    start, body = send_raw(guard, scope, realm="payments")
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert (b"www-authenticate", b'Bearer realm="payments"') in start["headers"]
    assert body == {"type": "websocket.http.response.body", "body": b""}


def test_an_unknown_kind_of_connection_does_not_pass(guard):
    (start, _) = send_raw(guard, {"type": "webtransport", "headers": []})
    assert start["status"] == 401


def test_a_text_in_place_of_a_list_of_scopes_is_refused_at_start(guard):
    with pytest.raises(ValueError, match="scopes"):
        GuardMiddleware(application, guard, scopes="payments:write")
