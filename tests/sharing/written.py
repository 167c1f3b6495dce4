"""Policies as somebody writes them, and how a test puts one in force without what a promotion takes."""

from pathlib import Path

from idp.data_sharing.policy_documents import Documents, hash_of, read_documents
from idp.data_sharing.policy_in_force import position
from idp.store import policies
from idp.store.database import Database
from idp.store.policies import PolicyStep, StepKind, StoredPolicy
from tests.store.rows import NOW

SHIPPED = read_documents(Path(__file__).parents[2] / "config" / "sharing")
_ALL = '[[clause]]\nid = "all"\nshare = "everything"\nwith = "anyone"\nfor = "anything"\n'
SHARES_EVERYTHING = {name: text for name, text in SHIPPED.items() if not name.startswith("policies/")} | {
    "policies/open.toml": _ALL
}
"""A policy that withholds nothing, for tests of the other sides."""


def put_in_force(database: Database, documents: Documents) -> str:
    """Write a policy down and put it in force; return its hash."""
    hash_ = hash_of(documents)
    with database.transaction() as connection:
        last = position(policies.steps(connection)).last
        version = len(policies.everyone(connection)) + 1
        policies.add(connection, StoredPolicy(hash_, version, documents, "tests", NOW))
        policies.take(connection, PolicyStep(last + 1, hash_, StepKind.PROMOTED, "tests", "", (), NOW))
    return hash_
