"""Processes of which nothing stays: each starts as a copy of this one, says what it found, and ends."""

import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

_MEMORY = 4 << 30
"""Bytes that one may use: a change may make a loop that collects for ever."""


@dataclass(frozen=True)
class Ended:
    """What it said, None where it broke down first; whether it had used up its time."""

    said: object
    out_of_time: bool
    seconds: float
    """Of the processor, not of the clock: a busy machine makes no run longer."""


def in_fork(run: Callable[[], object], at_most: float = 3600) -> Ended:
    """Run this in a silent process of its own, for so many seconds of the processor."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _say(run, writing, at_most)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status, used = os.wait4(child, 0)
    out_of_time = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
    return Ended(pickle.loads(said) if said else None, out_of_time, used.ru_utime + used.ru_stime)  # noqa: S301 - our own


def _say(run: Callable[[], object], writing: int, at_most: float) -> None:
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, sys.__stdout__.fileno())
        os.dup2(silence, sys.__stderr__.fileno())
        resource.setrlimit(resource.RLIMIT_CPU, (int(at_most) + 1, int(at_most) + 10))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(run()))
    finally:
        os._exit(0)
