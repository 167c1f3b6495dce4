"""What a partner says about one of its apps in a form: read, put onto the client, and checked as every client is."""

import json
from dataclasses import dataclass, replace

from idp.client_rules import client_problems
from idp.data_sharing import Agreement
from idp.partner.asking import agreed_scopes
from idp.protocol.client_metadata import NATIVE, WEB
from idp.protocol.names import OFFLINE_ACCESS, OPENID, PARTNER_MESSAGES, SECRET_METHODS, AuthMethod, GrantType
from idp.protocol.parameters import Parameters
from idp.protocol.strict_json import load_strictly
from idp.services import Services
from idp.store.clients import Client

METHODS = (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.PRIVATE_KEY_JWT, AuthMethod.NONE)


@dataclass(frozen=True, slots=True)
class AppForm:
    """The values of the form as they were sent, for showing them again beside what is wrong with them."""

    name: str
    homepage: str = ""
    redirect_uris: str = ""
    """One to a line."""
    auth_method: str = AuthMethod.CLIENT_SECRET_BASIC.value
    jwks_uri: str = ""
    jwks: str = ""
    pushed: bool = True


EMPTY = AppForm("")


def read_app_form(form: Parameters) -> AppForm:
    """Return what was sent."""
    texts = {name: form.get(name, "") for name in ("homepage", "redirect_uris", "auth_method", "jwks_uri", "jwks")}
    return AppForm(form.get("name", ""), **texts, pushed="pushed" in form)


def form_of(client: Client) -> AppForm:
    """Return the form that would leave an app as it is."""
    return AppForm(
        name=client.name,
        homepage=client.homepage,
        redirect_uris="\n".join(client.redirect_uris),
        auth_method=client.auth_method.value,
        jwks_uri=client.jwks_uri,
        jwks=json.dumps(json.loads(client.jwks), indent=2) if client.jwks else "",
        pushed=client.require_pushed_authorization_requests,
    )


def wanted(
    services: Services, agreement: Agreement | None, client: Client, said: AppForm
) -> tuple[Client, tuple[str, ...]]:
    """Return an app as the form wants it, and everything that is wrong with that, each with its mend.

    What it may ask for is not the form's to say: it follows the agreement.
    """
    method = AuthMethod(said.auth_method) if said.auth_method in list(AuthMethod) else client.auth_method
    jwks, problem = _key_set(said.jwks) if method is AuthMethod.PRIVATE_KEY_JWT else ("", "")
    changed = replace(
        client,
        name=said.name,
        homepage=said.homepage,
        redirect_uris=tuple(said.redirect_uris.split()),
        auth_method=method,
        application_type=NATIVE if method is AuthMethod.NONE else WEB,
        jwks=jwks,
        jwks_uri=said.jwks_uri if method is AuthMethod.PRIVATE_KEY_JWT else "",
        grant_types=_grant_types(method),
        scopes=_scopes(services, agreement, client, method),
        require_pushed_authorization_requests=said.pushed,
        secret_hash=client.secret_hash if method in SECRET_METHODS else None,
    )
    problems = [] if said.auth_method in list(AuthMethod) else [f"auth_method must be one of {', '.join(METHODS)}"]
    problems += [problem] if problem else []
    if not problems:
        found = client_problems(changed, services.settings, services.scope_rules)
        problems = [f"{each.value} {each.sentence}" if each.value is not None else each.sentence for each in found]
    return changed, tuple(dict.fromkeys(problems))


def _grant_types(method: AuthMethod) -> tuple[str, ...]:
    own = () if method is AuthMethod.NONE else (GrantType.CLIENT_CREDENTIALS.value,)
    return (GrantType.AUTHORIZATION_CODE.value, GrantType.REFRESH_TOKEN.value, *own)


def _scopes(services: Services, agreement: Agreement | None, client: Client, method: AuthMethod) -> tuple[str, ...]:
    """Return what has nothing to do with data as it was, and of data what is agreed."""
    data = services.sharing.catalogue.scopes
    others = client.scopes or (OPENID, OFFLINE_ACCESS)
    kept = [scope for scope in others if scope not in data and scope != PARTNER_MESSAGES]
    messages = [] if method is AuthMethod.NONE else [PARTNER_MESSAGES]
    return tuple(dict.fromkeys((*kept, *agreed_scopes(services, agreement), *messages)))


def _key_set(text: str) -> tuple[str, str]:
    """Return a pasted key set as it is kept, and why it is none."""
    if not text.strip():
        return "", ""
    try:
        document = load_strictly(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return "", 'jwks takes a key set in JSON, such as {"keys": [ ... ]}'
    return json.dumps(document, sort_keys=True), ""
