"""Signed messages to partners' apps (RFC 8417), from the event to the acknowledgement."""

import httpx
import jwt
import pytest

from idp.data_sharing.messages import TRY_SECONDS
from idp.data_sharing.partner_life import Action, act
from idp.protocol.grants import Initiator, Why
from idp.protocol.partner_events import PartnerEventKind
from idp.store import grants, partner_messages
from tests.partner.conftest import APP
from tests.partner.inbox import Inbox
from tests.provider.apps import App, tokens_for
from tests.provider.operator import declare_clients
from tests.provider.outside import Site
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider
from tests.store.rows import contents

WEEK = 7 * 86_400


def step(provider: Provider, action: Action) -> None:
    services = provider.services
    with services.database.transaction() as connection:
        act(
            connection, services.messages, action, "tabi-points", by="Aiko", reason="a reason of ours", now=services.now
        )


def tell(provider: Provider, kind: PartnerEventKind, once: str = "") -> None:
    """Tell the app of what became of a grant, as the event would."""
    services = provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, "hana@example.jp")
        services.messages.grant(
            connection,
            kind,
            client_id="tabi-server",
            account_id=account.id,
            grant_id="a-grant",
            now=services.now,
            once=once,
        )


def state(provider: Provider) -> str:
    services = provider.services
    with services.database.autocommit() as connection:
        return partner_messages.newest(connection, ["tabi-server"], 1)[0].state(services.now)


def test_an_app_is_told_what_became_of_its_partner_and_not_why(provider: Provider, inbox: Inbox):
    """Suspended and lifted: in that order, signed, about nobody in particular."""
    step(provider, Action.SUSPEND)
    step(provider, Action.LIFT)
    assert inbox.events() == [
        ("partner-suspended", {"partner_id": "tabi-points"}),
        ("partner-resumed", {"partner_id": "tabi-points"}),
    ]
    assert "a reason of ours" not in str(inbox.told)
    assert all("sub_id" not in message for message in inbox.told)


def test_the_end_of_a_grant_is_a_duty_to_delete(provider: Provider, inbox: Inbox):
    """Named as the app knows the person, with the time by which it says that it did."""
    tell(provider, PartnerEventKind.GRANT_REVOKED)
    (ended, duty) = inbox.events()
    assert ended == ("grant-revoked", {"grant_id": "a-grant"})
    assert duty == ("deletion-duty", {"grant_id": "a-grant", "acknowledge_by": provider.services.now + WEEK})
    services = provider.services
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, "hana@example.jp")
    subject = services.sharing.subject(services.find_client("tabi-points"), account.id)
    assert inbox.told[-1]["sub_id"] == {"format": "iss_sub", "iss": provider.url, "sub": subject}
    assert account.id not in str(inbox.told)


def test_a_person_who_ends_a_sharing_ends_it_at_the_partner_too(provider: Provider, inbox: Inbox):
    """From the page to the app: the grant that it holds, by the name that it knows, and when it must be deleted."""
    hana = Person(provider)
    scope = "openid prefecture offline_access"
    tokens = tokens_for(hana, App("tabi-server", "https://tabi.example.test/callback", scope), ticks=("prefecture",))
    subject = jwt.decode(tokens["id_token"], options={"verify_signature": False})["sub"]
    assert inbox.events() == []
    services = provider.services
    with services.database.transaction() as connection:
        account = services.accounts.find_by_username(connection, "hana@example.jp")
        (grant,) = grants.all_alive(connection, account.id, services.now)
        services.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, services.now)
    assert [name for name, _payload in inbox.events()] == ["grant-revoked", "deletion-duty"]
    assert inbox.told[-1]["sub_id"]["sub"] == subject
    assert inbox.told[-1]["events"]["urn:sekisho:event:grant-revoked"] == {"grant_id": grant.id}
    assert "MANUALLY" not in str(inbox.told)


def test_a_message_is_followed_until_it_is_acknowledged(provider: Provider, inbox: Inbox, token: str):
    """Waiting, delivered, overdue, acknowledged: late is better than never, and twice is as good as once."""
    tell(provider, PartnerEventKind.GRANT_REVOKED)
    assert state(provider) == "waiting"
    inbox.events()
    assert state(provider) == "delivered"
    jti = inbox.told[-1]["jti"]
    for _ in range(2):
        answer = inbox.acknowledge(jti, "never-sent", token=token)
        assert (answer.status_code, answer.json()) == (200, {"acknowledged": [jti], "unknown": ["never-sent"]})
        assert state(provider) == "acknowledged"


def test_an_acknowledgement_that_is_late_is_seen(provider: Provider, inbox: Inbox):
    """By the operator, who asks for those that are overdue."""
    tell(provider, PartnerEventKind.GRANT_REVOKED)
    inbox.events()
    services = provider.services
    with services.database.autocommit() as connection:
        assert partner_messages.overdue(connection, services.now, 10) == ()
    provider.clock.forward(WEEK)
    assert state(provider) == "overdue"
    with services.database.autocommit() as connection:
        assert len(partner_messages.overdue(connection, services.now, 10)) == 1


def test_a_message_that_is_to_be_sent_once_is_sent_once(provider: Provider, inbox: Inbox):
    """However often its event is seen."""
    for _ in range(3):
        tell(provider, PartnerEventKind.GRANT_EXPIRING, once="a-grant.expiring")
    assert [name for name, _payload in inbox.events()] == ["grant-expiring"]


