"""The services of one application: built once from settings, clock and randomness, and handed to every capability."""

import os
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, current_app

from idp.activity import Activity
from idp.authorization_server import AuthorizationServer, Dependencies
from idp.client_keys import ClientKeys
from idp.data_sharing import NO_RULES, AccessRules, Answers, Audiences, DataSharing, policy_life, read_access_rules
from idp.data_sharing.disguises import Disguises
from idp.data_sharing.messages import PartnerMessages
from idp.data_sharing.policy_in_force import PolicyInForce
from idp.data_sharing.receipts import Receipts
from idp.evidence import LogKey, ReceiptKey
from idp.keys import Keys
from idp.logos import Logos
from idp.mail import Gateway, Mailer, PostOffice
from idp.outbound import Fetcher
from idp.passkeys import PasskeyCeremonies
from idp.passwords.hashing import Passwords
from idp.passwords.rules import PasswordRules
from idp.protocol.names import GRANT_MANAGEMENT
from idp.protocol.partner_events import SET_TYPE
from idp.protocol.risk import RiskRules, read_risk_rules
from idp.protocol.secrets import Clock, Randomness
from idp.request_uris import RequestUris
from idp.settings import Settings, SettingsError
from idp.store import clients, schema
from idp.store.accounts import Accounts
from idp.store.audit import AuditLog
from idp.store.audit_tree import AuditTree
from idp.store.authenticators import Authenticators
from idp.store.changes import Cache, ChangeFeed, Topic
from idp.store.clients import Client
from idp.store.database import Database, open_database
from idp.store.interactions import Interactions
from idp.store.mail_proofs import MailProofs
from idp.store.passkeys import Passkeys
from idp.store.pushed_requests import PushedRequests
from idp.store.replay import open_seen_assertions
from idp.store.sealing import Sealer, UnsealingError, open_root_secret
from idp.store.signing_keys import SigningKeys
from idp.store.transactions import Transactions
from idp.store.upstream_arrivals import UpstreamArrivals
from idp.store.upstream_flows import UpstreamFlows
from idp.store.upstream_links import UpstreamLinks
from idp.tokens.encrypting import Encrypter
from idp.tokens.id_token import IdTokens
from idp.tokens.mint import Mint
from idp.tokens.refresh import RefreshTokens
from idp.tokens.revocation import RevocationList
from idp.tokens.scope_rules import ScopeRules
from idp.tokens.session_end import SessionEnd
from idp.tokens.signing import Signer
from idp.tokens.verify import TokenVerifier

EXTENSION = "sekisho"
CACHED_CLIENTS = 10_000
KEY_BYTES = 32
MESSAGE_ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class Services:
    """What capabilities work with. No service knows Flask's globals."""

    settings: Settings
    clock: Clock
    random: Randomness
    database: Database
    sealer: Sealer
    feed: ChangeFeed
    keys: Keys
    fetcher: Fetcher
    client_keys: ClientKeys
    request_uris: RequestUris
    logos: Logos
    log_key: LogKey
    receipt_key: ReceiptKey
    receipts: Receipts
    accounts: Accounts
    authenticators: Authenticators
    passwords: Passwords
    password_rules: PasswordRules
    activity: Activity
    risk_rules: RiskRules
    mailer: Mailer
    post_office: PostOffice
    gateway: Gateway
    audit_log: AuditLog
    audit_tree: AuditTree
    interactions: Interactions
    passkeys: Passkeys
    passkey_ceremonies: PasskeyCeremonies
    mail_proofs: MailProofs
    pushed_requests: PushedRequests
    sharing: DataSharing
    policy: PolicyInForce
    messages: PartnerMessages
    answers: Answers
    access_rules: AccessRules
    audiences: Audiences
    transactions: Transactions
    upstream_arrivals: UpstreamArrivals
    upstream_flows: UpstreamFlows
    upstream_links: UpstreamLinks
    scope_rules: ScopeRules
    find_client: Callable[[str], Client | None]
    session_end: SessionEnd
    verifier: TokenVerifier
    server: AuthorizationServer

    @property
    def now(self) -> int:
        """Return the current second, UTC."""
        return int(self.clock())

    @property
    def takes_registrations(self) -> bool:
        """Whether clients may register themselves (RFC 7591)."""
        return self.settings.registration.mode != "closed"

    @property
    def manages_grants(self) -> bool:
        """Whether partners may look after their grants (OAuth Grant Management)."""
        return GRANT_MANAGEMENT in self.settings.experimental


