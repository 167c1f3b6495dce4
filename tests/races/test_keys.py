"""Several processes start and rotate at the same moment: one root secret, one new key for each algorithm."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from idp.app import create_app
from idp.protocol.names import ENCRYPTION_KEYS, SIGNING_ALGORITHMS
from idp.services import EXTENSION, Services
from tests.provider import provider
from tests.provider.provider import CONFIG, ROOT, Clock, environment
from tests.store.rows import NOW, at_once, contents, opened

PROCESSES = 3
KEYS = (*SIGNING_ALGORITHMS, *ENCRYPTION_KEYS)
ISSUER = "http://127.0.0.1:8400"


def idp_at_once(database_url: str, *arguments: str) -> list[str]:
    """What each of several `idp` processes printed, all started at the same moment."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "idp", "--config", str(CONFIG), *arguments],
            env={**os.environ, **environment(database_url, ISSUER)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    answers = [(*program.communicate(), program.returncode) for program in programs]
    assert [(stderr, code) for _, stderr, code in answers] == [("", 0)] * PROCESSES
    return [stdout for stdout, _, _ in answers]


@pytest.fixture
def empty_url(store_url: str) -> str:
    provider.prepare(provider.testing_settings(store_url, ISSUER))
    return store_url


def keys_of(database_url: str) -> list[tuple[str, int]]:
    """Algorithm and generation of every key."""
    with opened(database_url) as database:
        return [(str(row["algorithm"]), int(str(row["generation"]))) for row in contents(database)["signing_keys"]]


def test_the_first_start_and_a_rotation_of_several_processes(empty_url: str):
    """Everything that a first start makes is made once; a rotation asked for by each is one rotation."""
    idp_at_once(empty_url, "db", "purge")
    assert sorted(keys_of(empty_url)) == sorted((algorithm, 1) for algorithm in KEYS)
    with opened(empty_url) as database:
        assert len(contents(database)["root_secrets"]) == 1
    rotations = [row for out in idp_at_once(empty_url, "keys", "rotate", "--json") for row in json.loads(out)]
    done = Counter(row["algorithm"] for row in rotations if row["kid"])
    assert done == dict.fromkeys(KEYS, 1)
    assert sorted(keys_of(empty_url)) == sorted((each, number) for each in KEYS for number in (1, 2))


@pytest.fixture
def several(empty_url: str) -> Iterator[tuple[list[Services], Clock]]:
    """The services of several servers on one database, each with its own engine, cache and keys."""
    clock = Clock(float(NOW))
    settings = provider.testing_settings(empty_url, ISSUER)
    with ExitStack() as stack:
        servers: list[Services] = [create_app(settings, clock).extensions[EXTENSION] for _ in range(PROCESSES)]
        for server in servers:
            stack.callback(server.database.engine.dispose)
        yield servers, clock


def test_a_rotation_that_is_due_happens_once(several: tuple[list[Services], Clock], empty_url: str):
    """Maintenance of every server finds it due at the same second; each time one new key comes of it."""
    servers, clock = several
    for generation in (1, 2, 3):
        at_once(lambda number: servers[number].keys.ensure(), PROCESSES)
        newest = max(number for _, number in keys_of(empty_url))
        assert newest == generation
        assert Counter(keys_of(empty_url)).most_common(1)[0][1] == 1
        clock.forward(servers[0].settings.key_rotation.period)


def test_servers_agree_on_the_key_that_signs(several: tuple[list[Services], Clock]):
    """While keys change, what one server signs every other one can verify."""
    servers, clock = several
    servers[0].keys.ensure()
    rotation = servers[0].settings.key_rotation
    for seconds in (1, rotation.period - rotation.publish_ahead, rotation.publish_ahead, 400):
        clock.forward(seconds)
        at_once(lambda number: servers[number].keys.ensure(), PROCESSES)
        for server in servers:
            server.feed.read_now()
        signing = {server.keys.signing_key("ES256").kid for server in servers}
        assert len(signing) == 1
        assert all(server.keys.public_key(kid) for server in servers for kid in signing)
        assert len({server.keys.jwks() for server in servers}) == 1
