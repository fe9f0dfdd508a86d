"""What people type about a workspace."""

import zoneinfo
from functools import lru_cache

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.addresses import AddressError, normalise
from tenants.forms.names import NameField

MOST_ADDRESSES = 50


@lru_cache(maxsize=1)
def zones() -> list[tuple[str, str]]:
    return [
        (name, name.replace("_", " "))
        for name in sorted(zoneinfo.available_timezones())
        if "/" in name or name == "UTC"
    ]


class GeneralForm(forms.Form):
    name = NameField(label=_("Workspace name"))
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    support_addresses = forms.CharField(
        label=_("Support addresses"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line. Mail from these addresses is the shop’s own."),
    )

    def clean_support_addresses(self) -> list[str]:
        out: list[str] = []
        for line in self.cleaned_data["support_addresses"].replace(",", "\n").splitlines():
            if not line.strip():
                continue
            try:
                out.append(normalise(line))
            except AddressError:
                raise forms.ValidationError(
                    _("“%(line)s” is not an e-mail address."), params={"line": line.strip()[:80]}
                ) from None
        if len(out) > MOST_ADDRESSES:
            raise forms.ValidationError(_("At most %(most)d addresses."), params={"most": MOST_ADDRESSES})
        return list(dict.fromkeys(out))
