"""What is typed to open a first workspace, and to close one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from tenants import provisioning
from tenants.addresses import AddressError, of_account
from tenants.forms.general import zones
from tenants.forms.names import NameField
from tenants.models import User


class FirstRunForm(forms.Form):
    workspace_name = NameField(
        label=_("Workspace name"), widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    slug = forms.CharField(
        label=_("Address"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones, initial="UTC")
    name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your e-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        help_text=_("At least 12 characters, and none of the common ones."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        host = settings.PUBLIC_URL.partition("://")[2]
        self.fields["slug"].help_text = _(
            "What people type after %(host)s/: lower-case letters, digits and hyphens. It cannot be changed later."
        ) % {"host": host}

    def clean_slug(self) -> str:
        """Upper case is folded without asking; what needs more change than that is offered as a suggestion."""
        typed = self.cleaned_data["slug"].strip()
        slug = typed.lower()
        try:
            provisioning.check_address(slug)
        except provisioning.ProvisioningError as error:
            raise forms.ValidationError(self._with_suggestion(str(error), typed)) from None
        return str(slug)

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        try:
            of_account(email)
        except AddressError as error:
            raise forms.ValidationError(str(error)) from None
        return email

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if "password" in values:
            try:
                validate_password(values["password"], User(email=values.get("email", ""), name=values.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return values

    def refuse_address(self, error: provisioning.ProvisioningError) -> None:
        """What only opening the workspace could find out: the address is taken."""
        self.add_error("slug", str(error))

    def _with_suggestion(self, words: str, typed: str) -> str:
        suggestion = provisioning.suggestion(typed)
        if not suggestion:
            return words
        self.data = {**self.data.dict(), "slug": suggestion}  # type: ignore[attr-defined]
        return _("%(words)s “%(suggestion)s” would do.") % {"words": words, "suggestion": suggestion}


class CloseForm(forms.Form):
    """The workspace's own address, typed out."""

    address = forms.CharField(max_length=200)

    def __init__(self, *args: Any, slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = slug

    def clean_address(self) -> str:
        if self.cleaned_data["address"].strip().lower() != self.slug:
            raise forms.ValidationError(_("This is not the workspace’s address."))
        return self.slug
