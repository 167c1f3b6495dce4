"""Security activity: written down with its event, sealed, and told at every address that is proved the person's."""

import pytest

from idp.mail import KeptMail
from idp.protocol.activity import UNTOLD, Event, Seen, device_words
from idp.services import Services
from idp.store import activity
from tests.provider.provider import Provider
from tests.store.rows import contents

SEEN = Seen("192.0.2.7", "Firefox, Windows")


@pytest.fixture
def services(provider: Provider) -> Services:
    return provider.services


def account_id(services: Services, username: str = "hana@example.jp") -> str:
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, username)
    assert account is not None
    return account.id


def note(services: Services, event: Event, account: str, **details: str) -> None:
    with services.database.transaction() as connection:
        services.activity.note(connection, account, event, SEEN, services.now, **details)


def mail(services: Services) -> tuple[KeptMail, ...]:
    with services.database.autocommit() as connection:
        return services.mailer.kept(connection, 100)


def test_an_event_is_kept_and_told(services: Services):
    """The newest first, with where it came from and what belongs to it."""
    hana = account_id(services)
    note(services, Event.SIGNED_IN, hana)
    note(services, Event.PASSKEY_ADDED, hana, name="Phone")
    with services.database.autocommit() as connection:
        newest, oldest = activity.latest(connection, services.sealer, hana, 10)
        (before,) = activity.latest(connection, services.sealer, hana, 10, before=newest.id)
    assert (newest.kind, newest.at, newest.seen, newest.details) == (
        Event.PASSKEY_ADDED,
        services.now,
        SEEN,
        {"name": "Phone"},
    )
    assert before == oldest
    (told,) = mail(services)
    assert told.to == "hana@example.jp"
    assert "192.0.2.7" in told.text
    assert "Firefox, Windows" in told.text


@pytest.mark.parametrize("event", Event)
def test_every_event_is_everyday_or_has_a_notice_in_both_languages(shared_provider: Provider, event: Event):
    """A new kind of event without words fails here and not in the night."""
    if event not in UNTOLD:
        values = {"event": event, "device": "", "network": "192.0.2.7"}
        english, japanese = (shared_provider.services.mailer.written("notice", code, **values) for code in ("en", "ja"))
        assert english.subject.isascii()
        assert not japanese.subject.isascii()
        assert all(f"{shared_provider.url}/account" in letter.text for letter in (english, japanese))


def test_no_personal_word_stands_in_a_plain_column(services: Services):
    """Neither in the activity nor in the outbox."""
    note(services, Event.PASSKEY_ADDED, account_id(services), name="Hana's phone")
    rows = contents(services.database)
    for word in ("hana@example.jp", "Hana's phone", "192.0.2.7", "Firefox"):
        assert word not in repr(rows["activity"]) + repr(rows["outbox"])


def test_an_address_that_nobody_proved_is_not_written_to(services: Services):
    """Nor one that is none: the event is kept all the same."""
    hana = account_id(services)
    for profile in ({"email": "hana@example.jp"}, {"email": "a\nBcc: b@example.jp", "email_verified": True}, {}):
        with services.database.transaction() as connection:
            services.accounts.change_profile(connection, hana, profile, services.now)
        note(services, Event.RECOVERED, hana)
    assert mail(services) == ()
    with services.database.autocommit() as connection:
        assert len(activity.latest(connection, services.sealer, hana, 10)) == 3


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Call +1-800-SCAM http://evil.example", ""),
        ("", ""),
    ],
)
def test_a_device_is_named_in_our_words_alone(user_agent: str, words: str):
    """A User-Agent is whatever a stranger writes; it never reaches a letter."""
    assert device_words(user_agent) == words
