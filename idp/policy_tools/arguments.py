"""What several commands take: a sharing directory, who does this and why, how far back to look."""

from pathlib import Path

import click

DAY = 86_400
DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
directory_argument = click.argument("directory", type=DIRECTORY)
by_option = click.option("--by", required=True, help="Who does this; it is kept with the policy's history.")
reason_option = click.option("--reason", default="", help="Why.")
days_option = click.option(
    "--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How far back, as far as it is kept."
)
