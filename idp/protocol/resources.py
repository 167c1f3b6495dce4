"""Resource indicators (RFC 8707)."""

from urllib.parse import urlsplit

from idp.protocol.errors import invalid_target

MAX_RESOURCES = 10


def check_resources(requested: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the requested resources, each once, when all are absolute URIs that the client may ask for.

    Raises:
        OAuthError: `invalid_target` otherwise (RFC 8707 2).
    """
    resources = tuple(dict.fromkeys(requested))
    if len(resources) > MAX_RESOURCES:
        raise invalid_target("Too many resources are asked for.")
    for resource in resources:
        if not is_resource(resource):
            raise invalid_target("A resource is an absolute URI without a fragment.")
        if resource not in allowed:
            raise invalid_target("The client may not ask for this resource. Check the resource identifier.")
    return resources


def is_resource(uri: str) -> bool:
    """Whether a text is an absolute URI without a fragment (RFC 8707 2)."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path) and "#" not in uri and uri.isascii() and " " not in uri)
