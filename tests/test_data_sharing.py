"""Data sharing with a real database: what goes out is request ∧ agreement ∧ consent, whatever each of them says (G1).

The expectation is worked out here from the drawn world; only the disclosure order of fields is the catalogue's own.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.data_sharing import Circumstances, DataSharing
from idp.data_sharing.disguises import Disguises
from idp.data_sharing.messages import PartnerMessages
from idp.data_sharing.policy_documents import catalogue_of
from idp.data_sharing.policy_in_force import PolicyInForce
from idp.protocol.asked import Asked
from idp.protocol.audit import Surface
from idp.protocol.grants import Initiator, Status, Why
from idp.protocol.names import AuthMethod, ClientKind
from idp.store import clients, grants, partners
from idp.store.accounts import Accounts
from idp.store.audit import AuditLog
from idp.store.changes import ChangeFeed
from idp.store.clients import Client
from idp.store.database import Database
from idp.store.grants import Answer, Grant
from idp.store.partners import PartnerDetails
from idp.store.sealing import Sealer
from policies.derive import claims_for
from tests.real.postgres_server import PostgresServer
from tests.sharing.written import SHARES_EVERYTHING, put_in_force
from tests.store.rows import DAY, NOW, new_id, opened, randomness

CATALOGUE = catalogue_of(SHARES_EVERYTHING)
EXAMINED = PartnerDetails(tier="restricted")
FIELDS = sorted(CATALOGUE.known)
SCOPES = sorted(CATALOGUE.scopes)
PURPOSE = "points.credit"
PURPOSES = [PURPOSE, "service", "marketing.news"]
"""The second is the wider one that the first is part of."""
PROFILE = {
    "name": "佐藤 花",
    "given_name": "花",
    "nickname": "hana",
    "email": "hana@example.jp",
    "email_verified": True,
    "phone_number": "+81 90 1234 5678",
    "gender": "female",
    "birthdate": "1994-05-17",
    "locale": "ja-JP",
    "address": {"region": "Tokyo", "locality": "Shibuya", "postal_code": "150-0002"},
}
TODAY = date(2026, 11, 18)
"""NOW, in UTC."""


@dataclass
class Office:
    """Data sharing over one database, with what writes into it."""

    database: Database
    accounts: Accounts
    sharing: DataSharing


def an_office(database: Database, key: bytes = bytes(32)) -> Office:
    sealer = Sealer(bytes(range(32)), randomness)
    accounts = Accounts(sealer, randomness)
    feed = ChangeFeed(database, interval=0)
    audit_log = AuditLog(sealer, randomness)
    pairwise = Disguises(key, key, "relay.test")
    messages = PartnerMessages("https://id.example", sealer, randomness, pairwise, bytes.decode)
    put_in_force(database, SHARES_EVERYTHING)
    policy = PolicyInForce(database, feed)
    sharing = DataSharing(policy, database, accounts, audit_log, feed, pairwise, messages, randomness)
    return Office(database, accounts, sharing)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Office]:
    if request.param == "sqlite":
        with opened(f"sqlite:///{tmp_path_factory.mktemp('sharing') / 'store.db'}") as database:
            yield an_office(database)
        return
    with postgres_server.database() as url, opened(url) as database:
        yield an_office(database)


# ---- random worlds ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """What was asked, agreed and consented to. A consent is Hana's for this app and purpose, or a neighbour's."""

    asked: Asked
    agreed: Mapping[str, tuple[str, ...]]
    consents: tuple[Grant, ...]
    only: tuple[str, ...] | None = None
    partner_status: str = "active"
    agreement_status: str = "active"
    effective_at: int = NOW - DAY
    expires_at: int = NOW + DAY
    max_days: int = 2
    account_status: str = "active"


def a_consent(who: str, app: str, purpose: str, ticked: tuple[str, ...], **other: object) -> Grant:
    at, until = other.pop("created_at", NOW - DAY), other.pop("expires_at", NOW + DAY)
    fields = {field: Answer(True, at, until) for field in ticked}
    scopes = {"openid": Answer(True, at, until)}
    return Grant("", who, app, purpose, scopes, fields, at, until, **{"agreement_version": 1, **other})


fields = st.frozensets(st.sampled_from(FIELDS), max_size=len(FIELDS))
few_left_out = st.sets(st.sampled_from(FIELDS), max_size=5).map(lambda left_out: tuple(sorted({*FIELDS} - left_out)))
some_fields = few_left_out | fields.map(sorted).map(tuple)
neighbours = sorted(set(product(["hana", "ken"], ["app", "other app"], PURPOSES)) - {("hana", "app", PURPOSE)})


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world in which nothing but its fields stands against a release, whatever the neighbours agreed to."""
    whose = [("hana", "app", PURPOSE), *draw(st.lists(st.sampled_from(neighbours), unique=True))]
    return World(
        asked=Asked(
            scopes=tuple(draw(st.lists(st.sampled_from(["openid", *SCOPES]), unique=True))),
            purpose=PURPOSE,
            fields=draw(some_fields),
        ),
        agreed={**draw(st.dictionaries(st.sampled_from(PURPOSES), some_fields)), PURPOSE: draw(some_fields)},
        consents=tuple(a_consent(*who, draw(some_fields)) for who in whose),
        only=draw(st.none() | some_fields),
    )


