"""The installation's sealing keys: which one seals, which ones open."""

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


def self_test() -> None:
    """Seal and open a constant with every key, so that a broken ring stops the start and not the first customer."""
    for key_id, key in keys().items():
        envelope = sealing.seal(b"self-test", key_id=key_id, key=key, place=("self-test",))
        if sealing.unseal(envelope, keys=keys(), place=("self-test",)) != b"self-test":
            raise ImproperlyConfigured(f"Sealing key {key_id} does not open what it sealed.")
