"""Grants as their person reads them: one value for each, for the list and for a grant's own page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from idp.account.states import State, state_of
from idp.account.viewer import Viewer
from idp.data_sharing.overview import SharedField, refused_fields, shared_fields, terms_of
from idp.protocol.grants import Mode, Status
from idp.services import Services
from idp.store import clients, grants, own_entries
from idp.store.clients import Client
from idp.store.database import Connection
from idp.store.grants import Grant
from idp.store.own_entries import Uses
from idp.web.apps import mark, permissions
from idp.web.i18n import country_name
from idp.web.pages import gettext as _


@dataclass(frozen=True, slots=True)
class Who:
    """The app that something is shared with, and who runs it, as far as that is known."""

    client_id: str
    name: str
    mark: str
    partner_id: str
    organisation: str
    country: str


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """One grant. Days and times are in words; `last_used` is None where nothing ever went out."""

    id: str
    purpose_id: str
    who: Who
    purpose: str | None
    state: State
    fields: tuple[SharedField, ...]
    refused: tuple[str, ...]
    permissions: tuple[str, ...]
    since: str
    until: str
    ended: str | None
    last_used: str | None
    times: int
    is_once: bool
    can_pause: bool
    can_resume: bool
    keeping_days: int | None
    agreement: str
    others_with_partner: int
    """How many more living grants there are with the same partner."""

    @property
    def is_over(self) -> bool:
        """Whether nothing can be done about it any more."""
        return self.ended is not None


class Cards:
    """Makes cards of one person's grants, with what is read once for all of them."""

    def __init__(self, services: Services, connection: Connection, viewer: Viewer, found: Sequence[Grant]) -> None:
        """Read whose apps they are and how they were used."""
        self._services = services
        self._connection = connection
        self._viewer = viewer
        self._clients: dict[str, Client | None] = {}
        self._uses = own_entries.uses(connection, [grant.id for grant in found])
        living = (self._client(each) for each in grants.all_alive(connection, viewer.account.id, services.now))
        self._living_with = [client.partner_id for client in living if client is not None]

    def of(self, found: Iterable[Grant]) -> list[Card]:
        """Return a card for each of these grants."""
        return [self._card(grant) for grant in found]

    def _card(self, grant: Grant) -> Card:
        services, viewer, now = self._services, self._viewer, self._services.now
        client, alive = self._client(grant), grant.is_alive(now)
        who = self._who(grant, client)
        catalogue = services.sharing.catalogue
        purpose = catalogue.purposes.get(grant.purpose)
        terms = terms_of(services.sharing.agreement(client, grant), grant.purpose) if client is not None else None
        uses = self._uses.get(grant.id, Uses(0, 0))
        agreed = [name for name, answer in grant.scopes.items() if answer.agreed and (now < answer.until or not alive)]
        return Card(
            id=grant.id,
            purpose_id=grant.purpose,
            who=who,
            purpose=purpose.text.in_language(viewer.language) if purpose else None,
            state=self._state(grant, client),
            fields=self._fields(shared_fields(catalogue, grant, viewer.account, terms, viewer.language, now)),
            refused=refused_fields(catalogue, grant, viewer.language),
            permissions=tuple(each.label for each in permissions(services, agreed, viewer.language)),
            since=viewer.day(grant.created_at),
            until=viewer.day(grant.expires_at),
            ended=None if alive else viewer.moment(grant.expires_at if grant.ended_at is None else grant.ended_at),
            last_used=viewer.moment(uses.last_at) if uses.times else None,
            times=uses.times,
            is_once=grant.mode is Mode.ONE_TIME,
            can_pause=alive and grant.status is Status.ACTIVE,
            can_resume=alive and grant.status is Status.PAUSED,
            keeping_days=terms.data_life_days if terms is not None else None,
            agreement=f"{grant.agreement_id} · {grant.agreement_version}" if grant.agreement_id else "",
            others_with_partner=self._living_with.count(who.partner_id) - alive if who.partner_id else 0,
        )

    def _client(self, grant: Grant) -> Client | None:
        """Return whose grant it is, closed and deleted apps too: what was shared with them stays to be seen."""
        if grant.client_id not in self._clients:
            self._clients[grant.client_id] = clients.find(self._connection, grant.client_id)
        return self._clients[grant.client_id]

    def _who(self, grant: Grant, client: Client | None) -> Who:
        if client is None:
            return Who(grant.client_id, grant.client_id, mark(grant.client_id), "", "", "")
        partner, _agreement = self._services.sharing.partner(client)
        organisation = (partner.legal_entity or partner.name) if partner is not None else ""
        country = country_name(partner.country, self._viewer.language) if partner is not None else ""
        return Who(client.client_id, client.name, mark(client.name), client.partner_id, organisation, country)

    def _state(self, grant: Grant, client: Client | None) -> State:
        causes = grants.causes(self._connection, grant.id) if grant.suspensions else ()
        welcome = client is not None and client.status == clients.ACTIVE and self._services.sharing.is_welcome(client)
        return state_of(grant, causes, is_welcome=welcome, now=self._services.now)

    @staticmethod
    def _fields(fields: tuple[SharedField, ...]) -> tuple[SharedField, ...]:
        """Return lines in which something stands where the account holds nothing: it may be filled in later."""
        return tuple(each if each.example else replace(each, example=_("Not in your account yet")) for each in fields)
