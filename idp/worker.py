"""What a worker process of `idp serve` runs: the application, with maintenance in the background."""

from idp.app import create_configured_app
from idp.maintenance import Maintenance
from idp.services import EXTENSION

application = create_configured_app()
Maintenance(application.extensions[EXTENSION]).start()
