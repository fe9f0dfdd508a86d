"""What people type to invite somebody, to change a role, to hand over, and to make an account by an invitation."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.forms.names import NameField
from tenants.models import Membership, User
from tenants.roles import Role, may_give


class _RoleField(forms.TypedChoiceField):
    """Shows the roles that `giver` may give. Takes any role: that one may not is an answer of the domain's, 403."""

    def __init__(self, *, giver: str, **kwargs: Any) -> None:
        super().__init__(label=_("Role"), choices=Role.choices, coerce=Role, **kwargs)
        self.widget.choices = [pair for pair in reversed(Role.choices) if may_give(giver, pair[0])]


class InviteForm(forms.Form):
    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, giver: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _RoleField(giver=giver)


class RoleForm(forms.Form):
    def __init__(self, *args: Any, giver: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = _RoleField(giver=giver)


class HandoverForm(forms.Form):
    """To whom, and the workspace's address typed by hand: this is not done by a slip of the mouse."""

    taker = forms.TypedChoiceField(label=_("New owner"), coerce=int, empty_value=None)
    slug = forms.CharField(max_length=40)

    def __init__(self, *args: Any, slug: str, takers: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = slug
        chosen = [(str(m.number), f"{m.user.display_name} ({m.user.email})") for m in takers]
        self.fields["taker"].choices = [("", _("Choose a member")), *chosen]  # type: ignore[attr-defined]

    def clean_slug(self) -> str:
        if str(self.cleaned_data["slug"]).lower() != self.expected:
            raise ValidationError(_("This is not the workspace’s address."))
        return self.expected


class JoinForm(forms.Form):
    name = NameField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters, and none of the common ones."),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any] | None:
        password = self.cleaned_data.get("password")
        if password:
            try:
                validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data
