"""What a worker process of `idp serve` runs: the application, with maintenance in the background."""

import logging
import time

from flask import Flask

from idp.app import create_configured_app
from idp.maintenance import Maintenance
from idp.services import EXTENSION
from idp.store.database import DatabaseUnavailableError

TRIES = 20
PAUSE_SECONDS = 0.5

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def patiently_created_app() -> Flask:
    """Build the application, waiting a while for a database that is away.

    The server gives up when a worker dies twice within seconds, so a worker that is started again during an outage must
    not die at once.
    """
    for _ in range(TRIES):
        try:
            return create_configured_app()
        except DatabaseUnavailableError:
            logging.getLogger(__name__).warning("the worker waits: the database is unavailable")
            time.sleep(PAUSE_SECONDS)
    return create_configured_app()


application = patiently_created_app()
Maintenance(application.extensions[EXTENSION]).start()
