"""What staff type: to sign in, and to throw a switch."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.models import User


class StaffSignInForm(forms.Form):
    """All three at once, and one sentence for whatever is wrong."""

    username = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("From your authenticator app, or a recovery code. Each is good once."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        self.request = request
        self.user: User | None = None
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            self.user = authenticate(self.request, **data)
        if self.user is None:
            self.errors.clear()
            raise forms.ValidationError(
                _("This e-mail, password and code do not let you in. Wait for the next code before you try again.")
            )
        return data

    def get_user(self) -> User | None:
        """As Django's own view asks for it."""
        return self.user


class SwitchForm(forms.Form):
    on = forms.TypedChoiceField(choices=[("1", _("On")), ("0", _("Off"))], coerce=lambda value: value == "1")
    reason = forms.CharField(label=_("Reason"), max_length=200)
