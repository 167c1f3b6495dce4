"""Who stands at which address: six ports in a row on the loopback interface."""

import socket
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
FIRST_PORT = 8400
"""What the files of `config/` are written for."""


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses of one demo."""

    provider: str
    storefront: str
    partner: str
    payments: str
    marketing: str
    messages: str
    """Where the partner takes messages: by https, as everybody who is sent any must."""

    @classmethod
    def from_port(cls, first: int) -> Self:
        provider = f"http://localhost:{first}"  # by name: browsers make no passkeys for an address
        *apps, messages = (f"http://127.0.0.1:{first + number}" for number in range(1, 6))
        return cls(provider, *apps, messages.replace("http:", "https:"))

    @property
    def folder(self) -> Path:
        """The throwaway folder, one for each first port, so that two demos never share one."""
        return ROOT / ".demo" / str(port_of(self.provider))

    def placed(self, text: str) -> str:
        """A file of `config/` with these addresses and this folder in place of those that it was written for."""
        written_for = Places.from_port(FIRST_PORT)
        for written, actual in zip(astuple(written_for), astuple(self), strict=True):
            text = text.replace(written, actual)
        return text.replace(str(written_for.folder.relative_to(ROOT)), str(self.folder))

    def taken_port(self) -> int | None:
        """A port on which somebody else listens already, or None."""
        return next((port for port in map(port_of, astuple(self)) if _is_taken(port)), None)


def port_of(url: str) -> int:
    return urlsplit(url).port or 80


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just ended do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
