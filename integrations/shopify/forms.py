"""What people type: a store's address, and its name again before it is disconnected."""

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.shopify.domains import ShopDomainError, shop_domain_as_typed


class ConnectForm(forms.Form):
    shop = forms.CharField(
        max_length=300,
        error_messages={"required": _("Type the store’s address, for example your-store.myshopify.com.")},
    )

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
