"""Interactions: requests that wait for their person, sealed, of one browser, answered once."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from idp.store import interactions
from idp.store.database import Database
from idp.store.interactions import ALLOWED, Interaction, Interactions
from idp.store.sealing import Sealer, UnsealingError
from tests.store.rows import NOW, THREADS, at_once_behind, new_id


@pytest.fixture
def waiting(sealer: Sealer) -> Interactions:
    return Interactions(sealer)


def an_interaction(**other: object) -> Interaction:
    values = {
        "id": new_id(),
        "session_id": new_id(),
        "parameters": {"client_id": "storefront", "login_hint": "hana@example.jp"},
        "resources": ("https://api.example",),
        "client_id": "storefront",
        "scopes": ("openid",),
        "purpose": "",
        "redirect_uri": "https://shop.example/callback",
        "created_at": NOW,
        "expires_at": NOW + 3600,
        "fields": ("prefecture",),
        "days": 30,
    }
    return Interaction(**{**values, **other})


def add(database: Database, waiting: Interactions, **other: object) -> Interaction:
    interaction = an_interaction(**other)
    with database.transaction() as connection:
        waiting.add(connection, interaction)
    return interaction


def find(
    database: Database, waiting: Interactions, known: Interaction, session_id: str = "", now: int = NOW
) -> Interaction | None:
    with database.autocommit() as connection:
        return waiting.find(connection, known.id, session_id or known.session_id, now)


def test_an_interaction_belongs_to_its_browser_and_has_an_end(database: Database, waiting: Interactions):
    """Its identifier alone is worth nothing in another browser, and nothing when its time is over."""
    interaction = add(database, waiting)
    assert find(database, waiting, interaction) == interaction
    assert find(database, waiting, interaction, session_id=new_id()) is None
    assert find(database, waiting, interaction, now=interaction.expires_at) is None
    assert find(database, waiting, replace(interaction, id=new_id())) is None


def test_fifty_threads_finish_an_interaction_once(database: Database, waiting: Interactions):
    """One request is answered with one code, in however many tabs it is open."""
    interaction = add(database, waiting)

    def finish(number: int) -> bool:
        with database.transaction() as connection:
            return interactions.finish(connection, interaction.id, NOW + number)

    finished = at_once_behind(database, interactions.interactions, finish)
    assert sorted(finished) == [False] * (THREADS - 1) + [True]
    found = find(database, waiting, interaction)
    assert found is not None
    assert found.finished_at == NOW + finished.index(True)


def test_what_the_person_did_is_noted(database: Database, waiting: Interactions):
    """Signing in and answering, as the dispatcher reads them."""
    interaction = add(database, waiting)
    with database.transaction() as connection:
        interactions.note_sign_in(connection, interaction.id, interaction.session_id, NOW + 1)
        interactions.note_decision(connection, interaction.id, ALLOWED)
    expected = replace(interaction, authenticated_at=NOW + 1, decision=ALLOWED)
    assert find(database, waiting, interaction) == expected


def test_what_was_asked_is_sealed_and_bound_to_its_row(database: Database, waiting: Interactions):
    """A login hint is an address; it is not readable, and does not open in another row."""
    mine, other = add(database, waiting), add(database, waiting)
    read = text("SELECT content FROM interactions WHERE id = :id")
    with database.transaction() as connection:
        content = connection.execute(read, {"id": mine.id}).scalar_one()
        assert b"hana" not in content
        table = interactions.interactions
        connection.execute(table.update().where(table.c.id == other.id).values(content=content))
    with pytest.raises(UnsealingError):
        find(database, waiting, other)
    assert "hana" not in repr(mine)


def test_interactions_that_are_over_are_forgotten(database: Database, waiting: Interactions):
    """Whether finished or not."""
    alive, over = add(database, waiting, expires_at=NOW + 9000), add(database, waiting, expires_at=NOW + 8999)
    interactions.purge(database, NOW + 9000)
    assert find(database, waiting, alive) == alive
    assert find(database, waiting, over) is None
