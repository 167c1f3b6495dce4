"""Redirect URIs: exact comparison (RFC 9700 2.1), and the one exception for native apps (RFC 8252 7.3)."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idp.protocol.redirect_uris import is_registered, problem_with

LOOPBACK = "http://127.0.0.1/callback?app=one"
REGISTERED = (
    "https://app.example.test/callback",
    LOOPBACK,
    "http://[::1]:7000/callback",
    "http://localhost/callback",
    "jp.example.app:/callback",
)
EXACT_BUT_FOR_PORT = re.compile(
    r"http://127\.0\.0\.1(:\d+)?/callback\?app=one|http://\[::1\](:\d+)?/callback", re.ASCII
)
near = st.one_of(
    st.sampled_from(REGISTERED).flatmap(
        lambda uri: st.tuples(st.integers(0, len(uri)), st.integers(0, 3), st.text("/:?#@.%a1 \\[]A;", max_size=3)).map(
            lambda edit: uri[: edit[0]] + edit[2] + uri[edit[0] + edit[1] :]
        )
    ),
    st.text(max_size=40),
)
ports = st.integers(0, 65535)


@given(near)
@example("HTTP://127.0.0.1:5000/callback?app=one")
@example("http://127.0.0.1:/callback?app=one")
@example("http://[::1]:5000/callback?")
@example("http://[0:0:0:0:0:0:0:1]:5000/callback")
def test_rfc_9700_2_1_a_uri_is_registered_exactly_or_differs_in_a_loopback_port(requested: str):
    """Whatever comes near a registered URI is refused, but for another port of a loopback literal."""
    allowed = requested in REGISTERED or EXACT_BUT_FOR_PORT.fullmatch(requested) is not None
    if is_registered(requested, REGISTERED):
        assert allowed


@given(ports)
def test_rfc_8252_7_3_any_port_of_a_loopback_literal_will_do(port: int):
    """A native app listens where it finds room; IPv4 and IPv6 alike."""
    assert is_registered(f"http://127.0.0.1:{port}/callback?app=one", REGISTERED)
    assert is_registered(f"http://[::1]:{port}/callback", REGISTERED)


@pytest.mark.parametrize(
    "requested",
    [
        "http://localhost:7000/callback",
        "https://app.example.test:8443/callback",
        "https://127.0.0.1:7000/callback?app=one",
        "http://127.0.0.2:7000/callback?app=one",
        "http://127.0.0.1:70000/callback?app=one",
        "http://127.0.0.1:7000/callback?app=two",
        "http://127.0.0.1:7000/callback?app=one#part",
        "http://me@127.0.0.1:7000/callback?app=one",
        "http://127.0.0.1:7000@evil.example/callback?app=one",
        "http://127.0.0.1:7000\\@evil.example/callback?app=one",
        "http://127.0.0.1:7000/callback/../evil?app=one",
        "http://127.0.0.1.evil.example:7000/callback?app=one",
    ],
)
def test_rfc_8252_7_3_nothing_else_may_differ(requested: str):
    """Neither the scheme nor the host, path, query, user or fragment; nor the port of a name or of a web site."""
    assert not is_registered(requested, REGISTERED)


@pytest.mark.parametrize("uri", REGISTERED)
def test_what_was_registered_here_may_be(uri: str):
    """The list of this module is one that the provider would take."""
    assert problem_with(uri) is None
    assert is_registered(uri, REGISTERED)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "//app.example/callback",
        "https://",
        "https:///callback",
        "http://app.example/callback",
        "https://app.example/callback#part",
        "https://app.example/callback#",
        "https://me:secret@app.example/callback",
        "https://app.example/call back",
        "https://app.example/\ncallback",
        "https://app.example/コールバック",
        "https://app.example:port/callback",
        "https://[::1/callback",
        "javascript:alert(1)",
        "data:text/html,hello",
        "myapp:/callback",
    ],
)
def test_rfc_9700_2_1_what_may_not_be_registered(uri: str):
    """Each with a reason that an operator can act on."""
    assert problem_with(uri)


@given(st.text(max_size=60))
def test_any_text_is_judged(uri: str):
    """A URI with a problem is one that no registered list holds; judging never fails."""
    problem_with(uri)
    assert not is_registered(uri, ())
