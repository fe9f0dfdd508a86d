"""Our rules for allauth: nobody signs up by themselves, links name our own address, what a second factor rests on is sealed."""

from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import get_adapter as get_sessions_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants import one_time_codes, sealed_factors, second_factors
from tenants.addresses import AddressError, normalise, of_account
from tenants.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by invitation (tenants/invitations.py)."""
        return False

    def clean_email(self, email: str) -> str:
        """In the spelling of the account that has it: the domain may be typed in Unicode or in ASCII."""
        try:
            of_account(email)
        except AddressError as error:
            raise ValidationError(str(error)) from None
        return super().clean_email(as_kept(email))

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """All or nothing. False when somebody else has taken the address since the link was sent."""
        try:
            with transaction.atomic():
                return super().confirm_email(request, email_address)
        except IntegrityError:
            return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.PUBLIC_URL + path.replace("UID-KEY", quote(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.PUBLIC_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def render_mail(self, template_prefix: str, email: str, context: dict[str, Any], headers: Any = None) -> Any:
        return super().render_mail(template_prefix, email, {**context, "public_url": settings.PUBLIC_URL}, headers)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Who has a second factor confirms by it: a stolen session and a known password remove nothing."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code of your app, or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        methods = [m | {"description": words[m["id"]]} for m in super().get_reauthentication_methods(user)]
        stronger = [m for m in methods if m["id"] != "reauthenticate"]
        if stronger and user.is_authenticated and not second_factors.has_app(user.pk):
            stronger.reverse()  # a passkey before a recovery code
        return stronger or methods

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """allauth's begins with the Host header, whose port a stranger may choose anew for every five attempts."""
        login = str(credentials.get("email", ""))
        try:
            return normalise(login)
        except AddressError:
            return login.lower()


class FactorAdapter(DefaultMFAAdapter):
    """allauth's, with secrets sealed by the installation's keys for their person, instead of stored as they are."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right, or was used already. An app shows a new one every half minute."),
        "passkey_refused": _("What the browser sent is no new passkey. Try again."),
        "cannot_be_checked": _(
            "The code cannot be checked: this installation cannot read what it keeps of your codes. Use a passkey, or ask whoever runs the installation to reset your second factor."
        ),
    }

    def encrypt(self, text: str) -> str:
        return sealed_factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises SealError when no key opens it for this person."""
        return sealed_factors.unseal(encrypted_text)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey %(number)d") % {"number": number} if number > 1 else gettext("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The installation's own name, whatever the Host header says: passkeys are bound to it."""
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": "VersanaCX"}


def as_kept(email: str) -> str:
    """An address as its account has it; as it is where nobody has it."""
    try:
        kept = User.objects.filter(email_norm=of_account(email)).values_list("email", flat=True).first()
    except AddressError:
        return email
    return kept.lower() if kept else email


def create(*, email: str, name: str = "", password: str | None = None) -> User:
    """A person whose address is taken as proven: by the link of an invitation, or by whoever runs the installation.

    Raises AddressError; the caller has validated the password and seen that nobody has the address.
    """
    of_account(email)
    user = User.objects.create_user(email=email, password=password, name=name)
    # In lower case, as allauth writes addresses and looks for them.
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
    return user


def end_sessions(*, user: User, except_key: str | None = None) -> int:
    """Sign a person out everywhere, but for the session with this key. How many sessions ended."""
    sessions = list(UserSession.objects.filter(user_id=user.pk).exclude(session_key=except_key or ""))
    get_sessions_adapter().end_sessions(sessions)
    return len(sessions)


def end_session(*, session: UserSession) -> None:
    get_sessions_adapter().end_sessions([session])


def factor_added(*, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """allauth's word that a factor was set up. The code that set an app up is used by it, for the administration too.

    With the first factor, the sessions that a password alone opened elsewhere end.

    What stays is the session that has just proven both. So no session is ever in a workspace that requires a second
    factor without one, and the rule needs to ask for the person's factors only.
    """
    if authenticator.type == Authenticator.Type.TOTP:
        one_time_codes.spend(authenticator, request.POST.get("code", ""))
    if second_factors.count(user.pk) == 1:
        end_sessions(user=user, except_key=request.session.session_key)
