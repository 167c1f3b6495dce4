"""The main journey: Hana signs in, a service checks a token, a partner gets a part of her data, she ends it."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from clients.demo.browser import Page
from clients.demo.campaign import CAMPAIGN
from clients.demo.journey import Journey, Step, must, must_equal
from clients.demo.newcomer import NEWCOMER

HANA = "hana@example.jp"
NAME = "佐藤 花"
PREFECTURE = "Tokyo"
NEVER_FOR_PARTNERS = (HANA, NAME, "1994", "Shibuya", "150-0002")
"""What Hana did not share: her address of e-mail, name, birthday, town and postcode."""

BOUND_SECONDS = 2.0
"""Within this, every process of the provider knows of a revocation; it promises one second."""
TOLD_WITHIN = 15.0
"""Within this, a message has arrived at the partner."""


def find_the_provider(journey: Journey) -> str:
    issuer = journey.places.provider
    journey.endpoints = journey.get(f"{issuer}/.well-known/openid-configuration").json()
    must_equal(journey.endpoints["issuer"], issuer, "issuer")
    keys = journey.get(journey.endpoints["jwks_uri"]).json()["keys"]
    must(keys, "no keys are published")
    must(not any("d" in key for key in keys), "a private key is published")
    return f"by discovery, at {issuer}; {len(keys)} public keys"


def sign_in(journey: Journey) -> str:
    page = journey.browser.open(journey.places.storefront)
    page = journey.browser.click(page, "sign-in-link")
    page = journey.browser.press(page, "sign-in", username=HANA, password=journey.secrets[HANA])
    must(page.url.startswith(journey.places.storefront), f"ended up at {page.url.partition('?')[0]}")
    must_equal(page.text_of("customer-name"), NAME, "the name on the page")
    journey.customer_number = page.text_of("customer-number")
    return f"she is back, and the storefront greets {NAME}"


def read_payments(journey: Journey) -> str:
    page = journey.browser.open(journey.places.storefront)
    page = journey.browser.click(page, "payments-link")
    must_equal(page.status, 200, "status")
    must("¥" in page.text_of("payments"), "no payment on the page")
    return "with a token made for that service alone, which it validates offline"


def refuse_no_token(journey: Journey) -> str:
    answer = journey.get(f"{journey.places.payments}/payments")
    must_equal(answer.status_code, 401, "status")
    must(answer.headers["WWW-Authenticate"].startswith("Bearer "), "no challenge")
    must("error=" not in answer.headers["WWW-Authenticate"], "an error code where no token was sent")
    return "401, and what to bring"


def refuse_missing_scope(journey: Journey) -> str:
    issued = journey.post_as("settlement", "token_endpoint", grant_type="client_credentials")
    journey.settlement_token = issued.json()["access_token"]
    answer = journey.get(f"{journey.places.payments}/payments", journey.settlement_token)
    must_equal(answer.status_code, 403, "status")
    must_equal(answer.json()["error"], "insufficient_scope", "error")
    return "403 insufficient_scope: it may settle payments, not read them"


def refuse_forged_token(journey: Journey) -> str:
    header, payload, signature = journey.settlement_token.split(".")
    changed = payload[:20] + ("A" if payload[20] != "A" else "B") + payload[21:]
    answer = journey.get(f"{journey.places.payments}/payments", f"{header}.{changed}.{signature}")
    must_equal(answer.status_code, 401, "status")
    must_equal(answer.json()["error"], "invalid_token", "error")
    return "401 invalid_token: the signature does not hold"


def ask_as_partner(journey: Journey) -> str:
    page = _connect(journey)
    must(page.has("allow") and page.has("deny"), "no consent page")
    must_equal(page.boxes("fields"), {"prefecture": False, "over_20": False}, "boxes")
    return "the page offers what the agreement allows, nothing ticked; the e-mail address is not even offered"


def share_a_part(journey: Journey) -> str:
    page = journey.browser.press(_connect(journey), "allow", ticks=("prefecture",))
    journey.partner_code = _code_in(page)
    must_equal(page.text_of("value-prefecture"), PREFECTURE, "prefecture")
    return f"the partner learns: {PREFECTURE}"


def withhold_the_rest(journey: Journey) -> str:
    page = journey.browser.open(journey.places.partner)
    must_equal(page.text_of("reason-email"), "FIELD_NOT_IN_AGREEMENT", "reason for e-mail")
    must_equal(page.text_of("reason-over_20"), "FIELD_NOT_CONSENTED", "reason for over_20")
    leaked = [text for text in NEVER_FOR_PARTNERS if text in page.source]
    must(not leaked, f"the partner knows {leaked}")
    return "e-mail: FIELD_NOT_IN_AGREEMENT; 20 or over: FIELD_NOT_CONSENTED"


def tell_the_partner_another_name(journey: Journey) -> str:
    number = journey.browser.open(journey.places.partner).text_of("member-number")
    must(number and number != journey.customer_number, "both know her by the same number")
    return "two companies cannot put together what they know"


def refresh(journey: Journey) -> str:
    page = _look_again(journey)
    must_equal(page.text_of("looks"), "2", "times looked")
    must_equal(page.text_of("value-prefecture"), PREFECTURE, "prefecture")
    return "decided anew, with the same outcome; the refresh token was swapped for a new one"


def replay_the_code(journey: Journey) -> str:
    answer = journey.post_as(
        "tabi-points",
        "token_endpoint",
        grant_type="authorization_code",
        code=journey.partner_code,
        redirect_uri=f"{journey.places.partner}/callback",
        code_verifier="a-thief-does-not-have-the-proof-of-the-request",
    )
    must_equal(answer.json().get("error"), "invalid_grant", "error")
    page = _look_again(journey)
    must(page.has("ended"), "the tokens that came of the code still work")
    return "refused, and every token that ever came of that code is dead"


def connect_again(journey: Journey) -> str:
    page = _connect(journey)
    must_equal(page.text_of("value-prefecture"), PREFECTURE, "prefecture")
    must_equal(page.text_of("reason-over_20"), "FIELD_NOT_CONSENTED", "reason for over_20")
    return "no question this time: her answer is remembered, for as long as the consent lasts"


def introspect(journey: Journey) -> str:
    active = journey.post_as("payments", "introspection_endpoint", token=journey.settlement_token).json()
    must(active["active"], "a good token is said to be dead")
    must_equal(active["scope"], "payments:settle", "scope")
    journey.post_as("settlement", "revocation_endpoint", token=journey.settlement_token).raise_for_status()
    deadline = time.monotonic() + BOUND_SECONDS
    while journey.post_as("payments", "introspection_endpoint", token=journey.settlement_token).json()["active"]:
        must(time.monotonic() < deadline, "a revoked token is still said to be alive")
    return "alive, with its scope; once revoked: not active"


def take_something_out(journey: Journey) -> str:
    page = journey.browser.open(f"{journey.places.provider}/account/sharing")
    page = journey.browser.click(page, "details-1")
    must_equal(page.boxes("fields"), {"prefecture": True}, "boxes")
    journey.browser.press(page, "narrow", unticks=("prefecture",))
    page = _until(lambda: journey.browser.open(journey.places.partner), lambda page: page.has("reason-prefecture"))
    must_equal(page.text_of("reason-prefecture"), "FIELD_NOT_CONSENTED", "reason for prefecture")
    must(PREFECTURE not in _look_again(journey).source, "the partner still gets her prefecture")
    return "a signed message has the partner look: it gets her prefecture no more"


def end_the_sharing(journey: Journey) -> str:
    page = journey.browser.open(f"{journey.places.provider}/account/sharing")
    must("Tabi Points" in page.text_of("partner-1"), "the partner is not on the page")
    page = journey.browser.press(page, "end-1")
    must(not page.has("partner-1"), "the partner is still on the page")
    return "in two clicks, on her page of apps and partners"


def tell_the_partner(journey: Journey) -> str:
    page = _until(lambda: journey.browser.open(journey.places.partner), lambda page: page.has("ended"))
    must(page.has("told"), "the partner was not told")
    return "by a signed message, which it verifies and acknowledges; its tokens are dead, and it forgets her"


def say_no(journey: Journey) -> str:
    page = _connect(journey)
    must(page.has("allow"), "she was not asked again")
    page = journey.browser.press(page, "deny")
    must(page.has("declined"), "the partner does not know that she said no")
    return "she is asked anew, says no, and the partner gets nothing"


def sign_out(journey: Journey) -> str:
    page = journey.browser.open(journey.places.storefront)
    page = journey.browser.press(page, "sign-out")
    must(page.has("signed-out"), "she is not back at the storefront")
    page = journey.browser.open(f"{journey.places.provider}/account/sharing")
    must(page.has("sign-in"), "she is still signed in at the provider")
    page = journey.browser.open(f"{journey.places.storefront}/payments")
    must(page.has("sign-in-link"), "the storefront still shows her payments")
    return "at the storefront and at the provider in one go"


STEPS: tuple[Step, ...] = (
    ("The apps find the provider", find_the_provider),
    ("Hana signs in to the storefront", sign_in),
    ("The storefront reads her payments", read_payments),
    ("The payments service refuses whoever brings no token", refuse_no_token),
    ("... and a good token without the scope", refuse_missing_scope),
    ("... and a token that was changed", refuse_forged_token),
    ("Tabi Points, a partner, asks for some of her data", ask_as_partner),
    ("Hana ticks her prefecture and nothing else", share_a_part),
    ("What she did not share stays here, each with a reason", withhold_the_rest),
    ("The partner knows her by a number of its own", tell_the_partner_another_name),
    ("The partner refreshes", refresh),
    ("A thief redeems the partner's code once more", replay_the_code),
    ("Hana connects the partner again", connect_again),
    ("The payments service asks whether a token is alive", introspect),
    ("Hana takes her prefecture out of what she shares", take_something_out),
    ("Hana ends the sharing", end_the_sharing),
    ("The partner is told", tell_the_partner),
    ("The partner asks once more", say_no),
    ("Hana signs out", sign_out),
    *NEWCOMER,
    *CAMPAIGN,
)


def _connect(journey: Journey) -> Page:
    """Press the partner's button to connect, and stop at the first page that wants an answer."""
    page = journey.browser.open(journey.places.partner)
    return journey.browser.click(page, "connect")


def _until(look: Callable[[], Page], holds: Callable[[Page], bool]) -> Page:
    """Look again and again until something holds, or what is sent must have arrived."""
    deadline = time.monotonic() + TOLD_WITHIN
    page = look()
    while not holds(page) and time.monotonic() < deadline:
        page = look()
    return page


def _look_again(journey: Journey) -> Page:
    """Have the partner refresh and read Hana's data anew."""
    page = journey.browser.open(journey.places.partner)
    return journey.browser.press(page, "look-again")


def _code_in(page: Page) -> str:
    """The code that came with the redirect to the app, as it stays behind in the browser's history."""
    codes = [code for url in page.came_by for code in parse_qs(urlsplit(url).query).get("code", [])]
    must(len(codes) == 1, f"no code came back: {page.url.partition('?')[0]} answered {page.status}")
    return codes[0]
