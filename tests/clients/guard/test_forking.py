"""A guard made before a server forks its workers works in every one of them."""

import subprocess
import sys

import pytest

from tests.clients.guard.issuer import AUDIENCE, SigningKey

# The parent forks while another thread waits for keys and, in the second case, while the memory's lock is held: the two
# things that a child inherits and that nobody in it would ever finish.
PROGRAM = """
import os, signal, sys, threading
from sekisho_guard import Guard, Limits

issuer, audience, token, moment = sys.argv[1:]
guard = Guard(issuer=issuer, audience=audience, clock=lambda: 1_800_000_000.0, limits=Limits(timeout=10))
if moment == "fetching":
    threading.Thread(target=guard.verify, args=(token,), daemon=True).start()
    sys.stdin.readline()
else:
    guard.verify(token)
    guard._verified._lock.acquire()
child = os.fork()
if child == 0:
    signal.alarm(20)
    os._exit(0 if guard.verify(token).token_id == "b7a1c0de" else 1)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("moment", ["fetching", "remembering"])
def test_a_child_forked_at_an_unlucky_moment_verifies_tokens(issuer, key, moment):
    arguments = [issuer.identifier, AUDIENCE, key.sign(issuer.claims()), moment]
    if moment == "fetching":
        issuer.open.clear()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdin=subprocess.PIPE, text=True) as program:
        assert issuer.arrived.wait(30)
        seen = sum(issuer.hits.values())
        program.stdin.write("fork\n")
        program.stdin.flush()
        if moment == "fetching":
            issuer.arrived.clear()
            assert issuer.arrived.wait(30), "the child fetches for itself"
            assert sum(issuer.hits.values()) > seen
            issuer.open.set()
        assert program.wait(60) == 0


def test_the_program_above_can_fail(issuer, key):
    """A token of an unknown key, through the same program: not a zero."""
    token = SigningKey("stranger").sign(issuer.claims())
    arguments = [issuer.identifier, AUDIENCE, token, "remembering"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, check=False, timeout=60)
    assert done.returncode != 0
