"""Where every endpoint is. Capabilities meet by these paths and never import each other."""

import re
from urllib.parse import urlencode

AUTHORIZE = "/authorize"
CONTINUE = "/authorize/continue"
PUSHED_REQUESTS = "/par"
TOKEN = "/token"
USERINFO = "/userinfo"
INTROSPECT = "/introspect"
REVOKE = "/revoke"
DATA_ME = "/data/v1/me"
DATA_TRANSACTIONS = "/data/v1/transactions"
DATA_VERIFY = "/data/v1/verify"
DATA_AUDIENCE = "/data/v1/audience"
DATA_REASONS = "/data/v1/reasons"
EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
SEARCH_SUBJECT = "/access/v1/search/subject"
SEARCH_RESOURCE = "/access/v1/search/resource"
SEARCH_ACTION = "/access/v1/search/action"
GRANT = "/grants/<grant_id>"
GRANT_EVENTS = "/grants/<grant_id>/events"
REGISTER = "/register"
REGISTRATION = "/register/<client_id>"
JWKS = "/jwks"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
OAUTH_METADATA = "/.well-known/oauth-authorization-server"
AUTHZEN_CONFIGURATION = "/.well-known/authzen-configuration"
LOGIN = "/login"
PASSKEY_SIGN_IN = "/login/passkey"
FORGOTTEN = "/login/forgotten"
FORGOTTEN_CODE = "/login/forgotten/code"
FORGOTTEN_FINISH = "/login/forgotten/finish"
SIGN_UP = "/sign-up"
SIGN_UP_CODE = "/sign-up/code"
SIGN_UP_FINISH = "/sign-up/finish"
RECOVERY = "/login/recovery"
UPSTREAM = "/login/with/<provider>"
UPSTREAM_CALLBACK = "/login/with/<provider>/callback"
UPSTREAM_ARRIVAL = "/login/new-here"
SECOND_FACTOR = "/login/second-factor"
CHOOSE_ACCOUNT = "/login/accounts"
CONSENT = "/consent"
LOGOUT = "/logout"
CONFIRM_LOGOUT = "/logout/confirm"
CHECK_SESSION = "/session/check"
HOME = "/"
ACCOUNT = "/account"
PROFILE = "/account/profile"
WAYS = "/account/sign-in"
PASSKEYS = "/account/passkeys"
PASSKEYS_ONLY = "/account/passkeys/only"
OWN_RECOVERY = "/account/recovery"
RECOVERY_LINK = "/account/recovery/<secret>"
PASSWORD = "/account/password"
EMAIL = "/account/email"
EMAIL_CODE = "/account/email/code"
EMAIL_FINISH = "/account/email/finish"
EMAIL_UNDO = "/account/email/undo/<secret>"
PHONE = "/account/phone"
PHONE_CODE = "/account/phone/code"
PHONE_FINISH = "/account/phone/finish"
AUTHENTICATOR = "/account/authenticator"
RECOVERY_CODES = "/account/recovery-codes"
CONNECTIONS = "/account/connections"
CONNECT = "/account/connections/new"
DEVICES = "/account/devices"
ACTIVITY = "/account/activity"
DATA = "/account/data"
DOWNLOAD = "/account/download"
CLOSE = "/account/close"
COME_BACK = "/account/come-back"
SHARING = "/account/sharing"
EARLIER_SHARING = "/account/sharing/earlier"
SHARING_GRANT = "/account/sharing/<grant_id>"
RECEIPT = "/account/sharing/<grant_id>/receipts/<version>"
SIGNED_RECEIPT = "/account/sharing/<grant_id>/receipts/<version>/signed"
LOGGED_ENTRY = "/account/sharing/<grant_id>/entries/<number>"
SHARING_EXPORT = "/account/sharing/export"
APP_LOGO = "/apps/<client_id>/logo/<language>"
APPS = "/account/apps"
"""Where `SHARING` was; links to it still lead there."""
LOG_CHECKPOINT = "/log/checkpoint"
LOG_TILE = "/log/tile/<path:place>"
LOG_KEY = "/log/key"
ACKNOWLEDGEMENTS = "/partner/v1/acknowledgements"
PARTNER = "/partner"
PARTNER_PROFILE = "/partner/<partner_id>"
PARTNER_AGREEMENT = "/partner/<partner_id>/agreement"
PARTNER_USAGE = "/partner/<partner_id>/usage"
PARTNER_SANDBOX = "/partner/<partner_id>/sandbox"
PARTNER_APPS = "/partner/<partner_id>/apps"
PARTNER_APP = "/partner/<partner_id>/apps/<client_id>"
PARTNER_KEYS = "/partner/<partner_id>/apps/<client_id>/keys"
PARTNER_WEBHOOK = "/partner/<partner_id>/apps/<client_id>/webhook"
PARTNER_CHECK = "/partner/<partner_id>/apps/<client_id>/check"
MAILBOX = "/mailbox"
HEALTH_LIVE = "/health/live"
HEALTH_READY = "/health/ready"

_MACHINES = frozenset({PUSHED_REQUESTS, TOKEN, USERINFO, INTROSPECT, REVOKE, REGISTER, JWKS})
_OF_MACHINES = ("/data/", "/access/", "/grants/", "/register/", "/partner/v1/", "/.well-known/", "/log/", "/health/")


def is_for_machines(path: str) -> bool:
    """Whether errors at a path are JSON, also where there is nothing; every other path answers people with pages."""
    return path in _MACHINES or path.startswith(_OF_MACHINES)


_OWN_PAGE = re.compile(r"/account(/[A-Za-z0-9_-]{1,64}){0,5}")


def own_page(path: str) -> str:
    """Return the address of a page of one's own account, "" for any other: nobody is led away from here by a link."""
    return path if _OWN_PAGE.fullmatch(path) else ""


def sign_in_for(path: str) -> str:
    """Return where somebody signs in, again or for the first time, on their way to a page of their own."""
    return f"{LOGIN}?{urlencode({'next': path})}" if own_page(path) else LOGIN


def upstream(provider: str) -> str:
    """Return where somebody goes who signs in with another provider."""
    return UPSTREAM.replace("<provider>", provider)


def upstream_callback(provider: str) -> str:
    """Return where another provider sends people back to."""
    return UPSTREAM_CALLBACK.replace("<provider>", provider)
