"""The two ceremonies of passkeys: what a browser is asked to sign, and whether what it signed holds (WebAuthn 7).

Keys answer to the host of the issuer alone, and only where its owner was verified on the device. Every answer costs its
challenge, also one that is refused. Attestation is not asked for: which make of key somebody has is theirs to know.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from idp.protocol.authentication import AMR_HARDWARE_KEY, AMR_KEY, AMR_SOFTWARE_KEY, AMR_USER_PRESENCE
from idp.protocol.secrets import SECRET_BYTES, Randomness, encode
from idp.settings import Settings
from idp.store import passkeys
from idp.store.database import Database
from idp.store.passkeys import MAX_NAME, Ceremony, Passkey, Passkeys

Credential = TypeVar("Credential", AuthenticationCredential, RegistrationCredential)

PRODUCT = "Sekisho"
MINUTES_FOR_A_GESTURE = 5
_SIGN_IN = "sign_in"
_ENROL = "enrol"
_UNATTESTED = (AttestationFormat.NONE, AttestationFormat.PACKED)
"""What browsers give where no attestation is asked for: none, or a signature by the key itself (WebAuthn 5.1.3)."""


class Refusal(StrEnum):
    """Why an answer is not taken."""

    STALE = "its challenge was used, is over, or is another browser's"
    FALSE = "it does not hold"
    UNKNOWN = "nobody has this passkey, or not any more"
    COPIED = "its counter went back: there may be a copy of the key"


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that is not taken, and of whose passkey it was where that much is proved."""

    why: Refusal
    passkey: Passkey | None = None


