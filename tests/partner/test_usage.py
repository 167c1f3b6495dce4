"""What a partner sees of its use of the agreement: counted from the audit log, in codes that it may know."""

import pytest

from idp.partner.usage import usage_of
from idp.store.audit import audit_entries
from idp.store.partner_entries import READ_BATCH
from tests.partner.console import AGREEMENT, Member, agree_on, found, words
from tests.provider.apps import TABI, TABI_PHONE, tokens_for
from tests.provider.operator import declare_clients
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.web.pages import Page
from tests.web.visits import signed_in

QUARTER = 91 * 86_400


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    return shared_provider


def cells(page: Page, name: str) -> str:
    """What stands in one table of the page."""
    text = words(page)
    headings = {
        "by-field": "Fields that went out",
        "withheld": "Fields that stayed here",
        "by-day": "Answers with data",
    }
    start = text.index(headings[name])
    following = [text.index(each) for each in headings.values() if text.index(each) > start]
    return text[start : min(following, default=len(text))]


def read(provider: Provider, *ticks: str) -> None:
    """Let Hana share with Tabi, which reads what it was given."""
    given = tokens_for(Person(provider), TABI, ticks=ticks, prompt="consent")
    HTTP.get(f"{provider.url}/userinfo", headers={"Authorization": f"Bearer {given['access_token']}"})


def test_what_went_out_is_counted_and_what_stayed_has_its_reason(provider: Provider):
    """By day, purpose and field; the reason as partners are told it."""
    member = Member.of(provider, "tabi-points")
    assert "Nothing in this time." in words(member.see("/usage"))
    read(provider, "prefecture")
    page = member.see("/usage")
    assert "points.credit prefecture" in cells(page, "by-field")
    assert "over_20" not in cells(page, "by-field")
    assert "FIELD_NOT_CONSENTED" in cells(page, "withheld")
    assert "2026-11-18 points.credit" in cells(page, "by-day")
    assert "Not used for 90 days" not in words(page), "the agreement is younger"


def test_the_address_chooses_days_and_app(provider: Provider):
    """Look, consoles: filtered by URL; what is no choice is the usual one."""
    member = Member.of(provider, "tabi-points")
    read(provider, "prefecture")
    assert "prefecture" in cells(member.see("/usage", app=TABI.client_id), "by-field")
    assert "prefecture" not in cells(member.see("/usage", app=TABI_PHONE.client_id), "by-field")
    provider.clock.forward(8 * 86_400)
    signed_in(member.person)
    assert "prefecture" not in cells(member.see("/usage", days="7"), "by-field")
    assert "prefecture" in cells(member.see("/usage", days="30"), "by-field")
    for nonsense in ("-1", "1000000", "x", "7 "):
        chosen = [each for each in member.see("/usage", days=nonsense).all("option") if "selected" in each.attributes]
        assert [each.text for each in chosen] == ["30"]


def test_any_number_is_counted(provider: Provider):
    """More than are read at a time."""
    member = Member.of(provider, "tabi-points")
    read(provider, "prefecture")
    services = provider.services
    with services.database.transaction() as connection:
        disclosed = audit_entries.select().where(audit_entries.c.disclosed_at.is_not(None))
        entry = connection.execute(disclosed.order_by(audit_entries.c.id.desc())).mappings().first()
        again = {name: entry[name] for name in ("leaf", "grant_id", "disclosed_at")}
        connection.execute(audit_entries.insert(), [again] * (2 * READ_BATCH))
    usage = usage_of(services, [TABI.client_id], 30)
    assert usage.disclosures > 2 * READ_BATCH
    assert str(max(count for _day, _purpose, count in usage.days)) in cells(member.see("/usage"), "by-day")


def test_nothing_of_another_partner_is_counted(provider: Provider):
    """Not even by naming its app."""
    read(provider, "prefecture")
    other = Member.of(provider)
    text = words(other.see("/usage", app=TABI.client_id))
    assert text.count("Nothing in this time.") == 3


def test_a_field_that_nobody_used_for_a_quarter_is_proposed_for_removal(provider: Provider):
    """Least privilege from the log of disclosures: what is used stays."""
    member = Member.of(provider, "tabi-points")
    provider.clock.forward(QUARTER)
    signed_in(member.person)
    read(provider, "prefecture")
    text = words(member.see("/usage"))
    assert "Not used for 90 days" in text
    assert "points.credit · over_20" in text
    assert "points.credit · prefecture" not in text


def test_the_rate_is_shown_as_far_as_it_is_used(provider: Provider):
    """RFC 6585 4: before it is used up."""
    partner_id = found(provider, agreed=False)
    rate = {"requests": 100, "seconds": 60}
    agree_on(provider, partner_id, {"points.credit": {**AGREEMENT["purposes"]["points.credit"], "rate": rate}})
    app = {"client_id": f"app-of-{partner_id}", "kind": "third_party", "partner_id": partner_id, "name": "App"}
    declare_clients(provider, {**app, "auth_method": "client_secret_basic"})
    services = provider.services
    client = services.find_client(app["client_id"])
    for _ in range(3):
        services.sharing.admit(client, "somebody", "points.credit", services.now)
    member = Member.of(provider, partner_id)
    assert "3 of 100 in 60 seconds" in words(member.see("/usage"))
    provider.clock.forward(61)
    assert "0 of 100 in 60 seconds" in words(member.see("/usage"))
