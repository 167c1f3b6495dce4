"""The official suite's plans for an OpenID Connect provider and their modules (release 5.2, August 2026).

`tests/architecture/test_conformance.py` sees to it that each module has a test here of its own name. A test that takes
`rp` or `register` is run once for each run of its module in these plans with clients that register themselves; with
clients that an operator declared as well, where a plan has them, but for the plans that differ by form_post alone.

The suite itself asks of `idp serve`, behind TLS at a `.test` host: every response type, `unsigned_id_tokens`,
`outbound.extra_ca_file` and `outbound.allow_loopback`, registration without `require_pkce`, and an initial access token
of kind first_party, for clients that register themselves without one get no data. Run oidcc-server-rotate-keys alone,
with a `key_rotation.publish_ahead` of seconds, and rotate RS256 and ES256 only: its check of new keys knows no OKP.
Public clients (client_auth_type none, in no certification plan) are refused, because the suite sends them without PKCE.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HYBRID = ("code id_token", "code token", "code id_token token")
IMPLICIT = ("id_token", "id_token token")
RESPONSE_TYPES = ("code", *HYBRID, *IMPLICIT)
DEFAULT, FORM_POST = "default", "form_post"
DYNAMIC, STATIC = "dynamic", "static"
BASIC, POST, KEY = "client_secret_basic", "client_secret_post", "private_key_jwt"

EVERYWHERE = (
    "oidcc-server",
    "oidcc-idtoken-signature",
    "oidcc-scope-profile",
    "oidcc-scope-email",
    "oidcc-scope-address",
    "oidcc-scope-phone",
    "oidcc-scope-all",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-prompt-login",
    "oidcc-prompt-none-not-logged-in",
    "oidcc-prompt-none-logged-in",
    "oidcc-max-age-1",
    "oidcc-max-age-10000",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-id-token-hint",
    "oidcc-login-hint",
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-claims-essential",
    "oidcc-ensure-request-object-with-redirect-uri",
)
USERINFO = ("oidcc-userinfo-get", "oidcc-userinfo-post-header", "oidcc-userinfo-post-body")
TOKEN_ENDPOINT = (
    "oidcc-codereuse",
    "oidcc-codereuse-30seconds",
    "oidcc-server-client-secret-post",
    "oidcc-refresh-token",
)
NONCE = "oidcc-ensure-request-without-nonce-fails"
NO_NONCE = "oidcc-ensure-request-without-nonce-succeeds-for-code-flow"
ONCE = ("oidcc-response-type-missing", "oidcc-alternate-happy-flow")
PKCE = "oidcc-ensure-request-with-valid-pkce-succeeds"
OF_THE_CODE_FLOW = ("oidcc-idtoken-unsigned", "oidcc-ensure-post-request-succeeds")

DISCOVERY = "oidcc-discovery-endpoint-verification"
ROTATION = "oidcc-server-rotate-keys"
DYNAMIC_EVERYWHERE = (
    "oidcc-idtoken-rs256",
    "oidcc-ensure-redirect-uri-in-authorization-request",
    "oidcc-redirect-uri-query-OK",
    "oidcc-redirect-uri-query-mismatch",
    "oidcc-redirect-uri-query-added",
    "oidcc-redirect-uri-regfrag",
    DISCOVERY,
    "oidcc-server",
    "oidcc-registration-logo-uri",
    "oidcc-registration-policy-uri",
    "oidcc-registration-tos-uri",
    "oidcc-registration-sector-uri",
    "oidcc-registration-sector-bad",
    ROTATION,
    "oidcc-request-uri-unsigned",
    "oidcc-request-uri-signed-rs256",
    "oidcc-ensure-request-object-with-redirect-uri",
    "oidcc-ensure-client-assertion-with-iss-aud-succeeds",
)
DYNAMIC_WITH_CODE = ("oidcc-registration-jwks-uri", "oidcc-refresh-token-rp-key-rotation", "oidcc-refresh-token")
DYNAMIC_UNSIGNED = "oidcc-idtoken-unsigned"
DYNAMIC_USERINFO = "oidcc-userinfo-rs256"

NOT_FOR_STATIC_CLIENTS = frozenset(
    {
        "oidcc-idtoken-signature",
        "oidcc-idtoken-unsigned",
        "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    }
)


@dataclass(frozen=True)
class Plan:
    """A plan: its modules, by the response type with which they are run."""

    name: str
    modules: dict[str, tuple[str, ...]]
    response_mode: str = DEFAULT
    client_auth: str = BASIC
    registrations: tuple[str, ...] = (DYNAMIC, STATIC)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for names in self.modules.values() for name in names)

    @property
    def runs(self) -> int:
        """How many modules it runs with clients that register themselves, for all its response types together."""
        return sum(map(len, self.modules.values()))


@dataclass(frozen=True)
class Variant:
    """One run of a module."""

    response_type: str
    response_mode: str
    client_auth: str
    registration: str

    def __str__(self) -> str:
        return f"{self.response_type}, {self.response_mode}, {self.client_auth}, {self.registration}"


_BASIC = {"code": (*EVERYWHERE, *USERINFO, *TOKEN_ENDPOINT, NO_NONCE, *ONCE, PKCE, *OF_THE_CODE_FLOW)}
_IMPLICIT = {
    "id_token": (*EVERYWHERE, NONCE, "oidcc-alternate-happy-flow"),
    "id_token token": (*EVERYWHERE, *USERINFO, NONCE, *ONCE),
}
_HYBRID = {
    "code id_token": (*EVERYWHERE, *USERINFO, *TOKEN_ENDPOINT, NONCE, *ONCE, PKCE),
    "code token": (*EVERYWHERE, *USERINFO, *TOKEN_ENDPOINT, NO_NONCE),
    "code id_token token": (*EVERYWHERE, *USERINFO, *TOKEN_ENDPOINT, NONCE),
}
_DYNAMIC = {
    response_type: (
        *DYNAMIC_EVERYWHERE,
        *(DYNAMIC_WITH_CODE if "code" in response_type else ()),
        *((DYNAMIC_UNSIGNED,) if response_type in ("code", "code token") else ()),
        *((DYNAMIC_USERINFO,) if response_type != "id_token" else ()),
    )
    for response_type in RESPONSE_TYPES
}

PLANS = (
    Plan("oidcc-config-certification-test-plan", {"code": (DISCOVERY,)}),
    Plan("oidcc-basic-certification-test-plan", _BASIC),
    Plan("oidcc-implicit-certification-test-plan", _IMPLICIT),
    Plan("oidcc-hybrid-certification-test-plan", _HYBRID),
    Plan("oidcc-formpost-basic-certification-test-plan", _BASIC, FORM_POST, registrations=(DYNAMIC,)),
    Plan("oidcc-formpost-implicit-certification-test-plan", _IMPLICIT, FORM_POST, registrations=(DYNAMIC,)),
    Plan("oidcc-formpost-hybrid-certification-test-plan", _HYBRID, FORM_POST, registrations=(DYNAMIC,)),
    Plan("oidcc-dynamic-certification-test-plan", _DYNAMIC, DEFAULT, KEY, (DYNAMIC,)),
    Plan(
        "oidcc-3rdparty-init-login-certification-test-plan",
        {"code": ("oidcc-3rd_party-init-login", "oidcc-3rd_party-init-login-nohttps")},
        registrations=(DYNAMIC,),
    ),
    Plan(
        "oidcc-rp-initiated-logout-certification-test-plan",
        {
            "code": (
                "oidcc-rp-initiated-logout-discovery-endpoint-verification",
                "oidcc-rp-initiated-logout",
                "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
                "oidcc-rp-initiated-logout-modified-id-token-hint",
                "oidcc-rp-initiated-logout-no-id-token-hint",
                "oidcc-rp-initiated-logout-no-params",
                "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
                "oidcc-rp-initiated-logout-no-state",
                "oidcc-rp-initiated-logout-only-state",
                "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
                "oidcc-rp-initiated-logout-bad-id-token-hint",
            )
        },
    ),
    Plan(
        "oidcc-session-management-certification-test-plan",
        {
            "code": (
                "oidcc-session-management-discovery-endpoint-verification",
                "oidcc-session-management-rp-initiated-logout",
            )
        },
    ),
    Plan(
        "oidcc-frontchannel-rp-initiated-logout-certification-test-plan",
        {
            "code": (
                "oidcc-frontchannel-logout-discovery-endpoint-verification",
                "oidcc-frontchannel-rp-initiated-logout",
            )
        },
    ),
    Plan(
        "oidcc-backchannel-rp-initiated-logout-certification-test-plan",
        {"code": ("oidcc-backchannel-logout-discovery-endpoint-verification", "oidcc-backchannel-rp-initiated-logout")},
    ),
)


def name_of_test(module: str) -> str:
    """The name of the test of a module."""
    return f"test_{module.replace('-', '_').lower()}"


def variants_of(test: str) -> list[Variant]:
    """The runs of the module that a test is named after, each once."""
    return list(dict.fromkeys(_runs_of(test)))


def _runs_of(test: str) -> Iterator[Variant]:
    for plan in PLANS:
        for response_type, names in plan.modules.items():
            for name in names:
                if name_of_test(name) != test:
                    continue
                auth = POST if name == "oidcc-server-client-secret-post" else plan.client_auth
                for registration in plan.registrations:
                    if registration == DYNAMIC or name not in NOT_FOR_STATIC_CLIENTS:
                        yield Variant(response_type, plan.response_mode, auth, registration)
