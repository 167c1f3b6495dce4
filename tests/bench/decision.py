"""What one decision costs in process, at a policy of 200 clauses: `python -m tests.bench.decision` prints it.

Wall-clock time of each call, of many people, partners and requests in turn; run it with a high priority
(`nice -n -20`), for what else runs on the machine counts.
"""

import random
import statistics
import time
from dataclasses import dataclass, replace
from itertools import cycle, islice

from policies.agreement import FieldTerms, LegalRelation, PurposeTerms, Tier
from policies.bundle import Bundle, compile_bundle
from policies.decide import decide
from policies.user import Risk
from tests.policies.worlds import DAY, NOW, World, a_person, everyday, shipped_catalogue, shipped_policies

CLAUSES = 200
WORLDS = 200
CALLS = 100_000
WARM_UP = 2_000


@dataclass(frozen=True)
class Figures:
    """Microseconds of one decision."""

    p50: float
    p99: float


def measure() -> Figures:
    worlds = _worlds(_bundle(random.Random(1)), random.Random(2))
    calls = [(w.bundle, w.request, w.partner, w.agreement, w.consent, w.user) for w in worlds]
    for arguments in islice(cycle(calls), WARM_UP):
        decide(*arguments)
    took = []
    for arguments in islice(cycle(calls), CALLS):
        started = time.perf_counter_ns()
        decide(*arguments)
        took.append(time.perf_counter_ns() - started)
    hundredths = statistics.quantiles(took, n=100)
    return Figures(hundredths[49] / 1000, hundredths[98] / 1000)


def _bundle(source: random.Random) -> Bundle:
    """The shipped policy, and so many random clauses beside it that there are 200."""
    catalogue, documents = shipped_catalogue(), shipped_policies()
    written = sum(len(document["clause"]) for document in documents.values())
    conditions = ["under 13", "under 18", "restricted", "risk high", "lives outside JP, KR", "partner abroad"]
    further = []
    for number in range(CLAUSES - written):
        effect, when = source.choice([("share", "except_when"), ("share", "except_when"), ("never_share", "when")])
        clause = {
            "id": f"further-{number}",
            effect: source.sample(sorted(catalogue.fields), source.randint(1, 4)),
            "with": source.choice(["anyone", "third_party", "processor", "joint_use.restricted"]),
            "for": source.choice(sorted(catalogue.purposes)),
            when: source.sample(conditions, source.randint(1, 2)),
        }
        further.append(clause)
    bundle = compile_bundle(catalogue, {**documents, "further.toml": {"clause": further}})
    assert len(bundle.clauses) == CLAUSES
    return bundle


def _worlds(bundle: Bundle, source: random.Random) -> list[World]:
    """Requests for five fields under agreements with obligations, by all kinds of partner about all kinds of people."""
    fields = sorted(bundle.catalogue.fields)
    due = ["no_store", "notify.digest", "expiry.month", "lookback.month"]
    worlds = []
    for _ in range(WORLDS):
        world = everyday()
        purpose = source.choice(sorted(bundle.catalogue.purposes))
        named = source.sample(fields, 10)
        terms = PurposeTerms({field: FieldTerms(False, (source.choice(due),)) for field in named}, 90)
        ages, places = [12, 17, 30, 40, 50, None], ["JP", "JP", "KR", None]
        person = a_person(age=source.choice(ages), residence=source.choice(places), risk=source.choice([*Risk]))
        partner = replace(
            world.partner, tier=source.choice([*Tier]), legal_relation=source.choice([*LegalRelation]), country="JP"
        )
        consented = dict.fromkeys(source.sample(named, 4), NOW + 9 * DAY)
        denied = frozenset(source.sample(fields, 1))
        consent = replace(world.consent, purpose=purpose, fields=consented, denied=denied, expires_at=NOW + 9 * DAY)
        asked = frozenset([*source.sample(sorted(consented), 4), source.choice(fields)])
        request = replace(world.request, purpose=purpose, fields=asked, kept=False)
        agreement = replace(world.agreement, purposes={purpose: terms})
        worlds.append(World(bundle, request, partner, agreement, consent, person))
    return worlds


if __name__ == "__main__":
    figures = measure()
    print(f"one decision at {CLAUSES} clauses: p50 {figures.p50:.1f} us, p99 {figures.p99:.1f} us")
