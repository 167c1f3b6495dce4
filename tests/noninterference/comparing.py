"""Asks both worlds the same about a pair of people, and compares every byte of what they answer."""

import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from idp.data_sharing.policy_documents import bundle_of, read_documents
from policies.agreement import parse_partner
from tests.fuzz.message import Message
from tests.noninterference.asking import learn, requests, statements
from tests.noninterference.people import Seen, Somebody, given_away, in_order, pair
from tests.noninterference.worlds import BANK_FILE, PARTNER, SHARING, Grantee, Reply, World, two_worlds

CONTROL = 20
"""Of so many pairs one is asked about again with something released that differs."""
WAYS = 4
"""In how many ways a pair is asked about, drawn anew for each; in a control by all."""
Ask = Callable[[World, Message, int], Reply]
"""Puts a request to a world that begins its stream of randomness with a seed."""


@dataclass
class Found:
    """What was compared; `differing` describes each answer that should have been the same and was not."""

    pairs: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    controls: int = 0
    noticed: int = 0
    """In how many of the controls some answer differed, as it must."""

    def add(self, other: "Found") -> None:
        """Take in what another run found."""
        self.pairs += other.pairs
        self.answers += other.answers
        self.differing += other.differing
        self.controls += other.controls
        self.noticed += other.noticed


def compare(pairs: int, seed: int, ask: Ask | None = None, folder: Path | None = None) -> Found:
    """Draw pairs and ask about them; `ask` puts a request to a world by another way than calling it."""
    found, random = Found(), Random(seed)
    with TemporaryDirectory(dir=folder) as made, two_worlds(Path(made)) as (first, second, grantees):
        comparison = Comparison((first, second), ask or World.ask, found)
        for number in range(pairs):
            comparison.of_a_pair(random.choice(grantees), random, control=number % CONTROL == 0)
    return found


class Comparison:
    """Compares two worlds."""

    def __init__(self, worlds: tuple[World, World], ask: Ask, found: Found) -> None:
        self._worlds = worlds
        self._ask = ask
        self._found = found
        self._bundle = bundle_of(read_documents(SHARING))
        files = (SHARING / "agreements" / "tabi-points.toml", BANK_FILE)
        partners = [parse_partner(tomllib.loads(file.read_text("utf-8"))["partner"]) for file in files]
        self._partners = {one.id: one for one in partners}

    def of_a_pair(self, grantee: Grantee, random: Random, *, control: bool) -> None:
        """Ask about two people between whom nobody should be able to tell, and then about one whom somebody can."""
        stated = statements(random)
        reach = self._bundle.catalogue.closure_down(grantee.ticks)
        seen = Seen(reach, stated, self._bundle, self._partners[PARTNER[grantee.app.client_id]])
        one, other = pair(random, seen)
        one = Somebody(one.profile, in_order(one.purchases))
        differing = self._differing(grantee, (one, other), stated, random)
        self._found.pairs += 1
        self._found.differing += [f"{line} ({grantee.app.client_id}: {grantee.ticks})" for line in differing]
        somebody_else = given_away(random, one, seen) if control else None
        if somebody_else is not None:
            self._found.controls += 1
            again = self._differing(grantee, (one, somebody_else), stated, random, everything=True)
            self._found.noticed += bool(again)

    def _differing(
        self,
        grantee: Grantee,
        people: tuple[Somebody, Somebody],
        stated: dict[str, object],
        random: Random,
        *,
        everything: bool = False,
    ) -> list[str]:
        differing, seed = [], random.getrandbits(64)
        for world, somebody in zip(self._worlds, people, strict=True):
            world.put(grantee.account_id, somebody, seed)
        waiting = list(requests(grantee, stated, random, everything=everything))
        if not everything:
            waiting = random.sample(waiting, WAYS)
        while waiting:
            message = waiting.pop(0)
            seed = random.getrandbits(64)
            answers = [self._ask(world, message, seed) for world in self._worlds]
            self._found.answers[message.path.decode()] += 1
            if answers[0] != answers[1]:
                differing.append(f"{message.method} {message.path.decode()} {message.query.decode()} {message.body!r}")
            further = learn(grantee, answers[0][2])
            waiting += [further] if further else []
        return differing
