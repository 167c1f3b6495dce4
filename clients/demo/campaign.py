"""The campaign: people agree to offers, a segment counts them and never too few, one leaves before the next send."""

from typing import Any

import requests

from clients.demo.browser import Browser, Page
from clients.demo.journey import Journey, Step, must, must_equal

ADULTS = ("hana@example.jp", "yuki@example.jp", "sora@example.jp", "rin@example.jp")
MINOR = "ken@example.jp"
LEAVES = "yuki@example.jp"
TOKYO = {"prefecture": "Tokyo", "over_20": True}
TIMEOUT_SECONDS = 20


def people_join(journey: Journey) -> str:
    for person in ADULTS:
        with Browser() as browser:
            page = _asked(journey, browser, person)
            must_equal(page.boxes("fields"), {"prefecture": False, "over_20": False}, "boxes")
            page = browser.press(page, "allow", ticks=("prefecture", "over_20"))
            journey.numbers.add(page.text_of("number"))
    must_equal(len(journey.numbers), len(ADULTS), "numbers of their own")
    return f"{len(ADULTS)} people share prefecture and whether they are 20 or over, for offers and nothing else"


def a_minor_is_not_asked(journey: Journey) -> str:
    with Browser() as browser:
        page = _asked(journey, browser, MINOR)
        must_equal(page.boxes("fields"), {}, "boxes for somebody of sixteen")
        browser.press(page, "allow")
    return "Ken is sixteen: nothing of his is offered to an advertiser, whatever he would say"


def count_a_segment(journey: Journey) -> str:
    must_equal(_desk(journey, "segments", 200, where=TOKYO)["people"], len(ADULTS), "people in Tokyo")
    return f"{len(ADULTS)} people: a number, no names; each of them is an entry in the log"


def refuse_a_small_segment(journey: Journey) -> str:
    answer = _desk(journey, "segments", 200, where={**TOKYO, "prefecture": "Osaka"})
    must_equal(answer["people"], None, "people in Osaka")
    answer = _desk(journey, "campaigns/osaka/sends", 409, where={**TOKYO, "prefecture": "Osaka"})
    must_equal(answer["error"], "too_few_people", "error")
    return "fewer than three are not spoken of, not even that there is nobody"


def refuse_other_programs(journey: Journey) -> str:
    issued = journey.post_as("settlement", "token_endpoint", grant_type="client_credentials").json()["access_token"]
    answer = _post(f"{journey.places.marketing}/segments", issued, {"where": TOKYO})
    must_equal(answer.status_code, 401, "status for a token that was made for the payments service")
    return "401: guard lets in tokens for this service alone"


def send_once(journey: Journey) -> str:
    answer = _desk(journey, "campaigns/autumn/sends", 201, where=TOKYO)
    must_equal(answer, {"written_to": len(ADULTS), "left_since": 0}, "the first send")
    return "to all four, by numbers of this campaign; the desk keeps no other"


def one_leaves(journey: Journey) -> str:
    with Browser() as browser:
        page = _signed_in(journey, browser, f"{journey.places.provider}/account/sharing", LEAVES)
        must("Kaze Ads" in page.text_of("partner-1"), "the advertiser is not on the page")
        page = browser.press(page, "end-1")
        must(not page.has("partner-1"), "the advertiser is still on the page")
    return "Yuki ends it in the middle of the campaign"


def send_again(journey: Journey) -> str:
    answer = _desk(journey, "campaigns/autumn/sends", 201, where=TOKYO)
    must_equal(answer, {"written_to": len(ADULTS) - 1, "left_since": 1}, "the second send")
    return "the next send goes to three: Yuki is not among them"


CAMPAIGN: tuple[Step, ...] = (
    ("Four people join Kaze Ads, who choose offers", people_join),
    ("A minor asks to join", a_minor_is_not_asked),
    ("The campaign desk counts a segment", count_a_segment),
    ("... and one that is too small", refuse_a_small_segment),
    ("... and refuses a program with another service's token", refuse_other_programs),
    ("The campaign goes out", send_once),
    ("Somebody leaves", one_leaves),
    ("The campaign goes out once more", send_again),
)


def _asked(journey: Journey, browser: Browser, person: str) -> Page:
    """Press Join, sign in, and stop where Sekisho asks."""
    page = browser.click(browser.open(journey.places.marketing), "join")
    return browser.press(page, "sign-in", username=person, password=journey.secrets[person])


def _signed_in(journey: Journey, browser: Browser, url: str, person: str) -> Page:
    page = browser.open(url)
    browser.press(page, "sign-in", username=person, password=journey.secrets[person])
    return browser.open(url)


def _desk(journey: Journey, path: str, status: int, **question: object) -> dict[str, Any]:
    """Ask the campaign desk, as the marketing team's program does."""
    issued = journey.post_as("campaigns", "token_endpoint", grant_type="client_credentials").json()["access_token"]
    answer = _post(f"{journey.places.marketing}/{path}", issued, question)
    must_equal(answer.status_code, status, "status")
    told: dict[str, Any] = answer.json()
    return told


def _post(url: str, token: str, question: dict[str, object]) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this machine and itself
        bearer = {"Authorization": f"Bearer {token}"}
        return session.post(url, json=question, headers=bearer, timeout=TIMEOUT_SECONDS)
