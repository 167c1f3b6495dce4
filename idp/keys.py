"""The server's keys: which one signs, which are published, and when they change.

Rotation has three phases told by stored times alone (`store.signing_keys`), so every process agrees without talking:
published (in the key set, not signing yet), signing, retired (still in the key set). A verifier that refreshes its
copy within `publish_ahead` never meets a key that it has not seen.

Keys that clients encrypt to (`use` is `enc`) change in the same way, and open what was encrypted to them for as long as
they are published.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm, get_default_algorithms

from idp.protocol.names import ENCRYPTION_KEYS, SIGNING_ALGORITHMS
from idp.protocol.secrets import Clock, encode
from idp.settings import Settings
from idp.store import signing_keys
from idp.store.changes import EVERYTHING, Cache, ChangeFeed, Topic
from idp.store.database import Database
from idp.store.signing_keys import SigningKeys, StoredKey

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

RSA_BITS = 2048
VERIFIER_LEEWAY = 60
_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_FOREVER = 1 << 62
_ALGORITHMS = get_default_algorithms()
_ECDSA_SHA256 = ec.ECDSA(SHA256())
_P256_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A key that signs now."""

    kid: str
    algorithm: str
    private: PrivateKey

    def sign(self, payload: bytes, typ: str) -> str:
        """Return a payload signed, in the compact serialization (RFC 7515 3.1).

        PyJWT's `encode` would build and check the same header for every token, a tenth of the time that a token takes.
        """
        signed = b".".join((_protected_header(self.kid, self.algorithm, typ), _base64url(payload)))
        return b".".join((signed, _base64url(self._signature(signed)))).decode("ascii")

    def _signature(self, signed: bytes) -> bytes:
        """Return the signature of the bytes.

        PyJWT makes it but for ES256, the algorithm of every access token: there it takes half as long as the signing
        itself to write the two numbers side by side (RFC 7518 3.4).
        """
        if self.algorithm == "ES256":
            private = cast("ec.EllipticCurvePrivateKey", self.private)
            r, s = decode_dss_signature(private.sign(signed, _ECDSA_SHA256))
            return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
        return _ALGORITHMS[self.algorithm].sign(signed, self.private)


@dataclass(frozen=True, slots=True, repr=False)
class _Snapshot:
    """All that this process knows of the keys, true until `valid_until`."""

    signing: Mapping[str, SigningKey]
    public: Mapping[str, tuple[str, PublicKey]]
    decrypting: Mapping[str, PrivateKey]
    jwks: bytes
    valid_until: int


class Keys:
    """The keys of one server, read from the store and followed through the change feed."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        store: SigningKeys,
        feed: ChangeFeed,
        clock: Clock,
        lasting: Mapping[str, Any],
    ) -> None:
        """Follow the feed; keys are loaded at first use.

        `lasting` is published with them and never rotates: the public JSON Web Key of what is signed for keeping.
        """
        self._lasting = lasting
        self._settings = settings
        self._database = database
        self._store = store
        self._clock = clock
        self._snapshots: Cache[_Snapshot] = Cache(feed, (Topic.KEYS,), 1)

    def signing_key(self, algorithm: str) -> SigningKey:
        """Return the key that signs with an algorithm now."""
        return self._current().signing[algorithm]

    def public_key(self, kid: str) -> tuple[str, PublicKey] | None:
        """Return algorithm and public key of a published signing key, or None."""
        return self._current().public.get(kid)

    def decryption_keys(self) -> Mapping[str, PrivateKey]:
        """Return the private keys that open what was encrypted to a published key, by `kid`."""
        return self._current().decrypting

    def jwks(self) -> bytes:
        """Return the JSON Web Key Set to publish (RFC 7517 5)."""
        return self._current().jwks

    def ensure(self) -> None:
        """Make a first key for every algorithm that has none, and the next key where one is due."""
        now = int(self._clock())
        rotation = self._settings.key_rotation
        for algorithm in (*SIGNING_ALGORITHMS, *ENCRYPTION_KEYS):
            with self._database.autocommit() as connection:
                generation, signs_from = signing_keys.newest(connection, algorithm)
            if generation == 0 or signs_from + rotation.period - rotation.publish_ahead <= now:
                self._add(algorithm, generation + 1, now)

    def rotate(self, algorithm: str) -> str | None:
        """Publish the next key of an algorithm and set when it takes over; return its `kid`.

        Returns None when the next key is published already, or another process is publishing it at this moment.
        """
        now = int(self._clock())
        with self._database.autocommit() as connection:
            generation, signs_from = signing_keys.newest(connection, algorithm)
        return self._add(algorithm, generation + 1, now) if signs_from <= now else None

    def _add(self, algorithm: str, generation: int, now: int) -> str | None:
        """Add the key of a generation; None when there is one, for whoever was first has decided."""
        private, published = _generate(algorithm)
        with self._database.transaction() as connection:
            signs_from = now if generation == 1 else now + self._settings.key_rotation.publish_ahead
            key = StoredKey(
                kid=published["kid"],
                algorithm=algorithm,
                generation=generation,
                private_key=private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
                public_jwk=json.dumps(published),
                created_at=now,
                signs_from=signs_from,
            )
            if not self._store.add(connection, key, now):
                return None
            signing_keys.retire_before(connection, algorithm, generation, signs_from + self._longest_token())
        self._snapshots.forget(EVERYTHING)
        return key.kid

    def published(self) -> list[StoredKey]:
        """Return every key in the key set, for the operator."""
        with self._database.autocommit() as connection:
            return self._store.published(connection, int(self._clock()))

    def phase(self, key: StoredKey) -> str:
        """Return a published key's phase: published, signing or retired; one that others encrypt to has no phases."""
        if key.algorithm in ENCRYPTION_KEYS:
            return "encryption"
        now = int(self._clock())
        if key.signs_from > now:
            return "published"
        return "signing" if self.signing_key(key.algorithm).kid == key.kid else "retired"

    def _longest_token(self) -> int:
        lifetimes = self._settings.lifetimes
        return max(lifetimes.access_token, lifetimes.id_token) + VERIFIER_LEEWAY

    def _current(self) -> _Snapshot:
        snapshot = self._snapshots.get(EVERYTHING, self._load)
        if snapshot is None or int(self._clock()) >= snapshot.valid_until:
            self._snapshots.forget(EVERYTHING)
            snapshot = self._load(EVERYTHING)
        return snapshot

    def _load(self, _key: str) -> _Snapshot:
        now = int(self._clock())
        with self._database.autocommit() as connection:
            return _take_snapshot(self._store.published(connection, now), self._lasting, now)