def build_services(
    app: Flask, settings: Settings, clock: Clock = time.time, random: Randomness = os.urandom
) -> Services:
    """Open the database and build every service.

    Raises:
        SettingsError: when the key-encryption key is missing, malformed or not the one that the database was made with;
            when the rules of risk or the password for mail cannot be read.
        SharingDataError: when the access rules do not fit or, at the first start, the catalogue or a policy.
        DatabaseUnavailableError: when the database cannot be reached.
    """
    rules = read_access_rules(Path(settings.access_rules_file)) if settings.access_rules_file else NO_RULES
    database = open_database(app, settings.database_url, settings.threads)
    with database.autocommit() as connection:
        if not schema.is_current(connection):
            message = "the database is empty or older than this program; run `idp db upgrade`"
            raise SettingsError(message)
    policy_life.begin(database, Path(settings.sharing_directory), int(clock()))
    sealer = _open_sealer(database, settings, random)
    feed = ChangeFeed(database)
    policy = PolicyInForce(database, feed)
    accounts, passkeys = Accounts(sealer, random), Passkeys(sealer)
    mailer = Mailer(settings, sealer, random)
    transactions = Transactions(sealer, random)
    log_key, receipt_key = LogKey(settings.issuer, sealer), ReceiptKey(sealer)
    keys = Keys(settings, database, SigningKeys(sealer), feed, clock, receipt_key.public)
    audit_log = AuditLog(sealer, random)
    keys_of_names = sealer.derive("pairwise subjects"), sealer.derive("disguises")
    pairwise = Disguises(*keys_of_names, settings.data_api.relay_domain)
    messages = PartnerMessages(settings.issuer, sealer, random, pairwise, partial(_signed_event, keys))
    sharing = DataSharing(policy, database, accounts, audit_log, feed, pairwise, messages, random)
    scope_rules = ScopeRules(settings, policy)
    find_client = _client_directory(database, feed)
    fetcher = Fetcher(settings, database, clock)
    client_keys = ClientKeys(fetcher, clock)
    signer, encrypter = Signer(keys), Encrypter(client_keys)
    id_tokens = IdTokens(settings, signer, encrypter, sharing)
    refresh_tokens = RefreshTokens(
        database, sealer.derive("refresh token rotation"), settings.lifetimes.refresh_retry, random
    )
    revoked = RevocationList(database, feed, clock, settings.lifetimes.access_token)
    server = AuthorizationServer(
        Dependencies(
            settings=settings,
            clock=clock,
            database=database,
            sharing=sharing,
            scope_rules=scope_rules,
            mint=Mint(settings, signer, encrypter, id_tokens, sharing, random),
            refresh_tokens=refresh_tokens,
            seen_assertions=open_seen_assertions(database, settings.redis_url),
            find_client=find_client,
            client_keys=client_keys,
            feed=feed,
        )
    )
    return Services(
        settings=settings,
        clock=clock,
        random=random,
        database=database,
        sealer=sealer,
        feed=feed,
        keys=keys,
        fetcher=fetcher,
        client_keys=client_keys,
        request_uris=RequestUris(fetcher),
        logos=Logos(fetcher, clock),
        log_key=log_key,
        receipt_key=receipt_key,
        receipts=Receipts(settings.issuer, settings.operator, log_key.public.name, sharing, audit_log, sealer),
        accounts=accounts,
        authenticators=Authenticators(sealer, random),
        passwords=Passwords(settings.sign_in),
        password_rules=PasswordRules(settings.sign_in.password_least, _own_names(settings)),
        activity=Activity(accounts, mailer, sealer),
        risk_rules=_risk_rules(settings),
        mailer=mailer,
        post_office=PostOffice(settings),
        gateway=Gateway.of(settings),
        audit_log=audit_log,
        audit_tree=AuditTree(database, sealer),
        interactions=Interactions(sealer),
        passkeys=passkeys,
        passkey_ceremonies=PasskeyCeremonies(settings, database, passkeys, random),
        mail_proofs=MailProofs(sealer, random),
        pushed_requests=PushedRequests(sealer),
        sharing=sharing,
        policy=policy,
        messages=messages,
        audiences=Audiences(sharing, database, settings.data_api, random),
        answers=Answers(sharing, transactions, database, sealer, settings.data_api),
        access_rules=rules,
        transactions=transactions,
        upstream_arrivals=UpstreamArrivals(sealer),
        upstream_flows=UpstreamFlows(sealer),
        upstream_links=UpstreamLinks(sealer, random),
        scope_rules=scope_rules,
        find_client=find_client,
        session_end=SessionEnd(settings, sealer, sharing, find_client),
        verifier=TokenVerifier(settings.issuer, keys, revoked, database, feed, clock),
        server=server,
    )


