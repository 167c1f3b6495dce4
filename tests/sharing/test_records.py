"""G9: what a decision was made from is enough to make it again, to the letter."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from idp.data_sharing.facts import Facts, plain_decision, read_record, recorded
from policies.agreement import FieldTerms
from tests.policies.worlds import World, any_worlds, everyday


def facts_of(world: World) -> Facts:
    return Facts(world.request, world.partner, world.agreement, world.consent, world.user)


@settings(max_examples=200, deadline=None)
@given(any_worlds)
def test_g9_a_record_decides_as_it_was_decided(world: World):
    """Whatever was asked, and however things stood: fields, reasons, clauses, obligations and the end are the same."""
    facts = facts_of(world)
    if None in facts:
        with pytest.raises(TypeError):
            recorded("hash", facts._replace(partner=None), facts.decided_by(world.bundle))
        return
    decision = facts.decided_by(world.bundle)
    record = read_record(recorded("hash", facts, decision))
    again = record.facts(world.agreement).decided_by(world.bundle)
    assert (record.policy, record.agreement_version) == ("hash", world.agreement.version)
    assert again == decision
    assert plain_decision(again) == record.decision


def test_a_record_says_when_another_decision_comes_out():
    """The comparison is one that can fail: a policy that withholds more is told from the one that decided."""
    world = everyday()
    facts = facts_of(world)
    record = read_record(recorded("hash", facts, facts.decided_by(world.bundle)))
    terms = replace(world.agreement.purposes["points.credit"], fields={"over_18": FieldTerms(required=False)})
    narrower = replace(world.agreement, purposes={"points.credit": terms})
    assert plain_decision(record.facts(narrower).decided_by(world.bundle)) != record.decision


def test_a_record_holds_no_name_of_the_partner_and_nothing_of_a_profile():
    """Who asks is an id; of the person there is what a policy may know."""
    facts = facts_of(everyday())
    content = recorded("hash", facts, facts.decided_by(everyday().bundle)).decode()
    assert facts.partner.name not in content
