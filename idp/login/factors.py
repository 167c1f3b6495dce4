"""The second factors: which of them somebody may use for a sign-in, and whether what they typed is right."""

from enum import StrEnum

from idp.activity import language_of, proved_addresses
from idp.protocol.activity import Event, Seen
from idp.protocol.authentication import ACR_MAIL_CODE, AMR_MULTI_FACTOR, AMR_ONE_TIME_CODE, AMR_OTHER_CHANNEL
from idp.protocol.secrets import Randomness
from idp.services import Services
from idp.store import authenticators, pending_sign_ins, recovery_codes
from idp.store.accounts import Account
from idp.store.database import Connection
from idp.store.pending_sign_ins import PendingSignIn

MAIL_CODE_DIGITS = 6
MAIL_CODE_SECONDS = 600
"""How long a code that was sent is good for (NIST SP 800-63B 5.1.3.2)."""
LETTER = "code"


class Factor(StrEnum):
    """What somebody can prove a sign-in by, besides what they proved already."""

    APP = "app"
    RECOVERY_CODE = "recovery-code"
    MAIL = "mail"


def offered(connection: Connection, pending: PendingSignIn) -> tuple[Factor, ...]:
    """Return what would do for a sign-in, the usual one first. Mail is for the level that bears its name, no more."""
    found = []
    if authenticators.is_on(connection, pending.account_id):
        found.append(Factor.APP)
        if recovery_codes.left(connection, pending.account_id):
            found.append(Factor.RECOVERY_CODE)
    if pending.level == ACR_MAIL_CODE:
        found.append(Factor.MAIL)
    return tuple(found)


def methods(pending: PendingSignIn, factor: Factor) -> tuple[str, ...]:
    """Return how somebody signed in once this factor is proved too (RFC 8176)."""
    added = (AMR_OTHER_CHANNEL,) if factor is Factor.MAIL else (AMR_ONE_TIME_CODE, AMR_MULTI_FACTOR)
    return tuple(dict.fromkeys((*pending.amr, *added)))


def prove(
    services: Services, connection: Connection, pending: PendingSignIn, factor: Factor, code: str, seen: Seen
) -> bool:
    """Use a code up; whether it was right. Each is good for one caller, once."""
    account_id, now = pending.account_id, services.now
    match factor:
        case Factor.APP:
            return services.authenticators.accept(connection, account_id, code, now)
        case Factor.RECOVERY_CODE:
            used = recovery_codes.use(connection, account_id, code, now)
            if used:
                services.activity.note(connection, account_id, Event.RECOVERY_CODE_USED, seen, now)
            return used
        case Factor.MAIL:
            typed = "".join(code.split())
            return pending_sign_ins.try_mailed(connection, pending.id, _hash(services, pending, typed), now)


def send_code(services: Services, connection: Connection, pending: PendingSignIn, account: Account) -> None:
    """Send a code to the account's proved address, in place of an earlier one; nothing where there is none."""
    for address in proved_addresses(account):
        code = _new_code(services.random)
        until = services.now + MAIL_CODE_SECONDS
        pending_sign_ins.note_mailed(connection, pending.id, _hash(services, pending, code), until)
        services.mailer.send(
            connection,
            address,
            LETTER,
            language_of(account),
            now=services.now,
            keep_trying=MAIL_CODE_SECONDS,
            code=code,
            minutes=str(MAIL_CODE_SECONDS // 60),
        )


def masked_address(account: Account) -> str:
    """Return enough of the proved address for its owner to know it, and for nobody else: h•••@example.jp."""
    for address in proved_addresses(account):
        name, _, host = address.rpartition("@")
        return f"{name[:1]}•••@{host}"
    return ""


def _new_code(random: Randomness) -> str:
    """Return six random digits; of 64 bits, so that none is likelier than another by more than a trace."""
    return f"{int.from_bytes(random(8), 'big') % 10**MAIL_CODE_DIGITS:0{MAIL_CODE_DIGITS}}"


def _hash(services: Services, pending: PendingSignIn, code: str) -> bytes:
    """Return what a code is kept under: keyed, for there are only a million of them."""
    return services.sealer.index("mailed codes", f"{pending.id} {code}")
