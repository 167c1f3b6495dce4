"""The typed exit: what was decided upon, and the one way in which it becomes bytes for a client.

A `Released` is made with the seal of this package, which nobody outside of it has: a type checker refuses another one,
and so does the constructor. Everything that signs or sends a person's data (`tokens.mint`, `web.responses`) takes
`Outgoing` and nothing else, and `outgoing` makes that from a `Released`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

from policies.discharge import NOTHING_DISCHARGED, Discharged


@final
class _Seal:
    """Shows that a value was made by `data_sharing`."""


SEAL: Final = _Seal()
"""For the modules of this package alone; a test holds that."""


def _check(seal: object) -> None:
    if seal is not SEAL:
        raise TypeError("only data_sharing decides what goes out")


@dataclass(frozen=True, slots=True)
class StepUp:
    """How a person must sign in before something goes out: in one of these ways, no longer ago than so many seconds."""

    acr_values: tuple[str, ...]
    max_age: int | None


@final
class Released:
    """What may go out: claims, and for each field that was asked for and stays here its reason code.

    `decision_id` names the decision, in the audit log too where something went out; `expires_at` is the instant from
    which it no longer holds, None where nothing is released or the data may stay (first parties). `askable` are the
    withheld fields that another answer of the person's could let go; `step_up` says how the person must sign in where
    nothing but that is missing.
    """

    __slots__ = ("askable", "claims", "decision_id", "expires_at", "step_up", "withheld")

    def __init__(
        self,
        seal: _Seal,
        discharged: Discharged,
        withheld: Mapping[str, str],
        *,
        decision_id: str = "",
        expires_at: int | None = None,
        askable: frozenset[str] = frozenset(),
        step_up: StepUp | None = None,
    ) -> None:
        """Take what was decided.

        Raises:
            TypeError: when it was not decided here, or what is due was not done.
        """
        _check(seal)
        if type(discharged) is not Discharged:
            raise TypeError("only what was discharged goes out")
        self.claims = discharged.claims
        self.withheld = MappingProxyType(dict(withheld))
        self.decision_id = decision_id
        self.expires_at = expires_at
        self.askable = askable
        self.step_up = step_up


@final
class Outgoing:
    """The JSON text of one answer or token, as UTF-8, ready to be sent or signed."""

    __slots__ = ("content",)

    def __init__(self, seal: _Seal, content: bytes) -> None:
        """Take the bytes.

        Raises:
            TypeError: when they were not made here.
        """
        _check(seal)
        self.content = content


_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
NOTHING: Final = Released(SEAL, NOTHING_DISCHARGED, {})
"""What goes out where no person is spoken of, or nothing may."""


def outgoing(released: Released, members: Mapping[str, object], *, within: str = "") -> Outgoing:
    """Return released claims as JSON beside the protocol's own members, which stand over them; `within` one member.

    Raises:
        TypeError: for anything but a `Released`.
    """
    if type(released) is not Released:
        raise TypeError("only what was released goes out")
    body = {**members, within: dict(released.claims)} if within else {**released.claims, **members}
    text = _to_json(body)
    # A lone surrogate, which a profile may hold and UTF-8 cannot, is no text: it becomes a question mark.
    return Outgoing(SEAL, text.encode("utf-8", "replace"))
