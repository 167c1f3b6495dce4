"""Coming back to an account at the very moment at which it is erased: it is theirs again, whole, or gone, whole."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text

from idp import closing
from idp.services import EXTENSION, Services
from idp.store.database import Database
from idp.store.erasure import KEPT
from tests.account.people import account_id, newcomer, send
from tests.provider.apps import TABI, tokens_for
from tests.provider.person import Person, hidden
from tests.provider.provider import HTTP, Provider, another_process
from tests.store.rows import at_once, contents
from tests.web.visits import sign_in

BACK = "/account/come-back"
AT_ONCE = 10
ROUNDS = 4


@pytest.fixture(scope="module")
def office(racing: Provider) -> Iterator[Provider]:
    """The racing provider, with a process beside it that erases too."""
    with another_process(racing) as app:
        yield Provider(racing.url, racing.database_url, racing.secrets, racing.clock, app.extensions[EXTENSION])


@pytest.fixture
def mio(office: Provider) -> Iterator[Person]:
    """Somebody who shared something and closed the account, and has just signed in to decide once more."""
    mio = newcomer(office)
    tokens_for(mio, TABI, ticks=("prefecture",))
    send(mio, "/account/close")
    sign_in(mio, mio.browser.get("/login"))
    yield mio
    mio.browser.close()


def known_of(stored: Database, account: str) -> set[str]:
    return {name for name, rows in contents(stored).items() if account in repr(rows)}


@pytest.mark.parametrize("number", range(ROUNDS))
def test_either_is_whole(office: Provider, mio: Person, stored: Database, number: int):
    """Half of them come back, by as many tabs as there are, and half erase what is due, as every worker does."""
    services: Services = office.services
    me = account_id(mio)
    form = {**hidden(mio.browser.get(BACK).text), "decision": "keep"}
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in mio.browser.cookies.items())}
    with stored.autocommit() as connection:
        connection.execute(text("UPDATE accounts SET erase_at = 1 WHERE id = :me"), {"me": me})

    def one(place: int) -> bool:
        if (place + number) % 2:
            return closing.erase_due(services) == 1
        answer: httpx.Response = HTTP.post(f"{office.url}{BACK}", data=form, headers=headers)
        assert answer.status_code in (303, 403)
        return answer.headers.get("location") == "/account?done=kept"

    won = at_once(one, AT_ONCE)
    assert sum(won) == 1
    is_erased = bool((won.index(True) + number) % 2)
    if is_erased:
        assert known_of(stored, me) <= KEPT | {"changes"}
        return
    with stored.autocommit() as connection:
        kinds = text("SELECT count(*) FROM activity WHERE account_id = :me AND kind = 'closing_cancelled'")
        assert connection.execute(kinds, {"me": me}).scalar_one() == 1
        status = text("SELECT status, erase_at FROM accounts WHERE id = :me")
        assert tuple(connection.execute(status, {"me": me}).one()) == ("active", None)
    assert mio.username in mio.browser.get("/account").text
