"""What it means here that another provider knows somebody: they sign in, are connected, or say which account is theirs.

An account is connected by proof of both sides in one browser session, and by nothing else: not by an e-mail address,
whoever says that it was verified.
"""

from flask import Response

from idp.completion import complete
from idp.connections import connect
from idp.protocol.upstreams import Identity, Setback, UpstreamError
from idp.services import Services
from idp.store import upstream_links
from idp.store.upstream_arrivals import UpstreamArrival
from idp.store.upstream_flows import UpstreamFlow
from idp.web import paths
from idp.web.interactions import require_interaction
from idp.web.responses import see_other
from idp.web.sessions import ensure_session, signed_in_account

WAITS_SECONDS = 900
"""How long somebody may take to say which account is theirs."""


def arrive(services: Services, flow: UpstreamFlow, identity: Identity) -> Response:
    """Lead somebody on who comes back from a provider.

    Raises:
        UpstreamError: `taken` or `closed`, where the account stands against it.
        PageError: when the request that waited is over.
    """
    if flow.account_id:
        return _connect(services, flow, identity)
    with services.database.autocommit() as connection:
        link = services.upstream_links.find(connection, identity.issuer, identity.subject)
        account = services.accounts.find(connection, link.account_id) if link is not None else None
    if link is None:
        return _ask_which(services, flow, identity)
    if account is None or not account.may_sign_in or account.has_passkeys_only:
        raise UpstreamError(Setback.CLOSED, "the account is not active, or is opened by passkeys only")
    interaction = require_interaction(services, flow.interaction_id) if flow.interaction_id else None
    with services.database.autocommit() as connection:
        upstream_links.note_use(connection, link.id, services.now)
    return complete(services, account, identity.amr, interaction, flow.next_path)


def _connect(services: Services, flow: UpstreamFlow, identity: Identity) -> Response:
    """Connect somebody who came to do just that, if they are still signed in here as who they were."""
    account = signed_in_account(services)
    if account is None or account.id != flow.account_id:
        raise UpstreamError(Setback.OVER, "the account that wanted the connection is not signed in any more")
    connect(services, account, identity)
    return see_other(paths.CONNECTIONS)


def _ask_which(services: Services, flow: UpstreamFlow, identity: Identity) -> Response:
    """Keep who came, in this browser session alone, and ask them which account is theirs."""
    arrival = UpstreamArrival(identity, flow.interaction_id, flow.next_path)
    session = ensure_session(services)
    with services.database.autocommit() as connection:
        services.upstream_arrivals.put(connection, session.id, arrival, services.now + WAITS_SECONDS)
    return see_other(paths.UPSTREAM_ARRIVAL)
