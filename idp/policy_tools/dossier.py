"""Everything that is known of a policy before it is in force: what its tests, their mutations and the proofs say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from idp.data_sharing import SharingDataError, read_bundle, read_policies, read_toml
from idp.policy_tools.cases import Case, CaseError, Report, read_cases, run_cases
from idp.policy_tools.mutations import Survey, survey
from policies.bundle import Bundle
from policies.clauses import Clause, Effect, PolicyError, parse_clauses

NOTICED_AT_LEAST: Final = 0.95
"""The share of small changes that the tests of a policy must notice."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """A policy with its tests and promises, as read from one directory."""

    directory: Path
    documents: Mapping[str, Mapping[str, Any]]
    bundle: Bundle
    cases: tuple[Case, ...]
    promises: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the tests of a policy came to. It is good when there is no objection."""

    report: Report
    survey: Survey
    objections: tuple[str, ...] = field(default=())


def read_dossier(directory: Path) -> Dossier:
    """Read the catalogue, the policy files, `policy-tests/` and `promises.toml` of a sharing directory.

    Raises:
        SharingDataError: for what is missing or does not fit.
    """
    bundle = read_bundle(directory)
    try:
        cases = read_cases(directory / "policy-tests")
        promises = parse_clauses({"promises.toml": read_toml(directory / "promises.toml")}, bundle.catalogue)
    except (CaseError, PolicyError) as error:
        raise SharingDataError(f"{directory}: {error}") from error
    for promise in promises:
        if promise.effect is not Effect.NEVER_SHARE:
            raise SharingDataError(f"{directory}/promises.toml: {promise.id!r} must say never_share")
    return Dossier(directory, read_policies(directory), bundle, cases, promises)


def judge(dossier: Dossier) -> Judgement:
    """Run the cases, see what they cover, and change the policy to see whether they notice."""
    report = run_cases(dossier.cases, dossier.bundle)
    found = survey(dossier.documents, dossier.bundle.catalogue, dossier.cases)
    objections = [*report.failures, *(f"not covered: {what}" for what in report.uncovered)]
    if found.noticed_share < NOTICED_AT_LEAST:
        objections += [f"no case notices: {change}" for change in found.unnoticed]
    return Judgement(report, found, tuple(objections))
