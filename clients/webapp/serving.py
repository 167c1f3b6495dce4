"""Serves one app from one process with threads, quietly: an access log would hold the codes of callback URLs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class _Unlogged(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


def make_quiet_server(app: Flask, url: str, certificate_file: str = "") -> BaseWSGIServer:
    """A server that listens where `url` points; by TLS with a file of certificate and key."""
    parts = urlsplit(url)
    tls = (certificate_file, certificate_file) if certificate_file else None
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    return make_server(host, port, app, threaded=True, request_handler=_Unlogged, ssl_context=tls)


def serve(app: Flask, url: str) -> None:
    """Serve until the process is stopped."""
    make_quiet_server(app, url).serve_forever()


@contextmanager
def serve_beside(app: Flask, url: str, certificate_file: str = "") -> Iterator[None]:
    """Serve from a thread of its own for as long as the block lasts."""
    server = make_quiet_server(app, url, certificate_file)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
