"""After a fork: the child has no threads but its own, and a lock that another thread held stays locked for ever.

Whatever owns a lock registers here and is told in the child to begin with a new one. What it remembered is kept: keys
and verified tokens are never changed in place.
"""

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    def renew_in_child(self) -> None: ...


_living: WeakSet[Renewable] = WeakSet()


def renew_in_children(owner: Renewable) -> None:
    _living.add(owner)


def _renew_all() -> None:
    for owner in list(_living):
        owner.renew_in_child()


if hasattr(os, "register_at_fork"):  # not where processes cannot fork
    os.register_at_fork(after_in_child=_renew_all)
