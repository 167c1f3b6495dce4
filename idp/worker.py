"""What a worker process of `idp serve` runs: the application, with maintenance in the background."""

import logging

from idp.app import create_configured_app
from idp.maintenance import Maintenance
from idp.services import EXTENSION

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")

application = create_configured_app()
Maintenance(application.extensions[EXTENSION]).start()
