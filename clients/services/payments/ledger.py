"""What people paid. Whoever comes for the first time has paid for a few things already: there is something to see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import islice

_SHOPS = (
    ("Kissa Aoi", "Two coffees, one toast", 1_280),
    ("Morinaka Books", "Old maps of the Tōkaidō", 3_850),
    ("Yubin Denki", "Desk lamp", 6_400),
    ("Hanaya Tsubaki", "Camellias", 2_200),
    ("Tetsudō Bento", "Lunch for the journey", 1_150),
    ("Sentō Matsu", "Eleven visits for ten", 5_200),
)
_FIRST_PAYMENTS = 3


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment, in yen."""

    id: str
    paid_on: str
    shop: str
    what: str
    yen: int


class Ledger:
    """The payments of each person, newest first."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[Payment, ...]] = {}

    def payments_of(self, subject: str, today: date) -> tuple[Payment, ...]:
        return self._of.setdefault(subject, tuple(islice(_made_up(subject, today), _FIRST_PAYMENTS)))


def _made_up(subject: str, today: date) -> Iterator[Payment]:
    """Payments that differ from person to person and stay the same for each."""
    digest = sha256(subject.encode()).digest()
    day = today
    for number, byte in enumerate(digest):
        shop, what, yen = _SHOPS[(digest[0] + number) % len(_SHOPS)]
        day -= timedelta(days=1 + byte % 9)
        yield Payment(f"p-{digest[number : number + 4].hex()}", day.isoformat(), shop, what, yen)
