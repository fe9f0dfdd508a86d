"""allauth's forms of second factors, stricter: a code counts once, guessing ends, names are short, a lost key is told.

allauth 65.21 forgets a used code after one period (30 s) while it takes it for three (MFA_TOTP_TOLERANCE).
"""

import json
from hashlib import sha256
from typing import Any

from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from tenants import one_time_codes, sealed_factors
from tenants.crypto.sealing import SealError

LONGEST_NAME = 60
_CODE = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false", "placeholder": ""}


def use_once(*, user_id: int, code: str) -> bool:
    """Whether this code of this person's app is used for the first time while it is taken at all."""
    digest = sha256(normalize_user_code(code).encode()).hexdigest()
    periods = 2 * app_settings.TOTP_TOLERANCE + 1
    return bool(cache.add(f"second-factor:{user_id}:{digest}", 1, timeout=periods * app_settings.TOTP_PERIOD))


class _Code(BaseAuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget.attrs.update(_CODE)

    def clean_code(self) -> str:
        clear_limit = check_rate_limit(self.user)
        self._count_for_the_day()
        code: str = self.cleaned_data["code"]
        unreadable = False
        factors = Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)
        for factor in factors.order_by("-type"):  # the app before recovery codes
            try:
                with sealed_factors.of(self.user.pk):  # signing in, nobody is signed in yet
                    fits = factor.wrap().validate_code(code)
            except SealError:
                unreadable = True
                continue
            if fits and (factor.type != Authenticator.Type.TOTP or self._counts(factor, code)):
                factor.user = self.user
                self.authenticator = factor
                clear_limit()
                return code
        raise get_adapter().validation_error("cannot_be_checked" if unreadable else "incorrect_code")

    def _counts(self, app: Authenticator, code: str) -> bool:
        """Used neither to set the app up, nor to sign in, here or in the administration."""
        return use_once(user_id=self.user.pk, code=code) and one_time_codes.spend(app, code)

    def _count_for_the_day(self) -> None:
        limits = {"second_factor": settings.SECOND_FACTOR_DAILY_LIMIT}
        key = f"second-factor-{self.user.pk}"
        request, app = context.request, "allauth.mfa"
        if not ratelimit.consume(request, app=app, action="second_factor", config=limits, key=key):
            raise forms.ValidationError(
                _("Too many codes were tried today. Use a passkey, or try again tomorrow."), code="too_many_codes"
            )


class SignInCodeForm(_Code, AuthenticateForm):
    """The second step of signing in."""


class ConfirmCodeForm(_Code, ReauthenticateForm):
    """Who is signed in confirms by a code."""


class SetUpAppForm(ActivateTOTPForm):
    """The first code of a new app, which signs nobody in afterwards."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the app shows")
        self.fields["code"].widget.attrs.update({**_CODE, "inputmode": "numeric"})

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not use_once(user_id=self.user.pk, code=code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class _Passkey(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        """allauth takes an answer without `rawId`, or of another shape, for one of its own mistakes."""
        try:
            return super().clean_credential()
        except (KeyError, AttributeError):
            pass
        raise get_adapter().validation_error("incorrect_code")


class SignInPasskeyForm(_Passkey, LoginWebAuthnForm):
    """A passkey in place of the password."""

    def clean_credential(self) -> Authenticator:
        """By finger, face or PIN, whatever challenge it answers: one of a second step, which asks for a touch alone, outlives
        that step in the session."""
        answer = self.cleaned_data["credential"]
        passkey = super().clean_credential()
        if not webauthn.parse_authentication_response(answer).response.authenticator_data.is_user_verified():
            raise get_adapter().validation_error("incorrect_code")
        return passkey


class SecondStepPasskeyForm(_Passkey):
    """A passkey after the password."""


class ConfirmPasskeyForm(_Passkey, ReauthenticateWebAuthnForm):
    """Who is signed in confirms by a passkey."""


class AddPasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].widget.attrs["maxlength"] = LONGEST_NAME
        self.fields["passwordless"].label = _("Sign in with it alone, without a password")
        self.fields["passwordless"].help_text = _(
            "It then asks for your fingerprint, face or PIN. Untick this for an old security key without a PIN."
        )
        self.fields["passwordless"].initial = True

    def clean_name(self) -> str:
        """Cut and not refused: the passkey exists by now, and would be lost."""
        return str(super().clean_name())[:LONGEST_NAME]

    def clean_credential(self) -> Any:
        """Readable at all: allauth lets fido2's ValueError through. And without NUL, which Postgres keeps in no JSON."""
        credential = self.cleaned_data["credential"]
        try:
            webauthn.parse_registration_response(credential)
        except (ValueError, TypeError, KeyError, AttributeError):
            credential = None
        if credential is None or "\\u0000" in json.dumps(credential):
            raise get_adapter().validation_error("passkey_refused")
        return credential


class RenamePasskeyForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
