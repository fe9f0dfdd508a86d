"""What people type about their own account, beyond allauth's forms."""

from typing import Any

from allauth.account.forms import AddEmailForm, LoginForm, ResetPasswordForm
from django import forms
from django.utils.translation import gettext_lazy as _

from tenants import accounts
from tenants.addresses import normalise
from tenants.models import User


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)  # allauth's says what the label says

    def clean_login(self) -> str:
        """Browsers send the domain of one and the same address in Unicode or in ASCII."""
        return accounts.as_kept(str(super().clean_login()))


class ForgottenPasswordForm(ResetPasswordForm):
    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        """Only an address that is proven resets. allauth takes one that waits for its confirmation too: whoever has the
        mailbox of a new address that was mistyped would get the account."""
        email = str(super().clean_email())
        self.users = [user for user in self.users if user.email_norm == normalise(email)]
        return email


class NewAddressForm(AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")
        self.fields["email"].widget.attrs["placeholder"] = ""

    def clean_email(self) -> str:
        """allauth compares addresses by letters; two spellings of one address (a domain in Unicode) are one to us."""
        email: str = super().clean_email()
        taken = User.objects.filter(email_norm=normalise(email)).exclude(pk=self.user.pk)
        if taken.exists() and not taken.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("This address cannot be used."))
        return email
