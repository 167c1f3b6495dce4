"""Encrypted tokens (RFC 7516): opened with our keys, made with those of clients. joserfc does the cryptography.

Public-key algorithms only (`names.KEY_MANAGEMENT_ALGORITHMS`), and no compression: a few bytes could not become many.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey, import_key

from idp.protocol.names import CONTENT_ENCRYPTION_ALGORITHMS, KEY_MANAGEMENT_ALGORITHMS

_REGISTRY = jwe.JWERegistry(algorithms=(*KEY_MANAGEMENT_ALGORITHMS, *CONTENT_ENCRYPTION_ALGORITHMS))
_KINDS = {"RSA": "RSA", "ECD": "EC"}
