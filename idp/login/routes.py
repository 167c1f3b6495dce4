"""Signing in with a password."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from idp.completion import RefusedByRiskError, complete, continuation
from idp.login.page import sign_in_page, waiting_interaction
from idp.login.throttle import Throttle
from idp.passwords.hashing import Passwords
from idp.protocol.authentication import AMR_PASSWORD
from idp.protocol.parameters import Parameters
from idp.risk import spend_a_refusal
from idp.services import Services, current_services
from idp.store.accounts import Account
from idp.store.interactions import Interaction
from idp.web import paths
from idp.web.devices import known_device
from idp.web.errors import expired_page
from idp.web.known_accounts import known_accounts
from idp.web.pages import gettext as _
from idp.web.requests import client_network, read_form, read_query
from idp.web.responses import see_other, with_query
from idp.web.sessions import csrf_matches
from idp.web.upstreams import problem_told


def create_blueprint(passwords: Passwords) -> Blueprint:
    """Return the routes of the sign-in page."""
    blueprint = Blueprint("login", __name__)

    @blueprint.get(paths.LOGIN)
    def login_page() -> Response:
        services = current_services()
        query = read_query(request)
        interaction = waiting_interaction(services, query.get("flow", ""))
        problem = problem_told(services, query)
        known = known_accounts(services)
        if known and problem is None and _is_to_choose(interaction, query):
            return see_other(with_query(paths.CHOOSE_ACCOUNT, {"flow": query["flow"]}))
        username = _username(services, interaction, query, known)
        return sign_in_page(services, interaction, query, username=username, problem=problem)

    @blueprint.post(paths.LOGIN)
    def login() -> Response:
        services = current_services()
        form = read_form(request)
        flow = form.get("flow", "")
        if not csrf_matches(services, form.get("csrf", "")):
            raise expired_page(continuation(flow) if flow else paths.sign_in_for(form.get("next", "")))
        interaction = waiting_interaction(services, flow)
        return _try(services, passwords, interaction, form)

    return blueprint


def _is_to_choose(interaction: Interaction | None, query: Parameters) -> bool:
    """Whether the app wants its user to say which account it is to be, and they have not (OIDC Core 3.1.2.1)."""
    if interaction is None or interaction.decision or "account" in query:
        return False
    return "select_account" in interaction.parameters.get("prompt", "").split()


def _username(services: Services, interaction: Interaction | None, query: Parameters, known: list[Account]) -> str:
    """Return who probably signs in: whom the app names, whom they chose, or who did so last in this browser.

    What somebody goes by is not always what they sign in with, and that alone is filled in.
    """
    hint = interaction.parameters.get("login_hint", "") if interaction else ""
    if hint:
        return hint[:320]
    chosen = query.get("account")
    account = next((account for account in known if chosen in (None, account.id)), None)
    return services.accounts.sign_in_name(account) if account is not None else ""


def _try(services: Services, passwords: Passwords, interaction: Interaction | None, form: Parameters) -> Response:
    """Check the limits, then the password, then sign in.

    A right password that is refused by risk is answered as a wrong one, byte for byte, and counts as one: who made it
    out by guessing, or brought it from elsewhere, is not told that it fits. Its owner is, by mail.
    """
    username, password = form.get("username", ""), form.get("password", "")
    network = client_network(request, services.settings.trusted_proxies)
    login_key = services.accounts.login_key(username)
    throttle = Throttle(services, login_key, network, known_device(services, login_key))
    if not throttle.admit():
        sentence = _("Too many tries from here. Wait a quarter of an hour, then try again.")
        return sign_in_page(
            services, interaction, form, username=username, error=sentence, status=HTTPStatus.TOO_MANY_REQUESTS
        )
    account = _verified_account(services, passwords, username, password)
    if account is None:
        spend_a_refusal(services, (AMR_PASSWORD,))
        return _wrong(services, interaction, form)
    try:
        response = complete(services, account, (AMR_PASSWORD,), interaction, paths.own_page(form.get("next", "")))
    except RefusedByRiskError:
        return _wrong(services, interaction, form)
    throttle.forgive()
    _hash_anew(services, passwords, account, password)
    return response


def _wrong(services: Services, interaction: Interaction | None, form: Parameters) -> Response:
    sentence = _(
        "The e-mail address or the password is not right. Check both and try again. If you are sure of both, sign in"
        " from a browser that you have used before."
    )
    return sign_in_page(
        services,
        interaction,
        form,
        username=form.get("username", ""),
        error=sentence,
        status=HTTPStatus.UNAUTHORIZED,
    )


def _verified_account(services: Services, passwords: Passwords, username: str, password: str) -> Account | None:
    with services.database.autocommit() as connection:
        account = services.accounts.find_by_username(connection, username)
    if not passwords.verify(account.password_hash if account else None, password):
        return None
    if account is None or not account.may_sign_in:
        return None
    return account


def _hash_anew(services: Services, passwords: Passwords, account: Account, password: str) -> None:
    """Keep a password by today's parameters. Only once it has let somebody in: the work would tell that it is right."""
    if passwords.is_outdated(account.password_hash):
        with services.database.transaction() as connection:
            services.accounts.change_password(connection, account.id, passwords.hash(password), services.now)
