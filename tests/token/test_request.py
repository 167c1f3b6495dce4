"""The token endpoint's requests and answers in general (RFC 6749 3.2, 4.1.3, 5.1 and 5.2)."""

import pytest

from tests.provider.provider import HTTP, Provider

GRANT = {"grant_type": "client_credentials"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
def test_3_2_only_post(shared_provider: Provider, path: str, method: str):
    """405 with what is allowed, as JSON: a browser that wanders here is told no more than that."""
    response = HTTP.request(method, shared_provider.url + path, params=GRANT, auth=shared_provider.basic("payments"))
    assert response.status_code == 405
    assert {name.strip() for name in response.headers["allow"].split(",")} == {"POST", "OPTIONS"}
    assert method == "HEAD" or response.json()["error"] == "invalid_request"


def test_5_1_the_answer_is_json_that_nobody_stores(shared_provider: Provider):
    """Success and error alike."""
    for parameters in (GRANT, {"grant_type": "unknown"}):
        response = shared_provider.token("payments", **parameters)
        assert response.headers["content-type"] == "application/json"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["pragma"] == "no-cache"


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"grant_type": "client_credentials", "token": "x"}'),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nx\r\n--x--',
        ),
        ("text/plain", b"grant_type=client_credentials&token=x"),
        ("", b"grant_type=client_credentials&token=x"),
        (FORM["Content-Type"], b"grant_type=\xff&token=x"),
        (FORM["Content-Type"], b"grant_type=%ff&token=x"),
        (FORM["Content-Type"], b"grant_type=client_credentials&token=x%00"),
    ],
)
def test_3_2_a_form_in_utf_8_and_nothing_else(shared_provider: Provider, path: str, content_type: str, body: bytes):
    """Another content type or broken bytes: invalid_request, before anything is read of it."""
    headers = {"Content-Type": content_type} if content_type else {}
    response = HTTP.post(
        shared_provider.url + path, content=body, headers=headers, auth=shared_provider.basic("payments")
    )
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_3_2_a_form_with_a_charset_is_a_form(shared_provider: Provider):
    """Many HTTP libraries add one."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    body = b"grant_type=client_credentials"
    response = HTTP.post(
        f"{shared_provider.url}/token", content=body, headers=headers, auth=shared_provider.basic("payments")
    )
    assert response.status_code == 200


def test_a_body_that_no_request_has_is_refused(shared_provider: Provider):
    """413 before it is read into memory."""
    response = shared_provider.token("payments", grant_type="client_credentials", padding="x" * 100_000)
    assert response.status_code == 413
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "name", ["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id", "unknown"]
)
def test_3_2_a_parameter_sent_twice_is_refused(shared_provider: Provider, name: str):
    """Whichever it is, known or not, and even when both values are the same."""
    body = f"grant_type=client_credentials&{name}=same&{name}=same"
    response = HTTP.post(
        f"{shared_provider.url}/token", content=body, headers=FORM, auth=shared_provider.basic("payments")
    )
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_2_3_1_parameters_in_the_query_are_not_read(shared_provider: Provider):
    """Neither in place of the body's nor beside them."""
    url, auth = f"{shared_provider.url}/token", shared_provider.basic("payments")
    in_query_alone = HTTP.post(url, params=GRANT, headers=FORM, auth=auth)
    assert (in_query_alone.status_code, in_query_alone.json()["error"]) == (400, "invalid_request")
    beside = HTTP.post(url, params={"scope": "payments:settle"}, data={**GRANT, "scope": "payments:read"}, auth=auth)
    assert beside.json()["scope"] == "payments:read"


@pytest.mark.parametrize("body", ["", "grant_type=", "grant_type"])
def test_5_2_without_a_grant_type_the_request_is_invalid(shared_provider: Provider, body: str):
    """It lacks a required parameter, which is not the same as an unsupported grant."""
    response = HTTP.post(
        f"{shared_provider.url}/token", content=body, headers=FORM, auth=shared_provider.basic("payments")
    )
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert "grant_type" in response.json()["error_description"]


@pytest.mark.parametrize("grant", ["password", "implicit", "AUTHORIZATION_CODE", "refresh_token ", "日本語", 'x"\\'])
def test_5_2_an_unknown_grant_type_is_unsupported(shared_provider: Provider, grant: str):
    """And its name does not come back: it might hold what a header or a page cannot."""
    response = shared_provider.token("payments", grant_type=grant)
    assert response.status_code == 400
    assert response.json()["error"] == "unsupported_grant_type"
    assert grant not in response.text


@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token"])
def test_5_2_a_grant_that_the_client_is_not_registered_for(shared_provider: Provider, grant: str):
    """unauthorized_client, before its code or token is looked at."""
    response = shared_provider.token("payments", grant_type=grant, code="x", refresh_token="x")
    assert response.status_code == 400
    assert response.json()["error"] == "unauthorized_client"


def test_3_2_parameters_that_are_not_known_are_ignored(shared_provider: Provider):
    """Extensions that this server does not have must not break clients that send them."""
    response = shared_provider.token("payments", grant_type="client_credentials", extension="日本語 \r\n")
    assert response.status_code == 200
