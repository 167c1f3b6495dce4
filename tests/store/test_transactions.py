"""Purchases: found newest first, page by page without gap or double, and sealed at rest."""

import pytest

from idp.store.database import Database
from idp.store.sealing import Sealer, UnsealingError
from idp.store.transactions import Purchase, Transactions, Window, transactions
from tests.store.rows import DAY, NOW, contents, new_id, randomness

STORE = Transactions(Sealer(bytes(32), randomness), randomness)


def bought(at: int, item: str = "Lamp") -> Purchase:
    return Purchase(at, "Yubin Denki", "home", item, 6_400)


def pages(database: Database, who: str, since: int, until: int, size: int) -> list[list[Purchase]]:
    found, window = [], Window(since, until)
    with database.autocommit() as connection:
        while page := STORE.page(connection, who, window, size):
            found.append([transaction.purchase for transaction in page])
            window = Window(since, page[-1].purchase.at, page[-1].id)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_cover_a_window_once(database: Database, size: int):
    """Also where several purchases are of the same second; somebody else's never show."""
    who, other = new_id(), new_id()
    mine = [bought(NOW - DAY * (number // 3), f"Item {number}") for number in range(8)]
    with database.transaction() as connection:
        STORE.replace(connection, who, mine)
        STORE.replace(connection, other, [bought(NOW, "A secret")])
    found = [purchase for page in pages(database, who, NOW - 30 * DAY, NOW + 1, size) for purchase in page]
    assert sorted(found, key=repr_of) == sorted(mine, key=repr_of)
    assert [purchase.at for purchase in found] == sorted((purchase.at for purchase in mine), reverse=True)


def repr_of(purchase: Purchase) -> tuple[int, str]:
    return purchase.at, purchase.item


def test_a_window_holds_its_first_second_and_not_its_last(database: Database):
    """From, inclusive, until, exclusive: two windows beside each other share no purchase."""
    who = new_id()
    with database.transaction() as connection:
        STORE.replace(connection, who, [bought(NOW), bought(NOW + 10)])
    assert pages(database, who, NOW, NOW + 10, 9) == [[bought(NOW)]]
    assert pages(database, who, NOW + 10, NOW + 11, 9) == [[bought(NOW + 10)]]


def test_replacing_leaves_nothing_of_before(database: Database):
    """A person's purchases are what was reported last."""
    who = new_id()
    with database.transaction() as connection:
        STORE.replace(connection, who, [bought(NOW)])
        STORE.replace(connection, who, [bought(NOW + 1), bought(NOW + 2)])
        assert tuple(STORE.each_of_account(connection, who)) == (bought(NOW + 1), bought(NOW + 2))
        STORE.replace(connection, who, [])
        assert tuple(STORE.each_of_account(connection, who)) == ()


def test_what_was_bought_is_sealed_in_its_place(database: Database):
    """Nothing of it can be read from the table, nor moved to another row."""
    who = new_id()
    with database.transaction() as connection:
        STORE.replace(connection, who, [bought(NOW), bought(NOW + 1)])
    rows = [row for row in contents(database)["transactions"] if row["account_id"] == who]
    assert all(b"Lamp" not in bytes(row["content"]) and b"Yubin" not in bytes(row["content"]) for row in rows)
    with database.transaction() as connection:
        moved = transactions.update().where(transactions.c.id == rows[0]["id"]).values(content=rows[1]["content"])
        connection.execute(moved)
        with pytest.raises(UnsealingError):
            tuple(STORE.each_of_account(connection, who))
