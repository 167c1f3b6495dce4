"""What it takes to put a policy in force: its tests, its proofs, a signature under every widening, and no surprise.

The signature is that of whoever promotes, who is not who wrote it (`policy_life`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from idp.data_sharing.replay import Recorded
from idp.policy_tools.difference import Difference, differences, widenings
from idp.policy_tools.dossier import Dossier, judge
from idp.policy_tools.effects import effects, unexplained
from idp.policy_tools.proofs import prove
from policies.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands in the way, in words, and all that would be wider."""

    objections: tuple[str, ...]
    wider: tuple[Difference, ...]


def examine(in_force: Bundle, candidate: Dossier, signed_off: Collection[str], recorded: Recorded) -> Verdict:
    """Judge a policy against the one in force."""
    wider = widenings(differences(in_force, candidate.bundle))
    known = {one.id for one in wider}
    objections = [
        *judge(candidate).objections,
        *(f"not proved: {proof.id}" for proof in prove(candidate.bundle, candidate.promises) if not proof.holds),
        *(f"nobody signed off: {one.id} ({one.example.in_words()})" for one in wider if one.id not in signed_off),
        *(f"signed off, and no widening: {one}" for one in signed_off if one not in known),
        *(
            f"more went out at a disclosure of the past than any listed difference says: {what}"
            for what in unexplained(effects(recorded, in_force, candidate.bundle), wider)
        ),
    ]
    return Verdict(tuple(objections), wider)
