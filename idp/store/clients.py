"""Registered clients: what each says about itself (RFC 7591), and what it may do; checked on entry."""

from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, select, update

from idp.protocol.client_checks import MAX_NAME
from idp.protocol.client_metadata import PAIRWISE, ClientMetadata
from idp.protocol.names import AuthMethod, ClientKind
from idp.protocol.redirect_uris import is_loopback
from idp.store.changes import Topic, announce
from idp.store.database import StringList, TextList, db, insert_into

ACTIVE = "active"
SUSPENDED = "suspended"
DELETED = "deleted"
"""Nothing but the name is left of it, for people's own history; its client_id is never given out again."""
PRODUCTION = "production"
SANDBOX = "sandbox"
MAX_CLIENT_ID = 128
MAX_PARTNER_ID = 64

clients = db.Table(
    "clients",
    db.Column("client_id", db.String(MAX_CLIENT_ID), primary_key=True),
    db.Column("kind", db.String(16), nullable=False),
    db.Column("name", db.String(MAX_NAME), nullable=False),
    db.Column("homepage", db.Text, nullable=False),
    db.Column("partner_id", db.String(MAX_PARTNER_ID), nullable=False),
    db.Column("status", db.String(16), nullable=False),
    db.Column("auth_method", db.String(32), nullable=False),
    db.Column("assertion_algorithm", db.String(16), nullable=False),
    db.Column("jwks", db.Text, nullable=False),
    db.Column("secret_hash", db.LargeBinary(32)),
    db.Column("require_pkce", db.Boolean, nullable=False),
    db.Column("grant_types", StringList, nullable=False),
    db.Column("redirect_uris", StringList, nullable=False),
    db.Column("post_logout_redirect_uris", StringList, nullable=False),
    db.Column("scopes", StringList, nullable=False),
    db.Column("resources", StringList, nullable=False),
    db.Column("access_token_algorithm", db.String(16), nullable=False),
    db.Column("id_token_algorithm", db.String(16), nullable=False),
    db.Column("id_token_fields", StringList, nullable=False),
    db.Column("access_token_fields", StringList, nullable=False),
    db.Column("updated_at", db.BigInteger, nullable=False),
    db.Column("require_pushed_authorization_requests", db.Boolean, nullable=False),
    db.Column("authorization_details_types", StringList, nullable=False),
    db.Column("logo_uri", db.Text, nullable=False),
    db.Column("policy_uri", db.Text, nullable=False),
    db.Column("tos_uri", db.Text, nullable=False),
    db.Column("translations", db.Text, nullable=False),
    db.Column("contacts", TextList, nullable=False),
    db.Column("software_id", db.String(MAX_NAME), nullable=False),
    db.Column("software_version", db.String(MAX_NAME), nullable=False),
    db.Column("application_type", db.String(8), nullable=False),
    db.Column("jwks_uri", db.Text, nullable=False),
    db.Column("response_types", TextList, nullable=False),
    db.Column("request_uris", StringList, nullable=False),
    db.Column("initiate_login_uri", db.Text, nullable=False),
    db.Column("subject_type", db.String(8), nullable=False),
    db.Column("sector_identifier_uri", db.Text, nullable=False),
    db.Column("id_token_encrypted_response_alg", db.String(32), nullable=False),
    db.Column("id_token_encrypted_response_enc", db.String(32), nullable=False),
    db.Column("userinfo_signed_response_alg", db.String(16), nullable=False),
    db.Column("userinfo_encrypted_response_alg", db.String(32), nullable=False),
    db.Column("userinfo_encrypted_response_enc", db.String(32), nullable=False),
    db.Column("request_object_signing_alg", db.String(16), nullable=False),
    db.Column("request_object_encryption_alg", db.String(32), nullable=False),
    db.Column("request_object_encryption_enc", db.String(32), nullable=False),
    db.Column("require_signed_request_object", db.Boolean, nullable=False),
    db.Column("default_max_age", db.Integer),
    db.Column("require_auth_time", db.Boolean, nullable=False),
    db.Column("default_acr_values", StringList, nullable=False),
    db.Column("frontchannel_logout_uri", db.Text, nullable=False),
    db.Column("frontchannel_logout_session_required", db.Boolean, nullable=False),
    db.Column("backchannel_logout_uri", db.Text, nullable=False),
    db.Column("backchannel_logout_session_required", db.Boolean, nullable=False),
    db.Column("environment", db.String(16), nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(ClientMetadata):
    """One registered client: what it says about itself, and what the operator says about it."""

    client_id: str
    kind: ClientKind
    partner_id: str = ""
    status: str = ACTIVE
    secret_hash: bytes | None = None
    require_pkce: bool = True
    resources: tuple[str, ...] = ()
    access_token_algorithm: str = "ES256"
    id_token_fields: tuple[str, ...] = ()
    """Fields of the catalogue that go into the ID token, besides userinfo."""
    access_token_fields: tuple[str, ...] = ()
    """Fields of the catalogue that go into access tokens and their introspection."""
    environment: str = PRODUCTION
    """Whom it meets: people, or in the sandbox those that were made up for its partner."""

    @property
    def is_sandbox(self) -> bool:
        """Whether it meets made-up people only."""
        return self.environment == SANDBOX

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Whether the client proves itself by this method, the same at every endpoint (asked by Authlib)."""
        return self.auth_method == method

    @property
    def is_third_party(self) -> bool:
        """Whether the client belongs to a partner, or to somebody unknown who registered it."""
        return self.kind is ClientKind.THIRD_PARTY

    @property
    def is_pairwise(self) -> bool:
        """Whether it knows people by names that only its sector knows them by (OIDC Core 8.1)."""
        return self.is_third_party or self.subject_type == PAIRWISE

    @property
    def redirect_hosts(self) -> frozenset[str]:
        """Return the hosts that its answers may go to; apps on people's own devices have none that would be theirs."""
        parts = [urlsplit(uri) for uri in self.redirect_uris if uri.startswith("https:")]
        hosts = {part.hostname for part in parts if part.hostname not in (None, "localhost")}
        return frozenset(host for host in hosts if host and not is_loopback(host))

    @property
    def sector(self) -> str:
        """Return with whom it shares a person's pairwise `sub`: the partner's other apps; those of its host; nobody.

        A space stands in no partner_id and no client_id, so that no host can be taken for one of them.
        """
        if self.partner_id:
            return self.partner_id
        hosts = {urlsplit(self.sector_identifier_uri).hostname} if self.sector_identifier_uri else self.redirect_hosts
        return f"host {next(iter(hosts))}" if len(hosts) == 1 else self.client_id


_COLUMNS = tuple(item.name for item in fields(Client))
_SELECT = select(*(clients.c[name] for name in _COLUMNS))


def find(connection: Connection, client_id: str, *, lock: bool = False) -> Client | None:
    """Return a client, whatever its status; with `lock`, held against others until the transaction ends."""
    which = _SELECT.where(clients.c.client_id == client_id)
    row = connection.execute(which.with_for_update() if lock else which).one_or_none()
    return None if row is None else _client(row)


def all_clients(connection: Connection) -> tuple[Client, ...]:
    """Return every client, ordered by its identifier."""
    return tuple(_client(row) for row in connection.execute(_SELECT.order_by(clients.c.client_id)))


def of_partner(connection: Connection, partner_id: str) -> tuple[Client, ...]:
    """Return every app of a partner, ordered by its identifier."""
    statement = _SELECT.where(clients.c.partner_id == partner_id).order_by(clients.c.client_id)
    return tuple(_client(row) for row in connection.execute(statement))


def save(connection: Connection, client: Client, now: int) -> None:
    """Add a client or replace what is known of it, its secret included."""
    values = {**{name: getattr(client, name) for name in _COLUMNS}, "updated_at": now}
    changed = {name: value for name, value in values.items() if name != "client_id"}
    statement = insert_into(connection, clients).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=changed))
    announce(connection, Topic.CLIENT, client.client_id, now)


def delete(connection: Connection, client: Client, now: int) -> None:
    """Take everything from a client by which it could do anything."""
    emptied = replace(
        client, status=DELETED, secret_hash=None, jwks="", jwks_uri="", grant_types=(), redirect_uris=(), scopes=()
    )
    save(connection, emptied, now)


def change_secret(connection: Connection, client_id: str, secret_hash: bytes, now: int) -> bool:
    """Replace a client's secret; return whether there is such a client."""
    statement = update(clients).where(clients.c.client_id == client_id)
    changed = connection.execute(statement.values(secret_hash=secret_hash, updated_at=now)).rowcount == 1
    announce(connection, Topic.CLIENT, client_id, now)
    return changed


def _client(row: Row[*tuple[Any, ...]]) -> Client:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name for it
    return Client(**{**values, "kind": ClientKind(row.kind), "auth_method": AuthMethod(row.auth_method)})
