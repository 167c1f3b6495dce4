"""The texts that a policy is made of, by the names of their files: catalogue, purposes, clauses, and what judges them.

A policy is known by the hash of its texts, wherever they are kept: in a sharing directory while somebody writes them,
in the database (`policy_life`) once they are proposed.
"""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from idp.data_sharing.documents import SharingDataError
from idp.protocol.canonical_json import canonical
from policies.bundle import Bundle, compile_bundle
from policies.catalogue import Catalogue, CatalogueError, parse_catalogue
from policies.clauses import PolicyError

Documents = Mapping[str, str]
"""Texts by the path of their file in a sharing directory: `catalogue.toml`, `policies/service.toml`."""
CLAUSES: Final = "policies/"
TESTS: Final = "policy-tests/"
CATALOGUE_FILES: Final = ("catalogue.toml", "purposes.toml", "reasons.toml")
OBLIGATIONS: Final = "obligations.toml"
"""May be missing: what names an obligation then names one that nobody knows, and withholds."""
_PLACES: Final = ("*.toml", f"{CLAUSES}*.toml", f"{TESTS}*.toml")


def read_documents(directory: Path) -> Documents:
    """Read what a sharing directory says of the policy; partners and their agreements are no part of it.

    Raises:
        SharingDataError: when a file cannot be read.
    """
    files = sorted(file for place in _PLACES for file in directory.glob(place))
    try:
        return {file.relative_to(directory).as_posix(): file.read_text("utf-8") for file in files}
    except (OSError, UnicodeDecodeError) as error:
        raise SharingDataError(f"{directory}: {error}") from error


def hash_of(documents: Documents) -> str:
    """Return the hash that a policy is known by, in hex: of every text, whatever this program makes of them."""
    return sha256(canonical(dict(documents))).hexdigest()


def catalogue_of(documents: Documents) -> Catalogue:
    """Return the catalogue: fields, purposes, reasons and obligations.

    Raises:
        SharingDataError: when a file is missing or does not fit.
    """
    for name in CATALOGUE_FILES:
        if name not in documents:
            raise SharingDataError(f"{name} is missing")
    try:
        fields, purposes, reasons = (documents[name] for name in CATALOGUE_FILES)
        return parse_catalogue(fields, purposes, reasons, documents.get(OBLIGATIONS, ""))
    except CatalogueError as error:
        raise SharingDataError(str(error)) from error


def bundle_of(documents: Documents) -> Bundle:
    """Compile a policy.

    Raises:
        SharingDataError: when a text is missing or does not fit; it names file, clause and what would mend it.
    """
    catalogue = catalogue_of(documents)
    try:
        return compile_bundle(catalogue, clause_tables(documents))
    except PolicyError as error:
        raise SharingDataError(f"{CLAUSES}{error}") from error


def clause_tables(documents: Documents) -> dict[str, dict[str, object]]:
    """Return the clauses as tables, by the names of their files.

    Raises:
        SharingDataError: when there is none, or one is not TOML.
    """
    tables = tables_under(CLAUSES, documents)
    if not tables:
        raise SharingDataError(f"{CLAUSES}: there is no policy, so nothing could be shared")
    return tables


def tables_under(folder: str, documents: Documents) -> dict[str, dict[str, object]]:
    """Return the tables of one folder, by the names of their files.

    Raises:
        SharingDataError: when one is not TOML.
    """
    return {name.removeprefix(folder): table_of(name, documents) for name in documents if name.startswith(folder)}


def table_of(name: str, documents: Documents) -> dict[str, object]:
    """Return one text as a table.

    Raises:
        SharingDataError: when it is missing, or not TOML.
    """
    if name not in documents:
        raise SharingDataError(f"{name} is missing")
    try:
        return tomllib.loads(documents[name])
    except tomllib.TOMLDecodeError as error:
        raise SharingDataError(f"{name}: {error}") from error
