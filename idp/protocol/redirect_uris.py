"""Redirect URIs: what may be registered, and what a request may name (RFC 9700 2.1, RFC 8252 7.3)."""

from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, urlsplit

_RESPONSE_PARAMETERS = frozenset(
    {"code", "state", "iss", "error", "error_description", "id_token", "access_token", "session_state"}
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORBIDDEN_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "ws", "wss", "ftp"})


def _split(uri: str) -> SplitResult | None:
    """Split a URI, or return None when it is not one."""
    if not uri.isascii() or any(ord(character) <= 0x20 or character in '"<>\\^`{|}\x7f' for character in uri):  # noqa: PLR2004 - 0x20 is the space
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_loopback(host: str | None) -> bool:
    """Whether a host is a loopback address literal (RFC 8252 7.3 asks for the literal, not for `localhost`)."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def problem_with(uri: str) -> str | None:
    """Return why a URI may not be registered for redirects, or None when it may."""
    parts = _split(uri)
    if parts is None or not parts.scheme:
        return "is not an absolute URI"
    if "#" in uri:
        return "has a fragment (RFC 6749 3.1.2)"
    if parts.username is not None or parts.password is not None:
        return "carries user information"
    if "*" in parts.netloc:
        return "has a wildcard; every URI is registered in full (RFC 9700 2.1)"
    if not _RESPONSE_PARAMETERS.isdisjoint(parse_qs(parts.query, keep_blank_values=True)):
        return "has a query parameter that the response brings itself"
    return _problem_with_scheme(parts)


def _problem_with_scheme(parts: SplitResult) -> str | None:
    if parts.scheme == "https":
        return None if parts.hostname else "has no host"
    if parts.scheme == "http":
        return None if is_loopback(parts.hostname) or parts.hostname == "localhost" else "is http beyond this machine"
    if parts.scheme in _FORBIDDEN_SCHEMES:
        return "has a scheme that browsers act on"
    return None if "." in parts.scheme else "has a private scheme without a domain name (RFC 8252 7.1)"


def is_registered(requested: str, registered: tuple[str, ...]) -> bool:
    """Whether a requested redirect URI is one of the registered ones.

    Strings are compared exactly (RFC 9700 2.1); only the port of a registered `http` loopback literal may differ
    (RFC 8252 7.3).
    """
    return requested in registered or any(_differs_in_loopback_port(requested, known) for known in registered)


def _differs_in_loopback_port(requested: str, known: str) -> bool:
    wanted, allowed = _split(requested), _split(known)
    if wanted is None or allowed is None or allowed.scheme != "http" or not is_loopback(allowed.hostname):
        return False
    return _without_port(requested, wanted) == _without_port(known, allowed)


def _without_port(uri: str, parts: SplitResult) -> str:
    """Return the URI as it was written but for its port, so that nothing else about it counts as the same."""
    host = parts.netloc if parts.port is None else parts.netloc.rpartition(":")[0]
    return uri.replace(f"//{parts.netloc}", f"//{host}", 1)


def origin(uri: str) -> str:
    """Return the origin of a registered URI as browsers write it (RFC 6454 6.2); empty for an app's own scheme."""
    parts = urlsplit(uri)
    if parts.scheme not in _DEFAULT_PORTS:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
