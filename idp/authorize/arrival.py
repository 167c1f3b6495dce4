"""How a request arrives: in the query as it is, pushed ahead (RFC 9126), or as a request object (RFC 9101)."""

from dataclasses import dataclass

from idp.authorize.pushed import take_pushed
from idp.authorize.request_object import read_request_object
from idp.protocol.errors import invalid_request
from idp.protocol.parameters import Parameters
from idp.services import Services
from idp.store.clients import Client


@dataclass(frozen=True, slots=True)
class Arrival:
    """The parameters that count, and how they came."""

    parameters: Parameters
    was_pushed: bool = False
    was_object: bool = False


def take_in(services: Services, sent: Parameters) -> Arrival:
    """Return the request that a browser brought, or brought a reference to.

    Raises:
        OAuthError: for a reference that is spent or wrong, or a request object that does not fit.
    """
    pushed = take_pushed(services, sent)
    if pushed is not None:
        return Arrival(pushed, was_pushed=True)
    client = services.find_client(sent.get("client_id", ""))
    if client is None or ("request" not in sent and "request_uri" not in sent):
        return Arrival(sent)
    if "request" in sent and "request_uri" in sent:
        raise invalid_request("Send request or request_uri, not both (RFC 9101 5).")
    unverified = sent.get("request") or services.request_uris.request_object(client, sent["request_uri"])
    return Arrival(read_request_object(services, client, sent, unverified), was_object=True)


def check_arrival(client: Client, arrival: Arrival) -> None:
    """Refuse a request that did not come in the way that the client has to take.

    Raises:
        OAuthError: `invalid_request`.
    """
    if client.require_pushed_authorization_requests and not arrival.was_pushed:
        raise invalid_request("This app must push its requests: send them to the PAR endpoint first (RFC 9126).")
    if client.require_signed_request_object and not (arrival.was_object or arrival.was_pushed):
        raise invalid_request("This app must sign its requests: send them as a request object (RFC 9101).")
