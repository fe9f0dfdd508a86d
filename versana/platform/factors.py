"""The second factor of a member of staff: a one-time or a recovery code, each good for one sign-in.

The process has the installation's keys, and its role one function that answers with the factors of staff and of nobody else.
"""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import decrypt

from tenants import one_time_codes, sealed_factors
from tenants.crypto.sealing import SealError
from tenants.rls import staff
from tenants.rls.staff import Factor


def spend_code(code: str, factor: Factor, *, user_id: int) -> bool:
    """Use up a one-time code, and with it all older ones. The database decides who was first, here or in the product."""
    try:
        with sealed_factors.of(user_id):
            secret = decrypt(str(factor.data.get("secret")))
    except SealError:
        return False  # the key is missing or wrong: nobody gets in by this factor
    step = one_time_codes.step_of(code, secret=secret)
    return step is not None and staff.spend_step(user_id, step)


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
