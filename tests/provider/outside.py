"""The world outside: an https site of somebody else's, under an authority that only tests trust."""

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOSTS = ("localhost", "rp.example.test", "sector.example.test")


@dataclass(frozen=True)
class Authority:
    """A certificate authority: its certificate, and one file with certificate and key of every site under it."""

    ca_file: Path
    site_file: Path


def make_authority(folder: Path) -> Authority:
    """Make an authority and the certificate of its sites."""
    ca_key, site_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
    ca = _certificate(name, name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=None), ca_key)
    names = [*(x509.DNSName(host) for host in HOSTS), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    site_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A site for tests")])
    site = _certificate(site_name, name, site_key.public_key(), x509.SubjectAlternativeName(names), ca_key)
    authority = Authority(folder / "ca.pem", folder / "site.pem")
    authority.ca_file.write_bytes(ca.public_bytes(Encoding.PEM))
    key = site_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    authority.site_file.write_bytes(key + site.public_bytes(Encoding.PEM))
    return authority


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    extension: x509.ExtensionType,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
    day = dt.timedelta(days=1)
    builder = builder.not_valid_before(now - day).not_valid_after(now + 30 * day)
    return builder.sign(signer, hashes.SHA256())


@dataclass
class Request:
    """What the site was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Site:
    """A site whose pages a test writes: bytes as JSON, a whole reply, or a function that speaks on the connection."""

    host: str
    port: int
    ca_file: Path
    pages: dict[str, bytes | Reply | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str, host: str = "") -> str:
        return f"https://{host or self.host}:{self.port}{path}"

    def asked(self, path: str) -> int:
        """How often a page was asked for."""
        return sum(request.path == path for request in self.requests)


@contextmanager
def serve_site(authority: Authority, host: str = "127.0.0.1") -> Iterator[Site]:
    """Serve a site on this machine by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.site_file)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            self.request.settimeout(30)
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            try:
                super().finish()
            finally:
                self.request.close()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            site.requests.append(Request(self.command, self.path, dict(self.headers.items()), body))
            page = site.pages.get(self.path, (404, {"Content-Type": "text/plain"}, b"not here"))
            self.close_connection = True
            if callable(page):
                page(self)
                return
            status, headers, content = page if isinstance(page, tuple) else (200, {}, page)
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(content)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing: tests hang up on it and greet it wrongly on purpose."""

    server = Server(("127.0.0.1", 0), Handler)
    site = Site(host, server.server_address[1], authority.ca_file)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
