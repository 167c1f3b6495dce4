"""An operator of a provider for tests: the `idp` command in a process of its own, and further declarations."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from idp.admin.apply import Declarations, apply
from idp.passwords.hashing import Passwords
from tests.provider.provider import CONFIG, ROOT, Provider, environment


def idp(provider: Provider, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the `idp` command against the database of a provider."""
    return subprocess.run(
        [sys.executable, "-m", "idp", "--config", str(CONFIG), *arguments],
        env={**os.environ, **environment(provider.database_url, provider.url, **extra)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def declare_clients(provider: Provider, *documents: Mapping[str, Any]) -> None:
    """Declare further clients to a provider of this process, as `idp apply` does."""
    _declare(provider, Declarations(list(documents), [], []))


def declare_people(provider: Provider, *documents: Mapping[str, Any]) -> None:
    """Declare further people to a provider of this process, as `idp apply` does."""
    _declare(provider, Declarations([], [], list(documents)))


def _declare(provider: Provider, declared: Declarations) -> None:
    services = provider.services
    assert services is not None
    changes = apply(services, declared, Passwords(services.settings.sign_in).hash, dry_run=False)
    provider.secrets.update({change.id: change.secret for change in changes if change.secret})
