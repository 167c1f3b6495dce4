"""The application: settings, then services, then every capability in one list."""

import os
import time

from flask import Blueprint, Flask

from idp import (
    app_logo,
    client_auth,
    grants,
    health,
    introspection,
    mail_codes,
    mailbox,
    public_log,
    revocation,
    session_management,
    userinfo,
)
from idp.account import (
    activity,
    authenticator,
    close,
    connections,
    data,
    devices,
    email,
    overview,
    passkey_account,
    passkeys,
    password,
    phone,
    profile,
    records,
    recovery_codes,
    sharing,
    sharing_grant,
    ways,
)
from idp.authorize import pushed
from idp.authorize import routes as authorize
from idp.consent import routes as consent
from idp.data_api import routes as data_api
from idp.decision_api import routes as decision_api
from idp.discovery import PublishedDocuments
from idp.login import choose, forgotten, passkey, recovered, recovery, second_factor, undo_address
from idp.login import routes as login
from idp.logout import routes as logout
from idp.partner import acknowledgements, console
from idp.protocol.secrets import Clock, Randomness
from idp.registration import routes as registration
from idp.services import EXTENSION, Services, build_services
from idp.settings import Settings, config_files, load_settings
from idp.sign_up import routes as sign_up
from idp.token import routes as token
from idp.upstream import routes as upstream
from idp.web.errors import install_error_handlers
from idp.web.pages import YEAR, install_pages
from idp.web.provider import Provider

MAX_BODY_BYTES = 64 * 1024


def create_app(settings: Settings, clock: Clock = time.time, random: Randomness = os.urandom) -> Flask:
    """Build the application.

    Raises:
        SettingsError, SharingDataError, DatabaseUnavailableError: when it cannot serve as configured.
    """
    app = Provider(settings.issuer)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR
    services = build_services(app, settings, clock, random)
    app.extensions[EXTENSION] = services
    install_pages(app)
    install_error_handlers(app)

    client_auth.register(services.server)
    token.register_grants(services)
    for blueprint in _capabilities(services):
        app.register_blueprint(blueprint)
    app.wsgi_app = PublishedDocuments(app.wsgi_app, services)  # type: ignore[method-assign]  # Flask's documented way
    return app


def _capabilities(services: Services) -> list[Blueprint]:
    """Return everything that answers requests."""
    passwords = services.passwords
    return [
        authorize.blueprint,
        pushed.blueprint,
        token.blueprint,
        userinfo.blueprint,
        introspection.blueprint,
        revocation.blueprint,
        data_api.blueprint,
        decision_api.blueprint,
        *([registration.blueprint] if services.takes_registrations else []),
        *([grants.blueprint] if services.manages_grants else []),
        login.create_blueprint(passwords),
        passkey.blueprint,
        forgotten.blueprint,
        *([sign_up.blueprint] if services.settings.sign_up.open else []),
        mail_codes.blueprint,
        recovery.blueprint,
        recovered.blueprint,
        undo_address.blueprint,
        upstream.create_blueprint(services),
        second_factor.blueprint,
        choose.blueprint,
        consent.blueprint,
        app_logo.blueprint,
        authenticator.blueprint,
        recovery_codes.blueprint,
        phone.blueprint,
        overview.blueprint,
        profile.blueprint,
        ways.blueprint,
        passkeys.blueprint,
        passkey_account.blueprint,
        password.blueprint,
        email.blueprint,
        connections.blueprint,
        devices.blueprint,
        activity.blueprint,
        data.blueprint,
        close.blueprint,
        sharing.blueprint,
        sharing_grant.blueprint,
        records.blueprint,
        logout.blueprint,
        session_management.blueprint,
        acknowledgements.blueprint,
        console.create_blueprint(passwords.hash),
        public_log.blueprint,
        *([mailbox.blueprint] if services.settings.mail.mailbox else []),
        health.blueprint,
    ]


def create_configured_app() -> Flask:
    """Build the application of a worker process, from the files and variables of its environment."""
    return create_app(load_settings(config_files(os.environ), os.environ))
