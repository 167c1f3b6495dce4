"""Which programs the tests need, where they may be found, and what to install where one is missing."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class MissingProgramError(Exception):
    """A real component is not on this machine: the message says which, and what to install."""


@dataclass(frozen=True)
class Component:
    """Something that must be on the machine, with the Debian packages that bring it."""

    title: str
    packages: tuple[str, ...]
    executables: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def find(self, *executables: str) -> Path:
        """The first of these programs (by default: of the component's own) that is there."""
        search_path = os.pathsep.join(self._search_path())
        for name in executables or self.executables:
            if path := shutil.which(name, path=search_path):
                return Path(path)
        raise MissingProgramError(self.how_to_install())

    def present(self) -> bool:
        try:
            self.find()
        except MissingProgramError:
            return False
        return True

    def how_to_install(self) -> str:
        return f"{self.title} is missing: install it (Debian: apt-get install {' '.join(self.packages)})"

    def _search_path(self) -> list[str]:
        versions = [folder for pattern in self.folders for folder in sorted(Path("/").glob(pattern), key=_version)]
        return [str(folder) for folder in reversed(versions)] + os.environ.get("PATH", os.defpath).split(os.pathsep)


def _version(folder: Path) -> list[int]:
    return [int(part) for part in folder.parts if part.isdigit()]


POSTGRESQL = Component(
    title="PostgreSQL",
    packages=("postgresql",),
    executables=("initdb",),
    folders=("usr/lib/postgresql/*/bin",),  # Debian keeps several versions side by side, off the PATH
)
REDIS = Component(title="Redis", packages=("redis-server",), executables=("redis-server",))
CHROMIUM = Component(
    title="Chromium",
    packages=("chromium",),
    executables=("chromium", "chromium-browser", "google-chrome"),
)
WRK = Component(title="wrk", packages=("wrk",), executables=("wrk",))


class JapaneseFont(Component):
    """Known to fontconfig, since that is where Chromium looks."""

    def present(self) -> bool:
        if not super().present():
            return False
        families = subprocess.run([self.find(), ":lang=ja", "family"], capture_output=True, check=True).stdout
        return bool(families.strip())


JAPANESE_FONT = JapaneseFont(
    title="A Japanese font",
    packages=("fonts-noto-cjk", "fontconfig"),
    executables=("fc-list",),
)


class Apache(Component):
    """With its modules in a folder of their own, mod_auth_openidc among them."""

    def present(self) -> bool:
        try:
            return super().present() and self.module("auth_openidc").exists()
        except MissingProgramError:
            return False

    def module(self, name: str) -> Path:
        """The file of a module."""
        for folder in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"):
            if (file := Path(folder, f"mod_{name}.so")).exists():
                return file
        raise MissingProgramError(self.how_to_install())


APACHE = Apache(
    title="Apache with mod_auth_openidc",
    packages=("apache2-bin", "libapache2-mod-auth-openidc"),
    executables=("apache2", "httpd"),
    folders=("usr/sbin",),
)

COMPONENTS = {
    "apache": APACHE,
    "postgresql": POSTGRESQL,
    "redis": REDIS,
    "chromium": CHROMIUM,
    "japanese-font": JAPANESE_FONT,
    "wrk": WRK,
}
