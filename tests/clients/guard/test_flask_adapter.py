"""RFC 6750 sections 2.1 and 3: what a guarded Flask view answers."""

import pytest
from flask import Flask, g, jsonify

from sekisho_guard.flask import FlaskGuard, current_claims
from tests.clients.guard.issuer import NOW


@pytest.fixture
def client(guard):
    app = Flask(__name__)
    app.testing = True
    guarded = FlaskGuard(guard, realm="payments")

    @app.route("/me", methods=["GET", "POST"])
    @guarded.require()
    def me():
        assert g.claims is current_claims()
        return jsonify(subject=current_claims().subject)

    @app.post("/payments/<int:number>")
    @guarded.require("payments:write", "payments:read")
    def pay(number):
        return {"number": number}, 201

    return app.test_client()


def challenge(answer):
    values = answer.headers.getlist("WWW-Authenticate")
    assert len(values) == 1
    return values[0]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_good_token_opens_the_view_and_its_claims_are_at_hand(client, issuer, key):
    answer = client.get("/me", headers=bearer(key.sign(issuer.claims())))
    assert (answer.status_code, answer.json) == (200, {"subject": "u_8Zr2Qw13Xk9v"})
    assert "WWW-Authenticate" not in answer.headers


def test_a_view_keeps_its_arguments_and_its_status(client, issuer, key):
    answer = client.post("/payments/7", headers=bearer(key.sign(issuer.claims())))
    assert (answer.status_code, answer.json) == (201, {"number": 7})


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer ", "bEaReR   "])
def test_rfc_9110_section_11_1_the_scheme_is_written_in_any_case(client, issuer, key, scheme):
    token = key.sign(issuer.claims())
    assert client.get("/me", headers={"Authorization": f"{scheme} {token} "}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": ""}, {"Authorization": "Basic dTpw"}, {"Authorization": "DPoP x"}]
)
def test_rfc_6750_section_3_1_without_a_token_no_error_is_named(client, headers):
    answer = client.get("/me", headers=headers)
    assert (answer.status_code, answer.data) == (401, b"")
    assert challenge(answer) == 'Bearer realm="payments"'
    answer = client.post("/payments/7", headers=headers)
    assert answer.status_code == 401
    assert challenge(answer) == 'Bearer realm="payments", scope="payments:write payments:read"'


def test_rfc_6750_section_3_1_an_invalid_token(client, issuer, key):
    answer = client.get("/me", headers=bearer(key.sign(issuer.claims(exp=NOW - 60))))
    assert answer.status_code == 401
    assert challenge(answer) == (
        'Bearer realm="payments", error="invalid_token", error_description="The access token expired."'
    )
    assert answer.json == {"error": "invalid_token", "error_description": "The access token expired."}
    assert answer.headers["Cache-Control"] == "no-store"


def test_rfc_6750_section_3_1_insufficient_scope(client, issuer, key):
    answer = client.post("/payments/7", headers=bearer(key.sign(issuer.claims(scope="payments:read"))))
    assert answer.status_code == 403
    assert challenge(answer) == (
        'Bearer realm="payments", error="insufficient_scope", '
        'error_description="The access token lacks a scope that this request needs.", '
        'scope="payments:write payments:read"'
    )


MALFORMED = [
    "Bearer",
    "Bearer ",
    "Bearer a b",
    "Bearer a,b",
    "Bearer a=b",
    'Bearer "a"',
    "Bearer \u00e9",
    "Bearer \xff\xfe",
    "Bearer =",
]


@pytest.mark.parametrize("value", MALFORMED)
def test_rfc_6750_section_3_1_malformed_credentials(client, value):
    answer = client.get("/me", environ_overrides={"HTTP_AUTHORIZATION": value})
    assert answer.status_code == 400
    assert challenge(answer).startswith('Bearer realm="payments", error="invalid_request", error_description="')


def test_rfc_6750_section_3_1_repeated_credentials(client, issuer, key):
    value = f"Bearer {key.sign(issuer.claims())}"
    answer = client.get("/me", headers=[("Authorization", value), ("Authorization", value)])
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_a_token_anywhere_but_in_the_header_is_not_looked_at(client, issuer, key):
    token = key.sign(issuer.claims())
    client.set_cookie("access_token", token)
    answer = client.post("/me", query_string={"access_token": token}, data={"access_token": token})
    assert answer.status_code == 401
    assert challenge(answer) == 'Bearer realm="payments"'


def test_keys_that_cannot_be_had_are_no_fault_of_the_token(client, issuer, key):
    issuer.break_down()
    answer = client.get("/me", headers=bearer(key.sign(issuer.claims())))
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert "WWW-Authenticate" not in answer.headers


def test_the_claims_of_one_request_are_not_there_in_the_next(client, issuer, key):
    with client:
        client.get("/me", headers=bearer(key.sign(issuer.claims())))
        assert current_claims().subject
        client.get("/me")
        assert "claims" not in g


@pytest.mark.parametrize("scope", ['a"b', "a b", "", "\u00e9", "a\\b"])
def test_a_scope_that_cannot_be_asked_for_is_refused_at_start(guard, scope):
    with pytest.raises(ValueError, match="scopes"):
        FlaskGuard(guard).require(scope)


@pytest.mark.parametrize("realm", ['a"b', "", "\u00e9", "a\r\nSet-Cookie: x"])
def test_a_realm_that_cannot_be_quoted_is_refused_at_start(guard, realm):
    with pytest.raises(ValueError, match="realm"):
        FlaskGuard(guard, realm=realm).require()


def test_a_refusal_is_logged_with_its_reason_and_without_the_token(client, issuer, key, caplog):
    caplog.set_level("INFO", "sekisho_guard")
    token = key.sign(issuer.claims(aud="https://orders.example"))
    client.get("/me", headers=bearer(token))
    assert "invalid_token: aud does not name us" in caplog.text
    assert not any(part in caplog.text for part in token.split("."))
