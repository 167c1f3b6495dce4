"""The demo's user agent does with a form what a browser does, and can press only what is there (HTML 4.10.21)."""

from collections.abc import Iterator

import pytest
from flask import Flask, request

from clients.demo.browser import Browser, PageError
from clients.webapp.serving import serve_beside
from tests.provider.provider import free_port

PAGE = """
<p id="outer">All <b id="inner">of</b> it<br>&amp; more</p>
<a id="elsewhere" href="/echo?by=link">go</a>
<form method="post" action="/echo">
  <input type="hidden" name="csrf" value="a&quot;b">
  <input id="name" name="name" value="before">
  <input type="checkbox" name="fields" value="one">
  <input type="checkbox" name="fields" value="two" checked>
  <input type="checkbox" name="fields" value="three" checked disabled>
  <button id="no" name="decision" value="no" type="submit">No</button>
  <button id="yes" name="decision" value="yes" type="submit">Yes</button>
</form>
"""


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    app = Flask("form")

    @app.get("/")
    def form() -> str:
        return PAGE

    @app.route("/echo", methods=["GET", "POST"])
    def echo() -> str:
        return f'<pre id="sent">{sorted(request.values.items(multi=True))}'

    url = f"http://127.0.0.1:{free_port()}"
    with serve_beside(app, url):
        yield url


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


def test_it_reads_text_by_id(browser: Browser, page_url: str):
    """Also across elements within."""
    page = browser.open(page_url)
    assert page.text_of("outer") == "All of it& more"
    assert page.text_of("inner") == "of"


def test_it_sends_what_a_browser_sends(browser: Browser, page_url: str):
    """The pressed button and no other, ticked boxes, nothing that is disabled."""
    page = browser.press(browser.open(page_url), "yes", ticks=("one",), name="after")
    sent = [("csrf", 'a"b'), ("decision", "yes"), ("fields", "one"), ("fields", "two"), ("name", "after")]
    assert page.text_of("sent") == str(sent)


def test_it_follows_links(browser: Browser, page_url: str):
    """Relative to the page."""
    page = browser.open(page_url)
    assert browser.click(page, "elsewhere").text_of("sent") == "[('by', 'link')]"


@pytest.mark.parametrize(
    "act",
    [
        lambda browser, page: browser.press(page, "maybe"),
        lambda browser, page: browser.press(page, "yes", ticks=("four",)),
        lambda browser, page: browser.press(page, "yes", ticks=("three",)),
        lambda browser, page: browser.press(page, "yes", surname="Mori"),
        lambda browser, page: browser.click(page, "nowhere"),
        lambda browser, page: page.text_of("nothing"),
    ],
)
def test_it_cannot_do_what_a_person_could_not(browser: Browser, page_url: str, act):
    """No button, box, field or link that is not on the page, and no box that is disabled."""
    with pytest.raises(PageError, match="lacks"):
        act(browser, browser.open(page_url))


def test_it_names_the_boxes_that_can_be_ticked(browser: Browser, page_url: str):
    """With what is ticked already."""
    assert browser.open(page_url).boxes("fields") == {"one": False, "two": True, "three": True}
