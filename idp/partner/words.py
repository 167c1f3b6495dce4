"""The console's words for what the store and the agreement know by codes, in the language of the page."""

from collections.abc import Mapping

from idp.web.pages import gettext as _


def status_word(status: str) -> str:
    """Return how a partner's status is called."""
    words: Mapping[str, str] = {
        "draft": _("Draft"),
        "submitted": _("In review"),
        "sandbox": _("Sandbox"),
        "production": _("Production"),
        "suspended": _("Suspended"),
        "terminated": _("Terminated"),
    }
    return words.get(status, status)


def relation_word(relation: str) -> str:
    """Return what the partner is in law."""
    words: Mapping[str, str] = {
        "third_party": _("Third party"),
        "processor": _("Processor on our behalf"),
        "joint_use": _("Joint use"),
    }
    return words.get(relation, relation)


def tier_word(tier: str) -> str:
    """Return how sensitive the data may be that the partner was examined for."""
    words: Mapping[str, str] = {
        "plain": _("Plain data"),
        "sensitive": _("Sensitive data too"),
        "restricted": _("Restricted data too"),
    }
    return words.get(tier, tier)


def event_word(kind: str) -> str:
    """Return what happened to a partner."""
    words: Mapping[str, str] = {
        "declare": _("Written down"),
        "submit": _("Handed in for review"),
        "return": _("Handed back for changes"),
        "approve": _("Approved"),
        "suspend": _("Suspended"),
        "lift": _("Suspension lifted"),
        "terminate": _("Terminated"),
        "propose_agreement": _("Agreement proposed"),
        "approve_agreement": _("Agreement approved"),
        "agreement_in_force": _("Agreement in force"),
        "register_app": _("App registered"),
        "change_app": _("App changed"),
        "rotate_secret": _("New secret made"),
        "remove_app": _("App removed"),
    }
    return words.get(kind, kind)


def version_word(state: str) -> str:
    """Return how far a version of an agreement came."""
    words: Mapping[str, str] = {
        "draft": _("Waits for approval"),
        "approved": _("Approved, not in force yet"),
        "in_force": _("In force"),
        "superseded": _("Superseded"),
    }
    return words.get(state, state)
