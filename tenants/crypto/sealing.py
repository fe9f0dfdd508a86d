"""The envelope of a sealed value. Pure: keys come in as arguments.

    0x01 | key id, 4 bytes | nonce, 12 bytes | ciphertext | tag, 16 bytes

The associated data names where the value belongs (table, column, and the row's binding values, each with its length before
it) and the header, so that an envelope moved to another row, column or workspace does not open. A random nonce is good for
2^32 messages a key (NIST SP 800-38D, section 8.3); keys are rotated long before.
"""

import os
import struct
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
_HEADER = struct.Struct(">BI")
_NONCE = 12
_TAG = 16


class SealError(Exception):
    """A sealed value does not open: wrong key, damaged, or moved. Says nothing else, and carries no cause."""

    def __init__(self) -> None:
        super().__init__("a sealed value does not open")


def seal(plain: bytes, *, key_id: int, key: bytes, place: Sequence[str]) -> bytes:
    """The envelope of `plain`, bound to `place`."""
    head, nonce = header(key_id), os.urandom(_NONCE)
    sealed = None
    try:
        sealed = AESGCM(key).encrypt(nonce, plain, _associated(place, head))
    except Exception:
        # Whatever it says: error reports show its frame, in which the value and the key are local variables.
        sealed = None
    finally:
        del plain, key
    if sealed is None:
        raise SealError
    return head + nonce + sealed


def unseal(envelope: bytes, *, keys: Mapping[int, bytes], place: Sequence[str]) -> bytes:
    """What was sealed at `place`. Raises SealError for everything that is not exactly that."""
    plain = None
    key = keys.get(key_id_of(envelope) or 0)
    if key is not None and len(envelope) >= _HEADER.size + _NONCE + _TAG:
        head, nonce = envelope[: _HEADER.size], envelope[_HEADER.size : _HEADER.size + _NONCE]
        try:
            plain = AESGCM(key).decrypt(nonce, envelope[_HEADER.size + _NONCE :], _associated(place, head))
        except Exception:  # InvalidTag; or what nobody foresaw, whose frames would show the keys
            plain = None
    if plain is None:  # raised outside of the except block: the error carries no context
        del keys, key  # nor do its frames, which some error reports show, carry keys
        raise SealError
    return plain


def header(key_id: int) -> bytes:
    """How every envelope of this key begins."""
    return _HEADER.pack(VERSION, key_id)


def key_id_of(envelope: bytes) -> int | None:
    """The id of the key that sealed it, or None when it is no envelope of this version."""
    if len(envelope) < _HEADER.size:
        return None
    version, key_id = _HEADER.unpack_from(envelope)
    return key_id if version == VERSION else None


def _associated(place: Sequence[str], head: bytes) -> bytes:
    parts = [part.encode() for part in ("versana", *place)]
    return b"".join(struct.pack(">I", len(part)) + part for part in parts) + head
