"""`idp serve`."""

from pathlib import Path

import click
from granian.constants import Interfaces
from granian.server import Server

from idp.maintenance import run_once
from idp.terminal import config_option, configure, services_of_settings, told_plainly


@click.command()
@config_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8400, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1))
@told_plainly
def serve(config: tuple[Path, ...], host: str, port: int, workers: int) -> None:
    """Serve until stopped."""
    configure(config)
    services = services_of_settings()
    run_once(services)
    services.database.engine.dispose()  # the workers open their own connections
    Server(
        "idp.worker:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=services.settings.threads,
        respawn_failed_workers=True,
        log_access=False,
    ).serve()
