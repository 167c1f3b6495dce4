"""The life of a grant (data-sharing model 4.1, G3): whatever happens to it in whatever order, dead means dead.

A machine does what users, partners, the platform and time can do, on a clock that it turns; a model of a few lines says
what must go out then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from idp.data_sharing import Circumstances
from idp.protocol.asked import Asked
from idp.protocol.audit import Kind, Surface, account_of, read_leaf
from idp.protocol.grants import Initiator, Why
from idp.store import grants
from idp.store.audit_tree import AuditTree
from idp.store.grants import Grant
from idp.store.sealing import Sealer
from tests.store.rows import DAY, NOW, new_id, opened, randomness
from tests.test_data_sharing import CATALOGUE, PURPOSE, Office, World, an_office, write_down

FIELDS = ("prefecture", "address", "nickname")
WORLD = World(Asked((), PURPOSE, FIELDS), {PURPOSE: FIELDS}, (), expires_at=NOW + 900 * DAY, max_days=90)
CAUSES = ("trust and safety", "payments", "the platform")
some = st.frozensets(st.sampled_from(FIELDS))


@dataclass
class Model:
    """What must be so of the grant that is alive."""

    answers: dict[str, tuple[bool, int]]
    until: int
    paused: bool = False
    causes: set[str] = field(default_factory=set)

    def amend(self, said, now):
        """Take the answers to what was shown, and what they say of what was answered before."""
        kept = {name: answer for name, answer in self.answers.items() if now < answer[1] and name not in said}
        if "address" in kept and said.get("prefecture", (True, 0))[0] is False:
            kept["address"] = said["prefecture"]
        if "prefecture" in kept and said.get("address", (False, 0))[0]:
            kept["prefecture"] = said["address"]
        self.answers = {**kept, **said}


class LifeOfGrants(RuleBasedStateMachine):
    """One person and one app."""

    def __init__(self) -> None:
        super().__init__()
        self.office = OFFICES[0]
        self.app, self.who = write_down(self.office, WORLD)
        self.now = NOW
        self.model: Model | None = None
        self.opted_out = False
        self.over: dict[str, Grant] = {}
        self.events = 0

    def teardown(self) -> None:
        """Every event is an entry of the audit log, in whose eyes nothing went out that should not have."""
        self.check_log()
        with self.office.database.transaction() as connection:  # for the next person
            self.sharing.expire_due(connection, NOW + 10_000 * DAY)

    def check_log(self) -> None:
        tree = AuditTree(self.office.database, Sealer(bytes(range(32)), randomness))
        while tree.sequence():
            pass
        found = [read_leaf(place, leaf) for place, leaf in enumerate(tree.entries(tree.frontier().size))]
        own = [leaf for leaf in found if leaf.members.get("client") == self.app.client_id]
        assert sum(leaf.kind is Kind.GRANT for leaf in own) == self.events
        assert account_of(own).violations == []

    @property
    def sharing(self):
        return self.office.sharing

    def standing(self, connection) -> Grant | None:
        return grants.find(connection, self.who, self.app.client_id, PURPOSE, lock=True)

    def act(self, does, *, alive: bool) -> None:
        """Do something to the newest grant; it succeeds if and only if the model says that it can."""
        with self.office.database.transaction() as connection:
            grant = self.standing(connection)
            if grant is not None:
                assert does(connection, grant) is alive
                self.events += alive

    def is_alive(self) -> bool:
        return self.model is not None and self.now < self.model.until

    def is_over(self) -> None:
        with self.office.database.autocommit() as connection:
            grant = self.standing(connection)
        assert grant is not None
        assert grant.ended_at is not None
        self.over[grant.id] = grant
        self.model = None

    # ---- what can happen ---------------------------------------------------------------------------------------------

    @rule(shown=some.filter(bool), ticked=some, days=st.sampled_from([0, 1, 30]))
    def the_user_answers(self, shown, ticked, days):
        """Yes to some of what is shown, and so to what that gives away, shown now or answered before.

        What was not shown stays as it was otherwise, unless it gives away what was refused.
        """
        asked = Asked(("openid",), PURPOSE, tuple(sorted(shown)), days)
        account = self.sharing.account(self.who)
        answer = self.sharing.agree(self.app, account, asked, ticked, Circumstances(new_id(), "ja", "acr"), self.now)
        expired = self.model is not None and not self.is_alive()
        with self.office.database.transaction() as connection:
            before = self.standing(connection)
            given = self.sharing.give(connection, answer, self.now)
        if expired:
            with self.office.database.autocommit() as connection:
                self.over[before.id] = grants.find_by_id(connection, before.id)
            self.model = None
        self.events += 1 + expired
        until = self.now + (days or 90) * DAY
        yes = CATALOGUE.closure_down(ticked & shown)
        answers = {name: (name in yes, until) for name in shown}
        if self.model is None:
            self.model = Model(answers, until)
            if self.opted_out:
                self.model.causes.add("opted_out")
                self.events += 1
            return
        assert given.id == before.id
        self.model.amend(answers, self.now)
        self.model.paused = False
        scopes_until = until
        self.model.until = max(scopes_until, *(said[1] for said in self.model.answers.values()))

    @rule()
    def the_user_pauses(self):
        can = self.is_alive() and not self.model.paused
        self.act(lambda connection, grant: self.sharing.pause(connection, grant, self.now), alive=can)
        if can:
            self.model.paused = True

    @rule()
    def the_user_resumes(self):
        can = self.is_alive() and self.model.paused
        self.act(lambda connection, grant: self.sharing.resume(connection, grant, self.now), alive=can)
        if can:
            self.model.paused = False

    @rule(cause=st.sampled_from(CAUSES))
    def a_cause_holds_it(self, cause):
        can = self.is_alive() and cause not in self.model.causes
        self.act(
            lambda connection, grant: self.sharing.suspend(
                connection, grant, cause, Initiator.PLATFORM, Why.SECURITY, self.now
            ),
            alive=can,
        )
        if can:
            self.model.causes.add(cause)

    @rule(cause=st.sampled_from(CAUSES))
    def a_cause_lets_go(self, cause):
        can = self.is_alive() and cause in self.model.causes
        self.act(
            lambda connection, grant: self.sharing.lift(
                connection, grant, cause, Initiator.PLATFORM, Why.SECURITY, self.now
            ),
            alive=can,
        )
        if can:
            self.model.causes.discard(cause)

    @rule(how=st.sampled_from(["end", "supersede", "consume"]))
    def it_ends(self, how):
        can = self.is_alive()

        def end(connection, grant):
            if how == "end":
                return self.sharing.end(connection, grant, Initiator.USER, Why.USER_REVOKED, self.now)
            return getattr(self.sharing, how)(connection, grant, self.now)

        self.act(end, alive=can)
        if can:
            self.is_over()

    @rule(seconds=st.sampled_from([1, DAY, 30 * DAY, 90 * DAY]))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def maintenance_looks(self):
        due = self.model is not None and not self.is_alive()
        with self.office.database.transaction() as connection:
            assert self.sharing.expire_due(connection, self.now) == due
        if due:
            self.events += 1
            self.is_over()

    @rule(out=st.booleans())
    def the_user_leaves_all_sharing_or_comes_back(self, out):
        with self.office.database.transaction() as connection:
            (self.sharing.opt_out if out else self.sharing.opt_in)(connection, self.who, self.now)
        self.opted_out = out
        if self.is_alive() and ("opted_out" in self.model.causes) != out:
            self.events += 1
            (self.model.causes.add if out else self.model.causes.discard)("opted_out")

    # ---- what must be so ---------------------------------------------------------------------------------------------

    @invariant()
    def what_goes_out_is_what_the_model_says(self):
        goes = set()
        if self.is_alive() and not self.model.paused and not self.model.causes:
            agreed = {name for name, (yes, until) in self.model.answers.items() if yes and self.now < until}
            goes = CATALOGUE.closure_down(agreed) & set(FIELDS)
        released = self.sharing.release(self.app, self.who, WORLD.asked, self.now, Surface.USERINFO)
        assert set(released.claims) == goes

    @invariant()
    def what_is_over_never_changes(self):
        with self.office.database.autocommit() as connection:
            for grant in self.over.values():
                assert grants.find_by_id(connection, grant.id) == grant
            living = grants.all_alive(connection, self.who, 0)
        assert len(living) == (self.model is not None)

    @invariant()
    def every_event_is_in_the_history(self):
        with self.office.database.autocommit() as connection:
            known = grants.all_of_account(connection, self.who)
            assert sum(len(grants.events(connection, grant.id)) for grant in known) == self.events


OFFICES: list[Office] = []


@pytest.fixture(scope="module", autouse=True)
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One database for all that the machine tries; each try is another person and another partner."""
    with opened(f"sqlite:///{tmp_path_factory.mktemp('life') / 'store.db'}") as database:
        with database.autocommit() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
        OFFICES[:] = [an_office(database)]
        yield


TestLifeOfGrants = LifeOfGrants.TestCase
TestLifeOfGrants.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
