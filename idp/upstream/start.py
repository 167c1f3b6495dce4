"""What somebody goes to another provider for: to sign in, for an app or a page of their own, or to connect."""

from idp.protocol.parameters import Parameters
from idp.protocol.secrets import new_secret
from idp.services import Services
from idp.store.interactions import Interaction
from idp.store.upstream_flows import UpstreamFlow
from idp.web import paths
from idp.web.interactions import require_interaction
from idp.web.sessions import RECENTLY, signed_in_account

CONNECT = "connect"


def flow_of(services: Services, provider: str, form: Parameters) -> UpstreamFlow:
    """Return a new way for what a form asks; to connect is to connect the account that is signed in now.

    Raises:
        PageError: when the request that waits is over: nobody should sign in there first and be told so afterwards.
    """
    account = signed_in_account(services) if wants_to_connect(form) else None
    flow = form.get("flow", "")
    interaction = require_interaction(services, flow) if flow and account is None else None
    next_path = paths.own_page(form.get("next", ""))
    return UpstreamFlow(
        provider=provider,
        nonce=new_secret(services.random),
        verifier=new_secret(services.random),
        interaction_id=interaction.id if interaction is not None else "",
        next_path=next_path,
        account_id=account.id if account is not None else "",
        max_age=_max_age(interaction) if interaction is not None else RECENTLY if next_path else None,
    )


def wants_to_connect(form: Parameters) -> bool:
    """Whether somebody comes from their connections, and not to sign in."""
    return form.get("purpose") == CONNECT


def _max_age(interaction: Interaction) -> int | None:
    """Return how long ago somebody may have proved themselves for an app; `login` means now (OIDC Core 3.1.2.1)."""
    if "login" in interaction.parameters.get("prompt", "").split():
        return 0
    text = interaction.parameters.get("max_age", "")
    return int(text) if text.isdecimal() else None
