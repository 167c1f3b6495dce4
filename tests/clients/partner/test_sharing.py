"""The partner's app: what it gets of somebody, what it does not and why, and how that ends."""

import pytest

from clients.demo.browser import Browser, Page
from tests.clients.group import KEN, Group

SECRETS_OF_HANA = ("hana@example.jp", "佐藤", "1994", "Shibuya", "150-0002")


def shown(page: Page) -> dict[str, str]:
    """What the partner's page says of each field: a value, or a reason."""
    fields = ("prefecture", "over_20", "email")
    return {
        field: page.text_of(f"{kind}-{field}")
        for field in fields
        for kind in ("value", "reason")
        if page.has(f"{kind}-{field}")
    }


def look_again(group: Group, browser: Browser) -> Page:
    return browser.press(browser.open(group.places.partner), "look-again")


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ((), {"prefecture": "FIELD_NOT_CONSENTED", "over_20": "FIELD_NOT_CONSENTED"}),
        (("prefecture",), {"prefecture": "Tokyo", "over_20": "FIELD_NOT_CONSENTED"}),
        (("prefecture", "over_20"), {"prefecture": "Tokyo", "over_20": "Yes"}),
    ],
)
def test_it_gets_what_was_ticked_and_a_reason_for_the_rest(
    group: Group, hana: Browser, ticks: tuple[str, ...], expected: dict[str, str]
):
    """Request ∧ agreement ∧ consent; the e-mail address is in no agreement, so it is not even offered."""
    asked = group.ask(hana, link="connect")
    assert set(asked.boxes("fields")) == {"prefecture", "over_20"}
    assert "credit points" in asked.source
    page = hana.press(asked, "allow", ticks=ticks)
    assert shown(page) == {**expected, "email": "FIELD_NOT_IN_AGREEMENT"}
    assert [secret for secret in SECRETS_OF_HANA if secret in page.source] == []
    group.end_sharing(hana)


def test_a_minor_is_told_apart_without_a_birthday(group: Group, hana: Browser):
    """Ken is sixteen: the answer is No, and nothing more."""
    page = group.connect(hana, "over_20", person=KEN)
    assert shown(page)["over_20"] == "No"
    assert "2010" not in page.source
    group.end_sharing(hana)


def test_who_says_no_is_left_alone(group: Group, hana: Browser):
    """RFC 6749 4.1.2.1: the partner learns that the answer was no, and nothing else."""
    page = hana.press(group.ask(hana), "deny")
    assert page.has("declined")
    assert hana.open(group.places.partner).has("connect")


def test_it_looks_again_without_asking_again(group: Group, hana: Browser):
    """RFC 6749 6: by its refresh token, which changes every time."""
    group.connect(hana, "prefecture")
    spent = group.session("partner")["refresh_token"]
    page = look_again(group, hana)
    assert page.text_of("looks") == "2"
    assert shown(page)["prefecture"] == "Tokyo"
    assert group.session("partner")["refresh_token"] != spent
    group.end_sharing(hana)


def test_when_she_ends_the_sharing_the_partner_is_refused_and_forgets(group: Group, hana: Browser):
    """The end holds at once, whichever process the partner asks."""
    group.connect(hana, "prefecture")
    group.end_sharing(hana)
    page = look_again(group, hana)
    assert page.has("ended")
    assert "Tokyo" not in page.source
    assert set(group.session("partner")) == {"ended"}


def test_she_can_begin_again_at_once_and_is_asked(group: Group, hana: Browser):
    """Nothing of the ended sharing is taken up unasked, and nothing of its end is held against the new one."""
    group.connect(hana, "prefecture", "over_20")
    for _again in range(5):
        group.end_sharing(hana)
        assert look_again(group, hana).has("ended")
        page = group.connect(hana, "over_20")
        assert shown(page)["over_20"] == "Yes"
        assert shown(page)["prefecture"] == "FIELD_NOT_CONSENTED"
    group.end_sharing(hana)


def test_she_can_choose_anew_and_it_holds_at_once(group: Group, hana: Browser):
    """prompt=consent: a narrower answer replaces a wider one from the very first look."""
    group.connect(hana, "prefecture", "over_20")
    before = group.session("partner")["refresh_token"]
    page = group.connect(hana, "prefecture", link="connect-anew")
    assert shown(page)["over_20"] == "FIELD_NOT_CONSENTED"
    assert shown(look_again(group, hana))["over_20"] == "FIELD_NOT_CONSENTED"
    old = group.token("tabi-points", grant_type="refresh_token", refresh_token=before)
    assert old.json()["error"] == "invalid_grant"
    group.end_sharing(hana)


def test_the_partner_can_end_it_too(group: Group, hana: Browser):
    """RFC 7009: it hands its refresh token back, and forgets."""
    page = group.connect(hana, "prefecture")
    given_back = group.session("partner")["refresh_token"]
    page = hana.press(page, "disconnect")
    assert page.has("connect")
    assert not page.has("ended")
    refused = group.token("tabi-points", grant_type="refresh_token", refresh_token=given_back)
    assert refused.json()["error"] == "invalid_grant"
    group.end_sharing(hana)


def test_it_knows_her_by_a_number_of_its_own(group: Group, hana: Browser):
    """OIDC Core 8.1: pairwise, the same each time, and of no use to anybody else."""
    number = group.connect(hana, "prefecture").text_of("member-number")
    group.end_sharing(hana)
    look_again(group, hana)
    assert group.connect(hana, "prefecture").text_of("member-number") == number
    group.end_sharing(hana)
    assert number != hana.click(hana.open(group.places.storefront), "sign-in-link").text_of("customer-number")
