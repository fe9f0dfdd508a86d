"""What members write in the inbox, checked at the door."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inbox import drafts, recipients


class WrittenField(forms.CharField):
    """A text with the line ends of the server: a form sends two characters for the one that was typed."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class DraftForm(forms.Form):
    """A reply as far as it is written, the text that the window began from, and whether it replaces a newer one.

    With scripts also which window it is, the how manieth saving, and whether anything was written since the last one.
    """

    text = WrittenField(
        required=False,
        strip=False,
        max_length=drafts.MAX_LENGTH,
        error_messages={
            "max_length": _(
                "This reply has %(show_value)d characters; at most %(limit_value)d are kept. "
                "What is too much is not saved: shorten it, or send a file instead."
            )
        },
    )
    base = forms.CharField(required=False, max_length=40)
    anyway = forms.BooleanField(required=False)
    to = forms.CharField(required=False, max_length=recipients.LONGEST_LINE)
    cc = forms.CharField(required=False, max_length=recipients.LONGEST_LINE)
    bcc = forms.CharField(required=False, max_length=recipients.LONGEST_LINE)
    key = forms.UUIDField(required=False)
    window = forms.UUIDField(required=False)
    turn = forms.IntegerField(required=False, min_value=0, max_value=2_000_000_000)
    looking = forms.BooleanField(required=False)


class SendForm(forms.Form):
    """An answer as it is to be sent. How long it is, and whom it goes to, is judged where it is sent, with a reason."""

    text = WrittenField(required=False, strip=False)
    to = forms.CharField(required=False)
    cc = forms.CharField(required=False)
    bcc = forms.CharField(required=False)
    key = forms.UUIDField(required=False)
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    newest = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    close = forms.BooleanField(required=False)
