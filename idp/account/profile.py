"""What the account holds of its person: names and language, which they may change, and what was checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request

from idp.account.notices import notice, noticed
from idp.account.viewer import Viewer, for_viewer
from idp.data_sharing.overview import held_fields
from idp.services import Services
from idp.web import paths
from idp.web.errors import expired_page
from idp.web.i18n import LANGUAGE_NAMES
from idp.web.pages import gettext as _
from idp.web.pages import render_page
from idp.web.requests import read_form
from idp.web.sessions import csrf_matches, csrf_token

MOST_CHARACTERS = 100
NICKNAME: Final = "nickname"
CHECKED_NAMES: Final = ("family_name", "given_name", "name")
"""Which are the person's to say until somebody looked at their papers (`kyc_level`)."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LABELS: Final[Mapping[str, Callable[[], str]]] = {
    "family_name": lambda: _("Family name"),
    "given_name": lambda: _("Given name"),
    "name": lambda: _("Full name"),
    NICKNAME: lambda: _("Nickname"),
}

blueprint = Blueprint("profile", __name__)


@dataclass(frozen=True, slots=True, repr=False)
class Box:
    """A claim that may be changed (OIDC Core 5.1), and the name by which browsers fill it in (WCAG 2.2: 1.3.5)."""

    id: str
    label: str
    value: str
    autocomplete: str


@dataclass(frozen=True, slots=True, repr=False)
class Reach:
    """An address or number of the person's, and whether it is proved to be theirs."""

    label: str
    value: str
    is_proved: bool


@blueprint.get(paths.PROFILE)
@for_viewer
def profile(services: Services, person: Viewer) -> Response:
    """Show what is held."""
    return _page(services, person, person.account.profile)


@blueprint.post(paths.PROFILE)
@for_viewer
def change_profile(services: Services, person: Viewer) -> Response:
    """Take names and language as they are said now; everything else stays as it is."""
    form = read_form(request)
    if not csrf_matches(services, form.get("csrf", "")):
        raise expired_page(paths.PROFILE)
    said = {claim: " ".join(form.get(claim, "").split()) for claim in own_claims(person.account.profile)}
    if any(len(value) > MOST_CHARACTERS or _CONTROL.search(value) for value in said.values()):
        sentence = _("A name has at most 100 characters that can be read. Shorten it and save again.")
        return _page(services, person, {**person.account.profile, **said}, error=sentence)
    language = form.get("language", "")
    with services.database.transaction() as connection:
        account = services.accounts.hold(connection, person.account.id)
        held = dict(account.profile) if account is not None else {}
        changed = {**held, **said, **_locale(held, language)}
        kept = {claim: value for claim, value in changed.items() if value != ""}
        services.accounts.change_profile(connection, person.account.id, kept, services.now)
    return noticed(paths.PROFILE, "saved")


def own_claims(held: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the claims that are the person's to change: names that were checked against papers are not."""
    level = held.get("kyc_level")
    is_checked = isinstance(level, int) and level > 0
    return (NICKNAME,) if is_checked else (*CHECKED_NAMES, NICKNAME)


def _language(held: Mapping[str, Any]) -> str:
    """Return the language that a profile asks for, "" where it is none of ours."""
    locale = held.get("locale")
    primary = locale.partition("-")[0].lower() if isinstance(locale, str) else ""
    return primary if primary in LANGUAGE_NAMES else ""


def _locale(held: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return the claim to write for a language; nothing where the profile says the same already, in more detail."""
    if language == _language(held) or language not in ("", *LANGUAGE_NAMES):
        return {}
    return {"locale": language}


def _page(services: Services, person: Viewer, shown: Mapping[str, Any], error: str | None = None) -> Response:
    own = own_claims(person.account.profile)
    boxes = [Box(claim, _LABELS[claim](), _text(shown, claim), claim.replace("_", "-")) for claim in own]
    held = held_fields(services.sharing.catalogue, person.account, person.language, services.now)
    elsewhere = {*own, "email", "phone", "locale"}
    return render_page(
        "account/profile.html",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        csrf=csrf_token(services),
        notice=notice(request),
        error=error,
        boxes=boxes,
        languages=LANGUAGE_NAMES,
        chosen=_language(person.account.profile),
        reaches=_reaches(person.account.profile),
        facts=[field for field in held if field.id not in elsewhere],
    )


def _reaches(held: Mapping[str, Any]) -> list[Reach]:
    kinds = (("email", _("E-mail address")), ("phone_number", _("Phone number")))
    return [
        Reach(label, _text(held, claim), held.get(f"{claim}_verified") is True)
        for claim, label in kinds
        if _text(held, claim)
    ]


def _text(held: Mapping[str, Any], claim: str) -> str:
    value = held.get(claim)
    return value if isinstance(value, str) else ""
