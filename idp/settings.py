"""Typed settings: TOML files, `IDP_` environment variables over them, all checked before the first request.

An environment variable is the setting's path in capitals, joined by two underscores: `IDP_ISSUER`,
`IDP_LIFETIMES__ACCESS_TOKEN`. Secrets come by file or environment only, never inside a committed TOML file.
"""

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from idp.protocol.authentication import ACRS, AMRS
from idp.protocol.mail import sender_address
from idp.protocol.names import (
    ASSERTION_ALGORITHMS,
    GRANT_MANAGEMENT,
    HMAC_ALGORITHM,
    OPENID,
    RESPONSE_TYPES,
    SECRET_METHODS,
    ClientKind,
    GrantType,
    ResponseMode,
)
from idp.protocol.outbound_urls import read_target
from idp.protocol.redirect_uris import is_loopback
from idp.protocol.resources import is_resource
from idp.protocol.scopes import is_scope

ENVIRONMENT_PREFIX = "IDP_"
DAY = 86_400
DATABASE_SCHEMES = ("sqlite", "postgresql", "postgresql+psycopg")
REGISTRATION_MODES = ("closed", "token", "open")
UPSTREAM_MODES = (ResponseMode.QUERY, ResponseMode.FORM_POST)
REDIS_SCHEMES = ("redis", "rediss", "unix")
ARGON2_KIB_PER_LANE = 8
ARGON2_LEAST_KIB = 7168
ARGON2_LEAST_WORK = 7168 * 5
_UPSTREAM_NAME = re.compile("[a-z][a-z0-9_]{0,31}")


class SettingsError(Exception):
    """A setting is missing, unknown, of the wrong type or unsafe; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things live, in seconds."""

    access_token: int = 300
    id_token: int = 300
    authorization_code: int = 60
    refresh_token: int = 30 * DAY
    refresh_retry: int = 30
    """How long after a rotation the same client may repeat the same refresh token and get the same answer."""
    interaction: int = 3600
    mail_proof: int = 3600
    """How long the link and the code of a letter work that proves an address."""
    new_password: int = 600
    """How long those work by which somebody who forgot their password gets another one (ASVS 6.5.5)."""
    pushed_request: int = 60
    """How long a client's user may take to arrive with a request that was pushed (RFC 9126)."""
    session_idle: int = 8 * 3600
    session_absolute: int = 14 * DAY
    decision_record: int = 30 * DAY
    """How long what disclosures were decided from is kept, to decide it again by another policy."""
    client_assertion: int = 3600
    """The longest that a client's assertion may still be valid for."""
    activity: int = 365 * DAY
    """How long people see what happened to their account."""


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """When signing keys change, in seconds."""

    period: int = 90 * DAY
    publish_ahead: int = DAY
    """How long a new key is published before it signs: longer than anybody caches the key set."""
    jwks_max_age: int = 300


@dataclass(frozen=True, slots=True)
class SignIn:
    """Limits on password sign-in, counted per window; see `idp.login.throttle`."""

    window: int = 900
    failures_per_account_and_address: int = 10
    failures_per_address: int = 100
    failures_per_device: int = 10
    failures_everywhere: int = 1000
    """How many, from browsers that are not known, are more than people's own mistakes."""
    argon2_time_cost: int = 2
    argon2_memory_kib: int = 19_456
    argon2_parallelism: int = 1
    letters_per_address: int = 3
    """Letters with links and codes that one address is sent within the window; every one of them works."""
    letters_per_network: int = 20
    """How many such letters one network may ask for within the window."""
    password_least: int = 15
    """Characters that a new password has at least: 15 where it is enough by itself, 8 where something else always goes
    with it (NIST SP 800-63B-4 3.1.1.1)."""
    least_level_of_clients: Mapping[str, str] = field(default_factory=dict)
    """The `acr` that every sign-in to an app comes to at least, by client_id, whatever its requests say."""
    least_level_of_scopes: Mapping[str, str] = field(default_factory=dict)
    """The same by scope: what the scope opens is worth so much."""

    def least_level(self, client_id: str, scopes: Collection[str]) -> str:
        """Return the strongest level that is wanted of a sign-in; "" where any will do."""
        wanted = (self.least_level_of_clients.get(client_id, ""), *map(self.least_level_of_scopes.get, scopes))
        return max(filter(None, wanted), key=ACRS.index, default="")


