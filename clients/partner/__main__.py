"""Serves the partner's app, set up by environment variables."""

import os

from clients.partner.app import Settings, create_app, create_inbox
from clients.webapp.environment import read_settings
from clients.webapp.serving import serve, serve_beside

if __name__ == "__main__":
    settings = read_settings(Settings, "TABI", os.environ)
    app = create_app(settings)
    with serve_beside(create_inbox(app), settings.messages_url, settings.certificate_file):
        serve(app, settings.url)
