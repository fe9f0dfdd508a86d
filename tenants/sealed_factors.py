"""The sealed secrets of second factors, when the installation's keys are rotated.

They stand inside allauth's JSON: `secret` of an app, `seed` of recovery codes.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from tenants.accounts import FACTORS
from tenants.crypto import keyring
from tenants.crypto.sealing import SealError, key_id_of

_SEALED = ("secret", "seed")
_KINDS = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did. `last` is where the next begins, None when there is none."""

    resealed: int
    unreadable: int
    last: int | None


def count_by_key() -> dict[int | None, int]:
    """Key id -> how many values it seals. None: what no key's envelope is."""
    rows = Authenticator.objects.filter(type__in=_KINDS).values_list("data", flat=True)
    return dict(Counter(_key_id(sealed) for data in rows.iterator() for _, sealed in _sealed(data)))


def reseal(*, limit: int = 100, after: int = 0) -> Batch:
    """Seal the next `limit` rows beyond `after` with the primary key, in one transaction.

    Rows that another worker holds are left to it, rows that no key opens are left as they are and counted. Call again with
    `last` until it is None, then look at `count_by_key`.
    """
    resealed = unreadable = 0
    with transaction.atomic():
        rows = list(
            Authenticator.objects.select_for_update(skip_locked=True)
            .filter(type__in=_KINDS, pk__gt=after)
            .order_by("pk")[:limit]
        )
        for row in rows:
            try:
                fresh = _with_primary_key(row.data)
            except SealError:
                unreadable += 1
                continue
            if fresh != row.data:
                # Compared and set: what changed since the row was read keeps its change.
                resealed += Authenticator.objects.filter(pk=row.pk, data=row.data).update(data=fresh)
    return Batch(resealed=resealed, unreadable=unreadable, last=rows[-1].pk if len(rows) == limit else None)


def _with_primary_key(data: dict[str, object]) -> dict[str, object]:
    """Raises SealError when a value does not open."""
    fresh = dict(data)
    for name, sealed in _sealed(data):
        if _key_id(sealed) != settings.SEALING_PRIMARY_KEY:
            fresh[name] = keyring.seal_text(keyring.unseal_text(sealed, place=FACTORS), place=FACTORS)
    return fresh


def _sealed(data: dict[str, object]) -> Iterator[tuple[str, str]]:
    return ((name, str(data[name])) for name in _SEALED if name in data)


def _key_id(sealed: str) -> int | None:
    try:
        return key_id_of(b64decode(sealed, validate=True))
    except ValueError:
        return None
