"""A throwaway Apache with mod_auth_openidc as its packages bring them: an app that needs nothing but directives."""

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.real.process import RunningProgram, is_root
from tests.real.programs import APACHE

READY = "resuming normal operations"
MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "headers", "ssl")
"""What Debian has not built in."""
SERVER = """
ServerName localhost
ServerRoot "{folder}"
DefaultRuntimeDir "{folder}"
PidFile "{folder}/pid"
DocumentRoot "{folder}/pages"
Listen 127.0.0.1:{port}
StartServers 1
ErrorLog "|/bin/cat"
LogLevel notice
{user}
SSLEngine on
SSLCertificateFile "{certificate}"

OIDCCryptoPassphrase "{passphrase}"
OIDCCacheDir "{folder}"
{settings}
<Location "/">
  AuthType openid-connect
  Require valid-user
  Header set X-User "expr=%{{REMOTE_USER}}"
  Header set X-E-Mail "%{{OIDC_CLAIM_email}}e"
</Location>
<Location "/signed-out.txt">
  AuthType none
  Require all granted
</Location>
"""


@contextmanager
def run_apache(port: int, certificate: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """The URL of an Apache whose pages `/private.txt` and `/signed-out.txt` are for the signed-in and for everybody.

    `settings` are the directives of mod_auth_openidc without their OIDC; `certificate` holds the key as well.
    """
    with tempfile.TemporaryDirectory(prefix="sekisho-apache-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        pages = folder / "pages"
        pages.mkdir()
        for page in ("private.txt", "signed-out.txt"):
            (pages / page).write_text(f"This is {page}.", "utf-8")
        loaded = [f'LoadModule {module}_module "{APACHE.module(module)}"' for module in MODULES]
        # Its children give up being root, for whom it must be started with a user to become.
        user = "User nobody\nGroup #65534" if is_root() else ""
        server = SERVER.format(
            folder=folder,
            port=port,
            user=user,
            certificate=certificate,
            passphrase=secrets.token_urlsafe(),
            settings="\n".join(f'OIDC{name} "{value}"' for name, value in settings.items()),
        )
        configuration = folder / "apache.conf"
        configuration.write_text("\n".join(loaded) + server, "utf-8")
        command = [APACHE.find(), "-f", configuration, "-DFOREGROUND"]
        program = RunningProgram(command, ready=READY, env={**os.environ, "LC_ALL": "C.UTF-8"})
        try:
            yield f"https://localhost:{port}"
        finally:
            program.stop()