def current_services() -> Services:
    """Return the services of the application that handles this request; for routes only."""
    services: Services = current_app.extensions[EXTENSION]
    return services


def _own_names(settings: Settings) -> tuple[str, ...]:
    """Return what people call this service, for nobody to make a password of."""
    return "Sekisho", settings.operator.name, urlsplit(settings.issuer).hostname or ""


def _signed_event(keys: Keys, claims: bytes) -> str:
    return keys.signing_key(MESSAGE_ALGORITHM).sign(claims, SET_TYPE)


def key_encryption_key(settings: Settings) -> bytes:
    """Return the 32 bytes of the key-encryption key.

    Raises:
        SettingsError: when it cannot be read or has another length.
    """
    text = settings.key_encryption_key
    if not text:
        try:
            text = Path(settings.key_encryption_key_file).read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            message = f"the key-encryption key cannot be read: {error}"
            raise SettingsError(message) from error
    try:
        key = b64decode(text.strip(), validate=True)
    except (Base64Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        message = "the key-encryption key must be 32 bytes in base64; make one by `idp keys new-encryption-key FILE`"
        raise SettingsError(message)
    return key


def _risk_rules(settings: Settings) -> RiskRules:
    file = settings.risk.rules_file
    try:
        return read_risk_rules(Path(file).read_text("utf-8"))
    except (OSError, ValueError) as error:
        message = f"'risk.rules_file', {file!r}, cannot be read: {error}"
        raise SettingsError(message) from error


def _open_sealer(database: Database, settings: Settings, random: Randomness) -> Sealer:
    key = key_encryption_key(settings)
    try:
        with database.transaction() as connection:
            return Sealer(open_root_secret(connection, key, random), random)
    except UnsealingError as error:
        message = "the key-encryption key is not the one that this database was made with; set the right one"
        raise SettingsError(message) from error


def _client_directory(database: Database, feed: ChangeFeed) -> Callable[[str], Client | None]:
    cache: Cache[Client] = Cache(feed, (Topic.CLIENT,), CACHED_CLIENTS)

    def load(client_id: str) -> Client | None:
        with database.autocommit() as connection:
            client = clients.find(connection, client_id)
        return client if client is not None and client.status == clients.ACTIVE else None

    def find_client(client_id: str) -> Client | None:
        if not client_id or len(client_id) > clients.MAX_CLIENT_ID or not client_id.isprintable():
            return None
        return cache.get(client_id, load)

    return find_client
