"""Serves one app from one process with threads, quietly: an access log would hold the codes of callback URLs."""

from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class _Unlogged(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


def make_quiet_server(app: Flask, url: str) -> BaseWSGIServer:
    """A server that listens where `url` points."""
    parts = urlsplit(url)
    return make_server(parts.hostname or "127.0.0.1", parts.port or 80, app, threaded=True, request_handler=_Unlogged)


def serve(app: Flask, url: str) -> None:
    """Serve until the process is stopped."""
    make_quiet_server(app, url).serve_forever()
