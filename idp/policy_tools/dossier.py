"""Everything that is known of a policy before it is in force: what its tests, their mutations and the proofs say."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from idp.data_sharing import SharingDataError
from idp.data_sharing.policy_documents import (
    TESTS,
    Documents,
    bundle_of,
    clause_tables,
    read_documents,
    table_of,
    tables_under,
)
from idp.policy_tools.cases import Case, CaseError, Report, read_cases, run_cases
from idp.policy_tools.mutations import Survey, survey
from policies.bundle import Bundle
from policies.clauses import Clause, Effect, PolicyError, parse_clauses

PROMISES: Final = "promises.toml"
NOTICED_AT_LEAST: Final = 0.95
"""The share of small changes that the tests of a policy must notice."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """A policy with its tests and promises."""

    documents: Documents
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
    try:
        return dossier_of(read_documents(directory))
    except SharingDataError as error:
        raise SharingDataError(f"{directory}: {error}") from error


def dossier_of(documents: Documents) -> Dossier:
    """Return a policy that somebody wrote with all by which it is judged.

    Raises:
        SharingDataError: for what is missing or does not fit.
    """
    bundle = bundle_of(documents)
    try:
        cases = read_cases(tables_under(TESTS, documents))
        promises = parse_clauses({PROMISES: table_of(PROMISES, documents)}, bundle.catalogue)
    except (CaseError, PolicyError) as error:
        raise SharingDataError(str(error)) from error
    for promise in promises:
        if promise.effect is not Effect.NEVER_SHARE:
            raise SharingDataError(f"{PROMISES}: {promise.id!r} must say never_share")
    return Dossier(documents, bundle, cases, promises)


def judge(dossier: Dossier) -> Judgement:
    """Run the cases, see what they cover, and change the policy to see whether they notice."""
    report = run_cases(dossier.cases, dossier.bundle)
    found = survey(clause_tables(dossier.documents), dossier.bundle.catalogue, dossier.cases)
    objections = [*report.failures, *(f"not covered: {what}" for what in report.uncovered)]
    if found.noticed_share < NOTICED_AT_LEAST:
        objections += [f"no case notices: {change}" for change in found.unnoticed]
    return Judgement(report, found, tuple(objections))
