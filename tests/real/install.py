"""`python -m tests.real.install NAME...`: see to it that these components are on the machine.

On Debian and its kin the missing packages are installed, as root or by a sudo that asks for no password. Everywhere
else, and where that fails, one line says what is missing and how to install it, and the exit status is 1.
"""

import os
import shutil
import subprocess
import sys

from tests.real.programs import COMPONENTS, Component


def main(names: list[str]) -> int:
    wanted = [COMPONENTS[name] for name in names]
    missing = [component for component in wanted if not component.present()]
    if missing and (become_root := _way_to_become_root()) is not None:
        _apt_install(become_root, missing)
    still_missing = [component for component in missing if not component.present()]
    for component in still_missing:
        print(f"sekisho: {component.how_to_install()}", file=sys.stderr)
    return 1 if still_missing else 0


def _way_to_become_root() -> list[str] | None:
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    permitted = shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True, check=False)
    return sudo if permitted and permitted.returncode == 0 else None


def _apt_install(become_root: list[str], missing: list[Component]) -> None:
    packages = [package for component in missing for package in component.packages]
    print(f"Installing Debian packages: {' '.join(packages)}", flush=True)
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        result = subprocess.run([*apt, *command], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            print(result.stderr.strip(), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
