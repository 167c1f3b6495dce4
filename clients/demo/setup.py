"""The throwaway folder of a demo: settings, key, database, declarations, and the secrets that were made for them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from clients.demo.certificates import make_certificates
from clients.demo.places import ROOT, Places

CONFIG = ROOT / "config"
_OURS = ("IDP_", "STOREFRONT_", "TABI_", "PAYMENTS_", "MARKETING_")


class SetupError(Exception):
    """A command that prepares the demo failed; the message is what it said last."""


def prepare(places: Places) -> Mapping[str, str]:
    """Make everything anew and return the secrets and passwords by client_id and username."""
    folder = places.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    settings_file(places).write_text(places.placed((CONFIG / "demo.toml").read_text("utf-8")), "utf-8")
    declarations = folder / "clients.toml"
    declarations.write_text(places.placed((CONFIG / "clients" / "demo.toml").read_text("utf-8")), "utf-8")
    make_certificates(folder)
    _idp(places, "keys", "new-encryption-key", str(folder / "key-encryption-key"))
    _idp(places, "db", "upgrade")
    agreements = (str(CONFIG / "sharing" / "agreements" / f"{name}.toml") for name in ("tabi-points", "kaze-ads"))
    changes = json.loads(_idp(places, "apply", "--json", *agreements, str(declarations)))
    return {change["id"]: change["secret"] for change in changes if change["secret"]}


def prove_messages(places: Places) -> None:
    """Register where the partner takes messages; Sekisho challenges it there first."""
    _idp(places, "partner", "webhook", "tabi-points", f"{places.messages}/messages")


def clean_up(places: Places) -> None:
    """Throw the folder away, with the keys in it."""
    shutil.rmtree(places.folder, ignore_errors=True)


def settings_file(places: Places) -> Path:
    return places.folder / "provider.toml"


def idp_command(places: Places) -> list[str]:
    """The `idp` command with the demo's settings."""
    return [sys.executable, "-m", "idp", "--config", str(settings_file(places))]


def clean_environment() -> dict[str, str]:
    """This process's environment, without settings meant for other servers, and with no proxy between ours."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**environment, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def _idp(places: Places, *arguments: str) -> str:
    command = [*idp_command(places), *arguments]
    done = subprocess.run(  # noqa: S603 - a fixed list of arguments
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise SetupError(f"idp {arguments[0]} failed: {said[-1]}")
    return done.stdout
