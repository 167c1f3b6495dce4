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
        "seed_sandbox": _("Cases of the sandbox made anew"),
        "prove_webhook": _("Address for messages proved"),
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


def message_state_word(state: str) -> str:
    """Return how far a message came."""
    words: Mapping[str, str] = {
        "waiting": _("on its way"),
        "delivered": _("delivered"),
        "acknowledged": _("acknowledged"),
        "overdue": _("acknowledgement is late"),
        "given_up": _("given up"),
    }
    return words.get(state, state)


def failure_word(code: str) -> str:
    """Return why an address of the partner's could not be asked, or did not answer as it should (`idp.outbound`)."""
    words: Mapping[str, str] = {
        "refused_url": _("The address is not one that we ask: it takes https and the port 443 or 8443."),
        "unusable_url": _("The address is not one that we ask: it takes https and the port 443 or 8443."),
        "refused_address": _("The address does not lead to the public internet."),
        "unreachable": _("Nobody answered there, or not with a certificate that we trust."),
        "timed_out": _("The answer took too long."),
        "redirected": _("The address leads on to another one; give us that one."),
        "too_large": _("The answer was too long."),
        "wrong_type": _("The answer has another media type than JSON."),
        "wrong_status": _("The answer has another status than 200."),
        "over_budget": _("We asked often enough within the last minute. Wait a little and try again."),
        "busy": _("We are busy at the moment. Wait a little and try again."),
        "no_key_set": _("What came is no key set (RFC 7517)."),
        "wrong_answer": _("It did not answer the challenge: 200, and in JSON the state that it was sent."),
    }
    return words.get(code, code)
