"""From Flask's request to plain values: the one place where raw input is read."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import IO
from urllib.parse import parse_qsl

from flask import Request, request
from flask.globals import request_ctx
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge

from idp.authorization_server import EndpointRequest, Payload
from idp.protocol.activity import Seen, device_words
from idp.protocol.errors import invalid_request
from idp.protocol.parameters import Parameters, parse_parameters
from idp.protocol.risk import Place, read_place
from idp.protocol.strict_json import load_strictly
from idp.services import Services

_LENGTH = re.compile("[0-9]{1,9}")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
IPV6_PREFIX = 64


def read_form(request: Request) -> Parameters:
    """Return the body's parameters.

    Raises:
        OAuthError: `invalid_request` for another content type, for less than was announced, or as `parse_parameters`.
        RequestEntityTooLarge: when it is too large.
    """
    return parse_parameters(_whole_form(request))


def read_form_with_boxes(request: Request, boxes: str) -> tuple[Parameters, frozenset[str]]:
    """Return the body's parameters and the values of its ticked boxes; raises as `read_form`."""
    parameters = parse_parameters(_whole_form(request), boxes)
    return parameters, frozenset(parameters.repeated)


def read_json(request: Request) -> dict[str, object]:
    """Return the JSON object that the body is.

    Raises:
        OAuthError: `invalid_request` for another content type, for less than was announced, and for what is no object.
        RequestEntityTooLarge: when it is too large.
    """
    if request.mimetype != JSON:
        raise invalid_request(f"Send the body as {JSON}.")
    try:
        body = load_strictly(whole_body(request).decode("utf-8"))
    except ValueError:
        raise invalid_request("The body is not JSON, or names a member twice.") from None
    if not isinstance(body, dict):
        raise invalid_request("The body is not a JSON object.")
    return body


def _whole_form(request: Request) -> bytes:
    if request.environ.get("CONTENT_TYPE") != FORM and request.mimetype != FORM:  # mostly there is nothing to parse
        raise invalid_request(f"Send the parameters as {FORM}.", may_redirect=False)
    return whole_body(request)


def whole_body(request: Request) -> bytes:
    """Return all of the body or none: what was cut off must not pass for something else that is shorter.

    Raises:
        OAuthError: `invalid_request` for less than was announced.
        RequestEntityTooLarge: when it is too large.
    """
    limit = request.max_content_length or 0
    announced = request.environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in request.environ or not _LENGTH.fullmatch(announced):
        body: bytes = request.get_data(cache=False)
        if len(body) >= limit:
            raise RequestEntityTooLarge  # Werkzeug stops reading here and says nothing
        return body
    length = int(announced)
    if length > limit:
        raise RequestEntityTooLarge
    body = _read(request.environ["wsgi.input"], length)
    if len(body) < length:
        raise invalid_request("The request was cut off on its way. Send it again.", may_redirect=False)
    return body


def _read(stream: IO[bytes], length: int) -> bytes:
    """Read as much as was announced, or what there is. Werkzeug's way to it takes as long as signing a token."""
    body = stream.read(length)
    while len(body) < length and (more := stream.read(length - len(body))):
        body += more
    return body


def read_query(request: Request) -> Parameters:
    """Return the query's parameters; raises as `parse_parameters`."""
    return parse_parameters(request.query_string)


def shown_query(request: Request) -> dict[str, str]:
    """Return the query as far as it can be read, for pages that are shown whatever it holds: those of errors."""
    text = request.query_string.decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))


def read_endpoint_request() -> EndpointRequest:
    """Return the request to a machine endpoint that is being answered; raises as `read_form`.

    It is taken out of Flask's proxy once: ten looks through that take as long as an answer's JSON.
    """
    request = request_ctx.request
    parameters = read_form(request)
    return EndpointRequest(request.method, parameters, request.headers.get("Authorization"), Payload(parameters))


def refuse_head() -> None:
    """Refuse HEAD where a GET changes something: issues a code, ends a session (RFC 9110 9.3.2).

    Raises:
        MethodNotAllowed: which the error renderer shows.
    """
    if request.method == "HEAD":
        raise MethodNotAllowed(["GET", "POST"])


def client_network(request: Request, trusted_proxies: tuple[str, ...]) -> str:
    """Return the network that a request comes from: the IPv4 address, or the /64 of an IPv6 address.

    X-Forwarded-For is believed only as far as each hop is a trusted proxy, from the nearest one backwards. A hop that
    cannot be read counts as the proxy that wrote it.
    """
    trusted = [ip_network(network) for network in trusted_proxies]
    address = _address(request.remote_addr or "")
    for hop in _forwarded_for(request):
        before = _address(hop)
        if before is None or not any(address in network for network in trusted):
            break
        address = before
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def place_of(services: Services, request: Request) -> Place:
    """Return where a request comes from, if a trusted proxy says so; nobody else is believed."""
    headers, trusted = services.settings.risk, services.settings.trusted_proxies
    address = _address(request.remote_addr or "")
    if not any(address in ip_network(network) for network in trusted):
        return Place()
    named = (headers.country_header, headers.latitude_header, headers.longitude_header)
    return read_place(*(request.headers.get(name, "") if name else "" for name in named))


def seen_from(services: Services, request: Request) -> Seen:
    """Return from where this request comes, as its person is told."""
    network = client_network(request, services.settings.trusted_proxies)
    return Seen(network, device_words(request.headers.get("User-Agent", "")))


def _forwarded_for(request: Request) -> list[str]:
    """Return the forwarded addresses, nearest first."""
    return [part.strip() for part in reversed(request.headers.get("X-Forwarded-For", "").split(",")) if part.strip()]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, with a port as some proxies write it; an IPv4 address mapped into IPv6 is the IPv4 address."""
    host = text.rpartition(":")[0] if text.count(":") == 1 or (text.startswith("[") and "]:" in text) else text
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