def an_app(partner_id: str, kind: ClientKind = ClientKind.THIRD_PARTY) -> Client:
    return Client(client_id=new_id(), kind=kind, name="An app", auth_method=AuthMethod.NONE, partner_id=partner_id)


def write_down(office: Office, world: World) -> tuple[Client, str]:
    """Store a world under names of its own; return the app that asks and the person asked about."""
    partner_id = f"p-{new_id().lower().strip('-_')}"
    apps = {"app": an_app(partner_id), "other app": an_app(partner_id)}
    agreement = {
        "id": "an-agreement",
        "version": 1,
        "partner_id": partner_id,
        "status": world.agreement_status,
        "effective_at": world.effective_at,
        "expires_at": world.expires_at,
        "purposes": {
            purpose: {"max_days": world.max_days, "fields": {field: {"required": False} for field in agreed}}
            for purpose, agreed in world.agreed.items()
        },
    }
    with office.database.transaction() as connection:
        people = {
            name: str(office.accounts.create(connection, f"{name} {new_id()}", "a hash", PROFILE, NOW))
            for name in ("hana", "ken")
        }
        office.accounts.change_status(connection, people["hana"], world.account_status, NOW)
        for app in apps.values():
            clients.save(connection, app, NOW)
        partners.save(connection, partner_id, "A partner", world.partner_status, NOW, EXAMINED)
        partners.save_agreement(connection, partner_id, json.dumps(agreement), NOW)
        for consent in world.consents:
            whose = {"account_id": people[consent.account_id], "client_id": apps[consent.client_id].client_id}
            grants.add(connection, replace(consent, **whose, id=new_id()))
    return apps["app"], people["hana"]


def requested(world: World) -> frozenset[str]:
    wanted = CATALOGUE.fields_for_scopes(world.asked.scopes) | set(world.asked.fields)
    return frozenset(wanted if world.only is None else wanted & set(world.only))


def expected(world: World) -> frozenset[str]:
    """The fields that may go out: asked for, agreed for this very purpose, ticked by this very person."""
    agreed, ticked = (CATALOGUE.closure_down(held) for held in (world.agreed[PURPOSE], list(world.consents[0].fields)))
    return requested(world) & agreed & ticked


# ---- what goes out ---------------------------------------------------------------------------------------------------


@given(world=worlds())
def test_what_goes_out_is_asked_for_and_agreed_and_consented_to(office: Office, world: World):
    """G1: nothing more and nothing less, with a reason for each field that stays."""
    app, account_id = write_down(office, world)
    released = office.sharing.release(app, account_id, world.asked, NOW, Surface.USERINFO, world.only)
    going_out = expected(world)
    assert released.claims == claims_for(CATALOGUE, going_out, PROFILE, TODAY)
    assert set(released.withheld) == requested(world) - going_out
    assert set(released.withheld.values()) <= {"FIELD_NOT_IN_AGREEMENT", "FIELD_NOT_CONSENTED"}


ALL = tuple(FIELDS)
OPEN = World(Asked((), PURPOSE, ALL), {PURPOSE: ALL}, (a_consent("hana", "app", PURPOSE, ALL),))
"""A world in which everything goes out."""


def changed_consent(**other: object) -> World:
    return replace(OPEN, consents=(a_consent("hana", "app", PURPOSE, ALL, **other),))


