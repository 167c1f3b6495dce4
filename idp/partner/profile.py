"""GET /partner: the partners that somebody looks after. GET and POST /partner/<partner_id>: one of them.

Who it is, where it stands in its life and what comes next; handing it in for review.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response

from idp.data_sharing.partner_life import Action, LifeError, act
from idp.partner.visit import MEMBER, Visit, filled, partners_of
from idp.partner.words import event_word, relation_word, status_word, tier_word
from idp.protocol.parameters import Parameters
from idp.services import current_services
from idp.store import agreement_versions, clients, partner_events, partners, webhooks
from idp.store.database import Connection
from idp.store.partner_events import PartnerEvent
from idp.web import paths
from idp.web.pages import gettext as _
from idp.web.pages import render_page, settle_language
from idp.web.responses import see_other
from idp.web.sessions import signed_in_account


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the history: when, what, from which status to which (or of which version or app), and who."""

    at: str
    what: str
    before: str
    after: str
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What the life of the partner waits for, and whether it is the partner's turn."""

    text: str
    is_ours: bool
    needs: tuple[tuple[str, bool], ...] = ()
    """What it takes, and whether that is there."""


def console() -> Response:
    """Show the partners that somebody looks after; the only one at once."""
    services = current_services()
    settle_language(services)
    account = signed_in_account(services)
    if account is None:
        return see_other(paths.LOGIN)
    mine = partners_of(services, account)
    if len(mine) == 1:
        return see_other(filled(paths.PARTNER_PROFILE, partner_id=mine[0].id))
    known = [(filled(paths.PARTNER_PROFILE, partner_id=each.id), each.name, status_word(each.status)) for each in mine]
    return render_page("partner/partners.html", partners=known)


def show(visit: Visit, problem: str = "") -> Response:
    """Show who the partner is and where it stands."""
    partner = visit.partner
    with visit.services.database.autocommit() as connection:
        history = partner_events.history(connection, partner.id)
        contacts = partners.contacts_of(connection, visit.services.sealer, partner.id)
        step = _next_step(connection, partner.id, partner.status, has_agreement=bool(partner.agreement))
    return visit.page(
        "profile.html",
        paths.PARTNER_PROFILE,
        standing=status_word(partner.status),
        relation=relation_word(partner.details.legal_relation),
        tier=tier_word(partner.details.tier),
        contacts=contacts,
        step=step,
        may_submit=partner.status == "draft",
        history=[_told(visit, event) for event in history],
        problem=problem,
    )


def submit(visit: Visit, _form: Parameters) -> Response:
    """Hand the draft in for review."""
    services = visit.services
    try:
        with services.database.transaction() as connection:
            act(
                connection,
                services.messages,
                Action.SUBMIT,
                visit.partner.id,
                by=visit.actor,
                reason="",
                now=services.now,
            )
    except LifeError:
        return show(visit, _("It has been handed in already. Nothing was changed."))
    return see_other(visit.url(paths.PARTNER_PROFILE))


def _next_step(connection: Connection, partner_id: str, status: str, *, has_agreement: bool) -> Step:
    """Return what comes next and who has to do it (data-sharing model 4.4)."""
    steps: Mapping[str, Step] = {
        "draft": Step(_("Hand this in for review. Until then nobody but you looks at it."), is_ours=False),
        "submitted": Step(
            _("We review it, and somebody else than who handed it in approves it for the sandbox."), is_ours=True
        ),
        "sandbox": Step(
            _("Build your app against made-up people. We approve it for production once this is there:"),
            is_ours=False,
            needs=_needs(connection, partner_id, has_agreement=has_agreement),
        ),
        "production": Step(_("Nothing waits. Your apps meet people, within the agreement."), is_ours=False),
        "suspended": Step(
            _("We lift the suspension. Until then nothing goes out; duties to delete remain."),
            is_ours=True,
        ),
        "terminated": Step(_("Nothing. What your apps were given has to be deleted."), is_ours=False),
    }
    return steps[status]


def _needs(connection: Connection, partner_id: str, *, has_agreement: bool) -> tuple[tuple[str, bool], ...]:
    apps = clients.of_partner(connection, partner_id)
    hooks = [webhooks.find(connection, app.client_id) for app in apps]
    drafts = agreement_versions.all_of(connection, partner_id)
    agreed = has_agreement or any(version.approver for version in drafts)
    return (
        (_("An agreement, proposed by one person and approved by another"), agreed),
        (_("An app"), bool(apps)),
        (_("An address for messages that your app has proved"), any(h and h.verified_at is not None for h in hooks)),
    )


def _told(visit: Visit, event: PartnerEvent) -> Happened:
    """Return an event as the partner is told of it: why it was suspended, for one, stays with us."""
    who = _("Sekisho")
    if event.actor.startswith(MEMBER):
        who = _("You") if event.actor == visit.actor else _("A colleague of yours")
    return Happened(
        at=visit.moment(event.at),
        what=event_word(event.kind),
        before=status_word(event.before) if event.kind in list(Action) else "",
        after=status_word(event.after) if event.kind in list(Action) else event.after,
        who=who,
        reason=event.reason if event.kind == Action.RETURN else "",
    )
