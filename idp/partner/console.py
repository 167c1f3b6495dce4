"""The partner console: every page of it, in one list. All of them are entered by the same door (`visit`)."""

from collections.abc import Callable

from flask import Blueprint

from idp.partner import (
    agreement,
    app_settings,
    apps,
    check_page,
    keys_page,
    profile,
    sandbox_page,
    usage_page,
    webhook_page,
)
from idp.partner.visit import app_page, partner_page
from idp.web import paths

_READ = ("GET",)
_READ_AND_WRITE = ("GET", "POST")


def create_blueprint(hash_password: Callable[[str], str]) -> Blueprint:
    """Return the console; made-up people get passwords that are hashed as everybody's are."""
    blueprint = Blueprint("partner", __name__)
    blueprint.add_url_rule(paths.PARTNER, "console", profile.console)
    for path, view, methods in (
        (paths.PARTNER_PROFILE, partner_page(profile.show, profile.submit), _READ_AND_WRITE),
        (paths.PARTNER_AGREEMENT, partner_page(agreement.show), _READ),
        (paths.PARTNER_SANDBOX, partner_page(sandbox_page.show, sandbox_page.seeding(hash_password)), _READ_AND_WRITE),
        (paths.PARTNER_USAGE, partner_page(usage_page.show), _READ),
        (paths.PARTNER_APPS, partner_page(apps.show, apps.register), _READ_AND_WRITE),
        (paths.PARTNER_APP, app_page(app_settings.show, app_settings.act), _READ_AND_WRITE),
        (paths.PARTNER_KEYS, app_page(keys_page.show, keys_page.fetch), _READ_AND_WRITE),
        (paths.PARTNER_WEBHOOK, app_page(webhook_page.show, webhook_page.act), _READ_AND_WRITE),
        (paths.PARTNER_CHECK, app_page(check_page.show), _READ),
    ):
        blueprint.add_url_rule(path, path, view, methods=methods)
    return blueprint