FLAWS: dict[str, tuple[World, str]] = {
    "the partner is suspended": (replace(OPEN, partner_status="suspended"), "PARTNER_SUSPENDED"),
    "the agreement is suspended": (replace(OPEN, agreement_status="suspended"), "AGREEMENT_SUSPENDED"),
    "the agreement has ended": (replace(OPEN, agreement_status="ended"), "AGREEMENT_ENDED"),
    "the agreement is over": (replace(OPEN, expires_at=NOW), "AGREEMENT_EXPIRED"),
    "the agreement has not begun": (replace(OPEN, effective_at=NOW + 1), "AGREEMENT_NOT_YET"),
    "the purpose is not agreed": (replace(OPEN, agreed={"service": ALL}), "PURPOSE_NOT_IN_AGREEMENT"),
    "the purpose does not exist": (replace(OPEN, asked=Asked((), "no.such", ALL)), "PURPOSE_UNKNOWN"),
    "there is no purpose": (replace(OPEN, asked=Asked((), "", ALL)), "PURPOSE_UNKNOWN"),
    "nobody consented": (replace(OPEN, consents=()), "NO_CONSENT"),
    "everybody else consented": (
        replace(OPEN, consents=tuple(a_consent(*who, ALL) for who in neighbours)),
        "NO_CONSENT",
    ),
    "the consent was ended": (changed_consent(ended_at=NOW - 1), "CONSENT_ENDED"),
    "the consent was ended by a clock that is ahead": (changed_consent(ended_at=NOW + 60), "CONSENT_ENDED"),
    "the consent is paused": (changed_consent(status=Status.PAUSED), "CONSENT_PAUSED"),
    "the consent is suspended": (changed_consent(suspensions=1), "CONSENT_SUSPENDED"),
    "the consent is over": (changed_consent(expires_at=NOW), "CONSENT_EXPIRED"),
    "the consent is older than agreed": (changed_consent(created_at=NOW - 2 * DAY), "CONSENT_EXPIRED"),
    "the consent begins later": (changed_consent(created_at=NOW + 1), "NO_CONSENT"),
    "the consent is to nothing": (
        replace(OPEN, consents=(a_consent("hana", "app", PURPOSE, ()),)),
        "FIELD_NOT_CONSENTED",
    ),
    "the agreement holds nothing": (replace(OPEN, agreed={PURPOSE: ()}), "FIELD_NOT_IN_AGREEMENT"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_one_thing_amiss_and_nothing_goes_out(office: Office, flaw: str):
    """G1 and G5: each condition alone withholds every field, and says so."""
    world, reason = FLAWS[flaw]
    app, account_id = write_down(office, world)
    released = office.sharing.release(app, account_id, world.asked, NOW, Surface.USERINFO)
    assert (dict(released.claims), dict(released.withheld)) == ({}, dict.fromkeys(FIELDS, reason))


@pytest.mark.parametrize("status", ["suspended", "anything else"])
def test_a_suspended_person_is_as_good_as_unknown(office: Office, status: str):
    """Not even a reason tells a partner about it."""
    app, account_id = write_down(office, replace(OPEN, account_status=status))
    released = office.sharing.release(app, account_id, OPEN.asked, NOW, Surface.USERINFO)
    assert (dict(released.claims), dict(released.withheld)) == ({}, {})


def test_in_an_open_world_everything_goes_out(office: Office):
    """So that the flaws above are what withholds."""
    app, account_id = write_down(office, OPEN)
    released = office.sharing.release(app, account_id, OPEN.asked, NOW, Surface.USERINFO)
    assert released.claims == claims_for(CATALOGUE, FIELDS, PROFILE, TODAY)
    assert not released.withheld


@settings(max_examples=30)  # each example writes seven transactions to disk
@given(world=worlds())
def test_a_change_anywhere_is_a_change_of_the_next_answer(office: Office, world: World):
    """The end of a consent, of the partner's good standing, of the account: each leaves nothing from then on."""
    app, account_id = write_down(office, world)

    def claims() -> object:
        return dict(office.sharing.release(app, account_id, world.asked, NOW, Surface.USERINFO, world.only).claims)

    before = claims()
    with office.database.transaction() as connection:
        partners.save(connection, app.partner_id, "A partner", "suspended", NOW, EXAMINED)
    assert claims() == {}
    with office.database.transaction() as connection:
        partners.save(connection, app.partner_id, "A partner", "active", NOW, EXAMINED)
    assert claims() == before
    with office.database.transaction() as connection:
        office.accounts.change_status(connection, account_id, "suspended", NOW)
    assert claims() == {}
    with office.database.transaction() as connection:
        office.accounts.change_status(connection, account_id, "active", NOW)
        grant = grants.find(connection, account_id, app.client_id, world.asked.purpose)
        office.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, NOW)
    assert claims() == {}


@settings(max_examples=50)
@given(world=worlds(), ticked=fields)
def test_what_a_person_ticks_is_what_the_consent_holds(office: Office, world: World, ticked: frozenset[str]):
    """Only what was asked for and agreed can be consented to, whatever the form says; and that then goes out.

    A tick is a yes to all that it gives away. An earlier yes to what was not shown stands, unless it gives away what
    was refused now.
    """
    world = replace(world, only=None)
    app, account_id = write_down(office, world)
    account = office.sharing.account(account_id)
    assert account is not None
    offer = office.sharing.offer(app, account, world.asked, "en", NOW)
    agreed = office.sharing.agree(app, account, world.asked, ticked, Circumstances(new_id(), "en", ""), NOW)
    offered = {line.id for line in offer.fields}
    assert offered <= requested(world)
    assert set(agreed.fields) == offered
    yes = CATALOGUE.closure_down(ticked & offered) & offered
    assert set(agreed.agreed_fields(NOW)) == yes
    assert agreed.expires_at == offer.expires_at
    with office.database.transaction() as connection:
        office.sharing.give(connection, agreed, NOW)
    released = office.sharing.release(app, account_id, world.asked, NOW, Surface.USERINFO)
    refused = offered - yes
    before = {field for field in world.consents[0].fields if field not in offered}
    kept = {field for field in before if not CATALOGUE.closure_down((field,)) & refused}
    going_out = CATALOGUE.closure_down(kept | (ticked & offered)) & offered
    assert released.claims == claims_for(CATALOGUE, going_out, PROFILE, TODAY)


@settings(max_examples=50)
@given(world=worlds(), kind=st.sampled_from([ClientKind.FIRST_PARTY, ClientKind.SERVICE]))
def test_agreements_are_for_partners_alone(office: Office, world: World, kind: ClientKind):
    """An app of the group gets the claims of its scopes (OIDC Core 5.4), a service never anything of a person."""
    app, account_id = write_down(office, world)
    other = an_app(app.partner_id, kind)
    released = office.sharing.release(other, account_id, world.asked, NOW, Surface.USERINFO, world.only)
    going_out = requested(world) if kind is ClientKind.FIRST_PARTY else frozenset()
    assert released.claims == claims_for(CATALOGUE, going_out, PROFILE, TODAY)
    assert not released.withheld


def test_nobody_gets_anything_of_somebody_who_does_not_exist(office: Office):
    """Whoever asks."""
    asked = Asked(tuple(SCOPES), "points.credit")
    for kind in ClientKind:
        released = office.sharing.release(an_app("tabi", kind), "nobody", asked, NOW, Surface.USERINFO)
        assert (dict(released.claims), dict(released.withheld)) == ({}, {})


# ---- who is who ------------------------------------------------------------------------------------------------------


@given(people=st.sets(st.text(min_size=1, max_size=32), min_size=2, max_size=4))
def test_partners_know_a_person_by_names_that_do_not_match(office: Office, people: set[str]):
    """OIDC Core 8.1: one `sub` for a partner's apps, another for every other partner; the group knows the id."""
    sharing = office.sharing
    tabi, tabi_too, kaze = an_app("tabi"), an_app("tabi"), an_app("kaze")
    alone, alone_too = an_app(""), an_app("")
    for name_of in (sharing.subject, sharing.session):
        known = {name_of(app, person) for app in (tabi, kaze, alone, alone_too) for person in people}
        assert len(known) == 4 * len(people)
        assert not known & people
        assert all(name_of(tabi, person) == name_of(tabi_too, person) for person in people)
        assert all(name_of(an_app("", ClientKind.FIRST_PARTY), person) == person for person in people)
    other_server = an_office(office.database, b"another pairwise key, 32 bytes..").sharing
    assert all(other_server.subject(tabi, person) != sharing.subject(tabi, person) for person in people)
