"""The end of a browser session, and of all that hangs on it (OIDC Back-Channel Logout 2.7, Front-Channel Logout 3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from idp.data_sharing import DataSharing
from idp.settings import Settings
from idp.store import codes, families, outbox, session_clients, sessions
from idp.store.clients import Client
from idp.store.database import Connection
from idp.store.outbox import Letter
from idp.store.sealing import Sealer
from idp.tokens.logout_token import EndedSession


@dataclass(frozen=True, slots=True)
class ToldByBrowser:
    """A client that wants to be told by the browser: where, and the name under which it knows the session."""

    uri: str
    sid: str


class SessionEnd:
    """Ends sessions: their codes and tokens, and tells the clients that knew of them."""

    def __init__(
        self,
        settings: Settings,
        sealer: Sealer,
        sharing: DataSharing,
        find_client: Callable[[str], Client | None],
    ) -> None:
        """Take what is needed to know whom to tell."""
        self._settings = settings
        self._sealer = sealer
        self._sharing = sharing
        self._find_client = find_client

    def end(self, connection: Connection, sid: str, account_id: str, now: int) -> tuple[ToldByBrowser, ...]:
        """End what a session was for; return whom the browser has still to tell.

        The codes on their way end first, so that none begins a family afterwards. Clients with a back channel are told
        by way of the outbox, in the same transaction.
        """
        codes.spend_of_session(connection, sid, now)
        families.end_of_session(connection, sid, now, keep_offline=self._settings.logout.keep_offline_access)
        found = (self._find_client(client_id) for client_id in session_clients.take(connection, sid))
        clients = [client for client in found if client is not None]
        for client in clients:
            if client.backchannel_logout_uri:
                self._tell(connection, client, sid, account_id, now)
        return tuple(
            ToldByBrowser(client.frontchannel_logout_uri, self._sharing.session(client, sid))
            for client in clients
            if client.frontchannel_logout_uri
        )

    def end_all(self, connection: Connection, account_id: str, now: int) -> Mapping[str, tuple[ToldByBrowser, ...]]:
        """End every session of a user and everything open: whoever holds it now may be a thief.

        Return by `sid` whom the browser of each session has still to tell. Only the one in which this is asked for can
        be made to: the others have no page of ours open, and Front-Channel Logout 3 knows no other way to reach them.
        """
        sids = sessions.end_of_account(connection, account_id)
        told = {sid: self.end(connection, sid, account_id, now) for sid in sids}
        codes.spend_of_account(connection, account_id, now)
        families.end_of_account(connection, account_id, now)
        return told

    def _tell(self, connection: Connection, client: Client, sid: str, account_id: str, now: int) -> None:
        ended = EndedSession(self._sharing.subject(client, account_id), self._sharing.session(client, sid))
        letter = Letter(client.backchannel_logout_uri, "application/x-www-form-urlencoded", ended.to_bytes())
        outbox.enqueue(
            connection,
            self._sealer,
            letter,
            kind=outbox.BACKCHANNEL_LOGOUT,
            recipient=client.client_id,
            now=now,
            expires_at=now + self._settings.logout.tell_for,
        )
