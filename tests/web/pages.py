"""The pages as tests see them: each template with realistic values, rendered and read back like a browser would."""

from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import idp
from idp.web.apps import ShownClient
from idp.web.i18n import install_translations, load_catalogues
from tests.web.account_pages import account_at_its_barest, account_pages, upstream
from tests.web.console_pages import console_at_its_barest, console_pages

WEB = Path(idp.__file__).parent / "web"
CATALOGUES = load_catalogues()
PLAIN: Callable[[str], str] = str
VOID = {"input", "meta", "link", "img"}


class Element:
    """One element of a parsed page, with the text inside it."""

    def __init__(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.tag, self.attributes, self.text = tag, attributes, ""


class Page(HTMLParser):
    """A page as a browser reads it: elements in order, attribute values and texts unescaped."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.elements, self._open = html, [], []
        self.feed(html)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop().tag == tag, "elements are nested"

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = attributes.items()
        return [e for e in self.elements if e.tag == tag and all(e.attributes.get(k) == v for k, v in wanted)]

    def by_id(self, name: str) -> Element:
        (found,) = [e for e in self.elements if e.attributes.get("id") == name]
        return found


def render(template: str, *, language: str = "en", **values: Any) -> Page:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True, undefined=StrictUndefined)
    install_translations(environment, CATALOGUES, lambda: language)
    links = [
        SimpleNamespace(code="en", label="English", url="/language?to=en", current=language == "en"),
        SimpleNamespace(code="ja", label="日本語", url="/language?to=ja", current=language == "ja"),
    ]
    everywhere = {"language": language, "language_links": links, "account_name": None, "asset": "/static/{}".format}
    everywhere["way_out"] = "csrf-1" if values.get("account_name") is not None else None
    return Page(environment.get_template(template).render({**everywhere, **values}))


def an_app(name: str, homepage: str | None = None, logo: str | None = None) -> ShownClient:
    """An app that says of itself all that it may."""
    return ShownClient(name, "TP", homepage, logo, "https://app.example/privacy", "https://app.example/terms")


def consent_values(text: Callable[[str], str] = PLAIN) -> dict[str, Any]:
    number = {"id": "customer_number", "label": "Customer number", "example": "tp_8f3k…", "needed": True}
    prefecture = {"id": "prefecture", "label": "Prefecture", "example": "Tokyo", "needed": False}
    shared = {"shared": False}
    return {
        "csrf": text("csrf-1"),
        "flow": text("flow-1"),
        "read": 1,
        "account_name": text("hana@example.jp"),
        "client": an_app(text("Tabi Points"), homepage="https://tabi-points.example/"),
        "purpose": SimpleNamespace(text=text("to credit points for what you buy")),
        "duration_days": 90,
        "until": text("21 February 2027"),
        "fields": [
            SimpleNamespace(**number, **shared, not_shared=None, tag=None),
            SimpleNamespace(
                **prefecture, **shared, not_shared=text("Not your street"), tag=text("part of your address")
            ),
            SimpleNamespace(
                **shared,
                id=text("x"),
                label=text("x"),
                example=text("x"),
                not_shared=None,
                tag=text("x"),
                needed=False,
            ),
        ],
        "once": False,
        "is_amendment": False,
        "stays": (),
        "goes": (),
        "wider": (text("How far back it may look: 90 days until now, 365 days from now on"),),
        "permissions": [SimpleNamespace(id=text("offline"), label=text("Stay connected while you are away"))],
    }


def sharing_card(text: Callable[[str], str] = PLAIN, **changed: Any) -> SimpleNamespace:
    """One sharing of a person's, at its fullest."""
    field = {"not_shared": text("Not your street"), "gives_away": (text("Same prefecture"),), "needed": False}
    plain = {"not_shared": None, "gives_away": (), "needed": True}
    values = {
        "id": text("grant-1"),
        "purpose_id": text("points"),
        "who": SimpleNamespace(
            client_id=text("tabi-points"),
            name=text("Tabi Points"),
            mark=text("TP"),
            partner_id=text("tabi"),
            organisation=text("Tabi Points K.K."),
            country=text("Japan"),
        ),
        "purpose": text("to credit points for what you buy"),
        "state": SimpleNamespace(label=text("Paused"), tone="waiting", sentence=text("Nothing goes out.")),
        "fields": (
            SimpleNamespace(id=text("prefecture"), label=text("Prefecture"), example=text("Tokyo"), **field),
            SimpleNamespace(id="email", label=text("E-mail"), example=text("hana@example.jp"), **plain),
        ),
        "refused": (text("Gender"),),
        "permissions": (text("Stay connected"),),
        "since": text("23 November 2026"),
        "until": text("21 February 2027"),
        "ended": text("1 Dec 2026, 10:00"),
        "last_used": text("30 Nov 2026, 09:00"),
        "times": 2,
        "is_once": True,
        "is_over": False,
        "can_pause": False,
        "can_resume": True,
        "keeping_days": 30,
        "agreement": text("tabi-2026 · 1"),
        "others_with_partner": 1,
    }
    return SimpleNamespace(**{**values, **changed})


def sharing_pages(text: Callable[[str], str] = PLAIN) -> dict[str, dict[str, Any]]:
    done = SimpleNamespace(sentence=text("Paused."), is_of_ways=False)
    form = {"csrf": text("csrf-1"), "account_name": text("hana@example.jp"), "notice": done}
    state = SimpleNamespace(label=text("Sharing"), tone="fine", sentence=None)
    over = SimpleNamespace(label=text("You ended it"), tone="over", sentence=None)
    bare = {"purpose": None, "fields": (), "permissions": (), "last_used": None, "others_with_partner": 0}
    other = sharing_card(text, **bare, state=state, can_pause=True, can_resume=False)
    return {
        "sharing.html": {
            **form,
            "cards": [sharing_card(text), other],
            "has_earlier": True,
            "opted_out": False,
            "restricted": True,
        },
        "receipt.html": {
            "account_name": text("hana@example.jp"),
            "card": sharing_card(text),
            "receipt": SimpleNamespace(
                controller=SimpleNamespace(name=text("Sekisho"), email=text("data@example.jp")),
                recipient=SimpleNamespace(name=text("Tabi Points K.K."), email=text("privacy@tabi.example")),
                fields=(SimpleNamespace(id="x", label=text("Prefecture")),),
                terms=SimpleNamespace(agreement_id=text("tabi-2026"), agreement_version=1),
                grant_id=text("grant-1"),
                happening=SimpleNamespace(version=1),
                commitment=text("cd" * 32),
            ),
            "what": text("You agreed to share"),
            "at": text("23 Nov 2026, 10:24"),
            "until": {"x": text("21 February 2027")},
        },
        "sharing_earlier.html": {"cards": [sharing_card(text, state=over, is_over=True)]},
        "sharing_grant.html": {
            **form,
            "card": sharing_card(text),
            "history": SimpleNamespace(
                entries=[
                    SimpleNamespace(
                        at=text("1"), what=text("They received"), fields=(text("x"),), receipt=None, number=7
                    ),
                    SimpleNamespace(at=text("2"), what=text("You agreed"), fields=(), receipt=1, number=None),
                ],
                older=text("17.3"),
            ),
        },
    }


def mailed_pages(text: Callable[[str], str] = PLAIN) -> dict[str, dict[str, Any]]:
    """The pages around letters with links and codes, each with what may go wrong."""
    form = {"csrf": text("csrf-1"), "flow": text("flow-1"), "address": text("hana@example.jp")}
    wrong = {**form, "error": text("That did not work.")}
    finish = {**wrong, "token": text("a secret"), "least": 15}
    terms = SimpleNamespace(
        terms_version="1", terms_url="https://example.jp/terms", privacy_url="https://example.jp/privacy"
    )
    steps = {"action": "/sign-up/code", "start": "/sign-up", "proof": text("proof-1"), "has_tries": True}
    return {
        "sign_up.html": wrong,
        "mail_code.html": {**wrong, **steps},
        "phone_code.html": {**wrong, **steps},
        "sign_up_finish.html": {
            **finish,
            "terms": terms,
            "terms_error": text("Agree to the terms."),
            "provider": None,
            "shown": "",
        },
        "forgotten.html": wrong,
        "forgotten_finish.html": finish,
        "forgotten_done.html": {"onward": "/authorize/continue?flow=flow-1"},
    }


def mailed_at_their_barest() -> dict[str, dict[str, Any]]:
    """The same where nothing went wrong and nothing is asked for besides."""
    bare = {name: {**values, "error": None} for name, values in mailed_pages().items()}
    terms = SimpleNamespace(terms_version="", terms_url="", privacy_url="")
    return {
        **bare,
        "sign_up.html": bare["sign_up.html"] | {"flow": "", "address": ""},
        "mail_code.html": bare["mail_code.html"] | {"has_tries": False, "flow": ""},
        "phone_code.html": bare["phone_code.html"] | {"has_tries": False, "flow": ""},
        "sign_up_finish.html": bare["sign_up_finish.html"]
        | {"terms": terms, "terms_error": None, "provider": "Google", "shown": "hana@gmail.example"},
        "forgotten.html": bare["forgotten.html"] | {"flow": "", "address": ""},
    }


def every_page(text: Callable[[str], str] = PLAIN) -> dict[str, dict[str, Any]]:
    """Each template at its fullest, each given string passed through `text`."""
    form = {"csrf": text("csrf-1"), "flow": text("flow-1")}
    return {
        "sign_in.html": {
            **form,
            "client": an_app(text("Storefront"), logo="/apps/storefront/logo/en"),
            "username": text("hana@example.jp"),
            "is_known": True,
            "onward": "/account/password",
            "wanted": text("If you have a passkey, please use it."),
            "takes_sign_ups": True,
            "upstreams": [upstream(text, "google"), upstream(text, "line")],
            "error": text("That did not work. Try again."),
            "problem": text("Google does not answer."),
            "passkey_options": text('{"challenge": "x"}'),
        },
        **mailed_pages(text),
        "recovery.html": {**form, "username": text("hana@example.jp"), "days": None, "error": text("That is wrong.")},
        "recovery_link.html": {
            "csrf": text("csrf-1"),
            "address": "/account/recovery/x",
            "person": text("hana@example.jp"),
            "started": text("29 Nov 2026, 12:00"),
            "opens": text("2 Dec 2026, 12:00"),
            "may_go_on": True,
            "is_open": True,
            "options": text('{"challenge": "x"}'),
            "suggested": text("Firefox, Windows"),
            "error": text("That did not work."),
        },
        "recovery_cancelled.html": {},
        "email_undo.html": {
            "csrf": text("csrf-1"),
            "action": "/account/email/undo/x",
            "address": text("hana@example.jp"),
        },
        "email_undone.html": {"address": text("hana@example.jp"), "has_password": True},
        "second_factor.html": {
            **form,
            "client": an_app(text("Storefront"), logo="/apps/storefront/logo/en"),
            "factor": "mail",
            "others": [("app", text("/login/second-factor?flow=1")), ("recovery-code", "/login/second-factor?flow=1")],
            "address": text("h•••@example.jp"),
            "is_sent": True,
            "error": text("The code is not right."),
        },
        "consent.html": consent_values(text),
        "sign_out.html": {**form, "client_name": text("Storefront"), "account_name": text("hana@example.jp")},
        "signed_out.html": {
            "return_url": text("https://store.example/"),
            "frames": (text("https://store.example/out"),),
        },
        "error.html": {
            "title": text("This link does not work"),
            "sentence": text("It has been used before."),
            "next_step": text("Start again from the app."),
            "code": text("flow_expired"),
            "detail": text("The parameter is missing."),
            "reference": text("7F3K-92QD"),
            "continue_url": text("https://store.example/"),
            "continue_label": text("Back to the app"),
        },
        "form_post.html": {
            "action": text("https://store.example/callback"),
            "parameters": [("code", text("abc")), (text("state"), text("xyz"))],
        },
        **sharing_pages(text),
        "home.html": {},
        "new_here.html": {
            "provider": text("Google"),
            "shown": text("hana@gmail.example"),
            **form,
            "sign_in": "/login?next=/account/connections/new",
            "back": "/login",
            "takes_sign_ups": True,
        },
        "mailbox.html": {
            "mails": [
                {
                    "to": text("hana@example.jp"),
                    "at": "21 Feb 2027, 09:05 UTC",
                    "subject": text("New sign-in to your account"),
                    "text": text("Somebody signed in."),
                }
            ]
        },
        **account_pages(text),
        **console_pages(text),
    }


def at_their_barest() -> dict[str, dict[str, Any]]:
    """Each template with everything left out that may be left out."""
    full = every_page()
    bare = {
        "purpose": None,
        "refused": (),
        "permissions": (),
        "last_used": None,
        "is_once": False,
        "keeping_days": None,
    }
    state = SimpleNamespace(label="You ended it", tone="over", sentence=None)
    party = SimpleNamespace(name="x", email="")
    bare_receipt = SimpleNamespace(
        controller=party,
        recipient=party,
        fields=(),
        terms=SimpleNamespace(agreement_id=""),
        grant_id="g",
        happening=SimpleNamespace(version=1),
        commitment="",
    )
    over = sharing_card(**bare, state=state, agreement="", is_over=True, can_resume=False)
    return {
        "sign_in.html": full["sign_in.html"]
        | {
            "flow": "",
            "client": None,
            "username": "",
            "is_known": False,
            "onward": "",
            "error": None,
            "problem": None,
            "wanted": None,
            "passkey_options": "",
            "takes_sign_ups": False,
            "upstreams": [],
        },
        **mailed_at_their_barest(),
        "recovery.html": full["recovery.html"] | {"username": "", "days": 3, "error": None},
        "recovery_link.html": full["recovery_link.html"] | {"person": None, "options": "", "error": None},
        "recovery_cancelled.html": {},
        "email_undo.html": full["email_undo.html"],
        "email_undone.html": full["email_undone.html"] | {"has_password": False},
        "second_factor.html": full["second_factor.html"]
        | {"flow": "", "client": None, "factor": "app", "others": [("mail", "/x")], "error": None},
        "consent.html": full["consent.html"]
        | {"purpose": None, "client": ShownClient("Tabi", "TA", None, None, None, None)}
        | {"fields": [], "permissions": []},
        "sign_out.html": full["sign_out.html"] | {"client_name": None},
        "signed_out.html": {"return_url": None, "frames": ()},
        "error.html": full["error.html"] | {"continue_url": None, "continue_label": None, "detail": None},
        "sharing.html": full["sharing.html"]
        | {"cards": [], "notice": None, "has_earlier": False, "opted_out": True, "restricted": False},
        "receipt.html": full["receipt.html"] | {"card": over, "receipt": bare_receipt},
        "sharing_earlier.html": {"cards": []},
        "sharing_grant.html": full["sharing_grant.html"]
        | {"card": over, "notice": None, "history": SimpleNamespace(entries=[], older="")},
        "form_post.html": full["form_post.html"] | {"parameters": []},
        "home.html": {},
        "mailbox.html": {"mails": []},
        "new_here.html": full["new_here.html"] | {"shown": "", "flow": "", "takes_sign_ups": False},
        **account_at_its_barest(),
        **console_at_its_barest(),
    }
