"""The made-up people of a partner's sandbox: one for each case that an app has to stand (data-sharing model 4.4).

They are accounts and grants like everybody's, made by what makes those of people: nothing about a decision, a token or
a message knows that they were made up but for whom they may meet.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from idp.data_sharing import Circumstances, SharingDataError
from idp.data_sharing.agreement_life import terms_in_force
from idp.protocol.asked import Asked
from idp.protocol.authentication import ACR_PASSWORD
from idp.protocol.claims_request import ClaimsRequest
from idp.protocol.grants import Initiator, Why
from idp.protocol.names import PURPOSE_PREFIX
from idp.protocol.secrets import new_identifier, new_secret
from idp.services import Services
from idp.store import clients
from idp.store.accounts import ACTIVE, Account
from idp.store.clients import Client
from idp.store.database import Connection
from idp.store.grants import Answer, Grant
from idp.store.partners import StoredPartner

PASSWORD_CHARACTERS = 24
DAY = 86_400
ADULT_AGE, MINOR_AGE = 32, 15


class Case(StrEnum):
    """What an app has to stand. The names are part of how these people sign in."""

    ADULT = "adult"
    REVOKED = "revoked"
    MINOR = "minor"
    RESTRICTED = "restricted"
    EXPIRED = "expired"
    OPTED_OUT = "opted-out"


class SandboxError(SharingDataError):
    """The sandbox cannot be filled; the message says why."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One made-up person, and whether they are there already."""

    case: Case
    username: str
    is_there: bool


def username_of(partner_id: str, case: Case) -> str:
    """Return how a made-up person signs in: an address that nobody has (RFC 2606)."""
    return f"{case}@{partner_id}.sandbox.example"


def people(services: Services, partner_id: str) -> tuple[MadeUp, ...]:
    """Return the made-up people of a partner."""
    with services.database.autocommit() as connection:
        return tuple(
            MadeUp(case, username_of(partner_id, case), _find(services, connection, partner_id, case) is not None)
            for case in Case
        )


def seed(services: Services, partner: StoredPartner, hash_password: Callable[[str], str]) -> str:
    """Make every case anew, for every app of the sandbox, and return the one password that all of them have.

    Whatever they shared before is ended, so that the same cases stand there however often this is done.

    Raises:
        SandboxError: where the partner has no sandbox, or somebody else has a name that is needed.
    """
    if partner.status not in ("sandbox", "production"):
        raise SandboxError(f"partner {partner.id} is {partner.status}; a sandbox takes one that was approved for it")
    password = new_secret(services.random)[:PASSWORD_CHARACTERS]
    hashed = hash_password(password)
    with services.database.transaction() as connection:
        accounts = {case: _person(services, connection, partner.id, case, hashed) for case in Case}
        apps = [app for app in clients.of_partner(connection, partner.id) if app.is_sandbox and app.status == ACTIVE]
    services.feed.read_now()  # what they were before is forgotten, or they would not be asked
    with services.database.transaction() as connection:
        for app in apps:
            for asked in _everything(services, partner, app):
                _share(services, connection, app, accounts, asked)
        services.sharing.restrict(connection, accounts[Case.RESTRICTED].id, services.now, restricted=True)
        services.sharing.opt_out(connection, accounts[Case.OPTED_OUT].id, services.now)
    return password


def _find(services: Services, connection: Connection, partner_id: str, case: Case) -> Account | None:
    found = services.accounts.find_by_username(connection, username_of(partner_id, case))
    return found if found is not None and found.sandbox_of == partner_id else None


def _person(services: Services, connection: Connection, partner_id: str, case: Case, hashed: str) -> Account:
    """Return a made-up person as they are before anything happened to them."""
    now, username = services.now, username_of(partner_id, case)
    profile = _profile(case, username, now)
    services.accounts.create(connection, username, hashed, profile, now, sandbox_of=partner_id)
    account = _find(services, connection, partner_id, case)
    if account is None:
        raise SandboxError(f"somebody else signs in as {username}")
    services.accounts.change_password(connection, account.id, hashed, now)
    services.accounts.change_profile(connection, account.id, profile, now)
    services.accounts.change_status(connection, account.id, ACTIVE, now)
    services.sharing.restrict(connection, account.id, now, restricted=False)
    services.sharing.opt_in(connection, account.id, now)
    services.sharing.end_all(connection, account.id, Initiator.PLATFORM, Why.REPLACED, now)
    services.session_end.end_all(connection, account.id, now)
    return replace(account, profile=profile, password_hash=hashed, restricted_at=None, opted_out_at=None)


def _profile(case: Case, username: str, now: int) -> Mapping[str, Any]:
    """Return claims of OIDC Core 5.1 that are nobody's."""
    age = MINOR_AGE if case is Case.MINOR else ADULT_AGE
    return {
        "name": f"見本 {case}",
        "given_name": case.value,
        "family_name": "見本",
        "email": username,
        "email_verified": True,
        "birthdate": f"{datetime.fromtimestamp(now, UTC).year - age}-01-01",
        "zoneinfo": "Asia/Tokyo",
        "locale": "ja-JP",
        "address": {"country": "JP", "region": "Tokyo", "postal_code": "100-0000", "street_address": "0-0-0"},
    }


def _everything(services: Services, partner: StoredPartner, app: Client) -> Iterator[Asked]:
    """Yield for each purpose of the agreement a request for all that an app may ask for."""
    agreement = terms_in_force(partner, services.sharing.catalogue)
    for purpose in agreement.purposes if agreement is not None else ():
        yield services.sharing.asked(app, (*app.scopes, f"{PURPOSE_PREFIX}{purpose}"), None, ClaimsRequest())


def _share(
    services: Services, connection: Connection, app: Client, accounts: Mapping[Case, Account], asked: Asked
) -> None:
    """Let those share of whom a case says so, as if they had said yes on the page; and end it where it says that."""
    now, sharing = services.now, services.sharing
    for case in (Case.REVOKED, Case.RESTRICTED, Case.EXPIRED, Case.OPTED_OUT):
        answer = _yes(services, app, accounts[case], asked)
        if case is Case.EXPIRED:
            answer = _earlier(answer, answer.expires_at - now + DAY)
        given = sharing.give(connection, answer, answer.created_at)
        if given is None:
            continue
        if case is Case.REVOKED:
            sharing.end(connection, given, Initiator.USER, Why.USER_REVOKED, now)
        if case is Case.EXPIRED:
            sharing.expire(connection, given, now)


def _yes(services: Services, app: Client, account: Account, asked: Asked) -> Grant:
    """Return the grant of somebody who ticks everything."""
    circumstances = Circumstances(grant_id=new_identifier(services.random), locale="ja", acr=ACR_PASSWORD)
    offer = services.sharing.offer(app, account, asked, circumstances.locale, services.now)
    ticked = frozenset(line.id for line in offer.fields)
    return services.sharing.agree(app, account, asked, ticked, circumstances, services.now)


def _earlier(grant: Grant, seconds: int) -> Grant:
    """Return a grant as if all of it had happened that long ago."""

    def moved(answers: Mapping[str, Answer]) -> dict[str, Answer]:
        return {
            name: Answer(answer.agreed, answer.at - seconds, answer.until - seconds) for name, answer in answers.items()
        }

    return replace(
        grant,
        fields=moved(grant.fields),
        scopes=moved(grant.scopes),
        created_at=grant.created_at - seconds,
        changed_at=grant.changed_at - seconds,
        expires_at=grant.expires_at - seconds,
    )