@lru_cache(maxsize=256)
def _protected_header(kid: str, algorithm: str, typ: str) -> bytes:
    header = {"alg": algorithm, "kid": kid, "typ": typ}
    return _base64url(json.dumps(header, separators=(",", ":")).encode("ascii"))


def _base64url(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")


def _take_snapshot(stored: list[StoredKey], lasting: Mapping[str, Any], now: int) -> _Snapshot:
    signing: dict[str, SigningKey] = {}
    public: dict[str, tuple[str, PublicKey]] = {}
    decrypting: dict[str, PrivateKey] = {}
    transitions = [_FOREVER]
    for key in stored:
        private = load_der_private_key(key.private_key, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(private, PrivateKey):
            continue
        if key.algorithm in ENCRYPTION_KEYS:
            decrypting[key.kid] = private
        else:
            public[key.kid] = (key.algorithm, private.public_key())
            if key.signs_from <= now:
                signing[key.algorithm] = SigningKey(key.kid, key.algorithm, private)
        transitions += [at for at in (key.signs_from, key.removed_at) if at is not None and at > now]
    published = [*(json.loads(key.public_jwk) for key in stored), lasting]
    document = json.dumps({"keys": published}, separators=(",", ":"))
    return _Snapshot(signing, public, decrypting, document.encode("ascii"), min(transitions))


def _generate(algorithm: str) -> tuple[PrivateKey, dict[str, Any]]:
    """Make a key pair; return the private key and the public JSON Web Key."""
    private: PrivateKey
    if algorithm in ("ES256", "ECDH-ES"):
        private = ec.generate_private_key(ec.SECP256R1())
        jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    elif algorithm in ("RS256", "RSA-OAEP-256"):
        private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    elif algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
        jwk = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    else:
        message = f"no keys are made for {algorithm}"
        raise ValueError(message)
    return private, public_jwk(jwk, algorithm)


def public_jwk(jwk: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
    """Return a public JSON Web Key as it is published: with its thumbprint for a name, and what it is for."""
    key = {name: value for name, value in jwk.items() if name != "key_ops"}
    # A key to encrypt to serves several algorithms, so it names none.
    use = {"use": "enc"} if algorithm in ENCRYPTION_KEYS else {"use": "sig", "alg": algorithm}
    return {**key, "kid": _thumbprint(key), **use}


def _thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the RFC 7638 thumbprint of a public key."""
    required = {name: jwk[name] for name in _THUMBPRINT_MEMBERS[jwk["kty"]]}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return encode(sha256(canonical.encode("ascii")).digest())