@dataclass(frozen=True, slots=True)
class SignUp:
    """Whether people may make accounts for themselves, and what they agree to."""

    open: bool = False
    terms_version: str = ""
    """What is written down that they agreed to; without it nothing is asked."""
    terms_url: str = ""
    privacy_url: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """Limits on what clients make this server fetch; see `idp.outbound`."""

    connect_timeout: int = 3
    """Seconds for a connection, of the `total_timeout` for the whole exchange."""
    total_timeout: int = 5
    max_answer_bytes: int = 65_536
    """How much of the answer to a notification is read."""
    requests_per_minute: int = 60
    """For each client, in all processes together: documents that it makes this server fetch."""
    messages_per_minute: int = 6000
    """For each client or partner: what it is told, such as that somebody signed out."""
    allow_loopback: bool = False
    """Whether this machine itself may be asked; for tests only."""
    extra_ca_file: str = ""
    """A certificate authority in PEM besides those of this machine; for tests only."""


@dataclass(frozen=True, slots=True)
class Logout:
    """What ends with a session, and who is told."""

    keep_offline_access: bool = True
    """Whether what was granted with `offline_access` outlives the session (OIDC Back-Channel Logout 2.7)."""
    tell_for: int = DAY
    """Seconds for which an app that is away is told again and again."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What happens when a person closes their account; see `idp.closing`."""

    grace_days: int = 14
    """Days in which they may come back, before everything is erased."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who answers for this server, as receipts name them."""

    name: str = "Sekisho"
    email: str = ""
    country: str = "JP"
    """ISO 3166-1 alpha-2."""


STARTTLS = "starttls"
IMPLICIT_TLS = "implicit"
NO_TLS = "none"
MAIL_TLS = (STARTTLS, IMPLICIT_TLS, NO_TLS)


@dataclass(frozen=True, slots=True)
class Mail:
    """How people are written to; see `idp.mail`."""

    host: str = ""
    """The SMTP server that takes mail; without one, mail waits until its time is over."""
    port: int = 587
    tls: str = STARTTLS
    """`starttls`, `implicit` (port 465, RFC 8314), or `none` on this machine."""
    ca_file: str = ""
    """A certificate authority in PEM instead of those of this machine."""
    username: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""
    sender: str = ""
    """An address, with a name if wanted; `no-reply` at the issuer's host if not set."""
    timeout: int = 10
    """Seconds for a whole exchange with the server."""
    mailbox: bool = False
    """Whether mail is not sent but shown to everybody at `/mailbox`; for demos and tests only."""


SMS_JSON = "json"
SMS_FORM = "form"


@dataclass(frozen=True, slots=True)
class Sms:
    """How people are texted who proved a phone number; see `idp.mail.gateway`.

    Without a URL nobody is, but where `mail.mailbox` shows what would be sent.
    """

    url: str = ""
    """Where the gateway takes a text message by POST, with https."""
    secret: str = field(default="", repr=False)
    secret_file: str = ""
    format: str = SMS_JSON
    """`json` or `form`, with the names of the fields that it has there."""
    to_field: str = "to"
    text_field: str = "text"
    sender_field: str = "from"
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The way back into an account whose passkeys are lost; see `idp.recovery`."""

    waiting_days: int = 3
    """How long whoever it is about has to cancel it, before a new passkey can be made."""
    open_days: int = 14
    """For how long it can be made then."""
    undo_days: int = 7
    """For how long a change of e-mail address can be taken back; see `idp.address_undo`."""


@dataclass(frozen=True, slots=True)
class RiskSettings:
    """By what the risk of a sign-in is judged; see `idp.protocol.risk`."""

    rules_file: str = "config/risk.toml"
    country_header: str = ""
    """A header in which the trusted proxies say from which country a request comes, such as `CF-IPCountry`."""
    latitude_header: str = ""
    longitude_header: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether clients may register themselves, and as what; see `idp.registration`."""

    mode: str = "closed"
    """`closed`, `token` (with an initial access token) or `open`."""
    scopes: tuple[str, ...] = ("openid",)
    """The most that such a client may be registered for."""
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    """Besides `implicit`, which goes by the setting `response_types`."""
    require_pkce: bool = True
    """Public clients need it in any case."""
    per_network_and_hour: int = 20
    """How many may come from one network without an initial access token."""
    max_clients: int = 10_000


