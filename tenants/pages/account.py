"""Page objects of a person's own account."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants import doors
from tenants.models import User

FEW_CODES = 3


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Your account: one line each, with where it leads."""

    name: str
    email: str
    pending_email: str  # waits for its confirmation
    factors: str  # "App and 2 passkeys", "" when there is none
    codes: str  # "8 of 10 recovery codes left"
    few_codes: bool
    sessions: str
    required_by: tuple[str, ...]  # workspaces that require a second factor


@dataclass(frozen=True, slots=True)
class SecondFactorWantedPage:
    workspace: str


def account_page(user_id: int) -> AccountPage:
    user = User.objects.get(pk=user_id)
    kinds = list(Authenticator.objects.filter(user_id=user_id))
    codes = next((one for one in kinds if one.type == Authenticator.Type.RECOVERY_CODES), None)
    left = _left(codes) if codes else 0
    browsers = len(UserSession.objects.purge_and_list(user))
    pending = EmailAddress.objects.filter(user_id=user_id, verified=False).values_list("email", flat=True).first()
    return AccountPage(
        name=user.name,
        email=user.email,
        pending_email=pending or "",
        factors=_factors(kinds),
        codes=_("%(left)d of %(all)d recovery codes left") % {"left": left, "all": settings.MFA_RECOVERY_CODE_COUNT}
        if codes
        else "",
        few_codes=bool(codes) and left <= FEW_CODES,
        sessions=ngettext("%(n)d browser", "%(n)d browsers", browsers) % {"n": browsers},
        required_by=tuple(w.name for w in doors.workspaces_of(user_id) if w.requires_second_factor),
    )


def _factors(kinds: list[Authenticator]) -> str:
    app = any(one.type == Authenticator.Type.TOTP for one in kinds)
    passkeys = sum(one.type == Authenticator.Type.WEBAUTHN for one in kinds)
    keys = ngettext("%(n)d passkey", "%(n)d passkeys", passkeys) % {"n": passkeys}
    if app and passkeys:
        return _("Authenticator app and %(keys)s") % {"keys": keys}
    return _("Authenticator app") if app else keys if passkeys else ""


def _left(codes: Authenticator) -> int:
    """How many recovery codes are unused, told by the mask beside the sealed seed."""
    return settings.MFA_RECOVERY_CODE_COUNT - int(codes.data.get("used_mask", 0)).bit_count()
