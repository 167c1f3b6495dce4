"""`idp serve`."""

import contextlib
import logging
import time
from pathlib import Path

import click
from granian.constants import Interfaces
from granian.server import Server

from idp.maintenance import run_once
from idp.terminal import config_option, configure, services_of_settings, told_plainly

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


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
    while not _serve_once(host, port, workers, services.settings.threads):
        log.error("workers died one shortly after another: all are started again")
        time.sleep(PAUSE_SECONDS)


def _serve_once(host: str, port: int, workers: int, threads: int) -> bool:
    """Serve, and return whether somebody asked to stop.

    Granian starts a worker that died again, but gives up, and ends the healthy ones too, when two die within seconds.
    """
    server = Server(
        "idp.worker:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        log_access=False,
    )
    with contextlib.suppress(SystemExit):  # how it says that it gave up
        server.serve()
    return bool(server.interrupt_signal)
