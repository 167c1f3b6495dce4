"""What every command of `idp` stands on: settings from the environment, services, and how it speaks to the operator."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
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


class LazyGroup(click.Group):
    """A group that imports some commands when they are asked for: those that lean on packages that no server needs."""

    lazy: Mapping[str, str] = MappingProxyType({})
    """Where each of them is, by its name: `package.module:attribute`."""
    missing = ""
    """How to get what they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted([*super().list_commands(ctx), *self.lazy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; in place of one that cannot be imported, one that says what is missing."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.lazy[cmd_name].partition(":")
        try:
            command: click.Command = getattr(import_module(module), attribute)
        except ModuleNotFoundError:
            return _absent(cmd_name, self.missing)
        return command


def _absent(name: str, missing: str) -> click.Command:
    @click.command(name, help=missing, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    def absent() -> None:
        raise Problem(missing)

    return absent


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
