"""Providers for tests: one inside this process with a clock that tests turn, one as users run it (`idp serve`)."""

import os
import socket
import ssl
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from flask import Flask
from werkzeug.serving import make_server

from idp.admin.apply import apply, read_declarations
from idp.app import create_app
from idp.passwords.hashing import Passwords
from idp.services import EXTENSION, Services
from idp.settings import Settings, load_settings
from idp.store import schema
from idp.store.database import open_database
from tests.real.process import RunningProgram

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "testing.toml"
DECLARATIONS = (
    Path(__file__).parent / "declarations.toml",
    ROOT / "config" / "sharing" / "agreements" / "tabi-points.toml",
    ROOT / "config" / "sharing" / "agreements" / "kaze-ads.toml",
)
NOON = 1_795_000_000.0
"""A moment in late 2026 at which in-process providers begin."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Providers for tests speak plain HTTP; without this, each new HTTP client reads every certificate authority."""
HTTP = httpx.Client(
    verify=NO_TLS,
    timeout=30,  # fifty at once on a machine that does other things too
    # Fifty threads share it: no connection is closed as surplus while another thread is about to take it.
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None),
)
"""What clients of the provider speak with; people have browsers with cookies of their own."""


@dataclass
class Clock:
    """A clock that moves only when a test moves it."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Provider:
    """A provider that serves over HTTP, with the secrets that were made for it."""

    url: str
    database_url: str
    secrets: dict[str, str]
    clock: Clock = field(default_factory=Clock)
    services: Services | None = None

    def basic(self, client_id: str) -> tuple[str, str]:
        """The HTTP Basic credentials of a client."""
        return client_id, self.secrets[client_id]

    def token(self, client_id: str, **parameters: str) -> httpx.Response:
        """POST /token as a client with client_secret_basic."""
        return HTTP.post(f"{self.url}/token", data=parameters, auth=self.basic(client_id))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def environment(database_url: str, url: str, **extra: str) -> dict[str, str]:
    """The environment of a provider for tests."""
    return {
        "IDP_ISSUER": url,
        "IDP_DATABASE_URL": database_url,
        "IDP_KEY_ENCRYPTION_KEY": b64encode(b"a key-encryption key for tests!!").decode(),
        "IDP_SHARING_DIRECTORY": str(ROOT / "config" / "sharing"),
        "IDP_RISK__RULES_FILE": str(ROOT / "config" / "risk.toml"),
        **extra,
    }


def testing_settings(database_url: str, url: str, **extra: str) -> Settings:
    return load_settings((CONFIG,), environment(database_url, url, **extra))


def prepare(settings: Settings) -> None:
    """Bring an empty database to the schema."""
    database = open_database(Flask("tests"), settings.database_url, settings.threads)
    schema.upgrade(database)
    database.engine.dispose()


def declare(app: Flask) -> dict[str, str]:
    """Apply the declarations and return the secrets and passwords by client_id and username."""
    services: Services = app.extensions[EXTENSION]
    services.keys.ensure()
    changes = apply(services, read_declarations(DECLARATIONS), Passwords(services.settings.sign_in).hash, dry_run=False)
    return {change.id: change.secret for change in changes if change.secret}


@contextmanager
def serve_here(
    database_url: str, host: str = "127.0.0.1", site_file: Path | None = None, **extra: str
) -> Iterator[Provider]:
    """Serve a provider from a thread of this process, on a clock that the test turns; by TLS with a certificate."""
    port = free_port()
    url = f"{'http' if site_file is None else 'https'}://{host}:{port}"
    tls = None
    if site_file is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(site_file)
    settings = testing_settings(database_url, url, **extra)
    prepare(settings)
    clock = Clock()
    app = create_app(settings, clock)
    secrets = declare(app)
    server = make_server("127.0.0.1", port, app, threaded=True, ssl_context=tls)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Provider(url, database_url, secrets, clock, app.extensions[EXTENSION])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions[EXTENSION].database.engine.dispose()


@contextmanager
def another_process(provider: Provider, **extra: str) -> Iterator[Flask]:
    """The application as a process that starts now on the same database has it: nothing is remembered yet."""
    app = create_app(testing_settings(provider.database_url, provider.url, **extra), provider.clock)
    try:
        yield app
    finally:
        app.extensions[EXTENSION].database.engine.dispose()


class ServedProvider(Provider):
    """A provider run by `idp serve`, which can be killed and started again."""

    process: RunningProgram | None = None
    workers: int = 2
    extra: dict[str, str]

    @property
    def command(self) -> list[str]:
        """What starts it."""
        port = self.url.rsplit(":", 1)[1]
        serve = [sys.executable, "-m", "idp", "serve", "--config", str(CONFIG), "--port", port]
        return [*serve, "--workers", str(self.workers)]

    @property
    def environment(self) -> dict[str, str]:
        """What it is started in."""
        return {**os.environ, **environment(self.database_url, self.url, **self.extra)}

    def start(self) -> None:
        """Start and wait until it answers; a provider that ends instead fails the test with its last lines."""
        self.process = RunningProgram(
            self.command, ready=f"Started worker-{self.workers}", env=self.environment, cwd=ROOT
        )
        transport = httpx.HTTPTransport(verify=NO_TLS, retries=6)  # a worker is started a moment before it listens
        with httpx.Client(transport=transport) as patient:
            patient.get(f"{self.url}/health/ready", timeout=30).raise_for_status()

    def kill(self) -> None:
        """Kill every process of it at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process = None


@contextmanager
def serve_elsewhere(database_url: str, workers: int = 2, **extra: str) -> Iterator[ServedProvider]:
    """Serve a provider as users do, in processes of its own."""
    url = f"http://127.0.0.1:{free_port()}"
    settings = testing_settings(database_url, url, **extra)
    prepare(settings)
    app = create_app(settings)
    provider = ServedProvider(url, database_url, declare(app))
    app.extensions[EXTENSION].database.engine.dispose()
    provider.workers, provider.extra = workers, extra
    provider.start()
    try:
        yield provider
    finally:
        provider.kill()
