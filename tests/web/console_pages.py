"""The pages of the partner console with realistic values, as `pages` has the others."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

PLAIN: Callable[[str], str] = str


def console_pages(text: Callable[[str], str] = PLAIN) -> dict[str, dict[str, Any]]:
    """Each at its fullest, each given string passed through `text`."""
    tabs = [SimpleNamespace(label="Profile", url="/partner/tabi", current=True)]
    details = SimpleNamespace(legal_entity=text("Tabi K.K."), country=text("JP"))
    everywhere = {
        "csrf": "csrf-1",
        "account_name": text("hana@example.jp"),
        "partner": SimpleNamespace(id=text("tabi"), name=text("Tabi Points"), details=details),
        "tabs": tabs,
        "base": "/partner/tabi",
    }
    of_app = {**everywhere, "app_tabs": tabs, "app": _app(text)}
    said = _said(text)
    return {
        "partner/partners.html": {
            "account_name": text("hana@example.jp"),
            "partners": [("/partner/tabi", text("Tabi Points"), text("Production"))],
        },
        "partner/profile.html": {
            **everywhere,
            "standing": text("Draft"),
            "relation": text("Third party"),
            "tier": text("Plain data"),
            "contacts": {text("privacy"): text("privacy@tabi.example")},
            "step": SimpleNamespace(
                text=text("Wait"), is_ours=True, needs=((text("An agreement"), True), (text("An app"), False))
            ),
            "may_submit": True,
            "history": [
                SimpleNamespace(
                    at=text("now"),
                    what=text("Handed back"),
                    before=text("In review"),
                    after=text("Draft"),
                    who=text("Sekisho"),
                    reason=text("the name is missing"),
                )
            ],
            "problem": text("Nothing was changed."),
        },
        "partner/agreement.html": {**everywhere, **_agreement(text)},
        "partner/apps.html": {
            **everywhere,
            "apps": [("/partner/tabi/apps/1", _app(text)), ("/partner/tabi/apps/2", _app(text, is_sandbox=False))],
            "may_register": True,
            "said": said,
            "methods": ["client_secret_basic", "none"],
            "problems": (text("name is needed"),),
        },
        "partner/app.html": {
            **of_app,
            "said": said,
            "methods": ["client_secret_basic", "none"],
            "problems": (text("name is needed"),),
            "secret": text("a secret"),
            "has_secret": True,
            "issuer": text("https://id.example"),
        },
        "partner/usage.html": {
            **everywhere,
            "usage": SimpleNamespace(
                days=((text("2026-11-18"), text("points"), 3),),
                fields=((text("points"), text("prefecture"), 3),),
                withheld=((text("points"), text("FIELD_NOT_CONSENTED"), 1),),
            ),
            "rates": [SimpleNamespace(purpose=text("points"), used=3, requests=100, seconds=60)],
            "unused": ((text("points"), text("over_20")),),
            "apps": [_app(text)],
            "chosen": "app-1",
            "days": 30,
            "choices": (7, 30, 90),
        },
        "partner/sandbox.html": {
            **everywhere,
            "people": [(SimpleNamespace(username=text("adult@tabi.example"), is_there=False), text("Nothing yet"))],
            "apps": [text("Tabi Points"), text("Another")],
            "may_seed": True,
            "password": text("a password"),
            "problem": text("Wait a little."),
        },
        "partner/keys.html": {
            **of_app,
            "keys": [(text("tabi-1"), text("EC"), text("sig"), text("ES256"))],
            "needs_keys": True,
            "fetched": text("now"),
            "failure": text("Nobody answered."),
            "our_keys": text("https://id.example/jwks"),
            "our_kid": text("kid-1"),
            "issuer": text("https://id.example"),
        },
        "partner/webhook.html": {
            **of_app,
            "url": text("https://tabi.example/messages"),
            "proved": text("now"),
            "problem": text("It did not answer."),
            "messages": [_message(text, is_fine=True), _message(text, is_fine=False)],
            "acknowledge_at": text("https://id.example/partner/v1/acknowledgements"),
        },
        "partner/check.html": {
            **of_app,
            "checks": [
                (SimpleNamespace(name="pkce", outcome="passed", found=""), text("PKCE"), text("Use it")),
                (SimpleNamespace(name="keys", outcome="failed", found=text("x")), text("Keys"), text("Mend it")),
                (SimpleNamespace(name="pairwise", outcome="not_needed", found=""), text("Names"), text("Ask us")),
            ],
            "failed": 2,
        },
    }


def console_at_its_barest() -> dict[str, dict[str, Any]]:
    """Each with everything left out that may be left out."""
    full = console_pages()
    nobody = SimpleNamespace(id="tabi", name="Tabi", details=SimpleNamespace(legal_entity="", country=""))
    step = SimpleNamespace(text="Wait", is_ours=False, needs=())
    return {
        "partner/partners.html": full["partner/partners.html"] | {"partners": []},
        "partner/profile.html": full["partner/profile.html"]
        | {"partner": nobody, "contacts": {}, "step": step, "may_submit": False, "history": [], "problem": ""},
        "partner/agreement.html": full["partner/agreement.html"]
        | {"has_agreement": False, "agreed": None, "purposes": [], "versions": []},
        "partner/apps.html": full["partner/apps.html"] | {"apps": [], "may_register": False, "problems": ()},
        "partner/app.html": full["partner/app.html"]
        | {"app": _app(PLAIN, is_sandbox=False), "problems": (), "secret": "", "has_secret": False},
        "partner/usage.html": full["partner/usage.html"]
        | {"usage": SimpleNamespace(days=(), fields=(), withheld=()), "rates": (), "unused": ()}
        | {"apps": [], "chosen": ""},
        "partner/sandbox.html": full["partner/sandbox.html"]
        | {"people": [], "apps": [], "may_seed": False, "password": "", "problem": ""},
        "partner/keys.html": full["partner/keys.html"]
        | {"keys": [], "needs_keys": False, "fetched": "", "failure": "", "app": _app(PLAIN, jwks_uri="")},
        "partner/webhook.html": full["partner/webhook.html"] | {"url": "", "proved": "", "problem": "", "messages": []},
        "partner/check.html": full["partner/check.html"] | {"checks": [], "failed": 0},
    }


def _message(text: Callable[[str], str], *, is_fine: bool) -> SimpleNamespace:
    said = {name: text(name) for name in ("id", "event", "sent", "state", "due")}
    return SimpleNamespace(**said, is_fine=is_fine)


def _app(text: Callable[[str], str], *, is_sandbox: bool = True, jwks_uri: str = "https://tabi.example/jwks") -> Any:
    return SimpleNamespace(
        jwks_uri=text(jwks_uri),
        client_id="app-1",
        name=text("Tabi Points"),
        status="suspended" if is_sandbox else "active",
        is_sandbox=is_sandbox,
        redirect_uris=(text("https://tabi.example/callback"),),
        scopes=(text("openid"),),
        auth_method=text("client_secret_basic"),
    )


def _said(text: Callable[[str], str]) -> SimpleNamespace:
    names = ("name", "homepage", "redirect_uris", "auth_method", "jwks_uri", "jwks")
    return SimpleNamespace(**{name: text(name) for name in names}, pushed=True)


def _agreement(text: Callable[[str], str]) -> dict[str, Any]:
    change = SimpleNamespace(
        where=text("points"), term=text("max_days"), before=text("90"), after=text("180"), widens=True
    )
    version = {"proposed": text("now"), "effective": text("now"), "hash": text("abcdef")}
    return {
        "has_agreement": True,
        "agreed": SimpleNamespace(id=text("tabi-2026"), version=1),
        "until": text("2036"),
        "purposes": [
            SimpleNamespace(
                text=text("to credit points"),
                id=text("points.credit"),
                fields=((text("Prefecture"), text("prefecture"), True, text("mask")),),
                limits=((text("Days"), text("90")),),
            )
        ],
        "versions": [
            SimpleNamespace(number=2, state=text("Waits"), waits=True, changes=(change,), **version),
            SimpleNamespace(number=1, state=text("In force"), waits=False, changes=(), **version),
        ],
    }
