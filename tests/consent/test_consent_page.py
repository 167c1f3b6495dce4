"""The consent page: who asks, why, until when, for what exactly (data-sharing rules; OIDC Core 3.1.2.4)."""

from datetime import UTC, datetime

import httpx
import pytest

from tests.provider.apps import KAZE, TABI, App
from tests.provider.person import Person, hidden
from tests.provider.provider import Provider
from tests.web.pages import Page
from tests.web.visits import (
    answer,
    answers,
    claims_of,
    decide,
    end_sharing,
    error_code,
    flow_of,
    follow,
    signed_in,
    visit,
)

DAYS_90 = 90 * 86_400
KEN = "ken@example.jp"


@pytest.fixture
def member(shared_provider: Provider) -> Person:
    """Hana, signed in, who shares nothing with Tabi Points."""
    hana = signed_in(Person(shared_provider))
    end_sharing(hana, TABI, "points.credit")
    return hana


def boxes(page: Page) -> dict[str, str]:
    """The fields that can be chosen, each with what the page says about it."""
    found = {}
    for box in page.all("input", type="checkbox"):
        (label,) = page.all("label", **{"for": box.attributes["id"]})
        found[box.attributes["value"]] = f"{label.text.strip()} | {page.by_id(box.attributes['aria-describedby']).text}"
    return found


def released(person: Person, app: App, response: httpx.Response) -> dict[str, object]:
    """What userinfo says with the code that a redirect carries."""
    tokens = person.exchange(app.client_id, app.redirect_uri, answer(response)["code"]).json()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    claims: dict[str, object] = person.browser.get("/userinfo", headers=bearer).json()
    return claims


def test_the_page_says_who_why_until_when_and_what(member: Person):
    """Informed consent: the app and its site, the purpose, the last day, and each field with the person's own value."""
    response = visit(member, TABI, prompt="consent")
    page = Page(response.text)
    until = datetime.fromtimestamp(member.provider.clock.now + DAYS_90, UTC)
    assert page.all("h1")[0].text == "Tabi Points asks for some of your data"
    assert page.all("a", href="https://tabi.example")[0].text == "tabi.example"
    assert "to credit points for what you buy" in response.text
    assert f"90 days, until <bdi>{until.day} {until:%B %Y}</bdi>" in response.text
    assert boxes(page) == {
        "prefecture": "Prefecture part of your address | Tokyo. Not your street or postcode",
        "over_20": "Whether you are 20 or over answer only | Yes. Not your date of birth",
    }
    assert "Stay connected while you are away" in response.text


def test_what_the_agreement_does_not_hold_is_not_even_asked_for(member: Person):
    """Data minimisation: the app asks for an e-mail address, its partner has no agreement about it, nobody is asked."""
    page = visit(member, TABI, prompt="consent")
    assert "email" not in boxes(Page(page.text))
    assert "E-mail address" not in page.text
    assert "email" not in released(member, TABI, decide(member, page, "email", "prefecture"))


def test_nothing_is_ticked_beforehand(member: Person):
    """GDPR recital 32, APPI guidelines: silence or pre-ticked boxes are no consent, a no stands beside the yes."""
    page = Page(visit(member, TABI, prompt="consent").text)
    assert [box for box in page.all("input", type="checkbox") if "checked" in box.attributes] == []
    assert page.by_id("deny").text == "Don’t share"
    assert page.by_id("allow").text == "Share"


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ((), {}),
        (("prefecture",), {"prefecture": "Tokyo"}),
        (("over_20",), {"over_20": True}),
        (("prefecture", "over_20"), {"prefecture": "Tokyo", "over_20": True}),
        (("over_20", "over_20"), {"over_20": True}),
    ],
)
def test_what_is_ticked_goes_out_and_nothing_else(member: Person, ticks: tuple[str, ...], expected: dict):
    """G1: released = request ∧ agreement ∧ consent; the answer that counts is the last one."""
    claims = released(member, TABI, decide(member, visit(member, TABI, prompt="consent"), *ticks))
    assert {name: claims[name] for name in ("prefecture", "over_20") if name in claims} == expected
    reasons = claims.get("withheld", {})
    assert {reasons.get(name) for name in {"prefecture", "over_20"} - set(expected)} <= {"FIELD_NOT_CONSENTED"}


@pytest.mark.parametrize(
    "forged", ["address", "birthdate", "email", "Prefecture", "prefecture ", "*", "", "\x01", "x" * 9000, "' OR 1"]
)
def test_a_field_beyond_the_offer_is_never_granted(member: Person, forged: str):
    """A form is only a form: what was not offered cannot be agreed to, whoever writes it into the answer."""
    page = visit(member, TABI, prompt="consent", scope="openid prefecture offline_access")
    claims = released(member, TABI, decide(member, page, forged, "over_20"))
    assert set(claims) <= {"sub", "withheld"}
    asked_again = released(member, TABI, visit(member, TABI, scope="openid prefecture offline_access"))
    assert set(asked_again) <= {"sub", "withheld"}


