"""What people type: a store's address, its name again before it is disconnected, and an app of their own."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.shopify.domains import ShopDomainError, shop_domain_as_typed
from tenants.addresses import AddressError, normalise
from tenants.crypto.secret import Secret

# Shopify's are 32 hexadecimal digits, its secrets "shpss_" and as many (seen 2026-11). Neither form is promised.
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_CLIENT_SECRET = re.compile(r"[!-~]{16,200}")
_ACCESS_TOKENS = ("shpat_", "shpca_", "shpua_", "shppa_", "shprt_")


class ConnectForm(forms.Form):
    shop = forms.CharField(
        max_length=300,
        error_messages={"required": _("Type the store’s address, for example your-store.myshopify.com.")},
    )
    app = forms.CharField(max_length=20, required=False)

    def clean_shop(self) -> str:
        try:
            return shop_domain_as_typed(self.cleaned_data["shop"])
        except ShopDomainError:
            raise forms.ValidationError(
                _("That is not a Shopify store’s address. It looks like your-store.myshopify.com.")
            ) from None


class DisconnectForm(forms.Form):
    """Naming the store is the confirmation."""

    domain = forms.CharField(max_length=300, required=False, strip=True)

    def __init__(self, *args: object, shop_domain: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.shop_domain = shop_domain

    def clean_domain(self) -> str:
        typed = self.cleaned_data["domain"].lower()
        if typed not in (self.shop_domain, self.shop_domain.removesuffix(".myshopify.com")):
            raise forms.ValidationError(_("Type %(domain)s to confirm."), params={"domain": self.shop_domain})
        return str(typed)


class SecretForm(forms.Form):
    """An app's client secret, typed once and never shown again; from here on it is a Secret."""

    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_client_secret(self) -> Secret:
        typed = self.cleaned_data["client_secret"]
        if typed.startswith(_ACCESS_TOKENS):
            raise forms.ValidationError(_("This is an access token. The client secret stands beside the client ID."))
        if not _CLIENT_SECRET.fullmatch(typed):
            raise forms.ValidationError(_("This is not a client secret: copy it whole, as Shopify shows it."))
        return Secret(typed)


class AppForm(SecretForm):
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For yourselves, for example the merchant’s."))
    client_id = forms.CharField(
        label=_("Client ID"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ("name", "client_id", "client_secret")

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not name.isprintable():
            raise forms.ValidationError(_("Use letters, digits and signs only."))
        return name

    def clean_client_id(self) -> str:
        typed: str = self.cleaned_data["client_id"]
        if not _CLIENT_ID.fullmatch(typed):
            raise forms.ValidationError(_("This is not a client ID. Shopify shows it under the app’s settings."))
        return typed

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        secret = given.get("client_secret")
        if secret is not None and secret == Secret(given.get("client_id") or "-"):
            self.add_error("client_secret", _("This is the client ID again."))
        return given


class EraseForm(forms.Form):
    """The address of a contact to be erased; typed again, it is confirmed."""

    address = forms.CharField(max_length=320, error_messages={"required": _("Type the contact’s mail address.")})
    again = forms.CharField(max_length=320, required=False)

    def clean_address(self) -> str:
        try:
            normalise(self.cleaned_data["address"])
        except AddressError:
            raise forms.ValidationError(_("This is not a mail address.")) from None
        return str(self.cleaned_data["address"])

    def confirmed(self) -> bool:
        try:
            return normalise(self.cleaned_data["again"]) == normalise(self.cleaned_data["address"])
        except AddressError:
            return False

    def sentence(self) -> str:
        return next((str(errors[0]) for errors in self.errors.values()), "")
