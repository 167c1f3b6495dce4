"""Where mail to a relay address is passed on, for the mail gateway: only while its person lets the partner write."""

from idp.data_sharing.allowed import lets_out
from idp.data_sharing.sharing import DataSharing
from idp.store import clients, grants, partners
from idp.store.database import Connection

EMAIL = "email"


def relayed(connection: Connection, sharing: DataSharing, address: str, now: int) -> str | None:
    """Return the person's own address, or None for one that was never given out or is not to be used any more."""
    for partner in partners.everyone(connection):
        account_id = sharing.opened(address, partner.id)
        account = sharing.account(account_id) if account_id is not None else None
        if account is not None and _may_write(connection, sharing, account.id, partner.id, now):
            own = account.profile.get(EMAIL)
            return own if isinstance(own, str) else None
    return None


def _may_write(connection: Connection, sharing: DataSharing, account_id: str, partner_id: str, now: int) -> bool:
    """Whether any app of a partner has a grant that lets the e-mail address out now."""
    open_now = [grant for grant in grants.all_alive(connection, account_id, now) if not grant.is_held]
    letting = [grant for grant in open_now if EMAIL in lets_out(sharing.catalogue, grant.agreed_fields(now))]
    apps = [clients.find(connection, grant.client_id) for grant in letting]
    return any(app is not None and app.partner_id == partner_id for app in apps)
