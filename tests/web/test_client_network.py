"""Whose tries are counted together: the network that a request comes from, through trusted proxies."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from idp.web.requests import client_network

PROXIES = ("10.0.0.0/8",)


def network(remote: str, forwarded: str = "") -> str:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    environ = EnvironBuilder(headers=headers, environ_overrides={"REMOTE_ADDR": remote}).get_environ()
    return client_network(Request(environ), PROXIES)


@pytest.mark.parametrize(
    ("remote", "forwarded", "counted"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7:50123", "203.0.113.7"),
        ("10.0.0.1", "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        ("10.0.0.1", "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
    ],
)
def test_the_nearest_address_that_no_trusted_proxy_wrote(remote: str, forwarded: str, counted: str):
    """A stranger cannot choose it, two strangers never share it for the way that a proxy writes addresses."""
    assert network(remote, forwarded) == counted
