"""How other providers are shown to people, and what they read when they come back from one without an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.protocol.upstreams import Setback
from idp.services import Services
from idp.web import paths
from idp.web.pages import current_language, form_target
from idp.web.pages import gettext as _

_UPSTREAM, _PROBLEM = "with", "problem"


@dataclass(frozen=True, slots=True)
class ShownUpstream:
    """What a page shows of a provider, and where its button leads."""

    name: str
    label: str
    action: str


def shown_upstreams(services: Services) -> list[ShownUpstream]:
    """Return every provider with which people may sign in, as it is called in the page's language."""
    language = current_language()
    return [
        ShownUpstream(name, upstream.in_language(language), paths.upstream(name))
        for name, upstream in services.settings.upstream.items()
    ]


def upstream_targets(services: Services) -> tuple[str, ...]:
    """Return where forms with such buttons may end up (see `form_target`)."""
    return tuple({form_target(upstream.issuer) for upstream in services.settings.upstream.values()})


def upstream_label(services: Services, name: str) -> str:
    """Return what people call a provider; its name where it is configured no more."""
    upstream = services.settings.upstream.get(name)
    return upstream.in_language(current_language()) if upstream is not None else name


def with_problem(path: str, name: str, reason: Setback, **query: str) -> str:
    """Return the address of a page that says why somebody came back from a provider without an answer."""
    kept = {key: value for key, value in query.items() if value}
    return f"{path}?{urlencode({**kept, _UPSTREAM: name, _PROBLEM: reason})}"


def problem_told(services: Services, query: Mapping[str, str]) -> str | None:
    """Return the sentence that a page was asked to show by `with_problem`; None for anything else."""
    upstream = services.settings.upstream.get(query.get(_UPSTREAM, ""))
    if upstream is None or query.get(_PROBLEM) not in set(Setback):
        return None
    sentence = {
        Setback.CANCELLED: _("You came back from %(name)s without signing in. Try again, or choose another way."),
        Setback.OVER: _("Your way by %(name)s took too long or was gone before. Nothing is lost: start it again."),
        Setback.UNAVAILABLE: _("%(name)s does not answer at the moment. Wait a little, or choose another way."),
        Setback.REFUSED: _("%(name)s sent an answer that we cannot accept. Try again, or choose another way."),
        Setback.NOT_FRESH: _(
            "The app wants you to prove again who you are, which %(name)s did not. Choose another way."
        ),
        Setback.CLOSED: _("This account cannot be signed in to with %(name)s. Choose another way."),
        Setback.TAKEN: _("That %(name)s account is connected to another account here. Sign in with it to end that."),
    }[Setback(query[_PROBLEM])]
    return sentence % {"name": upstream.in_language(current_language())}
