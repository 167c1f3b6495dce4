"""Security activity: everything that happens to an account stands there in words, the newest first, none left out."""

import re

from idp.account.activity import WORDS
from idp.protocol.activity import Event, Seen
from tests.account.people import account_id, newcomer
from tests.provider.provider import Provider
from tests.web.pages import Page


def test_every_kind_of_event_has_words():
    """A new one is not left out of what its person reads."""
    assert WORDS.keys() == set(Event)


def test_the_history_goes_on_page_by_page_without_a_gap(shared_provider: Provider):
    """With what the person called the thing, and from where; a place that is none is the beginning."""
    mio, services = newcomer(shared_provider), shared_provider.services
    with services.database.transaction() as connection:
        for number in range(70):
            seen = Seen("203.0.113.7", "Firefox, Linux")
            services.activity.note(
                connection, account_id(mio), Event.PASSKEY_REMOVED, seen, services.now, name=f"key {number}."
            )
    told: list[str] = []
    path: str | None = "/account/activity"
    while path is not None:
        page = Page(mio.browser.get(path).text)
        told += [" ".join(each.text.split()) for each in page.all("li")]
        path = next((e.attributes["href"] for e in page.all("a", id="older")), None)
    removed = [line for line in told if "A passkey was removed" in line]
    assert [re.search(r"key (\d+)\.", line)[1] for line in removed] == [str(number) for number in reversed(range(70))]
    assert removed[0].endswith("Firefox, Linux · 203.0.113.7")
    for before in ("x", "-1", "", "9" * 30):
        page = Page(mio.browser.get("/account/activity", params={"before": before}).text)
        assert "key 69." in page.all("li")[0].text
