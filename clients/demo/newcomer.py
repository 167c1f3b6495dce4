"""Mei, who never was here: from the storefront's sign-in to an account of her own, by the code of a mail."""

import re

from clients.demo.browser import Browser
from clients.demo.journey import Journey, Step, must, must_equal

MEI = "mei@example.jp"
PASSWORD = "tanuki ga odoru yoru"
_CODE = re.compile(r"\b(\d{4}) (\d{4})\b")


def sign_up(journey: Journey) -> str:
    with Browser() as browser, Browser() as mail:
        page = browser.click(browser.open(journey.places.storefront), "sign-in-link")
        page = browser.press(browser.click(page, "sign-up"), "send", email=MEI)
        code = _CODE.search(mail.open(f"{journey.places.provider}/mailbox").source)
        if code is None:
            raise page.lacks("a code in the mail")
        page = browser.press(page, "go-on", code="".join(code.groups()))
        refused = browser.press(page, "create", password="password1234567")
        must(refused.has("password-error"), "a password that everybody uses was taken")
        page = browser.press(refused, "create", password=PASSWORD)
        must(page.url.startswith(journey.places.storefront), f"ended up at {page.url.partition('?')[0]}")
        must_equal(page.text_of("customer-name"), MEI, "the name on the page")
    return f"her address is proved, her first password was refused, and the storefront greets {MEI}"


NEWCOMER: tuple[Step, ...] = (("Mei, who has no account, makes one on the way to the storefront", sign_up),)
