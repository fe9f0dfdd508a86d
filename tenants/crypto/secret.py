"""A string that must not be seen: tokens, client secrets, authorisation codes.

Plain strings leak through error pages, exception texts, task arguments and vendor SDKs that pack up local variables.
A `Secret` has one way out, `reveal()`, and outside sealing one place of the product calls it: the function in
`integrations/http.py` that builds the request. Signing needs no way out: `sign()` uses the value as a key in here.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Never, Self, SupportsIndex, final


@final
class Secret:
    """Holds a non-empty string. Shows itself as a mask; refuses str, format, pickle, JSON, hash and assignment."""

    # The value lives in a closure, so that serialisers walking `__dict__` or the slots find a function.
    __slots__ = ("_open",)

    __hash__ = None  # type: ignore[assignment]  # A secret in a set or as a dict key would be compared by hash.

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("A Secret holds a str.")
        if not value:  # An empty key signs anything for everybody.
            raise ValueError("A Secret cannot be empty.")
        object.__setattr__(self, "_open", lambda: value)

    def reveal(self) -> str:
        """The value itself. The only way out."""
        return self._open()  # type: ignore[attr-defined]

    def sign(self, message: bytes) -> bytes:
        """HMAC-SHA256 of the message with this secret as the key."""
        return hmac.new(_bytes(self._open()), message, hashlib.sha256).digest()  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        """Constant time between secrets; a plain string is never equal, so nobody compares by taking one apart."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._open()), _bytes(other._open()))  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        """A mask instead of an error: error reports show local variables by repr, and must not fail on this one."""
        return "Secret(***)"

    def __str__(self) -> Never:
        # Refused, not masked: a mask that ends up in a header or in a sealed column is data lost without a word.
        raise TypeError("A Secret cannot be turned into text.")

    def __format__(self, spec: str, /) -> Never:
        raise TypeError("A Secret cannot be formatted.")

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> Never:
        raise TypeError("A Secret cannot be pickled.")

    def __getstate__(self) -> Never:
        raise TypeError("A Secret has no state to give away.")

    def __copy__(self) -> Self:
        """Itself: it cannot change."""
        return self

    def __deepcopy__(self, memo: dict[int, object], /) -> Self:
        return self

    def __setattr__(self, name: str, value: object, /) -> Never:
        raise AttributeError("A Secret cannot be changed.")

    def __delattr__(self, name: str, /) -> Never:
        raise AttributeError("A Secret cannot be changed.")


def pack(values: Mapping[str, "Secret | str | int | None"]) -> Secret:
    """Several values as one secret, to be sealed together. Nothing leaves: what is taken apart are Secrets again."""
    return Secret(json.dumps({name: [_inside(value), isinstance(value, Secret)] for name, value in values.items()}))


def unpack(packed: Secret) -> dict[str, "Secret | str | int | None"]:
    """What `pack` put together."""
    parts = json.loads(packed._open())  # type: ignore[attr-defined]
    return {name: Secret(value) if secret else value for name, (value, secret) in parts.items()}


def _inside(value: "Secret | str | int | None") -> str | int | None:
    return value._open() if isinstance(value, Secret) else value  # type: ignore[attr-defined]


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
