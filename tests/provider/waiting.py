"""Waiting for what must be true within a stated time, by asking again; never by sleeping."""

from collections.abc import Callable
from time import monotonic


def eventually(question: Callable[[], bool], within: float = 1.0) -> bool:
    """Whether the answer becomes yes in time; the last question is asked after the time is over."""
    deadline = monotonic() + within
    while True:
        over = monotonic() > deadline
        if question():
            return True
        if over:
            return False
