"""G6, some hundred pairs of it; README has the figures of `python -m tests.noninterference --pairs 100000`."""

import json
import socket
from threading import Thread

import pytest
from flask import Response
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.data_sharing import Outgoing
from idp.services import current_services
from idp.web.responses import json_response
from tests.fuzz.message import Message
from tests.noninterference.comparing import Found, compare
from tests.noninterference.worlds import Reply, World

EVERYWHERE = {
    *("/userinfo", "/data/v1/me", "/data/v1/transactions", "/data/v1/verify"),
    *("/access/v1/evaluation", "/introspect", "/token"),
}


@pytest.fixture(scope="module")
def found() -> Found:
    return compare(pairs=200, seed=1)


def test_people_who_differ_in_what_is_not_released_are_told_apart_by_no_byte(found: Found):
    """Status, headers, lengths, order, bodies and errors, of every answer that a partner can get."""
    assert found.pairs == 200
    assert set(found.answers) == EVERYWHERE
    assert min(found.answers.values()) >= 40
    assert found.differing == []


def test_what_is_released_is_told_apart_every_time(found: Found):
    """So the comparison can fail."""
    assert found.controls >= 3
    assert found.noticed == found.controls


def test_also_on_the_wire():
    """Byte by byte over a socket; of what the server adds, the date alone is left out."""
    found = compare(pairs=8, seed=2, ask=over_a_socket)
    assert found.differing == []
    assert set(found.answers) == EVERYWHERE


@pytest.mark.parametrize("leak", ["a blank", "a header", "an order"])
def test_the_smallest_leak_is_noticed(monkeypatch: pytest.MonkeyPatch, leak: str):
    """A blank more, a header, or members in another order, for some people: each is found in what was the same."""

    def leaking(body: Outgoing) -> Response:
        services = current_services()
        members = json.loads(body.content)
        with services.database.autocommit() as connection:
            sealed = connection.exec_driver_sql("SELECT length(profile) FROM accounts ORDER BY updated_at DESC, id")
            some = sealed.scalars().first() % 2 == 0
        if some and leak == "an order":
            members = dict(reversed(members.items()))
        response = json_response(members)
        if some and leak == "a blank":
            response.set_data(response.get_data() + b" ")
        if some and leak == "a header":
            response.headers["X-Served-By"] = "7"
        return response

    monkeypatch.setattr("idp.data_api.routes.released_response", leaking)
    assert any("/data/v1/me" in line for line in compare(pairs=12, seed=3).differing)


def over_a_socket(world: World, message: Message, seed: int) -> Reply:
    """Ask by a connection of its own to a server of one thread."""
    world.stream.begin(seed)
    server = make_server("127.0.0.1", 0, world.app, request_handler=Silent)
    answering = Thread(target=server.handle_request)
    answering.start()
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        connection.sendall(message.wire())
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    answering.join()
    server.server_close()
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines) if name != "Date"]
    assert len(headers) == len(lines) - 1
    return status, headers, body


class Silent(WSGIRequestHandler):
    """Writes no log."""

    def log(self, *_: object) -> None:
        pass
