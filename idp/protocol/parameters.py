"""Request parameters, parsed once and strictly (RFC 6749 3.1 and 3.2, Appendix B; RFC 8707 2).

Nobody below reads raw input again. A repeated parameter is refused, except the one that the reader allows: `resource`,
which RFC 8707 lets repeat, or the tick boxes of a form.
A parameter sent without a value counts as omitted (RFC 6749 3.1).
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload
from urllib.parse import parse_qsl

from idp.protocol.errors import invalid_request

MAX_PARAMETERS = 100
RESOURCE = "resource"

Default = TypeVar("Default")


class Parameters(Mapping[str, str]):
    """The parameters of one request: a mapping of single values, and `repeated` for the one that may repeat."""

    __slots__ = ("_single", "repeated")

    def __init__(self, single: Mapping[str, str], repeated: tuple[str, ...] = ()) -> None:
        """Hold values that are already parsed."""
        self._single = single
        self.repeated = repeated

    def __getitem__(self, name: str) -> str:
        """Return the value of a parameter that was sent."""
        return self._single[name]

    @overload
    def get(self, name: str) -> str | None: ...

    @overload
    def get(self, name: str, default: Default) -> str | Default: ...

    def get(self, name: str, default: object = None) -> object:
        """Return the value of a parameter, or the default; `Mapping` finds out by an exception that it was not sent."""
        return self._single.get(name, default)

    def __contains__(self, name: object) -> bool:
        """Whether a parameter was sent with a value; asked many times a request, and `Mapping` asks by exceptions."""
        return name in self._single

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names that were sent with a value."""
        return iter(self._single)

    def __len__(self) -> int:
        """Return how many names were sent with a value."""
        return len(self._single)


def parse_parameters(encoded: bytes, repeatable: str = RESOURCE) -> Parameters:
    """Parse application/x-www-form-urlencoded bytes.

    Raises:
        OAuthError: `invalid_request` for bytes that are not UTF-8, a NUL character, too many parameters, or a
            parameter that is sent more than once.
    """
    if b"%00" in encoded or b"\x00" in encoded:
        raise invalid_request("A parameter contains a NUL character.", may_redirect=False)
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError:
        raise invalid_request("The parameters are not UTF-8. Encode them as a form.", may_redirect=False) from None
    except ValueError:
        raise invalid_request("There are too many parameters.", may_redirect=False) from None
    single: dict[str, str] = {}
    seen: set[str] = set()
    repeated: list[str] = []
    for name, value in pairs:
        if name == repeatable:
            if value:
                repeated.append(value)
            continue
        if name in seen:
            raise invalid_request("A parameter is sent more than once.", may_redirect=False)
        seen.add(name)
        if value:
            single[name] = value
    return Parameters(single, tuple(repeated))
