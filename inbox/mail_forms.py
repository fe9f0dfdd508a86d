"""What people type about the mail of a workspace."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inbox.email.outbound import LONGEST_NAME, one_line
from tenants.addresses import AddressError, normalise

LONGEST_SIGNATURE = 2000


class IdentityForm(forms.Form):
    """`addresses`: from which the workspace may write."""

    from_name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=_("Stands before the address in every mail."),
    )
    from_email = forms.ChoiceField(label=_("Address"), help_text=_("One of the support addresses of this workspace."))
    reply_to = forms.CharField(
        label=_("Answers go to"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("Leave empty for the address itself."),
    )
    signature = forms.CharField(
        label=_("Signature"),
        required=False,
        max_length=LONGEST_SIGNATURE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Below every mail. {name} becomes the name of whoever wrote."),
    )
    undo_seconds = forms.IntegerField(
        label=_("Seconds in which a reply can be taken back"), min_value=0, max_value=60, help_text=_("From 0 to 60.")
    )

    def __init__(self, *args: Any, addresses: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.addresses = addresses
        field = self.fields["from_email"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each, each) for each in addresses]

    def clean_from_name(self) -> str:
        return one_line(self.cleaned_data["from_name"])

    def clean_reply_to(self) -> str:
        typed = self.cleaned_data["reply_to"].strip()
        try:
            return normalise(typed) if typed else ""
        except AddressError:
            raise forms.ValidationError(_("This is not an e-mail address.")) from None

    def clean_signature(self) -> str:
        return str(self.cleaned_data["signature"]).replace("\r\n", "\n").strip()


class SettleForm(forms.Form):
    """What became of a mail: it was sent, or it is to be sent again."""

    what = forms.ChoiceField(choices=[("sent", "sent"), ("again", "again")])