@dataclass(frozen=True, slots=True)
class DataApi:
    """Limits of the data API that stand beside those of each agreement."""

    guesses: int = 5
    """How often one partner may state a person's name, or prefecture, and be told whether it is right."""
    guess_window: int = 30 * DAY
    relay_domain: str = "relay.invalid"
    """Under which relay addresses are, where an obligation puts one in place of a person's own."""
    audience_least: int = 20
    """How many people an answer about many must be about at least."""
    audience_most: int = 1000
    """How many people one answer counts or names at most; all of them are written down in one transaction."""
    audience_step: int = 5
    """A number of people is rounded down to a multiple of this."""
    audience_spread: int = 5
    """How far the number of people that an answer leaves out is spread; see `idp.protocol.left_out`."""
    audience_window: int = 7 * DAY
    """For how many seconds all questions of a partner for one purpose are about the same fields, and answers stay."""


@dataclass(frozen=True, slots=True)
class ApiScope:
    """A scope value of the group's own APIs: which kinds of client may ever have it, and what people read of it."""

    kinds: tuple[str, ...]
    en: str
    ja: str

    def in_language(self, language: str) -> str:
        """Return what people read on the consent page."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class Upstream:
    """Another OpenID provider with which people may sign in here; see `idp.upstream`."""

    issuer: str
    client_id: str
    en: str
    ja: str
    client_secret: str = field(default="", repr=False)
    client_secret_file: str = ""
    client_auth: str = "client_secret_basic"
    """How the secret is sent; with a private key it is `private_key_jwt`, or what Apple wants where a team is named."""
    private_key_file: str = ""
    """A private key in PEM, and its name there: the other way to be known to the provider."""
    key_id: str = ""
    team_id: str = ""
    scopes: tuple[str, ...] = ("openid", "email")
    response_mode: str = "query"
    id_token_algorithms: tuple[str, ...] = ("RS256",)
    """HS256 among them means that whoever has the secret can sign people in: for providers that know nothing else."""
    amr: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a value of the provider's `amr` means here, in names of RFC 8176; what is not listed means nothing."""
    acr: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The same for its `acr`."""

    def in_language(self, language: str) -> str:
        """Return what people call this provider."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set."""

    issuer: str
    database_url: str = field(default="sqlite:///sekisho.db", repr=False)
    redis_url: str = field(default="", repr=False)
    key_encryption_key: str = field(default="", repr=False)
    """32 bytes as base64; or name a file in `key_encryption_key_file`."""
    key_encryption_key_file: str = ""
    sharing_directory: str = "config/sharing"
    access_rules_file: str = ""
    """Who may do what with things of the group's own, for services that ask; without it nobody may do anything."""
    resources: tuple[str, ...] = ()
    """Resource identifiers (RFC 8707) for which access tokens may be issued, besides the issuer itself."""
    scopes: Mapping[str, ApiScope] = field(default_factory=dict)
    """Scope values of the group's own APIs."""
    response_types: tuple[str, ...] = ("code",)
    """Response types that clients may register and ask for. All but `code` bring tokens through the browser."""
    unsigned_id_tokens: bool = False
    """Whether a client of the code flow may register for ID tokens without a signature (OIDC Core 2)."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is believed."""
    experimental: tuple[str, ...] = ()
    """What rests on a draft and may change without notice."""
    threads: int = 8
    """Blocking threads of a worker process."""
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    key_rotation: KeyRotation = field(default_factory=KeyRotation)
    sign_in: SignIn = field(default_factory=SignIn)
    sign_up: SignUp = field(default_factory=SignUp)
    data_api: DataApi = field(default_factory=DataApi)
    logout: Logout = field(default_factory=Logout)
    closing: Closing = field(default_factory=Closing)
    outbound: Outbound = field(default_factory=Outbound)
    operator: Operator = field(default_factory=Operator)
    mail: Mail = field(default_factory=Mail)
    sms: Sms = field(default_factory=Sms)
    recovery: Recovery = field(default_factory=Recovery)
    risk: RiskSettings = field(default_factory=RiskSettings)
    registration: Registration = field(default_factory=Registration)
    upstream: Mapping[str, Upstream] = field(default_factory=dict)
    """Other providers with which people may sign in, each under the name that its addresses here have."""

    @property
    def is_https(self) -> bool:
        """Whether cookies can be `Secure` and `__Host-`."""
        return self.issuer.startswith("https://")


