"""Obligations: what each means, that several become the strictest, and that nothing goes out without (G7)."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.agreement import FieldTerms, PurposeTerms, Tier
from policies.bundle import compile_bundle
from policies.clauses import PolicyError
from policies.decision import Decision, Reason
from policies.discharge import Discharge, Discharged, Means, listed, owed_nothing, together
from policies.dues import ANY_AGE, Dues, StepUp
from policies.obligations import CHANGING, ObligationError, ObligationKind, parse_obligations
from tests.policies.worlds import (
    DAY,
    EVERYTHING_GOES,
    NOW,
    SHARING,
    World,
    decision,
    everyday,
    question,
    shipped_catalogue,
)

CATALOGUE = shipped_catalogue()
OBLIGATIONS = CATALOGUE.obligations
IDS = sorted(OBLIGATIONS.known)
FIELDS = sorted(CATALOGUE.fields)
PURPOSE = "points.credit"
ids = st.lists(st.sampled_from(IDS), max_size=4, unique=True)
often = settings(max_examples=150, deadline=None)
MEANS = Means(
    pairwise_id=lambda _value: "pairwise", relay_email=lambda _value: "r@relay.test", watermark="marked {}".format
)


def agreed(fields: dict[str, tuple[str, ...]], *purpose: str, **request: object) -> World:
    """A partner with an agreement for some fields, each with obligations, asks for all of them; all are consented."""
    world = everyday()
    terms = PurposeTerms({field: FieldTerms(False, due) for field, due in fields.items()}, 90, purpose)
    return replace(
        world,
        bundle=compile_bundle(CATALOGUE, EVERYTHING_GOES),
        partner=replace(world.partner, tier=Tier.RESTRICTED),
        agreement=replace(world.agreement, purposes={PURPOSE: terms}),
        consent=replace(world.consent, fields=dict.fromkeys(fields, NOW + 9 * DAY), expires_at=NOW + 9 * DAY),
        request=replace(world.request, fields=frozenset(fields), kept=False, **request),
    )


# ---- the meet --------------------------------------------------------------------------------------------------------


@often
@given(st.sampled_from(FIELDS), ids, st.randoms())
def test_the_order_of_obligations_and_saying_one_twice_mean_nothing(field: str, named: list[str], source):
    """G4: what is due is a meet."""
    shuffled = [*named, *named]
    source.shuffle(shuffled)
    assert OBLIGATIONS.due(field, named) == OBLIGATIONS.due(field, shuffled)


@often
@given(st.sampled_from(FIELDS), ids, ids)
def test_both_is_what_each_asks_for(field: str, one: list[str], other: list[str]):
    """Worked out apart and put together, or all at once: the same, and so in any grouping."""
    apart = [OBLIGATIONS.due(field, named) for named in (one, other)]
    at_once = OBLIGATIONS.due(field, [*one, *other])
    if None in apart:
        assert at_once is None
    else:
        assert OBLIGATIONS.both(*apart) == OBLIGATIONS.both(*reversed(apart)) == at_once


@often
@given(st.sampled_from(FIELDS), ids, ids)
def test_a_further_obligation_never_asks_for_less(field: str, some: list[str], further: list[str]):
    """Every kind that was due stays due, no looser, or nothing goes out at all."""
    few, many = OBLIGATIONS.due(field, some), OBLIGATIONS.due(field, [*some, *further])
    if few is None:
        assert many is None
    elif many is not None:
        assert OBLIGATIONS.both(few, many) == many


STRICTER = [
    ("phone", ("mask.initial", "mask.last-four"), {"mask": 1}),
    ("birthdate", ("round.month", "round.year"), {"round_date": "year"}),
    ("address", ("round.country", "round.locality"), {"round_geo": "country"}),
    ("transactions", ("lookback.month", "lookback.quarter"), {"lookback": 31}),
    ("email", ("rate.hourly", "rate.daily"), {"rate": (1, 86_400)}),
    ("email", ("expiry.month", "expiry.day"), {"expiry": 1}),
    ("email", ("notify.digest", "notify.now"), {"notify": "now"}),
    ("email", ("relay_email", "watermark", "no_store"), {"relay_email": 1, "watermark": 1, "no_store": 1}),
    ("birthdate", ("derive.over_18", "derive.over_20"), None),
    ("birthdate", ("derive.over_18", "round.year"), None),
    ("address", ("derive.prefecture", "no_store"), {"derive": "prefecture", "no_store": 1}),
    ("email", ("no_such_thing",), None),
    ("prefecture", ("round.country",), {}),
    ("birthdate", ("round.country",), {}),
    ("birthdate", ("round.country", "no_store"), {"no_store": 1}),
]


@pytest.mark.parametrize(("field", "named", "due"), STRICTER, ids=str)
def test_several_become_the_strictest(field: str, named: tuple[str, ...], due: dict[str, object] | None):
    """Two ways to say less that do not agree leave nothing to say."""
    assert OBLIGATIONS.due(field, named) == due


def test_of_two_rates_the_fewer_requests_in_the_longer_time_hold():
    """Whoever keeps to that keeps to both."""
    for one, other in (((10, 60), (3, 30)), ((3, 30), (10, 60)), ((3, 60), (10, 30))):
        assert OBLIGATIONS.both({"rate": one}, {"rate": other}) == {"rate": (3, 60)}


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"require_acr": "phr"}, {"require_acr": "urn:sekisho:acr:password"}, {"require_acr": "phr"}),
        ({"max_auth_age": 900}, {"max_auth_age": 60}, {"max_auth_age": 60}),
        ({"derive": "over_20"}, {"derive": "over_20", "no_store": 1}, {"derive": "over_20", "no_store": 1}),
        ({"derive": "birthdate"}, {"derive": "over_20"}, {"derive": "over_20"}),
        ({"derive": "over_20"}, {"derive": "over_18"}, None),
        ({"derive": "over_20"}, {"round_date": "year"}, None),
        ({"mask": 1}, {"mask": 1}, {"mask": 1}),
        ({"mask": 1}, {}, {"mask": 1}),
    ],
    ids=str,
)
def test_what_is_due_twice_is_due_as_strictly_as_in_either(
    one: dict[str, object], other: dict[str, object], both: dict[str, object] | None
):
    """Whichever comes first; nothing where no one value does for both: another field's is not this one's, changed."""
    assert OBLIGATIONS.both(one, other) == OBLIGATIONS.both(other, one) == both


def test_what_changes_a_part_alone_withholds_the_whole():
    """A prefecture of which only the beginning goes out does not go out with the address; the rest is not touched."""
    masked = one_obligation("kind = 'mask'\nkeep = 1\nfields = ['prefecture']")
    known = parse_obligations(masked, CATALOGUE.down)
    assert known.due("prefecture", ["x"]) == known.due("prefecture", ["x"], inherited=True) == {"mask": 1}
    assert known.due("address", ["x"]) is None
    assert known.due("email", ["x"]) == {}
    assert known.due("email", ["x"], inherited=True) is None


def test_one_obligation_named_twice_is_due_once():
    assert OBLIGATIONS.due("phone", ("mask.initial", "mask.initial")) == {"mask": 1}


def test_amounts_are_rounded_to_what_both_steps_have_in_common():
    """700 within 1000 would say more than either: whoever has one could not work it out."""
    text = (SHARING / "obligations.toml").read_text("utf-8") + (
        '[obligations."round.seven"]\nkind = "round_amount"\nto = 700\nfields = ["transactions.amounts"]\n'
        "text = { en = 'x', ja = 'x' }"
    )
    known = parse_obligations(tomllib.loads(text), CATALOGUE.down)
    assert known.due("transactions.amounts", ("round.seven", "round.thousands")) == {"round_amount": 7000}


# ---- in the decision -------------------------------------------------------------------------------------------------


def test_an_unknown_obligation_withholds_the_field():
    """Whoever cannot do what is due does not share; the other fields are not touched."""
    outcome = decision(agreed({"email": ("no.such.thing",), "nickname": ()}))
    assert (outcome.released, outcome.withheld) == ({"nickname"}, {"email": Reason.OBLIGATION})
    assert decision(agreed({"email": (), "nickname": ()}, "no.such.thing")).released == frozenset()


def test_what_is_due_for_a_part_is_due_for_the_whole():
    """Asking for the name is no way around what is due for whether it is right."""
    outcome = decision(agreed({"name": (), "name_match": ("notify.now",)}))
    assert {field: dict(due) for field, due in outcome.obligations.items()} == {
        "name": {"notify": "now"},
        "name_match": {"notify": "now"},
    }


def test_what_is_due_for_a_field_is_due_for_no_other():
    """Beside the field stay one that it has nothing to do with, and a part of another."""
    world = agreed({"email": ("no_store", "require.passkey"), "address": (), "birthdate": ()})
    asked = frozenset({"address", "birthdate", "over_20"})
    outcome = decision(replace(world, request=replace(world.request, fields=asked, kept=True)))
    assert (outcome.released, outcome.obligations) == (asked, {})
    by_clause = under(agreed({"email": (), "address": ()}), clause("email", "no_store"))
    assert decision(by_clause).obligations == {"email": {"no_store": 1}}


def test_what_cannot_be_met_together_withholds_its_field_alone():
    """Also where something else is due for it."""
    world = under(
        agreed({"birthdate": ("no_store",), "email": ()}, "derive.over_20"), clause("birthdate", "derive.over_18")
    )
    for each in (world, agreed({"birthdate": ("derive.over_18",), "email": ()}, "derive.over_20")):
        outcome = decision(each)
        assert (outcome.released, outcome.withheld) == ({"email"}, {"birthdate": Reason.OBLIGATION})


def test_what_cannot_be_done_to_the_whole_withholds_it():
    """Nobody gets the address where its prefecture cannot be given as it must be."""
    outcome = decision(agreed({"address": (), "prefecture": ("no.such.thing",), "email": ()}))
    assert (outcome.released, set(outcome.withheld.values())) == ({"email"}, {Reason.OBLIGATION})


def test_what_is_changed_gives_away_less():
    """A birthday of which only the year goes out does not tell who is over 20, so that does not go by it."""
    world = agreed({"birthdate": ("round.year",)})
    asks = replace(world, request=replace(world.request, fields=frozenset({"birthdate", "over_20"})))
    assert decision(asks).withheld == {"over_20": Reason.OBLIGATION}
    both = agreed({"birthdate": ("round.year",), "over_20": ()})
    assert decision(both).released == {"birthdate", "over_20"}


def clause(field: str, *due: str, **more: object) -> dict[str, object]:
    return {"id": "due", "oblige": [field], "obligations": list(due), "with": "anyone", "for": "anything", **more}


def under(world: World, *clauses: dict[str, object]) -> World:
    return replace(world, bundle=compile_bundle(CATALOGUE, {**EVERYTHING_GOES, "due.toml": {"clause": list(clauses)}}))


def test_clauses_oblige_whichever_clause_lets_a_field_go():
    """And only where their conditions hold."""
    world = agreed({"email": ("notify.digest",), "nickname": ()})
    assert decision(under(world, clause("email", "relay_email"))).obligations == {
        "email": {"notify": "digest", "relay_email": 1}
    }
    young = under(world, clause("email", "relay_email", when="under 20"))
    assert decision(young).obligations["email"] == {"notify": "digest"}
    younger = replace(young, user=replace(young.user, age=19))
    assert decision(younger).obligations["email"] == {"notify": "digest", "relay_email": 1}


def test_a_clause_that_shares_may_say_what_is_due():
    """Also while its own condition keeps it from sharing: another clause may share the field."""
    shares = {"id": "s", "share": ["email"], "obligations": ["no_store"], "with": "anyone", "for": "anything"}
    world = under(agreed({"email": ()}), {**shares, "except_when": "under 99"})
    assert decision(world).obligations == {"email": {"no_store": 1}}
    other = under(agreed({"email": ()}), {**shares, "except_when": "under 18"})
    assert decision(other).obligations == {"email": {"no_store": 1}}


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        (clause("email", "relay-email"), "did you mean 'relay_email'"),
        (clause("email", "magic"), "there is no 'magic'$"),
        (clause("email", "no_store", share=["email"]), "share and oblige: a clause says one of"),
        (clause("email", "round.year"), "changes none of the clause's fields"),
        ({**clause("email"), "obligations": []}, "names nothing"),
        (
            {"id": "x", "never_share": ["email"], "obligations": ["no_store"], "with": "anyone", "for": "anything"},
            "known",
        ),
    ],
)
def test_a_clause_that_cannot_be_meant_is_refused(written: dict[str, object], complaint: str):
    with pytest.raises(PolicyError, match=complaint):
        under(everyday(), written)


def test_an_answer_ends_as_early_as_any_of_what_it_holds():
    outcome = decision(agreed({"email": ("expiry.day",), "nickname": ()}))
    assert outcome.expires_at == NOW + DAY
    several = agreed({"email": ("expiry.month",), "nickname": ("expiry.day",), "name": ("no_store",)})
    assert decision(several).expires_at == NOW + DAY
    assert decision(agreed({"email": (), "nickname": ()})).expires_at == NOW + 9 * DAY


def test_of_several_sides_that_withhold_a_field_the_first_is_told():
    """Consent before what is due, what is due before how the person signed in."""
    world = agreed({"email": ("no_store", "require.passkey"), "nickname": ()})
    kept = replace(world, request=replace(world.request, kept=True))
    assert decision(kept).withheld == {"email": Reason.NO_STORE}
    unasked = replace(kept, consent=replace(kept.consent, fields={"nickname": NOW + DAY}))
    assert decision(unasked).withheld == {"email": Reason.FIELD_NOT_CONSENTED}


def test_what_may_not_be_stored_goes_into_no_token():
    world = agreed({"email": ("no_store",), "nickname": ()})
    kept = replace(world, request=replace(world.request, kept=True))
    assert (decision(kept).withheld, decision(kept).obligations) == ({"email": Reason.NO_STORE}, {})
    assert decision(world).released == {"email", "nickname"}


STEP_UPS = [
    ("require.passkey", "phr", NOW, True),
    ("require.passkey", "phrh", NOW, True),
    ("require.passkey", "urn:sekisho:acr:password", NOW, False),
    ("require.passkey", "", NOW, False),
    ("require.passkey", "anything", NOW, False),
    ("auth_age.quarter-hour", "", NOW - 900, True),
    ("auth_age.quarter-hour", "", NOW - 901, False),
    ("auth_age.quarter-hour", "phrh", 0, False),
    ("auth_age.quarter-hour", "phrh", NOW + 1, False),
]


@pytest.mark.parametrize(("due", "acr", "auth_time", "goes"), STEP_UPS)
def test_a_field_waits_until_its_person_signed_in_well_enough(due: str, acr: str, auth_time: int, goes: bool):  # noqa: FBT001 - a column of the table
    """RFC 9470; what is not known of a sign-in is not enough, nor is one that is yet to come."""
    outcome = decision(agreed({"email": (due,), "nickname": ()}, acr=acr, auth_time=auth_time))
    assert outcome.released == ({"email", "nickname"} if goes else {"nickname"})
    assert outcome.withheld == ({} if goes else {"email": Reason.STEP_UP_REQUIRED})
    assert "email" in outcome.obligations


def test_every_field_waits_for_which_a_sign_in_is_due():
    """Two for the same one as well; and a way to sign in that nobody knows is weaker than the weakest."""
    due = ("require.passkey",)
    outcome = decision(agreed({"email": due, "nickname": due, "name": due, "address": ()}))
    assert outcome.withheld == dict.fromkeys(["email", "nickname", "name"], Reason.STEP_UP_REQUIRED)
    assert OBLIGATIONS.level("anything") < OBLIGATIONS.level(OBLIGATIONS.ways[0])


@pytest.mark.parametrize(
    ("step_up", "level", "seconds_ago", "waits"),
    [
        (StepUp(1, 1, ANY_AGE), 0, 5, True),
        (StepUp(1, 1, ANY_AGE), 1, 10**9, False),
        (StepUp(1, 1, ANY_AGE), 2, -5, False),
        (StepUp(1, -1, 1), -1, 0, False),
        (StepUp(1, -1, 1), -1, 1, False),
        (StepUp(1, -1, 1), -1, 2, True),
        (StepUp(1, -1, 1), 9, -1, True),
        (StepUp(1, 1, 60), 1, 60, False),
        (StepUp(1, 1, 60), 0, 60, True),
        (StepUp(1, 1, 60), 1, 61, True),
    ],
)
def test_fields_wait_for_both_a_strong_and_a_late_sign_in(step_up: StepUp, level: int, seconds_ago: int, waits: bool):  # noqa: FBT001 - a column of the table
    """RFC 9470: each as far as it is asked for; fields of other step-ups are not touched by one."""
    assert Dues(0, {}, (step_up,), 0).waiting(level, seconds_ago) == (1 if waits else 0)
    always = StepUp(2, 10, ANY_AGE)
    assert Dues(0, {}, (step_up, always), 0).waiting(level, seconds_ago) == (3 if waits else 2)


@st.composite
def obliged(draw) -> World:
    """Fields of the shipped catalogue under random obligations, of agreement and clauses."""
    fields = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=5, unique=True))
    world = agreed(
        {field: tuple(draw(ids)) for field in fields},
        *draw(st.lists(st.sampled_from(IDS), max_size=1)),
        acr=draw(st.sampled_from(["", "phr"])),
        auth_time=draw(st.sampled_from([0, NOW])),
    )
    due = draw(st.sampled_from([id_ for id_ in IDS if OBLIGATIONS.known[id_].kind not in CHANGING]))
    world = under(world, clause(draw(st.sampled_from(FIELDS)), due)) if draw(st.booleans()) else world
    asked = frozenset(draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=6, unique=True))) | frozenset(
        fields[:2]
    )
    return replace(world, request=replace(world.request, fields=asked, kept=draw(st.booleans())))


@often
@given(obliged(), st.sampled_from(FIELDS), st.sampled_from([*IDS, "unknown"]))
def test_g2_a_further_obligation_never_lets_more_out(world: World, field: str, further: str):
    """No more fields, none for longer, and all that was due of those that still go."""
    before = decision(world)
    terms = world.agreement.purposes[PURPOSE]
    if field not in terms.fields:
        return
    more = {**terms.fields, field: FieldTerms(False, (*terms.fields[field].obligations, further))}
    lesser = replace(world, agreement=replace(world.agreement, purposes={PURPOSE: replace(terms, fields=more)}))
    after = decision(lesser)
    assert after.released <= before.released
    assert not after.released or after.expires_at <= before.expires_at
    for name in after.released:
        due = before.obligations.get(name, {})
        assert OBLIGATIONS.both(due, after.obligations.get(name, {})) == after.obligations.get(name, {})


@often
@given(obliged())
def test_g8_with_obligations_reasons_and_release_share_out_the_request(world: World):
    outcome = decision(world)
    assert outcome.released.isdisjoint(outcome.withheld)
    assert outcome.released | outcome.withheld.keys() == world.request.fields
    assert outcome.released <= question(world).fields.keys()


# ---- G7: what goes out was discharged --------------------------------------------------------------------------------

VALUES: dict[str, dict[str, object]] = {
    "name": {"name": "佐藤 花", "given_name": "花", "family_name": "佐藤"},
    "nickname": {"nickname": "hana"},
    "username": {"preferred_username": "hana94"},
    "email": {"email": "hana@example.jp", "email_verified": True},
    "phone": {"phone_number": "+81 90-1234-5678", "phone_number_verified": True},
    "birthdate": {"birthdate": "1994-05-17"},
    "over_18": {"over_18": True},
    "over_20": {"over_20": True},
    "address": {
        "address": {
            "formatted": "1-2-3 Kanda, Chiyoda",
            "street_address": "1-2-3 Kanda",
            "locality": "Chiyoda",
            "region": "Tokyo",
            "postal_code": "101-0001",
            "country": "JP",
        }
    },
    "prefecture": {"prefecture": "Tokyo"},
    "profile_updated": {"updated_at": NOW},
    "transactions": {"id": "x", "at": NOW, "shop": "Books", "category": "books"},
    "transactions.amounts": {"yen": 1_999},
}


def discharged(field: str, *due: str, values: dict[str, object] | None = None) -> dict[str, object]:
    """What goes out of a field under some obligations."""
    outcome = decision(agreed({field: due}))
    assert outcome.released == {field}, outcome
    discharge = Discharge(CATALOGUE, outcome, MEANS)
    return dict(discharge.values(field, values or VALUES[discharge.source(field)]).claims)


EXAMPLES = [
    ("email", ("mask.initial",), {"email": "h***@example.jp", "email_verified": True}),
    ("phone", ("mask.last-four",), {"phone_number": "***5678", "phone_number_verified": True}),
    ("name", ("mask.initial",), {"name": "佐***", "given_name": "***", "family_name": "佐***"}),
    ("birthdate", ("round.month",), {"birthdate": "1994-05-01"}),
    ("birthdate", ("round.year",), {"birthdate": "1994"}),
    ("birthdate", ("derive.over_20",), {"over_20": True}),
    ("address", ("derive.prefecture",), {"prefecture": "Tokyo"}),
    ("address", ("round.locality",), {"address": {"locality": "Chiyoda", "region": "Tokyo", "country": "JP"}}),
    ("address", ("round.region",), {"address": {"region": "Tokyo", "country": "JP"}}),
    ("address", ("round.country",), {"address": {"country": "JP"}}),
    ("transactions.amounts", ("round.thousands",), {"yen": 1_000}),
    ("username", ("pairwise_id",), {"preferred_username": "pairwise"}),
    ("email", ("relay_email",), {"email": "r@relay.test", "email_verified": True}),
    ("email", ("watermark",), {"email": "marked hana@example.jp", "email_verified": True}),
    ("email", ("notify.now", "no_store", "expiry.day", "rate.daily"), VALUES["email"]),
]


@pytest.mark.parametrize(("field", "due", "sent"), EXAMPLES, ids=lambda value: str(value)[:40])
def test_g7_what_each_obligation_leaves_of_a_value(field: str, due: tuple[str, ...], sent: dict[str, object]):
    assert discharged(field, *due) == sent


@pytest.mark.parametrize("to", ["day", "month", "year"])
def test_g7_an_instant_is_rounded_down_in_utc(to: str):
    rounded = datetime.fromtimestamp(discharged("profile_updated", f"round.{to}")["updated_at"], UTC)
    expected = {"day": date(2026, 11, 23), "month": date(2026, 11, 1), "year": date(2026, 1, 1)}[to]
    assert (rounded.date(), rounded.hour, rounded.minute, rounded.second) == (expected, 0, 0, 0)


def changed(field: str, due: dict[str, object], **values: object) -> dict[str, object]:
    """What goes out of these values where exactly this is due."""
    outcome = Decision(frozenset({field}), {}, NOW, None, {}, {field: due})
    return dict(Discharge(CATALOGUE, outcome, MEANS).values(field, values).claims)


@pytest.mark.parametrize(
    ("keep", "number", "name"),
    [(0, "***", "***"), (1, "***8", "h***"), (3, "***678", "han***"), (4, "***", "***"), (5, "***", "***")],
)
def test_g7_a_mask_keeps_nothing_of_what_is_not_longer_than_it_keeps(keep: int, number: str, name: str):
    """Nor of anything where nothing is to be kept: the last nought signs of a text are all of it, to Python."""
    assert changed("phone", {"mask": keep}, phone_number="+5-6 78") == {"phone_number": number}
    assert changed("nickname", {"mask": keep}, nickname="hana") == {"nickname": name}
    assert changed("email", {"mask": keep}, email="hana@x.jp") == {"email": f"{name}@x.jp"}


@pytest.mark.parametrize(
    ("yen", "sent"), [(0, 0), (999, 0), (1_000, 1_000), (-1, -1_000), (-1_000, -1_000), (True, None), ("1", None)]
)
def test_g7_an_amount_is_rounded_down_to_the_beginning_of_its_step(yen: object, sent: int | None):
    """Also below nought; what is no amount stays."""
    expected = {} if sent is None else {"yen": sent}
    assert changed("transactions.amounts", {"round_amount": 1_000}, yen=yen) == expected


@pytest.mark.parametrize(
    ("field", "due", "claim", "value", "sent"),
    [
        ("address", {"round_geo": "region"}, "address", {"locality": "Chiyoda"}, None),
        ("address", {"round_geo": "region"}, "address", "Tokyo", None),
        ("address", {"round_geo": "locality"}, "address", {"country": "JP"}, {"country": "JP"}),
        ("birthdate", {"round_date": "day"}, "birthdate", "1994-05-17", "1994-05-17"),
        ("birthdate", {"round_date": "year"}, "birthdate", "0994-05-17", "0994"),
        ("profile_updated", {"round_date": "year"}, "updated_at", True, None),
        ("profile_updated", {"round_date": "year"}, "updated_at", 10**15, None),
        ("username", {"pairwise_id": 1}, "preferred_username", 7, None),
        ("email", {"round_date": "year"}, "email", "hana@x.jp", "hana@x.jp"),
        ("email", {"round_geo": "region"}, "email", "hana@x.jp", "hana@x.jp"),
        ("email", {"relay_email": 1, "watermark": 1}, "email", "hana@x.jp", "marked r@relay.test"),
        ("email", {"relay_email": 1, "mask": 2}, "email", "hana@x.jp", "***@relay.test"),
        ("email", {"mask": 1}, "email_verified", True, True),
        ("email", {"relay_email": 1}, "email_verified", False, False),
        ("email", {"mask": "1"}, "email", "hana@x.jp", None),
        ("email", {}, "email", None, None),
        ("transactions.amounts", {"round_amount": "1000"}, "yen", 5_000, None),
    ],
)
def test_g7_what_a_change_makes_of_values_of_every_kind(
    field: str, due: dict[str, object], claim: str, value: object, sent: object
):
    """Each change knows the values that it is about; of those it takes none that it cannot read."""
    assert changed(field, due, **{claim: value}) == ({} if sent is None else {claim: sent})


@pytest.mark.parametrize("value", [7, None, "31 May", b"1994-05-17", ["1994-05-17"], {}])
@pytest.mark.parametrize(
    ("field", "claim", "due"), [("birthdate", "birthdate", "round.year"), ("email", "email", "mask.initial")]
)
def test_g7_a_value_that_a_rule_cannot_read_stays(field: str, claim: str, due: str, value: object):
    """Never the bare one."""
    sent = discharged(field, due, values={claim: value})
    assert value not in sent.values() or value is None


@often
@given(st.sampled_from(["email", "phone", "name", "nickname", "username"]), st.text(min_size=1, max_size=20))
def test_g7_a_mask_leaves_no_more_than_it_says(field: str, text: str):
    """Whatever the value is: at most one sign of it, nothing of its length, the domain of an address."""
    claim = {"email": "email", "phone": "phone_number", "username": "preferred_username"}.get(field, field)
    value = f"{text}@example.jp" if field == "email" else text
    masked = str(discharged(field, "mask.initial", values={claim: value})[claim])
    left = masked.removesuffix("@example.jp").replace("***", "", 1)
    assert len(left) <= 1
    assert left in text


@often
@given(obliged())
def test_g7_every_value_that_goes_out_is_one_of_a_released_field_with_all_done_that_is_due(world: World):
    """Against a reading of the obligations of its own: no bare value where one is due that changes it."""
    outcome = decision(world)
    discharge = Discharge(CATALOGUE, outcome, MEANS)
    for field in outcome.released & VALUES.keys():
        source = discharge.source(field)
        sent = discharge.values(field, VALUES[source])
        assert sent.fields == {field}
        due = outcome.obligations.get(field, {})
        for claim, value in sent.claims.items():
            bare = VALUES[field].get(claim)
            if isinstance(bare, bool) or not CHANGING & due.keys():
                continue
            if claim in ("id", "shop", "category") or (field, claim) == ("transactions.amounts", "yen"):
                continue
            assert value != bare or ObligationKind.ROUND_DATE in due


def test_g7_the_type_is_made_by_discharging_alone():
    """Nobody else makes one, changes one, or gets one for a field that was not released or a claim of another."""
    with pytest.raises(TypeError):
        Discharged(object(), {"email": "hana@example.jp"}, frozenset({"email"}))
    outcome = decision(agreed({"nickname": ()}))
    discharge = Discharge(CATALOGUE, outcome, MEANS)
    with pytest.raises(ValueError, match="not released"):
        discharge.values("email", {"email": "hana@example.jp"})
    with pytest.raises(ValueError, match="no claim of"):
        discharge.values("nickname", {"email": "hana@example.jp"})
    with pytest.raises(TypeError):
        discharge.values("nickname", {"nickname": "hana"}).claims["email"] = "x"


def test_several_are_put_together_with_the_fields_that_they_come_from():
    outcome = decision(agreed({"nickname": (), "email": ()}))
    discharge = Discharge(CATALOGUE, outcome, MEANS)
    parts = [discharge.values(field, VALUES[field]) for field in ("nickname", "email")]
    assert together(parts).fields == {"nickname", "email"}
    assert together(parts).claims == {**VALUES["nickname"], **VALUES["email"]}
    assert listed("rows", parts).claims == {"rows": [VALUES["nickname"], VALUES["email"]]}
    assert owed_nothing({"a": 1}).fields == frozenset()


# ---- the file --------------------------------------------------------------------------------------------------------

TEXT = "text = { en = 'x', ja = 'x' }"
BROKEN = [
    ("kind = 'mask'\nkeep = 1", "fields: must say"),
    ("kind = 'mask'\nfields = ['email']", "keep: is missing"),
    ("kind = 'mask'\nkeep = -1\nfields = ['email']", "must be a whole number"),
    ("kind = 'mask'\nkeep = 1\nfields = ['shoe_size']", "there is no field 'shoe_size'"),
    ("kind = 'magic'", "'magic' is not one of"),
    ("kind = 'round_date'\nto = 'week'\nfields = ['birthdate']", "'week' is not one of day, month, year"),
    ("kind = 'derive'\nfield = 'email'\nfields = ['birthdate']", "does not give 'email' away"),
    ("kind = 'require_acr'\nacr = 'magic'", "'magic' is not one of"),
    ("kind = 'no_store'\nfields = ['email']", "fields: is not known here"),
    ("kind = 'rate'\nrequests = 0\nseconds = 1", "requests: must be"),
]


@pytest.mark.parametrize(("written", "complaint"), BROKEN, ids=[complaint for _, complaint in BROKEN])
def test_obligations_that_are_only_nearly_right_do_not_load(written: str, complaint: str):
    with pytest.raises(ObligationError, match=complaint):
        parse_obligations(one_obligation(written), CATALOGUE.down)


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("kind = 'mask'\nfields = ['email']\nkeep = {}", 0, 1_000_000_000),
        ("kind = 'expiry'\ndays = {}", 1, 1_000_000_000),
        ("kind = 'rate'\nseconds = 1\nrequests = {}", 1, 1_000_000_000),
        ("kind = 'rate'\nrequests = 1\nseconds = {}", 1, 1_000_000_000),
    ],
)
def test_a_number_of_an_obligation_stands_within_its_bounds(written: str, low: int, high: int):
    """A mask may keep nothing; all else is at least one."""
    for number in (low, high):
        known = parse_obligations(one_obligation(written.format(number)), CATALOGUE.down).known
        assert known["x"].argument in (number, (number, 1), (1, number))
    for number in (low - 1, high + 1):
        with pytest.raises(ObligationError, match="must be a whole number"):
            parse_obligations(one_obligation(written.format(number)), CATALOGUE.down)


def one_obligation(written: str) -> dict[str, object]:
    return tomllib.loads(f"ways_to_sign_in = ['password']\n[obligations.x]\n{TEXT}\n{written}")


def test_every_kind_is_in_the_shipped_catalogue():
    assert {one.kind for one in OBLIGATIONS.known.values()} == set(ObligationKind)


def test_a_decision_without_a_field_is_the_decision_with_it_withheld():
    outcome = decision(agreed({"nickname": (), "email": ()}))
    less = outcome.without({"email", "phone"}, Reason.QUOTA)
    assert (less.released, less.withheld) == ({"nickname"}, {"email": Reason.QUOTA})
    assert less.expires_at == outcome.expires_at == NOW + 9 * DAY
    nothing = less.without({"nickname"}, Reason.QUOTA)
    assert (nothing.released, nothing.expires_at) == (frozenset(), None)
    assert isinstance(nothing, Decision)
