"""The pages themselves: safe with any value, usable by keyboard and screen reader, small."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idp.protocol.names import AuthMethod, ClientKind
from idp.store.clients import Client
from idp.web.apps import shown_client
from tests.web.pages import WEB, Page, at_their_barest, consent_values, every_page, render

HOSTILE = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(1) style='x'>&amp;{{ 7*7 }}%(client)s\u202e\u05d0\u2066"
)

TEMPLATES = sorted(every_page())
each_page = pytest.mark.parametrize("template", TEMPLATES)
each_language = pytest.mark.parametrize("language", ["en", "ja"])


def every_state(template: str, language: str) -> list[Page]:
    barest = at_their_barest()[template]
    return [render(template, language=language, **values) for values in (every_page()[template], barest)]


def test_no_page_is_left_out_of_these_tests():
    """But for what others are made of, and the frame of tests/logout/test_session_management.py."""
    frames = {"base.html", "account/frame.html", "partner/console.html", "partner/app_console.html"}
    parts = {
        "address_parts.html",
        "client.html",
        "logout_frames.html",
        "password_parts.html",
        "sharing_parts.html",
        "partner/parts.html",
    }
    folder = WEB / "templates"
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert written - frames - parts - {"check_session.html"} == set(TEMPLATES)


# Safe with any value


@each_page
@each_language
def test_hostile_values_stay_text(template, language):
    """Quotes, elements, template braces and direction overrides in any value change nothing but the text."""
    calm = render(template, language=language, **every_page()[template])
    attacked = render(template, language=language, **every_page(lambda _: HOSTILE)[template])
    assert [element.tag for element in attacked.elements] == [element.tag for element in calm.elements]
    assert [set(element.attributes) for element in attacked.elements] == [set(e.attributes) for e in calm.elements]
    assert "49" not in attacked.html


@each_page
@each_language
def test_strict_csp_holds_nothing_inline(template, language):
    """With `script-src 'self'; style-src 'self'` nothing on the page would be blocked."""
    for page in every_state(template, language):
        assert page.all("style") == []
        assert [e.text for e in page.all("script") if e.text or not e.attributes["src"].startswith("/static/")] == []
        assert [name for e in page.elements for name in e.attributes if name == "style" or name.startswith("on")] == []
        assert all(e.attributes["src"].startswith(("/static/", "/apps/")) for e in page.all("img"))


WITHOUT_FLOW = ("/account/", "/partner")
WITH_FLOW = {"/account/come-back"}


@each_page
def test_every_form_of_ours_carries_its_csrf_value_and_the_flow(template):
    for page in every_state(template, "en"):
        if template == "form_post.html":
            continue
        forms, values = page.all("form", method="post"), page.all("input", name="csrf", type="hidden", value="csrf-1")
        changing = [form for form in page.all("form") if form.attributes["method"] != "get"]
        assert len(forms) == len(values) == len(changing)
        flows = page.all("input", name="flow", type="hidden")
        actions = [form.attributes["action"] for form in forms]
        going_on = [each for each in actions if each in WITH_FLOW or not each.startswith(WITHOUT_FLOW)]
        assert len(flows) == len(going_on) - len(page.all("button", id="sign-out")), "signing out ends what waits"


APP = Client(client_id="tabi points/1", kind=ClientKind.THIRD_PARTY, name="Tabi Points", auth_method=AuthMethod.NONE)
ADDRESSES = ("homepage", "logo_uri", "policy_uri", "tos_uri")


HOSTILE_ADDRESSES = ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//evil.example"]


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
@pytest.mark.parametrize("template", ["sign_in.html", "consent.html"])
def test_what_an_app_says_is_a_link_only_with_a_web_address(template, address):
    """It comes from the app; a script or data address must not wait behind its name."""
    hostile = shown_client(replace(APP, **dict.fromkeys(ADDRESSES, address)), "en")
    assert address not in render(template, **every_page()[template] | {"client": hostile}).html


@pytest.mark.parametrize("template", ["sign_in.html", "consent.html"])
def test_an_apps_logo_policy_and_terms_are_shown_in_the_readers_language(template):
    """oidcc-registration-logo-uri, -policy-uri, -tos-uri (OIDC Registration 2, RFC 7591 2.2)."""
    said = {name: f"https://tabi.example/{name}" for name in ADDRESSES}
    app = replace(APP, **said, translations='{"tos_uri#ja": "https://tabi.example/kiyaku", "client_name#ja": "旅"}')
    pages = {
        language: render(
            template, language=language, **every_page()[template] | {"client": shown_client(app, language)}
        )
        for language in ("en", "ja")
    }
    for language, page in pages.items():
        assert page.by_id("client-policy").attributes["href"] == said["policy_uri"]
        assert page.all("img", src=f"/apps/tabi%20points%2F1/logo/{language}")
    assert pages["en"].by_id("client-terms").attributes["href"] == said["tos_uri"]
    assert pages["ja"].by_id("client-terms").attributes["href"] == "https://tabi.example/kiyaku"
    assert ("旅" in pages["ja"].html, "旅" in pages["en"].html) == (True, False)


# OAuth 2.0 Form Post Response Mode

ONE_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@example(action="com.example.app:/back", parameters=[(" state ", "  &amp; 'a\" <b> +%20 \u3000 "), ("submit", "")])
@given(action=ONE_LINE, parameters=st.lists(st.tuples(ONE_LINE, ONE_LINE)))
def test_form_post_carries_each_value_exactly(action, parameters):
    """Section 2: what the browser sends is what was put in, whatever characters a `state` is made of."""
    page = render("form_post.html", action=action, parameters=parameters)
    assert page.by_id("response").attributes["action"] == action
    assert [(e.attributes["name"], e.attributes["value"]) for e in page.all("input", type="hidden")] == parameters


def test_form_post_goes_by_script_and_by_hand():
    """The script only presses what is there: without it the Continue button does the same."""
    page = render("form_post.html", **every_page()["form_post.html"])
    (script,) = page.all("script")
    assert 'getElementById("response")' in (WEB / script.attributes["src"].removeprefix("/")).read_text("utf-8")
    assert page.by_id("continue").attributes["type"] == "submit"
    assert page.all("input") == page.all("input", type="hidden")
    assert page.all("a") == [], "another language would ask for an answer that can be given only once"


# What other parts, tests and password managers rely on

FIXED = {
    "sign_in.html": {
        "username": "username",
        "password": "password",
        "sign-in": "",
        "use-passkey": "",
        "with-google": "",
        "forgotten": "",
        "sign-up": "",
        "lost-passkeys": "",
    },
    "recovery.html": {"username": "username", "code": "code", "begin-recovery": ""},
    "recovery_link.html": {"enrol": "", "name": "name", "make-passkey": "", "cancel-recovery": "action"},
    "recovery_cancelled.html": {},
    "email_undo.html": {"undo": ""},
    "email_undone.html": {"new-password": ""},
    "second_factor.html": {"code": "code", "prove": "", "send": "action", "use-app": "", "use-recovery-code": ""},
    "account/authenticator.html": {"picture": "", "key": "", "code": "code", "confirm": "action", "stop": "action"},
    "account/recovery_codes.html": {"codes": "", "kept": ""},
    "consent.html": {"allow": "decision", "deny": "decision"},
    "sign_out.html": {"confirm-logout": "decision", "cancel-logout": "decision"},
    "signed_out.html": {"continue": "", "signed-out": ""},
    "error.html": {"error-code": "", "error-reference": "", "continue": ""},
    "form_post.html": {"continue": ""},
    "sharing.html": {
        "end-1": "",
        "end-2": "",
        "end-partner-1": "action",
        "end-all": "action",
        "opt-out": "action",
        "resume-1": "action",
        "pause-2": "action",
        "details-1": "",
        "export": "",
        "earlier": "",
        "notice": "",
    },
    "sharing_earlier.html": {},
    "receipt.html": {"download": ""},
    "sharing_grant.html": {"narrow": "action", "resume": "action", "end": "action", "notice": "", "older": ""},
    "home.html": {},
    "mailbox.html": {},
    "sign_up.html": {"email": "email", "send": "", "to-sign-in": ""},
    "mail_code.html": {"code": "code", "go-on": "", "again": ""},
    "phone_code.html": {"code": "code", "go-on": "", "again": ""},
    "sign_up_finish.html": {"password": "password", "terms": "terms", "create": ""},
    "forgotten.html": {"email": "email", "send": "", "to-sign-in": ""},
    "forgotten_finish.html": {"password": "password", "change": ""},
    "forgotten_done.html": {"to-sign-in": ""},
    "account/overview.html": {"apps": "", "partner": "", "confirm-logout": "decision", "cancel-recovery": ""},
    "account/ways.html": {},
    "account/connections.html": {"remove-1": "", "connect-google": ""},
    "account/connect.html": {"connect": "decision", "leave": "decision"},
    "new_here.html": {"have-account": "", "want-account": "", "back": ""},
    "account/passkeys.html": {"enrol": "", "name": "name", "make-passkey": "", "notice": "", "only-passkeys": "action"},
    "account/password.html": {"current": "current", "password": "password", "others": "others", "change": ""},
    "account/email.html": {"email": "email", "send": ""},
    "account/email_finish.html": {"confirm": ""},
    "account/phone.html": {"phone": "phone", "send": "", "remove": "action"},
    "account/phone_finish.html": {"confirm": ""},
    "account/profile.html": {"name": "name", "nickname": "nickname", "language": "language", "save": ""},
    "account/devices.html": {"sign-out-2": "", "sign-out-all": "action", "confirm-logout": "decision"},
    "account/activity.html": {"older": ""},
    "account/data.html": {"download": "", "close-account": ""},
    "account/close.html": {"keep": "", "close": ""},
    "account/closing.html": {},
    "choose_account.html": {"account-1": "account", "another": "account", "forget-2": "forget"},
    "account/come_back.html": {"leave": "decision", "take-back": "decision"},
    "partner/partners.html": {},
    "partner/profile.html": {"status": "", "submit": ""},
    "partner/agreement.html": {},
    "partner/apps.html": {"name": "name", "redirect_uris": "redirect_uris", "register": ""},
    "partner/usage.html": {"days": "days", "app": "app", "show": ""},
    "partner/sandbox.html": {"password": "", "seed": ""},
    "partner/keys.html": {"fetch": ""},
    "partner/webhook.html": {"url": "url", "prove": "action", "test": "action", "again-1": "action"},
    "partner/check.html": {},
    "partner/app.html": {"secret": "", "rotate": "action", "change": "action", "remove": "action"},
}


@each_page
@each_language
def test_stable_ids_and_names(template, language):
    page = render(template, language=language, **every_page()[template])
    assert {name: page.by_id(name).attributes.get("name", "") for name in FIXED[template]} == FIXED[template]


def test_buttons_post_their_decision_to_the_right_place():
    consent = render("consent.html", **every_page()["consent.html"])
    assert consent.all("form", action="/consent")
    assert [consent.by_id(name).attributes["value"] for name in ("allow", "deny")] == ["allow", "deny"]
    for template in ("sign_out.html", "account/overview.html"):
        page = render(template, **every_page()[template])
        assert page.all("form", action="/logout/confirm")
        assert page.by_id("confirm-logout").attributes["value"] == "confirm"
    assert render("sign_in.html", **every_page()["sign_in.html"]).all("form", action="/login")


def test_ending_names_the_one_sharing_that_it_ends():
    page = render("sharing.html", **every_page()["sharing.html"])
    named = [[e.attributes["value"] for e in page.all("input", name=name)] for name in ("client_id", "purpose")]
    assert named == [["tabi-points"] * 2, ["points"] * 2]
    assert page.all("form", action="/account/sharing")


def test_a_page_that_cannot_be_asked_for_again_offers_no_other_language():
    assert render("home.html", **every_page()["home.html"], language_links=[]).all("nav") == []


def test_sign_in_helps_password_managers_and_names_what_went_wrong():
    """WCAG 2.2: 1.3.5 and 3.3.8 (a manager can fill it), 3.3.1 (the error is tied to its fields)."""
    page = render("sign_in.html", **every_page()["sign_in.html"])
    assert page.by_id("username").attributes["autocomplete"] == "username webauthn"
    assert page.by_id("username").attributes["value"] == "hana@example.jp"
    assert page.by_id("password").attributes["autocomplete"] == "current-password"
    assert "value" not in page.by_id("password").attributes
    for name in ("username", "password"):
        described = page.by_id(name).attributes["aria-describedby"]
        assert page.by_id(described).text == "That did not work. Try again."
        assert page.by_id(name).attributes["aria-invalid"] == "true"
    calm = render("sign_in.html", **at_their_barest()["sign_in.html"])
    assert "aria-invalid" not in calm.by_id("username").attributes


# Consent


def test_consent_ticks_only_what_is_needed_and_posts_only_what_is_chosen():
    """A needed field shows its tick and is not posted; nothing optional is ticked beforehand."""
    page = render("consent.html", **consent_values())
    boxes = page.all("input", type="checkbox", name="fields")
    state = [(b.attributes["value"], "checked" in b.attributes, "disabled" in b.attributes) for b in boxes]
    assert state == [("customer_number", True, True), ("prefecture", False, False), ("x", False, False)]


def test_consent_says_who_why_how_long_what_what_not_and_what_if_not():
    page = render("consent.html", **consent_values())
    (body,) = page.all("body")
    text = " ".join(body.text.split())
    for part in (
        "Tabi Points asks for some of your data",
        "Why to credit points for what you buy",
        "For how long 90 days, until 21 February 2027",
        "Tokyo. Not your street",
        "Stay connected while you are away",
        "If you leave a box empty, Tabi Points still works",
        "If you say no, Tabi Points gets nothing",
        "You can end this at any time",
    ):
        assert part in text


def test_consent_without_a_choice_does_not_speak_of_boxes():
    values = consent_values()
    values["fields"] = values["fields"][:1]
    assert "box" not in render("consent.html", **values).html.split("</form>")[0].replace("checkbox", "")


@each_page
def test_what_is_typed_into_a_password_field_can_be_shown(template):
    """ASVS 6.2.6: by a button of its own, which is there once its script is, and says whether it is pressed."""
    page = render(template, **every_page()[template])
    fields = [field.attributes["id"] for field in page.all("input", type="password")]
    buttons = [each for each in page.all("button", type="button") if "data-reveals" in each.attributes]
    assert [each.attributes["data-reveals"] for each in buttons] == fields
    assert all("hidden" in each.attributes and each.attributes["aria-pressed"] == "false" for each in buttons)
    assert bool(fields) == bool(page.all("script", src="/static/reveal.js"))
    assert all(field.attributes["spellcheck"] == "false" for field in page.all("input", type="password"))


def test_refusing_is_the_key_that_is_pressed_by_accident():
    """HTML 4.10.21.2: Enter in a form presses its first submit button, so that button gives nothing away."""
    for template, refusal in (("consent.html", "deny"), ("sign_out.html", "cancel")):
        buttons = render(template, **every_page()[template]).all("button", type="submit")
        assert next(each for each in buttons if each.attributes["id"] != "sign-out").attributes["value"] == refusal


# WCAG 2.2


@each_page
@each_language
def test_structure_that_a_screen_reader_walks(template, language):
    """3.1.1 language, 2.4.2 title, 1.3.1 one heading and landmarks, 4.1.2 every control named, ids unique."""
    for page in every_state(template, language):
        assert [e.attributes["lang"] for e in page.all("html")] == [language]
        (title,), (heading,) = page.all("title"), page.all("h1")
        assert title.text == f"{' '.join(heading.text.split())} · Sekisho"
        assert (len(page.all("main")), len(page.all("header"))) == (1, 1)
        ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
        assert len(ids) == len(set(ids))
        labelled = {e.attributes["for"] for e in page.all("label")}
        controls = [e for e in page.all("input") if e.attributes["type"] != "hidden"]
        controls += page.all("select") + page.all("textarea")
        assert {e.attributes["id"] for e in controls} == labelled
        for e in page.elements:
            assert set(e.attributes.get("aria-describedby", "").split()) <= set(ids)
        assert all(e.text.strip() for e in page.all("button") + page.all("a"))


def test_the_other_language_is_offered_in_its_own_words():
    """3.1.2: whoever cannot read this page can still find the way to one that they can."""
    (link,) = render("home.html", **at_their_barest()["home.html"]).all("a", hreflang="ja")
    assert (link.text, link.attributes["lang"], link.attributes["href"]) == ("日本語", "ja", "/language?to=ja")


@each_page
@each_language
def test_a_page_with_all_it_loads_is_small(template, language):
    """Under 50 kB before any caching, compression not counted."""
    loaded = sum(path.stat().st_size for path in (WEB / "static").iterdir())
    for page in every_state(template, language):
        assert len(page.html.encode()) + loaded < 50_000
