"""What a worker process of `idp serve` runs: the application, with maintenance and delivery in the background."""

import gc
import logging
import os
import threading
import time

from flask import Flask

from idp.app import create_configured_app
from idp.delivery import Delivery
from idp.maintenance import Maintenance
from idp.services import EXTENSION
from idp.store.database import DatabaseUnavailableError

TRIES = 20
PAUSE_SECONDS = 0.5
GARBAGE_THRESHOLD = 20_000

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


def end_with(parent: int) -> None:
    """End this process when the one that started it is gone.

    A worker that outlived its server would go on answering, with the settings and the code of yesterday, beside the
    workers of the next server on the same port.
    """
    while os.getppid() == parent:
        time.sleep(PAUSE_SECONDS)
    os._exit(1)


def relieve_the_garbage_collector() -> None:
    """Keep what lives as long as the worker out of every collection, and look for the rest less often.

    A request leaves few cycles behind, but makes enough objects for a collection by the default threshold of 700.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


threading.Thread(target=end_with, args=(os.getppid(),), name="end with the server", daemon=True).start()
application = patiently_created_app()
relieve_the_garbage_collector()
Maintenance(application.extensions[EXTENSION]).start()
Delivery(application.extensions[EXTENSION]).start()
