"""Limits on guessing that lock nobody out (NIST SP 800-63B 5.2.2, ASVS 6.3.1).

The limits of these tests: 5 tries at an account from an address, 50 from an address, 5 from a browser that is known.
"""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.provider.person import Person, hidden
from tests.provider.provider import NO_TLS, Provider
from tests.web.pages import Page
from tests.web.visits import shows

HANA, KEN = "hana@example.jp", "ken@example.jp"
WINDOW = 900
TURNED_AWAY = 429


def guess(provider: Provider, address: str, name: str = HANA, password: str | None = "wrong", device: str = "") -> int:
    """The status of one try from a browser without a history, or with a device cookie; None is the right password."""
    return attempt(provider, address, name, password, device).status_code


def attempt(
    provider: Provider, address: str, name: str = HANA, password: str | None = None, device: str = ""
) -> httpx.Response:
    person = Person(provider, name)
    person.browser.headers["x-forwarded-for"] = address
    if device:
        person.browser.cookies.set("sekisho_device", device, domain="127.0.0.1")
    return person.sign_in(person.browser.get("/login"), password)


def known_device(provider: Provider, address: str, name: str = HANA) -> str:
    """The device cookie of a browser in which somebody has signed in."""
    return attempt(provider, address, name).cookies["sekisho_device"]


def fill(provider: Provider, address: str, tries: int, **device: str) -> None:
    """Use up tries with wrong passwords."""
    assert [guess(provider, address, **device) for _ in range(tries)] == [401] * tries


def test_guessing_ends_after_five_tries(proxied: Provider, home: str):
    """NIST 800-63B 5.2.2: then not even the right password helps from there, and the page says what to do."""
    fill(proxied, home, 5)
    turned_away = attempt(proxied, home)
    assert turned_away.status_code == TURNED_AWAY
    assert "Wait a quarter of an hour" in Page(turned_away.text).by_id("sign-in-error").text
    assert shows(turned_away, "sign-in")
    assert not turned_away.cookies


def test_the_window_ends(proxied: Provider, home: str):
    """NIST 800-63B 5.2.2: after a quarter of an hour the right password opens again, and five tries are free again."""
    fill(proxied, home, 5)
    proxied.clock.forward(WINDOW - 1)
    assert guess(proxied, home) == TURNED_AWAY
    proxied.clock.forward(1)
    fill(proxied, home, 4)
    assert guess(proxied, home, password=None) == 303


def test_a_success_forgets_the_typing_errors_before_it(proxied: Provider, home: str):
    """Whoever finds the right password on the fifth try has five tries the next time too."""
    for _ in range(3):
        fill(proxied, home, 4)
        assert guess(proxied, home, password=None) == 303


def test_another_account_and_another_address_go_on(proxied: Provider, home: str, office: str):
    """No window counts for the account alone: a stranger cannot lock a person out from afar."""
    fill(proxied, home, 5)
    assert guess(proxied, home) == TURNED_AWAY
    assert guess(proxied, office, password=None) == 303
    assert guess(proxied, home, KEN, password=None) == 303


def test_an_attacker_cannot_keep_the_owner_out_from_the_same_address(proxied: Provider, home: str):
    """A browser that signed in before has a window of its own, which others behind the same address cannot fill."""
    device = known_device(proxied, home)
    fill(proxied, home, 5)
    assert guess(proxied, home, password=None) == TURNED_AWAY
    assert guess(proxied, home, password=None, device=device) == 303
    for number in range(45):
        guess(proxied, home, f"somebody-{number}@example.jp")
    assert guess(proxied, home, KEN, password=None) == TURNED_AWAY, "the address is full"
    assert guess(proxied, home, password=None, device=device) == 303


def test_a_known_browser_is_limited_as_well(proxied: Provider, home: str, office: str):
    """A stolen device cookie buys five tries, from whatever address, and takes none from other browsers."""
    device = known_device(proxied, home)
    fill(proxied, home, 3, device=device)
    fill(proxied, office, 2, device=device)
    assert guess(proxied, office, device=device, password=None) == TURNED_AWAY
    assert guess(proxied, office, password=None) == 303


@pytest.mark.parametrize("forged", ["x.y", ".", "\x01", "x" * 5000, "{}x", "x{}"])
def test_a_made_up_device_cookie_is_worth_nothing(proxied: Provider, home: str, office: str, forged: str):
    """Only a cookie that this server signed for this account has a window of its own."""
    device = forged.replace("{}", known_device(proxied, office))
    fill(proxied, home, 5)
    assert guess(proxied, home, device=device, password=None) == TURNED_AWAY


def test_a_device_cookie_of_another_account_is_worth_nothing(proxied: Provider, home: str, office: str):
    """An attacker who has an account cannot use its device cookies, as many as there be, against somebody else."""
    statuses = [guess(proxied, home, device=known_device(proxied, office, KEN)) for _ in range(6)]
    assert statuses == [401] * 5 + [TURNED_AWAY]


def test_an_address_is_limited_over_all_accounts(proxied: Provider, home: str, office: str):
    """ASVS 6.3.1: one password tried on many accounts is guessing too; names that do not exist count as well."""
    assert {guess(proxied, home, f"somebody-{number}@example.jp") for number in range(50)} == {401}
    assert guess(proxied, home, KEN, password=None) == TURNED_AWAY
    assert guess(proxied, office, KEN, password=None) == 303


def test_people_behind_one_address_do_not_keep_each_other_out(proxied: Provider, home: str):
    """Only failures fill the window of an address: an office may sign in as often as it likes."""
    assert {guess(proxied, home, KEN, password=None) for _ in range(51)} == {303}
    assert guess(proxied, home, password=None) == 303


def test_guesses_at_the_same_moment_are_all_counted(provider: Provider):
    """A try is counted before its password is looked at, so thirty at once are thirty: five are looked at."""
    page = Person(provider).browser.get("/login")
    form = {**hidden(page.text), "username": HANA, "password": "wrong"}
    cookies = dict(page.cookies)

    def post(_: int) -> int:
        with httpx.Client(base_url=provider.url, cookies=cookies, timeout=30, verify=NO_TLS) as browser:
            return browser.post("/login", data=form).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(post, range(30)))
    assert statuses == [401] * 5 + [TURNED_AWAY] * 25


def test_no_header_of_the_browser_moves_it_to_another_address(shared_provider: Provider):
    """X-Forwarded-For is believed from trusted proxies only, and none is trusted unless it is set."""
    statuses = [guess(shared_provider, f"203.0.113.{number}") for number in range(6)]
    assert statuses == [401] * 5 + [TURNED_AWAY]


@pytest.mark.parametrize(
    ("forwarded", "last"),
    [
        ("1.1.1.{}, 203.0.113.7", TURNED_AWAY),
        ("198.51.100.7, 127.0.0.1", TURNED_AWAY),
        ("2001:db8:1:2:{}::1", TURNED_AWAY),
        ("2001:db8:2:{}::1", 401),
        ("not an address {}", TURNED_AWAY),
    ],
)
def test_the_nearest_hop_that_is_no_proxy_of_ours_counts(proxied: Provider, forwarded: str, last: int):
    """What a browser wrote before the proxy's own entry is not believed; an IPv6 /64 is one address."""
    statuses = [guess(proxied, forwarded.format(number)) for number in range(6)]
    assert statuses == [401] * 5 + [last]
