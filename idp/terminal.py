"""What every command of `idp` stands on: settings from the environment, services, and how it speaks to the operator."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import click

from idp.admin.client_document import DocumentError
from idp.app import create_app
from idp.data_sharing import SharingDataError
from idp.services import EXTENSION, Services
from idp.settings import Settings, SettingsError, config_files, load_settings
from idp.store.database import DatabaseUnavailableError


class Problem(click.ClickException):
    """Something that the operator can mend; printed in one line."""


def told_plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Print expected errors in one line instead of a traceback."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - wraps any command
        try:
            command(*args, **kwargs)
        except (SettingsError, SharingDataError, DocumentError) as error:
            raise Problem(str(error)) from error
        except DatabaseUnavailableError as error:
            raise Problem("the database cannot be reached; check 'database_url' and that it runs") from error

    return wrapper


def settings_of_environment() -> Settings:
    """Read the settings that --config, IDP_CONFIG and IDP_ variables give."""
    return load_settings(config_files(os.environ), os.environ)


def services_of_settings() -> Services:
    """Build the services of those settings."""
    app = create_app(settings_of_environment())
    services: Services = app.extensions[EXTENSION]
    return services


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values()))
