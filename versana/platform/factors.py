"""The second factor of a member of staff: a one-time or a recovery code, each good for one sign-in.

The process has the installation's keys, and its role one function that answers with the factors of staff and of nobody else.
"""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt

from tenants import sealed_factors
from tenants.crypto.sealing import SealError
from tenants.rls import staff
from tenants.rls.staff import Factor


def time_step(code: str, factor: Factor, *, user_id: int, after: int) -> int | None:
    """The half-minute to which a one-time code belongs; None when it is wrong, or not later than the last one used here
    (`after`) or in the product."""
    used = factor.last_used_at
    floor = max(after, int(used.timestamp()) // app_settings.TOTP_PERIOD if used else 0)
    try:
        with sealed_factors.of(user_id):
            secret = decrypt(str(factor.data.get("secret")))
    except SealError:
        return None  # the key is missing or wrong: nobody gets in by this factor
    for counter in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, counter))
        if counter > floor and compare_user_code(actual=code, expected=expected):
            return counter
    return None


def spend_recovery_code(code: str, factor: Factor, *, user_id: int) -> bool:
    """Use up a recovery code. The database decides who was first, here or in the product."""
    codes = RecoveryCodes(Authenticator(type=factor.kind, data=factor.data))
    try:
        with sealed_factors.of(user_id):
            known = codes.generate_codes()
    except (SealError, KeyError):
        return False
    matching = [position for position, one in enumerate(known) if compare_user_code(actual=code, expected=one)]
    if not matching:
        return False
    return staff.spend_recovery_code(user_id, matching[0])
