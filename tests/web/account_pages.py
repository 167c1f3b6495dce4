"""The pages of one's own account as tests see them, as `tests.web.pages`."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

PLAIN: Callable[[str], str] = str


def upstream(text: Callable[[str], str], name: str) -> SimpleNamespace:
    """Another provider with which people may sign in."""
    return SimpleNamespace(name=name, label=text(name.title()), action=f"/login/with/{name}")


def account_pages(text: Callable[[str], str] = PLAIN) -> dict[str, dict[str, Any]]:
    """Each template at its fullest."""
    page = {"account_name": text("hana@example.jp"), "notice": text("Done.")}
    form = {**page, "csrf": text("csrf-1")}
    link = {"since": text("23 November 2026"), "last_used": text("30 Nov 2026, 09:00")}
    return {
        "account/connections.html": {
            **form,
            "problem": text("Google does not answer."),
            "links": [
                SimpleNamespace(id=text("1"), provider=text("Google"), shown=text("hana@gmail.example"), **link),
                SimpleNamespace(id=text("2"), provider=text("LINE"), shown="", **link),
            ],
            "upstreams": [upstream(text, "google"), upstream(text, "line")],
        },
        "account/connect.html": {
            "csrf": text("csrf-1"),
            "account_name": text("hana@example.jp"),
            "provider": text("Google"),
            "shown": text("hana@gmail.example"),
        },
        "account/overview.html": {**form, "is_partner": True},
        "account/ways.html": {
            **page,
            "ways": [
                SimpleNamespace(id=text("passkeys"), title=text("Passkeys"), state=text("2"), url="/account/passkeys"),
                SimpleNamespace(id=text("password"), title=text("Password"), state=text("Set"), url=None),
            ],
        },
        "account/password.html": {
            **form,
            "has_password": True,
            "address": text("hana@example.jp"),
            "least": 15,
            "wrong": text("That is not your password."),
            "error": text("Choose a longer password."),
        },
        "account/email.html": {
            **form,
            "proved": text("hana@example.jp"),
            "address": text("hana@example.org"),
            "error": text("Write your e-mail address."),
        },
        "account/email_finish.html": {**form, "token": text("a secret"), "address": text("hana@example.org")},
        "account/passkeys.html": {
            **form,
            "passkeys": [passkey(text, used=text("29 Nov 2026, 12:00")), passkey(text, used=None)],
            "options": text('{"challenge": "x"}'),
            "is_possible": True,
            "only_since": None,
            "is_assured": True,
            "came_by_passkey": True,
            "suggested": text("Firefox, Windows"),
        },
    }


def passkey(text: Callable[[str], str], used: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        id=text("0a1b"), name=text("Phone"), kind=text("On one device only"), made=text("1 November 2026"), used=used
    )


def account_at_its_barest() -> dict[str, dict[str, Any]]:
    """Each template with everything left out that may be left out."""
    full = account_pages()
    return {
        "account/connections.html": full["account/connections.html"]
        | {"notice": None, "problem": None, "links": [], "upstreams": []},
        "account/connect.html": full["account/connect.html"] | {"shown": ""},
        "account/overview.html": full["account/overview.html"] | {"notice": None, "is_partner": False},
        "account/ways.html": full["account/ways.html"] | {"notice": None, "ways": []},
        "account/password.html": full["account/password.html"]
        | {"notice": None, "has_password": False, "wrong": None, "error": None},
        "account/email.html": full["account/email.html"]
        | {"notice": None, "proved": None, "address": "", "error": None},
        "account/email_finish.html": full["account/email_finish.html"] | {"notice": None},
        "account/passkeys.html": full["account/passkeys.html"]
        | {"notice": None, "passkeys": [], "options": "", "is_possible": False}
        | {"only_since": "29 November 2026"},
    }