def test_a_needed_field_goes_along_with_a_yes_and_says_so(member: Person):
    """A field without which the service does not work is ticked and fixed, and comes with Allow even unsent."""
    response = visit(member, KAZE, prompt="consent", scope="openid email gender purpose:marketing.news")
    (box,) = Page(response.text).all("input", type="checkbox")
    assert box.attributes["value"] == "email"
    assert {"checked", "disabled"} <= set(box.attributes)
    assert boxes(Page(response.text)) == {"email": "E-mail address needed | hana@example.jp"}
    assert "90 days" in response.text, "the agreement allows 180, nobody asked for them"
    claims = released(member, KAZE, decide(member, response))
    assert claims["email"] == "hana@example.jp"
    assert claims["withheld"] == {"gender": "FIELD_NOT_IN_AGREEMENT"}


def test_a_no_gives_nothing_and_is_not_held_against_anybody(member: Person):
    """RFC 6749 4.1.2.1: access_denied; next time the person is asked afresh."""
    ken = signed_in(Person(member.provider, KEN))
    refused = answer(decide(ken, visit(ken, TABI), "prefecture", decision="deny"))
    assert refused["error"] == "access_denied"
    assert "code" not in refused
    assert boxes(Page(visit(ken, TABI).text))
    assert ken.browser.get("/account/sharing").text.count("Tabi Points") == 0


@pytest.mark.parametrize("decision", ["", "maybe", "ALLOW", None])
def test_an_answer_that_is_neither_yes_nor_no_changes_nothing(member: Person, decision: str | None):
    """Only the two buttons decide; anything else leads back to the page."""
    page = visit(member, TABI, prompt="consent")
    form = {**hidden(page.text), **({} if decision is None else {"decision": decision})}
    response = member.browser.post("/consent", data=form)
    assert error_code(response) == "page_expired"
    way_on = Page(response.text).by_id("continue").attributes["href"]
    assert boxes(Page(member.browser.get(way_on).text))


def test_whoever_is_signed_out_meanwhile_is_led_to_the_sign_in(shared_provider: Provider):
    """A session that ended while the page was open: nothing is agreed, and the way leads on."""
    hana = signed_in(Person(shared_provider))
    page = visit(hana, TABI, prompt="consent")
    hana.browser.post("/logout/confirm", data={**hidden(hana.browser.get("/logout").text), "decision": "confirm"})
    response = hana.browser.post("/consent", data=answers(page, "prefecture"))
    assert error_code(response) == "flow_over"
    assert Page(response.text).by_id("continue").attributes["href"] == "https://tabi.example"


def test_before_anybody_is_signed_in_the_page_shows_nothing(shared_provider: Provider):
    """The page belongs to a person: without one it shows no value and no offer, only the way to the sign-in."""
    visitor = Person(shared_provider)
    flow = flow_of(visit(visitor, TABI))
    response = visitor.browser.get(f"/consent?flow={flow}")
    assert error_code(response) == "page_expired"
    assert "Tokyo" not in response.text
    way_on = Page(response.text).by_id("continue").attributes["href"]
    assert follow(visitor, visitor.browser.get(way_on)).url.path == "/login"


def test_what_the_account_does_not_hold_is_said(provider: Provider):
    """A field without a value is no empty line: the person reads that there is nothing to share of it yet."""
    services = provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, KEN)
        services.accounts.change_profile(connection, account.id, {"email": KEN}, services.now)
    services.feed.read_now()
    ken = signed_in(Person(provider, KEN))
    response = visit(ken, TABI)
    assert [text.partition(" | ")[2] for text in boxes(Page(response.text)).values()] == [
        "Not in your account yet. Not your street or postcode",
        "Not in your account yet. Not your date of birth",
    ]
    assert "prefecture" not in released(ken, TABI, decide(ken, response, "prefecture"))


def test_in_japanese(member: Person):
    """The whole page speaks the person's language, values and dates included."""
    response = visit(member, TABI, prompt="consent", ui_locales="ja-JP en")
    page = Page(response.text)
    until = datetime.fromtimestamp(member.provider.clock.now + DAYS_90, UTC)
    assert page.all("html")[0].attributes["lang"] == "ja"
    assert page.all("h1")[0].text == "Tabi Pointsが、あなたのデータの一部を求めています"
    assert "お買いもののポイントをつけるため" in response.text
    assert f"90日間（<bdi>{until.year}年{until.month}月{until.day}日</bdi>まで）" in response.text
    assert boxes(page) == {
        "prefecture": "都道府県 ご住所の一部 | Tokyo。市区町村や番地、郵便番号は渡しません",
        "over_20": "20歳以上かどうか はい・いいえだけ | はい。生年月日は渡しません",
    }
    assert page.by_id("allow").text == "共有する"


def test_without_a_purpose_there_is_nothing_to_tick(member: Person):
    """A partner that does not say which of its purposes it asks for may ask who somebody is, and nothing of theirs."""
    response = visit(member, KAZE, scope="openid email")
    assert boxes(Page(response.text)) == {}
    assert Page(response.text).all("h1")[0].text == "Kaze Ads asks to know you"
    claims = released(member, KAZE, decide(member, response, "email"))
    assert claims.pop("sub")
    assert "email" not in claims


def test_the_partner_knows_the_person_by_a_name_of_its_own(member: Person):
    """OIDC Core 8.1: the subject of a third party is pairwise, and the same each time."""
    subjects = set()
    for _ in range(2):
        code = answer(decide(member, visit(member, TABI, prompt="consent")))["code"]
        tokens = member.exchange(TABI.client_id, TABI.redirect_uri, code).json()
        subjects.add(claims_of(tokens["id_token"])["sub"])
    assert len(subjects) == 1
