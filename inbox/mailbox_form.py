"""What is entered in Settings -> Mail in."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from inbox.mailboxes import MOST_MAILBOXES, NewMailbox
from tenants.addresses import AddressError, normalise
from tenants.crypto.secret import Secret

_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MailboxForm(forms.Form):
    """A mailbox at a server that speaks IMAP over TLS."""

    address = forms.CharField(label=_("Address"), max_length=254, help_text=_("The address that people write to."))
    host = forms.CharField(label=_("Server"), max_length=253, help_text=_("For instance imap.example.com."))
    port = forms.IntegerField(
        label=_("Port"), min_value=1, max_value=65_535, initial=993, help_text=_("TLS from the first byte: 993.")
    )
    folder = forms.CharField(label=_("Folder"), max_length=100, initial="INBOX", required=False)
    username = forms.CharField(label=_("User name"), max_length=254)
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("With Gmail and others: a password made for programs."),
    )

    def clean_address(self) -> str:
        try:
            return normalise(self.cleaned_data["address"])
        except AddressError:
            raise ValidationError(_("This is not an e-mail address.")) from None

    def clean_host(self) -> str:
        host = str(self.cleaned_data["host"]).strip().lower().rstrip(".")
        if not _HOST.fullmatch(host):
            raise ValidationError(_("This is not the name of a server."))
        return host

    def clean_username(self) -> str:
        return self._without_control("username")

    def clean_password(self) -> str:
        return self._without_control("password")

    def clean_folder(self) -> str:
        folder = self._without_control("folder") or "INBOX"
        if not folder.isascii():
            raise ValidationError(_("Write the folder’s name in plain letters, as the server does."))
        return folder

    def entered(self) -> NewMailbox:
        data = self.cleaned_data
        return NewMailbox(
            data["address"], data["host"], data["port"], data["username"], Secret(data["password"]), data["folder"]
        )

    def say_already_there(self) -> None:
        self.add_error(None, _("Mail is fetched from this mailbox already."))

    def say_too_many(self) -> None:
        self.add_error(None, _("A workspace can have %(count)d mailboxes at most.") % {"count": MOST_MAILBOXES})

    def _without_control(self, name: str) -> str:
        value = str(self.cleaned_data.get(name) or "")
        if _CONTROL.search(value):
            raise ValidationError(_("This has characters that cannot be typed."))
        return value
