"""A bank with an agreement for answers and purchases, and Hana, who has bought a few things."""

from collections.abc import Callable
from typing import Any

import pytest

from idp.admin.apply import apply, read_declarations
from idp.passwords.hashing import Passwords
from idp.services import Services
from idp.store.transactions import Purchase
from tests.provider.apps import App, tokens_for
from tests.provider.person import Person
from tests.provider.provider import NOON, ROOT, Provider
from tests.store.rows import new_id

DAY = 86_400
TODAY = int(NOON)
BANK_FILE = ROOT / "tests" / "provider" / "minato-bank.toml"
QUESTIONS = "over_18 over_20 name_match same_prefecture kyc_level"
BANK = App("minato-bank", "https://bank.example.test/callback", f"openid {QUESTIONS} transactions transactions.amounts")
ALL = ("over_18", "over_20", "name_match", "same_prefecture", "kyc_level", "transactions", "transactions.amounts")
PURCHASES = tuple(
    Purchase(TODAY - days * DAY, shop, category, item, yen)
    for days, shop, category, item, yen in (
        (100, "Tetsudō Bento", "food", "Lunch for the journey", 1_150),
        (59, "Hanaya Tsubaki", "garden", "Camellias", 2_200),
        (30, "Yubin Denki", "home", "Desk lamp", 6_400),
        (20, "Morinaka Books", "books", "Old maps of the Tōkaidō", 3_850),
        (20, "Morinaka Books", "books", "Ink", 900),
        (3, "Kissa Aoi", "food", "Two coffees", 1_280),
        (1, "Sentō Matsu", "leisure", "Eleven visits for ten", 5_200),
    )
)


def account_of(services: Services, username: str = "hana@example.jp") -> str:
    with services.database.autocommit() as connection:
        return services.accounts.find_by_username(connection, username).id


def with_bank(provider: Provider) -> Provider:
    """Declare the bank and what Hana bought; her profile says how well she is known."""
    services = provider.services
    hasher = Passwords(services.settings.sign_in).hash
    changes = apply(services, read_declarations((BANK_FILE,)), hasher, dry_run=False)
    provider.secrets.update({change.id: change.secret for change in changes if change.secret})
    hana = account_of(services)
    with services.database.transaction() as connection:
        services.transactions.replace(connection, hana, PURCHASES)
        profile = services.accounts.find(connection, hana).profile
        known = {**profile, "kyc_level": 2, "name#ja-Kana-JP": "サトウ ハナ"}
        services.accounts.change_profile(connection, hana, known, services.now)
    services.feed.read_now()
    return provider


@pytest.fixture(scope="module")
def bank(shared_provider: Provider) -> Provider:
    return with_bank(shared_provider)


@pytest.fixture
def token(bank: Provider) -> str:
    """Hana agreed to all that the bank asks for."""
    return tokens_for(Person(bank), BANK, prompt="consent", ticks=ALL)["access_token"]


@pytest.fixture
def new_person(bank: Provider) -> Callable[..., tuple[str, str]]:
    """Somebody nobody has asked about yet, by their profile: their token for the bank, and their account."""

    def make(profile: dict[str, Any], ticks: tuple[str, ...] = ALL) -> tuple[str, str]:
        services, username = bank.services, f"{new_id()}@example.jp"
        hasher = Passwords(services.settings.sign_in).hash
        with services.database.transaction() as connection:
            made = services.accounts.create(connection, username, hasher("a pass phrase"), profile, services.now)
        bank.secrets[username] = "a pass phrase"
        person = Person(bank, username)
        return tokens_for(person, BANK, prompt="consent", ticks=ticks)["access_token"], made

    return make


def reach(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
