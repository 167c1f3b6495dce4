"""What the store holds, looked at directly: the one place that sees a loss before anybody asks for what is lost."""

from sqlalchemy import LargeBinary, bindparam, text

from idp.protocol.secrets import hash_secret
from idp.services import Services
from idp.store import clients, codes, families, grants, own_entries, sessions
from idp.store.sessions import BrowserSession
from idp.tokens.refresh import parse_refresh_token

CONSOLE = "console"
"""The partner whose console is fuzzed: what it changes is its own."""
KEPT_TABLES = {
    "accounts": f"sandbox_of <> '{CONSOLE}'",
    "clients": f"partner_id <> '{CONSOLE}'",
    "partners": "true",
    "signing_keys": "true",
    "root_secrets": "true",
}
"""Tables whose rows no request changes, but for what the console may; a client that registers itself adds its own."""
IDLE = 8 * 3600
_ALIVE = text(
    "SELECT (SELECT count(*) FROM sessions WHERE secret_hash IN :sessions AND account_id <> ''),"
    " (SELECT count(*) FROM token_families WHERE secret_hash IN :refresh_tokens AND ended_at IS NULL),"
    " (SELECT count(*) FROM authorization_codes WHERE code_hash IN :codes AND used_at IS NULL)"
).bindparams(*(bindparam(name, expanding=True, type_=LargeBinary) for name in ("sessions", "refresh_tokens", "codes")))


class Store:
    """Answers whether a secret that somebody holds is still worth something."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def alive(self, cookies: list[str], refresh_tokens: list[str], unspent_codes: list[str]) -> tuple[int, int, int]:
        """Return how many of the sessions are signed in, of the refresh tokens newest, of the codes unspent."""
        values = {
            "sessions": [hash_secret(secret) for secret in cookies],
            "refresh_tokens": [hash_secret(token.partition(".")[2]) for token in refresh_tokens],
            "codes": [hash_secret(code) for code in unspent_codes],
        }
        with self._services.database.autocommit() as connection:
            signed_in, newest, unspent = connection.execute(_ALIVE, values).one()
        return signed_in, newest, unspent

    def has_session(self, secret: str) -> bool:
        return self._session(secret) is not None

    def is_newest(self, refresh_token: str) -> bool:
        """Whether it is the newest refresh token of a family that lives."""
        token = parse_refresh_token(refresh_token)
        with self._services.database.autocommit() as connection:
            found = families.find_by_handle(connection, token.handle_hash)
        return found is not None and found[0].ended_at is None and found[1].is_newest(token.secret_hash)

    def is_unspent(self, code: str) -> bool:
        with self._services.database.autocommit() as connection:
            found = codes.find(connection, hash_secret(code))
        return found is not None and found.used_at is None

    def waits(self, flow: str, secret: str) -> bool:
        """Whether a request of this session still waits for its user."""
        session = self._session(secret)
        if session is None:
            return False
        with self._services.database.autocommit() as connection:
            found = self._services.interactions.find(connection, flow, session.id, self._services.now)
        return found is not None and found.finished_at is None

    def grant_of(self, username: str, client_id: str, purpose: str) -> str:
        """Return the name of what a person shares with an app."""
        with self._services.database.autocommit() as connection:
            account = self._services.accounts.find_by_username(connection, username)
            assert account is not None
            found = grants.find(connection, account.id, client_id, purpose)
        assert found is not None
        return found.id

    def entry_of(self, grant_id: str) -> str:
        """Return the number of the first entry of the audit log on a grant."""
        with self._services.database.autocommit() as connection:
            return str(next(own_entries.everything(connection, [grant_id])).id)

    def stands(self, grant_id: str) -> bool:
        """Whether a grant is not over."""
        with self._services.database.autocommit() as connection:
            found = grants.find_by_id(connection, grant_id)
        return found is not None and found.is_alive(self._services.now)

    def redirect_uris(self) -> frozenset[str]:
        """Return every address that a client has registered."""
        with self._services.database.autocommit() as connection:
            known = clients.all_clients(connection)
        return frozenset(uri for each in known for uri in (*each.redirect_uris, *each.post_logout_redirect_uris))

    def knows(self, client_id: str) -> bool:
        """Whether a client is registered."""
        with self._services.database.autocommit() as connection:
            return clients.find(connection, client_id) is not None

    def rows(self) -> dict[str, frozenset[str]]:
        """Return all that stands in the tables whose rows no request changes."""
        with self._services.database.autocommit() as connection:
            rows = {
                table: connection.execute(text(f"SELECT * FROM {table} WHERE {kept}")).all()  # noqa: S608 - our own names
                for table, kept in KEPT_TABLES.items()
            }
        return {table: frozenset(repr(tuple(row)) for row in held) for table, held in rows.items()}

    def _session(self, secret: str) -> BrowserSession | None:
        with self._services.database.autocommit() as connection:
            return sessions.find(connection, hash_secret(secret), self._services.now, IDLE)
