"""Signing in to the administration: e-mail, password and a code, all at once, with one answer for everything that is wrong.

Attempts are counted in the record itself: a row is written before anything is looked at, so any number of attempts at the
same moment count each other, and no Redis is needed. In this process whoever is signed in is staff: nobody else gets here.
"""

from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tenants.addresses import AddressError, normalise
from tenants.models import StaffAction, User
from tenants.rls import staff
from versana.platform import factors
from versana.platform.record import Act, record

WINDOW = timedelta(minutes=15)
MOST_OF_AN_ACCOUNT = 10
MOST_OF_A_CLIENT = 30


def sign_in(*, email: str, password: str, code: str, address: str) -> User | None:
    """The member of staff whose e-mail, password and code these are. None otherwise; why not, only the record says."""
    user_id, client = _find(email), salted_hmac("versana.platform.client", address).hexdigest()[:16]
    record(Act.SIGN_IN_TRIED, user_id=user_id, client=client)
    if _too_many(user_id, client):
        return _failed(user_id, "too many attempts")
    user = staff.account(user_id) if user_id else None
    if user is None:
        make_password(password)  # as long as for somebody who is staff
        return _failed(user_id, "not staff")
    if not check_password(password, user.password):
        return _failed(user_id, "wrong password")
    return _with_code(user, code)


def _with_code(user: User, code: str) -> User | None:
    with transaction.atomic():  # what cannot be put on record uses up no code
        found = {factor.kind: factor for factor in staff.factors(user.pk)}
        if not found.keys() & {"totp", "recovery_codes"}:
            return _failed(user.pk, "no second factor")
        if "totp" in found and factors.spend_code(code, found["totp"], user_id=user.pk):
            record(Act.SIGNED_IN, user_id=user.pk, factor="one-time code")
            return user
        if "recovery_codes" in found and factors.spend_recovery_code(code, found["recovery_codes"], user_id=user.pk):
            record(Act.SIGNED_IN, user_id=user.pk, factor="recovery code")
            return user
        return _failed(user.pk, "wrong or used code")


def _find(email: str) -> int | None:
    try:
        return User.objects.filter(email_norm=normalise(email)).values_list("pk", flat=True).first()
    except AddressError:
        return None


def _failed(user_id: int | None, why: str) -> User | None:
    record(Act.SIGN_IN_FAILED, user_id=user_id, why=why)
    return None


def _too_many(user_id: int | None, client: str) -> bool:
    """Attempts of the last quarter of an hour, this one included, that did not end in a sign-in."""
    recent = StaffAction.objects.filter(at__gt=timezone.now() - WINDOW)
    if recent.filter(action=Act.SIGN_IN_TRIED, detail__client=client).count() > MOST_OF_A_CLIENT:
        return True
    if user_id is None:
        return False
    of_account = recent.filter(user_id=user_id)
    tried, done = (of_account.filter(action=act).count() for act in (Act.SIGN_IN_TRIED, Act.SIGNED_IN))
    return tried - done > MOST_OF_AN_ACCOUNT
