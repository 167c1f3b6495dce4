"""Mail arrives, whatever dies or is away meanwhile (RFC 5321), and never in the clear (RFC 8314).

On one database each: what the outbox does on the other is told in `tests/store/test_outbox.py`.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask

from idp.app import create_app
from idp.delivery import deliver_due
from idp.services import EXTENSION, Services
from idp.store import outbox
from tests.mail.post import LOGIN, Post, by_post, open_post
from tests.provider.outside import Authority
from tests.provider.provider import Provider, another_process, serve_elsewhere, serve_here
from tests.provider.provider import testing_settings as settings_of
from tests.provider.waiting import eventually
from tests.real.postgres_server import PostgresServer
from tests.store.rows import contents

HANA = "hana@example.jp"
DAY = 86_400


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    """A provider on SQLite."""
    with serve_here(f"sqlite:///{tmp_path / 'sekisho.db'}") as running:
        yield running


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def sends(provider: Provider, post: Post, authority: Authority) -> Callable[..., AbstractContextManager[Flask]]:
    """Makes the application of a provider that sends its mail to that server."""

    def made(tls: str = "starttls", **more: str) -> AbstractContextManager[Flask]:
        return another_process(provider, **by_post(post, authority, tls, **more))

    return made


@pytest.fixture
def services(sends) -> Iterator[Services]:
    with sends() as app:
        yield app.extensions[EXTENSION]


def write(services: Services, to: str = HANA, language: str = "en", device: str = "", **more: int) -> None:
    """Queue a notice as an event of that moment would."""
    with services.database.transaction() as connection:
        values = {"event": "new_device", "device": device, "network": "192.0.2.7"}
        services.mailer.send(connection, to, "notice", language, now=services.now, **more, **values)


def deliver(services: Services) -> int:
    return deliver_due(services, (outbox.MAIL,))


def outcomes(services: Services) -> list[str]:
    rows = sorted(contents(services.database)["outbox"], key=lambda row: row["id"])
    return [row["outcome"] for row in rows if row["over_at"] is not None]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_mail_arrives_once(sends, post: Post, authority: Authority, tls: str):
    """By TLS, from the sender that is set, in Japanese; nothing answers it by itself (RFC 3834)."""
    with open_post(post, authority, tls), sends(tls) as app:
        services = app.extensions[EXTENSION]
        write(services, language="ja", device="Firefox, Windows")
        assert (deliver(services), deliver(services)) == (1, 0)
    (mail,) = post.mails
    assert post.recipients == [HANA]
    assert (mail["From"], mail["To"]) == ("関所 <no-reply@id.example.jp>", HANA)
    assert mail["Subject"] == "アカウントへの新しいログイン"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "ja"
    assert "端末: Firefox, Windows" in mail.get_content()
    assert outcomes(services) == [outbox.DELIVERED]


def test_the_password_may_stand_in_a_file(sends, post: Post, authority: Authority, tmp_path):
    """As secrets of a service are given to it."""
    (tmp_path / "password").write_text(f"{LOGIN[1]}\n")
    login = {"IDP_MAIL__USERNAME": LOGIN[0], "IDP_MAIL__PASSWORD_FILE": str(tmp_path / "password")}
    with open_post(post, authority, wants_login=True), sends(**login) as app:
        write(app.extensions[EXTENSION])
        assert deliver(app.extensions[EXTENSION]) == 1
    assert post.logins == [LOGIN]


def test_nothing_is_said_to_a_server_without_our_certificate(sends, post: Post, authority: Authority):
    """RFC 8314 4: somebody between here and there gets neither mail nor password; the mail waits."""
    login = {"IDP_MAIL__USERNAME": LOGIN[0], "IDP_MAIL__PASSWORD": LOGIN[1], "IDP_MAIL__CA_FILE": ""}
    with open_post(post, authority, wants_login=True), sends(**login) as app:
        write(app.extensions[EXTENSION])
        assert deliver(app.extensions[EXTENSION]) == 0
    assert (post.mails, post.logins, outcomes(app.extensions[EXTENSION])) == ([], [], [])


def test_nothing_is_said_in_the_clear(services: Services, post: Post, authority: Authority):
    """RFC 3207 6: a server that offers no STARTTLS, or had it taken out on the way, gets no mail."""
    write(services)
    with open_post(post, authority, tls="none"):
        assert deliver(services) == 0
    assert (post.mails, outcomes(services)) == ([], [])


def test_mail_outlives_an_outage(provider: Provider, services: Services, post: Post, authority: Authority):
    """While the server is away nine mails cost one try each time, not nine; then all come, each once."""
    for number in range(9):
        write(services, f"hana+{number}@example.jp")
    for _ in range(3):
        deliver(services)
        provider.clock.forward(60)
    tries = [row["tries"] for row in contents(services.database)["outbox"]]
    assert sum(tries) == 3
    with open_post(post, authority):
        assert deliver(services) == 9
    assert sorted(post.recipients) == [f"hana+{number}@example.jp" for number in range(9)]


def test_what_nobody_needs_any_more_is_not_sent(
    provider: Provider, services: Services, post: Post, authority: Authority
):
    """A code whose time was over before the server came back."""
    write(services, keep_trying=600)
    write(services, "ken@example.jp")
    provider.clock.forward(600)
    with open_post(post, authority):
        assert deliver(services) == 1
    assert post.recipients == ["ken@example.jp"]
    assert outcomes(services) == [outbox.EXPIRED, outbox.DELIVERED]


def test_an_address_that_is_refused_for_good_is_not_tried_again(
    provider: Provider, services: Services, post: Post, authority: Authority, caplog: pytest.LogCaptureFixture
):
    """RFC 5321 4.2.1: 5yz is final, 4yz is not; neither holds up anybody else, and no log names the person."""
    post.answer_to_recipient = lambda address: {
        "gone@example.jp": "550 no such user",
        "full@example.jp": "452 full",
    }.get(address, "250 fine")
    for name in ("gone", "full", "hana"):
        write(services, f"{name}@example.jp")
    with open_post(post, authority):
        assert deliver(services) == 1
        post.answer_to_recipient = lambda _address: "250 fine"
        provider.clock.forward(10)
        assert deliver(services) == 1
    assert post.recipients == [HANA, "full@example.jp"]
    assert outcomes(services) == [outbox.REFUSED, outbox.DELIVERED, outbox.DELIVERED]
    assert "example.jp" not in caplog.text


def test_a_mail_whose_answer_was_lost_comes_again_under_its_name(
    provider: Provider, services: Services, post: Post, authority: Authority
):
    """At least once: the server took it and failed before it said so. Mailboxes know it by its Message-ID."""
    post.answer_to_mail = lambda: "451 who knows"
    write(services)
    with open_post(post, authority):
        assert deliver(services) == 0
        post.answer_to_mail = lambda: "250 taken"
        provider.clock.forward(10)
        assert deliver(services) == 1
    first, again = post.mails
    assert first["Message-ID"] == again["Message-ID"]


def test_a_server_that_does_not_answer_is_left_in_time(sends, post: Post, authority: Authority):
    """`mail.timeout` is for the whole exchange, however many answers come slowly."""
    over = threading.Event()

    def slowly(_address: str) -> str:
        over.wait(5)
        return "250 fine"

    post.answer_to_recipient = slowly
    with open_post(post, authority), sends(IDP_MAIL__TIMEOUT="1") as app:
        write(app.extensions[EXTENSION])
        begun = time.monotonic()
        assert deliver(app.extensions[EXTENSION]) == 0
        took = time.monotonic() - begun
        over.set()
    assert took < 4


def test_without_a_server_mail_waits_and_is_given_up(sends, provider: Provider):
    """Nothing breaks, and the operator is told by the log."""
    with sends(IDP_MAIL__HOST="") as app:
        services = app.extensions[EXTENSION]
        write(services)
        assert (deliver(services), outcomes(services)) == (0, [])
        provider.clock.forward(3 * DAY)
        assert (deliver(services), outcomes(services)) == (0, [outbox.EXPIRED])


def test_a_mail_in_the_hands_of_a_killed_server_is_sent_after_its_restart(
    postgres_server: PostgresServer, authority: Authority
):
    """SIGKILL while the mail server thinks: the next server sends it, unasked, once the lease is over."""
    post, reached, over = Post(), threading.Event(), threading.Event()

    def hang(_address: str) -> str:
        reached.set()
        over.wait(20)
        return "250 fine"

    post.answer_to_recipient = hang
    settings = by_post(post, authority, IDP_MAIL__TIMEOUT="1")
    with (
        open_post(post, authority),
        postgres_server.database() as url,
        serve_elsewhere(url, workers=1, **settings) as mortal,
    ):
        app = create_app(settings_of(mortal.database_url, mortal.url, **settings), time.time)
        services = app.extensions[EXTENSION]
        write(services)
        assert reached.wait(20)
        mortal.kill()
        post.answer_to_recipient = lambda _address: "250 fine"
        over.set()
        post.mails.clear()
        mortal.start()
        assert eventually(lambda: len(post.mails) == 1, within=30)
        assert eventually(lambda: outcomes(services) == [outbox.DELIVERED], within=5)
        services.database.engine.dispose()
