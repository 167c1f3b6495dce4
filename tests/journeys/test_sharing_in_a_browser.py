"""A person looks after what they share, in real Chromium, without scripts: pause, take out, read, keep, end."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person
from tests.provider.provider import HTTP, Provider

HANA = "hana@example.jp"


@pytest.fixture
def page(chromium: Browser, shared_provider: Provider) -> Iterator[Page]:
    """Hana's list of sharings on a phone that runs no scripts."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640}, locale="en-GB")
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{shared_provider.url}/login")
    page.fill("#username", HANA)
    page.fill("#password", shared_provider.secrets[HANA])
    page.click("#sign-in")
    page.goto(f"{shared_provider.url}/account/sharing")
    yield page
    context.close()


@pytest.fixture
def tokens(shared_provider: Provider, page: Page) -> dict[str, str]:
    """What Tabi Points holds, now that she shares two things with it."""
    hana = Person(shared_provider)
    hana.browser.timeout = 60  # the first pages of a provider take their time on a machine that does other things too
    tokens: dict[str, str] = tokens_for(hana, TABI, ticks=("prefecture", "over_20"))
    page.reload()
    return tokens


def shared(provider: Provider, tokens: dict[str, str]) -> set[str]:
    """What the partner gets now."""
    provider.services.feed.read_now()
    answer = HTTP.get(f"{provider.url}/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    return set(answer.json()) & {"prefecture", "over_20"} if answer.status_code == 200 else set()


def test_pause_take_out_and_end(shared_provider: Provider, page: Page, tokens: dict[str, str]):
    """What each press does shows at once, in two open windows too, and reaches the partner."""
    assert shared(shared_provider, tokens) == {"prefecture", "over_20"}
    page.click("#pause-1")
    expect(page.locator("#notice")).to_have_text("Paused. Nothing goes out until you resume it.")
    assert shared(shared_provider, tokens) == set()
    page.click("#details-1")
    page.click("#resume")
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_label("Prefecture").uncheck()
    page.click("#narrow")
    expect(page.locator("main")).to_contain_text("Not shared: Prefecture")
    other.click("#narrow")  # a window that still shows the prefecture as ticked
    expect(other.locator("#notice")).to_contain_text("Nothing was changed")
    assert shared(shared_provider, tokens) == {"over_20"}
    page.get_by_text("Stop sharing …").click()
    page.click("#end")
    expect(page.locator("#notice")).to_have_text("The sharing has ended. Nothing more goes out.")
    assert shared(shared_provider, tokens) == set()
    page.get_by_role("link", name="Apps and partners").click()
    expect(page.locator("main")).to_contain_text("You share nothing with anybody at present")
    page.click("#earlier")
    expect(page.locator("main")).to_contain_text("You ended it")


def test_receipts_and_proofs_are_kept_as_files(shared_provider: Provider, page: Page, tokens: dict[str, str]):
    """From the history of the sharing."""
    shared(shared_provider, tokens)
    page.click("#details-1")
    with page.expect_download() as kept:
        page.get_by_role("link", name="Proof").first.click()
    assert kept.value.suggested_filename.startswith("disclosure-")
    page.get_by_role("link", name="Receipt").first.click()
    expect(page.locator("h1")).to_have_text("Receipt")
    with page.expect_download() as kept:
        page.click("#download")
    assert kept.value.suggested_filename.endswith(".jws")


def test_leaving_all_sharing_and_coming_back(shared_provider: Provider, page: Page):
    """Said before it is done, and taken back by one press."""
    page.get_by_text("Share nothing with anybody …").click()
    page.click("#opt-out")
    expect(page.locator("main")).to_contain_text("Nobody gets any of your data")
    page.click("#opt-in")
    expect(page.locator("#notice")).to_have_text("You can share again. What was held goes on as before.")
    with page.expect_download() as kept:
        page.click("#export")
    assert kept.value.suggested_filename == "sharing.json"
