"""What the data API answers besides the profile: purchases, and yes or no to what a partner states.

Both are decided like everything that goes out, field by field; the decision stands in the audit log before a value is
read.
"""

import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Final, Protocol

from idp.data_sharing.decided import Decided
from idp.data_sharing.people import today
from idp.data_sharing.quotas import count_guess
from idp.data_sharing.released import Released
from idp.data_sharing.sharing import DataSharing
from idp.protocol.asked import Asked
from idp.protocol.audit import Surface
from idp.protocol.secrets import encode
from idp.settings import DataApi
from idp.store.clients import Client
from idp.store.database import Connection, Database
from idp.store.sealing import Sealer, UnsealingError
from idp.store.transactions import Transaction, Window
from policies.discharge import NOTHING_DISCHARGED, Discharged, listed, together
from policies.obligations import ObligationKind
from policies.predicates import GUESSABLE, answer, is_statement

DAY: Final = 86_400
MOST_ROWS: Final = 100
TRANSACTIONS: Final = "transactions"
_ITEMS: Final = "transactions.items"
_AMOUNTS: Final = "transactions.amounts"
_ANSWERS: Final[Mapping[bool | None, str]] = {True: "Y", False: "N", None: "U"}
"""One letter each, so that yes, no and unknown are of one length."""


class TransactionSource(Protocol):
    """Where purchases come from."""

    def page(self, connection: Connection, account_id: str, window: Window, limit: int) -> tuple[Transaction, ...]:
        """Return the newest purchases of a window."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A partner's app, the person it asks about, and what its token was made for."""

    client: Client
    account_id: str
    asked: Asked


class Answers:
    """Answers what is no claim of the profile."""

    def __init__(
        self, sharing: DataSharing, source: TransactionSource, database: Database, sealer: Sealer, limits: DataApi
    ) -> None:
        """Take what decides, where purchases come from, and how often a partner may guess."""
        self._sharing = sharing
        self._source = source
        self._database = database
        self._sealer = sealer
        self._limits = limits

    # ---- purchases -----------------------------------------------------------------------------------------------

    def transactions(self, asking: Asking, window: Window, limit: int, now: int) -> tuple[Released, Window | None]:
        """Release one page of a person's purchases, and say where the next one begins.

        The window begins no earlier than the agreement lets a partner look back, a page is no longer than it allows.
        """
        asked, client = asking.asked, asking.client
        reach = self._sharing.reach(client, asked)
        named = frozenset({TRANSACTIONS}) | (frozenset({_ITEMS, _AMOUNTS}) & reach)
        decided = self._sharing.disclose(client, asking.account_id, asked, named, now, Surface.DATA_TRANSACTIONS)
        if TRANSACTIONS not in decided.decision.released:
            return decided.released(NOTHING_DISCHARGED), None
        since, size = _limited(decided, window, limit, now)
        found: tuple[Transaction, ...] = ()
        if size and since < window.until:
            with self._database.autocommit() as connection:
                narrowed = Window(since, window.until, window.before_id)
                found = self._source.page(connection, asking.account_id, narrowed, size + 1)
        rows = [together(self._row(client, decided, transaction)) for transaction in found[:size]]
        last = found[size - 1] if len(found) > size else None
        rest = Window(since, last.purchase.at, last.id) if last else None
        bounds = decided.discharge.values(TRANSACTIONS, {"from": since, "to": window.until})
        return decided.released(together([bounds, listed(TRANSACTIONS, rows)])), rest

    def _row(self, client: Client, decided: Decided, transaction: Transaction) -> Iterator[Discharged]:
        purchase, released, values = transaction.purchase, decided.decision.released, decided.discharge.values
        name = self._sharing.reference(client, transaction.id)
        row = {"id": name, "at": purchase.at, "shop": purchase.shop, "category": purchase.category}
        yield values(TRANSACTIONS, row)
        if _ITEMS in released:
            yield values(_ITEMS, {"item": purchase.item})
        if _AMOUNTS in released:
            yield values(_AMOUNTS, {"yen": purchase.yen})

    def cursor(self, asking: Asking, rest: Window | None) -> str | None:
        """Return where the next page begins, as a text that means nothing to anybody else."""
        if rest is None:
            return None
        return encode(self._sealer.seal(json.dumps(astuple(rest)).encode("ascii"), _cursor_place(asking)))

    def window_of(self, asking: Asking, cursor: str) -> Window | None:
        """Return the window of a cursor that was made for this app and person, or None."""
        try:
            sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            return Window(*json.loads(self._sealer.open(sealed, _cursor_place(asking))))
        except (Base64Error, ValueError, UnsealingError):
            return None

    # ---- answers instead of data ---------------------------------------------------------------------------------

    def verify(self, asking: Asking, statements: Mapping[str, object], now: int) -> Released:
        """Release whether statements about a person are so: Y, N, or U where that is unknown.

        Raises:
            OAuthError: `too_many_requests` for more guesses than are allowed.
        """
        account = self._sharing.account(asking.account_id)
        with self._database.autocommit() as connection:
            for question in sorted(GUESSABLE & statements.keys()):
                what = (asking.client.partner_id, asking.account_id, question)
                count_guess(connection, what, self._limits.guesses, self._limits.guess_window, now)
        decided = self._sharing.disclose(
            asking.client, asking.account_id, asking.asked, frozenset(statements), now, Surface.DATA_VERIFY
        )
        released = sorted(decided.decision.released) if account is not None else []
        return decided.released(
            together(
                decided.discharge.values(
                    question,
                    {question: _ANSWERS[answer(question, account.profile, today(account, now), statements[question])]},
                )
                for question in released
                if account is not None
            )
        )


def can_be_stated(question: str, stated: object) -> bool:
    """Whether there is such a question, and this can be stated in it."""
    return is_statement(question, stated)


def _limited(decided: Decided, window: Window, limit: int, now: int) -> tuple[int, int]:
    """Return from when a partner may look, and at how many rows at once."""
    terms = decided.terms
    days = decided.least(ObligationKind.LOOKBACK, terms.lookback_days if terms else None)
    rows = decided.least(ObligationKind.MAX_ROWS, terms.max_rows if terms else None)
    since = window.since if days is None else max(window.since, now - days * DAY)
    return since, limit if rows is None else min(limit, rows)


def _cursor_place(asking: Asking) -> str:
    return f"data_api/{asking.client.client_id}/{asking.account_id}/{asking.asked.purpose}/cursor"
