"""What every command of `idp` stands on: settings from the environment, services, and how it speaks to the operator."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from idp.admin.client_document import DocumentError
from idp.app import create_app
from idp.data_sharing import SharingDataError
from idp.services import EXTENSION, Services
from idp.settings import CONFIG_VARIABLE, Settings, SettingsError, config_files, load_settings
from idp.store.database import DatabaseUnavailableError

config_option = click.option(
    "--config", "-c", multiple=True, type=click.Path(exists=True, path_type=Path), help="TOML settings file."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print for scripts.")


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


def configure(config: tuple[Path, ...]) -> None:
    """Name the configuration files for this process and for the workers that it starts."""
    if config:
        os.environ[CONFIG_VARIABLE] = os.pathsep.join(str(file.resolve()) for file in config)


def settings_of_environment() -> Settings:
    """Read the settings that --config, IDP_CONFIG and IDP_ variables give."""
    return load_settings(config_files(os.environ), os.environ)


def services_of_settings() -> Services:
    """Build the services of those settings; they end with the command."""
    services: Services = create_app(settings_of_environment()).extensions[EXTENSION]
    click.get_current_context().call_on_close(services.database.engine.dispose)
    return services


def print_result(result: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print one result: an object for scripts, a text for people."""
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else text)


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print a list: an array for scripts, a line each for people."""
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values()))
