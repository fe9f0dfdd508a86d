"""The codes of authenticator apps: which half-minute one belongs to, and that none counts again after it, or an older one.

The last half-minute that counted stands with the app's secret, in the row that the product and the administration of the
platform share: a code used in one of them is used in the other.
"""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction

from tenants import sealed_factors

USED = "used_step"  # of an app's data; the administration writes it by a function (tenants/rls/database.py)


def step_of(code: str, *, secret: str) -> int | None:
    """The half-minute, of those that are taken now, to which a code belongs. None: to none of them."""
    for step in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if compare_user_code(actual=code, expected=expected):
            return step
    return None


@transaction.atomic
def spend(app: Authenticator, code: str) -> bool:
    """Whether this code counts, now and not a second time. Of two who bring it at once, the second waits for the lock.

    Raises SealError where the app's secret does not open.
    """
    row = Authenticator.objects.select_for_update().get(pk=app.pk)
    with sealed_factors.of(row.user_id):
        step = step_of(code, secret=sealed_factors.unseal(row.data["secret"]))
    if step is None or step <= row.data.get(USED, 0):
        return False
    row.data[USED] = step
    row.save(update_fields=["data"])
    return True
