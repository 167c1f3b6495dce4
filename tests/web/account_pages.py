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
    done = SimpleNamespace(sentence=text("Done."), is_of_ways=True)
    page = {"account_name": text("hana@example.jp"), "notice": done}
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
        "account/overview.html": {
            **form,
            "is_partner": True,
            "recovery": SimpleNamespace(started=text("1 November 2026"), opens=text("4 November 2026")),
        },
        "account/profile.html": {
            **form,
            "error": text("A name has at most 100 characters."),
            "boxes": [
                SimpleNamespace(id="name", label=text("Name"), value=text("Hana"), autocomplete="name"),
                SimpleNamespace(id="nickname", label=text("Nickname"), value=text(""), autocomplete="nickname"),
            ],
            "languages": {"en": "English", "ja": "日本語"},
            "chosen": "ja",
            "reaches": [
                SimpleNamespace(label=text("E-mail"), value=text("hana@example.jp"), is_proved=True),
                SimpleNamespace(label=text("Phone"), value=text("+81 90"), is_proved=False),
            ],
            "facts": [SimpleNamespace(label=text("Date of birth"), value=text("17 May 1994"))],
        },
        "account/devices.html": {
            **form,
            "devices": [
                a_device(text, is_this=True, id=text("session-1")),
                a_device(text, is_this=False, id=text("session-2")),
            ],
            "others": 3,
        },
        "account/activity.html": {
            "account_name": text("hana@example.jp"),
            "happenings": [
                SimpleNamespace(at=text("1"), what=text("A passkey was added"), name=text("Phone"), where=text("x")),
                SimpleNamespace(at=text("2"), what=text("You signed in"), name="", where=""),
            ],
            "older": text("17"),
        },
        "account/data.html": {"account_name": text("hana@example.jp")},
        "account/close.html": {
            "account_name": text("hana@example.jp"),
            "csrf": text("csrf-1"),
            "names": [text("Tabi Points"), text("Kaze Ads")],
            "devices": 2,
            "days": 14,
            "until": text("13 December 2026"),
        },
        "choose_account.html": {
            **form,
            "flow": text("flow-1"),
            "onward": text("/account"),
            "client": None,
            "known": [
                SimpleNamespace(id=text("account-1"), name=text("hana@example.jp"), is_signed_in=True),
                SimpleNamespace(id=text("account-2"), name=text("ken@example.jp"), is_signed_in=False),
            ],
        },
        "account/closing.html": {
            "until": text("13 December 2026"),
            "frames": (text("https://rp.example/front?sid=1"),),
        },
        "account/come_back.html": {"csrf": text("csrf-1"), "flow": text("flow-1"), "until": text("13 December 2026")},
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
            "may_have_one": True,
            "address": text("hana@example.jp"),
            "least": 15,
            "wrong": text("That is not your password."),
            "error": text("Choose a longer password."),
        },
        "account/email.html": {
            **form,
            "proved": text("hana@example.jp"),
            "address": text("hana@example.org"),
            "days": 7,
            "error": text("Write your e-mail address."),
        },
        "account/phone.html": {
            **form,
            "number": text("+819012345678"),
            "is_proved": False,
            "is_offered": True,
            "typed": text("090"),
            "error": text("Write the number."),
        },
        "account/phone_finish.html": {**form, "token": text("a secret"), "number": text("+819012345678")},
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
        "account/authenticator.html": {
            **form,
            "since": None,
            "picture": "",
            "secret": text("ABCD EFGH"),
            "codes_left": 7,
            "error": text("The code is not right."),
        },
        "account/recovery_codes.html": {**form, "left": 10, "codes": (text("ABCD-EFGH"), text("IJKL-MNOP"))},
    }


def passkey(text: Callable[[str], str], used: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        id=text("0a1b"), name=text("Phone"), kind=text("On one device only"), made=text("1 November 2026"), used=used
    )


def a_device(text: Callable[[str], str], **changed: Any) -> SimpleNamespace:
    """A browser in which somebody is signed in."""
    values = {"name": text("Firefox, Windows"), "network": text("203.0.113.7"), "started": text("1"), "seen": text("2")}
    return SimpleNamespace(**{**values, **changed})


def account_at_its_barest() -> dict[str, dict[str, Any]]:
    """Each template with everything left out that may be left out."""
    full = account_pages()
    return {
        "account/connections.html": full["account/connections.html"]
        | {"notice": None, "problem": None, "links": [], "upstreams": []},
        "account/connect.html": full["account/connect.html"] | {"shown": ""},
        "account/overview.html": full["account/overview.html"]
        | {"notice": None, "is_partner": False, "recovery": None},
        "account/profile.html": full["account/profile.html"]
        | {"notice": None, "error": None, "reaches": [], "facts": [], "chosen": ""},
        "account/devices.html": full["account/devices.html"]
        | {"notice": None, "devices": [a_device(PLAIN, is_this=True, id="session-1", network="")], "others": 0},
        "account/activity.html": full["account/activity.html"] | {"happenings": [], "older": ""},
        "account/data.html": full["account/data.html"],
        "account/close.html": full["account/close.html"] | {"names": []},
        "choose_account.html": full["choose_account.html"] | {"flow": "", "onward": "", "known": []},
        "account/closing.html": full["account/closing.html"] | {"frames": ()},
        "account/come_back.html": full["account/come_back.html"] | {"flow": ""},
        "account/ways.html": full["account/ways.html"] | {"notice": None, "ways": []},
        "account/password.html": full["account/password.html"]
        | {"notice": None, "has_password": False, "may_have_one": False, "wrong": None, "error": None},
        "account/email.html": full["account/email.html"]
        | {"notice": None, "proved": None, "address": "", "error": None},
        "account/phone.html": full["account/phone.html"]
        | {"notice": None, "number": "", "is_offered": False, "typed": "", "error": None},
        "account/phone_finish.html": full["account/phone_finish.html"] | {"notice": None},
        "account/email_finish.html": full["account/email_finish.html"] | {"notice": None},
        "account/passkeys.html": full["account/passkeys.html"]
        | {"notice": None, "passkeys": [], "options": "", "is_possible": False}
        | {"only_since": "29 November 2026"},
        "account/authenticator.html": full["account/authenticator.html"]
        | {"notice": None, "since": "22 November 2026", "secret": None, "codes_left": 0, "error": None},
        "account/recovery_codes.html": full["account/recovery_codes.html"] | {"notice": None, "left": 0, "codes": ()},
    }
