"""The argument that all commands take: a sharing directory."""

from pathlib import Path

import click

DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
directory_argument = click.argument("directory", type=DIRECTORY)
