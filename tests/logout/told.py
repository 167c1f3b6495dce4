"""Apps that want to be told when somebody signs out, on a site outside, and what they were told."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from joserfc import jwt

from idp.admin.apply import Declarations, apply
from idp.delivery import deliver_due
from tests.provider.apps import App
from tests.provider.jose import read
from tests.provider.outside import Site
from tests.provider.person import Person
from tests.provider.provider import Provider
from tests.web.visits import answer, decide, shows, visit

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class Told:
    """An app with a back channel, a front channel, or both."""

    app: App
    signed_out_url: str


def told(provider: Provider, site: Site, name: str, *channels: str, **document: object) -> Told:
    """Register an app whose pages are on a site, with a `back` and a `front` channel as asked for."""
    app = App(name, site.url(f"/{name}/callback"), "openid offline_access")
    after = site.url(f"/{name}/signed-out")
    registered = {
        "client_id": name,
        "kind": "first_party",
        "name": name,
        "auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [app.redirect_uri],
        "post_logout_redirect_uris": [after],
        "scopes": ["openid", "offline_access"],
        **({"backchannel_logout_uri": site.url(f"/{name}/back")} if "back" in channels else {}),
        **({"frontchannel_logout_uri": site.url(f"/{name}/front?of=us")} if "front" in channels else {}),
        **document,
    }
    changes = apply(provider.services, Declarations([registered], [], []), str, dry_run=False)
    provider.services.feed.read_now()
    provider.secrets.update({change.id: change.secret for change in changes if change.secret})
    site.pages[f"/{name}/back"] = b"{}"
    return Told(app, after)


def sign_in_to(person: Person, app: App) -> dict[str, str]:
    """Sign in to an app and return its tokens."""
    page = visit(person, app)
    if shows(page, "allow"):
        page = decide(person, page)
    tokens: dict[str, str] = person.exchange(app.client_id, app.redirect_uri, answer(page)["code"]).json()
    return tokens


def logout_tokens(provider: Provider, site: Site, app: App) -> list[jwt.Token]:
    """Deliver what is due and return the tokens that an app has got by now, their signatures checked."""
    deliver_due(provider.services)
    bodies = [request.body for request in site.requests if request.path == f"/{app.client_id}/back"]
    return [read(provider, parse_qs(body.decode())["logout_token"][0]) for body in bodies]
