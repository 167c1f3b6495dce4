"""The catalogue of reasons: every code that is used is explained to each who may know it, and to nobody else (4.2)."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from policies.decision import Reason
from policies.reasons import NO_REASONS, NOT_AVAILABLE, SECRET, ReasonError, parse_reasons
from tests.policies.worlds import SHARING, shipped_catalogue

ROOT = Path(__file__).parents[2]
REASONS = shipped_catalogue().reasons


def document() -> dict[str, Any]:
    return tomllib.loads((SHARING / "reasons.toml").read_text("utf-8"))


def names_used(folder: str) -> set[str]:
    """Every `Reason.X` in the code of a package."""
    return {
        node.attr
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason"
    }


def test_every_code_that_is_used_is_in_the_catalogue_and_every_code_of_the_catalogue_is_used():
    """Neither a code without words nor words without a code."""
    used = {name for name in names_used("policies") | names_used("idp") if name.isupper()}
    assert used == set(REASONS.explanations) == set(document()["reasons"])


def test_every_code_that_partners_are_told_has_words_and_is_told():
    assert set(REASONS.told) == {one.told for one in REASONS.explanations.values()} | {NOT_AVAILABLE}


def test_a_partner_cannot_tell_apart_what_is_no_business_of_its_own():
    """What Trust & Safety, the policy or the person's own state hold against a release is one code, for every field."""
    assert {REASONS.code(reason) for reason in SECRET} == {NOT_AVAILABLE}
    assert REASONS.code(Reason.FIELD_UNKNOWN) == REASONS.code(Reason.FIELD_NOT_IN_AGREEMENT)


@pytest.mark.parametrize("reason", sorted(SECRET))
def test_a_catalogue_that_tells_too_much_does_not_load(reason: Reason):
    """Whoever edits the file cannot let it out by mistake."""
    written = document()
    written["reasons"][reason]["told"] = "PARTNER_SUSPENDED"
    with pytest.raises(ReasonError, match=reason):
        parse_reasons(written)


def test_a_field_that_does_not_exist_cannot_be_told_by_a_code_of_its_own():
    written = document()
    written["reasons"]["FIELD_UNKNOWN"]["told"] = "PURPOSE_UNKNOWN"
    with pytest.raises(ReasonError, match="FIELD_UNKNOWN"):
        parse_reasons(written)


def test_a_file_without_either_code_of_such_a_field_tells_them_apart():
    """One that is not in the file is told as NOT_AVAILABLE; the other is not. Without both they are alike again."""
    for code in ("FIELD_UNKNOWN", "FIELD_NOT_IN_AGREEMENT"):
        written = document()
        del written["reasons"][code]
        with pytest.raises(ReasonError, match="gives a field away"):
            parse_reasons(written)
    neither = document()
    told = {neither["reasons"].pop(code)["told"] for code in ("FIELD_UNKNOWN", "FIELD_NOT_IN_AGREEMENT")}
    still = {one["told"] for one in neither["reasons"].values()}
    for code in told - still - {NOT_AVAILABLE}:
        del neither["told"][code]
    assert parse_reasons(neither).code(Reason.FIELD_UNKNOWN) == NOT_AVAILABLE


def test_a_partner_is_told_what_the_file_says():
    for code, written in document()["reasons"].items():
        assert REASONS.code(Reason(code)) == written["told"]


def test_asking_the_person_helps_where_the_file_says_so():
    for code, written in document()["reasons"].items():
        assert REASONS.is_requestable(Reason(code)) is written["requestable"]
    assert {one["requestable"] for one in document()["reasons"].values()} == {True, False}


BROKEN = [
    (lambda written: written["reasons"].update(FANCY=written["reasons"]["RISK"]), "FANCY: is not known"),
    (lambda written: written["told"].pop("NO_CONSENT"), "NO_CONSENT: is missing"),
    (lambda written: written["told"].update(FANCY={"en": "x", "ja": "x"}), "FANCY: is not known"),
    (lambda written: written["reasons"]["RISK"].pop("trace"), "trace: is missing"),
    (lambda written: written["reasons"]["RISK"].update(partner="x"), "RISK.partner: is not known here"),
    (lambda written: written["reasons"].update(RISK="x"), "RISK: must be a table"),
    (lambda written: written["reasons"]["RISK"]["user"].pop("ja"), "ja: is missing"),
    (lambda written: written["reasons"]["RISK"].update(requestable="no"), "must be true or false"),
]


@pytest.mark.parametrize(("broken", "complaint"), BROKEN, ids=[complaint for _, complaint in BROKEN])
def test_a_catalogue_that_is_only_nearly_right_does_not_load(broken, complaint: str):
    written = document()
    broken(written)
    with pytest.raises(ReasonError, match=complaint):
        parse_reasons(written)


def test_a_catalogue_that_is_older_than_a_reason_tells_a_partner_nothing_of_it():
    written = document()
    del written["reasons"]["PARTNER_TIER"], written["told"]["PARTNER_TIER"]
    older = parse_reasons(written)
    assert (older.code(Reason.PARTNER_TIER), older.is_requestable(Reason.PARTNER_TIER)) == (NOT_AVAILABLE, False)


@pytest.mark.parametrize("reason", sorted(SECRET))
def test_a_catalogue_without_a_secret_reason_keeps_it(reason: Reason):
    """Nothing of it needs to be in the file: what is not is told as NOT_AVAILABLE."""
    written = document()
    del written["reasons"][reason]
    assert parse_reasons(written).code(reason) == NOT_AVAILABLE


def test_without_a_catalogue_a_partner_is_told_nothing_of_any_reason():
    """Deny by default."""
    assert {NO_REASONS.code(reason) for reason in Reason} == {NOT_AVAILABLE}
    assert not any(NO_REASONS.is_requestable(reason) for reason in Reason)


def test_what_a_person_reads_is_in_their_language():
    told = REASONS.explanations[Reason.FIELD_NOT_CONSENTED].user
    assert (told.in_language("en"), told.in_language("ja")) == (
        "You chose not to share it.",
        "共有しないことを選びました。",
    )