class PasskeyCeremonies:
    """Asks for passkeys and checks what comes back."""

    def __init__(self, settings: Settings, database: Database, store: Passkeys, random: Randomness) -> None:
        """Take the server's name from its issuer."""
        self._rp_id = relying_party_id(settings.issuer)
        self._origin = origin_of(settings.issuer)
        self._lifetime = settings.lifetimes.interaction
        self._database = database
        self._store = store
        self._random = random

    @property
    def are_possible(self) -> bool:
        """Whether browsers make passkeys for this server: not where its host is a bare address (WebAuthn 5.1.2)."""
        return bool(self._rp_id)

    @property
    def rp_id(self) -> str:
        """The host that keys answer to."""
        return self._rp_id

    def ask_to_sign_in(self, session_id: str, now: int) -> str:
        """Return what a browser is asked, as JSON: any passkey that it has for this server will do."""
        options = generate_authentication_options(
            rp_id=self._rp_id,
            challenge=self._begin(Ceremony(_SIGN_IN, session_id), now),
            timeout=MINUTES_FOR_A_GESTURE * 60_000,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def ask_to_enrol(self, session_id: str, account_id: str, person: str, owned: tuple[Passkey, ...], now: int) -> str:
        """Return what a browser is asked, as JSON: to make a passkey that no authenticator of the person has yet."""
        options = generate_registration_options(
            rp_id=self._rp_id,
            rp_name=PRODUCT,
            user_id=account_id.encode("ascii"),
            user_name=person,
            challenge=self._begin(Ceremony(_ENROL, session_id, account_id), now),
            timeout=MINUTES_FOR_A_GESTURE * 60_000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[_descriptor(passkey) for passkey in owned],
        )
        return options_to_json(options)

    def check_sign_in(self, session_id: str, answer: str, now: int) -> Passkey | Refused:
        """Return the passkey that somebody signed with, and write its use down."""
        credential = _read(parse_authentication_credential_json, answer)
        challenge = _challenge(credential)
        if credential is None or challenge is None:
            return Refused(Refusal.FALSE)
        with self._database.autocommit() as connection:
            if not passkeys.take(connection, encode(challenge), Ceremony(_SIGN_IN, session_id), now):
                return Refused(Refusal.STALE)
            passkey = self._store.find(connection, credential.raw_id)
        if passkey is None:
            return Refused(Refusal.UNKNOWN)
        signed = self._verified(credential, challenge, passkey)
        if signed is None:
            return Refused(Refusal.FALSE)
        count, backed_up = signed.new_sign_count, signed.credential_backed_up
        with self._database.autocommit() as connection:
            goes_on = passkeys.use(connection, passkey.id, count, now, backed_up=backed_up)
        return passkey if goes_on else Refused(Refusal.COPIED, passkey)

    def check_enrolment(self, session_id: str, account_id: str, answer: str, name: str, now: int) -> Passkey | Refused:
        """Return a new passkey, for the caller to store."""
        credential = _read(parse_registration_credential_json, answer)
        challenge = _challenge(credential)
        if credential is None or challenge is None:
            return Refused(Refusal.FALSE)
        with self._database.autocommit() as connection:
            if not passkeys.take(connection, encode(challenge), Ceremony(_ENROL, session_id, account_id), now):
                return Refused(Refusal.STALE)
        made = self._made(credential, challenge)
        if made is None:
            return Refused(Refusal.FALSE)
        return Passkey(
            id=made.credential_id,
            account_id=account_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            backup_eligible=_may_be_copied(made.credential_device_type),
            backed_up=made.credential_backed_up,
            transports=tuple(dict.fromkeys(each.value for each in credential.response.transports or ())),
            name=name,
            created_at=now,
        )

    def _begin(self, ceremony: Ceremony, now: int) -> bytes:
        challenge = self._random(SECRET_BYTES)
        with self._database.autocommit() as connection:
            passkeys.begin(connection, encode(challenge), ceremony, now + self._lifetime)
        return challenge

    def _verified(
        self, credential: AuthenticationCredential, challenge: bytes, passkey: Passkey
    ) -> VerifiedAuthentication | None:
        """Check an assertion (WebAuthn 7.2); its counter is compared by the store, where nobody gets in between."""
        try:
            signed = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001 - a stranger's bytes: whatever the library meets in them, the answer is no
            return None
        is_whose_it_says = credential.response.user_handle == passkey.account_id.encode("ascii")
        stays_of_its_kind = _may_be_copied(signed.credential_device_type) == passkey.backup_eligible
        return signed if is_whose_it_says and stays_of_its_kind else None

    def _made(self, credential: RegistrationCredential, challenge: bytes) -> VerifiedRegistration | None:
        """Check what came with a new key (WebAuthn 7.1)."""
        try:
            if parse_attestation_object(credential.response.attestation_object).fmt not in _UNATTESTED:
                return None
            return verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except Exception:  # noqa: BLE001 - as above
            return None


def origin_of(issuer: str) -> str:
    """Return the issuer as browsers write an origin: without the scheme's usual port (RFC 6454 6.2)."""
    parts = urlsplit(issuer)
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def relying_party_id(issuer: str) -> str:
    """Return the name that keys are made for, the issuer's host; "" where it is a bare address."""
    host = urlsplit(issuer).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host
    return ""


def one_line(name: str) -> str:
    """Return what somebody calls a passkey, as it is kept."""
    return " ".join(name.split())[:MAX_NAME]


def amr_of(passkey: Passkey) -> tuple[str, ...]:
    """Return how somebody signed in who did by this passkey (RFC 8176): one that may be copied is no hardware's own."""
    return AMR_KEY, AMR_SOFTWARE_KEY if passkey.backup_eligible else AMR_HARDWARE_KEY, AMR_USER_PRESENCE


def _read(parse: Callable[[str], Credential], answer: str) -> Credential | None:
    try:
        return parse(answer)
    except Exception:  # noqa: BLE001 - as above
        return None


def _challenge(credential: AuthenticationCredential | RegistrationCredential | None) -> bytes | None:
    """Return what a browser says it signed; nothing where another site had framed the page that asked."""
    if credential is None:
        return None
    try:
        said = parse_client_data_json(credential.response.client_data_json)
    except Exception:  # noqa: BLE001 - as above
        return None
    return None if said.cross_origin else said.challenge


def _may_be_copied(kind: CredentialDeviceType) -> bool:
    return kind is CredentialDeviceType.MULTI_DEVICE


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(each) for each in passkey.transports]
    return PublicKeyCredentialDescriptor(id=passkey.id, transports=transports or None)