def load_settings(files: tuple[Path, ...], environment: Mapping[str, str]) -> Settings:
    """Read TOML files in order, later ones over earlier ones, then the environment, and check the whole.

    Raises:
        SettingsError: naming the setting and the mend.
    """
    values: dict[str, Any] = {}
    for file in files:
        try:
            _merge(values, tomllib.loads(file.read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            message = f"{file}: cannot be read as TOML: {error}"
            raise SettingsError(message) from error
    _merge(values, _from_environment(environment))
    settings: Settings = _build(Settings, values, "")
    _check(settings)
    return settings


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for name, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or name == CONFIG_VARIABLE:
            continue
        *path, last = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        table = values
        for part in path:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                message = f"{name} sets a part of what another variable sets as a whole; keep one of the two"
                raise SettingsError(message)
        table[last] = text
    return values


CONFIG_VARIABLE = "IDP_CONFIG"
"""Names the configuration files for worker processes, joined by the path separator."""


def config_files(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the configuration files that the environment names."""
    return tuple(Path(name) for name in environment.get(CONFIG_VARIABLE, "").split(os.pathsep) if name)


def _build(kind: Any, values: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - builds any settings dataclass
    known = {item.name for item in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        message = f"unknown setting {path}{unknown[0]!r}; known here are: {', '.join(sorted(known))}"
        raise SettingsError(message)
    hints = get_type_hints(kind)
    converted = {name: _convert(hints[name], value, f"{path}{name}") for name, value in values.items()}
    try:
        return kind(**converted)
    except TypeError as error:
        message = f"a setting is missing: {path}{_missing(kind, converted)}"
        raise SettingsError(message) from error


def _missing(kind: Any, values: Mapping[str, Any]) -> str:  # noqa: ANN401 - names a field of any settings dataclass
    required = (item.name for item in fields(kind) if item.default is MISSING and item.default_factory is MISSING)
    return next(name for name in required if name not in values)


def _convert(kind: Any, value: Any, path: str) -> Any:  # noqa: ANN401 - converts to any settings type
    if is_dataclass(kind) and isinstance(value, dict):
        return _build(kind, value, f"{path}.")
    if get_origin(kind) is tuple and get_args(kind)[0] is str:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return tuple(value)
    if get_origin(kind) is Mapping and isinstance(value, dict):
        return {name: _convert(get_args(kind)[1], item, f"{path}.{name}") for name, item in value.items()}
    read = _from_text(kind, value) if isinstance(value, str) else value
    if isinstance(kind, type) and isinstance(read, kind) and (kind is bool or not isinstance(read, bool)):
        return read
    message = f"the setting '{path}' has the wrong type: it takes {_described(kind)}"
    raise SettingsError(message)


def _from_text(kind: Any, text: str) -> object:  # noqa: ANN401 - reads any settings type
    """Return what a text says where something else is wanted: in the environment everything is text."""
    if kind is int and text.isdecimal():
        return int(text)
    return text == "true" if kind is bool and text in ("true", "false") else text


def _described(kind: Any) -> str:  # noqa: ANN401 - describes any settings type
    if get_origin(kind) is tuple:
        return "a list of texts"
    return {str: "text", int: "a whole number", bool: "true or false"}.get(kind, "a table")


def _check(settings: Settings) -> None:
    _check_issuer(settings.issuer)
    _check_addresses(settings)
    if not settings.key_encryption_key and not settings.key_encryption_key_file:
        message = "set 'key_encryption_key_file' to a file made by `idp keys new-encryption-key FILE`"
        raise SettingsError(message)
    for resource in settings.resources:
        if not is_resource(resource):
            message = f"'resources' holds {resource!r}, which is not an absolute URI without a fragment (RFC 8707 2)"
            raise SettingsError(message)
    for scope, setting in settings.scopes.items():
        if not is_scope(scope):
            message = f"'scopes' holds {scope!r}, which is not a scope value (RFC 6749 3.3)"
            raise SettingsError(message)
        unknown = set(setting.kinds) - set(ClientKind)
        if unknown:
            message = f"'scopes.{scope}' names {min(unknown)!r}; kinds of client are {', '.join(ClientKind)}"
            raise SettingsError(message)
    for network in settings.trusted_proxies:
        try:
            ip_network(network)
        except ValueError as error:
            message = f"'trusted_proxies' holds {network!r}, which is not a network such as 10.0.0.0/8"
            raise SettingsError(message) from error
    _check_response_types(settings)
    _check_experimental(settings)
    _check_mail(settings)
    _check_sms(settings)
    _check_outbound(settings)
    _check_registration(settings.registration)
    _check_sign_up(settings.sign_up)
    for name, upstream in settings.upstream.items():
        _check_upstream(name, upstream)
    _check_numbers(settings)
    _check_sign_in(settings)


def _check_response_types(settings: Settings) -> None:
    for response_type in settings.response_types:
        if response_type not in RESPONSE_TYPES:
            message = f"'response_types' holds {response_type!r}; known are {', '.join(RESPONSE_TYPES)}"
            raise SettingsError(message)


def _check_experimental(settings: Settings) -> None:
    for name in settings.experimental:
        if name != GRANT_MANAGEMENT:
            message = f"'experimental' holds {name!r}; known is {GRANT_MANAGEMENT!r}"
            raise SettingsError(message)


def _check_outbound(settings: Settings) -> None:
    """Refuse what lets strangers reach this machine, or another authority speak for anybody, except on a test host."""
    if (settings.outbound.allow_loopback or settings.outbound.extra_ca_file) and not _is_for_tests(settings.issuer):
        message = "'outbound.allow_loopback' and 'outbound.extra_ca_file' are for loopback and .test issuers only"
        raise SettingsError(message)


def _check_mail(settings: Settings) -> None:
    """Refuse to show the world everybody's mail, or a password to whoever stands between."""
    mail = settings.mail
    if mail.tls not in MAIL_TLS:
        message = f"'mail.tls' must be one of {', '.join(MAIL_TLS)}"
        raise SettingsError(message)
    if mail.tls == NO_TLS and mail.host and not _is_this_machine(mail.host):
        message = "'mail.tls' may be none only for a server on this machine (RFC 8314 3)"
        raise SettingsError(message)
    if mail.mailbox and (mail.host or not _is_for_tests(settings.issuer)):
        message = "'mail.mailbox' shows everybody's mail: it is for loopback and .test issuers without 'mail.host'"
        raise SettingsError(message)
    try:
        sender_address(mail.sender, settings.operator.name, settings.issuer)
    except ValueError as error:
        message = f"'mail.sender' is {error}"
        raise SettingsError(message) from error


def _check_sms(settings: Settings) -> None:
    sms = settings.sms
    if sms.format not in (SMS_JSON, SMS_FORM):
        message = f"'sms.format' must be {SMS_JSON} or {SMS_FORM}"
        raise SettingsError(message)
    if sms.url and not sms.url.startswith("https://"):
        message = "'sms.url' must begin with https: the secret goes along"
        raise SettingsError(message)


def _check_registration(registration: Registration) -> None:
    if registration.mode not in REGISTRATION_MODES:
        message = f"'registration.mode' must be one of {', '.join(REGISTRATION_MODES)}"
        raise SettingsError(message)
    for grant in registration.grant_types:
        if grant not in set(GrantType):
            message = f"'registration.grant_types' holds {grant!r}; known are {', '.join(GrantType)}"
            raise SettingsError(message)


def _check_sign_up(sign_up: SignUp) -> None:
    if len(sign_up.terms_version) > 64:  # noqa: PLR2004 - the column's width
        message = "'sign_up.terms_version' must be at most 64 characters, such as 2026-11-01"
        raise SettingsError(message)
    for name in ("terms_url", "privacy_url"):
        url = getattr(sign_up, name)
        if url and not url.startswith("https://"):
            message = f"'sign_up.{name}' must be an https URL"
            raise SettingsError(message)
    if sign_up.terms_version and not sign_up.terms_url:
        message = "'sign_up.terms_url' is needed beside 'sign_up.terms_version': people agree to what they can read"
        raise SettingsError(message)


def _check_upstream(name: str, upstream: Upstream) -> None:
    """Refuse what could not work, or would let somebody else than the provider sign people in."""
    ways = (upstream.client_secret, upstream.client_secret_file, upstream.private_key_file)
    algorithms = {*ASSERTION_ALGORITHMS, HMAC_ALGORITHM}
    meant = {amr for table in (upstream.amr, upstream.acr) for values in table.values() for amr in values}
    rules = (
        (
            _UPSTREAM_NAME.fullmatch(name) is not None,
            "needs a name of a-z, 0-9 and _, at most 32: it stands in addresses",
        ),
        (
            _is_upstream_issuer(upstream.issuer),
            "needs an 'issuer' that is an https URL without a query (Discovery 1.0, 3)",
        ),
        (sum(map(bool, ways)) == 1, "needs one of 'client_secret', 'client_secret_file' and 'private_key_file'"),
        (bool(upstream.key_id) == bool(upstream.private_key_file), "needs the 'key_id' of its 'private_key_file'"),
        (upstream.client_auth in SECRET_METHODS, f"takes as 'client_auth' one of {', '.join(SECRET_METHODS)}"),
        (OPENID in upstream.scopes, "needs 'openid' among its 'scopes' (OpenID Connect Core 1.0, 3.1.2.1)"),
        (upstream.response_mode in UPSTREAM_MODES, f"takes as 'response_mode' one of {', '.join(UPSTREAM_MODES)}"),
        (
            bool(upstream.id_token_algorithms) and algorithms.issuperset(upstream.id_token_algorithms),
            f"takes as 'id_token_algorithms' some of {', '.join(sorted(algorithms))}",
        ),
        (
            HMAC_ALGORITHM not in upstream.id_token_algorithms or not upstream.private_key_file,
            "takes HS256 only where there is a client secret to check it by (OpenID Connect Core 1.0, 10.1)",
        ),
        (meant <= set(AMRS), f"has a meaning in 'amr' or 'acr' that is none of {', '.join(AMRS)}"),
    )
    for holds, problem in rules:
        if not holds:
            raise SettingsError(f"'upstream.{name}' {problem}")


def _is_upstream_issuer(issuer: str) -> bool:
    return not isinstance(read_target(issuer), str) and "?" not in issuer and "#" not in issuer


def _is_for_tests(issuer: str) -> bool:
    host = urlsplit(issuer).hostname or ""
    return _is_this_machine(host) or host.endswith(".test")


def _check_issuer(issuer: str) -> None:
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        message = f"'issuer' is not a URL: {error}"
        raise SettingsError(message) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(host)):
        message = "'issuer' must be an https URL; http is for loopback hosts only (RFC 8414 2)"
        raise SettingsError(message)
    if not host or "@" in parts.netloc or issuer != f"{parts.scheme}://{parts.netloc}" or not issuer.isascii():
        message = "'issuer' must be a scheme and a host and nothing else, such as https://id.example.jp (RFC 8414 2)"
        raise SettingsError(message)


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


def _check_addresses(settings: Settings) -> None:
    """Check where the data is kept, without repeating addresses: they may hold passwords."""
    scheme, _, place = settings.database_url.partition("://")
    if scheme not in DATABASE_SCHEMES or (scheme == "sqlite" and place in ("", "/", "/:memory:")):
        message = "'database_url' must be sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise SettingsError(message)
    if settings.redis_url and settings.redis_url.partition("://")[0] not in REDIS_SCHEMES:
        message = "'redis_url' must be redis://HOST:PORT/NUMBER, or rediss:// for TLS"
        raise SettingsError(message)


def _check_sign_in(settings: Settings) -> None:
    """Refuse levels that there are none of, and hashes that are cheap to try (OWASP Password Storage), but in tests."""
    limits = settings.sign_in
    if limits.password_least < 8:  # noqa: PLR2004 - the least of NIST SP 800-63B-4 3.1.1.1 and ASVS 6.2.1
        message = "'sign_in.password_least' must be at least 8 (NIST SP 800-63B-4 3.1.1.1)"
        raise SettingsError(message)
    for name in ("least_level_of_clients", "least_level_of_scopes"):
        for level in set(getattr(limits, name).values()) - set(ACRS):
            message = f"'sign_in.{name}' holds {level!r}, which is none of {', '.join(ACRS)}"
            raise SettingsError(message)
    memory, work = limits.argon2_memory_kib, limits.argon2_memory_kib * limits.argon2_time_cost
    if memory < ARGON2_KIB_PER_LANE * limits.argon2_parallelism:
        message = (
            "'sign_in.argon2_memory_kib' must be at least 8 for each of 'sign_in.argon2_parallelism' (RFC 9106 3.1)"
        )
        raise SettingsError(message)
    weak = memory < ARGON2_LEAST_KIB or work < ARGON2_LEAST_WORK
    if weak and not _is_for_tests(settings.issuer):
        message = "'sign_in.argon2_memory_kib' or 'argon2_time_cost' is too low: use 19456 and 2, or more"
        raise SettingsError(message)


_MAY_BE_ZERO = frozenset({"refresh_retry", "audience_spread"})


def _check_positive(settings: Settings) -> None:
    """Refuse zero and less in every group of settings, where anything is counted."""
    groups = {item.name: getattr(settings, item.name) for item in fields(settings)}
    for name, group in groups.items():
        for item in fields(group) if is_dataclass(group) else ():
            if item.type is int and getattr(group, item.name) < (0 if item.name in _MAY_BE_ZERO else 1):
                message = f"'{name}.{item.name}' must be a positive number of seconds, bytes or tries"
                raise SettingsError(message)


def _check_numbers(settings: Settings) -> None:
    _check_positive(settings)
    if settings.lifetimes.authorization_code > 600:  # noqa: PLR2004 - RFC 6749 4.1.2's ten minutes
        message = "'lifetimes.authorization_code' must be at most 600 seconds (RFC 6749 4.1.2)"
        raise SettingsError(message)
    if settings.lifetimes.pushed_request > 600:  # noqa: PLR2004 - RFC 9126 2.2: 5 to 600 seconds
        message = "'lifetimes.pushed_request' must be at most 600 seconds (RFC 9126 2.2)"
        raise SettingsError(message)
    if settings.lifetimes.refresh_retry > 120:  # noqa: PLR2004 - a longer window helps thieves more than clients
        message = "'lifetimes.refresh_retry' must be at most 120 seconds: a stolen token works as long"
        raise SettingsError(message)
    rotation = settings.key_rotation
    if rotation.publish_ahead <= rotation.jwks_max_age:
        message = "'key_rotation.publish_ahead' must exceed 'key_rotation.jwks_max_age', or tokens will be refused"
        raise SettingsError(message)
    if rotation.period <= rotation.publish_ahead:
        message = "'key_rotation.period' must exceed 'key_rotation.publish_ahead'"
        raise SettingsError(message)
    if not 1 <= settings.threads <= 64:  # noqa: PLR2004 - more threads than this only queue for the interpreter
        message = "'threads' must be between 1 and 64"
        raise SettingsError(message)
