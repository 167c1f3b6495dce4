"""What is proved of a policy, for every input that there can be (the guarantees of the data-sharing model).

Each statement is given to the solver turned round: it looks for an input that breaks it. `unsat` is a proof that there
is none; otherwise the input that it found is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from z3 import And, BoolRef, Implies, Not, Solver, sat, unsat

from idp.policy_tools.model import Formula, Inputs, Model
from policies.bundle import Bundle
from policies.clauses import Clause

_PATIENCE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Proof:
    """A statement, and whether it holds. `counterexample` is an input that breaks it."""

    id: str
    statement: str
    holds: bool
    counterexample: str = ""

    def plain(self) -> dict[str, object]:
        """Return this as plain data."""
        return {"id": self.id, "statement": self.statement, "holds": self.holds, "counterexample": self.counterexample}


def prove(bundle: Bundle, promises: tuple[Clause, ...] = ()) -> Iterator[Proof]:
    """Yield every statement with its proof: the guarantees, then each promise, which is a clause of `never_share`."""
    model = Model(bundle)
    for id_, statement, broken in [*_guarantees(model), *(_promise(model, clause) for clause in promises)]:
        yield _proved(id_, statement, broken)


def idle_clauses(bundle: Bundle) -> Iterator[str]:
    """Yield each clause without which the policy would be the same: shadowed by others, or a safeguard never needed."""
    model = Model(bundle)
    one = model.inputs("one")
    whole = model.cap(one, bundle.clauses)
    for clause in bundle.clauses:
        solver = _solver()
        without = [other for other in bundle.clauses if other is not clause]
        solver.add(model.sane(one), whole != model.cap(one, without))
        if solver.check() == unsat:
            yield clause.id


def _guarantees(model: Model) -> list[tuple[str, str, BoolRef]]:
    """Return the guarantees, each as what would break it."""
    one, two = model.inputs("one"), model.inputs("two")
    release, narrower = model.release(one), model.release(two)
    given_away = model.down(release)
    permitted = model.down(one.agreement) & model.down(one.consent) & model.cap(one, model.bundle.clauses)
    sane = And(model.sane(one), model.sane(two))

    def breaks(something: BoolRef) -> BoolRef:
        return And(sane, something)

    def alike(*but: str) -> BoolRef:
        """Whether both requests are the same but for some inputs."""
        names = [name for name in Inputs.__slots__ if name not in (*but, "person")]
        same = [getattr(one, name) == getattr(two, name) for name in names]
        return And(*same, *([] if "person" in but else [_same_person(one, two)]))

    def wider(name: str) -> BoolRef:
        """Whether `two` has fewer of something than `one`, and yet gets more."""
        fewer = getattr(two, name) & ~getattr(one, name) == 0
        return breaks(And(alike(name), fewer, narrower & ~release != 0))

    return [
        ("G1 request", "Nothing is released that was not asked for.", breaks(release & ~one.request != 0)),
        ("G1 contract", "Nothing is released that is not agreed.", breaks(release & ~model.down(one.agreement) != 0)),
        ("G1 consent", "Nothing is released that nobody ticked.", breaks(release & ~model.down(one.consent) != 0)),
        (
            "G1 policy",
            "Nothing is released that no clause lets go.",
            breaks(release & ~model.cap(one, model.bundle.clauses) != 0),
        ),
        (
            "G1 partner",
            "Nothing goes beyond what the partner was examined for.",
            breaks(release & ~model.tier(one.partner_class) != 0),
        ),
        ("G1 inference", "What is released gives nothing away that may not go.", breaks(given_away & ~permitted != 0)),
        ("G1 denial", "What is released gives nothing away that was denied.", breaks(given_away & one.denied != 0)),
        ("G2 request", "Asking for less never gets more.", wider("request")),
        ("G2 contract", "Agreeing on less never gets more.", wider("agreement")),
        ("G2 consent", "Ticking less never gets more.", wider("consent")),
        (
            "G2 denial",
            "Denying more never gets more.",
            breaks(And(alike("denied"), one.denied & ~two.denied == 0, narrower & ~release != 0)),
        ),
        (
            "G2 person",
            "Of a person of whom less is known, or worse, no more is released.",
            breaks(And(alike("person"), model.no_better_known(two, one), narrower & ~release != 0)),
        ),
        (
            "G2 sign-in",
            "Of a person who signed in less strongly, or in a kept answer, no more is released.",
            breaks(
                And(
                    alike("level", "kept"),
                    two.level <= one.level,
                    Implies(one.kept, two.kept),
                    narrower & ~release != 0,
                )
            ),
        ),
        (
            "G7 due",
            "Nothing is released of which what is due cannot be done.",
            breaks(release & (model.held_back(one) | one.unmet) != 0),
        ),
        ("G3", "What is ended, suspended or missing releases nothing.", breaks(And(Not(one.alive), release != 0))),
        (
            "G11",
            "A consent for one purpose releases nothing for another, unless that lies below it.",
            breaks(And(Not(model.is_within(one.purpose, one.consent_purpose)), release != 0)),
        ),
    ]


def _promise(model: Model, clause: Clause) -> tuple[str, str, BoolRef]:
    """Return a promise, written like a clause of `never_share`, as what would break it."""
    one = model.inputs("one")
    broken = And(model.sane(one), model.speaks(clause, one), model.release(one) & model.up_of(clause) != 0)
    return clause.id, f"Promised: {', '.join(sorted(clause.fields))} never go where it says so.", broken


def _proved(id_: str, statement: str, broken: BoolRef) -> Proof:
    solver = _solver()
    solver.add(broken)
    found = solver.check()
    if found == unsat:
        return Proof(id_, statement, holds=True)
    told = _told(solver.model()) if found == sat else "the solver gave up; make the policy simpler or try again"
    return Proof(id_, statement, holds=False, counterexample=told)


def _told(found: Formula) -> str:
    return ", ".join(sorted(f"{variable} = {found[variable]}" for variable in found))


def _same_person(one: Inputs, two: Inputs) -> BoolRef:
    names = type(one.person).__slots__
    return And([getattr(one.person, name) == getattr(two.person, name) for name in names])


def _solver() -> Solver:
    solver = Solver()
    solver.set("timeout", _PATIENCE_MS)
    return solver
