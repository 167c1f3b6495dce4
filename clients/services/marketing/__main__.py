"""Serves the campaign desk, set up by environment variables."""

import os

from clients.services.marketing.app import Settings, create_app
from clients.webapp.environment import read_settings
from clients.webapp.serving import serve

if __name__ == "__main__":
    settings = read_settings(Settings, "MARKETING", os.environ)
    serve(create_app(settings), settings.url)
