"""The installation's sealing keys: which one seals, which ones open."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tenants.crypto import sealing
from tenants.crypto.secret import Secret


def keys() -> Mapping[int, bytes]:
    ring: Mapping[int, bytes] = settings.SEALING_KEYS
    return ring


def seal(secret: Secret, *, place: Sequence[str]) -> bytes:
    """`secret` sealed with the primary key, bound to `place`."""
    primary = settings.SEALING_PRIMARY_KEY
    return sealing.seal(secret.reveal().encode(), key_id=primary, key=keys()[primary], place=place)


def unseal(envelope: bytes, *, place: Sequence[str]) -> Secret:
    """Raises SealError when no key of the ring opens it at this place."""
    return Secret(sealing.unseal(envelope, keys=keys(), place=place).decode())


def seal_text(text: str, *, place: Sequence[str]) -> str:
    """`seal` for a library that keeps its secrets as text: the envelope in base64."""
    return b64encode(seal(Secret(text), place=place)).decode("ascii")


def unseal_text(sealed: str, *, place: Sequence[str]) -> str:
    """What `seal_text` sealed. Raises SealError for anything else."""
    try:
        envelope = b64decode(sealed, validate=True)
    except ValueError:
        envelope = b""
    return unseal(envelope, place=place).reveal()


def self_test() -> None:
    """Seal and open a constant with every key, so that a broken ring stops the start and not the first customer."""
    for key_id, key in keys().items():
        if not _works(key_id, key):
            raise ImproperlyConfigured(f"Sealing key {key_id} does not open what it sealed.")


def _works(key_id: int, key: bytes) -> bool:
    place = ("self-test",)
    try:
        envelope = sealing.seal(b"self-test", key_id=key_id, key=key, place=place)
        return sealing.unseal(envelope, keys=keys(), place=place) == b"self-test"
    except sealing.SealError:
        return False