def test_what_does_not_happen_is_not_told(provider: Provider, inbox: Inbox):
    """The message stands or falls with the transaction of its event."""
    services = provider.services

    def suspend_and_fail() -> None:
        with services.database.transaction() as connection:
            services.messages.partner(connection, PartnerEventKind.PARTNER_SUSPENDED, "tabi-points", services.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        suspend_and_fail()
    assert inbox.events() == []
    assert contents(services.database)["partner_messages"] == []


def test_an_address_is_sent_nothing_until_it_answers_the_challenge(provider: Provider, outside: Site, inbox: Inbox):
    """A new address of the same app, too; until it does, the one that was proved before is told."""
    silent = Inbox(provider, outside, "tabi-server", "/silent", states=False).open()
    assert silent.prove() == "wrong_answer"
    step(provider, Action.SUSPEND)
    assert (len(inbox.events()), silent.events()) == (1, [])
    assert Inbox(provider, outside, "tabi-server", "/nobody").prove() == "wrong_answer"
    services = provider.services
    app = services.find_client("tabi-server")
    assert Inbox(provider, Site("10.0.0.1", 443, outside.ca_file), "tabi-server").prove() == "refused_address"
    assert Inbox(provider, Site("localhost:x", 1, outside.ca_file), "tabi-server").prove() == "unusable_url"
    assert app is not None


def test_only_the_app_itself_acknowledges(provider: Provider, inbox: Inbox, token: str):
    """RFC 6750: with its own token, of the right scope; another app's messages do not exist for it."""
    tell(provider, PartnerEventKind.GRANT_REVOKED)
    inbox.events()
    jti = inbox.told[-1]["jti"]
    other = provider.token("kaze-ads", grant_type="client_credentials", scope="listings:read").json()["access_token"]
    assert inbox.acknowledge(jti, token=other).json()["error"] == "insufficient_scope"
    assert inbox.acknowledge(jti, token="nonsense").status_code == 401
    assert state(provider) == "delivered"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b'{"acknowledged": ["x"]}'),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"\xff"),
        ("application/json", b'{"acknowledged": []}'),
        ("application/json", b'{"acknowledged": [1]}'),
        ("application/json", b'{"acknowledged": ["' + b"x" * 65 + b'"]}'),
        ("application/json", b'{"acknowledged": ["x"], "acknowledged": ["y"]}'),
    ],
)
def test_what_is_no_list_of_messages_is_refused(provider: Provider, token: str, content_type: str, body: bytes):
    """As JSON, with a sentence; never a 5xx."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
    answer: httpx.Response = HTTP.post(f"{provider.url}/partner/v1/acknowledgements", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# ---- before an app has an address ------------------------------------------------------------------------------------


@pytest.fixture
def closed(provider: Provider, outside: Site) -> Inbox:
    """The address of Tabi's server, which answers but was never proved."""
    declare_clients(provider, APP)
    return Inbox(provider, outside, "tabi-server").open()


def test_what_falls_due_before_an_address_is_proved_is_sent_once_it_is(provider: Provider, closed: Inbox):
    """Written down with its event and seen as waiting; then sent in the order of the events, each once."""
    step(provider, Action.SUSPEND)
    step(provider, Action.LIFT)
    tell(provider, PartnerEventKind.GRANT_REVOKED)
    assert (closed.events(), state(provider)) == ([], "waiting")
    assert closed.prove() == ""
    told = ["partner-suspended", "partner-resumed", "grant-revoked", "deletion-duty"]
    assert [name for name, _payload in closed.events()] == told
    assert state(provider) == "delivered"
    assert closed.prove() == ""
    assert [name for name, _payload in closed.events()] == told


def test_an_address_that_does_not_answer_the_challenge_is_still_told_nothing(
    provider: Provider, outside: Site, closed: Inbox
):
    """Nothing goes to where somebody only says that the app is."""
    tell(provider, PartnerEventKind.GRANT_REVOKED)
    silent = Inbox(provider, outside, "tabi-server", "/silent", states=False).open()
    assert silent.prove() == "wrong_answer"
    provider.clock.forward(3600)
    assert (silent.events(), state(provider)) == ([], "waiting")
    assert closed.prove() == ""
    assert [name for name, _payload in closed.events()] == ["grant-revoked", "deletion-duty"]


def test_a_message_waits_for_an_address_no_longer_than_for_an_answer(provider: Provider, closed: Inbox):
    """Then it is given up, and holds up none that come after it; a duty that nobody took is seen as overdue."""
    tell(provider, PartnerEventKind.GRANT_REVOKED)
    step(provider, Action.SUSPEND)
    provider.clock.forward(TRY_SECONDS)
    assert (closed.events(), state(provider)) == ([], "given_up")
    step(provider, Action.LIFT)
    assert closed.prove() == ""
    assert [name for name, _payload in closed.events()] == ["partner-resumed"]
    provider.clock.forward(WEEK - TRY_SECONDS)
    services = provider.services
    with services.database.autocommit() as connection:
        late = partner_messages.overdue(connection, services.now, 10)
    assert [each.message.kind for each in late] == ["grant-revoked"]


def test_a_trial_message_needs_an_address(provider: Provider, closed: Inbox):
    """It says whether messages arrive, so it never waits."""
    services = provider.services
    with services.database.transaction() as connection:
        assert not services.messages.test(connection, services.find_client("tabi-server"), services.now)
    assert closed.prove() == ""
    assert (closed.events(), contents(services.database)["partner_messages"]) == ([], [])
