"""A plain HTTP user agent: cookies, redirects, links and forms, all found by the ids that the pages promise to keep."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import requests

TIMEOUT_SECONDS = 20
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})


class PageError(Exception):
    """A page does not have what somebody wanted to press or read there."""


@dataclass(slots=True)
class Control:
    """Something in a form that has a name and a value."""

    tag: str
    kind: str
    id: str
    name: str
    value: str
    checked: bool
    disabled: bool


@dataclass(slots=True)
class Form:
    """A form and its controls."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)


class Page(HTMLParser):
    """What came back, read as HTML."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.url = response.url
        self.status = response.status_code
        self.came_by = [step.url for step in response.history]
        self.source = response.text
        self.forms: list[Form] = []
        self._links: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(self.source)
        self.close()

    def has(self, id_: str) -> bool:
        return id_ in self._texts

    def text_of(self, id_: str) -> str:
        """The text of an element, without the space around it."""
        if id_ not in self._texts:
            raise self.lacks(f"#{id_}")
        return " ".join(self._texts[id_].split())

    def link(self, id_: str) -> str:
        if id_ not in self._links:
            raise self.lacks(f"the link #{id_}")
        return urljoin(self.url, self._links[id_])

    def form_of(self, button: str) -> Form:
        """The form that a button submits."""
        for form in self.forms:
            if any(control.id == button for control in form.controls):
                return form
        raise self.lacks(f"the button #{button}")

    def boxes(self, name: str) -> dict[str, bool]:
        """The boxes of a name that can be ticked, and whether each is."""
        controls = (control for form in self.forms for control in form.controls)
        return {
            control.value: control.checked for control in controls if (control.kind, control.name) == ("checkbox", name)
        }

    def lacks(self, what: str) -> PageError:
        return PageError(f"{self.url.partition('?')[0]} answered {self.status} and lacks {what}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        id_ = attributes.get("id", "")
        if id_:
            self._texts[id_] = ""
        if tag == "a":
            self._links[id_] = attributes.get("href", "")
        if tag == "form":
            self.forms.append(Form(attributes.get("action", ""), attributes.get("method", "get").lower()))
        if tag in ("input", "button") and self.forms:
            self.forms[-1].controls.append(_control(tag, attributes))
        if tag not in _VOID:
            self._open.append((tag, id_))

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in (name for name, _id in self._open):
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        for _tag, id_ in self._open:
            if id_:
                self._texts[id_] += data


def _control(tag: str, attributes: dict[str, str]) -> Control:
    return Control(
        tag=tag,
        kind=attributes.get("type", "text" if tag == "input" else "submit"),
        id=attributes.get("id", ""),
        name=attributes.get("name", ""),
        value=attributes.get("value", "on" if attributes.get("type") == "checkbox" else ""),
        checked="checked" in attributes,
        disabled="disabled" in attributes,
    )


class Browser:
    """One person's browser: one jar of cookies, and the page that it shows."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between this machine and itself

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._session.close()

    def open(self, url: str) -> Page:
        """Go to an address and wherever it redirects."""
        return Page(self._session.get(url, timeout=TIMEOUT_SECONDS))

    def click(self, page: Page, link: str) -> Page:
        return self.open(page.link(link))

    def press(
        self, page: Page, button: str, *, ticks: tuple[str, ...] = (), unticks: tuple[str, ...] = (), **typed: str
    ) -> Page:
        """Fill in a button's form with what is typed, tick and untick boxes by their values, and press the button."""
        form = page.form_of(button)
        boxes = [
            replace(control, checked=control.checked and control.value not in unticks) for control in form.controls
        ]
        filled = [_filled(control, button, ticks, typed) for control in boxes]
        data = [pair for pair in filled if pair is not None]
        missing = {*typed} - {name for name, _value in data} | {*ticks} - {value for _name, value in data}
        if missing:
            raise page.lacks(f"a place for {min(missing)}")
        target = urljoin(page.url, form.action)
        return Page(self._session.request(form.method, target, data=data, timeout=TIMEOUT_SECONDS))


def _filled(control: Control, button: str, ticks: tuple[str, ...], typed: dict[str, str]) -> tuple[str, str] | None:
    """What a control sends (HTML 4.10.21.4), or None for one that sends nothing."""
    is_other_button = control.kind in ("submit", "button") and control.id != button
    is_empty_box = control.kind == "checkbox" and not control.checked and control.value not in ticks
    if control.disabled or not control.name or is_other_button or is_empty_box:
        return None
    return control.name, typed.get(control.name, control.value)
