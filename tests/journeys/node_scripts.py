"""Relying parties in Node, for which a test is the person with the browser; see tests/npm/talk.mjs."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.provider.person import Person

FOLDER = Path(__file__).parents[1] / "npm"


def run_script(node: Path, script: str, person: Person, task: dict[str, Any]) -> dict[str, Any]:
    """Run a script to its report; whenever it sends the person somewhere, go there and tell it where that led."""
    with subprocess.Popen(
        [node, script], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        _tell(running, task)
        for line in running.stdout:
            message = json.loads(line)
            if "report" in message:
                report: dict[str, Any] = message["report"]
                return report
            _tell(running, person.go_on(person.browser.get(message["visit"]), ticks=("prefecture",)).url)
        raise AssertionError(f"{script} ended without a report:\n{running.stderr.read()}")


def _tell(running: "subprocess.Popen[str]", message: object) -> None:
    assert running.stdin is not None
    running.stdin.write(f"{json.dumps(message)}\n")
    running.stdin.flush()
