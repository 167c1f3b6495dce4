"""Who was written to in which campaign. The names lead to nobody: not to another campaign, not to a login."""

from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True)
class Send:
    """What came of one send: to how many it went, and how many of the send before are not among them any more."""

    written_to: int
    left_since: int


class Campaigns:
    """The sends of each campaign, in the memory of one process, which is enough for an example."""

    def __init__(self) -> None:
        self._last: dict[str, frozenset[str]] = {}
        self._lock = Lock()

    def send(self, campaign: str, members: frozenset[str]) -> Send:
        """Write to these and to nobody else, whoever was written to before."""
        with self._lock:
            before, self._last[campaign] = self._last.get(campaign, frozenset()), members
        return Send(len(members), len(before - members))

    def last(self, campaign: str) -> frozenset[str]:
        """Who was in the newest send."""
        return self._last.get(campaign, frozenset())
