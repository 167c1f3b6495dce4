"""Which addresses a stranger may make us ask: https URLs of public hosts (OWASP, Server-Side Request Forgery).

The ranges that are not public are those of the IANA special-purpose registries (RFC 6890), written out, because what
Python calls global has changed between its releases. Of IPv6 only 2000::/3 is public, and of that not what carries an
IPv4 address inside: NAT64, 6to4, Teredo and mapped addresses would reach an internal host by another name.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

HTTPS_PORT = 443
HTTPS_PORTS = frozenset({HTTPS_PORT, 8443})
"""Ports of public hosts that are asked. Others belong to services that a TLS greeting may already say something to."""

MAX_URL = 2000
MAX_HOST = 253
_NOT_IN_URLS = re.compile(r'[\x00-\x20"<>\\^`{|}\x7f]')

_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST = ip_network("2000::/3")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a URL asks, and for what: the path with its query."""

    host: str
    port: int
    path: str


def read_target(url: str) -> Target | str:
    """Return whom an https URL asks, or why it may not be asked, as the end of a sentence."""
    if len(url) > MAX_URL or not url.isascii():
        return "is longer than 2000 characters or not ASCII; write another alphabet's host in its xn-- form"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not an absolute URI"
    if _NOT_IN_URLS.search(url) or parts.scheme != "https":
        return "is not an https URL"
    if "@" in parts.netloc:
        return "carries user information"
    if not host or len(host) > MAX_HOST or "%" in host or _is_disguised_address(host):
        return "has no host name that could be asked"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, HTTPS_PORT if port is None else port, path)


def _is_disguised_address(host: str) -> bool:
    """Whether a host is an IPv4 address as only resolvers understand it: decimal, octal, hexadecimal or short."""
    last = host.rstrip(".").rpartition(".")[2]
    if not last.isdigit() and not last.startswith("0x"):
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC)
