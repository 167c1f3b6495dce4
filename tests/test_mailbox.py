"""The mailbox page of demos: what would have been sent, and only where a setting says so."""

import pytest

from idp.settings import SettingsError
from tests.provider.mail import mail_of
from tests.provider.provider import HTTP, Provider, another_process
from tests.provider.provider import testing_settings as settings_of

HOSTILE = '<script>alert(1)</script>" onmouseover="x'


def write_to(provider: Provider, address: str, device: str = "") -> None:
    services = provider.services
    with services.database.transaction() as connection:
        values = {"event": "new_device", "device": device, "network": "192.0.2.7"}
        services.mailer.send(connection, address, "notice", "en", now=services.now, **values)


def test_it_shows_what_would_have_been_sent(provider: Provider):
    """The newest first, with links that work and nothing that runs."""
    write_to(provider, "first@example.jp")
    write_to(provider, "second@example.jp", HOSTILE)
    page = HTTP.get(f"{provider.url}/mailbox").text
    assert page.index("second@example.jp") < page.index("first@example.jp")
    assert f'<a href="{provider.url}/account"' in page
    assert "<script>alert" not in page
    assert [mail.to for mail in mail_of(provider)] == ["second@example.jp", "first@example.jp"]


def test_there_is_none_unless_it_is_set(provider: Provider):
    """Off by default, as in production."""
    with another_process(provider, IDP_MAIL__MAILBOX="false") as app:
        assert app.test_client().get("/mailbox").status_code == 404


@pytest.mark.parametrize("mail", [{"IDP_ISSUER": "https://id.example.jp"}, {"IDP_MAIL__HOST": "smtp.example.jp"}])
def test_no_server_shows_the_world_everybodys_mail(mail: dict[str, str]):
    """Only one on this machine, or of a test, and none that sends mail."""
    with pytest.raises(SettingsError, match="everybody's mail"):
        settings_of("sqlite:///x.db", "http://127.0.0.1", **mail)
