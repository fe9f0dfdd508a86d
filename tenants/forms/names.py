"""The field of every form that takes the name of a person or of a workspace."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants import names

LONGEST = 120


class NameField(forms.CharField):
    """One line with something to see in it (tenants/names.py)."""

    def __init__(self, *, max_length: int = LONGEST, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def clean(self, value: Any) -> str:
        typed = str(super().clean(value))
        try:
            return names.clean(typed)
        except names.Unseen:
            raise forms.ValidationError(_("This name cannot be seen: type letters, digits or signs.")) from None
